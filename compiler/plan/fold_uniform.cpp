// fold_uniform: expressions that depend on the clock alone -> UniformColumn. Written apart from the interpreter, so that parity says something.
#include <algorithm>
#include <unordered_map>

#include "compiler/plan/uniform_column.h"
#include "runtime/number/rounding.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

using Taken = std::pair<uint32_t, Rational>;  // window, value

constexpr int kMostExactTaken = 10;

}  // namespace

bool fold_taken(Aggregate fn, std::vector<Taken>& values, int32_t take, bool exact_mean, Rational& out) {
  if (take != 0 && values.size() > static_cast<size_t>(std::abs(take))) {
    std::stable_sort(values.begin(), values.end(), [&](const Taken& a, const Taken& b) { return take > 0 ? a.second > b.second : a.second < b.second; });
    values.resize(static_cast<size_t>(std::abs(take)));
    std::sort(values.begin(), values.end(), [](const Taken& a, const Taken& b) { return a.first < b.first; });
  }
  out = 0;
  if (fn == Aggregate::count) {
    out = values.size();
    return true;
  }
  if (values.empty()) return false;
  switch (fn) {
    case Aggregate::sum:
    case Aggregate::mean:
      for (const Taken& taken : values) out += taken.second;
      if (fn == Aggregate::mean) out = exact_mean ? Rational(out / Rational(values.size())) : divide_rounded(out, Rational(values.size()));
      return true;
    case Aggregate::maximum:
    case Aggregate::minimum:
      out = values[0].second;
      for (const Taken& taken : values) out = fn == Aggregate::maximum ? std::max(out, taken.second) : std::min(out, taken.second);
      return true;
    case Aggregate::any:
      out = std::any_of(values.begin(), values.end(), [](const Taken& taken) { return taken.second != 0; }) ? 1 : 0;
      return true;
    case Aggregate::first: out = values.front().second; return true;
    case Aggregate::last: out = values.back().second; return true;
    case Aggregate::count: break;
  }
  return true;
}

namespace {

// Columns of values that may be nothing.
struct Collected {
  std::vector<Rational> values;
  std::vector<uint8_t> absent;
  void add(bool present, Rational value) {
    values.push_back(present ? std::move(value) : Rational(0));
    absent.push_back(!present);
  }
  std::optional<UniformColumn> column() {
    auto out = column_of(values);
    if (out && std::any_of(absent.begin(), absent.end(), [](uint8_t is) { return is != 0; })) out->absent = std::move(absent);
    return out;
  }
};

}  // namespace

UniformFolder::UniformFolder(const TypedProgram& program, const Settlement& settlement, Axes& axes, const Traces& traces)
    : program_(program), settlement_(settlement), axes_(axes), traces_(traces), folded_(program.expressions.size()) {}

void UniformFolder::give(ExpressionId id, UniformColumn column) { folded_[id.index] = std::make_unique<UniformColumn>(std::move(column)); }

size_t UniformFolder::grain_id(const Period& period) {
  for (const auto& [known, id] : grain_ids_)
    if (known == period) return id;
  grain_ids_.emplace_back(period, grain_ids_.size());
  return grain_ids_.back().second;
}

const UniformColumn* UniformFolder::fold(ExpressionId id) {
  if (folded_[id.index]) return folded_[id.index].get();
  auto column = compute(program_[id]);
  if (!column) {
    if (why.empty()) why = "a number of the clock is too wide or has a fault";
    return nullptr;
  }
  column->count = axes_.count(program_[id].grain.time);
  folded_[id.index] = std::make_unique<UniformColumn>(std::move(*column));
  return folded_[id.index].get();
}

// Operand i read at `grain`.
const UniformColumn* UniformFolder::operand(const Expression& e, size_t i, const Period& grain) {
  const UniformColumn* column = fold(e.operands[i]);
  const Period& own = program_[e.operands[i]].grain.time;
  if (!column || own == grain || (column->is_constant() && column->absent.empty())) return column;
  auto& spread = spread_[{e.operands[i].index, grain_id(grain)}];
  if (!spread) spread = std::make_unique<UniformColumn>(spread_column(*column, axes_.map(grain, own)));
  return spread.get();
}

