// Lines over the lines above them: minimum, maximum, and the difference that rounding a whole bill makes.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
}

// `before vat` where prices contain the tax: the lines are as much higher as the tax, and so is the bound that they are compared with.
ExpressionId Elaborator::with_contained_tax(ExpressionId bound, const TariffInfo& tariff, const std::string& label, Context& context, std::set<Date>& dates, Span span) {
  const std::vector<LabelVersion>* tax = nullptr;
  bool one = true;
  for (const auto& [name, versions] : tariff.clauses) {
    if (node(versions[0].module, versions[0].node).kind != NodeKind::Tax) continue;
    one = one && !tax;
    tax = &versions;
  }
  const auto is_on_all = [&](const LabelVersion& version) {
    const SyntaxTree& t = tree(version.module);
    const NodeId on = t.child(version.node, NodeKind::On);
    return on && t[on].children.size() == 1 && t[t[on].children[0]].text == "all" && !t.child(version.node, NodeKind::Except) && !t.child(version.node, NodeKind::When);
  };
  if (!tax || !one || !std::all_of(tax->begin(), tax->end(), is_on_all)) {
    if (Diagnostic* d = error("WL4125", span, "prices of `" + tariff.symbol->name + "` contain tax, and not one rate that all of its lines have, so a `" + label + "` before it cannot be compared with them"))
      d->hint("write what is meant with the tax, `" + label + " … incl vat`");
    return {};
  }
  ExpressionId rate;
  for (const LabelVersion& version : *tax) {
    if (version.from) dates.insert(*version.from);
    Context inner = context;
    inner.module = version.module;
    if ((version.from && *context.as_of < *version.from) || (version.until && *version.until <= *context.as_of)) continue;
    rate = elaborate_number(node(version.module, tree(version.module).child(version.node, NodeKind::At)).children[0], inner);
    if (!rate) return {};
  }
  if (!rate) return bound;  // no tax is in force on this day
  return pool_.multiply(bound, pool_.add({pool_.constant(1, number_type(), span), rate}, span), span);
}

// What one text of a minimum or maximum says, as of one date: the bound of each bill, the lines it is compared with, and for whom it holds.
std::optional<Elaborator::LimitText> Elaborator::limit_text(TariffInfo& tariff, Applied& applied, const std::string& label, const LabelVersion& version, Context context, std::set<Date>& dates) {
  const Node& n = node(version.module, version.node);
  context.module = version.module;
  context.cut_dates = &dates;
  if (!refuse_modifiers(version, {NodeKind::ForEach})) return std::nullopt;
  NodeId basis = tree(version.module).child(version.node, NodeKind::CapBasis);
  const bool taxed = std::any_of(tariff.clauses.begin(), tariff.clauses.end(), [&](const auto& entry) { return node(entry.second[0].module, entry.second[0].node).kind == NodeKind::Tax; });
  if (!basis && taxed) {
    if (Diagnostic* d = error("WL4108", n.span, "`" + label + "` stands in a tariff with a tax, and nothing says whether it is meant before or after it"))
      d->note("`before vat`: the lines without tax are compared, and the tax is on the result; `incl vat`: what is paid is compared").hint("write `" + label + " … before vat` or `… incl vat`");
    return std::nullopt;
  }
  const bool incl = basis && node(version.module, basis).text == "incl";
  // Where it stands must say the same: what is meant before the tax is taxed, so it stands above it; what is paid stands below, unless prices contain it.
  const bool below = incl && tariff.headers.prices != TaxState::incl;
  const auto own = std::find(tariff.order.begin(), tariff.order.end(), label);
  for (auto other = tariff.order.begin(); basis && other != tariff.order.end(); ++other) {
    const auto& texts = tariff.clauses.at(*other);
    const SyntaxTree& t = tree(texts[0].module);
    const NodeId on = t.child(texts[0].node, NodeKind::On);
    const bool on_all = on && t[on].children.size() == 1 && t[t[on].children[0]].text == "all";  // a tax on named lines is on no bound anyway
    if (t[texts[0].node].kind != NodeKind::Tax || !on_all || (other < own) == below) continue;
    if (Diagnostic* d = error("WL4126", node(version.module, basis).span, "`" + label + " … " + text_of(node(version.module, basis).span) + "` stands " + (below ? "above" : "below") + " the tax `" + *other + "`"))
      d->label(node(texts[0].module, texts[0].node).text_span, "the tax").hint(below ? "what is paid is known below the tax: let `" + label + "` stand there" : "the tax is on it as well: let `" + label + "` stand above the tax");
    return std::nullopt;
  }
  ExpressionId bound = elaborate_number(n.children[0], context);
  if (!bound) return std::nullopt;
  NodeId each = tree(version.module).child(version.node, NodeKind::ForEach);
  const Period billing = tariff.headers.billing, year{.unit = Period::Unit::year, .start_day = billing.start_day};  // twelve bills
  const bool yearly = each && node(version.module, each).text == "year" && billing != year && nests_in(billing, year);
  if (each && !yearly && node(version.module, each).text != "month" && node(version.module, each).text != period_name(tariff.headers.billing)) {
    not_in_this_version(node(version.module, each).span, "a `" + label + "` for each " + node(version.module, each).text);
    return std::nullopt;
  }
  if (!each && tariff.headers.billing != kSession && pool_[bound].type.dimension == kMoney && pool_[bound].grain.time.unit == Period::Unit::none) {
    if (Diagnostic* d = error("WL4104", node(version.module, n.children[0]).span, "nothing says for which period this `" + label + "` is"))
      d->note("`per year` would be a twelfth of it each month; `per month` the whole of it each month; `for each year` compares the year, in its last bill").hint("write for example `" + label + " " + text_of(node(version.module, n.children[0]).span) + " per month`");
    return std::nullopt;
  }
  const LineScope scope = line_scope(tariff, applied, version, context, dates);
  if (!scope.good) return std::nullopt;
  LimitText text;
  text.due = yearly ? year : billing;
  bound = per_billing(bound, text.due, tariff, n.span);
  if (bound && basis && !incl && tariff.headers.prices == TaxState::incl) bound = with_contained_tax(bound, tariff, label, context, dates, n.span);
  if (!bound) return std::nullopt;
  std::vector<ExpressionId> lines;
  for (uint32_t index : applied.clauses) {
    const TypedClause& clause = settlement_->clauses[index];
    if (reads_step_length_.contains(clause.tariff + "." + clause.name)) reads_step_length_.insert(tariff.symbol->name + "." + label);
    if (clause.kind == ClauseKind::tax && (!incl || is_handed_on(clause, tariff))) continue;
    lines.push_back(clause.kind == ClauseKind::credit ? pool_.negate(clause.line, n.span) : clause.line);
    if (!same_kind(bound, lines.back(), n.span, "compared with")) return std::nullopt;
  }
  text.bound = bound;
  text.total = lines.empty() ? pool_.constant(0, pool_[bound].type, n.span) : pool_.add(lines, n.span);
  text.condition = scope.condition;
  if (yearly) {
    if (!lines.empty()) text.total = pool_.aggregate(Aggregate::sum, text.total, {}, year, n.span);
    text.condition = pool_.both(text.condition, last_bill_of(year, billing, n.span), n.span);
  }
  text.version = &version;
  return text;
}

