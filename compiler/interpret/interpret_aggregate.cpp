// Ops that look along time or across sites.
#include <algorithm>

#include "compiler/interpret/interpreter_state.h"
#include "compiler/program/origin_flow.h"
#include "runtime/number/allocate.h"
#include "runtime/number/rounding.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

bool is_fixed_window(const Period& period) { return period.unit == Unit::minutes || period.unit == Unit::hour; }

// Means of at most this many taken values have a static quantum (1/2520 of the value's), so they need no barrier.
constexpr int kMaxExactValues = 10;

}  // namespace

void keep_taken(std::vector<TimedValue>& values, int32_t take) {
  const size_t count = static_cast<size_t>(std::abs(take));
  if (take == 0 || values.size() <= count) return;
  std::stable_sort(values.begin(), values.end(),
                   [&](const TimedValue& a, const TimedValue& b) { return take > 0 ? a.number > b.number : a.number < b.number; });
  values.resize(count);
  std::sort(values.begin(), values.end(), [](const TimedValue& a, const TimedValue& b) { return a.window < b.window; });
}

Value combine_values(Aggregate fn, const std::vector<TimedValue>& values, bool exact_mean) {
  if (fn == Aggregate::count) return {false, Rational(values.size())};
  if (values.empty()) return {true, 0};
  Rational result = fn == Aggregate::last ? values.back().number : values.front().number;
  if (fn == Aggregate::any) result = result != 0 ? 1 : 0;
  for (size_t i = 1; i < values.size(); ++i) {
    const Rational& value = values[i].number;
    if (fn == Aggregate::sum || fn == Aggregate::mean) result += value;
    if (fn == Aggregate::maximum && value > result) result = value;
    if (fn == Aggregate::minimum && value < result) result = value;
    if (fn == Aggregate::any && value != 0) result = 1;
  }
  if (fn == Aggregate::mean) {
    const Rational count(values.size());
    result = exact_mean ? Rational(result / count) : divide_rounded(result, count);
  }
  return {false, result};
}

// An operand without a time is one value a window of the filter, or a step where the filter has no time either.
Period Interpreter::State::gathered_grain(const Expression& e) const {
  Period grain = program[e.operands[0]].grain.time;
  if (grain.unit == Unit::none && e.operands.size() > 1) grain = program[e.operands[1]].grain.time;
  if (grain.unit == Unit::none) grain.unit = Unit::interval;
  return grain;
}

std::vector<TimedValue> Interpreter::State::gather(const Expression& e, const Place& at, bool& left_out) {
  const Windows& fine = windows(gathered_grain(e));
  uint32_t begin = at.step, end = at.step + 1;
  if (e.period.rolling) {
    const uint32_t minutes = e.period.unit == Unit::hour ? 60u * e.period.count : e.period.count;
    const uint32_t steps = std::max(1u, minutes * 60 / static_cast<uint32_t>(clock.step_seconds));
    left_out = end < steps;
    if (left_out) return {};  // it would begin before the run
    begin = end - steps;
  } else {
    const Windows& coarse = windows(e.period);
    const uint32_t window = coarse.window_of_step[at.step];
    begin = coarse.first_step[window];
    end = coarse.first_step[window + 1];
  }
  left_out = false;
  std::vector<TimedValue> values;
  // A window that crosses the bound of the coarse one (a week, a day from noon) belongs to the one in which it begins.
  uint32_t i = fine.window_of_step[begin];
  if (fine.first_step[i] < begin) ++i;
  for (; !fault && i < fine.size() && fine.first_step[i] < end; ++i) {
    const uint32_t step = fine.first_step[i];
    if (e.operands.size() > 1 && !holds(e.operands[1], at.site, step)) {
      left_out = true;
      continue;
    }
    Value value = evaluate(e.operands[0], at.site, step);
    if (value.nothing)
      left_out = true;
    else
      values.push_back({i, std::move(value.number)});
  }
  keep_taken(values, e.take);
  return values;
}

Value Interpreter::State::aggregate(const Expression& e, const Place& at) {
  bool left_out = false;
  const std::vector<TimedValue> values = gather(e, at, left_out);
  if (fault) return {true, 0};
  const bool few = e.take != 0 && std::abs(e.take) <= kMaxExactValues;
  const bool whole = e.take == 0 && is_fixed_window(e.period) && !left_out;
  return combine_values(e.fn, values, few || whole);
}

