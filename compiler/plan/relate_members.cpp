// What is read from elsewhere: what members of one kind have of another (the sum over a pool's vehicles, the site's price for the vehicle that
// stands there), and what a member had at the same time of earlier days.
#include <algorithm>
#include <map>
#include <numeric>

#include "compiler/plan/fill_ledger.h"
#include "compiler/plan/settle_run.h"
#include "compiler/program/origin_flow.h"
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
    if (is_from_elsewhere(program[id].op)) found.push_back(id);
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

// The batteries of each site in turn, from the first interval on; nullopt: too wide.
std::optional<ValueColumn> origins(const Operands& operands, const std::vector<int64_t>& site_of, uint32_t sites) {
  const Expression& e = operands.e;
  std::vector<std::vector<uint32_t>> at_site(sites);
  for (uint32_t vehicle = 0; vehicle < site_of.size(); ++vehicle)
    if (site_of[vehicle] >= 0) at_site[static_cast<size_t>(site_of[vehicle])].push_back(vehicle);
  const uint32_t steps = operands.run.clock.steps;
  std::vector<Rational> values(size_t{steps} * sites);
  const auto value = [&](size_t i, uint32_t member, uint32_t step) { return operands.value(i, member, step).value_or(0); };
  for (uint32_t site = 0; site < sites; ++site) {
    std::vector<OriginAccount::Efficiency> efficiencies;
    for (const uint32_t vehicle : at_site[site]) efficiencies.push_back({value(6, vehicle, 0), value(7, vehicle, 0)});
    OriginAccount account(e.beyond, std::move(efficiencies));
    for (uint32_t step = 0; step < steps; ++step) {
      OriginInterval interval{value(0, site, step), value(1, site, step), value(8, site, step) != 0, {}};
      for (const uint32_t vehicle : at_site[site]) interval.vehicles.push_back({value(2, vehicle, step), value(3, vehicle, step), value(4, vehicle, step), value(5, vehicle, step) != 0});
      values[size_t{step} * sites + site] = flow_of(account.flow(interval), static_cast<OriginFlow>(e.count));
    }
  }
  return column_with(values, std::vector<uint8_t>(values.size()));
}

// For each step the steps at the same time of earlier days that count, the latest first.
std::vector<std::vector<uint32_t>> earlier_days(Run& run, const Expression& e) {
  const std::vector<uint32_t> before = same_time_of_day_before(run.clock);
  const UniformColumn* counts = e.operands.size() > 1 ? run.folder.fold(e.operands[1]) : nullptr;
  const auto& map = e.operands.size() > 1 ? run.axes.map(e.grain.time, run.program[e.operands[1]].grain.time) : before;
  std::vector<std::vector<uint32_t>> days(run.clock.steps);
  for (uint32_t step = 0; step < run.clock.steps; ++step)
    for (uint32_t s = before[step]; s != kNoStep && days[step].size() < e.count; s = before[s])
      if (!counts || counts->at(map[s]) != 0) days[step].push_back(s);
  return days;
}

constexpr uint32_t kMaxExactValues = 10;  // a mean of so few is exact

// fn over the values of those days; nullopt: too wide.
std::optional<ValueColumn> at_same_time(const Operands& operands, uint32_t members) {
  const Expression& e = operands.e;
  const std::vector<std::vector<uint32_t>> days = earlier_days(operands.run, e);
  std::vector<Rational> values(days.size() * members);
  std::vector<uint8_t> nothing(values.size());
  for (uint32_t step = 0; step < days.size(); ++step)
    for (uint32_t member = 0; member < members; ++member) {
      std::vector<std::pair<uint32_t, Rational>> found;
      for (auto day = days[step].rbegin(); day != days[step].rend(); ++day)
        if (auto value = operands.value(0, member, *day)) found.emplace_back(*day, std::move(*value));
      const size_t cell = size_t{step} * members + member;
      nothing[cell] = !fold_taken(e.fn, found, 0, e.count <= kMaxExactValues, values[cell]);
    }
  return column_with(values, std::move(nothing));
}

