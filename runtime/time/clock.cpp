#include "runtime/time/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace wattlaw {
namespace {

constexpr int64_t kDaySeconds = 86400;
constexpr std::array kSteps = {1, 2, 5, 10, 15, 20, 30, 60, 300, 600, 900, 1800, 3600};  // below a minute: of physics
constexpr int32_t kFirstYear = 1970, kLastYear = 2100;  // of a zone's table

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

std::string print_offset(int32_t seconds) {
  const int32_t minutes = std::abs(seconds) / 60;
  return fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

// A step must not lie across a change of the local clock, else it would belong to two hours or two days.
std::optional<Failure> check_changes(const Clock& clock, Instant end) {
  for (const Instant change : clock.zone.changes_between(clock.begin, end)) {
    const int32_t shift = clock.zone.offset_at(change) - clock.zone.offset_at(change - 1);
    if (shift % clock.step_seconds == 0 && (change - clock.begin) % clock.step_seconds == 0) continue;
    const Date date{static_cast<int32_t>(floor_divide(clock.zone.local_of(change), kDaySeconds))};
    return Failure{"WL6102",
                   fmt::format("a step of {} min lies across the clock change of {} in `{}`, which is one of {} min", clock.step_seconds / 60,
                               print_date(date), clock.zone.name(), std::abs(shift) / 60),
                   "take a step that the clock change is a multiple of"};
  }
  return std::nullopt;
}

void fill_local_time(Clock& clock) {
  clock.local_day.resize(clock.steps);
  clock.local_minute.resize(clock.steps);
  const Instant end = clock.instant_of(clock.steps);
  std::vector<Instant> ends = clock.zone.changes_between(clock.begin, end);
  ends.push_back(end);
  uint32_t step = 0;
  for (const Instant segment_end : ends) {
    const int32_t offset = clock.zone.offset_at(segment_end - 1);
    for (; step < clock.steps && clock.instant_of(step) < segment_end; ++step) {
      const LocalSeconds local = clock.instant_of(step) + offset;
      const int64_t day = floor_divide(local, kDaySeconds);
      clock.local_day[step] = static_cast<int32_t>(day);
      clock.local_minute[step] = static_cast<int16_t>((local - day * kDaySeconds) / 60);
    }
  }
}

}  // namespace

std::string Clock::print_step(uint32_t step) const {
  const Instant instant = instant_of(step);
  const int32_t offset = zone.offset_at(instant);
  const int64_t day = floor_divide(instant + offset, kDaySeconds);
  const int64_t minute = (instant + offset - day * kDaySeconds) / 60;
  return fmt::format("{} {:02}:{:02}{}", print_date(Date{static_cast<int32_t>(day)}), minute / 60, minute % 60, print_offset(offset));
}

uint32_t Clock::step_at(Instant instant) const {
  if (instant < begin || instant >= instant_of(steps)) return steps;
  return static_cast<uint32_t>((instant - begin) / step_seconds);
}

uint32_t Clock::first_step_of(Date date) const {
  return static_cast<uint32_t>(std::lower_bound(local_day.begin(), local_day.end(), date.days) - local_day.begin());
}

Result<Clock> make_clock(Zone zone, Date from, Date until, int32_t step_seconds) {
  if (std::find(kSteps.begin(), kSteps.end(), step_seconds) == kSteps.end())
    return Failure{"WL6102", fmt::format("a step of {} s is none that a run can take", step_seconds), "take 1, 5, 10, 15, 30 or 60 min"};
  if (until <= from)
    return Failure{"WL6102", fmt::format("the period from {} until {} is empty", print_date(from), print_date(until)),
                   "`until` is exclusive: a single day ends on the next date"};
  if (from < date_of(kFirstYear, 1, 2) || until > date_of(kLastYear, 12, 31))
    return Failure{"WL6102", fmt::format("the period from {} until {} is outside the time zone's table", print_date(from), print_date(until)),
                   fmt::format("keep within the years {} to {}", kFirstYear, kLastYear)};
  Clock clock;
  clock.zone = std::move(zone);
  clock.first_date = from;
  clock.end_date = until;
  clock.begin = clock.zone.start_of_day(from);
  clock.step_seconds = step_seconds;
  const Instant end = clock.zone.start_of_day(until);
  if (const auto failure = check_changes(clock, end)) return *failure;
  const int64_t steps = (end - clock.begin) / step_seconds;
  if (steps == 0) return Failure{"WL6102", fmt::format("`{}` has no {}", clock.zone.name(), print_date(from)), "the local calendar skipped that day"};
  if (steps > int64_t{1} << 31)
    return Failure{"WL6102", fmt::format("the period has {} steps, more than a run can take", steps), "take a longer step or a shorter period"};
  clock.steps = static_cast<uint32_t>(steps);
  fill_local_time(clock);
  return clock;
}

}  // namespace wattlaw
