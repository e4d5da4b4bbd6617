// What members of one kind have of another: the sum over a pool's vehicles, the site's price for the vehicle that stands there.
#include <algorithm>
#include <map>

#include "compiler/plan/fill_ledger.h"
#include "compiler/plan/settle_run.h"
#include "runtime/number/allocate.h"
#include "runtime/number/rounding.h"

namespace wattlaw {
namespace {

// The relating expressions below `wanted`, operands before users.
std::vector<ExpressionId> relating(const TypedProgram& program, const std::vector<ExpressionId>& wanted) {
  std::vector<uint8_t> seen(program.expressions.size());
  std::vector<ExpressionId> todo = wanted, found;
  while (!todo.empty()) {
    const ExpressionId id = todo.back();
    todo.pop_back();
    if (seen[id.index]++) continue;
    if (relates_members(program[id].op)) found.push_back(id);
    todo.insert(todo.end(), program[id].operands.begin(), program[id].operands.end());
  }
  std::sort(found.begin(), found.end(), [](ExpressionId a, ExpressionId b) { return a.index < b.index; });
  return found;
}

// The operands' values for the members they are read from.
struct Operands {
  Run& run;
  const Expression& e;
  std::vector<PassColumn> columns; // by operand; empty where it is the same for all

  uint32_t members_of_operand(size_t i) const { return members_of(run.traces, run.program[e.operands[i]].grain.entity).size(); }

