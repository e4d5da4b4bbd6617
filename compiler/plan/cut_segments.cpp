// finish: segments of every stage, widths of running sums, blocks of time that stay in the cache, order.
#include <algorithm>
#include <cstring>
#include <set>

#include "compiler/plan/plan_builder.h"
#include "compiler/plan/slot_sums.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

constexpr uint32_t kBlockBytes = 192 * 1024;  // of the readings of a block: half a small second-level cache
constexpr uint32_t kSegmentBytes = 32 * 1024; // of the readings of a segment: kernels may go over it several times, some lanes each
constexpr uint32_t kWorthChopping = 96;       // indices of a segment below which narrow running sums do not pay

bool is_fine(const Period& grain) {
  const bool by_clock = grain.unit == Unit::interval || grain.unit == Unit::minutes || grain.unit == Unit::hour;
  return by_clock || (grain.unit == Unit::day && grain.start_minute == 0);
}

bool keeps_local(PlanAccumulator::Fn fn) {
  return fn == PlanAccumulator::Fn::sum || fn == PlanAccumulator::Fn::maximum || fn == PlanAccumulator::Fn::minimum;
}

// Indices a 32-bit running sum of the accumulator surely holds; 0: the operand itself is wider.
uint32_t narrow_length(const PlanStage& stage, const PlanAccumulator& accumulator) {
  const PlanNode& operand = stage.nodes[accumulator.operand];
  if (operand.bits != 32) return 0;
  const Int128 most = std::max<Int128>({operand.high, -operand.low, 1});
  return static_cast<uint32_t>(std::min<Int128>(INT32_MAX / most, UINT32_MAX));
}

void cut_stage(Plan& plan, PlanStage& stage, const std::vector<uint32_t>& block_ends) {
  uint32_t longest = UINT32_MAX, step_bytes = 0;
  for (const PlanNode& node : stage.nodes)
    if (node.op == PlanOp::load && plan.arrays[node.array].kind == PlanArray::Kind::series) step_bytes += kTileMembers * plan.arrays[node.array].bits / 8;
  if (step_bytes > 0 && !stage.accumulators.empty()) longest = kSegmentBytes / step_bytes;
  for (PlanAccumulator& accumulator : stage.accumulators) {
    accumulator.local_bits = plan.arrays[accumulator.array].bits;
    if (accumulator.fn != PlanAccumulator::Fn::sum || accumulator.local_bits == 32) continue;
    const uint32_t length = narrow_length(stage, accumulator);
    if (length < kWorthChopping) continue;
    accumulator.local_bits = 32;
    longest = std::min(longest, length);
  }
  PlanArray table;
  table.kind = PlanArray::Kind::uniform;
  table.name = "segments";
  table.bits = 32;
  const auto put = [&](uint32_t value) {
    const size_t at = table.data.size();
    table.data.resize(at + 4);
    std::memcpy(table.data.data() + at, &value, 4);
  };
  size_t block = 0;
  uint32_t begin = 0;
  std::vector<std::vector<uint8_t>> written;
  for (const PlanGroup& group : stage.groups) written.emplace_back(group.rows + 1, 0);
  for (uint32_t i = 1; i <= stage.count; ++i) {
    bool ends = i == stage.count || i - begin >= longest || (block < block_ends.size() && i == block_ends[block]);
    for (size_t g = 0; g < stage.groups.size() && !ends; ++g) ends = stage.groups[g].row_of_index[i] != stage.groups[g].row_of_index[i - 1];
    if (!ends) continue;
    put(begin);
    put(i);
    for (size_t g = 0; g < stage.groups.size(); ++g) {
      const uint32_t row = stage.groups[g].row_of_index[begin];
      put(row);
      written[g][row] = static_cast<uint8_t>(std::min(written[g][row] + 1, 2));
    }
    ++stage.segment_count;
    begin = i;
    while (block < block_ends.size() && i == block_ends[block]) {
      stage.block_ends.push_back(stage.segment_count);
      ++block;
    }
  }
  while (stage.block_ends.size() < block_ends.size()) stage.block_ends.push_back(stage.segment_count);
  if (block_ends.empty()) stage.block_ends = {stage.segment_count};
  table.rows = stage.segment_count;
  stage.segments = static_cast<uint32_t>(plan.arrays.size());
  plan.arrays.push_back(std::move(table));

  for (PlanAccumulator& accumulator : stage.accumulators) {
    const auto& times = written[accumulator.group];
    const bool once = std::all_of(times.begin(), times.end() - 1, [](uint8_t n) { return n == 1; });
    if (!once || !keeps_local(accumulator.fn)) continue;
    accumulator.overwrite = true;
    plan.arrays[accumulator.array].initialise = false;
  }
}

