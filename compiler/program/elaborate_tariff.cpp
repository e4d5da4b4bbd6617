// A tariff as a whole: its clauses in order, taxes on other lines, minimum and maximum, netting, rounding per bill, totals.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
}

TariffInfo* Elaborator::tariff_named(const std::string& name, uint32_t module, Span span) {
  Symbol* symbol = find(name, module, Symbol::Kind::tariff);
  if (!symbol) {
    if (Symbol* other = find(name, module)) {
      if (other->kind == Symbol::Kind::contract) not_in_this_version(span, "a contract");
      else if (Diagnostic* d = error("WL2006", span, "`" + name + "` is " + symbol_kind_words(other->kind) + ", not a tariff")) d->label(node(other->module, other->node).text_span, "declared here");
      return nullptr;
    }
    if (Diagnostic* d = error("WL2006", span, "no tariff is called `" + name + "`")) {
      std::string near = nearest_name(name, names_in_scope(module, Symbol::Kind::tariff));
      d->hint(near.empty() ? "import the module that declares it" : "did you mean `" + near + "`?");
    }
    return nullptr;
  }
  return tariffs_[std::to_string(symbol->module) + "." + symbol->name].get();
}

void Elaborator::apply_tariff(const std::string& name, uint32_t module, ExpressionId condition, std::optional<Date> from, Span span) {
  TariffInfo* tariff = tariff_named(name, module, span);
  if (!tariff) {
    broken_.insert(kUnknownTariff);
    return;
  }
  std::string key = std::to_string(tariff->symbol->module) + "." + tariff->symbol->name;
  if (is_for_sessions(*tariff) != settlement_->sessions) {
    if (Diagnostic* d = error("WL4204", span, "`" + tariff->symbol->name + (settlement_->sessions ? "` is no tariff for sessions" : "` is a tariff for each session")))
      d->hint(settlement_->sessions ? "write `tariff " + tariff->symbol->name + " from Driver to … for each session { … }`, or apply it to every site in another scenario" : "write `apply " + tariff->symbol->name + " to every session`");
    return;
  }
  Applied applied;
  applied.condition = condition;
  applied.from = from;
  if (!applied_.emplace(key, std::move(applied)).second) {
    if (Diagnostic* d = error("WL4201", span, "`" + tariff->symbol->name + "` is applied twice in `" + settlement_->name + "`")) d->hint("apply it once, to every site that either line means");
    return;
  }
  applied_order_.push_back(key);
}

void Elaborator::require_tariff(const std::string& key) {
  auto it = applied_.find(key);
  if (it == applied_.end() || it->second.done || it->second.busy) return;
  Applied& applied = it->second;
  TariffInfo& tariff = *tariffs_[key];
  applied.busy = true;
  tariff_stack_.push_back(key);
  const Node& n = node(tariff.symbol->module, tariff.symbol->node);
  tariff.payer = role_of(tree(tariff.symbol->module).child(tariff.symbol->node, NodeKind::Payer), tariff.symbol->module);
  tariff.payee = role_of(tree(tariff.symbol->module).child(tariff.symbol->node, NodeKind::Payee), tariff.symbol->module);
  if (settlement_->kind == Settlement::Kind::scenario && clock_) {
    bool before = tariff.headers.until && *tariff.headers.until <= settlement_->from, after = tariff.headers.from && *tariff.headers.from >= settlement_->until;
    if (before || after)
      if (Diagnostic* d = warning("WL4290", n.text_span, "`" + tariff.symbol->name + "` is not in force at any time of `" + settlement_->name + "`")) d->hint("it makes no lines there");
  }
  if (tariff.clauses.contains("net")) elaborate_net(tariff);
  // Order inside a tariff matters for tax, minimum and maximum alone, and these read what stands above them.
  for (const std::string& label : tariff.order) elaborate_clause(tariff, applied, label);
  elaborate_true_up(tariff, applied);
  if (settlement_->sessions) note_unpriced(tariff);
  add_bill_rounding(tariff, applied);
  tariff_stack_.pop_back();
  applied.busy = false;
  applied.done = true;
}

