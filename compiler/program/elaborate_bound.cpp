// `wattlaw run --bound`: what a bound of the cost sees of the applied law: prices of energy, as a plan with hindsight does (elaborate_optimum).
// What is more than a price is left out, by the name of its clause, where it can only add to the cost, for then what is left still bounds it
// from below; where it may give something back it is refused.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kPerEnergy{.energy = -1, .money = 1};
constexpr std::pair<const char*, EntityGrain> kFlows[] = {{"import", EntityGrain::site}, {"export", EntityGrain::site}, {"charged", EntityGrain::vehicle}, {"discharge", EntityGrain::vehicle}};
}  // namespace

// add: they can only raise an amount that is paid (is_cost), or only lower one that is received; lower: that is not certain.
Elaborator::Jumps Elaborator::jumps_of(ExpressionId id, bool is_cost, uint32_t flow, std::map<uint32_t, bool>& known) const {
  if (!reads_series(id, flow, known)) return Jumps::none;
  const Expression& e = pool_[id];
  const auto reads = [&](ExpressionId operand) { return reads_series(operand, flow, known); };
  const auto worst = [&](size_t first) {
    Jumps all = Jumps::none;
    for (size_t i = first; i < e.operands.size(); ++i) all = std::max(all, jumps_of(e.operands[i], is_cost, flow, known));
    return all;
  };
  const Jumps itself = is_cost && is_never_negative(id) ? Jumps::add : Jumps::lower;
  switch (e.op) {
    case Op::series: return Jumps::none;
    case Op::negate: return jumps_of(e.operands[0], !is_cost, flow, known);
    case Op::add:
    case Op::dated: return worst(0);
    case Op::select: return reads(e.operands[0]) ? itself : worst(1);
    case Op::aggregate: return e.fn != Aggregate::sum || e.take != 0 ? itself : jumps_of(e.operands[0], is_cost, flow, known);
    case Op::multiply:
    case Op::divide:
    case Op::round: {
      const Jumps within = worst(0);
      const bool keeps_sign = std::all_of(e.operands.begin(), e.operands.end(), [&](ExpressionId operand) { return reads(operand) || is_never_negative(operand); });
      return within == Jumps::none || keeps_sign ? within : Jumps::lower;
    }
    default: return Jumps::lower;
  }
}

Elaborator::Unpriced Elaborator::find_unpriced(const TypedClause& clause) {
  Unpriced found;
  const bool only_adds = clause.payer_is_member && is_never_negative(clause.line);
  const auto reads = [&](const char* name) {
    const auto at = series_index_.find(name);
    std::map<uint32_t, bool> known;
    return at != series_index_.end() && reads_series(clause.line, at->second, known);
  };
  for (const char* hidden : {"vehicle_import", "vehicle_export", "controllable_import", "stored"})
    if (reads(hidden)) return {std::string("it depends on `") + hidden + "`", false, only_adds};
  for (const auto& [flow, entity] : kFlows) {
    if (!reads(flow)) continue;
    if (clause.entity != entity) return {std::string("it depends on `") + flow + "` of each " + entity_name(program_, entity), false, only_adds};
    Margin margin;
    margin.flow = series_index_.at(flow);
    marginal_of(clause.line, margin);
    if (!margin.why.empty()) return {margin.why, false, only_adds};
    if (!margin.jumps) continue;
    const bool jumps_add = jumps_of(clause.line, clause.payer_is_member, margin.flow, margin.reads) != Jumps::lower;
    found = {"it looks at a peak or a step", true, jumps_add && (found.why.empty() || found.only_adds)};
  }
  return found;
}

void Elaborator::elaborate_bound(Span span, const Context& context) {
  TypedDispatch& dispatch = *settlement_->dispatch;
  for (const TypedDispatch::Offer& offer : dispatch.offers) {
    if (Diagnostic* d = error("WL4226", offer.span, "what a service pays is more than a price of energy, and without it nothing bounds the cost from below")) d->hint("run without `--bound`, or bound a dispatch that offers nothing");
    return;
  }
  std::vector<std::string> unpriced;   // as a whole; of the others that are left out the price stays
  for (const TypedClause& clause : settlement_->clauses) {
    if (!clause.payer_is_member && !clause.payee_is_member) continue;
    const std::string name = clause.tariff + "." + clause.name;
    const Unpriced found = find_unpriced(clause);
    if (found.why.empty()) continue;
    if (!found.only_adds) {
      if (Diagnostic* d = error("WL4226", span, "`" + name + "` is more than a price of each interval's energy and may lower what is paid, so without it nothing bounds the cost from below: " + found.why))
        d->label(clause.span, "here").hint("run without `--bound`, or leave the clause out of what this scenario applies");
      return;
    }
    dispatch.left_out_of_bound.push_back(name);
    if (!found.only_jumps) unpriced.push_back(name);
  }
  bool good = true;
  const auto price = [&](const char* flow, EntityGrain entity, bool as_cost) -> ExpressionId {
    if (!good) return {};
    ExpressionId of = price_of_flow(flow, entity, as_cost, OnJump::accept, span, context, good, unpriced);
    if (!of || !good || pool_[of].type.dimension != kPerEnergy) return {};
    of = for_each_vehicle(of, span);
    good = good && of;
    return of;
  };
  TypedDispatch::Optimum bound;
  bound.import_price = price("import", EntityGrain::site, true);
  bound.export_price = price("export", EntityGrain::site, false);
  bound.charge_price = price("charged", EntityGrain::vehicle, true);
  bound.discharge_price = price("discharge", EntityGrain::vehicle, true);
  bound.has_site = bound.import_price || bound.export_price;
  if (good) dispatch.bound = bound;
}

}  // namespace wattlaw
