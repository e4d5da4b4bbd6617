#include "compiler/interpret/interpret.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/interpret/interpreter_state.h"
#include "runtime/number/rounding.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

Value truth(bool value) { return {false, Rational(value ? 1 : 0)}; }

bool is_missing(const std::vector<QualityRun>& runs, uint32_t step) {
  const auto after = std::upper_bound(runs.begin(), runs.end(), step, [](uint32_t s, const QualityRun& run) { return s < run.first_step; });
  return after != runs.begin() && std::prev(after)->last_step >= step && std::prev(after)->quality == Quality::missing;
}

std::vector<int32_t> positions_of(const std::vector<uint32_t>& listed, size_t size) {
  std::vector<int32_t> positions(size, -1);
  for (size_t i = 0; i < listed.size(); ++i)
    if (listed[i] < size) positions[listed[i]] = static_cast<int32_t>(i);
  return positions;
}

}  // namespace

Interpreter::State::State(const TypedProgram& p, const Settlement& s, const Clock& c, const Traces& t)
    : program(p), settlement(s), clock(c), traces(t),
      series_position(positions_of(s.series, p.series.size())),
      attribute_position(positions_of(s.attributes, p.attributes.size())),
      grain_windows(p.expressions.size(), nullptr),
      shared(p.expressions.size()) {}

// Keeps the first fault; every later evaluation returns nothing at once.
void Interpreter::State::fail(std::string code, std::string message, ExpressionId id, uint32_t site, uint32_t step) {
  if (!fault) fault = Fault{std::move(code), std::move(message), id, site, step};
}

const Windows& Interpreter::State::windows(const Period& period) {
  for (const auto& [known, windows] : windows_cache)
    if (known == period) return *windows;
  Period cut = period;
  if (period.rolling) cut = Period{Unit::interval};  // one window ends at every step
  auto made = make_windows(clock, cut);
  if (!made) {
    fail(made.failure().code, made.failure().message, {}, 0, 0);
    made = make_windows(clock, Period{});
  }
  windows_cache.emplace_back(period, std::make_unique<Windows>(std::move(*made)));
  return *windows_cache.back().second;
}

const Windows& Interpreter::State::windows_of(ExpressionId id) {
  const Windows*& windows_of_grain = grain_windows[id.index];
  if (!windows_of_grain) windows_of_grain = &windows(program[id].grain.time);
  return *windows_of_grain;
}

std::optional<Value> Interpreter::State::recall(ExpressionId id, uint32_t site, uint32_t window) const {
  const MemoColumn* column = &shared[id.index];
  if (program[id].grain.entity != EntityGrain::none) {
    const auto columns = by_site.find(site);
    if (columns == by_site.end()) return std::nullopt;
    column = &columns->second[id.index];
  }
  if (column->state.empty()) return std::nullopt;
  switch (column->state[window]) {
    case MemoColumn::nothing: return Value{true, 0};
    case MemoColumn::no: return Value{false, 0};
    case MemoColumn::yes: return Value{false, 1};
    case MemoColumn::number: return Value{false, column->numbers[window]};
    default: return std::nullopt;
  }
}

void Interpreter::State::remember(ExpressionId id, uint32_t site, uint32_t window, const Value& value) {
  if (fault) return;
  const Expression& expression = program[id];
  MemoColumn* column = &shared[id.index];
  if (expression.grain.entity != EntityGrain::none) {
    auto& columns = by_site[site];
    if (columns.empty()) columns.resize(program.expressions.size());
    column = &columns[id.index];
  }
  const bool is_boolean = expression.type.kind == ValueKind::boolean;
  if (column->state.empty()) {
    column->state.resize(windows_of(id).size(), MemoColumn::unknown);
    if (!is_boolean) column->numbers.resize(column->state.size());
  }
  column->state[window] = value.nothing ? MemoColumn::nothing : !is_boolean ? MemoColumn::number : value.number != 0 ? MemoColumn::yes : MemoColumn::no;
  if (!is_boolean) column->numbers[window] = value.number;
}

Value Interpreter::State::evaluate(ExpressionId id, uint32_t site, uint32_t step) {
  if (fault) return {true, 0};
  const Expression& expression = program[id];
  if (expression.op == Op::constant) return {false, expression.value};
  const Windows& of_grain = windows_of(id);
  const uint32_t window = of_grain.window_of_step[step];
  if (const auto known = recall(id, site, window)) return *known;
  const Place place{id, site, window, of_grain.first_step[window]};
  if (depth >= kMaxDepth) {
    fail("WL7106", fmt::format("the expression is nested more than {} deep", kMaxDepth), id, site, place.step);
    return {true, 0};
  }
  ++depth;
  const Value value = compute(expression, place);
  --depth;
  if (fault) return {true, 0};
  remember(id, site, window, value);
  return value;
}

bool Interpreter::State::holds(ExpressionId id, uint32_t site, uint32_t step) { return evaluate(id, site, step).number != 0; }

