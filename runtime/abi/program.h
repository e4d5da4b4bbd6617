// Program: native kernels and the memory they walk; all that a run needs to know of the compiler.
// A kernel gets one array of pointers and a range of segments or rows. It never calls back except through RuntimeCalls.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/number/rounding.h"

namespace wattlaw {

inline constexpr uint32_t kTileLanes = 32;

// arrays[i] is the memory of plan array i for this tile. [first, last) counts segments of a stage.
using StageKernel = void (*)(void* const* arrays, int64_t first, int64_t last);
// out[row] for rows [first, last) as the table says; see PlanGather.
using GatherKernel = void (*)(const void* slots, const int64_t* table, void* out, int64_t first, int64_t last);

struct ProgramArray {
  enum class Kind : uint8_t { shared, per_tile, per_thread } kind = Kind::shared;
  const uint8_t* base = nullptr;      // shared, per_tile
  size_t tile_stride = 0;
  size_t bytes = 0;                   // per_thread
  bool initialise = false;
  uint32_t element_bytes = 8;         // of `initial`
  std::vector<Int128> initial;        // pattern: 32 lanes of each in turn
};

struct ProgramStep {
  StageKernel stage = nullptr;
  GatherKernel gather = nullptr;
  uint32_t slots = 0, table = 0, out = 0;  // gather: arrays
  size_t slots_offset = 0;
  std::vector<uint32_t> block_ends;        // stage: segments done after each block; gather: one entry, its rows
};

struct Program {
  std::vector<ProgramArray> arrays;
  std::vector<ProgramStep> steps;
  uint32_t blocked_steps = 0, blocks = 1, tiles = 0;
};

// Mantissa of the root of `operand`, see PlanRoot.
struct RootSpec {
  Rational operand_quantum, quantum;
  RoundingMode rounding = RoundingMode::half_even;
};

// What kernels may call. noexcept, no callback, results through pointers.
struct RuntimeCalls {
  void (*round_quotient)(const Int128* dividend, const Int128* divisor, int32_t mode, Int128* out, int32_t* fault) noexcept;
  void (*root)(const Int128* operand, const RootSpec* spec, Int128* out, int32_t* fault) noexcept;
};
RuntimeCalls runtime_calls();

}  // namespace wattlaw