ExpressionId Elaborator::total_over_run(ExpressionId line, Context& context, Span span) {
  if (!context.totals || context.single_lines || pool_[line].grain.time.unit == Period::Unit::none) return line;
  return pool_.aggregate(Aggregate::sum, line, {}, Period{}, span);
}

ExpressionId Elaborator::clause_value(const std::string& tariff_name, const std::string& label, Context& context, Span span) {
  uint32_t module = context.tariff ? context.tariff->symbol->module : context.module;
  TariffInfo* tariff = nullptr;
  if (context.tariff && context.tariff->symbol->name == tariff_name) tariff = const_cast<TariffInfo*>(context.tariff);
  if (!tariff && context.totals)
    for (const std::string& key : applied_order_)
      if (tariffs_[key]->symbol->name == tariff_name) tariff = tariffs_[key].get();
  if (!tariff) tariff = tariff_named(tariff_name, module, span);
  if (!tariff) return {};
  if (!tariff->clauses.contains(label) && label != "rounding" && (label != "surplus" || !nettings_.contains(std::to_string(tariff->symbol->module) + "." + tariff->symbol->name))) {
    std::vector<std::string> labels = tariff->order;
    for (const auto& [name, versions] : tariff->lets) labels.push_back(name);
    if (Diagnostic* d = error("WL2008", span, "`" + tariff->symbol->name + "` has no clause `" + label + "`")) {
      std::string near = nearest_name(label, labels), all;
      for (const std::string& known : tariff->order) all += (all.empty() ? "`" : ", `") + known + "`";
      d->hint(near.empty() ? "it has " + all : "did you mean `" + near + "`?");
    }
    return {};
  }
  std::string key = std::to_string(tariff->symbol->module) + "." + tariff->symbol->name;
  auto it = applied_.find(key);
  if (it == applied_.end()) {
    if (context.totals) {
      if (Diagnostic* d = error("WL2040", span, "`" + tariff->symbol->name + "` is not applied here")) d->hint(settlement_->kind == Settlement::Kind::test ? "write `use " + tariff->symbol->name + "` in the test" : "apply it in the scenario");
      return {};
    }
    return pool_.constant(0, number_type(kMoney, 0, true), span);
  }
  require_tariff(key);
  const std::string full_label = tariff->symbol->name + "." + label;
  if (test_without_interval_ && reads_step_length_.contains(full_label)) {
    if (Diagnostic* d = error("WL2041", span, "`" + label + "` belongs to a whole billing period, and this test gives moments only")) d->hint("say how long an interval is: `every 1 h`");
    return {};
  }
  if (settlement_->moments && whole_period_.contains(full_label) && !broken_.contains(full_label)) {
    wants_whole_periods_ = true;
    return {};
  }
  for (const TypedClause& clause : settlement_->clauses)
    if (clause.tariff == tariff->symbol->name && clause.name == label) return total_over_run(clause.line, context, span);
  if (broken_.contains(tariff->symbol->name + "." + label)) return {};
  if (it->second.busy) {
    bool other = !tariff_stack_.empty() && tariff_stack_.back() != key;
    std::string path;
    for (const std::string& open : tariff_stack_) path += "`" + tariffs_[open]->symbol->name + "` → ";
    if (Diagnostic* d = error("WL4502", span, other ? "tariffs read each other in a circle" : "`" + label + "` is read before it is known")) {
      if (other) d->note("the circle: " + path + "`" + tariff->symbol->name + "`");
      d->hint(other ? "a tax may read another tariff, but not the other way round" : "let the clause stand above the one that reads it");
    }
    return {};
  }
  return {};
}

// A tax contained in prices is handed on by who received them: no line of the tariff's payer.
static bool is_handed_on(const TypedClause& clause, const TariffInfo& tariff) { return clause.kind == ClauseKind::tax && clause.payer != tariff.payer; }

