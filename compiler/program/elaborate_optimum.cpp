// `dispatch Best { minimise cost  ensure target by departure }`: what planning with hindsight sees of the applied law: prices of energy through
// the meter of the site and of what the vehicle itself moves. A clause that asks for more than prices is refused by name.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kPerEnergy{.energy = -1, .money = 1};
}

bool Elaborator::reads_state(ExpressionId root, std::set<uint32_t>& seen) const {
  if (!seen.insert(root.index).second) return false;
  const Expression& e = pool_[root];
  if (e.op == Op::series && program_.series[e.index].source == SeriesSource::state) return true;
  return std::any_of(e.operands.begin(), e.operands.end(), [&](ExpressionId operand) { return reads_state(operand, seen); });
}

// What a flow costs at the margin under everything that is applied, or is worth; invalid and `good` unchanged: nothing is said of it.
ExpressionId Elaborator::price_of_flow(const char* flow, EntityGrain entity, bool as_cost, OnJump on_jump, Span span, Context context, bool& good, const std::vector<std::string>& left_out) {
  const auto at = series_index_.find(flow);
  if (at == series_index_.end()) return {};
  Margin margin;
  margin.flow = at->second;
  margin.may_run = on_jump == OnJump::tell && dispatch_ && entity == EntityGrain::site;
  std::vector<ExpressionId> terms;
  for (const TypedClause& clause : settlement_->clauses) {
    if (clause.entity != entity || (!clause.payer_is_member && !clause.payee_is_member)) continue;
    if (std::find(left_out.begin(), left_out.end(), clause.tariff + "." + clause.name) != left_out.end()) continue;
    margin.jumps = false;
    const ExpressionId price = marginal_of(clause.line, margin);
    const std::string name = "`" + clause.tariff + "." + clause.name + "`";
    if (!margin.why.empty() || (margin.jumps && on_jump == OnJump::refuse)) {
      const std::string why = !margin.why.empty() ? margin.why : "it looks at a peak or a step";
      if (on_jump != OnJump::tell) {
        if (Diagnostic* d = error("WL4226", span, name + " is more than a price of each interval's energy, and the optimum is found for prices alone: " + why))
          d->label(clause.span, "here").hint("leave the clause out of what this scenario applies, or compare policies with each other");
      } else if (Diagnostic* d = error("WL4219", span, name + " has no price of the next watt-hour that is known when an interval begins: " + why)) {
        d->label(clause.span, "here").hint("decide by a price of your own, `let`, or by `sum(charged) so far this month`");
      }
      good = false;
      return {};
    }
    if (margin.jumps && on_jump == OnJump::tell && said_.insert("WL4294" + clause.tariff + clause.name).second)
      diagnostics_.note("WL4294", clause.span, name + " looks at a peak or a step: the next watt-hour costs nothing under it, and `marginal` leaves it out");
    if (!price) continue;
    terms.push_back(clause.payer_is_member == as_cost ? price : pool_.negate(price, span));
  }
  if (terms.empty()) return {};
  level(terms, span);
  context.as_of.reset();
  for (ExpressionId& term : terms) {  // lines stand beside each other on a bill, with and without tax
    Expression plain = pool_[term];
    plain.type.tax = TaxState::unsaid;
    plain.type.extensive = false;
    term = plain.op == Op::constant ? pool_.constant(plain.value, plain.type, span) : pool_.intern(std::move(plain));
  }
  if (!add_up(terms, context, span)) {
    good = false;
    return {};
  }
  return pool_.add(terms, span);
}

