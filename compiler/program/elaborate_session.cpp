// What tariffs `for each session` have of their own: quantities counted in steps, and quantities that nothing prices.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

// `counted in steps of Q`: the session's total in scope is rounded up once; the excess costs what the last interval in scope costs.
// `together with L`: of the two only the one that was in use last is rounded.
bool Elaborator::count_in_steps(VersionParts& parts, NodeId counted, ExpressionId quantity, TariffInfo& tariff, Applied& applied, Context& context) {
  (void)applied;
  const Node& n = node(context.module, counted);
  const Period& billing = tariff.headers.billing;
  ExpressionId step = elaborate_number(n.children[0], context);
  if (!step) return false;
  if (!parts.flow || !pool_.is_constant(step) || pool_[step].value <= 0 || pool_[step].type.dimension != pool_[quantity].type.dimension) {
    if (Diagnostic* d = error("WL3332", n.span, parts.flow ? "the quantity is " + dimension_words(pool_[quantity].type.dimension) + ", so it is counted in a fixed amount of it, above zero" : "only what flows in every interval is counted in steps"))
      d->hint("write for example `counted in steps of " + std::string(pool_[quantity].type.dimension == Dimension{.time = 1} ? "15 min" : "0.1 kWh") + "`");
    return false;
  }
  const Type type = pool_[quantity].type;
  ExpressionId zero = pool_.constant(0, type, n.span);
  auto used = [&](ExpressionId flow) { return pool_.make(Op::less, boolean_type(), {zero, flow}, n.span); };
  ExpressionId in_use = pool_.both(parts.version.scope, used(quantity), n.span);
  ExpressionId total = parts.quantity;
  Expression up;
  up.op = Op::round;
  up.type = pool_[total].type;
  up.grain = pool_[total].grain;
  up.span = n.span;
  up.value = pool_[step].value;
  up.rounding = RoundingMode::up;
  up.operands = {total};
  ExpressionId excess = pool_.subtract(pool_.intern(std::move(up)), total, n.span);
  if (NodeId together = tree(context.module).child(counted, NodeKind::Together)) {
    const Node& name = node(context.module, together);
    auto other = tariff.clauses.find(name.text);
    NodeId on = other == tariff.clauses.end() ? NodeId{} : tree(other->second[0].module).child(other->second[0].node, NodeKind::On);
    Context inner = context;
    if (on) inner.module = other->second[0].module;
    ExpressionId beside = on ? elaborate_number(node(inner.module, on).children[0], inner) : ExpressionId{};
    if (!beside || pool_[beside].grain.time != kInterval || pool_[beside].type.dimension != type.dimension) {
      if (Diagnostic* d = error("WL3333", name.span, "`" + name.text + "` is no clause on a quantity that is counted like this one")) d->hint("`together with` names another clause of the tariff, as `time` and `parking` name each other");
      return false;
    }
    const Type plain = number_type();
    ExpressionId mine = pool_.select(used(quantity), pool_.constant(1, plain, n.span), pool_.constant(0, plain, n.span), n.span);
    ExpressionId last = pool_.aggregate(Aggregate::last, mine, pool_.make(Op::logical_or, boolean_type(), {used(quantity), used(beside)}, n.span), billing, n.span);
    excess = pool_.select(pool_.make(Op::equal, boolean_type(), {last, pool_.constant(1, plain, n.span)}, n.span), excess, pool_.constant(0, type, n.span), n.span);
  }
  // The rate of the last interval in use, as a value of an interval so that a fixed rate counts as well.
  ExpressionId rate = parts.version.rate;
  if (pool_[rate].grain.time == kInterval) rate = pool_.aggregate(Aggregate::last, rate, in_use, billing, n.span);
  ExpressionId more = pool_.multiply(excess, rate, n.span);
  parts.quantity = pool_.add({total, excess}, n.span);
  parts.amount = pool_.add({parts.amount, more}, n.span);
  if (!parts.row_amounts.empty()) parts.row_amounts.push_back(more);
  return true;
}

// A quantity that no clause reads costs nothing; that is told, for it may be an accident.
void Elaborator::note_unpriced(const TariffInfo& tariff) {
  if (diagnostics_.has_errors() || settlement_->kind == Settlement::Kind::test) return;
  std::string unpriced;
  for (const char* name : {"delivered", "charging_time", "parking_time"}) {
    const uint32_t index = series_index_.at(name);
    if (std::find(settlement_->series.begin(), settlement_->series.end(), index) != settlement_->series.end()) continue;
    unpriced += (unpriced.empty() ? "`" : ", `") + std::string(name) + "`";
  }
  const Span span = node(tariff.symbol->module, tariff.symbol->node).text_span;
  if (!unpriced.empty() && said_.insert("WL4205" + tariff.symbol->name).second) diagnostics_.note("WL4205", span, "`" + tariff.symbol->name + "` reads no " + unpriced + ", so that costs nothing");
}

}  // namespace wattlaw
