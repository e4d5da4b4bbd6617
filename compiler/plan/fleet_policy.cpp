#include "compiler/plan/fleet_policy.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>

#include "compiler/interpret/interpret.h"
#include "compiler/jit/compiled_plan.h"
#include "compiler/plan/settle_run.h"
#include "runtime/base/assert.h"
#include "runtime/fleet/tile_steps.h"

namespace wattlaw {
namespace {

const Rational kThousandth(1, 1000);

// Kernels read and write rows of arrays, a row an interval. Here a row exists for the interval at hand only: pointers are moved back by as
// many rows as have passed. Arrays that are read at other rows than the interval's own exist whole.
class KernelPolicy : public FleetPolicy {
 public:
  KernelPolicy(Plan plan, CompiledPlan compiled, std::vector<RootSpec> roots, uint32_t first_state, uint32_t states, uint32_t members)
      : plan_(std::move(plan)), roots_(std::move(roots)), compiled_(std::move(compiled)), first_state_(first_state), states_(states), members_(members), tiles_(plan_.tiles) {
    is_whole_.assign(plan_.arrays.size(), false);
    for (const PlanStage& stage : plan_.stages)
      for (const PlanNode& node : stage.nodes)
        if (node.op == PlanOp::load && node.access != Access::own) is_whole_[node.array] = true;
    for (const PlanOutput& output : plan_.outputs) factors_.push_back(static_cast<int64_t>(output.quantum.value() / kThousandth));
  }

  bool decide(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) override { return decide_all(tile, step, step + 1, states, outputs); }

  uint32_t intervals_ahead() const override { return states_ == 0 ? kAhead : 1; }
  uint32_t decide_ahead(uint32_t tile, uint32_t first, uint32_t end, int64_t* outputs) override {
    if (decide_all(tile, first, end, nullptr, outputs)) return end - first;
    const size_t of_interval = plan_.outputs.size() * kTileMembers;  // somewhere there is a fault: up to it, one by one
    for (uint32_t step = first; step < end; ++step) {
      tiles_[tile] = {};
      if (!decide_all(tile, step, step + 1, nullptr, outputs + (step - first) * of_interval)) return step - first;
    }
    return end - first;
  }

 private:
  static constexpr uint32_t kAhead = 64;

  // [first, end) of at most kAhead intervals, one alone where there are states. False: a vehicle has a fault in one of them.
  bool decide_all(uint32_t tile, uint32_t first, uint32_t end, const int64_t* states, int64_t* outputs) {
    Tile& memory = tiles_[tile];
    if (memory.arrays.empty()) begin(tile, memory);
    place(memory, first, states);
    for (const PlanStep& s : plan_.order) {
      const std::vector<uint32_t>& ends = plan_.stages[s.index].block_ends;
      const uint32_t from = first == 0 ? 0 : ends[first - 1];
      if (from < ends[end - 1]) compiled_.stages[s.index](memory.arrays.data(), from, ends[end - 1]);
    }
    const auto* faults = static_cast<const int32_t*>(memory.arrays[plan_.fault_array]);
    const uint32_t lanes = std::min(kTileMembers, members_ - tile * kTileMembers);  // where nobody is, a division by no capacity is nobody's fault
    int32_t has_fault = 0;
    for (uint32_t lane = 0; lane < lanes; ++lane) has_fault |= faults[lane];
    for (size_t o = 0; o < plan_.outputs.size(); ++o) {
      const PlanArray& array = plan_.arrays[plan_.outputs[o].array];
      const auto* row = static_cast<const uint8_t*>(memory.arrays[plan_.outputs[o].array]) + size_t{first} * row_bytes(array);
      int64_t* output = outputs + o * kTileMembers;
      for (uint32_t step = first; step < end; ++step, row += row_bytes(array), output += plan_.outputs.size() * kTileMembers) {
        if (array.bits == 32) in_units(reinterpret_cast<const int32_t*>(row), factors_[o], output);
        else in_units(reinterpret_cast<const int64_t*>(row), factors_[o], output);
      }
    }
    if (end == plan_.stages.at(0).count) memory = {};
    return has_fault == 0;
  }

  struct Tile {
    std::vector<void*> arrays;
    std::vector<std::vector<uint8_t>> rows;  // of those that are not given from outside
    std::vector<uint8_t> states;             // as given, where kernels may load them by vectors
  };
  static size_t row_bytes(const PlanArray& array) { return size_t{array.elements} * kTileMembers * array.bits / 8; }
  bool moves(const PlanArray& array, size_t i) const { return array.kind == PlanArray::Kind::scratch && !is_whole_[i] && i != plan_.fault_array; }

  void begin(uint32_t tile, Tile& memory) const {
    memory.arrays.resize(plan_.arrays.size());
    memory.rows.resize(plan_.arrays.size());
    memory.states.resize(size_t{states_} * kTileMembers * sizeof(int64_t) + 64);
    for (size_t i = 0; i < plan_.arrays.size(); ++i) {
      const PlanArray& array = plan_.arrays[i];
      if (array.kind == PlanArray::Kind::scratch) {
        memory.rows[i].assign(row_bytes(array) * (moves(array, i) ? (states_ == 0 ? kAhead : 1) : array.rows + 1) + 64, 0);
        memory.arrays[i] = aligned(memory.rows[i]);
      } else {
        const uint8_t* base = array.external ? array.external : array.data.data();
        memory.arrays[i] = const_cast<uint8_t*>(base) + array.tile_stride * tile;
      }
    }
  }
  static void* aligned(std::vector<uint8_t>& bytes) { return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(bytes.data()) + 63) / 64 * 64); }

