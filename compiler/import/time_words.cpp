#include "compiler/import/time_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace wattlaw {
namespace {

constexpr std::array kMonths = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
constexpr std::array kWeekdays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr int kDayMinutes = 24 * 60;

// First and last of each run of a circle, in the order in which they begin. Empty if all or none are set.
template <size_t N>
std::vector<std::pair<size_t, size_t>> runs_of(const std::bitset<N>& set) {
  std::vector<std::pair<size_t, size_t>> runs;
  if (set.all()) return runs;
  for (size_t first = 0; first < N; ++first) {
    if (!set[first] || set[(first + N - 1) % N]) continue;
    size_t last = first;
    while (set[(last + 1) % N]) last = (last + 1) % N;
    runs.emplace_back(first, last);
  }
  return runs;
}

template <size_t N>
std::vector<std::string> run_texts(const std::bitset<N>& set, const std::array<const char*, N>& names) {
  std::vector<std::string> texts;
  for (const auto& [first, last] : runs_of(set)) texts.push_back(first == last ? names[first] : fmt::format("{} to {}", names[first], names[last]));
  return texts;
}

std::string clock_text(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

}  // namespace

bool is_month_or_weekday(std::string_view word) {
  return std::find(kMonths.begin(), kMonths.end(), word) != kMonths.end() || std::find(kWeekdays.begin(), kWeekdays.end(), word) != kWeekdays.end();
}

std::vector<std::string> month_runs(const MonthSet& months) { return run_texts(months, kMonths); }

std::vector<std::string> weekday_runs(const WeekdaySet& weekdays) {
  if (weekdays == WeekdaySet(0b0011111)) return {"weekdays"};
  if (weekdays == WeekdaySet(0b1100000)) return {"weekends"};
  return run_texts(weekdays, kWeekdays);
}

MinuteWindows hour_runs(const HourSet& hours) {
  MinuteWindows windows;
  for (const auto& [first, last] : runs_of(hours)) windows.emplace_back(static_cast<int>(first) * 60, static_cast<int>(last + 1) * 60);
  return windows;
}

std::string windows_text(const MinuteWindows& windows, bool beside_days) {
  std::string text;
  for (const auto& [begin, end] : windows) {
    if (begin == 0 && (end == kDayMinutes || end == 0)) return "";
    text += fmt::format("{}{} to {}", text.empty() ? "" : ", ", clock_text(begin), clock_text(end));
    if (beside_days && end < begin && end != 0) text += " of the same day";
  }
  return text;
}

std::string time_set_text(const std::vector<std::string>& months, const std::vector<DayTerm>& days, const MinuteWindows& windows) {
  const std::vector<std::string> all_months = months.empty() ? std::vector<std::string>{""} : months;
  const std::vector<DayTerm> all_days = days.empty() ? std::vector<DayTerm>{{"", ""}} : days;
  std::string text;
  for (const std::string& month : all_months)
    for (const DayTerm& day : all_days) {
      std::string term = day.days;
      for (const std::string& part : {month, windows_text(windows, !day.days.empty())})
        if (!part.empty()) term += (term.empty() ? "" : " ") + part;
      if (term.empty()) return "";
      if (!day.excluding.empty()) term += " excluding " + day.excluding;
      text += (text.empty() ? "" : " or ") + term;
    }
  return text;
}

}  // namespace wattlaw