std::optional<UniformColumn> UniformFolder::compute(const Expression& e) {
  switch (e.op) {
    case Op::constant: return constant_column(e.value);
    case Op::series: return fold_series(e);
    case Op::attribute: return std::nullopt;
    case Op::in_time_set:
    case Op::band:
    case Op::window_days:
    case Op::window_share:
    case Op::date_at: return fold_calendar(e);
    case Op::add:
    case Op::multiply:
    case Op::select: return fold_pointwise(e);
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
    case Op::linearly:
    case Op::divide:
    case Op::round:
    case Op::root: return fold_by_value(e);
    case Op::dated: return fold_dated(e);
    case Op::aggregate: return fold_aggregate(e);
    case Op::quota: return fold_quota(e);
    case Op::previous: return fold_previous(e);
    case Op::running_surplus: return fold_surplus(e);
    case Op::over_members:
    case Op::of_holder:
    case Op::allocate:
    case Op::same_time:
    case Op::origin: return std::nullopt;  // given by an earlier pass
  }
  return std::nullopt;
}

std::optional<UniformColumn> UniformFolder::fold_series(const Expression& e) {
  const auto at = std::find(settlement_.series.begin(), settlement_.series.end(), e.index);
  if (at == settlement_.series.end()) return std::nullopt;
  const ClockSeries& series = traces_.clock_series[at - settlement_.series.begin()];
  UniformColumn out;
  out.quantum = series.quantum;
  out.values.assign(series.values.begin(), series.values.end());
  out.count = static_cast<uint32_t>(out.values.size());
  for (const QualityRun& run : series.quality) {
    if (run.quality != Quality::missing) continue;
    if (program_.series[e.index].request.missing != MissingPolicy::skip) return std::nullopt;
    out.absent.resize(out.count);
    for (uint32_t step = run.first_step; step <= run.last_step && step < out.count; ++step) out.absent[step] = 1, out.values[step] = 0;
  }
  auto absent = std::move(out.absent);
  out.absent.clear();
  compact(out);
  out.absent = std::move(absent);
  return out;
}

std::optional<UniformColumn> UniformFolder::fold_calendar(const Expression& e) {
  const Windows& grain = axes_.windows(e.grain.time);
  const Clock& clock = axes_.clock;
  UniformColumn out;
  out.count = grain.size();
  if (e.op == Op::window_days || e.op == Op::window_share) {
    const Windows& windows = axes_.windows(e.period);
    std::vector<Rational> values;
    for (uint32_t i = 0; i < grain.size(); ++i) {
      const uint32_t window = windows.window_of_step[grain.first_step[i]];
      const Date begin = windows.nominal_begin[window], end = windows.nominal_end[window];
      const int32_t covered = std::max(std::min(end, clock.end_date).days - std::max(begin, clock.first_date).days, 0);
      if (e.op == Op::window_days) values.push_back(end.days - begin.days);
      else if (e.share == Share::in_full) values.push_back(1);
      else if (e.share == Share::none) values.push_back(windows.is_whole(window, clock) ? 1 : 0);
      else values.push_back(Rational(covered, end.days - begin.days));
    }
    return column_of(values);
  }
  out.values.resize(grain.size());
  // Days of one shape recur, minutes of a day do, too: each (day, minute) is asked once, a day at a time.
  std::unordered_map<int64_t, Int128> asked;
  const BandsTable* table = e.op == Op::band ? &program_.bands[e.index] : nullptr;
  for (uint32_t i = 0; i < grain.size(); ++i) {
    const uint32_t step = grain.first_step[i];
    const Date date = clock.date_of_step(step);
    const int minute = clock.local_minute[step];
    if (e.op == Op::date_at) {
      out.values[i] = date.days;
    } else if (e.op == Op::in_time_set) {
      out.values[i] = program_.time_sets[e.index].contains(date, minute);
    } else {
      Int128 found = -1, otherwise = -1;
      for (size_t c = 0; c < table->classes.size() && found < 0; ++c) {
        if (table->classes[c].otherwise) otherwise = static_cast<Int128>(c);
        for (const uint32_t set : table->classes[c].any_of)
          if (program_.time_sets[set].contains(date, minute)) {
            found = static_cast<Int128>(c);
            break;
          }
      }
      if (found < 0) found = otherwise;
      if (found < 0) return std::nullopt;
      out.values[i] = found;
    }
  }
  compact(out);
  return out;
}

