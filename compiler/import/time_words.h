// Words of local time: months, weekdays and hours as a price list names them -> the language's sets of local time.
//   months 10 11 12 1 2 3, hours 6 … 21   ->   "October to March 06:00 to 22:00"
#pragma once
#include <bitset>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wattlaw {

using MonthSet = std::bitset<12>;   // 0 January
using WeekdaySet = std::bitset<7>;  // 0 Monday
using HourSet = std::bitset<24>;    // hour 6 is 06:00 to 07:00

// Half-open, in minutes of the local day; one that passes midnight ends at or before its beginning.
using MinuteWindows = std::vector<std::pair<int, int>>;

// "May", "Monday": words that cannot be names.
bool is_month_or_weekday(std::string_view word);
// {"January to March", "October"}; runs may pass New Year. Empty for the whole year.
std::vector<std::string> month_runs(const MonthSet& months);
// {"weekdays"}, {"Friday to Sunday"}, {"Monday", "Wednesday"}. Empty for the whole week.
std::vector<std::string> weekday_runs(const WeekdaySet& weekdays);
MinuteWindows hour_runs(const HourSet& hours);
// "06:00 to 10:00, 16:00 to 24:00"; beside named days a window that passes midnight belongs to one day: its hours of the early
// morning and of the late evening are those of the day named. Empty for the whole day.
std::string windows_text(const MinuteWindows& windows, bool beside_days);

// Every combination of months, days and windows, joined by `or`. `days` are finished terms ("workdays", "Friday"), with what they
// exclude in the second. "" if nothing is restricted.
struct DayTerm {
  std::string days, excluding;  // "workdays", "holidays of norway"; days empty: every day
};
std::string time_set_text(const std::vector<std::string>& months, const std::vector<DayTerm>& days, const MinuteWindows& windows);

}  // namespace wattlaw