// Fills the whole window of the quota, because each step stands on the total of those before it.
Value Interpreter::State::quota(const Expression& e, const Place& at) {
  const Windows& of_period = windows(e.period);
  const uint32_t window = of_period.window_of_step[at.step];
  const bool by_hours = e.operands.size() > 2;
  const Rational step_hours(clock.step_seconds, 3600);
  Rational total = 0, wanted = 0;
  for (uint32_t step = of_period.first_step[window]; step < of_period.first_step[window + 1] && !fault; ++step) {
    const Rational flow = std::max(number(e.operands[0], at.site, step), Rational(0));
    const Rational room = std::max(Rational(number(e.operands[1], at.site, step) - total), Rational(0));
    Rational below;
    if (!by_hours) {
      below = std::min(flow, room);
      total += flow;
    } else if (holds(e.operands[2], at.site, step)) {
      below = room >= step_hours ? flow : Rational(flow * room / step_hours);
      total += step_hours;
    } else {
      below = room > 0 ? flow : Rational(0);
    }
    const Rational part = e.beyond ? Rational(flow - below) : below;
    remember(at.id, at.site, step, {false, part});
    if (step == at.step) wanted = part;
  }
  return {false, wanted};
}

Value Interpreter::State::previous(const Expression& e, const Place& at) {
  const Windows& of_period = windows(e.period);
  const uint32_t here = of_period.window_of_step[at.step];
  uint32_t first = here, end = here + 1;
  bool exact_mean = false, before_run = false;
  if (e.same_year) {
    Period year{Unit::year};
    year.start_day = e.period.start_day;
    const Windows& years = windows(year);
    const auto year_of = [&](uint32_t window) { return years.window_of_step[of_period.first_step[window]]; };
    while (first > 0 && year_of(first - 1) == year_of(here)) --first;
    while (end < of_period.size() && year_of(end) == year_of(here)) ++end;
    before_run = first == 0 && years.nominal_begin[year_of(here)] < clock.first_date;
  } else {
    if (!e.include_this) --end;
    first = here >= e.count ? here - e.count : 0;
    exact_mean = e.count + (e.include_this ? 1 : 0) <= kMaxExactValues || (e.take != 0 && std::abs(e.take) <= kMaxExactValues);
    before_run = here < e.count;
  }
  if (before_run && e.history == History::unsaid) {
    fail("WL7104", "the windows before the run are looked at, and nothing says what they were", at.id, at.site, at.step);
    return {true, 0};
  }
  std::vector<TimedValue> values;
  for (uint32_t window = first; window < end && !fault; ++window) {
    Value value = evaluate(e.operands[0], at.site, of_period.first_step[window]);
    if (!value.nothing) values.push_back({window, std::move(value.number)});
  }
  keep_taken(values, e.take);
  return combine_values(e.fn, values, exact_mean);
}

// Goes on from the latest window that is known, in a loop, so that a long run does not go deep.
Value Interpreter::State::running_surplus(const Expression& e, const Place& at) {
  const Windows& of_period = windows(e.period);
  Rational surplus = e.value, uncovered;
  uint32_t known = e.beyond ? 0 : at.window;  // the memo of what is not covered holds no balances
  while (known > 0 && !recall(at.id, at.site, known - 1)) --known;
  if (known > 0) surplus = recall(at.id, at.site, known - 1)->number;
  for (uint32_t window = known; window <= at.window && !fault; ++window) {
    const uint32_t step = of_period.first_step[window];
    if (window > 0 && holds(e.operands[1], at.site, of_period.first_step[window - 1])) surplus = 0;
    const Rational balance = surplus + number(e.operands[0], at.site, step);
    surplus = std::max(balance, Rational(0));
    uncovered = std::max(Rational(-balance), Rational(0));
    if (!e.beyond) remember(at.id, at.site, window, {false, surplus});
  }
  return {false, e.beyond ? uncovered : surplus};
}

int64_t Interpreter::State::named(uint32_t index, uint32_t member, const Place& at) {
  const int32_t position = index < attribute_position.size() ? attribute_position[index] : -1;
  if (position >= 0) return static_cast<int64_t>(traces.attributes[position][member]);
  fail("WL7105", "an attribute is read that was not loaded", at.id, at.site, at.step);
  return -1;
}

// Of a large group the intervals behind each member's value are let go at once, else those of thousands would be held.
Value Interpreter::State::value_of_one(ExpressionId id, uint32_t member, uint32_t step, size_t of_how_many) {
  constexpr size_t kLarge = 200;
  const Value value = evaluate(id, member, step);
  if (of_how_many < kLarge || fault || program[id].op == Op::constant || program[id].grain.entity == EntityGrain::none || program[id].grain.time.unit == Period::Unit::interval) return value;
  if (const auto known = by_site.find(member); known != by_site.end())
    for (uint32_t i = 0; i < known->second.size(); ++i)
      if (!known->second[i].state.empty() && program.expressions[i].grain.time.unit == Period::Unit::interval) known->second[i] = {};
  return value;
}

