#include "runtime/time/clock.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace wattlaw {
namespace {

using Unit = Period::Unit;

Clock clock_of(const char* zone, const char* from, const char* until, int minutes) {
  Result<Clock> clock = make_clock(*Zone::load(zone), *parse_date(from), *parse_date(until), minutes * 60);
  EXPECT_TRUE(clock) << (clock ? "" : clock.failure().message);
  return *clock;
}

Windows windows_of(const Clock& clock, const Period& period) {
  Result<Windows> windows = make_windows(clock, period);
  EXPECT_TRUE(windows) << (windows ? "" : windows.failure().message);
  return *windows;
}

std::vector<std::string> labels(const Windows& windows, const Clock& clock) {
  std::vector<std::string> all;
  for (uint32_t window = 0; window < windows.size(); ++window) all.push_back(windows.label(window, clock));
  return all;
}

uint32_t size_of(const Windows& windows, uint32_t window) { return windows.first_step[window + 1] - windows.first_step[window]; }

// A day of a clock change has 23 or 25 hours whatever the step: 92 and 100 quarter-hours.
TEST(clock, has_short_and_long_days) {
  for (const char* zone : {"Europe/Oslo", "Europe/Copenhagen"})
    for (const int minutes : {1, 5, 10, 15, 30, 60}) {
      EXPECT_EQ(clock_of(zone, "2026-03-29", "2026-03-30", minutes).steps, 23u * 60 / minutes);
      EXPECT_EQ(clock_of(zone, "2026-10-25", "2026-10-26", minutes).steps, 25u * 60 / minutes);
      EXPECT_EQ(clock_of(zone, "2026-07-01", "2026-07-02", minutes).steps, 24u * 60 / minutes);
      EXPECT_EQ(clock_of(zone, "2026-01-01", "2027-01-01", minutes).steps, 8760u * 60 / minutes);
    }
}

TEST(clock, tells_the_two_hours_apart) {
  const Clock clock = clock_of("Europe/Oslo", "2026-10-25", "2026-10-26", 60);
  EXPECT_EQ(clock.print_step(2), "2026-10-25 02:00+02:00");
  EXPECT_EQ(clock.print_step(3), "2026-10-25 02:00+01:00");
  EXPECT_EQ(clock.local_minute[2], 120);
  EXPECT_EQ(clock.local_minute[3], 120);
  EXPECT_EQ(clock.local_minute[4], 180);
  const Clock spring = clock_of("Europe/Oslo", "2026-03-29", "2026-03-30", 15);
  EXPECT_EQ(spring.print_step(7), "2026-03-29 01:45+01:00");
  EXPECT_EQ(spring.print_step(8), "2026-03-29 03:00+02:00");
  EXPECT_EQ(clock_of("America/New_York", "2026-01-01", "2026-01-02", 60).print_step(0), "2026-01-01 00:00-05:00");
}

TEST(clock, finds_steps) {
  const Clock clock = clock_of("Europe/Oslo", "2026-03-28", "2026-03-31", 60);
  EXPECT_EQ(clock.first_step_of(*parse_date("2026-03-28")), 0u);
  EXPECT_EQ(clock.first_step_of(*parse_date("2026-03-30")), 47u);  // 24 + 23
  EXPECT_EQ(clock.first_step_of(*parse_date("2026-03-31")), clock.steps);
  EXPECT_EQ(clock.step_at(clock.begin - 1), clock.steps);
  EXPECT_EQ(clock.step_at(clock.begin), 0u);
  EXPECT_EQ(clock.step_at(clock.begin + 7199), 1u);
  EXPECT_EQ(clock.step_at(clock.instant_of(clock.steps)), clock.steps);
}

TEST(clock, refuses_what_it_cannot_hold) {
  const Zone oslo = *Zone::load("Europe/Oslo");
  const Date day = *parse_date("2026-01-01"), next = *parse_date("2026-01-02");
  const auto code = [](const Result<Clock>& clock) { return clock ? std::string("none") : clock.failure().code; };
  EXPECT_EQ(code(make_clock(oslo, day, day, 3600)), "WL6102");
  EXPECT_EQ(code(make_clock(oslo, next, day, 3600)), "WL6102");
  EXPECT_EQ(code(make_clock(oslo, day, next, 1200)), "WL6102");
  EXPECT_EQ(code(make_clock(oslo, day, next, 0)), "WL6102");
  EXPECT_EQ(code(make_clock(oslo, *parse_date("1960-01-01"), next, 3600)), "WL6102");
  EXPECT_EQ(code(make_clock(oslo, day, *parse_date("9999-01-01"), 60)), "WL6102");
  EXPECT_EQ(code(make_clock(*Zone::load("Pacific/Apia"), *parse_date("2011-12-30"), *parse_date("2011-12-31"), 3600)), "WL6102");
  EXPECT_EQ(code(make_clock(oslo, day, next, 3600)), "none");
}

// Lord Howe's clocks change by 30 minutes: half-hours hold that, hours would lie across it.
TEST(clock, follows_a_change_of_half_an_hour) {
  const Zone howe = *Zone::load("Australia/Lord_Howe");
  const Result<Clock> hours = make_clock(howe, *parse_date("2026-04-01"), *parse_date("2026-05-01"), 3600);
  ASSERT_FALSE(hours);
  EXPECT_EQ(hours.failure().code, "WL6102");
  // 2026-04-05, 02:00 back to 01:30: 24.5 hours. 2026-10-04, 02:00 to 02:30: 23.5 hours.
  EXPECT_EQ(clock_of("Australia/Lord_Howe", "2026-04-05", "2026-04-06", 30).steps, 49u);
  EXPECT_EQ(clock_of("Australia/Lord_Howe", "2026-10-04", "2026-10-05", 15).steps, 94u);
  // The hour from 01:00 runs through the jump back and has three half-hours; the day has 24 windows.
  const Clock clock = clock_of("Australia/Lord_Howe", "2026-04-05", "2026-04-06", 30);
  const Windows hourly = windows_of(clock, {.unit = Unit::hour});
  EXPECT_EQ(hourly.size(), 24u);
  EXPECT_EQ(size_of(hourly, 1), 3u);
  EXPECT_EQ(windows_of(clock_of("Asia/Kolkata", "2026-01-01", "2026-01-02", 60), {.unit = Unit::hour}).size(), 24u);
}

TEST(windows, of_minutes_and_hours_follow_the_local_clock) {
  const Clock autumn = clock_of("Europe/Oslo", "2026-10-25", "2026-10-26", 15);
  const Windows hours = windows_of(autumn, {.unit = Unit::hour});
  ASSERT_EQ(hours.size(), 25u);
  for (uint32_t hour = 0; hour < 25; ++hour) EXPECT_EQ(size_of(hours, hour), 4u);
  EXPECT_EQ(hours.label(2, autumn), "2026-10-25 02:00+02:00");
  EXPECT_EQ(hours.label(3, autumn), "2026-10-25 02:00+01:00");
  EXPECT_EQ(windows_of(autumn, {.unit = Unit::minutes, .count = 30}).size(), 50u);
  EXPECT_EQ(windows_of(clock_of("Europe/Oslo", "2026-03-29", "2026-03-30", 5), {.unit = Unit::minutes, .count = 30}).size(), 46u);
  // Four-hour windows: six in a day; on the long day the first holds both hours called 02:00.
  const Windows quarters = windows_of(autumn, {.unit = Unit::minutes, .count = 240});
  ASSERT_EQ(quarters.size(), 6u);
  EXPECT_EQ(size_of(quarters, 0), 20u);
}

TEST(windows, of_days_weeks_and_months) {
  const Clock clock = clock_of("Europe/Oslo", "2026-03-27", "2026-04-03", 60);
  const Windows days = windows_of(clock, {.unit = Unit::day});
  ASSERT_EQ(days.size(), 7u);
  EXPECT_EQ(size_of(days, 2), 23u);
  EXPECT_EQ(days.label(2, clock), "2026-03-29");
  const Windows weeks = windows_of(clock, {.unit = Unit::week});  // Friday to Sunday, then Monday to Thursday
  EXPECT_EQ(labels(weeks, clock), (std::vector<std::string>{"2026-W13", "2026-W14"}));
  EXPECT_FALSE(weeks.is_whole(0, clock));
  EXPECT_FALSE(weeks.is_whole(1, clock));
  const Windows months = windows_of(clock, {.unit = Unit::month});
  EXPECT_EQ(labels(months, clock), (std::vector<std::string>{"2026-03", "2026-04"}));
  EXPECT_EQ(months.nominal_begin[0], date_of(2026, 3, 1));
  EXPECT_EQ(months.nominal_end[0], date_of(2026, 4, 1));
  EXPECT_FALSE(months.is_whole(0, clock));
  EXPECT_TRUE(nests(days, weeks));
  EXPECT_TRUE(nests(days, months));
  EXPECT_FALSE(nests(weeks, months));
  EXPECT_TRUE(nests(windows_of(clock, {}), windows_of(clock, {})));
}

// ISO 8601: 2026-01-01 is a Thursday, so its week is W01 and begins on 2025-12-29; 2027-01-01 is a Friday of 2026-W53.
TEST(windows, number_weeks_by_their_thursday) {
  const Clock clock = clock_of("Europe/Oslo", "2025-12-29", "2026-01-05", 60);
  EXPECT_EQ(labels(windows_of(clock, {.unit = Unit::week}), clock), (std::vector<std::string>{"2026-W01"}));
  EXPECT_TRUE(windows_of(clock, {.unit = Unit::week}).is_whole(0, clock));
  const Clock end = clock_of("Europe/Oslo", "2027-01-01", "2027-01-02", 60);
  EXPECT_EQ(labels(windows_of(end, {.unit = Unit::week}), end), (std::vector<std::string>{"2026-W53"}));
}

TEST(windows, of_noon_days) {
  const Clock clock = clock_of("Europe/Oslo", "2026-10-24", "2026-10-27", 60);
  const Windows noon = windows_of(clock, {.unit = Unit::day, .start_minute = 720});
  ASSERT_EQ(noon.size(), 4u);
  EXPECT_EQ(labels(noon, clock), (std::vector<std::string>{"2026-10-23 12:00", "2026-10-24 12:00", "2026-10-25 12:00", "2026-10-26 12:00"}));
  EXPECT_EQ(size_of(noon, 0), 12u);
  EXPECT_EQ(size_of(noon, 1), 25u);
  EXPECT_FALSE(noon.is_whole(0, clock));
  EXPECT_TRUE(noon.is_whole(1, clock));
  EXPECT_TRUE(noon.is_whole(2, clock));
  EXPECT_FALSE(noon.is_whole(3, clock));
  // A day that starts within the repeated hour starts once, in its first run.
  const Windows night = windows_of(clock_of("Europe/Oslo", "2026-10-25", "2026-10-26", 30), {.unit = Unit::day, .start_minute = 150});
  ASSERT_EQ(night.size(), 2u);
  EXPECT_EQ(night.first_step[1], 5u);
}

TEST(windows, of_billing_months_and_years) {
  const Clock clock = clock_of("Europe/Oslo", "2026-01-01", "2027-01-01", 60);
  const Windows fifteenth = windows_of(clock, {.unit = Unit::month, .start_day = 15});
  ASSERT_EQ(fifteenth.size(), 13u);
  EXPECT_EQ(fifteenth.label(1, clock), "2026-01-15");
  EXPECT_FALSE(fifteenth.is_whole(0, clock));
  EXPECT_TRUE(fifteenth.is_whole(1, clock));
  EXPECT_FALSE(fifteenth.is_whole(12, clock));
  // Months that start on the 31st start on the last day where there is none.
  const Windows last = windows_of(clock, {.unit = Unit::month, .start_day = 31});
  ASSERT_EQ(last.size(), 13u);
  EXPECT_EQ(last.nominal_begin[2], date_of(2026, 2, 28));
  EXPECT_EQ(last.nominal_end[2], date_of(2026, 3, 31));
  EXPECT_EQ(clock.date_of_step(last.first_step[2]), date_of(2026, 2, 28));
  EXPECT_EQ(last.nominal_begin[4], date_of(2026, 4, 30));
  const Windows year = windows_of(clock, {.unit = Unit::year, .start_day = 15, .start_month = 4});
  ASSERT_EQ(year.size(), 2u);
  EXPECT_EQ(year.nominal_begin[0], date_of(2025, 4, 15));
  EXPECT_EQ(year.nominal_end[1], date_of(2027, 4, 15));
  EXPECT_EQ(labels(windows_of(clock, {.unit = Unit::quarter}), clock), (std::vector<std::string>{"2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"}));
  EXPECT_EQ(labels(windows_of(clock, {.unit = Unit::year}), clock), (std::vector<std::string>{"2026"}));
  EXPECT_TRUE(windows_of(clock, {.unit = Unit::year}).is_whole(0, clock));
  // Energy years from July, and seasons of three months from December.
  EXPECT_EQ(windows_of(clock, {.unit = Unit::quarter, .start_month = 12}).nominal_begin[0], date_of(2025, 12, 1));
}

TEST(windows, of_everything_and_of_each_interval) {
  const Clock clock = clock_of("Australia/Sydney", "2026-04-05", "2026-04-06", 30);
  EXPECT_EQ(clock.steps, 50u);  // the southern autumn: 25 hours on the first Sunday of April
  const Windows whole = windows_of(clock, {});
  EXPECT_EQ(labels(whole, clock), (std::vector<std::string>{"2026-04-05 until 2026-04-06"}));
  EXPECT_TRUE(whole.is_whole(0, clock));
  EXPECT_EQ(windows_of(clock, {.unit = Unit::interval}).size(), clock.steps);
}

// Every step lies in exactly one window, windows are in order and none is empty.
TEST(windows, partition_the_clock) {
  for (const char* zone : {"Europe/Oslo", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"}) {
    const Clock clock = clock_of(zone, "2026-01-01", "2027-01-01", 30);
    for (const Period& period : {Period{}, Period{.unit = Unit::interval}, Period{.unit = Unit::minutes, .count = 30}, Period{.unit = Unit::hour},
                                 Period{.unit = Unit::day}, Period{.unit = Unit::day, .start_minute = 720}, Period{.unit = Unit::week},
                                 Period{.unit = Unit::month}, Period{.unit = Unit::month, .start_day = 31}, Period{.unit = Unit::quarter},
                                 Period{.unit = Unit::year, .start_month = 7}}) {
      const Windows windows = windows_of(clock, period);
      ASSERT_EQ(windows.first_step.front(), 0u);
      ASSERT_EQ(windows.first_step.back(), clock.steps);
      ASSERT_TRUE(std::is_sorted(windows.first_step.begin(), windows.first_step.end(), std::less_equal<>()));
      for (uint32_t step = 0; step < clock.steps; ++step) {
        const uint32_t window = windows.window_of_step[step];
        ASSERT_LE(windows.first_step[window], step);
        ASSERT_LT(step, windows.first_step[window + 1]);
      }
    }
  }
}

TEST(windows, refuse_what_does_not_fit_the_step) {
  const Clock clock = clock_of("Europe/Oslo", "2026-01-01", "2026-01-02", 30);
  for (const Period& period : {Period{.unit = Unit::minutes, .count = 15}, Period{.unit = Unit::minutes, .count = 45}, Period{.unit = Unit::minutes, .count = 0},
                               Period{.unit = Unit::minutes, .count = 90}, Period{.unit = Unit::minutes, .count = 60, .rolling = true},
                               Period{.unit = Unit::day, .start_minute = 615}}) {
    const Result<Windows> windows = make_windows(clock, period);
    ASSERT_FALSE(windows) << period_name(period);
    EXPECT_EQ(windows.failure().code, "WL6103");
  }
}

TEST(period_name, reads_like_the_law) {
  EXPECT_EQ(period_name({.unit = Unit::month}), "month");
  EXPECT_EQ(period_name({.unit = Unit::minutes, .count = 30}), "30 min");
  EXPECT_EQ(period_name({.unit = Unit::minutes, .count = 30, .rolling = true}), "rolling 30 min");
  EXPECT_EQ(period_name({.unit = Unit::day, .start_minute = 720}), "day starting 12:00");
  EXPECT_EQ(period_name({.unit = Unit::year, .start_day = 15, .start_month = 4}), "year starting 15 April");
}

}  // namespace
}  // namespace wattlaw