Value Interpreter::State::compute(const Expression& e, const Place& at) {
  switch (e.op) {
    case Op::constant: return {false, e.value};
    case Op::series: return read_series(e, at);
    case Op::attribute: {
      const int32_t position = e.index < attribute_position.size() ? attribute_position[e.index] : -1;
      if (position >= 0) return {false, traces.attributes[position][at.site]};
      fail("WL7105", "an attribute is read that was not loaded", at.id, at.site, at.step);
      return {true, 0};
    }
    case Op::in_time_set: return truth(program.time_sets[e.index].contains(clock.date_of_step(at.step), clock.local_minute[at.step]));
    case Op::band: return classify_band(e, at);
    case Op::window_days:
    case Op::window_share: return window_fact(e, at);
    case Op::date_at: return {false, Rational(clock.local_day[at.step])};
    case Op::add:
    case Op::multiply:
    case Op::negate:
    case Op::absolute:
    case Op::minimum:
    case Op::maximum: return compute_arithmetic(e, at);
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_not:
    case Op::logical_and:
    case Op::logical_or: return compare(e, at);
    case Op::select: {
      // A decision table is a long chain of selects: follow it without going deeper.
      const Expression* row = &e;
      ExpressionId chosen = at.id;
      while (!fault && row->op == Op::select && row->grain == e.grain) {
        chosen = row->operands[holds(row->operands[0], at.site, at.step) ? 1 : 2];
        row = &program[chosen];
      }
      return {false, number(chosen, at.site, at.step)};
    }
    case Op::linearly: return interpolate(e, at);
    case Op::dated: return choose_dated(e, at);
    case Op::divide:
    case Op::round:
    case Op::root: return round_operands(e, at);
    case Op::aggregate: return aggregate(e, at);
    case Op::quota: return quota(e, at);
    case Op::previous: return previous(e, at);
    case Op::running_surplus: return running_surplus(e, at);
    case Op::over_members: return over_members(e, at);
    case Op::of_holder: return of_holder(e, at);
    case Op::allocate: return allocate_part(e, at);
    case Op::same_time: return same_time(e, at);
    case Op::origin: return origin(e, at);
  }
  return {true, 0};
}

Value Interpreter::State::read_series(const Expression& e, const Place& at) {
  const int32_t position = e.index < series_position.size() ? series_position[e.index] : -1;
  const SeriesRequest& request = program.series[e.index].request;
  bool missing = position < 0;
  Value value;
  if (!missing && (request.per_member || (request.question && !request.question->of_member.empty()))) {
    const TileSeries& series = traces.member_series[position];
    missing = !series.quality.empty() && series.quality_at(at.site, at.step) == Quality::missing;
    if (!missing) value.number = Rational(Integer(series.at(at.site, at.step)) * series.quantum.numerator, series.quantum.denominator);
  } else if (!missing) {
    const ClockSeries& series = traces.clock_series[position];
    missing = is_missing(series.quality, at.step);
    if (!missing) value.number = Rational(Integer(series.values[at.step]) * series.quantum.numerator, series.quantum.denominator);
  }
  if (!missing) return value;
  if (request.missing != MissingPolicy::skip || position < 0)
    fail("WL7105", fmt::format("`{}` has no value at {}", program.series[e.index].name, clock.print_step(at.step)), at.id, at.site, at.step);
  return {true, 0};
}

Value Interpreter::State::classify_band(const Expression& e, const Place& at) {
  const BandsTable& table = program.bands[e.index];
  const Date date = clock.date_of_step(at.step);
  const int minute = clock.local_minute[at.step];
  std::optional<size_t> otherwise;
  for (size_t i = 0; i < table.classes.size(); ++i) {
    if (table.classes[i].otherwise) otherwise = i;
    for (const uint32_t set : table.classes[i].any_of)
      if (program.time_sets[set].contains(date, minute)) return {false, Rational(i)};
  }
  if (otherwise) return {false, Rational(*otherwise)};
  fail("WL7107", fmt::format("no class of `{}` holds {}", table.name, clock.print_step(at.step)), at.id, at.site, at.step);
  return {true, 0};
}

Value Interpreter::State::compute_arithmetic(const Expression& e, const Place& at) {
  Rational result = number(e.operands[0], at.site, at.step);
  if (e.op == Op::negate) result = -result;
  if (e.op == Op::absolute) result = abs(result);
  for (size_t i = 1; i < e.operands.size(); ++i) {
    const Rational operand = number(e.operands[i], at.site, at.step);
    if (e.op == Op::add) result += operand;
    if (e.op == Op::multiply) result *= operand;
    if (e.op == Op::minimum && operand < result) result = operand;
    if (e.op == Op::maximum && operand > result) result = operand;
  }
  return {false, result};
}

