#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "runtime/time/clock.h"

namespace wattlaw {
namespace {

constexpr std::array kMonthNames = {"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};

using Unit = Period::Unit;

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

std::string print_minute(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

bool is_clock_time(Unit unit) { return unit == Unit::interval || unit == Unit::minutes || unit == Unit::hour; }

int period_minutes(const Period& period) { return period.unit == Unit::hour ? 60 * period.count : period.count; }

int period_months(Unit unit) { return unit == Unit::month ? 1 : unit == Unit::quarter ? 3 : 12; }

struct DateSpan {
  Date begin, end;
};

// The month, quarter or year (counted from start_month, from start_day of each) that a date lies in.
DateSpan month_span(const Period& period, Date date) {
  const int months = period_months(period.unit);
  const int anchor = (period.start_month - 1) % months;
  const YearMonthDay civil = civil_of(date);
  const int64_t month = int64_t{civil.year} * 12 + civil.month - 1;
  const auto begin_of = [&](int64_t m) {
    const int64_t year = floor_divide(m, 12);
    return date_of(static_cast<int32_t>(year), static_cast<int>(m - year * 12) + 1, period.start_day);
  };
  int64_t first = floor_divide(month - anchor, months) * months + anchor;
  if (date < begin_of(first)) first -= months;
  return {begin_of(first), begin_of(first + months)};
}

// The local dates of the whole window of a day or longer that holds a step. `day starting 12:00` is named by the date it begins on.
DateSpan nominal_span(const Period& period, const Clock& clock, Date date, int minute) {
  switch (period.unit) {
    case Unit::session:
    case Unit::none: return {clock.first_date, clock.end_date};
    case Unit::interval:
    case Unit::minutes:
    case Unit::hour: return {date, Date{date.days + 1}};
    case Unit::day: {
      const int32_t begin = date.days - (minute < period.start_minute);
      return {Date{begin}, Date{begin + 1}};
    }
    case Unit::week: {
      const int32_t monday = date.days - weekday_of(date);
      return {Date{monday}, Date{monday + 7}};
    }
    case Unit::month:
    case Unit::quarter:
    case Unit::year: return month_span(period, date);
  }
  return {date, date};
}

std::optional<Failure> check_period(const Clock& clock, const Period& period) {
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    return Failure{"WL6103", fmt::format("`{}` {}", period_name(period), why), hint};
  };
  const int step_minutes = clock.step_seconds / 60;
  if (period.rolling) return refuse("ends at every step and cuts the period into no windows", "leave out `rolling` for fixed windows");
  if (period.unit == Unit::minutes || period.unit == Unit::hour) {
    const int minutes = period_minutes(period);
    if (minutes < step_minutes) return refuse(fmt::format("is shorter than the step of {} min", step_minutes), "take a finer step");
    if (minutes % step_minutes != 0)
      return refuse(fmt::format("is no multiple of the step of {} min", step_minutes), "take a step that divides it");
    if (60 % minutes != 0 && (minutes % 60 != 0 || 1440 % minutes != 0))
      return refuse("fills neither an hour nor a day", "take a part of an hour, or whole hours that divide a day");
  }
  if (period.unit == Unit::day && period.start_minute % step_minutes != 0)
    return refuse(fmt::format("does not start with a step of {} min", step_minutes), "take a finer step");
  return std::nullopt;
}

// Windows of minutes begin only where the local clock shows a multiple of their length: both hours called 02:00 are hours, and where
// the clock jumps by half an hour the window runs through the jump. Windows of several hours end when their part of the day does.
bool begins_clock_window(const Clock& clock, int minutes, uint32_t step) {
  const int minute = clock.local_minute[step];
  if (minutes <= 60) return minute % minutes == 0;
  return clock.local_day[step] != clock.local_day[step - 1] || minute / minutes != clock.local_minute[step - 1] / minutes;
}

}  // namespace

std::string period_name(const Period& period) {
  switch (period.unit) {
    case Unit::none: return "whole period";
    case Unit::session: return "session";
    case Unit::interval: return "interval";
    case Unit::minutes: return fmt::format("{}{} min", period.rolling ? "rolling " : "", period.count);
    case Unit::hour: return (period.rolling ? "rolling " : "") + (period.count == 1 ? "hour" : fmt::format("{} hours", period.count));
    case Unit::day: return period.start_minute == 0 ? "day" : "day starting " + print_minute(period.start_minute);
    case Unit::week: return "week";
    case Unit::month: return period.start_day == 1 ? "month" : fmt::format("month starting {}", period.start_day);
    case Unit::quarter:
    case Unit::year: {
      const std::string name = period.unit == Unit::year ? "year" : "quarter";
      if (period.start_day == 1 && period.start_month == 1) return name;
      return fmt::format("{} starting {} {}", name, period.start_day, kMonthNames[static_cast<size_t>(period.start_month - 1) % 12]);
    }
  }
  return "";
}

Result<Windows> make_windows(const Clock& clock, const Period& period) {
  if (const auto failure = check_period(clock, period)) return *failure;
  Windows windows;
  windows.period = period;
  windows.window_of_step.resize(clock.steps);
  const bool by_clock = is_clock_time(period.unit);
  const int minutes = period.unit == Unit::interval ? 1 : period_minutes(period);
  DateSpan span{};
  if (period.unit == Unit::session && !clock.session_first_step.empty()) {
    windows.first_step = clock.session_first_step;
    windows.first_step.push_back(clock.steps);
    for (uint32_t window = 0; window < windows.size(); ++window) {
      const uint32_t first = windows.first_step[window], last = windows.first_step[window + 1] - 1;
      windows.nominal_begin.push_back(clock.date_of_step(first));
      windows.nominal_end.push_back(Date{clock.local_day[last] + 1});
      std::fill(windows.window_of_step.begin() + first, windows.window_of_step.begin() + last + 1, window);
    }
    return windows;
  }
  for (uint32_t step = 0; step < clock.steps; ++step) {
    const Date date = clock.date_of_step(step);
    bool begins = step == 0;
    if (by_clock)
      begins = begins || period.unit == Unit::interval || begins_clock_window(clock, minutes, step);
    else if (begins || date >= span.end) {
      // Past the end by date; a noon day ends at its minute of the end date. Never back: a repeated hour stays in the later window.
      const DateSpan next = nominal_span(period, clock, date, clock.local_minute[step]);
      begins = begins || next.begin > span.begin;
    }
    if (begins) {
      span = nominal_span(period, clock, date, clock.local_minute[step]);
      windows.first_step.push_back(step);
      windows.nominal_begin.push_back(span.begin);
      windows.nominal_end.push_back(span.end);
    }
    windows.window_of_step[step] = static_cast<uint32_t>(windows.first_step.size()) - 1;
  }
  windows.first_step.push_back(clock.steps);
  return windows;
}

bool Windows::is_whole(uint32_t window, const Clock& clock) const {
  if (is_clock_time(period.unit) || period.unit == Unit::session) return true;  // a clock runs over whole local days
  const bool ends_at_midnight = period.unit != Unit::day || period.start_minute == 0;
  const bool end_inside = nominal_end[window] < clock.end_date || (ends_at_midnight && nominal_end[window] == clock.end_date);
  return nominal_begin[window] >= clock.first_date && end_inside;
}

std::string Windows::label(uint32_t window, const Clock& clock) const {
  const Date begin = nominal_begin[window];
  const YearMonthDay civil = civil_of(begin);
  switch (period.unit) {
    case Unit::session: return window < clock.session_ids.size() ? clock.session_ids[window] : "session";
    case Unit::none: return fmt::format("{} until {}", print_date(begin), print_date(nominal_end[window]));
    case Unit::interval:
    case Unit::minutes:
    case Unit::hour: return clock.print_step(first_step[window]);
    case Unit::day: return print_date(begin) + (period.start_minute == 0 ? "" : " " + print_minute(period.start_minute));
    case Unit::week: {
      // ISO 8601: a week belongs to the year of its Thursday.
      const Date thursday{begin.days + 3};
      const int32_t year = civil_of(thursday).year;
      return fmt::format("{:04}-W{:02}", year, (thursday.days - date_of(year, 1, 1).days) / 7 + 1);
    }
    case Unit::month: return period.start_day == 1 ? fmt::format("{:04}-{:02}", civil.year, civil.month) : print_date(begin);
    case Unit::quarter:
      if (period.start_day != 1 || period.start_month % 3 != 1) return print_date(begin);
      return fmt::format("{:04}-Q{}", civil.year, (civil.month + 2) / 3);
    case Unit::year:
      if (period.start_day != 1 || period.start_month != 1) return print_date(begin);
      return fmt::format("{:04}", civil.year);
  }
  return "";
}

std::vector<uint32_t> same_time_of_day_before(const Clock& clock) {
  std::vector<uint32_t> before(clock.steps, kNoStep), latest(24 * 60, kNoStep);
  for (uint32_t step = 0; step < clock.steps;) {
    uint32_t end = step;
    for (; end < clock.steps && clock.local_day[end] == clock.local_day[step]; ++end) before[end] = latest[static_cast<size_t>(clock.local_minute[end])];
    for (uint32_t last = end; last-- > step;) latest[static_cast<size_t>(clock.local_minute[last])] = last;  // of a time that occurs twice the first
    step = end;
  }
  return before;
}

bool nests(const Windows& fine, const Windows& coarse) {
  for (uint32_t window = 0; window < fine.size(); ++window)
    if (coarse.window_of_step[fine.first_step[window]] != coarse.window_of_step[fine.first_step[window + 1] - 1]) return false;
  return true;
}

}  // namespace wattlaw
