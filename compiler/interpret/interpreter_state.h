// Inside of the interpreter: the memo and one function per op. Only compiler/interpret/*.cpp include it.
#pragma once
#include <map>
#include <unordered_map>
#include <vector>

#include "compiler/interpret/interpret.h"

namespace wattlaw {

// The memo of one expression for one site (or for everybody): a value per window of its grain.
struct MemoColumn {
  enum : uint8_t { unknown, nothing, no, yes, number };
  std::vector<uint8_t> state;
  std::vector<Rational> numbers;  // only where the expression is no boolean
};

// A value together with the window it comes from, in chronological order.
struct TimedValue {
  uint32_t window = 0;
  Rational number;
};

// `fn` over values in chronological order. `exact_mean`: a mean is the exact quotient, else it is rounded like `divide`.
Value combine_values(Aggregate fn, const std::vector<TimedValue>& values, bool exact_mean);
// The `take` largest (negative: smallest) values, those there are, earlier ones first among equals; chronological. 0: all.
void keep_taken(std::vector<TimedValue>& values, int32_t take);

struct Interpreter::State {
  State(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces);

  // A chain of operands deeper than this is a fault, never a stack overflow; sums and tables are flat, so programs stay far below.
  static constexpr int kMaxDepth = 1000;

  const TypedProgram& program;
  const Settlement& settlement;
  const Clock& clock;
  const Traces& traces;
  std::vector<int32_t> series_position, attribute_position;  // program index -> place in traces, -1 if not loaded
  std::vector<std::pair<Period, std::unique_ptr<Windows>>> windows_cache;
  std::vector<const Windows*> grain_windows;                 // by expression; null until used
  std::vector<MemoColumn> shared;                            // by expression, entity grain none
  std::unordered_map<uint32_t, std::vector<MemoColumn>> by_site;  // by member; an expression belongs to one kind of members
  std::vector<uint32_t> day_before;                          // same_time_of_day_before; empty until used
  std::optional<Fault> fault;
  int depth = 0;

  Value evaluate(ExpressionId id, uint32_t site, uint32_t step);
  Rational number(ExpressionId id, uint32_t site, uint32_t step) { return evaluate(id, site, step).number; }  // nothing is 0
  bool holds(ExpressionId id, uint32_t site, uint32_t step);                                                  // nothing is false
  const Windows& windows(const Period& period);
  const Windows& windows_of(ExpressionId id);
  std::optional<Value> recall(ExpressionId id, uint32_t site, uint32_t window) const;  // from the memo
  void remember(ExpressionId id, uint32_t site, uint32_t window, const Value& value);
  void fail(std::string code, std::string message, ExpressionId id, uint32_t site, uint32_t step);

  // Where an operation stands: `window` of its grain, and that window's first step, at which coarser operands are read.
  struct Place {
    ExpressionId id;
    uint32_t site, window, step;
  };
  Value compute(const Expression& expression, const Place& place);
  Value read_series(const Expression& expression, const Place& place);
  Value classify_band(const Expression& expression, const Place& place);
  Value compute_arithmetic(const Expression& expression, const Place& place);
  Value compare(const Expression& expression, const Place& place);
  Value interpolate(const Expression& expression, const Place& place);
  Value choose_dated(const Expression& expression, const Place& place);
  Value window_fact(const Expression& expression, const Place& place);
  Value round_operands(const Expression& expression, const Place& place);
  Value aggregate(const Expression& expression, const Place& place);
  Value quota(const Expression& expression, const Place& place);
  Value previous(const Expression& expression, const Place& place);
  Value running_surplus(const Expression& expression, const Place& place);
  Value value_of_one(ExpressionId id, uint32_t member, uint32_t step, size_t of_how_many);
  Value over_members(const Expression& expression, const Place& place);
  Value of_holder(const Expression& expression, const Place& place);
  Value allocate_part(const Expression& expression, const Place& place);
  Value same_time(const Expression& expression, const Place& place);
  Value origin(const Expression& expression, const Place& place);
  // The member that attribute `index` of a member names; -1: none.
  int64_t named(uint32_t index, uint32_t member, const Place& place);
  // The values an aggregate takes, after filter and `take`; `left_out`: the filter or a nothing took some away.
  std::vector<TimedValue> gather(const Expression& expression, const Place& place, bool& left_out);
  Period gathered_grain(const Expression& expression) const;
};

}  // namespace wattlaw
