// What tariffs `for each session` have of their own: quantities counted in steps, and quantities that nothing prices.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {

// The sizes that a step may have: one, or those of the rows of a table. Empty if any is no fixed figure above zero.
std::vector<ExpressionId> fixed_steps(const ExpressionPool& pool, ExpressionId step) {
  if (pool[step].op != Op::select) return pool.is_constant(step) && pool[step].value > 0 ? std::vector{step} : std::vector<ExpressionId>{};
  std::vector<ExpressionId> steps = fixed_steps(pool, pool[step].operands[1]), others = fixed_steps(pool, pool[step].operands[2]);
  if (steps.empty() || others.empty()) return {};
  for (ExpressionId other : others)
    if (std::find(steps.begin(), steps.end(), other) == steps.end()) steps.push_back(other);
  return steps;
}

}  // namespace

ExpressionId Elaborator::in_use(ExpressionId quantity, ExpressionId scope, Span span) {
  const ExpressionId zero = pool_.constant(0, pool_[quantity].type, span);
  return pool_.both(scope, pool_.make(Op::less, boolean_type(), {zero, quantity}, span), span);
}

// Where the clause of `together with` counts: its quantity flows, its `when` holds, and its text is in force.
ExpressionId Elaborator::in_use_beside(NodeId together, const Type& type, TariffInfo& tariff, Context& context) {
  const Node& name = node(context.module, together);
  std::vector<ExpressionId> used;
  const auto other = tariff.clauses.find(name.text);
  for (const LabelVersion& version : other == tariff.clauses.end() ? std::vector<LabelVersion>{} : other->second) {
    const NodeId on = tree(version.module).child(version.node, NodeKind::On);
    if (!on) break;
    Context inner = context;
    inner.module = version.module;
    const ExpressionId quantity = elaborate_number(node(version.module, on).children[0], inner);
    if (!quantity || pool_[quantity].grain.time != kInterval || pool_[quantity].type.dimension != type.dimension) break;
    ExpressionId scope = pool_.in_force(version.from, version.until, name.span);
    for (NodeId when : tree(version.module).children(version.node, NodeKind::When)) {
      const ExpressionId condition = elaborate_boolean(node(version.module, when).children[0], inner);
      if (!condition) return {};
      scope = pool_.both(scope, condition, name.span);
    }
    used.push_back(in_use(quantity, scope, name.span));
  }
  if (!used.empty() && used.size() == other->second.size()) return pool_.either(used, name.span);
  if (Diagnostic* d = error("WL3333", name.span, "`" + name.text + "` is no clause on a quantity that is counted like this one"))
    d->hint("`together with` names another clause of the tariff, as `time` and `parking` name each other");
  return {};
}

// What the last interval in use costs; of blocks, at the rate of the block that the total ends in.
ExpressionId Elaborator::rate_in_use_last(const ClauseVersion& version, ExpressionId used, const Period& billing, Span span) {
  // A value of an interval is that of the last one in use; a fixed rate counts as it is.
  const auto at_last = [&](ExpressionId rate) { return pool_[rate].grain.time == kInterval ? pool_.aggregate(Aggregate::last, rate, used, billing, span) : rate; };
  if (version.rate) return at_last(version.rate);
  ExpressionId rate;
  for (const RateRow& block : version.rows) {
    const ExpressionId zero = pool_.constant(0, pool_[block.quantity].type, span);
    rate = rate ? pool_.select(pool_.make(Op::less, boolean_type(), {zero, block.quantity}, span), at_last(block.rate), rate, span) : at_last(block.rate);
  }
  return rate;
}

// `counted in steps of Q`: the session's total in scope is rounded up once, by the step of the last interval in use; the excess costs
// what that interval costs. `together with L`: of the two only the one that was in use last is rounded.
bool Elaborator::count_in_steps(VersionParts& parts, NodeId counted, ExpressionId quantity, TariffInfo& tariff, Context& context) {
  const Node& n = node(context.module, counted);
  const Period& billing = tariff.headers.billing;
  const Type type = pool_[quantity].type;
  ExpressionId step = elaborate_number(n.children[0], context);
  if (!step) return false;
  const std::vector<ExpressionId> steps = fixed_steps(pool_, step);
  if (!parts.flow || steps.empty() || pool_[step].type.dimension != type.dimension) {
    if (Diagnostic* d = error("WL3332", n.span, parts.flow ? "the quantity is " + dimension_words(type.dimension) + ", so it is counted in a fixed amount of it, above zero" : "only what flows in every interval is counted in steps"))
      d->hint("write for example `counted in steps of " + std::string(type.dimension == Dimension{.time = 1} ? "15 min" : "0.1 kWh") + "`");
    return false;
  }
  const ExpressionId used = in_use(quantity, parts.version.scope, n.span), total = parts.quantity, none = pool_.constant(0, type, n.span);
  const auto excess_of = [&](ExpressionId size) {
    Expression up;
    up.op = Op::round;
    up.type = pool_[total].type;
    up.grain = pool_[total].grain;
    up.span = n.span;
    up.value = pool_[size].value;
    up.rounding = RoundingMode::up;
    up.operands = {total};
    return pool_.subtract(pool_.intern(std::move(up)), total, n.span);
  };
  ExpressionId excess = excess_of(steps[0]);
  if (steps.size() > 1) {
    step = pool_.aggregate(Aggregate::last, step, used, billing, n.span);
    for (size_t i = 1; i < steps.size(); ++i) excess = pool_.select(pool_.make(Op::equal, boolean_type(), {step, steps[i]}, n.span), excess_of(steps[i]), excess, n.span);
  }
  if (NodeId together = tree(context.module).child(counted, NodeKind::Together)) {
    const ExpressionId beside = in_use_beside(together, type, tariff, context);
    if (!beside) return false;
    const Type plain = number_type();
    const ExpressionId one = pool_.constant(1, plain, n.span), zero = pool_.constant(0, plain, n.span);
    const ExpressionId last = pool_.aggregate(Aggregate::last, pool_.select(used, one, zero, n.span), pool_.either({used, beside}, n.span), billing, n.span);
    excess = pool_.select(pool_.make(Op::equal, boolean_type(), {last, one}, n.span), excess, none, n.span);
  }
  const ExpressionId rate = rate_in_use_last(parts.version, used, billing, n.span), more = pool_.multiply(excess, rate, n.span);
  // What is added stands in explanations beside the rows of a table and the blocks, with its quantity as these have.
  const Node& size = node(context.module, n.children[0]);
  RateRow added;
  added.key = size.kind == NodeKind::Table ? "counted in steps" : "counted in steps of " + text_of(size.span);
  added.quantity = excess;
  added.rate = rate;
  added.span = n.span;
  parts.version.rows.push_back(std::move(added));
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
