// run_plan: plan -> machine code -> columns. What the kernels computed for every member, and in whose lanes a fault was raised.
#pragma once
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/abi/program.h"
#include "runtime/base/result.h"
#include "runtime/number/integer_column.h"

namespace wattlaw {

struct PassColumn {                  // [row * members + member]
  Quantum quantum;
  IntegerColumn values;
  std::vector<uint8_t> nothing;      // empty: never
};

struct PassResult {
  std::vector<PassColumn> columns;   // parallel to the plan's outputs
  std::vector<uint32_t> faults;      // members, ascending
  double compile_ms = 0, run_ms = 0;
};

std::vector<RootSpec> root_specs(const Plan& plan);

// Failure WL5002: LLVM refuses the module.
Result<PassResult> run_plan(const Plan& plan, uint32_t members, unsigned threads, const std::string& cpu, Optimisation optimisation);

}  // namespace wattlaw
