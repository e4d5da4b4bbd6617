// A settlement on its way through the kernels: what passes have found so far. Only compiler/plan/*.cpp include it.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/plan/plan_builder.h"
#include "compiler/plan/run_plan.h"
#include "compiler/plan/settle.h"

namespace wattlaw {

struct Run {
  const TypedProgram& program;
  const Settlement& settlement;
  const Clock& clock;
  const Traces& traces;
  const SettleOptions& options;
  Axes axes{clock};
  UniformFolder folder{program, settlement, axes, traces};
  GivenColumns given;
  double plan_ms = 0, compile_ms = 0, run_ms = 0;
  std::string why;  // the interpreter has to do it
  ExpressionId refused;  // what the kernels cannot do, if it is one expression
  std::set<uint32_t> read;  // positions of series
};

// An expression of a member, and whether it is wanted to know where it is nothing.
using Asked = std::vector<std::pair<ExpressionId, bool>>;

// The plan of what is asked of members of one kind; nullopt: run.why says why there is none. `watch`: two exceptions at once are a fault.
std::optional<Plan> plan_of(Run& run, const Asked& wanted, EntityGrain lanes, bool watch);
Result<PassResult> run_pass(Run& run, const Plan& plan, EntityGrain lanes);

// Computes what members have of others below `wanted`, finer to coarser and back, each by a pass over the members it is read from: into
// run.folder what is the same for all, into run.given the rest. run.why, run.refused: where it cannot.
Status relate_members(Run& run, const std::vector<ExpressionId>& wanted);

}  // namespace wattlaw