std::optional<UniformColumn> UniformFolder::fold_pointwise(const Expression& e) {
  std::vector<const UniformColumn*> in;
  for (size_t i = 0; i < e.operands.size(); ++i) {
    in.push_back(operand(e, i, e.grain.time));
    if (!in.back()) return std::nullopt;
  }
  if (e.op == Op::select) {
    const auto yes = multiply_columns(truth_column(*in[0], true), *in[1]), no = multiply_columns(truth_column(*in[0], false), *in[2]);
    if (!yes || !no) return std::nullopt;
    return add_columns(*yes, *no);
  }
  std::optional<UniformColumn> out = *in[0];
  out->absent.clear();
  for (size_t i = 1; i < in.size() && out; ++i) out = e.op == Op::add ? add_columns(*out, *in[i]) : multiply_columns(*out, *in[i]);
  return out;
}

namespace {

std::optional<Rational> apply_op(const Expression& e, const std::vector<Rational>& x) {
  const auto truth = [](bool is) { return Rational(is ? 1 : 0); };
  switch (e.op) {
    case Op::negate: return Rational(-x[0]);
    case Op::absolute: return Rational(abs(x[0]));
    case Op::minimum: return *std::min_element(x.begin(), x.end());
    case Op::maximum: return *std::max_element(x.begin(), x.end());
    case Op::less: return truth(x[0] < x[1]);
    case Op::less_equal: return truth(x[0] <= x[1]);
    case Op::equal: return truth(x[0] == x[1]);
    case Op::logical_not: return truth(x[0] == 0);
    case Op::logical_and: return truth(std::none_of(x.begin(), x.end(), [](const Rational& v) { return v == 0; }));
    case Op::logical_or: return truth(std::any_of(x.begin(), x.end(), [](const Rational& v) { return v != 0; }));
    case Op::linearly:
      if (x[0] <= x[1]) return x[2];
      for (size_t i = 3; i + 1 < x.size(); i += 2)
        if (x[0] <= x[i]) return Rational(x[i - 1] + (x[i + 1] - x[i - 1]) * (x[0] - x[i - 2]) / (x[i] - x[i - 2]));
      return x.back();
    case Op::divide:
      if (x[1] == 0) return std::nullopt;
      return divide_rounded(x[0], x[1]);
    case Op::round:
      if (x.size() > 1 && x[1] == 0) return std::nullopt;
      return round_to(x.size() > 1 ? Rational(x[0] / x[1]) : x[0], e.value, e.rounding);
    case Op::root:
      if (x[0] < 0) return std::nullopt;
      return root_rounded(x[0], e.value, e.rounding);
    default: return std::nullopt;
  }
}

}  // namespace

