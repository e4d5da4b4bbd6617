// Charges and credits: quantity × rate as exact amounts per billing window, with their versions in time, exceptions and rounding.
//   flow   the quantity exists finer than the billing window: amount = Σ over steps of quantity × rate, versions by the step's own date
//   whole  the quantity or fee belongs to the whole window: each version is elaborated as of its date, `dated` joins them
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/assert.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

const Dimension kMoney{.money = 1};

NodeId first_of(const SyntaxTree& tree, NodeId parent, NodeKind kind) { return tree.child(parent, kind); }

}  // namespace

ExpressionId Elaborator::round_line(ExpressionId amount, const RoundingRule& rule, Span span) {
  if (rule.grain != RoundingGrain::line && rule.grain != RoundingGrain::row) return amount;
  Expression e;
  e.op = Op::round;
  e.type = pool_[amount].type;
  e.grain = pool_[amount].grain;
  e.span = span;
  e.value = rule.quantum;
  e.rounding = rule.mode;
  e.operands = {amount};
  if (pool_[amount].op == Op::divide) e.operands = pool_[amount].operands;  // a rounded quotient is one rounding
  return pool_.intern(std::move(e));
}

RoundingRule Elaborator::rounding_of(const TariffInfo& tariff, const LabelVersion& version) {
  if (NodeId own = first_of(tree(version.module), version.node, NodeKind::Rounding)) return read_rounding(own, version.module);
  if (tariff.headers.rounding) return *tariff.headers.rounding;
  const Node& n = node(tariff.symbol->module, tariff.symbol->node);
  std::string money = units_.currencies().empty() ? "EUR" : units_.currencies().front();
  if (Diagnostic* d = error("WL4101", n.text_span, "`" + tariff.symbol->name + "` does not say how its amounts are rounded"))
    d->note("with `rounding 0.01 " + money + " half up per line` each line is rounded, and a bill of 12 lines may differ by up to 0.06 " + money + " from the exact sum")
        .note("with `rounding 0.01 " + money + " half up per bill` only the bill is rounded; with `rounding none` nothing is")
        .hint("write one of them at the top of the file or of the tariff");
  return {};
}

// A flow that exists per hour or day has one rate and one condition in each: it would be charged once an interval else.
bool Elaborator::hold_per_flow(VersionParts& parts, const Period& flow, ExpressionId& rate, ExpressionId& scope) {
  if (flow == kInterval) return true;
  const auto hold = [&](ExpressionId& value, Aggregate fn) {
    if (!value || pool_[value].grain.time != kInterval) return true;
    const bool same = is_same_within(value, flow);
    if (same) value = pool_.aggregate(fn, value, {}, flow, pool_[value].span);
    return same;
  };
  if (!hold(scope, Aggregate::any)) {
    if (Diagnostic* d = error("WL3309", pool_[scope].span, "this condition changes within the " + period_name(flow) + " that the quantity belongs to"))
      d->hint("put the `where` into the quantity, or charge one that exists in every interval");
    return false;
  }
  bool same = hold(rate, Aggregate::first);
  for (RateRow& row : parts.version.rows) same = same && hold(row.condition, Aggregate::any);
  if (same) return true;
  if (Diagnostic* d = error("WL3305", pool_[rate].span, "the rate changes within the " + period_name(flow) + " that the quantity belongs to")) d->hint("charge a quantity that exists in every interval, or gather the rate");
  return false;
}

// `price at start`: what asks for the time of day or another price asks it of the begin of the session; what asks for the session's own
// power or energy asks it of each interval.
ExpressionId Elaborator::as_at_start(ExpressionId condition, const Period& session) {
  const Expression e = pool_[condition];
  if (e.grain.time != kInterval) return condition;
  if (e.op == Op::logical_and || e.op == Op::logical_or || e.op == Op::logical_not) {
    std::vector<ExpressionId> parts;
    for (const ExpressionId part : e.operands) parts.push_back(as_at_start(part, session));
    return pool_.make(e.op, e.type, std::move(parts), e.span);
  }
  std::vector<ExpressionId> todo{condition};
  std::set<uint32_t> seen;
  while (!todo.empty()) {
    const ExpressionId id = todo.back();
    todo.pop_back();
    if (!seen.insert(id.index).second) continue;
    const Expression& part = pool_[id];
    if (part.op == Op::series && program_.series[part.index].request.trace == kSessionTrace) return condition;
    todo.insert(todo.end(), part.operands.begin(), part.operands.end());
  }
  return pool_.aggregate(Aggregate::first, condition, {}, session, e.span);
}

