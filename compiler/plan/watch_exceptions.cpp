// Two exceptions at once with no order between them: a fault that the interpreter explains (WL7103).
#include "compiler/plan/plan_builder.h"

namespace wattlaw {

void PlanBuilder::watch_version(const ClauseVersion& version, const std::vector<std::vector<bool>>& gives_way) {
  const size_t n = version.exceptions.size();
  const Period steps{Period::Unit::interval};
  bool all_uniform = !version.scope || is_uniform(version.scope);
  for (const TypedException& exception : version.exceptions) all_uniform = all_uniform && is_uniform(exception.condition);
  if (all_uniform) {
    std::vector<UniformColumn> holds;
    for (const TypedException& exception : version.exceptions) holds.push_back(*folded(exception.condition, steps));
    const UniformColumn scope = version.scope ? *folded(version.scope, steps) : constant_column(1);
    for (uint32_t t = 0; t < axes.clock.steps; ++t) {
      size_t left = 0;
      for (size_t i = 0; i < n && scope.at(t) != 0; ++i) {
        bool stands = holds[i].at(t) != 0;
        for (size_t j = 0; j < n; ++j) stands = stands && !(gives_way[i][j] && holds[j].at(t) != 0);
        left += stands;
      }
      if (left >= 2) return give_up("two exceptions hold at once");
    }
    return;
  }
  int at = 0;
  std::vector<ExpressionId> read;
  if (version.scope) read.push_back(version.scope);
  for (const TypedException& exception : version.exceptions) read.push_back(exception.condition);
  for (const ExpressionId id : read)
    if (!is_uniform(id) && !is_inline(id)) at = std::max(at, rank(id) + (program[id].grain.time == steps ? 0 : 1));
  const uint32_t stage = open_stage(static_cast<uint32_t>(at), steps);
  std::vector<uint32_t> holds, stand;
  for (const TypedException& exception : version.exceptions) holds.push_back(condition(stage, exception.condition));
  uint32_t conflict = truth(stage, false);
  for (size_t i = 0; i < n; ++i) {
    uint32_t stands = holds[i];
    for (size_t j = 0; j < n; ++j)
      if (gives_way[i][j]) stands = binary(stage, PlanOp::logical_and, stands, invert(stage, holds[j]));
    for (const uint32_t other : stand) conflict = binary(stage, PlanOp::logical_or, conflict, binary(stage, PlanOp::logical_and, other, stands));
    stand.push_back(stands);
  }
  if (version.scope) conflict = binary(stage, PlanOp::logical_and, conflict, condition(stage, version.scope));
  const PlanNode node = plan.stages[stage].nodes[conflict];
  if (node.op == PlanOp::constant && node.value == 0) return;
  PlanAccumulator accumulator;
  accumulator.fn = PlanAccumulator::Fn::maximum;
  accumulator.operand = choose(stage, conflict, constant(stage, 1), constant(stage, 0));
  accumulator.array = plan.fault_array;
  PlanGroup group;
  group.rows = 1;
  group.row_of_index.assign(axes.clock.steps, 0);
  accumulator.group = add_group(stage, std::move(group));
  plan.stages[stage].accumulators.push_back(accumulator);
}

void PlanBuilder::watch_exceptions(const TypedClause& clause) {
  for (const ClauseVersion& version : clause.versions) {
    if (version.exceptions.size() < 2) continue;
    std::vector<std::vector<bool>> gives_way(version.exceptions.size(), std::vector<bool>(version.exceptions.size()));
    for (size_t i = 0; i < gives_way.size(); ++i)
      for (size_t j = 0; j < gives_way.size(); ++j) gives_way[i][j] = i != j && version.exceptions[j].overrides == version.exceptions[i].label;
    watch_version(version, gives_way);
  }
}

}  // namespace wattlaw
