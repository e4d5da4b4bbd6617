// UniformColumn: a value that depends on the clock alone, for every index of its grain: integers at one quantum, as a dictionary
// where few values recur (bands, rates) and index by index where they do not (prices).
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/program/typed_program.h"
#include "runtime/number/wide_integer.h"
#include "runtime/trace/trace_request.h"

namespace wattlaw {

// Windows of every period in use, and the way from a finer index to the coarser window that holds its first step.
class Axes {
 public:
  explicit Axes(const Clock& clock) : clock(clock) {}
  const Windows& windows(const Period& period);  // rolling periods end at every step
  uint32_t count(const Period& period) { return windows(period).size(); }
  const std::vector<uint32_t>& map(const Period& fine, const Period& coarse);
  const Clock& clock;
  std::optional<Failure> failure;

 private:
  std::deque<std::pair<Period, Windows>> windows_;
  std::deque<std::pair<std::pair<Period, Period>, std::vector<uint32_t>>> maps_;
};

struct UniformColumn {
  Quantum quantum;
  std::vector<Int128> values;      // one: everywhere; else by index, or index by index where `index` is empty
  std::vector<uint32_t> index;
  std::vector<uint8_t> absent;     // nothing at this index (value 0); empty: never
  uint32_t count = 1;

  bool is_constant() const { return values.size() == 1; }
  Int128 at(uint32_t i) const { return values.size() == 1 ? values[0] : index.empty() ? values[i] : values[index[i]]; }
  Rational rational(uint32_t i) const { return Rational(to_integer(at(i)) * quantum.numerator, quantum.denominator); }
  bool is_absent(uint32_t i) const { return !absent.empty() && absent[i]; }
};

UniformColumn constant_column(const Rational& value);
std::optional<UniformColumn> column_of(const std::vector<Rational>& values);  // nullopt: too wide
// Few distinct values become a dictionary; the quantum becomes the coarsest.
void compact(UniformColumn& column);
// The column at a finer grain.
UniformColumn spread_column(const UniformColumn& column, const std::vector<uint32_t>& map);
// Sum, product and select of whole columns; nullopt: too wide.
std::optional<UniformColumn> add_columns(const UniformColumn& a, const UniformColumn& b);
std::optional<UniformColumn> multiply_columns(const UniformColumn& a, const UniformColumn& b);
UniformColumn truth_column(const UniformColumn& a, bool when);  // 1 where (a != 0) == when

// fn over (window or member, value) pairs in ascending order, after `take`; false: nothing.
bool fold_taken(Aggregate fn, std::vector<std::pair<uint32_t, Rational>>& values, int32_t take, bool exact_mean, Rational& out);

// Folds expressions of grain (none, …), exactly.
class UniformFolder {
 public:
  UniformFolder(const TypedProgram& program, const Settlement& settlement, Axes& axes, const Traces& traces);
  // Null: something the interpreter must tell (`why`): a fault or a number beyond 126 bits.
  const UniformColumn* fold(ExpressionId id);
  // Values of over_members expressions found by an earlier pass.
  void give(ExpressionId id, UniformColumn column);
  std::string why;

 private:
  std::optional<UniformColumn> compute(const Expression& e);
  const UniformColumn* operand(const Expression& e, size_t i, const Period& grain);
  std::optional<UniformColumn> fold_series(const Expression& e);
  std::optional<UniformColumn> fold_calendar(const Expression& e);
  std::optional<UniformColumn> fold_pointwise(const Expression& e);
  std::optional<UniformColumn> fold_by_value(const Expression& e);
  std::optional<UniformColumn> fold_dated(const Expression& e);
  std::optional<UniformColumn> fold_aggregate(const Expression& e);
  std::optional<UniformColumn> fold_quota(const Expression& e);
  std::optional<UniformColumn> fold_previous(const Expression& e);
  std::optional<UniformColumn> fold_surplus(const Expression& e);

  const TypedProgram& program_;
  const Settlement& settlement_;
  Axes& axes_;
  const Traces& traces_;
  std::vector<std::unique_ptr<UniformColumn>> folded_;
  std::map<std::pair<uint32_t, size_t>, std::unique_ptr<UniformColumn>> spread_;
  std::vector<std::pair<Period, size_t>> grain_ids_;
  size_t grain_id(const Period& period);
};

}  // namespace wattlaw