// Sums, and means of few values, of integers on their common quantum: most of what baselines are made of.
std::optional<ValueColumn> add_same_time(const Operands& operands, uint32_t members) {
  const Expression& e = operands.e;
  const PassColumn& of = operands.columns[0];
  if (e.fn != Aggregate::sum && !(e.fn == Aggregate::mean && e.count <= kMaxExactValues)) return std::nullopt;
  if (!of.nothing.empty() && std::find(of.nothing.begin(), of.nothing.end(), 1) != of.nothing.end()) return std::nullopt;
  const std::vector<std::vector<uint32_t>> days = earlier_days(operands.run, e);
  int64_t parts = 1;
  if (e.fn == Aggregate::mean)
    for (const auto& of_step : days) parts = std::lcm(parts, std::max<int64_t>(1, static_cast<int64_t>(of_step.size())));
  constexpr Int128 kWide = Int128{1} << 100;  // times 2,520 parts and 10 days, or 1,200 days: below 2^127
  ValueColumn column{Quantum{of.quantum.numerator, of.quantum.denominator * parts}, IntegerColumn(days.size() * members), std::vector<uint8_t>(days.size() * members)};
  for (uint32_t step = 0; step < days.size(); ++step) {
    const int64_t weight = e.fn == Aggregate::mean && !days[step].empty() ? parts / static_cast<int64_t>(days[step].size()) : 1;
    for (uint32_t member = 0; member < members; ++member) {
      Int128 total = 0;
      for (const uint32_t day : days[step]) {
        const Int128 value = of.values[size_t{day} * members + member];
        if (value > kWide || value < -kWide) return std::nullopt;
        total += value;
      }
      column.values.set(size_t{step} * members + member, total * weight);
      column.nothing[size_t{step} * members + member] = days[step].empty();
    }
  }
  return column;
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
    if (e.grain.entity == EntityGrain::none && e.op == Op::same_time) {
      auto column = at_same_time(operands, 1);
      if (!column) return refuse(run, id, "a value at the same time of earlier days is too wide");
      UniformColumn uniform{column->quantum, {}, {}, std::move(column->nothing), run.clock.steps};
      for (uint32_t step = 0; step < run.clock.steps; ++step) uniform.values.push_back(column->values[step]);
      run.folder.give(id, std::move(uniform));
      continue;
    }
    if (e.grain.entity == EntityGrain::none) {
      auto column = gather_all(operands);
      if (!column) return refuse(run, id, "a value over all members is too wide");
      run.folder.give(id, std::move(*column));
      continue;
    }
    const uint32_t members = members_of(run.traces, e.grain.entity).size();
    if (e.op == Op::same_time) {
      auto column = add_same_time(operands, members);
      if (!column) column = at_same_time(operands, members);
      if (!column) return refuse(run, id, "a value at the same time of earlier days is too wide");
      run.given.emplace(id.index, std::move(*column));
      continue;
    }
    const std::vector<int64_t> named = e.index == UINT32_MAX ? std::vector<int64_t>(members) : named_by(run, e.index);
    std::optional<ValueColumn> column;
    if (e.op == Op::of_holder) column = hold(operands, named);
    else if (e.op == Op::origin) column = origins(operands, named, members);
    else if (e.op == Op::over_members) column = gather(operands, named, members);
    else column = split(operands, named, e.index == UINT32_MAX ? 1 : members_of(run.traces, static_cast<EntityGrain>(run.program.attributes[e.index].type.choices)).size());
    if (!column) return refuse(run, id, e.op == Op::allocate ? "an amount cannot be split" : "a value over some members is too wide");
    run.given.emplace(id.index, std::move(*column));
  }
  return Ok{};
}

}  // namespace wattlaw