// Quantity × rate, by a single rate or a table, for both flows and whole-window quantities.
bool Elaborator::elaborate_pricing(VersionParts& parts, NodeId clause, ExpressionId quantity, ExpressionId filter, Context& context, const TariffInfo& tariff) {
  const Node& n = node(context.module, clause);
  NodeId at = first_of(tree(context.module), clause, NodeKind::At), table = first_of(tree(context.module), clause, NodeKind::Table);
  ExpressionId base;
  if (at) {
    base = elaborate_number(node(context.module, at).children[0], context);
    NodeId direct = node(context.module, at).children[0];
    if (base && node(context.module, direct).kind == NodeKind::Table) parts.version.rows = elaborate_table(direct, context).rows;
  } else if (table) {
    TableResult result = elaborate_table(table, context);
    base = result.value;
    parts.version.rows = std::move(result.rows);
  }
  if (!base || !comparable_grain(quantity, base, n.span)) return false;
  if (!parts.flow && !nests_in(tariff.headers.billing, pool_[base].grain.time))
    if (ExpressionId held = held_per(base, tariff.headers.billing)) base = held;
  parts.version.base_rate = base;
  ExpressionId extra_scope = filter;
  ExpressionId rate = apply_exceptions(parts, clause, base, context, &extra_scope);
  if (!rate) return false;
  if (tariff.headers.price_at_start && parts.flow) rate = pool_.aggregate(Aggregate::first, rate, {}, tariff.headers.billing, pool_[rate].span);
  const Period& billing = tariff.headers.billing;
  if (parts.flow && !hold_per_flow(parts, pool_[quantity].grain.time, rate, extra_scope)) return false;
  parts.version.rate = rate;
  parts.version.scope = extra_scope;
  ExpressionId product = pool_.multiply(quantity, rate, n.span);
  if (parts.flow) {
    if (pool_[product].type.dimension != kMoney) {
      per_billing(product, billing, tariff, Span{n.span.file, pool_[quantity].span.begin, std::max(pool_[quantity].span.end, pool_[base].span.end)});
      if (!diagnostics_.has_errors()) error("WL3131", n.span, "this amounts to " + dimension_words(pool_[product].type.dimension) + " in every interval, not to money");
      return false;
    }
    if (pool_[base].op == Op::constant && pool_[base].value < 0 && n.kind == NodeKind::Charge)
      if (Diagnostic* d = warning("WL3492", pool_[base].span, "the marginal price is negative: using more costs less")) d->hint("if it is meant, write it as a `credit`");
    parts.quantity = pool_.aggregate(Aggregate::sum, quantity, extra_scope, billing, pool_[quantity].span);
    parts.amount = pool_.aggregate(Aggregate::sum, product, extra_scope, billing, n.span);
    for (const RateRow& row : parts.version.rows)
      parts.row_amounts.push_back(pool_.aggregate(Aggregate::sum, product, pool_.both(extra_scope, row.condition, n.span), billing, n.span));
    parts.present = extra_scope ? pool_.aggregate(Aggregate::any, extra_scope, {}, billing, n.span) : pool_.boolean(true, n.span);
    return true;
  }
  if (!nests_in(billing, pool_[product].grain.time) && pool_[product].grain.time != billing) {
    if (Diagnostic* d = error("WL3305", pool_[rate].span, "the rate changes within the " + period_name(billing) + " that the quantity belongs to")) d->hint("charge a quantity that exists in every interval, or gather the rate");
    return false;
  }
  parts.quantity = quantity;
  if (parts.due != billing && pool_[product].type.dimension != kMoney) {  // a price per month or year is due with every bill
    parts.due = billing;
    parts.quantity = in_every(quantity, billing, n.span);
    product = in_every(product, billing, n.span);
  }
  parts.amount = per_billing(product, parts.due, tariff, n.span);
  parts.present = extra_scope;
  return static_cast<bool>(parts.amount);
}

