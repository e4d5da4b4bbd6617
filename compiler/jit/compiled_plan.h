// CompiledPlan: a plan's kernels as machine code. The border of libwattlaw_jit: neither side of it shows an LLVM type.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/abi/program.h"

namespace wattlaw {

struct JitOptions {
  std::string cpu = "native";
  Optimisation optimisation = Optimisation::by_work;
  RuntimeCalls calls;
  bool wants_llvm = false, wants_assembly = false;
};

struct CompiledPlan {
  std::vector<StageKernel> stages;   // parallel to Plan::stages
  std::vector<GatherKernel> gathers; // parallel to Plan::gathers
  std::string llvm, assembly;
  std::string failure;               // not empty: what LLVM refused
  std::shared_ptr<void> code;        // keeps the kernels alive
};

// Compiles in libwattlaw_jit, which it loads on the first call. `roots` must outlive the kernels.
CompiledPlan compile_plan(const Plan& plan, const std::vector<RootSpec>& roots, const JitOptions& options);

}  // namespace wattlaw
