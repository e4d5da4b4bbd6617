// One plan node -> LLVM values of 1, 8, 16 or 32 lanes.
#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include "compiler/lowering/stage_lowering.h"

namespace wattlaw {
namespace {

constexpr Int128 kMostChecked = Int128{1} << 126;
constexpr unsigned kPrefetchBytes = 16384;

llvm::APInt bits_of(unsigned bits, Int128 value) {
  const uint64_t words[2] = {static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64)};
  return bits <= 64 ? llvm::APInt(bits, words[0] & (bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1)) : llvm::APInt(128, words);
}

bool is_inline_quotient(const PlanNode& a, const PlanNode& b) {
  constexpr Int128 kMost = Int128{1} << 62;
  return a.low > -kMost && a.high < kMost && b.low >= 0 && b.high < kMost;
}

}  // namespace

llvm::Type* StageLowering::type(unsigned bits) const {
  llvm::Type* scalar = llvm::Type::getIntNTy(module_.getContext(), bits);
  return lanes_ == 1 ? scalar : llvm::FixedVectorType::get(scalar, lanes_);
}

llvm::Value* StageLowering::constant(unsigned bits, Int128 value) const { return llvm::ConstantInt::get(type(bits), bits_of(bits, value)); }

llvm::Value* StageLowering::widen(llvm::Value* value, unsigned from, unsigned to) {
  if (from == to) return value;
  if (from == 1) return builder_.CreateZExt(value, type(to));
  return from < to ? builder_.CreateSExt(value, type(to)) : builder_.CreateTrunc(value, type(to));
}

// &array[row][element][chunk]
llvm::Value* StageLowering::address(uint32_t array, llvm::Value* row, uint32_t element) {
  const PlanArray& of = plan_.arrays[array];
  llvm::Value* vector = builder_.CreateAdd(builder_.CreateMul(row, builder_.getInt64(of.elements)), builder_.getInt64(element));
  llvm::Value* at = builder_.CreateAdd(builder_.CreateMul(vector, builder_.getInt64(kTileMembers)), chunk_);
  return builder_.CreateGEP(builder_.getIntNTy(of.bits), pointers_[array], at);
}

llvm::Value* StageLowering::load_row(uint32_t array, llvm::Value* row, uint32_t element) {
  const PlanArray& of = plan_.arrays[array];
  const bool is_aligned = of.kind != PlanArray::Kind::input;
  const uint64_t align = is_aligned ? std::min<uint64_t>(64, uint64_t{lanes_} * of.bits / 8) : std::min(of.bits / 8, 8);
  return builder_.CreateAlignedLoad(type(of.bits), address(array, row, element), llvm::Align(align), of.name);
}

void StageLowering::store_row(uint32_t array, llvm::Value* row, uint32_t element, llvm::Value* value) {
  const uint64_t align = std::min<uint64_t>(64, uint64_t{lanes_} * plan_.arrays[array].bits / 8);
  builder_.CreateAlignedStore(value, address(array, row, element), llvm::Align(align));
}

llvm::Value* StageLowering::better(bool larger, llvm::Value* a, llvm::Value* b) {
  return builder_.CreateBinaryIntrinsic(larger ? llvm::Intrinsic::smax : llvm::Intrinsic::smin, a, b);
}

llvm::Value* StageLowering::either_fault(llvm::Value* a, llvm::Value* b) { return !a ? b : !b ? a : builder_.CreateOr(a, b); }

llvm::Value* StageLowering::fault_of(const PlanNode& node, llvm::Value* own) {
  const auto of = [&](uint32_t operand) { return operand == kNone ? nullptr : faults_[operand]; };
  if (node.op != PlanOp::select) return either_fault(own, either_fault(either_fault(of(node.a), of(node.b)), of(node.c)));
  llvm::Value *yes = of(node.b), *no = of(node.c), *never = builder_.getFalse();
  llvm::Value* taken = yes || no ? builder_.CreateSelect(values_[node.a], yes ? yes : never, no ? no : never) : nullptr;
  return either_fault(of(node.a), taken);
}

void StageLowering::raise_fault(llvm::Value* is_fault) {
  if (!is_fault) return;
  llvm::Value* before = builder_.CreateLoad(builder_.getInt32Ty(), fault_);
  builder_.CreateStore(builder_.CreateOr(before, builder_.CreateZExt(is_fault, builder_.getInt32Ty())), fault_);
}

