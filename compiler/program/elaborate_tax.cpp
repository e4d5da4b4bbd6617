// Taxes: a share of other lines, on top of them or contained in them.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

void Elaborator::elaborate_tax(TariffInfo& tariff, Applied& applied, const std::string& label) {
  std::vector<std::pair<LabelVersion, VersionParts>> done;
  std::set<Date> dates = {settlement_->from};
  const std::vector<LabelVersion>& versions = tariff.clauses[label];
  const Node& first = node(versions[0].module, versions[0].node);
  // The base: rounded lines of tariffs, clauses, or all that stands above in this tariff.
  std::vector<ExpressionId> base;
  bool inclusive = false, own_lines = true;
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
    own_lines = own_lines && &owner == &tariff;
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
    if (applied_[key].by_read_day.size() > 1) {  // of those who are read on the same day
      const size_t day = tariff.key.rfind('/');
      if (day == std::string::npos || !applied_.contains(key + tariff.key.substr(day))) {
        tell_read_days(*other, name.span);
        return;
      }
      key += tariff.key.substr(day);
    }
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
  // Lines of its own tariff are there for the days in force alone, so a tax on them changes on none of these dates; lines of another are whole.
  std::set<Date> begin_and_end;
  const LineScope scope = line_scope(tariff, applied, versions[0], context, own_lines ? begin_and_end : dates);
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
      if (!own_lines && ((scope.from && date < *scope.from) || (scope.until && date >= *scope.until))) active = nullptr;
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

}  // namespace wattlaw
