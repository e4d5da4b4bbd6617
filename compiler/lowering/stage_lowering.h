// Inside of lower_plan: one stage's function while it is built.
#pragma once
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <functional>
#include <vector>

#include "compiler/lowering/lower_plan.h"

namespace wattlaw {

// for (i = first; i < last; i += step) body(i), 64 bit.
void build_loop(llvm::IRBuilder<>& builder, llvm::Value* first, llvm::Value* last, int64_t step, const char* name,
                const std::function<void(llvm::Value* i)>& body);
// Function with the target's attributes. `work`: instructions of a lane or a vector that all its calls run together, about.
llvm::Function* begin_function(llvm::Module& module, const LoweringTarget& target, const std::string& name, llvm::FunctionType* type, double work);

class StageLowering {
 public:
  StageLowering(llvm::Module& module, const LoweringTarget& target, const Plan& plan, uint32_t stage);
  void lower();

 private:
  llvm::Type* type(unsigned bits) const;
  llvm::Value* constant(unsigned bits, Int128 value) const;
  llvm::Value* widen(llvm::Value* value, unsigned from, unsigned to);
  llvm::Value* operand(uint32_t node, unsigned bits) { return widen(values_[node], stage_.nodes[node].bits, bits); }
  llvm::Value* address(uint32_t array, llvm::Value* row, uint32_t element);
  llvm::Value* load_row(uint32_t array, llvm::Value* row, uint32_t element);
  void store_row(uint32_t array, llvm::Value* row, uint32_t element, llvm::Value* value);
  llvm::Value* better(bool larger, llvm::Value* a, llvm::Value* b);
  // Faults travel with values: a node has one if its own operation has, or an operand that it takes. The lane's mask is set where a value
  // leaves the stage, so that what stands in a branch that is not taken disturbs nobody. Null: never.
  llvm::Value* either_fault(llvm::Value* a, llvm::Value* b);
  llvm::Value* fault_of(const PlanNode& node, llvm::Value* own);
  void raise_fault(llvm::Value* is_fault);

  llvm::Value* lower_node(const PlanNode& node);  // sets own_fault_
  void prefetch_ahead(uint32_t array, llvm::Value* row);
  llvm::Value* lower_load(const PlanNode& node);
  llvm::Value* lower_checked(const PlanNode& node);
  llvm::Value* lower_round(const PlanNode& node);
  llvm::Value* lower_root(const PlanNode& node);
  llvm::Value* call_barrier(const char* name, llvm::ArrayRef<llvm::Value*> arguments, llvm::Value* out, unsigned bits);
  void lower_step(llvm::Value* index);
  void lower_segment(llvm::Value* segment);
  void raise_folded_fault(const PlanAccumulator& accumulator);
  void fold_local(size_t i);
  void fold_direct(const PlanAccumulator& accumulator);
  void flush(size_t i);

  llvm::Module& module_;
  const LoweringTarget& target_;
  const Plan& plan_;
  const PlanStage& stage_;
  uint32_t number_;
  llvm::IRBuilder<> builder_;
  unsigned lanes_ = 32;
  llvm::Value* arrays_ = nullptr;
  std::vector<llvm::Value*> pointers_;   // by array, loaded at the function's entry
  llvm::Value* chunk_ = nullptr;         // first lane
  llvm::Value* index_ = nullptr;
  std::vector<llvm::Value*> rows_;       // of the segment's groups
  std::vector<llvm::Value*> locals_;     // by accumulator; null if folded in memory
  std::vector<llvm::Value*> values_, faults_;  // by node
  llvm::Value* own_fault_ = nullptr;
  llvm::Value *fault_ = nullptr, *call_fault_ = nullptr, *argument_a_ = nullptr, *argument_b_ = nullptr, *result_ = nullptr;
};

}  // namespace wattlaw
