// A stage's function:
//   void stage_N(void* const* arrays, int64_t first, int64_t last) {
//     for (segment = first; segment < last; ++segment)
//       for (chunk = 0; chunk < 32; chunk += lanes) {   // a segment's readings stay in the cache from one chunk to the next
//         locals = identities;
//         for (index = begin[segment]; index < end[segment]; ++index) { nodes; stores; locals = fold(locals, operands); }
//         rows[segment] = fold(rows[segment], locals);
//       }
//   }
#include <set>

#include "compiler/lowering/stage_lowering.h"

namespace wattlaw {
namespace {

using Fn = PlanAccumulator::Fn;

bool is_local(Fn fn) { return fn == Fn::sum || fn == Fn::maximum || fn == Fn::minimum; }

// Lanes such that all running values stay in registers: three in eight of them are left to the step's own values.
unsigned choose_lanes(const Plan& plan, const PlanStage& stage, const LoweringTarget& target) {
  if (stage.lanes == 1) return 1;
  unsigned local_bits = 0;
  for (const PlanAccumulator& accumulator : stage.accumulators)
    if (is_local(accumulator.fn)) local_bits += accumulator.fn == Fn::sum ? accumulator.local_bits : plan.arrays[accumulator.array].bits;
  const unsigned registers = target.vector_bits >= 512 ? 20 : 24;
  unsigned lanes = 32;
  while (lanes > 8 && local_bits * lanes > registers * target.vector_bits) lanes /= 2;
  return lanes;
}

// Optimising a function takes about 7 ms; what is not optimised costs about 2 ns more an instruction.
constexpr double kWorthOptimising = 3e6;

double work_of(const Plan& plan, const PlanStage& stage, unsigned lanes) {
  const size_t instructions = stage.nodes.size() + stage.stores.size() + 2 * stage.accumulators.size();
  return static_cast<double>(plan.tiles) * stage.count * (kTileMembers / lanes) * static_cast<double>(instructions);
}

}  // namespace

void build_loop(llvm::IRBuilder<>& builder, llvm::Value* first, llvm::Value* last, int64_t step, const char* name,
                const std::function<void(llvm::Value* i)>& body) {
  llvm::Function* function = builder.GetInsertBlock()->getParent();
  llvm::LLVMContext& context = function->getContext();
  llvm::BasicBlock* before = builder.GetInsertBlock();
  llvm::BasicBlock* inside = llvm::BasicBlock::Create(context, name, function);
  llvm::BasicBlock* after = llvm::BasicBlock::Create(context, std::string("after_") + name, function);
  builder.CreateCondBr(builder.CreateICmpSLT(first, last), inside, after);
  builder.SetInsertPoint(inside);
  llvm::PHINode* i = builder.CreatePHI(builder.getInt64Ty(), 2, name);
  i->addIncoming(first, before);
  body(i);
  llvm::Value* next = builder.CreateAdd(i, builder.getInt64(static_cast<uint64_t>(step)), "", false, true);
  i->addIncoming(next, builder.GetInsertBlock());
  builder.CreateCondBr(builder.CreateICmpSLT(next, last), inside, after);
  builder.SetInsertPoint(after);
}

llvm::Function* begin_function(llvm::Module& module, const LoweringTarget& target, const std::string& name, llvm::FunctionType* type, double work) {
  llvm::Function* function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module);
  function->setDoesNotThrow();
  function->addFnAttr("target-cpu", target.cpu);
  if (!target.features.empty()) function->addFnAttr("target-features", target.features);
  function->addFnAttr("prefer-vector-width", std::to_string(target.vector_bits));
  if (target.spares_small_work && work < kWorthOptimising) {
    function->addFnAttr(llvm::Attribute::NoInline);
    function->addFnAttr(llvm::Attribute::OptimizeNone);
  }
  llvm::BasicBlock::Create(module.getContext(), "entry", function);
  return function;
}

StageLowering::StageLowering(llvm::Module& module, const LoweringTarget& target, const Plan& plan, uint32_t stage)
    : module_(module), target_(target), plan_(plan), stage_(plan.stages[stage]), number_(stage), builder_(module.getContext()) {}

// What is left out cannot fault; whether it is left out can.
void StageLowering::raise_folded_fault(const PlanAccumulator& accumulator) {
  llvm::Value* fault = faults_[accumulator.operand];
  if (accumulator.condition != kNone) {
    if (fault) fault = builder_.CreateAnd(fault, values_[accumulator.condition]);
    fault = either_fault(fault, faults_[accumulator.condition]);
  }
  raise_fault(fault);
}