Value Interpreter::State::over_members(const Expression& e, const Place& at) {
  std::vector<TimedValue> values;
  for (uint32_t member = 0; member < members_of(traces, e.of).size() && !fault; ++member) {
    if (e.index != UINT32_MAX && named(e.index, member, at) != at.site) continue;
    if (e.operands.size() > 1 && !holds(e.operands[1], member, at.step)) continue;
    Value value = value_of_one(e.operands[0], member, at.step, members_of(traces, e.of).size());
    if (!value.nothing) values.push_back({member, std::move(value.number)});
  }
  keep_taken(values, e.take);
  return combine_values(e.fn, values, e.take != 0 && std::abs(e.take) <= kMaxExactValues);
}

// Splits for the whole group at once.
Value Interpreter::State::allocate_part(const Expression& e, const Place& at) {
  const bool to_all = e.index == UINT32_MAX;
  const int64_t group = to_all ? 0 : named(e.index, at.site, at);
  if (fault || group < 0) return {true, 0};
  std::vector<uint32_t> members;
  std::vector<Rational> weights;
  for (uint32_t member = 0; member < members_of(traces, e.grain.entity).size() && !fault; ++member) {
    if (!to_all && named(e.index, member, at) != group) continue;
    members.push_back(member);
    weights.push_back(value_of_one(e.operands[1], member, at.step, members_of(traces, e.grain.entity).size()).number);
    if (weights.back() < 0) fail("WL7111", "the weight of a part is negative", at.id, member, at.step);
  }
  const Rational whole = round_to(number(e.operands[0], static_cast<uint32_t>(group), at.step), e.value, e.rounding) / e.value;
  if (fault) return {true, 0};
  const auto parts = allocate(numerator(whole), weights, e.beyond);
  if (!parts) {
    fail("WL7110", "an amount is to be split, but nobody has any weight", at.id, at.site, at.step);
    return {true, 0};
  }
  Value own;
  for (size_t i = 0; i < members.size(); ++i) {
    const Value part{false, Rational((*parts)[i]) * e.value};
    remember(at.id, members[i], at.window, part);
    if (members[i] == at.site) own = part;
  }
  return own;
}

// The whole run of a site at once: what a battery holds depends on everything before.
Value Interpreter::State::origin(const Expression& e, const Place& at) {
  std::vector<uint32_t> vehicles;
  std::vector<OriginAccount::Efficiency> efficiencies;
  for (uint32_t vehicle = 0; vehicle < members_of(traces, e.of).size() && !fault; ++vehicle)
    if (named(e.index, vehicle, at) == at.site) {
      vehicles.push_back(vehicle);
      efficiencies.push_back({number(e.operands[6], vehicle, 0), number(e.operands[7], vehicle, 0)});
    }
  OriginAccount account(e.beyond, std::move(efficiencies));
  Value wanted;
  for (uint32_t step = 0; step < clock.steps && !fault; ++step) {
    OriginInterval interval{number(e.operands[0], at.site, step), number(e.operands[1], at.site, step), holds(e.operands[8], at.site, step), {}};
    for (const uint32_t vehicle : vehicles)
      interval.vehicles.push_back({number(e.operands[2], vehicle, step), number(e.operands[3], vehicle, step), number(e.operands[4], vehicle, step), number(e.operands[5], vehicle, step) != 0});
    const Value value{false, flow_of(account.flow(interval), static_cast<OriginFlow>(e.count))};
    remember(at.id, at.site, step, value);
    if (step == at.step) wanted = value;
  }
  return wanted;
}

Value Interpreter::State::same_time(const Expression& e, const Place& at) {
  if (day_before.empty()) day_before = same_time_of_day_before(clock);
  std::vector<TimedValue> values;
  uint32_t days = 0;
  for (uint32_t step = day_before[at.step]; step != kNoStep && days < e.count && !fault; step = day_before[step]) {
    if (e.operands.size() > 1 && !holds(e.operands[1], at.site, step)) continue;
    ++days;
    Value value = evaluate(e.operands[0], at.site, step);
    if (!value.nothing) values.push_back({step, std::move(value.number)});
  }
  std::reverse(values.begin(), values.end());
  return combine_values(e.fn, values, e.count <= kMaxExactValues);
}

Value Interpreter::State::of_holder(const Expression& e, const Place& at) {
  const int64_t holder = named(e.index, at.site, at);
  if (holder < 0) return {true, 0};
  return evaluate(e.operands[0], static_cast<uint32_t>(holder), at.step);
}

}  // namespace wattlaw
