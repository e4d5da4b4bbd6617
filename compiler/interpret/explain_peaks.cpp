// Which hours, days or months made a peak: the question behind every demand charge.
#include <algorithm>
#include <set>

#include "compiler/interpret/explain.h"
#include "compiler/interpret/interpreter_state.h"
#include "compiler/interpret/print_value.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

constexpr size_t kMaxPassedOver = 3;

struct Looker {
  const ExplainInputs& in;
  uint32_t site;

  const Expression& at(ExpressionId id) const { return in.program[id]; }
  bool holds(ExpressionId id, uint32_t step) const { return in.interpreter.evaluate(id, site, step).number != 0; }

  // The values that an aggregate chooses from in its window, before `take`.
  std::vector<TimedValue> candidates(const Expression& e, uint32_t step) const {
    const Windows& coarse = in.interpreter.windows(e.period);
    const uint32_t window = coarse.window_of_step[step];
    return values_between(e, coarse.first_step[window], coarse.first_step[window + 1]);
  }

  std::vector<TimedValue> values_between(const Expression& e, uint32_t begin, uint32_t end) const {
    const Windows& fine = in.interpreter.windows(at(e.operands[0]).grain.time);
    std::vector<TimedValue> values;
    uint32_t i = fine.window_of_step[begin];
    if (fine.first_step[i] < begin) ++i;
    for (; i < fine.size() && fine.first_step[i] < end; ++i) {
      if (e.operands.size() > 1 && !holds(e.operands[1], fine.first_step[i])) continue;
      Value value = in.interpreter.evaluate(e.operands[0], site, fine.first_step[i]);
      if (!value.nothing) values.push_back({i, std::move(value.number)});
    }
    return values;
  }

  // The time at which a value arose: through nested maxima down to the finest window.
  std::string time_of(ExpressionId operand, uint32_t window) const {
    const Expression& e = at(operand);
    const Windows& windows = in.interpreter.windows(e.grain.time);
    const uint32_t step = windows.first_step[window];
    if (e.op == Op::aggregate && !e.period.rolling && (e.fn == Aggregate::maximum || e.fn == Aggregate::minimum)) {
      std::vector<TimedValue> values = candidates(e, step);
      keep_taken(values, e.fn == Aggregate::maximum ? 1 : -1);
      if (!values.empty()) return time_of(e.operands[0], values.front().window);
    }
    return windows.label(window, in.clock);
  }

  std::string text(const Expression& e) const {
    const std::string written = in.text_of ? in.text_of(e.span) : "";
    return written.empty() ? op_name(e.op) : written;
  }
  std::string print(const Expression& e, const Rational& value) const { return print_value(in.program, e.type, {false, value}); }

  // Values of a day that counts already which are higher than the lowest one taken.
  void add_passed_over(const Expression& e, const std::vector<TimedValue>& taken, ExplainedPeak& peak) const {
    const Expression& daily = at(e.operands[0]);
    if (daily.op != Op::aggregate || daily.fn != Aggregate::maximum || daily.grain.time.unit != Unit::day || e.take <= 0) return;
    peak.one_a_day = true;
    Rational lowest = taken.front().number;
    for (const TimedValue& value : taken) lowest = std::min(lowest, value.number);
    const Windows& days = in.interpreter.windows(daily.grain.time);
    for (const TimedValue& day : taken) {
      bool seen_highest = false;
      for (const TimedValue& value : candidates(daily, days.first_step[day.window])) {
        const bool is_counted = !seen_highest && value.number == day.number;
        seen_highest |= is_counted;
        if (is_counted || value.number <= lowest || peak.passed_over.size() >= kMaxPassedOver) continue;
        peak.passed_over.push_back({time_of(daily.operands[0], value.window), print(daily, value.number)});
      }
    }
  }

  std::optional<ExplainedPeak> look_at_aggregate(const Expression& e, uint32_t step) const {
    const bool is_peak = e.take != 0 || e.fn == Aggregate::maximum || e.fn == Aggregate::minimum;
    if (!is_peak || e.period.rolling || at(e.operands[0]).grain.time.unit == Unit::none) return std::nullopt;
    std::vector<TimedValue> taken = candidates(e, step);
    keep_taken(taken, e.take != 0 ? e.take : e.fn == Aggregate::maximum ? 1 : -1);
    ExplainedPeak peak{text(e)};
    for (const TimedValue& value : taken) peak.taken.push_back({time_of(e.operands[0], value.window), print(at(e.operands[0]), value.number)});
    if (!taken.empty()) add_passed_over(e, taken, peak);
    return peak;
  }

  ExplainedPeak look_back(const Expression& e, uint32_t step) const {
    const Windows& windows = in.interpreter.windows(e.period);
    const uint32_t here = windows.window_of_step[step];
    uint32_t first = here >= e.count ? here - e.count : 0, end = e.include_this ? here + 1 : here;
    if (e.same_year) {
      const auto year = [&](uint32_t window) { return civil_of(windows.nominal_begin[window]).year; };
      for (first = here; first > 0 && year(first - 1) == year(here);) --first;
      for (end = here + 1; end < windows.size() && year(end) == year(here);) ++end;
    }
    ExplainedPeak peak{text(e)};
    std::vector<TimedValue> looked_at;
    for (uint32_t window = first; window < end; ++window) {
      Value value = in.interpreter.evaluate(e.operands[0], site, windows.first_step[window]);
      if (e.take == 0) peak.taken.push_back({windows.label(window, in.clock), print_value(in.program, at(e.operands[0]).type, value)});
      else if (!value.nothing) looked_at.push_back({window, std::move(value.number)});
    }
    keep_taken(looked_at, e.take);
    for (const TimedValue& value : looked_at) peak.taken.push_back({windows.label(value.window, in.clock), print(at(e.operands[0]), value.number)});
    return peak;
  }

  void walk(ExpressionId id, uint32_t step, std::set<uint32_t>& seen, std::vector<ExplainedPeak>& peaks) const {
    const Expression& e = at(id);
    if (in.interpreter.fault() || !seen.insert(id.index).second || e.grain.time.unit == Unit::interval) return;
    if (e.op == Op::previous) return peaks.push_back(look_back(e, step));
    if (e.op == Op::aggregate)
      if (auto peak = look_at_aggregate(e, step)) return peaks.push_back(std::move(*peak));
    if (e.op == Op::over_members) return;
    for (const ExpressionId operand : e.operands) walk(operand, step, seen, peaks);
  }
};

}  // namespace

std::vector<ExplainedPeak> explain_peaks(const ExplainInputs& inputs, ExpressionId expression, uint32_t site, uint32_t step) {
  std::vector<ExplainedPeak> peaks;
  std::set<uint32_t> seen;
  Looker{inputs, site}.walk(expression, step, seen, peaks);
  return peaks;
}

}  // namespace wattlaw