// The processor's own prefetch follows the rows, but starts anew at each page; asking for the lines ahead keeps the bus busy.
void StageLowering::prefetch_ahead(uint32_t array, llvm::Value* row) {
  llvm::Value* ahead = builder_.CreateAdd(row, builder_.getInt64(kPrefetchBytes / (kTileMembers * plan_.arrays[array].bits / 8)));
  llvm::Value* at = address(array, ahead, 0);
  for (unsigned byte = 0; byte < lanes_ * plan_.arrays[array].bits / 8; byte += 64) {
    llvm::Value* line = builder_.CreateGEP(builder_.getInt8Ty(), at, builder_.getInt64(byte));
    builder_.CreateIntrinsic(llvm::Intrinsic::prefetch, {builder_.getPtrTy()}, {line, builder_.getInt32(0), builder_.getInt32(3), builder_.getInt32(1)});
  }
}

llvm::Value* StageLowering::lower_load(const PlanNode& node) {
  const PlanArray& array = plan_.arrays[node.array];
  llvm::Value* row = index_;
  switch (node.access) {
    case Access::own: break;
    case Access::first: row = builder_.getInt64(0); break;
    case Access::mapped: {
      llvm::Value* at = builder_.CreateInBoundsGEP(builder_.getInt32Ty(), pointers_[node.map], index_);
      row = builder_.CreateZExt(builder_.CreateAlignedLoad(builder_.getInt32Ty(), at, llvm::Align(4)), builder_.getInt64Ty(), "window");
      break;
    }
    case Access::lagged: {
      llvm::Value* back = builder_.CreateSub(index_, builder_.getInt64(node.lag));
      row = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, back, builder_.getInt64(0));
      break;
    }
  }
  if (array.kind == PlanArray::Kind::presence) {
    llvm::Value* at = builder_.CreateInBoundsGEP(builder_.getInt32Ty(), pointers_[node.array], row);
    llvm::Value* mask = builder_.CreateAlignedLoad(builder_.getInt32Ty(), at, llvm::Align(4), "presence");
    mask = builder_.CreateLShr(mask, builder_.CreateTrunc(chunk_, builder_.getInt32Ty()));
    if (lanes_ == 1) return builder_.CreateTrunc(mask, builder_.getInt1Ty());
    return builder_.CreateBitCast(lanes_ == 32 ? mask : builder_.CreateTrunc(mask, builder_.getIntNTy(lanes_)), type(1));
  }
  llvm::Value* value;
  if (array.kind == PlanArray::Kind::uniform) {
    llvm::Type* scalar = builder_.getIntNTy(array.bits);
    llvm::Value* at = builder_.CreateInBoundsGEP(scalar, pointers_[node.array], row);
    value = builder_.CreateAlignedLoad(scalar, at, llvm::Align(std::min(array.bits / 8, 8)), array.name);
    if (lanes_ > 1) value = builder_.CreateVectorSplat(lanes_, value);
  } else {
    value = load_row(node.array, row, node.element);
    if (array.kind == PlanArray::Kind::series && lanes_ > 1) prefetch_ahead(node.array, row);
  }
  if (array.bits < 32 && node.bits != 1) return builder_.CreateSExt(value, type(node.bits));
  return node.bits == 1 ? builder_.CreateICmpNE(value, constant(array.bits, 0)) : value;
}

// a + b or a * b in 128 bits; past 126 the lane has a fault.
llvm::Value* StageLowering::lower_checked(const PlanNode& node) {
  llvm::Value *a = operand(node.a, 128), *b = operand(node.b, 128);
  const auto id = node.op == PlanOp::add ? llvm::Intrinsic::sadd_with_overflow : llvm::Intrinsic::smul_with_overflow;
  llvm::Value* both = builder_.CreateBinaryIntrinsic(id, a, b);
  llvm::Value* value = builder_.CreateExtractValue(both, 0);
  llvm::Value* too_wide = builder_.CreateOr(builder_.CreateICmpSGT(value, constant(128, kMostChecked)), builder_.CreateICmpSLT(value, constant(128, -kMostChecked)));
  own_fault_ = builder_.CreateOr(builder_.CreateExtractValue(both, 1), too_wide);
  return value;
}

llvm::Value* StageLowering::call_barrier(const char* name, llvm::ArrayRef<llvm::Value*> arguments, llvm::Value* out, unsigned bits) {
  std::vector<llvm::Type*> types;
  for (llvm::Value* argument : arguments) types.push_back(argument->getType());
  llvm::FunctionCallee callee = module_.getOrInsertFunction(name, llvm::FunctionType::get(builder_.getVoidTy(), types, false));
  llvm::cast<llvm::Function>(callee.getCallee())->setDoesNotThrow();
  builder_.CreateStore(builder_.getInt32(0), call_fault_);
  builder_.CreateCall(callee, arguments);
  own_fault_ = builder_.CreateICmpNE(builder_.CreateLoad(builder_.getInt32Ty(), call_fault_), builder_.getInt32(0));
  return widen(builder_.CreateAlignedLoad(builder_.getInt128Ty(), out, llvm::Align(16)), 128, bits);
}