// A value that changes with the text; the bill in which it does takes that of its start or end, or each for its days.
ExpressionId Elaborator::join_by_date(const std::map<Date, ExpressionId>& by_date, Change change, const Period& period, Span span) {
  Expression e;
  e.op = Op::dated;
  e.change = change;
  e.span = span;
  e.grain.time = period;
  for (const auto& [date, value] : by_date) {
    if (!e.operands.empty() && e.operands.back() == value) continue;
    e.dates.push_back(e.dates.empty() ? Date{INT32_MIN / 2} : date);
    e.operands.push_back(value);
    e.type = pool_[value].type;
    e.grain = finer(e.grain, pool_[value].grain);
  }
  return e.operands.size() == 1 ? e.operands[0] : pool_.intern(std::move(e));
}

// minimum M: a line for what is missing to M; maximum M: a negative line for what exceeds it. Over the lines above it.
void Elaborator::elaborate_limit_clause(TariffInfo& tariff, Applied& applied, const std::string& label) {
  if (settlement_->moments) {
    whole_period_.insert(tariff.symbol->name + "." + label);
    return;
  }
  const std::vector<LabelVersion>& versions = tariff.clauses[label];
  const Node& n = node(versions[0].module, versions[0].node);
  const bool is_minimum = n.kind == NodeKind::Minimum;
  Context context;
  context.tariff = &tariff;
  context.default_period = tariff.headers.billing;
  std::set<Date> dates = {settlement_->from};
  for (const LabelVersion& version : versions)
    if (version.from) dates.insert(*version.from);
  std::map<Date, std::optional<LimitText>> by_date;
  for (size_t before = 0; before != dates.size();) {
    before = dates.size();
    for (Date date : std::set<Date>(dates)) {
      if (by_date.contains(date) || date < settlement_->from || date >= settlement_->until) continue;
      context.as_of = date;
      std::optional<LimitText> active;
      for (const LabelVersion& version : versions) {
        auto text = limit_text(tariff, applied, label, version, context, dates);
        if (!text) return;
        if ((!version.from || *version.from <= date) && (!version.until || date < *version.until)) active = text;
      }
      const bool in_force = (!tariff.headers.from || *tariff.headers.from <= date) && (!tariff.headers.until || date < *tariff.headers.until) && (!applied.from || *applied.from <= date);
      if (!in_force) active.reset();
      by_date[date] = active;
    }
  }
  std::set<Date> inside;
  const LimitText* first = nullptr;
  bool same_lines = true, always = true;
  for (const auto& [date, text] : by_date) {
    if (date > settlement_->from) inside.insert(date);
    always = always && text;
    if (!text) continue;
    if (!first) first = &*text;
    same_lines = same_lines && text->total == first->total && text->condition == first->condition;
    if (text->due != first->due) {
      not_in_this_version(n.span, "an amendment that moves `" + label + "` to another period");
      return;
    }
  }
  if (!first) return;  // in force at no time of this run
  const Period due = first->due;
  if (!check_changes(tariff, inside, versions[0].node, versions[0].module, label, due) || !check_partial(tariff, versions[0].node, versions[0].module, label, due)) return;
  const Type money = pool_[first->bound].type;
  const ExpressionId zero = pool_.constant(0, money, n.span);
  const auto amount_of = [&](const LimitText& text, ExpressionId bound) {
    ExpressionId amount = pool_.make(is_minimum ? Op::maximum : Op::minimum, money, {pool_.subtract(bound, text.total, n.span), zero}, n.span);
    return text.condition ? pool_.select(text.condition, amount, zero, n.span) : amount;
  };
  TypedClause clause;
  if (tariff.headers.change == Change::by_days && by_date.size() > 1) {
    const bool ends = !always && std::any_of(by_date.begin(), by_date.end(), [&](const auto& entry) {
      return !entry.second && (!tariff.headers.from || *tariff.headers.from <= entry.first) && (!applied.from || *applied.from <= entry.first) && (!tariff.headers.until || entry.first < *tariff.headers.until);
    });
    if (!same_lines || (ends && !is_minimum)) {
      if (Diagnostic* d = error("WL4121", n.span, "the texts of this `" + label + "` " + (same_lines ? "leave days without one" : "compare different lines") + ", so its days cannot be added up"))
        d->hint("let it change where a bill begins, or write `change within period: at start` (or `at end`)");
      return;
    }
    std::map<Date, ExpressionId> bounds;
    for (const auto& [date, text] : by_date) bounds[date] = text ? text->bound : zero;
    clause.amount = amount_of(*first, join_by_date(bounds, Change::by_days, tariff.headers.billing, n.span));
  } else {
    std::map<Date, ExpressionId> amounts;
    for (const auto& [date, text] : by_date) amounts[date] = text ? amount_of(*text, text->bound) : zero;
    clause.amount = join_by_date(amounts, tariff.headers.change.value_or(Change::at_start), tariff.headers.billing, n.span);
  }
  clause.kind = is_minimum ? ClauseKind::minimum : ClauseKind::maximum;
  clause.name = label;
  clause.span = n.span;
  clause.present = pool_.negation(pool_.make(Op::equal, boolean_type(), {clause.amount, zero}, n.span), n.span);
  std::vector<std::pair<LabelVersion, VersionParts>> shown;
  for (const auto& [date, text] : by_date) {
    if (!text) continue;
    VersionParts parts;
    parts.version.span = node(text->version->module, text->version->node).span;
    if (date > settlement_->from) parts.version.from = date;
    parts.version.rate = text->bound;
    parts.version.quantity = text->total;
    shown.emplace_back(*text->version, std::move(parts));
  }
  finish_clause(tariff, applied, std::move(clause), std::move(shown));
}