// Net of what the tariff's payer owes under it: charges and taxes less credits.
ExpressionId Elaborator::tariff_value(const std::string& name, Context& context, Span span) {
  TariffInfo* tariff = nullptr;
  if (context.totals)
    for (const std::string& key : applied_order_)
      if (tariffs_[key]->symbol->name == name) tariff = tariffs_[key].get();
  if (!tariff) tariff = tariff_named(name, context.module, span);
  if (!tariff) return {};
  std::string key = std::to_string(tariff->symbol->module) + "." + tariff->symbol->name;
  if (!applied_.contains(key)) {
    if (context.totals) {
      if (Diagnostic* d = error("WL2040", span, "`" + name + "` is not applied here")) d->hint("write `use " + name + "` in the test, or apply it in the scenario");
      return {};
    }
    return pool_.constant(0, number_type(kMoney, 0, true), span);
  }
  if (applied_[key].busy) {
    std::string path;
    for (const std::string& open : tariff_stack_) path += "`" + tariffs_[open]->symbol->name + "` → ";
    if (Diagnostic* d = error("WL4502", span, "tariffs read each other in a circle")) d->note("the circle: " + path + "`" + name + "`").hint("a tax may read another tariff, but not the other way round");
    return {};
  }
  require_tariff(key);
  std::vector<ExpressionId> terms;
  for (uint32_t index : applied_[key].clauses) {
    const TypedClause& clause = settlement_->clauses[index];
    if (is_handed_on(clause, *tariff)) continue;
    bool back = clause.kind == ClauseKind::credit;
    terms.push_back(back ? pool_.negate(clause.line, span) : clause.line);
    if (terms.size() > 1 && !same_kind(terms[0], terms.back(), span, "added to")) return {};
  }
  if (terms.empty()) return pool_.constant(0, number_type(kMoney, 0, true), span);
  return total_over_run(pool_.add(terms, span), context, span);
}

bool Elaborator::refuse_modifiers(const LabelVersion& version, const std::vector<NodeKind>& understood) {
  const Node& n = node(version.module, version.node);
  for (NodeId c : n.children) {
    const Node& child = node(version.module, c);
    for (NodeKind modifier : {NodeKind::InForce, NodeKind::Except, NodeKind::AtMost, NodeKind::AtLeast, NodeKind::AllocatedBy, NodeKind::Once, NodeKind::ForEach, NodeKind::CountedIn, NodeKind::Against, NodeKind::Carry})
      if (child.kind == modifier && std::find(understood.begin(), understood.end(), modifier) == understood.end()) {
        not_in_this_version(child.span, "`" + text_of(child.span) + "` on a tax, minimum or maximum");
        return false;
      }
  }
  return true;
}

Elaborator::LineScope Elaborator::line_scope(const TariffInfo& tariff, const Applied& applied, const LabelVersion& version, Context& context, std::set<Date>& dates) {
  LineScope scope;
  scope.condition = applied.condition;
  std::vector<std::pair<uint32_t, NodeId>> conditions;
  for (NodeId covers : tariff.headers.covers) conditions.emplace_back(tariff.symbol->module, covers);
  for (NodeId group : version.outer_groups) conditions.emplace_back(version.module, group);
  if (version.group_condition) conditions.emplace_back(version.module, version.group_condition);
  for (NodeId when : tree(version.module).children(version.node, NodeKind::When)) conditions.emplace_back(version.module, node(version.module, when).children[0]);
  for (const auto& [module, condition] : conditions) {
    Context inner = context;
    inner.module = module;
    ExpressionId e = elaborate_boolean(condition, inner);
    if (!e) return scope;
    if (pool_[e].grain.time.unit != Period::Unit::none && !nests_in(tariff.headers.billing, pool_[e].grain.time)) {
      error("WL3309", node(module, condition).span, "this condition changes within the " + period_name(tariff.headers.billing) + " whose lines are read");
      return scope;
    }
    if (!pool_.is_constant(e) || pool_[e].value == 0) scope.condition = pool_.both(scope.condition, e, node(module, condition).span);
  }
  scope.from = tariff.headers.from;
  if (applied.from && (!scope.from || *scope.from < *applied.from)) scope.from = applied.from;
  scope.until = tariff.headers.until;
  if (scope.from) dates.insert(*scope.from);
  if (scope.until) dates.insert(*scope.until);
  scope.good = true;
  return scope;
}

