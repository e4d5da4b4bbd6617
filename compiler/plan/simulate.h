// simulate: what the vehicles of a settlement do, before anything is settled: its dispatch over its plug-ins. Policies are decided by
// kernels, or by the interpreter with the same digits; batteries, limits and meters are the runtime's (runtime/fleet).
#pragma once
#include <string>

#include "compiler/plan/bound_run.h"
#include "compiler/plan/fleet_moments.h"
#include "compiler/program/typed_program.h"
#include "runtime/fleet/simulate_fleet.h"

namespace wattlaw {

struct SimulateOptions {
  unsigned threads = 1;
  std::string cpu = "native";
  bool interpret = false;
  std::vector<std::vector<int64_t>> activations;  // of the dispatch's offers, by step of the physics (find_activations)
  FleetMoments moments = {};           // trips, and what is asked of batteries (find_moments)
};

struct SimulationReport {
  FleetCounts counts;
  bool interpreted = false;            // the kernels cannot decide it
  std::optional<Rational> planned_cost;  // of an optimum: what vehicles add to the costs of their sites, by the plan
  std::optional<BoundOfRun> bound;     // where the dispatch was compiled for one
  double compile_ms = 0, run_ms = 0;
};

// Fills the vehicles' series of `traces`, and adds vehicles to the registers of the sites they stand at: import and export of the files are
// those of the rest of the site. What is asked of batteries at moments of records goes into their attributes. Failures: WL6075 two vehicles at the site of an optimum, WL6078 one whose battery tapers off, WL6074 an attribute that no vehicle can have, WL7101 … what the interpreter tells of a policy.
Result<SimulationReport> simulate(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const PlugIns& plug_ins, Traces& traces,
                                  const SimulateOptions& options);

}  // namespace wattlaw
