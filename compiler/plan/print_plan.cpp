#include <fmt/format.h>

#include <set>

#include "compiler/plan/plan.h"

namespace wattlaw {
namespace {

const char* op_text(PlanOp op) {
  switch (op) {
    case PlanOp::constant: return "constant";
    case PlanOp::load: return "load";
    case PlanOp::add: return "add";
    case PlanOp::multiply: return "multiply";
    case PlanOp::minimum: return "minimum";
    case PlanOp::maximum: return "maximum";
    case PlanOp::less: return "less";
    case PlanOp::less_equal: return "less_equal";
    case PlanOp::equal: return "equal";
    case PlanOp::logical_not: return "not";
    case PlanOp::logical_and: return "and";
    case PlanOp::logical_or: return "or";
    case PlanOp::select: return "select";
    case PlanOp::round_quotient: return "round_quotient";
    case PlanOp::root: return "root";
  }
  return "";
}

const char* fold_text(PlanAccumulator::Fn fn) {
  switch (fn) {
    case PlanAccumulator::Fn::sum: return "sum";
    case PlanAccumulator::Fn::maximum: return "maximum";
    case PlanAccumulator::Fn::minimum: return "minimum";
    case PlanAccumulator::Fn::first: return "first";
    case PlanAccumulator::Fn::last: return "last";
    case PlanAccumulator::Fn::largest: return "largest";
    case PlanAccumulator::Fn::smallest: return "smallest";
  }
  return "";
}

std::string array_text(const Plan& plan, uint32_t array) { return fmt::format("@{} `{}`", array, plan.arrays[array].name); }

std::string node_text(const Plan& plan, const PlanNode& node) {
  std::string text = op_text(node.op);
  if (node.op == PlanOp::constant) return text + " " + print_int128(node.value);
  if (node.op == PlanOp::load) {
    text += " " + array_text(plan, node.array);
    if (node.element > 0) text += fmt::format(" element {}", node.element);
    if (node.access == Access::mapped) text += " by " + array_text(plan, node.map);
    if (node.access == Access::first) text += " first";
    if (node.access == Access::lagged) text += fmt::format(" {} before", node.lag);
  }
  for (const uint32_t operand : {node.a, node.b, node.c})
    if (operand != kNone) text += fmt::format(" %{}", operand);
  if (node.op == PlanOp::round_quotient) text += fmt::format(" {}", rounding_mode_name(node.rounding));
  if (node.checked) text += " checked";
  return text;
}

void print_stage(const Plan& plan, uint32_t index, std::string& out) {
  const PlanStage& stage = plan.stages[index];
  out += fmt::format("stage {}: {} (rank {}), {} indices, {} segments, {}\n", index, period_name(stage.grain), stage.rank, stage.count, stage.segment_count,
                     stage.lanes == 1 ? "lane by lane" : "vectors");
  for (size_t i = 0; i < stage.nodes.size(); ++i) {
    const PlanNode& node = stage.nodes[i];
    out += fmt::format("  %{} = {} : {} bits", i, node_text(plan, node), node.bits);
    if (node.bits > 1) out += fmt::format(" [{}, {}]", print_int128(node.low), print_int128(node.high));
    out += "\n";
  }
  for (const PlanStore& store : stage.stores)
    out += fmt::format("  store %{} -> {}{}\n", store.node, array_text(plan, store.array), store.first_row ? " (state)" : "");
  for (const PlanAccumulator& fold : stage.accumulators) {
    out += fmt::format("  {} %{}", fold_text(fold.fn), fold.operand);
    if (fold.condition != kNone) out += fmt::format(" where %{}", fold.condition);
    out += fmt::format(" -> {}", array_text(plan, fold.array));
    if (fold.element > 0) out += fmt::format(" element {}", fold.element);
    out += fmt::format(", {} rows, {} bits, {} in registers{}\n", stage.groups[fold.group].rows, plan.arrays[fold.array].bits, fold.local_bits,
                       fold.overwrite ? ", written once" : "");
  }
}

}  // namespace

std::string print_plan(const Plan& plan, const TypedProgram& program) {
  std::string out = fmt::format("plan: {} tiles of 32 members, {} blocks of time\n", plan.tiles, plan.blocks);
  for (size_t i = 0; i < plan.order.size(); ++i) {
    if (i == plan.blocked_steps && i > 0) out += "after all blocks:\n";
    if (plan.order[i].kind == PlanStep::Kind::stage) {
      print_stage(plan, plan.order[i].index, out);
      continue;
    }
    const PlanGather& gather = plan.gathers[plan.order[i].index];
    out += fmt::format("gather {} -> {}, {} rows, table of {} words\n", array_text(plan, gather.slots), array_text(plan, gather.out), gather.rows,
                       plan.arrays[gather.table].data.size() / 8);
  }
  for (const PlanOutput& output : plan.outputs)
    out += fmt::format("output {} of expression {}: {} × {}, {} rows, {}\n", array_text(plan, output.array), output.expression.index,
                       output.quantum.value().str(), unit_text(program, program[output.expression].type), output.rows,
                       output.presence == kNone ? "always there" : "may be nothing");
  return out;
}

std::string verify_plan(const Plan& plan) {
  const auto wrong = [](uint32_t stage, const std::string& what) { return fmt::format("stage {}: {}", stage, what); };
  std::set<uint32_t> written{plan.fault_array};
  for (const PlanStep& step : plan.order) {
    if (step.kind == PlanStep::Kind::gather) {
      const PlanGather& gather = plan.gathers[step.index];
      if (!written.count(gather.slots)) return "a gather reads slots that nothing writes";
      written.insert(gather.out);
      continue;
    }
    const PlanStage& stage = plan.stages[step.index];
    for (const PlanStore& store : stage.stores)
      if (store.first_row) written.insert(store.array);
    for (size_t i = 0; i < stage.nodes.size(); ++i) {
      const PlanNode& node = stage.nodes[i];
      for (const uint32_t operand : {node.a, node.b, node.c})
        if (operand != kNone && operand >= i) return wrong(step.index, "an operand stands behind its user");
      if (node.op == PlanOp::load && plan.arrays[node.array].kind == PlanArray::Kind::scratch && !written.count(node.array))
        return wrong(step.index, "a row is read before it is written: " + plan.arrays[node.array].name);
      if (node.access == Access::mapped && node.map == kNone) return wrong(step.index, "a map is missing");
      const bool fits = node.bits == 1 ? node.low >= 0 && node.high <= 1 : node.bits >= bits_for(node.low, node.high) || node.op == PlanOp::load;
      if (!fits) return wrong(step.index, fmt::format("%{} is too narrow for its range", i));
      const bool is_boolean = node.op == PlanOp::logical_not || node.op == PlanOp::logical_and || node.op == PlanOp::logical_or;
      if (is_boolean && (stage.nodes[node.a].bits != 1 || (node.b != kNone && stage.nodes[node.b].bits != 1))) return wrong(step.index, "a number stands for a truth");
      if (node.op == PlanOp::select && stage.nodes[node.a].bits != 1) return wrong(step.index, "a condition is no truth");
      if (node.op == PlanOp::select && (stage.nodes[node.b].bits == 1) != (stage.nodes[node.c].bits == 1)) return wrong(step.index, "branches differ in kind");
    }
    for (const PlanAccumulator& fold : stage.accumulators) {
      if (fold.operand >= stage.nodes.size() || fold.group >= stage.groups.size()) return wrong(step.index, "an accumulator has no operand");
      if (plan.arrays[fold.array].bits < stage.nodes[fold.operand].bits) return wrong(step.index, "an accumulator is narrower than its operand");
      written.insert(fold.array);
    }
    for (const PlanStore& store : stage.stores) written.insert(store.array);
  }
  for (const PlanOutput& output : plan.outputs)
    if (plan.arrays[output.array].kind == PlanArray::Kind::scratch && !written.count(output.array)) return "an output is never written";
  return "";
}

}  // namespace wattlaw
