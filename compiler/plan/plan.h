// Plan: what is computed where, for one settlement over one set of traces. Made by build_plan, checked by verify_plan, lowered to LLVM.
//
// Meaning. A plan computes, for one tile of 32 members (lanes), integers: a value is a mantissa; its static quantum is known to the
// builder only. Between two barriers (round_quotient, root) all arithmetic is exact, so any order, width, thread or fusion gives the
// same digit; no pass may move, merge or duplicate a barrier across grains.
//
// A *stage* walks the indices of one grain (steps, hours, days, months, …) in order. For each index it computes its nodes, stores some
// of them into rows of arrays, and folds some into accumulator rows of coarser windows. A run of indices whose accumulator rows do not
// change is a *segment*: sums, maxima and minima stay in registers within it and are flushed at its end.
//
// Uniform values (the same for every member) were folded when the plan was made: they are arrays of constants, never code.
// Sums of flow times uniform factor share *slots*: one row of sums per cell (window × class of all constant factors); a *gather*
// then weighs the slots of a window by a table. So accumulators serve all tariffs, and rates are data.
//
// Ranges. Every node has proven bounds. Its width (32, 64, 128 bits) holds them; where none does, the node is `checked`: it sets the
// lane's fault mask on overflow, as a division by zero and the root of a negative do. A member with a fault is settled by the interpreter.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/program/typed_program.h"
#include "runtime/number/wide_integer.h"

namespace wattlaw {

inline constexpr uint32_t kNone = UINT32_MAX;

enum class PlanOp : uint8_t {
  constant,                       // value
  load,                           // array row chosen by `access`, lane vector `element` of the row; of a uniform array: for all lanes
  add, multiply, minimum, maximum,  // a, b
  less, less_equal, equal,        // a, b -> 1 bit
  logical_not, logical_and, logical_or,
  select,                         // a (1 bit) ? b : c
  round_quotient,                 // a / b to a whole number by `rounding`; b == 0 is a fault
  root,                           // roots[root] of a; a negative a is a fault
};

enum class Access : uint8_t {
  own,     // the stage's index
  mapped,  // map array at the stage's index
  first,   // row 0
  lagged,  // index - lag, never below 0
};

struct PlanNode {
  PlanOp op = PlanOp::constant;
  uint8_t bits = 64;              // 1, 32, 64 or 128
  bool checked = false;           // add, multiply
  RoundingMode rounding = RoundingMode::half_even;
  Access access = Access::own;
  uint32_t a = kNone, b = kNone, c = kNone;
  uint32_t array = kNone, element = 0, map = kNone, lag = 0, root = kNone;
  Int128 value = 0;
  Int128 low = 0, high = 0;       // proven, both inclusive
  ExpressionId origin;
};

struct PlanArray {
  enum class Kind : uint8_t {
    series,    // readings of the tile: [step][32]
    presence,  // one 32-bit lane mask a step
    input,     // per tile, made beforehand: attributes, columns of the interpreter: [row][32]
    uniform,   // one value a row for all lanes
    scratch,   // per thread: [row][element][32]; one row more than `rows` takes what falls into no window
  } kind = Kind::scratch;
  std::string name;
  uint8_t bits = 64;              // 32, 64, 128; of a series 8 and 16 as well, which a load makes 32
  uint32_t rows = 0, elements = 1;
  bool initialise = false;        // scratch: filled with `initial` before each tile
  std::vector<Int128> initial;    // one an element
  std::vector<uint8_t> data;      // input, uniform, presence
  const uint8_t* external = nullptr;  // series
  size_t tile_stride = 0;         // bytes from one tile to the next; 0: the same for all
  uint32_t served = kNone;        // series: its position in the traces
};

struct PlanStore {
  uint32_t node, array;
  bool first_row = false;         // a state of the lane: row 0
};

struct PlanAccumulator {
  enum class Fn : uint8_t { sum, maximum, minimum, first, last, largest, smallest } fn = Fn::sum;
  uint32_t operand = kNone, condition = kNone;  // nodes; no condition: always
  uint32_t array = kNone, element = 0, group = 0;
  uint32_t seen = kNone;          // first: array of lanes that have one
  uint32_t take = 0;              // largest, smallest: elements 0 .. take-1, best first
  uint8_t local_bits = 64;        // sum: width that holds a segment's part
  bool overwrite = false;         // each row is written by one segment: no read, no initial value
};

// Where the accumulators of one window and uniform condition go: row of each index, `rows` where the condition does not hold.
struct PlanGroup {
  std::vector<uint32_t> row_of_index;
  uint32_t rows = 0;
};

struct PlanStage {
  Period grain;
  uint32_t rank = 0;
  uint32_t count = 0;             // indices
  std::vector<PlanNode> nodes;    // operands before users
  std::vector<PlanStore> stores;
  std::vector<PlanAccumulator> accumulators;
  std::vector<PlanGroup> groups;
  uint32_t lanes = 32;            // of one vector: 32, 16, 8; 1: a scalar loop over the 32
  uint32_t segments = kNone;      // array of int32 rows: begin, end, row of each group
  uint32_t segment_count = 0;
  std::vector<uint32_t> block_ends;  // segments done at the end of each block; one entry if the stage runs at once
  uint32_t fault_bits = 0;        // 1 if a node may fault
};

// out[row] = Σ over its terms of coefficient × Σ of slot rows. Table: uniform int64, for each row its begin, then count of groups, and
// for each group: coefficient, count, slot rows.
struct PlanGather {
  uint32_t slots = kNone, element = 0, table = kNone, out = kNone, rows = 0;
};

struct PlanRoot {
  Rational operand_quantum, quantum;
  RoundingMode rounding;
};

struct PlanStep {
  enum class Kind : uint8_t { stage, gather } kind;
  uint32_t index;
};

struct PlanOutput {               // a wanted column
  ExpressionId expression;
  uint32_t array = kNone, presence = kNone;
  Quantum quantum;
  uint32_t rows = 0;
  int uniform = -1;               // folded: index into Plan::uniform_outputs, no array
};

struct Plan {
  std::vector<PlanArray> arrays;
  std::vector<PlanStage> stages;
  std::vector<PlanGather> gathers;
  std::vector<PlanStep> order;
  uint32_t blocked_steps = 0;     // that many steps of `order` run block by block, the rest after all blocks
  uint32_t blocks = 1;
  std::vector<PlanRoot> roots;
  uint32_t fault_array = kNone;   // scratch, 32 bits, one row
  std::vector<PlanOutput> outputs;
  uint32_t tiles = 0;
  std::vector<std::string> notes;
};

// What is spent on the machine code of a plan. by_work: a function that this plan keeps busy for less time than optimising it takes is
// translated as it stands. The digits are the same.
enum class Optimisation : uint8_t { none, by_work, all };

inline uint8_t bits_for(Int128 low, Int128 high) {
  if (low >= INT32_MIN && high <= INT32_MAX) return 32;
  if (low >= INT64_MIN && high <= INT64_MAX) return 64;
  return 128;
}

// Our own bug if it returns a text: what is wrong with the plan.
std::string verify_plan(const Plan& plan);
std::string print_plan(const Plan& plan, const TypedProgram& program);

}  // namespace wattlaw