void Elaborator::elaborate_tax(TariffInfo& tariff, Applied& applied, const std::string& label) {
  std::vector<std::pair<LabelVersion, VersionParts>> done;
  std::set<Date> dates = {settlement_->from};
  const std::vector<LabelVersion>& versions = tariff.clauses[label];
  const Node& first = node(versions[0].module, versions[0].node);
  // The base: rounded lines of tariffs, clauses, or all that stands above in this tariff.
  std::vector<ExpressionId> base;
  bool inclusive = false;
  std::string receiver;  // of the prices that contain the tax
  NodeId on = tree(versions[0].module).child(versions[0].node, NodeKind::On);
  std::set<uint32_t> seen;
  auto take_clause = [&](uint32_t index, Span span, const TariffInfo& owner) {
    if (!seen.insert(index).second) return true;
    const TypedClause& clause = settlement_->clauses[index];
    if (clause.kind == ClauseKind::tax && clause.name == label)
      if (Diagnostic* d = warning("WL4292", span, "`" + label + "` is levied on `" + clause.tariff + "." + clause.name + "`, so the same money is taxed twice")) d->hint("name the clauses that are taxed, or take one of the two taxes out");
    TaxState state = clause.tax;
    if (state == TaxState::unsaid && clause.payee != "State") {
      if (Diagnostic* d = error("WL4107", span, "`" + owner.symbol->name + "` does not say whether its prices contain `" + label + "`"))
        d->label(node(owner.symbol->module, owner.symbol->node).text_span, "this tariff")
            .note("`prices ex vat`: " + label + " is added on top; `prices incl vat`: the price is split, and nobody pays more")
            .hint("write `prices ex vat` or `prices incl vat` among the headers of `" + owner.symbol->name + "`");
      return false;
    }
    inclusive = inclusive || state == TaxState::incl;
    if (receiver.empty()) receiver = clause.kind == ClauseKind::credit ? clause.payer : clause.payee;
    if (!base.empty() && pool_[clause.line].type.dimension != pool_[base[0]].type.dimension) return false;
    base.push_back(clause.kind == ClauseKind::credit ? pool_.negate(clause.line, span) : clause.line);
    return true;
  };
  for (NodeId c : node(versions[0].module, on).children) {
    const Node& name = node(versions[0].module, c);
    if (name.text == "all") {
      auto first_line = std::find_if(tariff.order.begin(), tariff.order.end(), [](const std::string& above) { return above != "net"; });
      if (*first_line == label) {
        if (Diagnostic* d = error("WL4109", name.span, "`" + label + "` is on all lines above it, and there are none")) d->hint("a tax stands below the clauses that it is on");
        return;
      }
      for (uint32_t index : applied.clauses)
        if (settlement_->clauses[index].kind != ClauseKind::tax && !take_clause(index, name.span, tariff)) return;
      continue;
    }
    if (tariff.clauses.contains(name.text)) {
      bool found = false;
      for (uint32_t index : applied.clauses)
        if (settlement_->clauses[index].name == name.text) {
          found = true;
          if (!take_clause(index, name.span, tariff)) return;
        }
      if (!found && broken_.contains(tariff.symbol->name + "." + name.text)) return;
      if (!found && !settlement_->moments) {
        if (Diagnostic* d = error("WL4502", name.span, "`" + name.text + "` is read before it is known")) d->hint("let the clause stand above the tax");
        return;
      }
      continue;
    }
    std::string tariff_name = name.text, clause_name;
    if (!find(tariff_name, versions[0].module, Symbol::Kind::tariff))
      if (size_t dot = name.text.rfind('.'); dot != std::string::npos) {
        tariff_name = name.text.substr(0, dot);
        clause_name = name.text.substr(dot + 1);
      }
    TariffInfo* other = tariff_named(tariff_name, versions[0].module, name.span);
    if (!other) return;
    std::string key = std::to_string(other->symbol->module) + "." + other->symbol->name;
    if (other == &tariff || (applied_.contains(key) && applied_[key].busy)) {
      std::string path;
      for (const std::string& open : tariff_stack_) path += "`" + tariffs_[open]->symbol->name + "` → ";
      if (Diagnostic* d = error("WL4502", name.span, "tariffs read each other in a circle")) d->note("the circle: " + path + "`" + tariff_name + "`").hint("inside its own tariff a tax is `on all`");
      return;
    }
    if (!applied_.contains(key)) continue;
    require_tariff(key);
    for (uint32_t index : applied_[key].clauses)
      if (clause_name.empty() || settlement_->clauses[index].name == clause_name)
        if (!take_clause(index, name.span, *other)) return;
  }
  if (base.empty()) return;
  for (ExpressionId b : base)
    if (!same_kind(base[0], b, first.span, "added to")) return;
  ExpressionId sum = pool_.add(base, first.span);
  VersionParts parts;
  Context context;
  context.module = versions[0].module;
  context.tariff = &tariff;
  context.default_period = tariff.headers.billing;
  context.parameters = &parts.version.parameters;
  for (const LabelVersion& v : versions)
    if (!refuse_modifiers(v, {NodeKind::Except})) return;
  context.as_of = settlement_->from;
  const LineScope scope = line_scope(tariff, applied, versions[0], context, dates);
  if (!scope.good) return;
  std::map<Date, ExpressionId> rates;
  for (size_t before = 0; before != dates.size();) {
    before = dates.size();
    for (Date date : std::set<Date>(dates)) {
      if (date < settlement_->from || date >= settlement_->until) continue;
      const LabelVersion* active = nullptr;
      for (const LabelVersion& v : versions) {
        if (v.from) dates.insert(*v.from);
        if ((!v.from || *v.from <= date) && (!v.until || date < *v.until)) active = &v;
      }
      if ((scope.from && date < *scope.from) || (scope.until && date >= *scope.until)) active = nullptr;
      context.as_of = date;
      context.cut_dates = &dates;
      ExpressionId rate = pool_.constant(0, number_type(), first.span);
      if (active) {
        context.module = active->module;
        rate = elaborate_number(node(active->module, tree(active->module).child(active->node, NodeKind::At)).children[0], context);
      }
      if (!rate) return;
      if (!is_plain(pool_[rate].type.dimension)) {
        if (Diagnostic* d = error("WL3132", first.span, "a tax is levied at a share of other lines, not at " + dimension_words(pool_[rate].type.dimension))) d->hint("write a percentage, `tax vat at 25% on all to State`; an amount per kWh is a `charge`");
        return;
      }
      if (pool_.is_constant(rate) && pool_[rate].value < 0) {
        if (Diagnostic* d = error("WL3133", first.span, "a tax of " + print_decimal(pool_[rate].value * 100, 0, 6) + " % would be paid by who levies it")) d->hint("what is given back is a `credit`");
        return;
      }
      if (pool_.is_constant(rate) && pool_[rate].value > 1)
        if (Diagnostic* d = warning("WL3494", first.span, "this tax is " + print_decimal(pool_[rate].value * 100, 0, 6) + " % of what it is on")) d->hint("a percentage has its sign: `25%`");
      rates[date] = rate;
    }
  }
  std::set<Date> inside;
  for (const auto& [date, rate] : rates)
    if (date > settlement_->from) inside.insert(date);
  if (!check_changes(tariff, inside, versions[0].node, versions[0].module, label)) return;
  Expression rate_expression;
  rate_expression.op = Op::dated;
  rate_expression.change = tariff.headers.change.value_or(Change::at_start);
  rate_expression.type = number_type();
  rate_expression.grain = {EntityGrain::none, tariff.headers.billing};
  rate_expression.span = first.span;
  for (const auto& [date, rate] : rates) {
    if (!rate_expression.operands.empty() && rate_expression.operands.back() == rate) continue;
    rate_expression.dates.push_back(rate_expression.dates.empty() ? Date{INT32_MIN / 2} : date);
    rate_expression.operands.push_back(rate);
    rate_expression.grain.entity = std::max(rate_expression.grain.entity, pool_[rate].grain.entity);
  }
  ExpressionId rate = rate_expression.operands.size() == 1 ? rate_expression.operands[0] : pool_.intern(std::move(rate_expression));
  TypedClause clause;
  clause.kind = ClauseKind::tax;
  clause.name = label;
  clause.span = first.text_span;
  ExpressionId condition = scope.condition;
  context.module = versions[0].module;
  // A month of which no day is in force has no line.
  const bool cut = (scope.from && *scope.from > settlement_->from) || (scope.until && *scope.until < settlement_->until);
  if (cut) condition = pool_.both(condition, pool_.aggregate(Aggregate::any, pool_.in_force(scope.from, scope.until, first.span), {}, tariff.headers.billing, first.span), first.span);
  ExpressionId extra = condition;
  ExpressionId effective = apply_exceptions(parts, versions[0].node, rate, context, &extra);
  if (!effective) return;
  condition = extra;
  // On top: base × r. Contained: base × r / (1 + r), paid on by whoever received the price.
  ExpressionId amount;
  if (inclusive) {
    ExpressionId one = pool_.constant(1, number_type(), first.span);
    amount = divide(pool_.multiply(sum, effective, first.span), pool_.add({one, effective}, first.span), first.span, first.span);
  } else {
    amount = pool_.multiply(sum, effective, first.span);
  }
  if (!amount) return;
  if (condition) amount = pool_.select(condition, amount, pool_.constant(0, pool_[amount].type, first.span), first.span);
  Expression typed = pool_[amount];
  typed.type.tax = TaxState::unsaid;
  typed.type.extensive = true;
  clause.amount = pool_.intern(std::move(typed));
  clause.quantity = {};
  clause.present = condition ? condition : pool_.boolean(true, first.span);
  parts.version.scope = condition;
  parts.version.quantity = sum;
  parts.version.rate = effective;
  parts.version.base_rate = rate;
  parts.version.span = first.span;
  for (NodeId c : first.children)
    if (node(versions[0].module, c).kind == NodeKind::Cite) parts.version.cites.push_back({node(versions[0].module, c).text, node(versions[0].module, c).span});
  std::string payee_before = tariff.payee, payer_before = tariff.payer;
  if (inclusive) tariff.payer = receiver;
  finish_clause(tariff, applied, std::move(clause), {{versions[0], parts}});
  tariff.payer = payer_before;
  tariff.payee = payee_before;
}

