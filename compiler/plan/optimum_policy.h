// The policy that keeps to a plan made with hindsight (runtime/fleet/plan_optimum.h). Only compiler/plan includes it.
#pragma once
#include <memory>

#include "compiler/program/typed_program.h"
#include "runtime/base/result.h"
#include "runtime/fleet/plan_optimum.h"
#include "runtime/fleet/simulate_fleet.h"

namespace wattlaw {

struct Planned {
  std::unique_ptr<FleetPolicy> policy; // reads one state: what is stored
  Rational cost;                       // of the plans, in the currency's unit
};

// Failures: WL6075 a site with several vehicles, whose plans would hang together; what the interpreter tells of a price that has a fault.
Result<Planned> plan_dispatch(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const FleetVehicles& vehicles, const PlugIns& plug_ins,
                              unsigned threads);

}  // namespace wattlaw