void Elaborator::add_bill_rounding(TariffInfo& tariff, Applied& applied) {
  std::vector<ExpressionId> lines;
  const TypedClause* example = nullptr;
  for (uint32_t index : applied.clauses) {
    const TypedClause& clause = settlement_->clauses[index];
    if (clause.rounding.grain != RoundingGrain::bill || is_handed_on(clause, tariff)) continue;
    lines.push_back(clause.kind == ClauseKind::credit ? pool_.negate(clause.line, clause.span) : clause.line);
    example = &clause;
  }
  if (!example) return;
  RoundingRule rule = example->rounding;
  rule.grain = RoundingGrain::line;
  Span span = node(tariff.symbol->module, tariff.symbol->node).text_span;
  ExpressionId sum = pool_.add(lines, span);
  TypedClause clause;
  clause.kind = ClauseKind::rounding;
  clause.tariff = tariff.symbol->name;
  clause.name = "rounding";
  clause.payer = tariff.payer;
  clause.payee = tariff.payee;
  clause.payer_account = account_of(tariff.payer, clause.span);
  clause.payee_account = account_of(tariff.payee, clause.span);
  clause.entity = applied.entity;
  clause.payer_is_member = is_member_role(tariff.payer, clause.entity, tariff.symbol->module);
  clause.payee_is_member = is_member_role(tariff.payee, clause.entity, tariff.symbol->module);
  clause.currency = example->currency;
  clause.rounding = {};
  clause.billing = tariff.headers.billing;
  clause.amount = clause.line = pool_.subtract(round_line(sum, rule, span), sum, span);
  clause.present = pool_.negation(pool_.make(Op::equal, boolean_type(), {clause.amount, pool_.constant(0, pool_[clause.amount].type, span)}, span), span);
  clause.span = span;
  clause.cites = tariff.headers.cites;
  applied.clauses.push_back(static_cast<uint32_t>(settlement_->clauses.size()));
  settlement_->clauses.push_back(std::move(clause));
}

}  // namespace wattlaw
