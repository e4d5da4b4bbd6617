// lower_plan: Plan -> LLVM module. One function a stage (`stage_0`, …) and one a kind of gather (`gather_64_64`: bits of slots and sums).
#pragma once
#include <memory>
#include <string>

#include "compiler/plan/plan.h"

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace wattlaw {

struct LoweringTarget {
  std::string cpu, features;
  unsigned vector_bits = 256;   // of a register
  bool spares_small_work = false;  // functions that are not worth it are marked `optnone`
};

std::unique_ptr<llvm::Module> lower_plan(const Plan& plan, const LoweringTarget& target, llvm::LLVMContext& context);
std::string gather_name(const Plan& plan, const PlanGather& gather);

}  // namespace wattlaw
