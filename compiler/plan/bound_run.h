// bound_run: what a run of a dispatch cost at the prices of energy, beside what it could not have cost less than (runtime/fleet/bound_cost.h).
#pragma once
#include "compiler/program/typed_program.h"
#include "runtime/fleet/bound_cost.h"

namespace wattlaw {

struct BoundOfRun {
  CostBound cost;                      // in the currency's unit
  bool leaves_out_limit = false;       // a limit or reserve depends on what happens, and the bound does without it
};

// `traces` as they are before vehicles are added to the meters; `limits` those of the dispatch; `moved` has charged, discharge and stored.
// Failures: WL6077 too much for a bound; what the interpreter tells of a price that has a fault.
Result<BoundOfRun> bound_run(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const FleetVehicles& vehicles, const PlugIns& plug_ins,
                             const std::vector<GroupLimit>& limits, const FleetSeries& moved);

}  // namespace wattlaw
