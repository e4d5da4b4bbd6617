// Civil dates: days of the proleptic Gregorian calendar without a zone.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wattlaw {

struct Date {
  int32_t days = 0;  // since 1970-01-01
  auto operator<=>(const Date&) const = default;
};
struct YearMonthDay {
  int32_t year;
  uint8_t month;  // 1..12
  uint8_t day;    // 1..31
};

Date date_of(int32_t year, int month, int day);          // day may be past the month's end: clamped to its last day
YearMonthDay civil_of(Date date);
int weekday_of(Date date);                               // 0 Monday … 6 Sunday
int days_in_month(int32_t year, int month);
std::optional<Date> parse_date(std::string_view text);   // 2026-07-01, checked
std::string print_date(Date date);
Date add_months(Date date, int months);                  // a missing day is the month's last
Date easter_sunday(int32_t year);                        // Gregorian computus (Meeus/Jones/Butcher)

}  // namespace wattlaw