void choose_lanes(const Plan& plan, PlanStage& stage) {
  stage.lanes = 32;
  for (const PlanNode& node : stage.nodes) {
    if (node.checked || node.op == PlanOp::round_quotient || node.op == PlanOp::root) stage.fault_bits = 1;
    if (node.bits == 128 || node.checked || node.op == PlanOp::round_quotient || node.op == PlanOp::root) stage.lanes = 1;
  }
  for (const PlanAccumulator& accumulator : stage.accumulators)
    if (plan.arrays[accumulator.array].bits == 128) stage.lanes = 1;
}

// What a stage reads that another one writes must be done: own rows and states are done block by block, the rest only at the end.
bool can_be_blocked(const Plan& plan, const PlanStage& stage, const std::set<uint32_t>& blocked) {
  if (!is_fine(stage.grain)) return false;
  std::set<uint32_t> states;
  for (const PlanStore& store : stage.stores)
    if (store.first_row) states.insert(store.array);
  for (const PlanNode& node : stage.nodes) {
    if (node.op != PlanOp::load || plan.arrays[node.array].kind != PlanArray::Kind::scratch) continue;
    if (states.count(node.array)) continue;
    if (node.access == Access::mapped || node.access == Access::first || !blocked.count(node.array)) return false;
  }
  return true;
}

}  // namespace

Plan PlanBuilder::finish(bool stepwise) {
  finish_slots();
  std::vector<uint32_t> order(plan.stages.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return plan.stages[a].rank < plan.stages[b].rank; });
  std::vector<uint32_t> blocked, later;
  std::set<uint32_t> written;
  for (const uint32_t i : order) {
    const PlanStage& stage = plan.stages[i];
    if (!can_be_blocked(plan, stage, written)) {
      later.push_back(i);
      continue;
    }
    blocked.push_back(i);
    for (const PlanStore& store : stage.stores) written.insert(store.array);
    for (const PlanAccumulator& accumulator : stage.accumulators) written.insert(accumulator.array);
  }
  uint32_t step_bytes = 0;
  for (const PlanArray& array : plan.arrays)
    if (array.kind == PlanArray::Kind::series) step_bytes += kTileMembers * array.bits / 8;
  std::vector<uint32_t> ends;  // steps
  const uint32_t steps = axes.clock.steps;
  if (stepwise) {
    for (uint32_t step = 1; step < steps; ++step) ends.push_back(step);
  } else if (blocked.size() > 1 && step_bytes > 0) {
    const uint32_t target = std::max(kBlockBytes / step_bytes, 1u);
    for (uint32_t step = 1, begin = 0; step < steps; ++step)
      if (axes.clock.local_day[step] != axes.clock.local_day[step - 1] && step - begin >= target) ends.push_back(begin = step);
  }
  ends.push_back(steps);
  plan.blocks = static_cast<uint32_t>(ends.size());
  for (const uint32_t i : blocked) {
    PlanStage& stage = plan.stages[i];
    const Windows& windows = axes.windows(stage.grain);
    std::vector<uint32_t> window_ends;
    for (const uint32_t end : ends)
      window_ends.push_back(static_cast<uint32_t>(std::upper_bound(windows.first_step.begin() + 1, windows.first_step.end(), end) - windows.first_step.begin() - 1));
    cut_stage(plan, stage, window_ends);
    plan.order.push_back({PlanStep::Kind::stage, i});
  }
  plan.blocked_steps = static_cast<uint32_t>(blocked.size());
  for (uint32_t i = 0; i < plan.gathers.size(); ++i) plan.order.push_back({PlanStep::Kind::gather, i});
  for (const uint32_t i : later) {
    cut_stage(plan, plan.stages[i], {});
    plan.order.push_back({PlanStep::Kind::stage, i});
  }
  for (PlanStage& stage : plan.stages) choose_lanes(plan, stage);
  return std::move(plan);
}

}  // namespace wattlaw