void StageLowering::fold_local(size_t i) {
  const PlanAccumulator& accumulator = stage_.accumulators[i];
  const bool sums = accumulator.fn == Fn::sum;
  const unsigned bits = sums ? accumulator.local_bits : plan_.arrays[accumulator.array].bits;
  llvm::Value* value = operand(accumulator.operand, bits);
  raise_folded_fault(accumulator);
  const Int128 identity = sums ? 0 : plan_.arrays[accumulator.array].initial[accumulator.element];
  if (accumulator.condition != kNone) value = builder_.CreateSelect(values_[accumulator.condition], value, constant(bits, identity));
  llvm::Value* before = builder_.CreateLoad(type(bits), locals_[i]);
  llvm::Value* after = sums ? builder_.CreateAdd(before, value, "running", false, true) : better(accumulator.fn == Fn::maximum, before, value);
  builder_.CreateStore(after, locals_[i]);
}

void StageLowering::fold_direct(const PlanAccumulator& accumulator) {
  llvm::Value* row = rows_[accumulator.group];
  const PlanArray& array = plan_.arrays[accumulator.array];
  llvm::Value* value = operand(accumulator.operand, array.bits);
  raise_folded_fault(accumulator);
  llvm::Value* taken = accumulator.condition == kNone ? constant(1, 1) : values_[accumulator.condition];
  if (accumulator.fn == Fn::first || accumulator.fn == Fn::last) {
    llvm::Value* write = taken;
    if (accumulator.fn == Fn::first) {
      llvm::Value* seen = load_row(accumulator.seen, row, 0);
      write = builder_.CreateAnd(taken, builder_.CreateICmpEQ(seen, constant(32, 0)));
      store_row(accumulator.seen, row, 0, builder_.CreateOr(seen, widen(taken, 1, 32)));
    }
    store_row(accumulator.array, row, 0, builder_.CreateSelect(write, value, load_row(accumulator.array, row, 0)));
    return;
  }
  const bool larger = accumulator.fn == Fn::largest;
  value = builder_.CreateSelect(taken, value, constant(array.bits, array.initial[0]));
  for (uint32_t k = 0; k < accumulator.take; ++k) {
    llvm::Value* held = load_row(accumulator.array, row, k);
    store_row(accumulator.array, row, k, better(larger, held, value));
    value = better(!larger, held, value);
  }
}

void StageLowering::flush(size_t i) {
  const PlanAccumulator& accumulator = stage_.accumulators[i];
  const unsigned bits = plan_.arrays[accumulator.array].bits;
  const unsigned local_bits = accumulator.fn == Fn::sum ? accumulator.local_bits : bits;
  llvm::Value* value = widen(builder_.CreateLoad(type(local_bits), locals_[i]), local_bits, bits);
  llvm::Value* row = rows_[accumulator.group];
  if (!accumulator.overwrite) {
    llvm::Value* before = load_row(accumulator.array, row, accumulator.element);
    value = accumulator.fn == Fn::sum ? builder_.CreateAdd(before, value, "total", false, true) : better(accumulator.fn == Fn::maximum, before, value);
  }
  store_row(accumulator.array, row, accumulator.element, value);
}

void StageLowering::lower_step(llvm::Value* index) {
  index_ = index;
  values_.assign(stage_.nodes.size(), nullptr);
  faults_ = values_;
  for (size_t i = 0; i < stage_.nodes.size(); ++i) {
    own_fault_ = nullptr;
    values_[i] = lower_node(stage_.nodes[i]);
    faults_[i] = fault_of(stage_.nodes[i], own_fault_);
  }
  for (const PlanStore& store : stage_.stores) {
    const unsigned bits = plan_.arrays[store.array].bits;
    store_row(store.array, store.first_row ? builder_.getInt64(0) : index, 0, operand(store.node, bits));
    raise_fault(faults_[store.node]);
  }
  for (size_t i = 0; i < stage_.accumulators.size(); ++i) {
    if (locals_[i]) fold_local(i);
    else fold_direct(stage_.accumulators[i]);
  }
}