bool Elaborator::elaborate_amount_of(VersionParts& parts, NodeId of, NodeId clause, ExpressionId condition, Context& context, const TariffInfo& tariff) {
  const Node& n = node(context.module, of);
  ExpressionId amount = elaborate_number(n.children[0], context);
  if (!amount) return false;
  parts.version.base_rate = amount;
  ExpressionId scope = condition;
  ExpressionId rate = apply_exceptions(parts, clause, amount, context, &scope);
  if (!rate) return false;
  const Period& billing = tariff.headers.billing;
  if (!nests_in(billing, pool_[rate].grain.time)) {
    if (Diagnostic* d = error("WL3306", n.span, "this amount exists per " + period_name(pool_[rate].grain.time) + ", finer than the " + period_name(billing) + " that is billed")) d->hint("gather it, for example with `sum(…) per month`");
    return false;
  }
  NodeId once = first_of(tree(context.module), clause, NodeKind::Once), each = first_of(tree(context.module), clause, NodeKind::ForEach);
  bool per_time = pool_[rate].type.dimension == kMoney - Dimension{.month = 1} || pool_[rate].type.dimension == kMoney - Dimension{.day = 1};
  const bool of_session = billing.unit == Period::Unit::session;  // each session owes it once
  bool each_billing = each && ((node(context.module, each).text == "month" && billing.unit == Period::Unit::month) || node(context.module, each).text == period_name(billing));
  if (each && node(context.module, each).text == "departure") {
    const ExpressionId leaves = pool_.make(Op::equal, boolean_type(), {series("departed", n.span), pool_.constant(1, number_type(), n.span)}, n.span);
    scope = pool_.both(leaves, scope, n.span);  // what is asked beside it is asked of departures alone
    parts.version.rate = rate;
    parts.version.scope = scope;
    parts.quantity = pool_.aggregate(Aggregate::count, pool_.constant(1, number_type(), n.span), scope, billing, n.span);
    parts.amount = pool_.aggregate(Aggregate::sum, in_every(rate, kInterval, n.span), scope, billing, n.span);
    parts.present = pool_.aggregate(Aggregate::any, scope, {}, billing, n.span);
    return true;
  }
  if (each && !each_billing) {
    const Node& e = node(context.module, each);
    if (e.text != "day" || per_time) {
      not_in_this_version(e.span, "an amount `for each " + e.text + "` in a tariff billed per " + period_name(billing));
      return false;
    }
    rate = pool_.multiply(rate, pool_.constant(1, number_type({.day = -1}), e.span), e.span);
    per_time = true;
  }
  if (!of_session && !per_time && !each && !once && pool_[rate].grain.time.unit == Period::Unit::none && pool_[rate].type.dimension == kMoney) {
    if (Diagnostic* d = error("WL4104", n.span, "nothing says how often this amount is charged"))
      d->note("`per year` would charge a twelfth of it each month; `for each month` the whole of it each month; `once on 2026-01-01` once").hint("write for example `of " + text_of(n.span).substr(text_of(n.span).find(' ') + 1) + " per month`");
    return false;
  }
  parts.version.rate = rate;
  const bool is_whole = once && pool_[rate].type.dimension == kMoney;  // what is due on a day is due whole
  parts.amount = is_whole ? rate : per_billing(rate, billing, tariff, n.span);
  if (!parts.amount) return false;
  if (once) {
    ExpressionId date = elaborate(node(context.module, once).children[0], context);
    if (!date || pool_[date].type.kind != ValueKind::date || !pool_.is_constant(date)) {
      error("WL4105", node(context.module, once).span, "`once on` names a day, for example `once on 2026-01-01`");
      return false;
    }
    Date day{static_cast<int32_t>(pool_[date].value)};
    ExpressionId there = pool_.aggregate(Aggregate::any, pool_.in_force(day, Date{day.days + 1}, n.span), {}, billing, n.span);
    scope = pool_.both(scope, there, n.span);
    parts.amount = pool_.select(there, parts.amount, pool_.constant(0, pool_[parts.amount].type, n.span), n.span);
  }
  parts.version.scope = scope;
  parts.present = scope;
  return true;
}