// q = a / b; r = a - q * b; |2 r| against b decides, away from zero.
llvm::Value* StageLowering::lower_round(const PlanNode& node) {
  const PlanNode &dividend = stage_.nodes[node.a], &divisor = stage_.nodes[node.b];
  if (!is_inline_quotient(dividend, divisor)) {
    builder_.CreateAlignedStore(operand(node.a, 128), argument_a_, llvm::Align(16));
    builder_.CreateAlignedStore(operand(node.b, 128), argument_b_, llvm::Align(16));
    return call_barrier("wattlaw_round_quotient", {argument_a_, argument_b_, builder_.getInt32(static_cast<uint32_t>(node.rounding)), result_, call_fault_}, result_, node.bits);
  }
  llvm::Value *a = operand(node.a, 64), *b = operand(node.b, 64);
  if (divisor.low <= 0) {
    llvm::Value* is_zero = builder_.CreateICmpEQ(b, constant(64, 0));
    own_fault_ = is_zero;
    b = builder_.CreateSelect(is_zero, constant(64, 1), b);
  }
  llvm::Value* quotient = builder_.CreateSDiv(a, b, "quotient");
  llvm::Value* rest = builder_.CreateSub(a, builder_.CreateMul(quotient, b));
  llvm::Value* is_negative = builder_.CreateICmpSLT(a, constant(64, 0));
  llvm::Value* twice = builder_.CreateShl(builder_.CreateSelect(is_negative, builder_.CreateNeg(rest), rest), 1);
  llvm::Value* up = nullptr;
  switch (node.rounding) {
    case RoundingMode::half_up: up = builder_.CreateICmpUGE(twice, b); break;
    case RoundingMode::half_even: {
      llvm::Value* is_odd = builder_.CreateTrunc(quotient, type(1));
      up = builder_.CreateOr(builder_.CreateICmpUGT(twice, b), builder_.CreateAnd(builder_.CreateICmpEQ(twice, b), is_odd));
      break;
    }
    case RoundingMode::up: up = builder_.CreateICmpNE(rest, constant(64, 0)); break;
    case RoundingMode::down: return widen(quotient, 64, node.bits);
  }
  llvm::Value* away = builder_.CreateSelect(is_negative, constant(64, -1), constant(64, 1));
  return widen(builder_.CreateAdd(quotient, builder_.CreateSelect(up, away, constant(64, 0)), "rounded"), 64, node.bits);
}

llvm::Value* StageLowering::lower_root(const PlanNode& node) {
  builder_.CreateAlignedStore(operand(node.a, 128), argument_a_, llvm::Align(16));
  llvm::Value* spec = module_.getOrInsertGlobal("root_spec_" + std::to_string(node.root), builder_.getInt8Ty());
  return call_barrier("wattlaw_root", {argument_a_, spec, result_, call_fault_}, result_, node.bits);
}

llvm::Value* StageLowering::lower_node(const PlanNode& node) {
  const unsigned bits = node.bits;
  const auto compare = [&](llvm::CmpInst::Predicate predicate) -> llvm::Value* {
    const unsigned wide = std::max(stage_.nodes[node.a].bits, stage_.nodes[node.b].bits);
    return builder_.CreateICmp(predicate, operand(node.a, wide), operand(node.b, wide));
  };
  switch (node.op) {
    case PlanOp::constant: return constant(bits, node.value);
    case PlanOp::load: return lower_load(node);
    case PlanOp::add: return node.checked ? lower_checked(node) : builder_.CreateAdd(operand(node.a, bits), operand(node.b, bits), "sum", false, true);
    case PlanOp::multiply: return node.checked ? lower_checked(node) : builder_.CreateMul(operand(node.a, bits), operand(node.b, bits), "product", false, true);
    case PlanOp::minimum: return better(false, operand(node.a, bits), operand(node.b, bits));
    case PlanOp::maximum: return better(true, operand(node.a, bits), operand(node.b, bits));
    case PlanOp::less: return compare(llvm::CmpInst::ICMP_SLT);
    case PlanOp::less_equal: return compare(llvm::CmpInst::ICMP_SLE);
    case PlanOp::equal: return compare(llvm::CmpInst::ICMP_EQ);
    case PlanOp::logical_not: return builder_.CreateNot(values_[node.a]);
    case PlanOp::logical_and: return builder_.CreateAnd(values_[node.a], values_[node.b]);
    case PlanOp::logical_or: return builder_.CreateOr(values_[node.a], values_[node.b]);
    case PlanOp::select: return builder_.CreateSelect(values_[node.a], operand(node.b, bits), operand(node.c, bits));
    case PlanOp::round_quotient: return lower_round(node);
    case PlanOp::root: return lower_root(node);
  }
  return nullptr;
}

}  // namespace wattlaw
