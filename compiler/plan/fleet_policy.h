// Policies of a dispatch: its expressions for 32 vehicles at one interval, by kernels or by the interpreter. Only compiler/plan includes it.
#pragma once
#include <memory>
#include <vector>

#include "compiler/program/typed_program.h"
#include "runtime/fleet/simulate_fleet.h"

namespace wattlaw {

// The settlement as a policy sees it: with what only the simulation knows as further series, after those of `traces`.
struct PolicyWorld {
  Settlement settlement;
  Traces traces;
  std::vector<ExpressionId> outputs;   // wish [kW], then what the request names, each a multiple of 1/1000
  uint32_t first_state = 0;            // position of the first state among the series
};

// Failure WL5002: LLVM refuses the policy. Null: kernels cannot do it, the interpreter has to.
Result<std::unique_ptr<FleetPolicy>> make_kernel_policy(const TypedProgram& program, const PolicyWorld& world, const Clock& clock, const std::string& cpu, double& compile_ms);
// Not for several threads. `world` and `clock` must outlive it.
std::unique_ptr<FleetPolicy> make_interpreted_policy(const TypedProgram& program, PolicyWorld& world, const Clock& clock);

}  // namespace wattlaw