std::optional<Elaborator::VersionParts> Elaborator::elaborate_version(TariffInfo& tariff, Applied& applied, const LabelVersion& version, std::optional<Date> as_of,
                                                                       std::set<Date>* cut_dates) {
  const Node& n = node(version.module, version.node);
  VersionParts parts;
  parts.version.span = n.span;
  parts.version.from = version.from;
  parts.version.until = version.until;
  Context context;
  context.module = version.module;
  context.tariff = &tariff;
  context.default_period = tariff.headers.billing;
  context.prices = tariff.headers.prices;
  context.parameters = &parts.version.parameters;
  context.as_of = as_of ? as_of : std::optional(settlement_->from);
  context.cut_dates = cut_dates;
  if (version.from)
    if (auto it = tariff.amendment_cites.find(*version.from); it != tariff.amendment_cites.end()) parts.version.cites = it->second;
  for (NodeId c : n.children) {
    const Node& child = node(version.module, c);
    if (child.kind == NodeKind::Cite) parts.version.cites.push_back({child.text, child.span});
    const bool spends = n.kind == NodeKind::Credit && tree(version.module).child(version.node, NodeKind::Against);
    for (NodeKind later : {NodeKind::Against, NodeKind::Carry})
      if (child.kind == later && !spends) {
        not_in_this_version(child.span, "`" + text_of(child.span) + "`");
        return std::nullopt;
      }
  }
  NodeId each = first_of(tree(version.module), version.node, NodeKind::ForEach), on_what = first_of(tree(version.module), version.node, NodeKind::On);
  if (on_what) {  // what a quantity comes to is due in every billing period anyway
    NodeId once = first_of(tree(version.module), version.node, NodeKind::Once);
    if (each && node(version.module, each).text != "month" && node(version.module, each).text != period_name(tariff.headers.billing)) {
      not_in_this_version(node(version.module, each).span, "`for each " + node(version.module, each).text + "` on a quantity");
      return std::nullopt;
    }
    if (once) {
      not_in_this_version(node(version.module, once).span, "`once on` on a quantity");
      return std::nullopt;
    }
    NodeId exception = first_of(tree(version.module), version.node, NodeKind::Except);
    if (exception && (first_of(tree(version.module), version.node, NodeKind::Blocks) || first_of(tree(version.module), version.node, NodeKind::Steps))) {
      not_in_this_version(node(version.module, exception).span, "an exception of blocks or steps");
      return std::nullopt;
    }
  }
  // The quantity decides whether the clause is a flow; a flow selects versions by each step's own date.
  NodeId on = first_of(tree(version.module), version.node, NodeKind::On), of = first_of(tree(version.module), version.node, NodeKind::Of);
  ExpressionId quantity;
  std::optional<uint32_t> split_bands;  // the quantity exists for each class of this band set
  context.splits_by = &split_bands;
  if (on) {
    quantity = elaborate_number(node(version.module, on).children[0], context);
    if (!quantity) return std::nullopt;
    const Period& billing = tariff.headers.billing;
    if (pool_[quantity].grain.time == kInterval && !pool_[quantity].type.extensive)
      if (ExpressionId held = held_per(quantity, billing)) quantity = held;
    const Period& have = pool_[quantity].grain.time;
    parts.flow = have != billing && nests_in(have, billing) && have.unit != Period::Unit::none;
    if (parts.flow && !pool_[quantity].type.extensive) {
      if (Diagnostic* d = error("WL3307", node(version.module, on).span, dimension_words(pool_[quantity].type.dimension) + " exists in every " + period_name(have) + "; it cannot be charged " + (have == kInterval ? "once an interval" : "once a " + period_name(have))))
        d->hint("charge one value of the billing " + period_name(billing) + ", for example `max(" + text_of(pool_[quantity].span) + ") per month`, or an energy");
      return std::nullopt;
    }
    if (parts.flow) {
      context.as_of.reset();
      context.cut_dates = nullptr;
      quantity = elaborate_number(node(version.module, on).children[0], context);
      if (!quantity) return std::nullopt;
    }
    if (!parts.flow && !nests_in(billing, have)) {
      error("WL3301", node(version.module, on).span, "the quantity exists per " + period_name(have) + ", which does not fit the billing " + period_name(billing));
      return std::nullopt;
    }
    parts.due = parts.flow || have.unit == Period::Unit::none ? billing : have;
  } else if (!of) {
    return std::nullopt;
  }
  if (!on) parts.due = tariff.headers.billing;
  parts.flow = parts.flow || (of && each && (node(version.module, each).text == "departure" || of_record_kind(version)));
  context.splits_by = nullptr;
  // Scope: who and when.
  ExpressionId filter = applied.condition;
  auto add_condition = [&](NodeId condition, uint32_t module) {
    Context c = context;
    c.module = module;
    ExpressionId e = elaborate_boolean(condition, c);
    if (!e) return false;
    if (parts.flow && tariff.headers.price_at_start) e = as_at_start(e, tariff.headers.billing);
    if (!parts.flow && !nests_in(tariff.headers.billing, pool_[e].grain.time))
      if (ExpressionId held = held_per(e, tariff.headers.billing)) e = held;
    const Period& grain = pool_[e].grain.time;
    if (!parts.flow && grain.unit != Period::Unit::none && !nests_in(tariff.headers.billing, grain)) {
      if (Diagnostic* d = error("WL3309", node(module, condition).span, "this condition changes within the " + period_name(tariff.headers.billing) + " that `" + n.text + "` belongs to"))
        d->hint("a charge on a whole " + period_name(tariff.headers.billing) + " needs a condition on the whole of it; put the `where` into the quantity");
      return false;
    }
    if (!pool_.is_constant(e) || pool_[e].value == 0) filter = pool_.both(filter, e, node(module, condition).span);
    return true;
  };
  for (NodeId covers : tariff.headers.covers)
    if (!add_condition(covers, tariff.symbol->module)) return std::nullopt;
  for (NodeId group : version.outer_groups)
    if (!add_condition(group, version.module)) return std::nullopt;
  if (version.group_condition && !add_condition(version.group_condition, version.module)) return std::nullopt;
  std::optional<Date> from = version.from, until = version.until;
  auto later = [](std::optional<Date> a, std::optional<Date> b) { return !a ? b : !b ? a : std::optional(std::max(*a, *b)); };
  auto earlier = [](std::optional<Date> a, std::optional<Date> b) { return !a ? b : !b ? a : std::optional(std::min(*a, *b)); };
  from = later(later(from, tariff.headers.from), applied.from);
  until = earlier(until, tariff.headers.until);
  for (NodeId c : n.children) {
    const Node& child = node(version.module, c);
    if (child.kind == NodeKind::When && of_record_kind(version)) continue;  // asked of each record
    if (child.kind == NodeKind::When && !add_condition(child.children[0], version.module)) return std::nullopt;
    if (child.kind == NodeKind::InForce) {
      if (NodeId d = tree(version.module).child(c, NodeKind::FromDate)) from = later(from, parse_date(node(version.module, d).text));
      if (NodeId d = tree(version.module).child(c, NodeKind::UntilDate)) until = earlier(until, parse_date(node(version.module, d).text));
    }
  }
  parts.version.from = from;
  parts.version.until = until;
  if (cut_dates) {
    if (from) cut_dates->insert(*from);
    if (until) cut_dates->insert(*until);
  }
  const ExpressionId who = filter;
  if (parts.flow) filter = pool_.both(filter, pool_.in_force(from, until, n.span), n.span);
  bool good = false;
  if (split_bands) good = elaborate_split(parts, version.node, node(version.module, on).children[0], *split_bands, filter, context, tariff);
  else if (const auto of_records = of ? elaborate_of_records(parts, version, tariff, applied, who, context) : std::nullopt) good = *of_records;
  else if (of) good = elaborate_amount_of(parts, of, version.node, filter, context, tariff);
  else if (NodeId blocks = first_of(tree(version.module), version.node, NodeKind::Blocks)) good = elaborate_blocks(parts, blocks, quantity, filter, context, tariff);
  else if (NodeId steps = first_of(tree(version.module), version.node, NodeKind::Steps)) {
    parts.version.scope = filter;
    parts.present = filter;
    good = !parts.flow && elaborate_steps(parts, steps, quantity, context, tariff);
    if (parts.flow)
      if (Diagnostic* d = error("WL3322", node(version.module, on).span, "steps look at one value of the whole " + period_name(tariff.headers.billing))) d->hint("gather it, for example `sum(import) per month`, or use `in blocks`");
  } else {
    good = elaborate_pricing(parts, version.node, quantity, filter, context, tariff);
  }
  if (!good) return std::nullopt;
  if (!split_bands) parts.version.quantity = quantity;
  if (NodeId counted = first_of(tree(version.module), version.node, NodeKind::CountedIn); counted && !count_in_steps(parts, counted, quantity, tariff, context)) return std::nullopt;
  if (NodeId allocated = first_of(tree(version.module), version.node, NodeKind::AllocatedBy)) {
    for (NodeKind bound : {NodeKind::AtMost, NodeKind::AtLeast})
      if (NodeId c = first_of(tree(version.module), version.node, bound)) {
        if (Diagnostic* d = error("WL4133", node(version.module, c).span, "a bound on each part would break the whole that was split")) d->hint("bound the amount before it is split: `min(…, 100 EUR) allocated by …`, or pay what is missing in a clause of its own");
        return std::nullopt;
      }
    parts.amount = elaborate_allocated(allocated, parts.amount, parts.present, applied.entity, rounding_of(tariff, version), tariff.headers.billing, context);
    if (!parts.amount) return std::nullopt;
  }
  ExpressionId least, most;
  for (NodeId c : n.children) {
    const Node& child = node(version.module, c);
    if (child.kind != NodeKind::AtMost && child.kind != NodeKind::AtLeast) continue;
    Context bound_context = context;
    bound_context.as_of = as_of ? as_of : std::optional(settlement_->from);
    ExpressionId bound = elaborate_number(child.children[0], bound_context);
    if (!bound) return std::nullopt;
    bound = per_billing(bound, tariff.headers.billing, tariff, child.span);
    if (!bound || !agree(parts.amount, bound, context, child.span, "compared with")) return std::nullopt;
    (child.kind == NodeKind::AtMost ? most : least) = bound;
    if (least && most && pool_.is_constant(least) && pool_.is_constant(most) && pool_[least].value > pool_[most].value) {
      if (Diagnostic* d = error("WL3250", child.span, "the least this clause comes to is more than the most it comes to"))
        d->label(n.text_span, "of `" + n.text + "`").hint("`at least` names the lower figure, `at most` the upper one");
      return std::nullopt;
    }
    parts.amount = pool_.make(child.kind == NodeKind::AtMost ? Op::minimum : Op::maximum, pool_[parts.amount].type, {parts.amount, bound}, child.span);
  }
  const Type& type = pool_[parts.amount].type;
  parts.currency = type.currency;
  if (type.tax != TaxState::unsaid && tariff.headers.prices != TaxState::unsaid && type.tax != tariff.headers.prices) {
    bool incl = tariff.headers.prices == TaxState::incl;
    if (Diagnostic* d = error("WL3106", n.span, std::string("`") + tariff.symbol->name + "` says `prices " + (incl ? "incl vat" : "ex vat") + "`, but this price is " + (incl ? "ex vat" : "incl vat")))
      d->hint(std::string("convert it: `… ") + (incl ? "with vat`" : "without vat`"));
    return std::nullopt;
  }
  return parts;
}

