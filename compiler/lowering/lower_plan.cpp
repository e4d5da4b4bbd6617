#include "compiler/lowering/lower_plan.h"

#include <map>

#include "compiler/lowering/stage_lowering.h"

namespace wattlaw {
namespace {

// void gather(slots, table, out, first, last):
//   for (chunk …) for (row = first; row < last; ++row) {
//     p = table[row]; groups = table[p++]; total = 0;
//     for (g < groups) { factor = table[p]; n = table[p + 1]; p += 2; part = 0; for (i < n) part += slots[table[p + i]]; p += n; total += part * factor; }
//     out[row] = total; }
void lower_gather(llvm::Module& module, const LoweringTarget& target, const std::string& name, unsigned slot_bits, unsigned out_bits, double words) {
  llvm::IRBuilder<> b(module.getContext());
  llvm::Type *pointer = b.getPtrTy(), *word = b.getInt64Ty();
  const unsigned lanes = out_bits == 128 ? 1 : std::max(target.vector_bits / 64 * 2, 4u);
  constexpr double kInstructionsOfAWord = 6;
  llvm::FunctionType* signature = llvm::FunctionType::get(b.getVoidTy(), {pointer, pointer, pointer, word, word}, false);
  llvm::Function* function = begin_function(module, target, name, signature, words * kInstructionsOfAWord * kTileMembers / lanes);
  b.SetInsertPoint(&function->getEntryBlock());
  llvm::Value *slots = function->getArg(0), *table = function->getArg(1), *out = function->getArg(2);
  const auto type = [&](unsigned bits) -> llvm::Type* {
    llvm::Type* scalar = b.getIntNTy(bits);
    return lanes == 1 ? scalar : llvm::FixedVectorType::get(scalar, lanes);
  };
  const auto at = [&](llvm::Value* i) { return b.CreateAlignedLoad(word, b.CreateInBoundsGEP(word, table, i), llvm::Align(8)); };
  // Slots may be wider than a sum that the data's range proves narrow: modulo 2^out_bits the sum is the same, and it fits.
  const auto widened = [&](llvm::Value* value, unsigned from) { return from == out_bits ? value : b.CreateSExtOrTrunc(value, type(out_bits)); };
  llvm::Value* zero = llvm::Constant::getNullValue(type(out_bits));
  llvm::Value* total = b.CreateAlloca(type(out_bits), nullptr, "total");
  llvm::Value* part = b.CreateAlloca(type(out_bits), nullptr, "part");
  llvm::Value* place = b.CreateAlloca(word, nullptr, "place");
  const llvm::Align out_align(std::min(64u, lanes * out_bits / 8)), slot_align(std::min(64u, lanes * slot_bits / 8));
  build_loop(b, b.getInt64(0), b.getInt64(kTileMembers), lanes, "chunk", [&](llvm::Value* chunk) {
    build_loop(b, function->getArg(3), function->getArg(4), 1, "row", [&](llvm::Value* row) {
      const auto lane_at = [&](llvm::Value* base, unsigned bits, llvm::Value* vector) {
        return b.CreateInBoundsGEP(b.getIntNTy(bits), base, b.CreateAdd(b.CreateMul(vector, b.getInt64(kTileMembers)), chunk));
      };
      llvm::Value* start = at(row);
      b.CreateStore(zero, total);
      b.CreateStore(b.CreateAdd(start, b.getInt64(1)), place);
      build_loop(b, b.getInt64(0), at(start), 1, "group", [&](llvm::Value*) {
        llvm::Value* p = b.CreateLoad(word, place);
        llvm::Value *factor = at(p), *count = at(b.CreateAdd(p, b.getInt64(1))), *rows = b.CreateAdd(p, b.getInt64(2));
        b.CreateStore(zero, part);
        build_loop(b, b.getInt64(0), count, 1, "slot", [&](llvm::Value* i) {
          llvm::Value* slot = b.CreateAlignedLoad(type(slot_bits), lane_at(slots, slot_bits, at(b.CreateAdd(rows, i))), slot_align);
          b.CreateStore(b.CreateAdd(b.CreateLoad(type(out_bits), part), widened(slot, slot_bits)), part);
        });
        llvm::Value* wide = out_bits == 64 ? factor : b.CreateSExt(factor, b.getInt128Ty());
        if (lanes > 1) wide = b.CreateVectorSplat(lanes, wide);
        llvm::Value* product = b.CreateMul(b.CreateLoad(type(out_bits), part), wide);
        b.CreateStore(b.CreateAdd(b.CreateLoad(type(out_bits), total), product), total);
        b.CreateStore(b.CreateAdd(rows, count), place);
      });
      b.CreateAlignedStore(b.CreateLoad(type(out_bits), total), lane_at(out, out_bits, row), out_align);
    });
  });
  b.CreateRetVoid();
}

}  // namespace

std::string gather_name(const Plan& plan, const PlanGather& gather) {
  return "gather_" + std::to_string(plan.arrays[gather.slots].bits) + "_" + std::to_string(plan.arrays[gather.out].bits);
}

std::unique_ptr<llvm::Module> lower_plan(const Plan& plan, const LoweringTarget& target, llvm::LLVMContext& context) {
  auto module = std::make_unique<llvm::Module>("wattlaw", context);
  for (uint32_t i = 0; i < plan.stages.size(); ++i) StageLowering(*module, target, plan, i).lower();
  std::map<std::string, double> words;  // of the tables that a kind of gather walks, over all tiles
  for (const PlanGather& gather : plan.gathers) words[gather_name(plan, gather)] += static_cast<double>(plan.arrays[gather.table].rows) * plan.tiles;
  for (const PlanGather& gather : plan.gathers) {
    const std::string name = gather_name(plan, gather);
    if (const auto to_do = words.extract(name); !to_do.empty())
      lower_gather(*module, target, name, plan.arrays[gather.slots].bits, plan.arrays[gather.out].bits, to_do.mapped());
  }
  return module;
}

}  // namespace wattlaw
