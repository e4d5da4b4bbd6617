// `limit sum(discharge) per year <= 2000 kWh` in a contract: what a dispatch may still let flow, and what is asked once everything is metered.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kEnergy{.energy = 1};
constexpr int kBoundless = 1'000'000'000;  // kWh that no vehicle moves in a run
}  // namespace

// What of a contract's `limit` a dispatch can keep to: a sum of what flows over a period, at most so much.
std::optional<Elaborator::FlowLimit> Elaborator::flow_limit(uint32_t module, NodeId id) {
  const SyntaxTree& t = tree(module);
  const Node& bound = t[t[id].children[0]];
  if (bound.kind != NodeKind::Compare || (bound.text != "<=" && bound.text != "<")) return std::nullopt;
  const Node& sum = t[bound.children[0]];
  if (sum.kind != NodeKind::Call || sum.text != "sum" || sum.children.size() != 2) return std::nullopt;
  const NodeId argument = t.child(bound.children[0], NodeKind::Argument), per = t.child(bound.children[0], NodeKind::SuffixPer);
  if (!argument || !per || t[argument].children.size() != 1) return std::nullopt;
  const Node& flow = t[t[argument].children[0]];
  if (flow.kind != NodeKind::Name || (flow.text != "discharge" && flow.text != "charged")) return std::nullopt;
  return FlowLimit{flow.text == "discharge", t[per].children[0], bound.children[1]};
}

// Whom a tariff or contract is applied to and covers; invalid: everybody.
ExpressionId Elaborator::covered_by(const TariffInfo& tariff, const Applied& applied, Context context, bool& good) {
  ExpressionId covered = applied.condition;
  context.module = tariff.symbol->module;
  for (NodeId covers : tariff.headers.covers) {
    ExpressionId holds = elaborate_boolean(covers, context);
    good = good && holds;
    if (holds && (!pool_.is_constant(holds) || pool_[holds].value == 0)) covered = pool_.both(covered, holds, node(context.module, covers).span);
  }
  return covered;
}

// Who is bound by a limit: whom the contract covers, where the limit says `when` it holds.
ExpressionId Elaborator::bound_by(const TariffInfo& contract, const Applied& applied, const LabelVersion& limit, Context context, bool& good) {
  ExpressionId bound = covered_by(contract, applied, context, good);
  std::vector<std::pair<uint32_t, NodeId>> conditions;
  for (NodeId group : limit.outer_groups) conditions.emplace_back(limit.module, group);
  for (NodeId when : tree(limit.module).children(limit.node, NodeKind::When)) conditions.emplace_back(limit.module, node(limit.module, when).children[0]);
  for (const auto& [module, condition] : conditions) {
    context.module = module;
    ExpressionId holds = elaborate_boolean(condition, context);
    good = good && holds;
    if (holds && (!pool_.is_constant(holds) || pool_[holds].value == 0)) bound = pool_.both(bound, holds, node(module, condition).span);
  }
  return bound;
}

bool Elaborator::contract_caps(Context context) {
  bool good = true;
  for (const std::string& key : applied_order_) {
    const TariffInfo& contract = *tariffs_[key];
    for (const LabelVersion& limit : contract.limits) {
      const auto flow = flow_limit(limit.module, limit.node);
      if (!flow) continue;  // it is asked of the meter alone
      const Span span = node(limit.module, limit.node).span;
      context.module = limit.module;
      context.tariff = &contract;
      const auto period = period_of(flow->period, context);
      ExpressionId most = period ? elaborate_number(flow->most, context) : ExpressionId{};
      if (!most || !is_known_ahead(most, node(limit.module, flow->most).span)) return false;
      if (pool_[most].type.dimension != kEnergy) {
        if (Diagnostic* d = error("WL4227", pool_[most].span, "energy is limited by an energy, this is " + dimension_words(pool_[most].type.dimension))) d->hint("write for example `limit sum(discharge) per year <= 2000 kWh`");
        return false;
      }
      ExpressionId so_far = flowed_so_far(flow->of_discharge, *period, span);
      if (!so_far) return false;
      ExpressionId left = pool_.subtract(most, so_far, span);
      left = pool_.make(Op::maximum, pool_[left].type, {left, pool_.constant(0, pool_[left].type, span)}, span);
      const Applied& applied = applied_.at(key);
      ExpressionId bound = bound_by(contract, applied, limit, context, good);
      if (!good) return false;
      auto from = contract.headers.from;
      if (applied.from && (!from || *from < *applied.from)) from = applied.from;
      bound = pool_.both(bound, pool_.in_force(from, contract.headers.until, span), span);
      if (bound) left = pool_.select(bound, left, pool_.constant(kBoundless, pool_[left].type, span), span);
      if (!(left = for_each_vehicle(left, span))) return false;
      dispatch_->caps.push_back({rounded_down_or_up(left, Rational(1, 1000), RoundingMode::down, span), flow->of_discharge});
    }
  }
  return good;
}

