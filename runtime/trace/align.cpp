#include "runtime/trace/align.h"

#include <algorithm>
#include <array>

#include "runtime/number/wide_integer.h"

namespace wattlaw {
namespace {

constexpr int32_t kDaySeconds = 86400;
constexpr int kMeanPowerPlaces = 9;  // 1 µW of a kW: finer texts are refused

constexpr std::array<int64_t, 19> make_powers() {
  std::array<int64_t, 19> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<int64_t, 19> kPowers = make_powers();

std::string step_name(int32_t seconds) {
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + " h";
  if (seconds % 60 == 0) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds) + " s";
}

Failure step_failure(const Clock& clock, int32_t file_step) {
  return {"WL6023", "its rows are " + step_name(file_step) + " apart, which does not fit the scenario's step of " + step_name(clock.step_seconds),
          "choose a step that divides " + step_name(file_step) + ", or bring the file to one of 1, 5, 10, 15, 30 or 60 min", "", 0, ""};
}

}  // namespace

TimeAxis::Place TimeAxis::place(Instant instant, uint32_t& slot) const {
  if (instant < origin) return Place::before;
  if (instant >= clock->instant_of(clock->steps)) return Place::after;
  if (is_daily) {
    const uint32_t step = clock->step_at(instant);
    if (clock->instant_of(step) != instant || clock->local_minute[step] != 0) return Place::misaligned;
    slot = static_cast<uint32_t>(clock->local_day[step] - clock->first_date.days);
    return Place::inside;
  }
  const int64_t since = instant - origin;
  if (since % file_step_seconds != 0) return Place::misaligned;
  slot = static_cast<uint32_t>(since / file_step_seconds);
  return Place::inside;
}

Instant TimeAxis::instant_of(uint32_t slot) const {
  if (!is_daily) return origin + int64_t{slot} * file_step_seconds;
  return clock->zone.start_of_day(Date{clock->first_date.days + static_cast<int32_t>(slot)});
}

void TimeAxis::steps_of(uint32_t slot, uint32_t& first, uint32_t& end) const {
  if (is_daily) {
    first = clock->first_step_of(Date{clock->first_date.days + static_cast<int32_t>(slot)});
    end = clock->first_step_of(Date{clock->first_date.days + static_cast<int32_t>(slot) + 1});
  } else if (slots_per_step > 1) {
    first = slot / slots_per_step;
    end = first + 1;
  } else {
    const int64_t lead = (clock->begin - origin) / clock->step_seconds;  // steps of slot 0 that lie before the clock
    const int64_t from = int64_t{slot} * steps_per_slot - lead;
    first = static_cast<uint32_t>(std::max<int64_t>(from, 0));
    end = static_cast<uint32_t>(std::min<int64_t>(from + steps_per_slot, clock->steps));
  }
}

Result<TimeAxis> make_time_axis(const Clock& clock, int32_t file_step, Instant first) {
  TimeAxis axis;
  axis.clock = &clock;
  axis.origin = clock.begin;
  axis.file_step_seconds = file_step;
  const int32_t step = clock.step_seconds;
  const Instant end = clock.instant_of(clock.steps);
  if (file_step >= kDaySeconds - 3600 && file_step <= kDaySeconds + 3600) {
    const LocalSeconds local = clock.zone.local_of(first);
    if (local % kDaySeconds == 0) {
      axis.is_daily = true;
      axis.file_step_seconds = kDaySeconds;
      axis.slots = static_cast<uint32_t>(clock.end_date.days - clock.first_date.days);
      axis.steps_per_slot = static_cast<uint32_t>(kDaySeconds / step);
      return axis;
    }
  }
  if (file_step <= 0 || (file_step <= step ? step % file_step : file_step % step) != 0) return step_failure(clock, file_step);
  if (file_step > step) {
    const int64_t apart = ((clock.begin - first) % file_step + file_step) % file_step;  // the clock begins this far into a slot
    axis.origin = clock.begin - apart;
    if (apart % step != 0) return step_failure(clock, file_step);
    axis.steps_per_slot = static_cast<uint32_t>(file_step / step);
  } else {
    axis.slots_per_step = static_cast<uint32_t>(step / file_step);
  }
  const int64_t slots = (end - axis.origin + file_step - 1) / file_step;
  if (slots > INT32_MAX) return step_failure(clock, file_step);
  axis.slots = static_cast<uint32_t>(slots);
  return axis;
}

Result<ColumnScale> make_column_scale(const SeriesRequest& request, const std::string& unit, const Quantum& quantum, int32_t file_step_seconds) {
  const std::string& spelled = unit.empty() ? request.unit : unit;
  const std::optional<SeriesRequest::UnitMeaning> meaning =
      request.unit_meaning ? request.unit_meaning(spelled) : std::optional<SeriesRequest::UnitMeaning>({Rational(1), false});
  const auto refused = [&](std::string why) {
    return Failure{"WL6022", "`" + request.column + " [" + show_text(spelled) + "]` " + why, "`" + request.column + "` of trace `" + request.trace + "` is read in " + request.unit, "", 1, ""};
  };
  if (!meaning) return refused("does not measure what the trace asks for");
  Rational ratio = meaning->factor / quantum.value();
  if (meaning->is_mean_power) ratio = ratio * Rational(file_step_seconds) / Rational(Integer(3600) * Integer(kPowers[kMeanPowerPlaces]));
  const Integer numerator = boost::multiprecision::numerator(ratio), denominator = boost::multiprecision::denominator(ratio);
  if (numerator <= 0 || numerator > Integer(kPowers[18]) || denominator > Integer(kPowers[18])) return refused("is too far from the trace's resolution to be exact");
  ColumnScale scale;
  scale.numerator = to_int128(numerator);
  scale.denominator = to_int128(denominator);
  scale.is_mean_power = meaning->is_mean_power;
  scale.power_of_ten = -1;
  for (size_t k = 0; k < kPowers.size(); ++k)
    if (scale.denominator == 1 && scale.numerator == kPowers[k]) scale.power_of_ten = static_cast<int>(k);
  return scale;
}

SeriesBuilder::SeriesBuilder(const SeriesRequest& request, const Clock& clock, uint32_t members, uint64_t memory_bound)
    : request_(&request), quantum_(request.quantum), members_(members), steps_(clock.steps), is_clock_series_(!request.per_member), memory_bound_(memory_bound) {
  if (is_clock_series_) {
    line_.assign(std::max<uint32_t>(steps_, 1), 0);
    width_ = 8;
    cells_ = reinterpret_cast<uint8_t*>(line_.data());
    members_ = 1;
  } else {
    tiles_ = make_tile_series(members, steps_, 4, quantum_);
    cells_ = tiles_.bytes.get();
  }
}

Result<Ok> SeriesBuilder::use_axis(const TimeAxis& axis) {
  axis_ = axis;
  if ((axis.steps_per_slot > 1 || axis.is_daily) && request_->flow == Flow::extensive)
    return Failure{"WL6024", "`" + request_->column + "` stands in steps of " + step_name(axis.file_step_seconds) + ", coarser than the scenario's " + step_name(axis.clock->step_seconds),
                   "an amount is not spread over shorter steps; give the scenario a step of " + step_name(axis.file_step_seconds) + " or finer data", "", 0, ""};
  if (axis.slots_per_step > 1) {
    held_.resize(members_);
    cell_lacks_slot_.resize(members_);
  }
  return Ok{};
}

int64_t SeriesBuilder::cell(uint32_t member, uint32_t step) const {
  const size_t at = first_cell(member) + size_t{step} * (is_clock_series_ ? 1 : kTileMembers);
  return width_ == 4 ? reinterpret_cast<const int32_t*>(cells_)[at] : reinterpret_cast<const int64_t*>(cells_)[at];
}

bool SeriesBuilder::widen() {
  const size_t count = size_t{tiles_.tiles()} * steps_ * kTileMembers;
  if (count * 8 > memory_bound_) return false;
  TileSeries wide = make_tile_series(members_, steps_, 8, quantum_);
  if (wide.bytes == nullptr) return false;
  std::copy_n(reinterpret_cast<const int32_t*>(cells_), count, reinterpret_cast<int64_t*>(wide.bytes.get()));
  tiles_ = std::move(wide);
  cells_ = tiles_.bytes.get();
  width_ = 8;
  return true;
}

bool SeriesBuilder::store(uint32_t member, uint32_t step, int64_t value) {
  const size_t at = first_cell(member) + size_t{step} * (is_clock_series_ ? 1 : kTileMembers);
  if (width_ == 4 && value != static_cast<int32_t>(value) && !widen()) return false;
  if (width_ == 4) reinterpret_cast<int32_t*>(cells_)[at] = static_cast<int32_t>(value);
  else reinterpret_cast<int64_t*>(cells_)[at] = value;
  return true;
}

PutFault SeriesBuilder::put(uint32_t member, uint32_t slot, const Decimal& value, const ColumnScale& scale, Quality quality) {
  int64_t mantissa = 0;
  if (scale.is_mean_power) {
    if (value.places > kMeanPowerPlaces) return PutFault::finer;
    if (carry_.empty()) carry_.resize(members_);
    const Int128 power = Int128{value.digits} * kPowers[static_cast<size_t>(kMeanPowerPlaces - value.places)];
    Int128 work;
    if (__builtin_mul_overflow(power, scale.numerator, &work)) return PutFault::out_of_range;
    if (__builtin_add_overflow(work, Int128{carry_[member]}, &work)) return PutFault::out_of_range;
    const Int128 whole = work / scale.denominator;
    if (whole > INT64_MAX || whole < INT64_MIN) return PutFault::out_of_range;
    carry_[member] = static_cast<int64_t>(work % scale.denominator);
    mantissa = static_cast<int64_t>(whole);
  } else {
    // digits < 10^18 and both parts of the scale <= 10^18, so neither product leaves 127 bits.
    const Int128 above = Int128{value.digits} * scale.numerator, below = scale.denominator * kPowers[static_cast<size_t>(value.places)];
    if (above % below != 0) return PutFault::finer;
    const Int128 whole = above / below;
    if (whole > INT64_MAX || whole < INT64_MIN) return PutFault::out_of_range;
    mantissa = static_cast<int64_t>(whole);
  }
  if (quality != Quality::measured) mark(member, slot, quality);
  return put_mantissa(member, slot, mantissa);
}

PutFault SeriesBuilder::put_mantissa(uint32_t member, uint32_t slot, int64_t mantissa) {
  uint32_t step = 0, end = 0;
  axis_.steps_of(slot, step, end);
  if (axis_.slots_per_step == 1) {
    for (; step < end; ++step)
      if (!store(member, step, mantissa)) return PutFault::memory;
    return PutFault::none;
  }
  held_[member] = mantissa;
  int64_t sum = 0;
  if (__builtin_add_overflow(cell(member, step), mantissa, &sum)) return PutFault::out_of_range;
  const bool is_last = slot % axis_.slots_per_step == axis_.slots_per_step - 1;
  if (is_last && request_->flow == Flow::intensive && !is_quantum_free()) {
    if (sum % axis_.slots_per_step != 0 && !cell_lacks_slot_[member]) return PutFault::inexact_mean;
    sum /= static_cast<int64_t>(axis_.slots_per_step);
  }
  if (is_last) cell_lacks_slot_[member] = 0;
  return store(member, step, sum) ? PutFault::none : PutFault::memory;
}

PutFault SeriesBuilder::put_absent(uint32_t member, uint32_t slot, bool said) {
  if (request_->missing == MissingPolicy::error && !said) return PutFault::gap;
  if (request_->missing == MissingPolicy::hold) {
    if (slot == 0) return PutFault::nothing_to_hold;
    uint32_t step = 0, end = 0;
    axis_.steps_of(slot, step, end);
    mark(member, slot, Quality::substituted);
    return put_mantissa(member, slot, axis_.slots_per_step > 1 ? held_[member] : cell(member, step - 1));
  }
  if (request_->missing == MissingPolicy::zero) {
    mark(member, slot, Quality::substituted);
    return put_mantissa(member, slot, 0);
  }
  mark(member, slot, Quality::missing);
  if (axis_.slots_per_step > 1) cell_lacks_slot_[member] = 1;
  return put_mantissa(member, slot, 0);
}

void SeriesBuilder::mark(uint32_t member, uint32_t slot, Quality quality) {
  uint32_t first = 0, end = 0;
  axis_.steps_of(slot, first, end);
  if (end == first) return;
  if (!quality_.empty()) {
    QualityRun& last = quality_.back();
    if (last.member == member && last.quality == quality && first <= last.last_step + 1 && first >= last.first_step) {
      last.last_step = std::max(last.last_step, end - 1);
      return;
    }
  }
  quality_.push_back({member, first, end - 1, quality});
}

// By member, then step; where two slots of one step differ, the worse of them.
void SeriesBuilder::settle_quality() {
  std::stable_sort(quality_.begin(), quality_.end(), [](const QualityRun& a, const QualityRun& b) {
    return std::pair(a.member, a.first_step) < std::pair(b.member, b.first_step);
  });
  std::vector<QualityRun> settled;
  for (QualityRun run : quality_) {
    // Runs of a member come in ascending steps, so they can overlap in one step only: the last of one and the first of the next.
    while (!settled.empty() && settled.back().member == run.member && settled.back().last_step >= run.first_step) {
      QualityRun& last = settled.back();
      if (run.quality <= last.quality) {
        run.first_step = last.last_step + 1;
        break;
      }
      if (last.last_step-- == last.first_step) settled.pop_back();
      else break;
    }
    if (run.first_step > run.last_step) continue;
    if (!settled.empty() && settled.back().member == run.member && settled.back().quality == run.quality && settled.back().last_step + 1 == run.first_step)
      settled.back().last_step = run.last_step;
    else settled.push_back(run);
  }
  quality_ = std::move(settled);
  for (const QualityRun& run : quality_)
    if (run.quality == Quality::missing)
      for (uint32_t step = run.first_step; step <= run.last_step; ++step) store(run.member, step, 0);
}

namespace {

template <class Cell>
void find_range(TileSeries& series) {
  const auto* cells = reinterpret_cast<const Cell*>(series.bytes.get());
  Cell least = cells[0], most = cells[0];
  for (uint32_t tile = 0; tile < series.tiles(); ++tile) {
    const uint32_t lanes = std::min(kTileMembers, series.members - tile * kTileMembers);
    for (uint32_t step = 0; step < series.steps; ++step, cells += kTileMembers)
      for (uint32_t lane = 0; lane < lanes; ++lane) {
        least = std::min(least, cells[lane]);
        most = std::max(most, cells[lane]);
      }
  }
  series.min = least;
  series.max = most;
}

}  // namespace

TileSeries SeriesBuilder::finish_member_series() {
  settle_quality();
  tiles_.quality = std::move(quality_);
  if (members_ > 0 && steps_ > 0) width_ == 4 ? find_range<int32_t>(tiles_) : find_range<int64_t>(tiles_);
  cells_ = nullptr;
  return std::move(tiles_);
}

ClockSeries SeriesBuilder::finish_clock_series() {
  settle_quality();
  ClockSeries series;
  series.quantum = quantum_;
  // The sums of a finer intensive file are its means in a quantum as many times smaller: exact whatever the digits.
  if (is_quantum_free() && axis_.slots_per_step > 1 && request_->flow == Flow::intensive)
    series.quantum = Quantum::of(quantum_.value() / Rational(axis_.slots_per_step));
  line_.resize(steps_);
  series.values = std::move(line_);
  series.quality = std::move(quality_);
  cells_ = nullptr;
  return series;
}

}  // namespace wattlaw