// Ops told value by value: once a run of equal operands, and once for all where the operands are dictionaries that recur.
std::optional<UniformColumn> UniformFolder::fold_by_value(const Expression& e) {
  std::vector<const UniformColumn*> in;
  for (size_t i = 0; i < e.operands.size(); ++i) {
    in.push_back(operand(e, i, e.grain.time));
    if (!in.back()) return std::nullopt;
  }
  uint32_t count = 1;
  for (const UniformColumn* column : in)
    if (!column->is_constant()) count = column->count;
  std::map<std::vector<Int128>, uint32_t> known;
  std::vector<Rational> values, x(in.size());
  std::vector<uint32_t> index(count);
  std::vector<Int128> key(in.size()), last;
  for (uint32_t t = 0; t < count; ++t) {
    for (size_t i = 0; i < in.size(); ++i) key[i] = in[i]->at(t);
    if (key == last) {
      index[t] = index[t - 1];
      continue;
    }
    last = key;
    const auto [at, is_new] = known.try_emplace(key, static_cast<uint32_t>(values.size()));
    index[t] = at->second;
    if (!is_new) continue;
    for (size_t i = 0; i < in.size(); ++i) x[i] = in[i]->rational(t);
    const auto value = apply_op(e, x);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  auto entries = column_of(values);
  if (!entries) return std::nullopt;
  UniformColumn out = count == 1 ? std::move(*entries) : spread_column(*entries, index);
  compact(out);
  return out;
}

std::optional<UniformColumn> UniformFolder::fold_dated(const Expression& e) {
  std::vector<const UniformColumn*> in;
  for (size_t i = 0; i < e.operands.size(); ++i) {
    in.push_back(operand(e, i, e.grain.time));
    if (!in.back()) return std::nullopt;
  }
  const Windows& windows = axes_.windows(e.grain.time);
  const Clock& clock = axes_.clock;
  std::vector<Rational> values;
  UniformColumn which;  // the version of each index, where one holds
  for (uint32_t t = 0; t < windows.size(); ++t) {
    const Date begin = std::max(windows.nominal_begin[t], clock.first_date), end = std::min(windows.nominal_end[t], clock.end_date);
    if (e.change == Change::by_days && begin < end) {
      Rational sum = 0;
      for (size_t i = 0; i < in.size(); ++i) {
        const Date from = i == 0 ? begin : std::clamp(e.dates[i], begin, end);
        const Date until = i + 1 < e.dates.size() ? std::clamp(e.dates[i + 1], begin, end) : end;
        if (from < until) sum += in[i]->rational(t) * (until.days - from.days);
      }
      values.push_back(sum / (end.days - begin.days));
      continue;
    }
    const Date date = clock.date_of_step(e.change == Change::at_end ? windows.first_step[t + 1] - 1 : windows.first_step[t]);
    size_t version = 0;
    while (version + 1 < in.size() && version + 1 < e.dates.size() && e.dates[version + 1] <= date) ++version;
    if (e.change == Change::by_days) values.push_back(in[version]->rational(t));
    else which.values.push_back(static_cast<Int128>(version));
  }
  if (e.change == Change::by_days) return column_of(values);
  which.count = windows.size();
  compact(which);
  std::optional<UniformColumn> out = constant_column(0);
  for (size_t i = 0; i < in.size() && out; ++i) {
    UniformColumn shifted = which;  // 0 where version i holds
    shifted.quantum = {};
    Int128 scale = static_cast<Int128>(i);
    auto less = add_columns(which, constant_column(-Rational(static_cast<int64_t>(scale))));
    auto part = less ? multiply_columns(truth_column(*less, false), *in[i]) : std::nullopt;
    out = part ? add_columns(*out, *part) : std::nullopt;
  }
  return out;
}

std::optional<UniformColumn> UniformFolder::fold_aggregate(const Expression& e) {
  Period fine_period = program_[e.operands[0]].grain.time;
  if (fine_period.unit == Unit::none && e.operands.size() > 1) fine_period = program_[e.operands[1]].grain.time;
  if (fine_period.unit == Unit::none) fine_period = Period{Unit::interval};
  const UniformColumn* of = operand(e, 0, fine_period);
  const UniformColumn* where = e.operands.size() > 1 ? operand(e, 1, fine_period) : nullptr;
  if (!of || (e.operands.size() > 1 && !where)) return std::nullopt;
  const Windows& fine = axes_.windows(fine_period);
  const Windows& coarse = axes_.windows(e.period);
  const uint32_t rolling_steps =
      e.period.rolling ? std::max(1u, e.period.count * (e.period.unit == Unit::hour ? 60u : 1u) * 60u / static_cast<uint32_t>(axes_.clock.step_seconds)) : 0;
  const bool fixed = e.period.unit == Unit::minutes || e.period.unit == Unit::hour;
  Collected out;
  uint32_t begun = 0;
  for (uint32_t w = 0; w < coarse.size(); ++w) {
    uint32_t begin = coarse.first_step[w], end = coarse.first_step[w + 1];
    bool left_out = false, is_void = false;
    if (rolling_steps) {
      is_void = left_out = end < rolling_steps;
      begin = is_void ? end : end - rolling_steps;
      begun = fine.window_of_step[std::min(begin, axes_.clock.steps - 1)];
    }
    while (begun < fine.size() && fine.first_step[begun] < begin) ++begun;
    const bool quick = e.take == 0 && (e.fn == Aggregate::sum || e.fn == Aggregate::count || e.fn == Aggregate::mean) && of->absent.empty();
    std::vector<Taken> values;
    Integer sum = 0;
    Int128 part = 0;
    uint32_t number = 0;
    for (uint32_t i = begun; !is_void && i < fine.size() && fine.first_step[i] < end; ++i) {
      if ((where && where->at(i) == 0) || of->is_absent(i)) left_out = true;
      else if (!quick) values.push_back({i, of->rational(i)});
      else if (++number; __builtin_add_overflow(part, of->at(i), &part)) return std::nullopt;
    }
    const bool exact = (e.take != 0 && std::abs(e.take) <= kMostExactTaken) || (e.take == 0 && fixed && !left_out);
    Rational value = 0;
    if (!quick) {
      const bool present = fold_taken(e.fn, values, e.take, exact, value);
      out.add(present, value);
      continue;
    }
    value = e.fn == Aggregate::count ? Rational(number) : Rational(to_integer(part) * of->quantum.numerator, of->quantum.denominator);
    if (e.fn == Aggregate::mean && number > 0) value = exact ? Rational(value / number) : divide_rounded(value, Rational(number));
    out.add(number > 0 || e.fn == Aggregate::count, value);
  }
  return out.column();
}

std::optional<UniformColumn> UniformFolder::fold_quota(const Expression& e) {
  const Period steps{Unit::interval};
  const UniformColumn *flow = operand(e, 0, steps), *bound = operand(e, 1, steps), *counted = e.operands.size() > 2 ? operand(e, 2, steps) : nullptr;
  if (!flow || !bound || (e.operands.size() > 2 && !counted)) return std::nullopt;
  const Windows& windows = axes_.windows(e.period);
  const Rational step_hours(axes_.clock.step_seconds, 3600);
  std::vector<Rational> values;
  Rational total = 0;
  for (uint32_t t = 0; t < axes_.clock.steps; ++t) {
    if (windows.first_step[windows.window_of_step[t]] == t) total = 0;
    const Rational part = std::max(flow->rational(t), Rational(0)), room = std::max(Rational(bound->rational(t) - total), Rational(0));
    Rational below = std::min(part, room);
    if (counted) below = counted->at(t) == 0 ? (room > 0 ? part : Rational(0)) : room >= step_hours ? part : Rational(part * room / step_hours);
    total += !counted ? part : counted->at(t) != 0 ? step_hours : Rational(0);
    values.push_back(e.beyond ? Rational(part - below) : below);
  }
  return column_of(values);
}

std::optional<UniformColumn> UniformFolder::fold_previous(const Expression& e) {
  const UniformColumn* of = operand(e, 0, e.period);
  if (!of) return std::nullopt;
  const Windows& windows = axes_.windows(e.period);
  Period year{Unit::year};
  year.start_day = e.period.start_day;
  const std::vector<uint32_t>& year_of = axes_.map(e.period, year);
  Collected out;
  for (uint32_t here = 0; here < windows.size(); ++here) {
    uint32_t first = here, end = here + (e.include_this ? 1 : 0);
    if (e.same_year) {
      end = here + 1;
      while (first > 0 && year_of[first - 1] == year_of[here]) --first;
      while (end < windows.size() && year_of[end] == year_of[here]) ++end;
    } else {
      if (here < e.count && e.history == History::unsaid) return std::nullopt;
      first = here - std::min(here, e.count);
    }
    std::vector<Taken> values;
    for (uint32_t w = first; w < end; ++w)
      if (!of->is_absent(w)) values.push_back({w, of->rational(w)});
    Rational value;
    const bool present = fold_taken(e.fn, values, e.take, !e.same_year && (e.count + (e.include_this ? 1 : 0) <= kMostExactTaken || (e.take != 0 && std::abs(e.take) <= kMostExactTaken)), value);
    out.add(present, value);
  }
  auto column = out.column();
  if (column && !(e.grain.time == e.period)) return spread_column(*column, axes_.map(e.grain.time, e.period));
  return column;
}

std::optional<UniformColumn> UniformFolder::fold_surplus(const Expression& e) {
  const UniformColumn *change = operand(e, 0, e.grain.time), *reset = operand(e, 1, e.grain.time);
  if (!change || !reset) return std::nullopt;
  std::vector<Rational> values;
  Rational surplus = e.value;
  for (uint32_t w = 0; w < axes_.count(e.grain.time); ++w) {
    if (w > 0 && reset->at(w - 1) != 0) surplus = 0;
    const Rational balance = surplus + change->rational(w);
    surplus = std::max(balance, Rational(0));
    values.push_back(e.beyond ? std::max(Rational(-balance), Rational(0)) : surplus);
  }
  return column_of(values);
}

}  // namespace wattlaw
