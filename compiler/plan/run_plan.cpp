#include "compiler/plan/run_plan.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "compiler/jit/compiled_plan.h"
#include "runtime/evaluate/run_tiles.h"
#include "runtime/trace/tile_series.h"

namespace wattlaw {
namespace {

using Clock_ = std::chrono::steady_clock;

double ms_since(Clock_::time_point begin) { return std::chrono::duration<double, std::milli>(Clock_::now() - begin).count(); }

Program make_program(const Plan& plan, const CompiledPlan& compiled) {
  Program program;
  for (const PlanArray& array : plan.arrays) {
    ProgramArray made;
    made.base = array.external ? array.external : array.data.data();
    made.tile_stride = array.tile_stride;
    if (array.kind == PlanArray::Kind::scratch) {
      made.kind = ProgramArray::Kind::per_thread;
      made.bytes = size_t{array.rows + 1} * array.elements * kTileMembers * array.bits / 8;
      made.initialise = array.initialise;
      made.element_bytes = array.bits / 8;
      made.initial = array.initial;
    } else if (array.tile_stride > 0) {
      made.kind = ProgramArray::Kind::per_tile;
    }
    program.arrays.push_back(std::move(made));
  }
  for (const PlanStep& step : plan.order) {
    ProgramStep made;
    if (step.kind == PlanStep::Kind::stage) {
      made.stage = compiled.stages[step.index];
      made.block_ends = plan.stages[step.index].block_ends;
    } else {
      const PlanGather& gather = plan.gathers[step.index];
      made.gather = compiled.gathers[step.index];
      made.slots = gather.slots, made.table = gather.table, made.out = gather.out;
      made.block_ends = {gather.rows};
    }
    program.steps.push_back(std::move(made));
  }
  program.blocked_steps = plan.blocked_steps;
  program.blocks = plan.blocks;
  program.tiles = plan.tiles;
  return program;
}

// The cells of a column while threads write them; one of the two is null.
struct OpenCells {
  int64_t* narrow = nullptr;
  Int128* wide = nullptr;
};

template <class From, class To>
void copy_rows(const void* memory, uint32_t rows, uint32_t lanes, uint32_t members, To* to) {
  const From* from = static_cast<const From*>(memory);
  for (uint32_t row = 0; row < rows; ++row, from += kTileMembers, to += members) std::copy_n(from, lanes, to);
}

void copy_tile(const Plan& plan, uint32_t members, uint32_t tile, void* const* arrays, const std::vector<OpenCells>& cells, PassResult& result, std::mutex& mutex) {
  const uint32_t first = tile * kTileMembers, lanes = std::min(kTileMembers, members - first);
  for (size_t o = 0; o < plan.outputs.size(); ++o) {
    const PlanOutput& output = plan.outputs[o];
    PassColumn& column = result.columns[o];
    const void* rows = arrays[output.array];
    switch (plan.arrays[output.array].bits) {
      case 32: copy_rows<int32_t>(rows, output.rows, lanes, members, cells[o].narrow + first); break;
      case 64: copy_rows<int64_t>(rows, output.rows, lanes, members, cells[o].narrow + first); break;
      default: copy_rows<Int128>(rows, output.rows, lanes, members, cells[o].wide + first);
    }
    for (uint32_t row = 0; row < output.rows && output.presence != kNone; ++row) {
      const size_t from = size_t{row} * kTileMembers, to = size_t{row} * members + first;
      const auto* there = static_cast<const int32_t*>(arrays[output.presence]);
      for (uint32_t lane = 0; lane < lanes; ++lane) column.nothing[to + lane] = there[from + lane] == 0;
    }
  }
  const auto* faults = static_cast<const int32_t*>(arrays[plan.fault_array]);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    if (faults[lane] == 0) continue;
    const std::lock_guard<std::mutex> lock(mutex);
    result.faults.push_back(first + lane);
  }
}

}  // namespace

std::vector<RootSpec> root_specs(const Plan& plan) {
  std::vector<RootSpec> specs;
  for (const PlanRoot& root : plan.roots) specs.push_back({root.operand_quantum, root.quantum, root.rounding});
  return specs;
}

Result<PassResult> run_plan(const Plan& plan, uint32_t members, unsigned threads, const std::string& cpu, Optimisation optimisation) {
  PassResult result;
  std::vector<OpenCells> cells;
  for (const PlanOutput& output : plan.outputs) {
    PassColumn column;
    column.quantum = output.quantum;
    const bool is_wide = plan.arrays[output.array].bits == 128;
    column.values = IntegerColumn::unwritten(size_t{output.rows} * members, is_wide);
    if (output.presence != kNone) column.nothing.resize(column.values.size());
    result.columns.push_back(std::move(column));
    cells.push_back(is_wide ? OpenCells{nullptr, result.columns.back().values.wide_cells()} : OpenCells{result.columns.back().values.narrow_cells(), nullptr});
  }
  auto begin = Clock_::now();
  const std::vector<RootSpec> roots = root_specs(plan);
  JitOptions jit;
  jit.cpu = cpu;
  jit.optimisation = optimisation;
  jit.calls = runtime_calls();
  const CompiledPlan compiled = compile_plan(plan, roots, jit);
  result.compile_ms = ms_since(begin);
  if (!compiled.failure.empty()) return Failure{"WL5002", "the kernels cannot be compiled: " + compiled.failure, "choose a processor that LLVM knows with `--cpu`, or settle without kernels: `wattlaw run --interpret`"};
  begin = Clock_::now();
  std::mutex mutex;
  run_tiles(make_program(plan, compiled), threads, [&](uint32_t tile, unsigned, void* const* arrays) { copy_tile(plan, members, tile, arrays, cells, result, mutex); });
  std::sort(result.faults.begin(), result.faults.end());
  result.run_ms = ms_since(begin);
  return result;
}

}  // namespace wattlaw