// `and` and `or` stop at the operand that decides, so a fault behind it does not count.
Value Interpreter::State::compare(const Expression& e, const Place& at) {
  if (e.op == Op::logical_not) return truth(!holds(e.operands[0], at.site, at.step));
  if (e.op == Op::logical_and || e.op == Op::logical_or) {
    const bool decides = e.op == Op::logical_or;
    for (const ExpressionId operand : e.operands)
      if (holds(operand, at.site, at.step) == decides) return truth(decides);
    return truth(!decides);
  }
  const Rational left = number(e.operands[0], at.site, at.step), right = number(e.operands[1], at.site, at.step);
  if (e.op == Op::less) return truth(left < right);
  if (e.op == Op::less_equal) return truth(left <= right);
  return truth(left == right);
}

Value Interpreter::State::interpolate(const Expression& e, const Place& at) {
  const Rational x = number(e.operands[0], at.site, at.step);
  const auto point = [&](size_t i) { return number(e.operands[i], at.site, at.step); };
  if (x <= point(1)) return {false, point(2)};
  for (size_t i = 3; i + 1 < e.operands.size(); i += 2) {
    const Rational right = point(i);
    if (x > right) continue;
    const Rational left = point(i - 2), low = point(i - 1);
    return {false, low + (point(i + 1) - low) * (x - left) / (right - left)};
  }
  return {false, point(e.operands.size() - 1)};
}

Value Interpreter::State::choose_dated(const Expression& e, const Place& at) {
  const auto version_on = [&](Date date) {
    const auto after = std::upper_bound(e.dates.begin(), e.dates.end(), date) - e.dates.begin();
    return std::min<size_t>(after == 0 ? 0 : static_cast<size_t>(after - 1), e.operands.size() - 1);
  };
  const Windows& of_grain = windows_of(at.id);
  const Date begin = std::max(of_grain.nominal_begin[at.window], clock.first_date);
  const Date end = std::min(of_grain.nominal_end[at.window], clock.end_date);
  if (e.change != Change::by_days || end <= begin) {
    const uint32_t step = e.change == Change::at_end ? of_grain.first_step[at.window + 1] - 1 : at.step;
    return {false, number(e.operands[version_on(clock.date_of_step(step))], at.site, at.step)};
  }
  Rational sum = 0;
  for (size_t i = 0; i < e.operands.size(); ++i) {
    const Date from = i == 0 ? begin : std::clamp(e.dates[i], begin, end);
    const Date until = i + 1 < e.dates.size() ? std::clamp(e.dates[i + 1], begin, end) : end;
    if (from < until) sum += number(e.operands[i], at.site, at.step) * (until.days - from.days);
  }
  return {false, sum / (end.days - begin.days)};
}

Value Interpreter::State::window_fact(const Expression& e, const Place& at) {
  const Windows& of_period = windows(e.period);
  const uint32_t window = of_period.window_of_step[at.step];
  const Date begin = of_period.nominal_begin[window], end = of_period.nominal_end[window];
  if (e.op == Op::window_days) return {false, Rational(end.days - begin.days)};
  switch (e.share) {
    case Share::in_full: return {false, 1};
    case Share::none: return truth(of_period.is_whole(window, clock));
    case Share::by_days: break;
  }
  const int covered = std::min(end, clock.end_date).days - std::max(begin, clock.first_date).days;
  return {false, Rational(std::max(covered, 0), end.days - begin.days)};
}

Value Interpreter::State::round_operands(const Expression& e, const Place& at) {
  const Rational value = number(e.operands[0], at.site, at.step);
  Rational divisor = 1;
  if (e.operands.size() > 1) divisor = number(e.operands[1], at.site, at.step);
  if (fault) return {true, 0};
  if (divisor == 0) {
    fail("WL7101", "a division by zero", at.id, at.site, at.step);
    return {true, 0};
  }
  if (e.op == Op::divide) return {false, divide_rounded(value, divisor)};
  if (e.op == Op::round) return {false, round_to(value / divisor, e.value, e.rounding)};
  if (value < 0) {
    fail("WL7102", fmt::format("the square root of a negative number ({})", print_decimal(value, 0, 6)), at.id, at.site, at.step);
    return {true, 0};
  }
  return {false, root_rounded(value, e.value, e.rounding)};
}

Interpreter::Interpreter(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces)
    : state_(std::make_unique<State>(program, settlement, clock, traces)) {}
Interpreter::~Interpreter() = default;

Value Interpreter::evaluate(ExpressionId expression, uint32_t site, uint32_t step) { return state_->evaluate(expression, site, step); }
const std::optional<Fault>& Interpreter::fault() const { return state_->fault; }
const Windows& Interpreter::windows(const Period& period) { return state_->windows(period); }
void Interpreter::learn(ExpressionId expression, uint32_t site, uint32_t window, const Value& value) {
  state_->remember(expression, site, window, value);
}
void Interpreter::forget_site(uint32_t site) { state_->by_site.erase(site); }

}  // namespace wattlaw