void Elaborator::elaborate_clause(TariffInfo& tariff, Applied& applied, const std::string& label) {
  const std::vector<LabelVersion>& versions = tariff.clauses[label];
  NodeKind kind = node(versions[0].module, versions[0].node).kind;
  if (kind == NodeKind::Tax) return elaborate_tax(tariff, applied, label);
  if (kind == NodeKind::Minimum || kind == NodeKind::Maximum) return elaborate_limit_clause(tariff, applied, label);
  if (kind == NodeKind::Net) return;  // done before the clauses
  reads_step_ = false;
  // An amendment may turn a fee into a flow: flows are summed, whole-window versions joined by date, and the line holds both.
  std::vector<std::pair<LabelVersion, VersionParts>> flows, whole;
  for (const LabelVersion& v : versions) {
    auto parts = elaborate_version(tariff, applied, v, v.from, nullptr);
    if (!parts) {
      // A clause is never dropped in silence: whatever went wrong is an error.
      WATTLAW_ASSERT(diagnostics_.has_errors(), "a clause that cannot be elaborated has been told why");
      broken_.insert(tariff.symbol->name + "." + label);
      return;
    }
    (parts->flow ? flows : whole).emplace_back(v, std::move(*parts));
  }
  if (reads_step_ && !whole.empty()) reads_step_length_.insert(tariff.symbol->name + "." + label);
  if (settlement_->moments) whole.clear();
  if (flows.empty() && whole.empty()) {
    whole_period_.insert(tariff.symbol->name + "." + label);
    return;
  }
  const Node& first = node(versions[0].module, versions[0].node);
  TypedClause clause;
  clause.kind = kind == NodeKind::Credit ? ClauseKind::credit : kind == NodeKind::Pay ? ClauseKind::pay : ClauseKind::charge;
  clause.name = label;
  clause.span = first.text_span;
  std::vector<ExpressionId> amounts, quantities, present;
  for (auto& [version, parts] : flows) {
    amounts.push_back(parts.amount);
    quantities.push_back(parts.quantity);
    present.push_back(parts.present);
    if (!same_kind(amounts[0], parts.amount, parts.version.span, "beside")) return;
  }
  // Texts that hold at the same time stand in different groups, `if A { … } if B { … }`: each is a chain of versions of its own.
  std::vector<std::vector<std::pair<LabelVersion, VersionParts>>> chains;
  for (auto& version : whole) {
    const auto overlaps = [&](const auto& other) { return (!other.first.until || !version.first.from || *version.first.from < *other.first.until) && (!version.first.until || !other.first.from || *other.first.from < *version.first.until); };
    auto chain = std::find_if(chains.begin(), chains.end(), [&](const auto& c) { return std::none_of(c.begin(), c.end(), overlaps); });
    if (chain == chains.end()) chain = chains.emplace(chains.end());
    chain->push_back(std::move(version));
  }
  whole.clear();
  for (auto& chain : chains) {
    if (!join_versions(tariff, applied, label, chain, amounts, quantities, present)) return;
    whole.insert(whole.end(), chain.begin(), chain.end());
  }
  bool one_unit = std::all_of(quantities.begin(), quantities.end(), [&](ExpressionId q) { return q && pool_[q].type.dimension == pool_[quantities[0]].type.dimension; });
  clause.amount = pool_.add(amounts, first.span);
  if (one_unit && !quantities.empty()) clause.quantity = pool_.add(quantities, first.span);
  clause.present = pool_.either(present, first.span);
  // Per row: each row of the table is rounded on its own; what has no rows is one row.
  RoundingRule rule = rounding_of(tariff, versions[0]);
  if (rule.grain == RoundingGrain::row) {
    std::vector<ExpressionId> rounded;
    for (const auto* group : {&flows, &whole})
      for (const auto& [version, parts] : *group)
        for (ExpressionId row : parts.row_amounts) rounded.push_back(round_line(row, rule, first.span));
    bool complete = whole.empty() && std::all_of(flows.begin(), flows.end(), [](const auto& v) { return !v.second.row_amounts.empty(); });
    if (complete) clause.line = pool_.add(rounded, first.span);
  }
  if (!spend_against(tariff, applied, label, clause)) {
    broken_.insert(tariff.symbol->name + "." + label);
    return;
  }
  flows.insert(flows.end(), whole.begin(), whole.end());
  finish_clause(tariff, applied, std::move(clause), flows);
}