bool Elaborator::elaborate_optimum(uint32_t module, NodeId id, Context& context) {
  const SyntaxTree& t = tree(module);
  const Node& n = t[id];
  const Node& objective = t[t.child(id, NodeKind::Objective)];
  const Node& what = node(module, objective.children[0]);
  if (objective.text != "minimise" || what.kind != NodeKind::Name || what.text != "cost") {
    if (Diagnostic* d = error("WL4228", objective.span, "what is planned with hindsight is the least cost")) d->hint("write `minimise cost`: what the site pays, less what contracts pay for its vehicle");
    return false;
  }
  for (const std::string& key : applied_order_)
    for (const LabelVersion& limit : tariffs_[key]->limits)
      if (flow_limit(limit.module, limit.node)) {
        if (Diagnostic* d = error("WL4226", n.text_span, "the limit of `" + tariffs_[key]->symbol->name + "` is more than a price, and the optimum is found for prices alone"))
          d->label(node(limit.module, limit.node).span, "here").hint("leave the contract out of what this scenario applies, or compare policies with each other");
        return false;
      }
  bool good = true;
  TypedDispatch::Optimum optimum;
  ExpressionId reserve;
  for (NodeId entry : n.children) {
    const Node& e = t[entry];
    if (e.kind != NodeKind::DispatchEntry) continue;
    if (e.text == "cite") {
      dispatch_->cites.push_back({node(module, e.children[0]).text, e.span});
    } else if (e.text == "ensure") {
      const Node& energy = t[e.children[0]];
      optimum.ensures_target = energy.kind == NodeKind::Name && energy.text == "target";
      if (const Node& by = t[e.children[1]]; by.kind != NodeKind::Name || by.text != "departure") {
        if (Diagnostic* d = error("WL4216", by.span, "what is ensured is ensured by the departure")) d->hint("write `ensure target by departure`");
        return false;
      }
      if (optimum.ensures_target) continue;
      ExpressionId ensured = stored_energy(e.children[0], context);
      if (!ensured || !is_known_ahead(ensured, e.span) || !(ensured = for_each_vehicle(ensured, e.span))) return false;
      dispatch_->ensured = rounded_down_or_up(ensured, Rational(1, 1000), RoundingMode::up, e.span);
    } else if (e.text == "keep") {
      ExpressionId floor = dispatch_reserve(entry, context);
      if (!floor || !is_known_ahead(floor, e.span)) return false;
      reserve = reserve ? pool_.make(Op::maximum, pool_[floor].type, {reserve, floor}, e.span) : floor;
    } else {
      if (Diagnostic* d = error("WL4228", e.span, "a plan with hindsight follows no `" + e.text + "`")) d->hint("beside `minimise cost` stand `ensure target by departure` and `keep soc >= 20%`");
      return false;
    }
  }
  if (reserve && (reserve = for_each_vehicle(reserve, n.text_span))) dispatch_->reserve = rounded_down_or_up(reserve, Rational(1, 1000), RoundingMode::up, n.text_span);
  std::set<uint32_t> seen;
  for (const ExpressionId read : {dispatch_->reserve, dispatch_->ensured})
    if (read && reads_state(read, seen)) {
      if (Diagnostic* d = error("WL4228", pool_[read].span, "a plan is made before anything has happened, so this cannot depend on what is stored or plugged in")) d->hint("write `keep soc >= 20%`, without `while soc …`");
      return false;
    }
  const auto of_vehicle = [&](ExpressionId price) -> ExpressionId {
    if (!price || !good) return {};
    if (pool_[price].type.dimension != kPerEnergy) return {};
    price = for_each_vehicle(price, n.text_span);
    good = good && price;
    return price;
  };
  optimum.has_site = std::any_of(settlement_->clauses.begin(), settlement_->clauses.end(), [](const TypedClause& clause) { return clause.entity == EntityGrain::site; });
  if (optimum.has_site) {
    optimum.import_price = of_vehicle(price_of_flow("import", EntityGrain::site, true, OnJump::refuse, n.text_span, context, good));
    optimum.export_price = of_vehicle(price_of_flow("export", EntityGrain::site, false, OnJump::refuse, n.text_span, context, good));
    for (const char* hidden : {"vehicle_import", "vehicle_export", "controllable_import"})
      if (good && price_of_flow(hidden, EntityGrain::site, true, OnJump::refuse, n.text_span, context, good)) {
        not_in_this_version(n.text_span, std::string("an optimum under a clause on `") + hidden + "`");
        good = false;
      }
  }
  if (good) optimum.charge_price = of_vehicle(price_of_flow("charged", EntityGrain::vehicle, true, OnJump::refuse, n.text_span, context, good));
  if (good) optimum.discharge_price = of_vehicle(price_of_flow("discharge", EntityGrain::vehicle, true, OnJump::refuse, n.text_span, context, good));
  if (!good) return false;
  dispatch_->optimum = optimum;
  fleet_state(FleetState::Kind::stored, 0, n.text_span);  // what a plan must see to keep to itself
  return true;
}

}  // namespace wattlaw
