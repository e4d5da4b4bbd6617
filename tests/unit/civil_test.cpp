#include "runtime/time/civil.h"

#include <gtest/gtest.h>

namespace wattlaw {
namespace {

TEST(civil, counts_days_both_ways) {
  EXPECT_EQ(date_of(1970, 1, 1).days, 0);
  EXPECT_EQ(date_of(2000, 3, 1).days, 11017);  // 30 years of 365 days, 7 leap days before 2000, 31 + 29 days
  for (int32_t days = -800000; days < 800000; days += 13) {
    const YearMonthDay civil = civil_of(Date{days});
    ASSERT_EQ(date_of(civil.year, civil.month, civil.day).days, days);
  }
}

TEST(civil, knows_weekdays_and_month_lengths) {
  EXPECT_EQ(weekday_of(date_of(1970, 1, 1)), 3);   // Thursday
  EXPECT_EQ(weekday_of(date_of(2026, 10, 25)), 6);  // the last Sunday of October 2026
  EXPECT_EQ(weekday_of(date_of(1969, 12, 29)), 0);
  EXPECT_EQ(days_in_month(2024, 2), 29);
  EXPECT_EQ(days_in_month(2100, 2), 28);
  EXPECT_EQ(days_in_month(2000, 2), 29);
  EXPECT_EQ(days_in_month(2026, 9), 30);
}

TEST(date_of, clamps_a_day_past_the_month) {
  EXPECT_EQ(date_of(2026, 2, 31), date_of(2026, 2, 28));
  EXPECT_EQ(date_of(2024, 2, 31), date_of(2024, 2, 29));
}

TEST(parse_date, checks_the_calendar) {
  EXPECT_EQ(parse_date("2026-07-01"), date_of(2026, 7, 1));
  EXPECT_EQ(parse_date("2024-02-29"), date_of(2024, 2, 29));
  for (const char* text : {"2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31", "2026-1-01", "2026/01/01", "26-01-01", "2026-01-01 ", "", "2026-01-0x"})
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  EXPECT_EQ(print_date(date_of(2026, 7, 1)), "2026-07-01");
  EXPECT_EQ(print_date(date_of(987, 1, 2)), "0987-01-02");
}

TEST(add_months, takes_the_last_day_where_one_is_missing) {
  EXPECT_EQ(add_months(date_of(2026, 1, 31), 1), date_of(2026, 2, 28));
  EXPECT_EQ(add_months(date_of(2026, 1, 15), -1), date_of(2025, 12, 15));
  EXPECT_EQ(add_months(date_of(2024, 2, 29), 12), date_of(2025, 2, 28));
  EXPECT_EQ(add_months(date_of(2026, 5, 1), -17), date_of(2024, 12, 1));
}

// domain.md G24.
TEST(easter_sunday, follows_the_published_dates) {
  EXPECT_EQ(print_date(easter_sunday(2024)), "2024-03-31");
  EXPECT_EQ(print_date(easter_sunday(2025)), "2025-04-20");
  EXPECT_EQ(print_date(easter_sunday(2026)), "2026-04-05");
  EXPECT_EQ(print_date(easter_sunday(2027)), "2027-03-28");
  EXPECT_EQ(print_date(easter_sunday(2028)), "2028-04-16");
  EXPECT_EQ(print_date(easter_sunday(2038)), "2038-04-25");  // the latest date there is
  for (int32_t year = 1900; year < 2200; ++year) EXPECT_EQ(weekday_of(easter_sunday(year)), 6);
}

}  // namespace
}  // namespace wattlaw