void Elaborator::finish_clause(TariffInfo& tariff, Applied& applied, TypedClause clause, const std::vector<std::pair<LabelVersion, VersionParts>>& versions) {
  auto own = tariff.clauses.find(clause.name);
  const LabelVersion& first = own == tariff.clauses.end() ? versions[0].first : own->second[0];
  clause.tariff = tariff.symbol->name;
  clause.payer = tariff.payer;
  clause.payee = tariff.payee;
  if (NodeId from = tree(first.module).child(first.node, NodeKind::Payer)) clause.payer = role_of(from, first.module);
  if (NodeId to = tree(first.module).child(first.node, NodeKind::Payee)) clause.payee = role_of(to, first.module);
  if (NodeId to = tree(first.module).child(first.node, NodeKind::To)) clause.payee = role_of(to, first.module);
  if (clause.kind == ClauseKind::credit) std::swap(clause.payer, clause.payee);
  clause.payer_account = account_of(clause.payer, clause.span);
  clause.payee_account = account_of(clause.payee, clause.span);
  clause.entity = applied.entity;
  clause.payer_is_member = is_member_role(clause.payer, clause.entity, first.module);
  clause.payee_is_member = is_member_role(clause.payee, clause.entity, first.module);
  if (const bool both = clause.payer_is_member && clause.payee_is_member; both || (!clause.payer_is_member && !clause.payee_is_member && clause.payer_account == clause.payee_account)) {
    const std::string whose = both ? "the " + entity_name(program_, clause.entity) + " itself" : "`" + clause.payer_account + "`";
    if (Diagnostic* d = error("WL4134", clause.span, "`" + clause.payer + "` and `" + clause.payee + "` are both the account of " + whose + ", so nothing would be paid")) d->hint("declare a role of its own for one of the two: `role Lessor`");
    broken_.insert(tariff.symbol->name + "." + clause.name);
    return;
  }
  if (!make_of(clause.entity, clause)) {
    broken_.insert(tariff.symbol->name + "." + clause.name);
    return;
  }
  const Type& type = pool_[clause.amount].type;
  clause.currency = type.currency;
  clause.tax = type.tax != TaxState::unsaid ? type.tax : tariff.headers.prices;
  clause.rounding = rounding_of(tariff, first);
  clause.billing = tariff.headers.billing;
  clause.cites = tariff.headers.cites;
  for (const auto& [version, parts] : versions) clause.versions.push_back(parts.version);
  WATTLAW_ASSERT(clause.amount && clause.present, "a clause has an amount and says when it makes a line");
  if (ExpressionId inside = settled(clause.billing, clause.span)) {  // what is read as history makes no line
    clause.present = pool_.both(clause.present, inside, clause.span);
    const ExpressionId none = pool_.constant(0, pool_[clause.amount].type, clause.span);
    clause.amount = pool_.select(inside, clause.amount, none, clause.span);
    if (clause.line) clause.line = pool_.select(inside, clause.line, none, clause.span);
  }
  const RoundingRule& rule = clause.rounding;
  if (rule.grain != RoundingGrain::none && rule.currency != clause.currency && type.dimension == kMoney && !pool_.is_constant(clause.amount)) {
    const std::string &own = program_.currencies[clause.currency], &other = program_.currencies[rule.currency];
    if (Diagnostic* d = error("WL3125", rule.span, "amounts of `" + tariff.symbol->name + "` are in " + own + ", but they are rounded to an amount in " + other))
      d->label(clause.span, "in " + own).hint("write for example `rounding 0.01 " + own + " half up per line` among the headers of `" + tariff.symbol->name + "`");
  }
  if (!clause.line) clause.line = round_line(clause.amount, clause.rounding, clause.span);
  // A fixed fee is due in every window, so that totals count it as often.
  if (pool_[clause.line].grain.time.unit == Period::Unit::none) clause.line = in_every(clause.line, clause.billing, clause.span);
  applied.clauses.push_back(static_cast<uint32_t>(settlement_->clauses.size()));
  settlement_->clauses.push_back(std::move(clause));
}

}  // namespace wattlaw
