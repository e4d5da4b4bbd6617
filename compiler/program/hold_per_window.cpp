// What is said per interval but stays the same throughout each window of a period, as a value of the window: `by Season { … }` for a
// monthly peak, `where weekdays` for a daily one. Decided on the settlement's own clock, window by window.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {

bool is_pointwise(Op op) {
  switch (op) {
    case Op::add:
    case Op::multiply:
    case Op::negate:
    case Op::absolute:
    case Op::minimum:
    case Op::maximum:
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_not:
    case Op::logical_and:
    case Op::logical_or:
    case Op::select:
    case Op::linearly: return true;
    default: return false;
  }
}

}  // namespace

// One value a window, if all steps of each window have the same; `of_step` gives a number that tells values apart.
std::optional<std::vector<uint32_t>> Elaborator::same_within(const Windows& windows, const std::function<uint32_t(uint32_t)>& of_step) {
  std::vector<uint32_t> values(windows.size());
  for (uint32_t w = 0; w < windows.size(); ++w) {
    values[w] = of_step(windows.first_step[w]);
    for (uint32_t step = windows.first_step[w] + 1; step < windows.first_step[w + 1]; ++step)
      if (of_step(step) != values[w]) return std::nullopt;
  }
  return values;
}

// `choices[of_window[w]]` in window w.
ExpressionId Elaborator::by_window(const std::vector<uint32_t>& of_window, const std::vector<ExpressionId>& choices, const Period& period, Span span) {
  const Windows& windows = *windows_of(period);
  Expression e;
  e.op = Op::dated;
  e.type = pool_[choices[0]].type;
  e.grain = {EntityGrain::none, period};
  e.change = Change::at_start;
  e.span = span;
  for (uint32_t w = 0; w < windows.size(); ++w) {
    ExpressionId value = choices[of_window[w]];
    if (!e.operands.empty() && e.operands.back() == value) continue;
    e.dates.push_back(e.dates.empty() ? Date{INT32_MIN / 2} : windows.nominal_begin[w]);
    e.operands.push_back(value);
    e.grain = finer(e.grain, pool_[value].grain);
  }
  return e.operands.size() == 1 ? e.operands[0] : pool_.intern(std::move(e));
}

ExpressionId Elaborator::in_windows(const std::vector<bool>& which, const Period& period, Span span) {
  return by_window({which.begin(), which.end()}, {pool_.boolean(false, span), pool_.boolean(true, span)}, period, span);
}

uint32_t class_of_step(const TypedProgram& program, uint32_t bands, const Clock& clock, uint32_t step) {
  const BandsTable& table = program.bands[bands];
  uint32_t otherwise = static_cast<uint32_t>(table.classes.size());
  for (uint32_t i = 0; i < table.classes.size(); ++i) {
    if (table.classes[i].otherwise) otherwise = i;
    const auto holds = [&](uint32_t set) { return program.time_sets[set].contains(clock.date_of_step(step), clock.local_minute[step]); };
    if (std::any_of(table.classes[i].any_of.begin(), table.classes[i].any_of.end(), holds)) return i;
  }
  return otherwise;
}

uint32_t Elaborator::class_at(uint32_t bands, uint32_t step) const { return class_of_step(program_, bands, *clock_, step); }

std::vector<std::vector<bool>> Elaborator::band_windows(uint32_t bands, const Windows& windows) {
  std::vector<std::vector<bool>> occurs(program_.bands[bands].classes.size(), std::vector<bool>(windows.size()));
  for (uint32_t step = 0; step < clock_->steps; ++step)
    if (uint32_t found = class_at(bands, step); found < occurs.size()) occurs[found][windows.window_of_step[step]] = true;
  return occurs;
}

// Whether a condition is the same in all steps of each window, by the calendar alone.
bool Elaborator::is_same_within(ExpressionId id, const Period& period) {
  const Expression& e = pool_[id];
  if (e.grain.time != kInterval) return e.grain.time.unit == Period::Unit::none || nests_in(period, e.grain.time);
  const Windows* windows = period.rolling ? nullptr : windows_of(period);
  if (!windows) return false;
  if (e.op == Op::band) return same_within(*windows, [&](uint32_t step) { return class_at(e.index, step); }).has_value();
  if (e.op == Op::in_time_set)
    return same_within(*windows, [&](uint32_t step) { return program_.time_sets[e.index].contains(clock_->date_of_step(step), clock_->local_minute[step]); }).has_value();
  if (e.op == Op::dated && e.change == Change::at_step && period.unit <= Period::Unit::day && period.start_minute == 0)  // texts change at midnight
    return std::all_of(e.operands.begin(), e.operands.end(), [&](ExpressionId operand) { return is_same_within(operand, period); });
  return is_pointwise(e.op) && std::all_of(e.operands.begin(), e.operands.end(), [&](ExpressionId operand) { return is_same_within(operand, period); });
}

// The value per window of `period`, or invalid if it changes within one (or is metered, and so belongs to its interval).
ExpressionId Elaborator::held_per(ExpressionId id, const Period& period) {
  const Expression e = pool_[id];
  // Windows that begin inside a day cannot be told apart by dates; nothing is held over them.
  if (period.unit < Period::Unit::day || period.unit == Period::Unit::session || period.start_minute != 0 || period.rolling) return {};
  if (e.grain.time.unit == Period::Unit::none || (e.grain.time != kInterval && nests_in(period, e.grain.time))) return id;
  const Windows* windows = windows_of(period);
  if (!windows || e.grain.time != kInterval) return {};
  if (e.op == Op::band) {
    auto classes = same_within(*windows, [&](uint32_t step) { return class_at(e.index, step); });
    if (!classes) return {};
    std::vector<ExpressionId> values;
    for (uint32_t i = 0; i < program_.bands[e.index].classes.size(); ++i) values.push_back(pool_.constant(i, e.type, e.span));
    return std::any_of(classes->begin(), classes->end(), [&](uint32_t c) { return c >= values.size(); }) ? ExpressionId{} : by_window(*classes, values, period, e.span);
  }
  if (e.op == Op::in_time_set) {
    auto inside = same_within(*windows, [&](uint32_t step) { return program_.time_sets[e.index].contains(clock_->date_of_step(step), clock_->local_minute[step]); });
    return inside ? in_windows({inside->begin(), inside->end()}, period, e.span) : ExpressionId{};
  }
  if (e.op == Op::dated && e.change == Change::at_step) {
    std::vector<ExpressionId> values;
    for (ExpressionId operand : e.operands) {
      ExpressionId held = held_per(operand, period);
      if (!held) return {};
      values.push_back(held);
    }
    auto versions = same_within(*windows, [&](uint32_t step) {
      size_t version = 0;
      while (version + 1 < values.size() && e.dates[version + 1] <= clock_->date_of_step(step)) ++version;
      return static_cast<uint32_t>(version);
    });
    return versions ? by_window(*versions, values, period, e.span) : ExpressionId{};
  }
  if (!is_pointwise(e.op)) return {};
  std::vector<ExpressionId> operands;
  for (ExpressionId operand : e.operands) {
    ExpressionId held = held_per(operand, period);
    if (!held) return {};
    operands.push_back(held);
  }
  return pool_.make(e.op, e.type, std::move(operands), e.span);
}

}  // namespace wattlaw