// minimum M: a line for what is missing to M; maximum M: a negative line for what exceeds it. Over the lines above it.
void Elaborator::elaborate_limit_clause(TariffInfo& tariff, Applied& applied, const std::string& label) {
  if (settlement_->moments) {
    whole_period_.insert(tariff.symbol->name + "." + label);
    return;
  }
  const LabelVersion& version = tariff.clauses[label][0];
  const Node& n = node(version.module, version.node);
  bool is_minimum = n.kind == NodeKind::Minimum;
  if (tariff.clauses[label].size() > 1) {
    not_in_this_version(n.span, "an amended `" + label + "`");
    return;
  }
  if (!refuse_modifiers(version, {NodeKind::ForEach})) return;
  NodeId basis = tree(version.module).child(version.node, NodeKind::CapBasis);
  bool taxed = std::any_of(tariff.clauses.begin(), tariff.clauses.end(), [&](const auto& entry) { return node(entry.second[0].module, entry.second[0].node).kind == NodeKind::Tax; });
  if (!basis && taxed) {
    if (Diagnostic* d = error("WL4108", n.span, "`" + label + "` stands in a tariff with a tax, and nothing says whether it is meant before or after it"))
      d->note("`before vat`: the lines without tax are compared, and the tax is on the result; `incl vat`: what is paid is compared").hint("write `" + label + " … before vat` or `… incl vat`");
    return;
  }
  bool incl = basis && node(version.module, basis).text == "incl";
  Context context;
  context.module = version.module;
  context.tariff = &tariff;
  context.default_period = tariff.headers.billing;
  context.as_of = settlement_->from;
  std::set<Date> dates;
  context.cut_dates = &dates;
  ExpressionId bound = elaborate_number(n.children[0], context);
  if (!bound) return;
  NodeId each = tree(version.module).child(version.node, NodeKind::ForEach);
  if (each && node(version.module, each).text != "month" && node(version.module, each).text != period_name(tariff.headers.billing)) {
    not_in_this_version(node(version.module, each).span, "a `" + label + "` for each " + node(version.module, each).text);
    return;
  }
  if (!each && pool_[bound].type.dimension == kMoney && pool_[bound].grain.time.unit == Period::Unit::none) {
    if (Diagnostic* d = error("WL4104", node(version.module, n.children[0]).span, "nothing says for which period this `" + label + "` is"))
      d->note("`per year` would be a twelfth of it each month; `per month` the whole of it each month").hint("write for example `" + label + " " + text_of(node(version.module, n.children[0]).span) + " per month`");
    return;
  }
  const LineScope scope = line_scope(tariff, applied, version, context, dates);
  if (!scope.good) return;
  if (!check_changes(tariff, dates, version.node, version.module, label) || !check_partial(tariff, version.node, version.module, label)) return;
  bound = per_billing(bound, tariff.headers.billing, tariff, n.span);
  if (!bound) return;
  std::vector<ExpressionId> lines;
  for (uint32_t index : applied.clauses) {
    const TypedClause& clause = settlement_->clauses[index];
    if (reads_step_length_.contains(clause.tariff + "." + clause.name)) reads_step_length_.insert(tariff.symbol->name + "." + label);
    if (clause.kind == ClauseKind::tax && (!incl || is_handed_on(clause, tariff))) continue;
    lines.push_back(clause.kind == ClauseKind::credit ? pool_.negate(clause.line, n.span) : clause.line);
    if (!same_kind(bound, lines.back(), n.span, "compared with")) return;
  }
  Type money = pool_[bound].type;
  ExpressionId zero = pool_.constant(0, money, n.span);
  ExpressionId total = lines.empty() ? zero : pool_.add(lines, n.span);
  TypedClause clause;
  clause.kind = is_minimum ? ClauseKind::minimum : ClauseKind::maximum;
  clause.name = label;
  clause.span = n.span;
  clause.amount = is_minimum ? pool_.make(Op::maximum, money, {pool_.subtract(bound, total, n.span), zero}, n.span)
                             : pool_.make(Op::minimum, money, {pool_.subtract(bound, total, n.span), zero}, n.span);
  ExpressionId here = scope.condition;
  const bool cut = (scope.from && *scope.from > settlement_->from) || (scope.until && *scope.until < settlement_->until);
  if (cut && tariff.headers.change == Change::by_days) {
    not_in_this_version(n.span, "a `" + label + "` by days in a tariff that begins or ends within the run");
    return;
  }
  if (cut) here = pool_.both(here, pool_.aggregate(Aggregate::any, pool_.in_force(scope.from, scope.until, n.span), {}, tariff.headers.billing, n.span), n.span);
  if (here) clause.amount = pool_.select(here, clause.amount, zero, n.span);
  clause.present = pool_.negation(pool_.make(Op::equal, boolean_type(), {clause.amount, zero}, n.span), n.span);
  VersionParts parts;
  parts.version.span = n.span;
  parts.version.rate = bound;
  parts.version.quantity = total;
  finish_clause(tariff, applied, std::move(clause), {{version, parts}});
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
  clause.payer_account = account_of(tariff.payer, tariff.symbol->module);
  clause.payee_account = account_of(tariff.payee, tariff.symbol->module);
  clause.payer_is_site = is_site_role(tariff.payer, tariff.symbol->module);
  clause.payee_is_site = is_site_role(tariff.payee, tariff.symbol->module);
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
