// Clock: the interval axis of a run. UTC inside, the zone's local date and time beside each step; windows are runs of steps.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/time/zone.h"

namespace wattlaw {

struct Clock {
  Zone zone;
  Date first_date, end_date;     // local, end exclusive
  Instant begin = 0;
  int32_t step_seconds = 3600;   // of a settlement 60, 300, 600, 900, 1800 or 3600; of physics any divisor of a minute as well
  uint32_t steps = 0;
  std::vector<int32_t> local_day;        // Date::days of each step's start
  std::vector<int16_t> local_minute;     // minute of the local day at the step's start
  // An axis of sessions (make_session_clock) has a step for each row of each session instead of even steps; steps go back in time where the
  // next session began before the last one ended.
  std::vector<Instant> row_begin;        // empty: even steps
  std::vector<uint32_t> session_first_step;
  std::vector<std::string> session_ids;  // parallel to session_first_step
  Instant instant_of(uint32_t step) const { return row_begin.empty() ? begin + int64_t{step} * step_seconds : row_begin[step]; }
  Date date_of_step(uint32_t step) const { return Date{local_day[step]}; }
  std::string print_step(uint32_t step) const;  // "2026-10-25 02:00+02:00"
  // Step that contains the instant; steps if outside.
  uint32_t step_at(Instant instant) const;
  // First step whose local date is >= date; `steps` if none.
  uint32_t first_step_of(Date date) const;
};
// Whole local days [from, until) in steps. Failure WL6102 for an empty period, a step that is none of the six, or more than 2^31 steps.
Result<Clock> make_clock(Zone zone, Date from, Date until, int32_t step_seconds);

// A period of the law.
struct Period {
  enum class Unit : uint8_t { none, interval, minutes, hour, day, week, month, quarter, year, session } unit = Unit::none;
  uint16_t count = 1;          // 30 min; 1 otherwise
  uint16_t start_minute = 0;   // day starting 12:00
  uint8_t start_day = 1;       // billing month starts 15
  uint8_t start_month = 1;     // year starting 15 April
  bool rolling = false;        // rolling 30 min: ends at every step
  bool operator==(const Period&) const = default;
};
std::string period_name(const Period& period);  // "month", "30 min", "day starting 12:00"

// The consecutive windows of a period over a clock. Windows are half-open runs of steps; first and last may be cut by the clock.
struct Windows {
  Period period;
  std::vector<uint32_t> first_step;        // size() + 1 entries; the last is clock.steps
  std::vector<uint32_t> window_of_step;    // size clock.steps
  std::vector<Date> nominal_begin, nominal_end;  // the whole window's local dates, end exclusive (day and longer; else the day it lies in)
  uint32_t size() const { return static_cast<uint32_t>(first_step.size()) - 1; }
  bool is_whole(uint32_t window, const Clock& clock) const;  // not cut by the clock's ends
  std::string label(uint32_t window, const Clock& clock) const;  // "2026-03", "2026-W10", "2026-03-11", "2026", or the start time
};
// Failure WL6103 if the period is shorter than, or no multiple of, the step. Fixed windows of minutes and hours start at the local
// hour (a zone change never splits one); rolling periods are not windows and are refused here.
// Sessions are windows of an axis of sessions alone; on another axis the whole run is one, as `check` walks through a tariff for sessions.
Result<Windows> make_windows(const Clock& clock, const Period& period);
inline constexpr uint32_t kNoStep = UINT32_MAX;
// For each step, the one at the same local time of the latest day before that has this time: the first of two where clocks are set back;
// kNoStep: it lies before the clock's begin.
std::vector<uint32_t> same_time_of_day_before(const Clock& clock);
// True if every window of `fine` lies within one window of `coarse` on this clock.
bool nests(const Windows& fine, const Windows& coarse);

}  // namespace wattlaw