// On the meter a limit is a norm: of every member that the contract binds, in every period that lies in force as a whole.
void Elaborator::check_contract_limits() {
  for (const std::string& key : applied_order_) {
    const TariffInfo& contract = *tariffs_[key];
    const Applied& applied = applied_.at(key);
    for (const LabelVersion& limit : contract.limits) {
      const Node& n = node(limit.module, limit.node);
      Context context;
      context.module = limit.module;
      context.tariff = &contract;
      context.default_period = contract.headers.billing;
      ExpressionId holds = elaborate_boolean(n.children[0], context);
      if (!holds) continue;
      DataNorm norm;
      norm.entity = applied.entity;
      norm.period = pool_[holds].grain.time;
      norm.span = n.span;
      if (pool_[holds].grain.entity == EntityGrain::none && pool_.is_constant(holds)) {
        if (Diagnostic* d = error("WL4227", n.span, "this limit is about nothing that flows")) d->hint("write for example `limit sum(discharge) per year <= 2000 kWh`");
        continue;
      }
      bool good = true;
      ExpressionId applies = bound_by(contract, applied, limit, context, good);
      if (!good || !(holds = asked_per(holds, norm.entity, norm.period, n.span))) continue;
      if (applies && !(applies = asked_per(applies, norm.entity, norm.period, n.span))) continue;
      auto from = contract.headers.from;
      if (applied.from && (!from || *from < *applied.from)) from = applied.from;
      if (ExpressionId in_force = pool_.in_force(from, contract.headers.until, n.span); in_force && norm.period.unit != Period::Unit::none) {
        ExpressionId flag = pool_.select(in_force, pool_.constant(1, number_type(), n.span), pool_.constant(0, number_type(), n.span), n.span);
        if (norm.period != kInterval) flag = pool_.aggregate(Aggregate::minimum, flag, {}, norm.period, n.span);
        applies = pool_.both(applies, pool_.make(Op::equal, boolean_type(), {flag, pool_.constant(1, number_type(), n.span)}, n.span), n.span);
      }
      if (norm.period.unit != Period::Unit::none) applies = pool_.both(applies, settled(norm.period, n.span), n.span);
      norm.applies = applies;
      norm.holds = holds;
      for (NodeId cite : tree(contract.symbol->module).children(contract.symbol->node, NodeKind::Cite)) norm.cites.push_back({node(contract.symbol->module, cite).text, node(contract.symbol->module, cite).span});
      for (NodeId cite : tree(limit.module).children(limit.node, NodeKind::Cite)) norm.cites.push_back({node(limit.module, cite).text, node(limit.module, cite).span});
      const Node& asked = node(limit.module, n.children[0]);
      if (asked.kind == NodeKind::Compare)
        for (NodeId side : asked.children) {
          if (node(limit.module, side).kind == NodeKind::Quantity) continue;
          ExpressionId value = elaborate(side, context);
          if (!value || pool_[value].type.kind != ValueKind::number || pool_.is_constant(value)) continue;
          if ((value = asked_per(value, norm.entity, norm.period, node(limit.module, side).span))) norm.values.emplace_back(text_of(node(limit.module, side).span), value);
        }
      TypedRule rule;
      rule.name = contract.symbol->name + ".limit";
      rule.span = n.span;
      rule.on_data.push_back(std::move(norm));
      settlement_->rules.push_back(std::move(rule));
    }
  }
}

}  // namespace wattlaw
