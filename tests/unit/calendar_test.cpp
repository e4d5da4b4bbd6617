#include "runtime/time/calendar.h"

#include <gtest/gtest.h>

namespace wattlaw {
namespace {

using Kind = HolidayRule::Kind;

constexpr uint8_t kWorkdays = 0x1f;

HolidaySet nordic() {
  HolidaySet set;
  set.rules.push_back({.name = "New Year's Day", .month = 1, .day = 1});
  set.rules.push_back({.name = "Good Friday", .kind = Kind::easter, .offset = -2});
  set.rules.push_back({.name = "Store Bededag", .kind = Kind::easter, .offset = 26, .until = date_of(2024, 1, 1)});
  set.rules.push_back({.name = "Whit Monday", .kind = Kind::easter, .offset = 50});
  set.rules.push_back({.name = "National Day", .month = 5, .day = 17});
  set.rules.push_back({.name = "Midsummer Eve", .kind = Kind::weekday_from, .month = 6, .day = 19, .weekday = 4});
  set.rules.push_back({.name = "Christmas Eve", .month = 12, .day = 24});
  return set;
}

TEST(holidays, follow_easter) {
  const HolidaySet set = nordic();
  EXPECT_TRUE(set.contains(date_of(2026, 4, 3)));  // Easter is 5 April 2026
  EXPECT_FALSE(set.contains(date_of(2026, 4, 6)));
}

// Abolished from 2024: the fourth Friday after Easter, 5 May 2023, is the last.
TEST(holidays, are_in_force_between_dates) {
  const HolidaySet set = nordic();
  ASSERT_NE(set.find(date_of(2023, 5, 5)), nullptr);
  EXPECT_EQ(set.find(date_of(2023, 5, 5))->name, "Store Bededag");
  EXPECT_FALSE(set.contains(date_of(2024, 4, 26)));  // 31 March 2024 + 26 days
}

// domain.md G24: 17 May 2027 is Whit Monday and the national day; the first rule names it.
TEST(holidays, count_a_date_with_two_names_once) {
  ASSERT_NE(nordic().find(date_of(2027, 5, 17)), nullptr);
  EXPECT_EQ(nordic().find(date_of(2027, 5, 17))->name, "Whit Monday");
}

TEST(holidays, find_the_weekday_of_a_week) {
  // Fridays between 19 and 25 June: 2026-06-19 is one itself, in 2025 it is the 20th.
  EXPECT_TRUE(nordic().contains(date_of(2026, 6, 19)));
  EXPECT_FALSE(nordic().contains(date_of(2026, 6, 26)));
  EXPECT_TRUE(nordic().contains(date_of(2025, 6, 20)));
}

TEST(holidays, cross_the_year_and_skip_missing_leap_days) {
  HolidaySet set;
  set.rules.push_back({.name = "eve", .month = 1, .day = 1, .offset = -1});
  set.rules.push_back({.name = "leap day", .month = 2, .day = 29});
  EXPECT_TRUE(set.contains(date_of(2025, 12, 31)));
  EXPECT_TRUE(set.contains(date_of(2024, 2, 29)));
  EXPECT_FALSE(set.contains(date_of(2025, 2, 28)));
}

TEST(time_set, is_half_open) {
  TimeSet set{.weekdays = kWorkdays, .days_said = true, .windows = {{6 * 60, 22 * 60}}};
  const Date wednesday = date_of(2026, 3, 11), saturday = date_of(2026, 3, 14);
  EXPECT_FALSE(set.contains(wednesday, 6 * 60 - 1));
  EXPECT_TRUE(set.contains(wednesday, 6 * 60));
  EXPECT_TRUE(set.contains(wednesday, 22 * 60 - 1));
  EXPECT_FALSE(set.contains(wednesday, 22 * 60));
  EXPECT_FALSE(set.contains(saturday, 12 * 60));
}

TEST(time_set, wraps_midnight_within_the_day_or_into_the_next) {
  const Date friday = date_of(2026, 3, 13), saturday = date_of(2026, 3, 14), monday = date_of(2026, 3, 16);
  TimeSet same{.weekdays = kWorkdays, .days_said = true, .windows = {{22 * 60, 6 * 60, false}}};
  EXPECT_TRUE(same.contains(monday, 60));
  EXPECT_TRUE(same.contains(friday, 23 * 60));
  EXPECT_FALSE(same.contains(saturday, 60));
  TimeSet next{.weekdays = kWorkdays, .days_said = true, .windows = {{22 * 60, 6 * 60, true}}};
  EXPECT_FALSE(next.contains(monday, 60));     // began on Sunday
  EXPECT_TRUE(next.contains(saturday, 60));    // began on Friday
  EXPECT_FALSE(next.contains(saturday, 360));
  EXPECT_FALSE(next.contains(saturday, 23 * 60));
}

TEST(time_set, seasons_wrap_the_year) {
  TimeSet winter{.seasons = {{{11, 1}, {3, 31}}}};
  EXPECT_TRUE(winter.contains(date_of(2026, 11, 1), 0));
  EXPECT_TRUE(winter.contains(date_of(2026, 1, 15), 0));
  EXPECT_TRUE(winter.contains(date_of(2026, 3, 31), 1439));
  EXPECT_FALSE(winter.contains(date_of(2026, 4, 1), 0));
  EXPECT_FALSE(winter.contains(date_of(2026, 10, 31), 1439));
  // Into the next day: the night that began on 31 March is winter until 06:00 of 1 April.
  TimeSet night{.windows = {{22 * 60, 6 * 60, true}}, .seasons = {{{11, 1}, {3, 31}}}};
  EXPECT_TRUE(night.contains(date_of(2026, 4, 1), 60));
  EXPECT_FALSE(night.contains(date_of(2026, 11, 1), 60));
}

TEST(time_set, excludes_holidays_of_the_day_the_window_began) {
  const HolidaySet holidays = nordic();
  const Date maundy_thursday = date_of(2026, 4, 2), good_friday = date_of(2026, 4, 3), saturday = date_of(2026, 4, 4);
  TimeSet day{.weekdays = kWorkdays, .days_said = true, .windows = {{360, 1320}}, .excluded_days = {&holidays}};
  EXPECT_TRUE(day.contains(maundy_thursday, 720));
  EXPECT_FALSE(day.contains(good_friday, 720));
  TimeSet night{.weekdays = kWorkdays, .days_said = true, .windows = {{1320, 360, true}}, .excluded_days = {&holidays}};
  EXPECT_TRUE(night.contains(good_friday, 60));   // Thursday's night
  EXPECT_FALSE(night.contains(good_friday, 1380));
  EXPECT_FALSE(night.contains(saturday, 60));     // the holiday's night
}

TEST(time_set, holidays_may_be_the_days_themselves) {
  const HolidaySet holidays = nordic();
  TimeSet only{.only_days = {&holidays}, .windows = {{960, 1260}}};
  EXPECT_TRUE(only.contains(date_of(2026, 4, 3), 960));
  EXPECT_FALSE(only.contains(date_of(2026, 4, 7), 960));
  TimeSet or_sunday{.weekdays = 0x40, .days_said = true, .only_days = {&holidays}};
  EXPECT_TRUE(or_sunday.contains(date_of(2026, 4, 12), 0));
  EXPECT_TRUE(or_sunday.contains(date_of(2026, 4, 3), 0));
  EXPECT_FALSE(or_sunday.contains(date_of(2026, 4, 9), 0));
}

}  // namespace
}  // namespace wattlaw
