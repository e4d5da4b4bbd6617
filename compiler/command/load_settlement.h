// load_settlement: script, scenario's name, data folder -> the compiled program, its clock and its traces; what `run`, `explain` and
// `show plan` start from. Whatever is wrong has been said when the exit code comes back.
#pragma once
#include <optional>
#include <string>

#include "compiler/command/console.h"
#include "compiler/compile.h"
#include "compiler/interpret/explain.h"
#include "compiler/plan/simulate.h"
#include "runtime/trace/load_traces.h"

namespace wattlaw {

struct SettlementRequest {
  std::string script;
  std::string scenario;     // empty: the only one
  std::string data_folder;  // empty: what the scenario says
  unsigned threads = 0;     // of a simulation; 0: as many as the machine has
  std::string cpu = "native";
  bool interpret = false;
  bool bound = false;       // of the cost of a dispatch
  bool keeps_calls = false; // of services
};

struct LoadedSettlement {
  Compilation compilation;
  const Settlement* settlement = nullptr;
  Clock clock;
  Traces traces;
  std::optional<SimulationReport> simulation;  // of a scenario with a dispatch
  std::optional<CallsOfServices> calls;        // of one that sells services, where they are asked for
  double compile_ms = 0, load_ms = 0;
  const TypedProgram& program() const { return compilation.program; }
};

// One by one, as `show program` needs no data; load_settlement does all three.
int compile_scenario(const Console& console, const SettlementRequest& request, LoadedSettlement& loaded);
int load_settlement(const Console& console, const SettlementRequest& request, LoadedSettlement& loaded);

// Names of the scenarios of the script, in source order.
std::vector<std::string> scenario_names(const TypedProgram& program);
// "`A`, `B` and 3 more"
std::string list_names(const std::vector<std::string>& names);
// "did you mean `A`?", else "known are `A`, `B`"; empty if nothing is known.
std::string suggest_name(const std::string& name, const std::vector<std::string>& known);

// Leaves the traces of one member only.
void keep_only_member(Traces& traces, Members& kind, uint32_t member);

// Milliseconds since an arbitrary start, for --timings.
double milliseconds_now();

}  // namespace wattlaw
