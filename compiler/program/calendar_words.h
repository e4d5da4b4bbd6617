// The words of the civil calendar as the lexer reads them: "October" -> 10, "Friday" -> 4.
#pragma once
#include <string>

namespace wattlaw {

// 1 January … 12 December; 0 if it is no month.
inline int month_number(const std::string& name) {
  static const char* kMonths[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
  for (int i = 0; i < 12; ++i)
    if (name == kMonths[i]) return i + 1;
  return 0;
}

inline constexpr const char* kWeekdayNames[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

// 0 Monday … 6 Sunday; -1 if it is no weekday.
inline int weekday_number(const std::string& name) {
  for (int i = 0; i < 7; ++i)
    if (name == kWeekdayNames[i]) return i;
  return -1;
}

}  // namespace wattlaw