void StageLowering::lower_segment(llvm::Value* segment) {
  const int64_t width = 2 + static_cast<int64_t>(stage_.groups.size());
  llvm::Value* entry = builder_.CreateMul(segment, builder_.getInt64(static_cast<uint64_t>(width)));
  const auto field = [&](int64_t i, const char* name) {
    llvm::Value* at = builder_.CreateInBoundsGEP(builder_.getInt32Ty(), pointers_[stage_.segments], builder_.CreateAdd(entry, builder_.getInt64(static_cast<uint64_t>(i))));
    return builder_.CreateZExt(builder_.CreateAlignedLoad(builder_.getInt32Ty(), at, llvm::Align(4)), builder_.getInt64Ty(), name);
  };
  llvm::Value *begin = field(0, "begin"), *end = field(1, "end");
  rows_.clear();
  for (size_t g = 0; g < stage_.groups.size(); ++g) rows_.push_back(field(2 + static_cast<int64_t>(g), "row"));
  for (size_t i = 0; i < locals_.size(); ++i) {
    if (!locals_[i]) continue;
    const PlanAccumulator& accumulator = stage_.accumulators[i];
    const bool sums = accumulator.fn == Fn::sum;
    const unsigned bits = sums ? accumulator.local_bits : plan_.arrays[accumulator.array].bits;
    builder_.CreateStore(constant(bits, sums ? 0 : plan_.arrays[accumulator.array].initial[accumulator.element]), locals_[i]);
  }
  build_loop(builder_, begin, end, 1, "index", [&](llvm::Value* index) { lower_step(index); });
  for (size_t i = 0; i < locals_.size(); ++i)
    if (locals_[i]) flush(i);
}

void StageLowering::lower() {
  llvm::Type* pointer = builder_.getPtrTy();
  llvm::FunctionType* signature = llvm::FunctionType::get(builder_.getVoidTy(), {pointer, builder_.getInt64Ty(), builder_.getInt64Ty()}, false);
  lanes_ = choose_lanes(plan_, stage_, target_);
  llvm::Function* function = begin_function(module_, target_, "stage_" + std::to_string(number_), signature, work_of(plan_, stage_, lanes_));
  builder_.SetInsertPoint(&function->getEntryBlock());

  std::set<uint32_t> used{stage_.segments, plan_.fault_array};
  for (const PlanNode& node : stage_.nodes) {
    if (node.op == PlanOp::load) used.insert(node.array);
    if (node.map != kNone) used.insert(node.map);
  }
  for (const PlanStore& store : stage_.stores) used.insert(store.array);
  for (const PlanAccumulator& accumulator : stage_.accumulators) {
    used.insert(accumulator.array);
    if (accumulator.seen != kNone) used.insert(accumulator.seen);
  }
  pointers_.assign(plan_.arrays.size(), nullptr);
  for (const uint32_t array : used) {
    llvm::Value* slot = builder_.CreateInBoundsGEP(pointer, function->getArg(0), builder_.getInt64(array));
    pointers_[array] = builder_.CreateAlignedLoad(pointer, slot, llvm::Align(8), plan_.arrays[array].name);
  }
  for (const PlanAccumulator& accumulator : stage_.accumulators) {
    const unsigned bits = accumulator.fn == Fn::sum ? accumulator.local_bits : plan_.arrays[accumulator.array].bits;
    locals_.push_back(is_local(accumulator.fn) ? builder_.CreateAlloca(type(bits), nullptr, "local") : nullptr);
  }
  if (stage_.fault_bits) {
    fault_ = builder_.CreateAlloca(builder_.getInt32Ty(), nullptr, "fault");
    call_fault_ = builder_.CreateAlloca(builder_.getInt32Ty(), nullptr, "call_fault");
    for (llvm::Value** slot : {&argument_a_, &argument_b_, &result_}) {
      llvm::AllocaInst* made = builder_.CreateAlloca(builder_.getInt128Ty(), nullptr, "wide");
      made->setAlignment(llvm::Align(16));
      *slot = made;
    }
  }
  build_loop(builder_, function->getArg(1), function->getArg(2), 1, "segment", [&](llvm::Value* segment) {
    build_loop(builder_, builder_.getInt64(0), builder_.getInt64(kTileMembers), lanes_, "chunk", [&](llvm::Value* chunk) {
      chunk_ = chunk;
      if (stage_.fault_bits) builder_.CreateStore(builder_.getInt32(0), fault_);
      lower_segment(segment);
      if (!stage_.fault_bits) return;
      llvm::Value* zero = builder_.getInt64(0);
      llvm::Value* before = load_row(plan_.fault_array, zero, 0);
      store_row(plan_.fault_array, zero, 0, builder_.CreateOr(before, builder_.CreateLoad(builder_.getInt32Ty(), fault_)));
    });
  });
  builder_.CreateRetVoid();
}

}  // namespace wattlaw