  void place(Tile& memory, uint32_t step, const int64_t* given) const {
    const auto* states = static_cast<const int64_t*>(aligned(memory.states));
    if (states_ > 0) std::memcpy(aligned(memory.states), given, size_t{states_} * kTileMembers * sizeof(int64_t));
    for (size_t i = 0; i < plan_.arrays.size(); ++i) {
      const PlanArray& array = plan_.arrays[i];
      uintptr_t row = 0;
      if (array.kind == PlanArray::Kind::series && array.served >= first_state_) row = reinterpret_cast<uintptr_t>(states + size_t{array.served - first_state_} * kTileMembers);
      else if (moves(array, i)) row = reinterpret_cast<uintptr_t>(aligned(memory.rows[i]));
      else continue;
      memory.arrays[i] = reinterpret_cast<void*>(row - size_t{step} * row_bytes(array));
    }
  }

  const Plan plan_;
  const std::vector<RootSpec> roots_;
  const CompiledPlan compiled_;
  const uint32_t first_state_, states_;  // position among the series, and how many
  const uint32_t members_;
  std::vector<bool> is_whole_;
  std::vector<int64_t> factors_;  // of an output: W or Wh a unit of its mantissa
  std::vector<Tile> tiles_;       // each is one thread's alone
};

class InterpretedPolicy : public FleetPolicy {
 public:
  InterpretedPolicy(const TypedProgram& program, PolicyWorld& world, const Clock& clock)
      : program_(program), world_(world), clock_(clock) { interpreter_.emplace(program_, world_.settlement, clock_, world_.traces); }

  bool decide(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) override {
    const uint32_t members = members_of(world_.traces, EntityGrain::vehicle).size();
    const auto columns = static_cast<uint32_t>(world_.traces.member_series.size()) - world_.first_state;
    for (uint32_t lane = 0; lane < kTileMembers; ++lane) {
      const uint32_t vehicle = tile * kTileMembers + lane;
      for (size_t o = 0; o < world_.outputs.size(); ++o) outputs[o * kTileMembers + lane] = 0;
      if (vehicle >= members) continue;
      // What is remembered of a vehicle is let go day by day.
      if (step > 0 && clock_.local_day[step] != clock_.local_day[step - 1]) interpreter_->forget_site(vehicle);
      for (uint32_t column = 0; column < columns; ++column) world_.traces.member_series[world_.first_state + column].set(vehicle, step, states[column * kTileMembers + lane]);
      for (size_t o = 0; o < world_.outputs.size(); ++o) {
        const Value value = interpreter_->evaluate(world_.outputs[o], vehicle, step);
        if (interpreter_->fault()) {  // other tiles go on until theirs: the first of all is told
          interpreter_.emplace(program_, world_.settlement, clock_, world_.traces);
          return false;
        }
        const Rational whole = value.number / kThousandth;
        WATTLAW_ASSERT(denominator(whole) == 1, "a dispatch's outputs pass a rounding");
        outputs[o * kTileMembers + lane] = static_cast<int64_t>(numerator(whole));
      }
    }
    return true;
  }

 private:
  const TypedProgram& program_;
  PolicyWorld& world_;
  const Clock& clock_;
  std::optional<Interpreter> interpreter_;
};

}  // namespace

Result<std::unique_ptr<FleetPolicy>> make_kernel_policy(const TypedProgram& program, const PolicyWorld& world, const Clock& clock, const std::string& cpu, double& compile_ms) {
  const auto begin = std::chrono::steady_clock::now();
  const SettleOptions none;
  Run run{program, world.settlement, clock, world.traces, none};
  if (auto related = relate_members(run, world.outputs); !related) return related.failure();
  if (!run.why.empty()) return std::unique_ptr<FleetPolicy>();
  PlanBuilder builder(program, world.settlement, run.axes, run.folder, world.traces, EntityGrain::vehicle, run.given);
  std::vector<PlanOutput> outputs;
  for (const ExpressionId id : world.outputs) outputs.push_back(builder.output(id, false));
  if (!builder.why.empty()) return std::unique_ptr<FleetPolicy>();
  Plan plan = builder.finish(true);
  plan.outputs = std::move(outputs);
  const bool is_stepwise = builder.why.empty() && plan.gathers.empty() && plan.blocked_steps == plan.order.size() && !plan.stages.empty();
  const bool fits = std::all_of(plan.outputs.begin(), plan.outputs.end(), [&](const PlanOutput& output) { return plan.arrays[output.array].bits <= 64; });
  if (!is_stepwise || !fits) return std::unique_ptr<FleetPolicy>();
  std::vector<RootSpec> roots = root_specs(plan);
  JitOptions jit;
  jit.cpu = cpu;
  jit.optimisation = Optimisation::all;
  jit.calls = runtime_calls();
  CompiledPlan compiled = compile_plan(plan, roots, jit);
  compile_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  if (!compiled.failure.empty()) return Failure{"WL5002", "the kernels cannot be compiled: " + compiled.failure, "choose a processor that LLVM knows with `--cpu`, or settle without kernels: `wattlaw run --interpret`"};
  return std::unique_ptr<FleetPolicy>(std::make_unique<KernelPolicy>(std::move(plan), std::move(compiled), std::move(roots), world.first_state, static_cast<uint32_t>(world.traces.member_series.size()) - world.first_state,
                                                                     members_of(world.traces, EntityGrain::vehicle).size()));
}

std::unique_ptr<FleetPolicy> make_interpreted_policy(const TypedProgram& program, PolicyWorld& world, const Clock& clock) { return std::make_unique<InterpretedPolicy>(program, world, clock); }

}  // namespace wattlaw
