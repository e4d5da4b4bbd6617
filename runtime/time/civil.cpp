#include "runtime/time/civil.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlaw {
namespace {

// Days are counted in eras of 400 years that begin on 1 March, so that a leap day is the last day of its year.
constexpr int kEraDays = 146097;
constexpr int kEpochFromEra = 719468;  // 0000-03-01 to 1970-01-01

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int32_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = floor_divide(year, 400), year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<int32_t>(era * kEraDays + day_of_era - kEpochFromEra);
}

}  // namespace

Date date_of(int32_t year, int month, int day) {
  return Date{days_from_civil(year, month, std::clamp(day, 1, days_in_month(year, month)))};
}

YearMonthDay civil_of(Date date) {
  const int64_t days = int64_t{date.days} + kEpochFromEra;
  const int64_t era = floor_divide(days, kEraDays), day_of_era = days - era * kEraDays;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<uint8_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month = static_cast<uint8_t>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {static_cast<int32_t>(year_of_era + era * 400 + (month <= 2)), month, day};
}

int weekday_of(Date date) {
  const int64_t since_monday = int64_t{date.days} + 3;  // 1970-01-01 was a Thursday
  return static_cast<int>(since_monday - 7 * floor_divide(since_monday, 7));
}

int days_in_month(int32_t year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::optional<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int part[3] = {0, 0, 0}, which = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++which;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    part[which] = part[which] * 10 + (text[i] - '0');
  }
  const auto [year, month, day] = part;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  return date_of(year, month, day);
}

std::string print_date(Date date) {
  const YearMonthDay civil = civil_of(date);
  return fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
}

Date add_months(Date date, int months) {
  const YearMonthDay civil = civil_of(date);
  const int64_t month = int64_t{civil.year} * 12 + civil.month - 1 + months, year = floor_divide(month, 12);
  return date_of(static_cast<int32_t>(year), static_cast<int>(month - year * 12) + 1, civil.day);
}

Date easter_sunday(int32_t year) {
  const int golden = year % 19, century = year / 100, rest = year % 100;
  const int epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
  const int to_sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
  const int correction = (golden + 11 * epact + 22 * to_sunday) / 451;
  const int day = epact + to_sunday - 7 * correction + 114;
  return date_of(year, day / 31, day % 31 + 1);
}

}  // namespace wattlaw