  std::optional<Rational> value(size_t i, uint32_t member, uint32_t window) const {
    const Period& own = run.program[e.operands[i]].grain.time;
    const uint32_t row = own == e.grain.time ? window : run.axes.map(e.grain.time, own)[window];
    if (run.program[e.operands[i]].grain.entity == EntityGrain::none) {
      const UniformColumn* uniform = run.folder.fold(e.operands[i]);
      if (!uniform || uniform->is_absent(row)) return std::nullopt;
      return uniform->rational(row);
    }
    const PassColumn& column = columns[i];
    const size_t cell = size_t{row} * members_of_operand(i) + member;
    if (!column.nothing.empty() && column.nothing[cell]) return std::nullopt;
    return Rational(to_integer(column.values[cell]) * column.quantum.numerator, column.quantum.denominator);
  }
};

Status refuse(Run& run, ExpressionId id, const std::string& why) {
  if (run.why.empty()) run.why = why;
  run.refused = id;
  return Ok{};
}

// Which member each member names by attribute `index`; empty: the attribute was not loaded.
std::vector<int64_t> named_by(const Run& run, uint32_t index) {
  const auto& loaded = run.settlement.attributes;
  const auto at = std::find(loaded.begin(), loaded.end(), index);
  std::vector<int64_t> named;
  if (at == loaded.end()) return named;
  for (const Rational& value : run.traces.attributes[static_cast<size_t>(at - loaded.begin())]) named.push_back(static_cast<int64_t>(value));
  return named;
}

// Each member has what the one it names has.
std::optional<ValueColumn> hold(const Operands& operands, const std::vector<int64_t>& named) {
  const PassColumn& of = operands.columns.at(0);
  const uint32_t holders = operands.members_of_operand(0);
  const size_t windows = operands.run.axes.count(operands.e.grain.time), members = named.size();
  ValueColumn column{of.quantum, IntegerColumn(windows * members), std::vector<uint8_t>(windows * members)};
  for (size_t w = 0; w < windows; ++w)
    for (size_t m = 0; m < members; ++m) {
      const size_t from = w * holders + static_cast<size_t>(std::max<int64_t>(named[m], 0));
      const bool is_nothing = named[m] < 0 || (!of.nothing.empty() && of.nothing[from]);
      column.nothing[w * members + m] = is_nothing;
      if (!is_nothing) column.values.set(w * members + m, of.values[from]);
    }
  return column;
}

// Mantissas of values at a common quantum; nullopt: beyond 128 bits.
std::optional<ValueColumn> column_with(const std::vector<Rational>& values, std::vector<uint8_t> nothing) {
  const auto mantissas = column_of(values);
  if (!mantissas) return std::nullopt;
  ValueColumn column{mantissas->quantum, IntegerColumn(values.size()), std::move(nothing)};
  for (size_t i = 0; i < values.size(); ++i) column.values.set(i, mantissas->at(static_cast<uint32_t>(i)));
  return column;
}

// A column of each group in turn.
std::optional<ValueColumn> gather(const Operands& operands, const std::vector<int64_t>& named, uint32_t groups) {
  std::vector<std::vector<uint32_t>> in_group(groups);
  for (uint32_t member = 0; member < named.size(); ++member)
    if (named[member] >= 0) in_group[static_cast<size_t>(named[member])].push_back(member);
  const auto value = [&](size_t i, uint32_t member, uint32_t window) { return operands.value(i, member, window); };
  const uint32_t windows = operands.run.axes.count(operands.e.grain.time);
  std::vector<Rational> values(size_t{windows} * groups);
  std::vector<uint8_t> nothing(values.size());
  for (uint32_t group = 0; group < groups; ++group) {
    const std::vector<std::optional<Rational>> of_group = reduce_members(operands.e, in_group[group], windows, value);
    for (uint32_t w = 0; w < windows; ++w) {
      nothing[size_t{w} * groups + group] = !of_group[w];
      if (of_group[w]) values[size_t{w} * groups + group] = *of_group[w];
    }
  }
  return column_with(values, std::move(nothing));
}

std::optional<UniformColumn> gather_all(const Operands& operands) {
  std::vector<uint32_t> all(members_of(operands.run.traces, operands.e.of).size());
  for (uint32_t member = 0; member < all.size(); ++member) all[member] = member;
  const uint32_t windows = operands.run.axes.count(operands.e.grain.time);
  const auto value = [&](size_t i, uint32_t member, uint32_t window) { return operands.value(i, member, window); };
  std::vector<Rational> values(windows);
  std::vector<uint8_t> absent(windows);
  const std::vector<std::optional<Rational>> found = reduce_members(operands.e, all, windows, value);
  for (uint32_t w = 0; w < windows; ++w) {
    absent[w] = !found[w];
    if (found[w]) values[w] = *found[w];
  }
  auto column = column_of(values);
  if (!column) return std::nullopt;
  if (std::find(absent.begin(), absent.end(), 1) != absent.end()) column->absent = std::move(absent);
  column->count = windows;
  return column;
}

// Each group's amount split over its members; nullopt: not to be split, or too wide.
std::optional<ValueColumn> split(const Operands& operands, const std::vector<int64_t>& named, uint32_t groups) {
  const Expression& e = operands.e;
  const uint32_t windows = operands.run.axes.count(e.grain.time), members = static_cast<uint32_t>(named.size());
  std::vector<std::vector<uint32_t>> in_group(groups);
  for (uint32_t member = 0; member < members; ++member)
    if (named[member] >= 0) in_group[static_cast<size_t>(named[member])].push_back(member);
  std::vector<Rational> values(size_t{windows} * members);
  std::vector<uint8_t> nothing(values.size(), 1);
  for (uint32_t w = 0; w < windows; ++w)
    for (uint32_t group = 0; group < groups; ++group) {
      if (in_group[group].empty()) continue;
      std::vector<Rational> weights;
      for (const uint32_t member : in_group[group]) {
        weights.push_back(operands.value(1, member, w).value_or(0));
        if (weights.back() < 0) return std::nullopt;
      }
      const Rational whole = round_to(operands.value(0, group, w).value_or(0), e.value, e.rounding) / e.value;
      const auto parts = allocate(numerator(whole), weights, e.beyond);
      if (!parts) return std::nullopt;
      for (size_t i = 0; i < parts->size(); ++i) {
        const size_t cell = size_t{w} * members + in_group[group][i];
        values[cell] = Rational((*parts)[i]) * e.value;
        nothing[cell] = 0;
      }
    }
  return column_with(values, std::move(nothing));
}

}  // namespace

Status relate_members(Run& run, const std::vector<ExpressionId>& wanted) {
  for (const ExpressionId id : relating(run.program, wanted)) {
    const Expression& e = run.program[id];
    Operands operands{run, e, std::vector<PassColumn>(e.operands.size())};
    std::map<EntityGrain, Asked> asked;
    for (const ExpressionId operand : e.operands)
      if (const EntityGrain entity = run.program[operand].grain.entity; entity != EntityGrain::none) asked[entity].emplace_back(operand, true);
    for (const auto& [entity, wanted_of_it] : asked) {
      const auto plan = plan_of(run, wanted_of_it, entity, false);
      if (!plan) return refuse(run, id, run.why);
      auto pass = run_pass(run, *plan, entity);
      if (!pass) return pass.failure();
      if (!pass->faults.empty()) return refuse(run, id, "a member has a fault below a value that others read");
      for (size_t k = 0; k < wanted_of_it.size(); ++k)
        for (size_t i = 0; i < e.operands.size(); ++i)
          if (e.operands[i] == wanted_of_it[k].first) operands.columns[i] = pass->columns[k];
    }
    if (e.grain.entity == EntityGrain::none) {
      auto column = gather_all(operands);
      if (!column) return refuse(run, id, "a value over all members is too wide");
      run.folder.give(id, std::move(*column));
      continue;
    }
    const uint32_t members = members_of(run.traces, e.grain.entity).size();
    const std::vector<int64_t> named = e.index == UINT32_MAX ? std::vector<int64_t>(members) : named_by(run, e.index);
    std::optional<ValueColumn> column;
    if (e.op == Op::of_holder) column = hold(operands, named);
    else if (e.op == Op::over_members) column = gather(operands, named, members);
    else column = split(operands, named, e.index == UINT32_MAX ? 1 : members_of(run.traces, static_cast<EntityGrain>(run.program.attributes[e.index].type.choices)).size());
    if (!column) return refuse(run, id, e.op == Op::allocate ? "an amount cannot be split" : "a value over some members is too wide");
    run.given.emplace(id.index, std::move(*column));
  }
  return Ok{};
}

}  // namespace wattlaw
