// activation: how much of what was sold a service calls for, step by step of the physics.
#pragma once
#include <vector>

#include "compiler/program/typed_program.h"
#include "runtime/base/result.h"

namespace wattlaw {

// The settlement as seen in the steps of its physics: the series that the activations of its offers read, nothing else.
Settlement in_steps_of_physics(const TypedProgram& program, const Settlement& settlement);

// For each offer of the dispatch billionths of what was accepted, + discharges, rounded half even, by step of `fine`, whose traces hold the
// series of in_steps_of_physics. Failures: what the interpreter tells of an activation that has a fault.
Result<std::vector<std::vector<int64_t>>> find_activations(const TypedProgram& program, const Settlement& settlement, const Settlement& in_steps, const Clock& fine, const Traces& traces);

}  // namespace wattlaw
