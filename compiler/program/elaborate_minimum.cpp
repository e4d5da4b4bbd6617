// Lines over the lines above them: minimum, maximum, and the difference that rounding a whole bill makes.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
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
  if (!each && tariff.headers.billing != kSession && pool_[bound].type.dimension == kMoney && pool_[bound].grain.time.unit == Period::Unit::none) {
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
