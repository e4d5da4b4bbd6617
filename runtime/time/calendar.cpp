#include "runtime/time/calendar.h"

#include <algorithm>

namespace wattlaw {
namespace {

// The date that a rule names in one year, before its dates of force are asked.
std::optional<Date> date_in_year(const HolidayRule& rule, int32_t year) {
  if (rule.kind == HolidayRule::Kind::easter) return Date{easter_sunday(year).days + rule.offset};
  if (rule.day > days_in_month(year, rule.month)) return std::nullopt;  // 29 February exists in leap years only
  Date date = date_of(year, rule.month, rule.day);
  if (rule.kind == HolidayRule::Kind::weekday_from) date.days += (rule.weekday - weekday_of(date) + 7) % 7;
  return Date{date.days + rule.offset};
}

bool names(const HolidayRule& rule, Date date) {
  if ((rule.from && date < *rule.from) || (rule.until && date >= *rule.until)) return false;
  // An offset may carry a holiday over New Year.
  const int32_t year = civil_of(date).year;
  for (int32_t y = year - 1; y <= year + 1; ++y)
    if (date_in_year(rule, y) == date) return true;
  return false;
}

bool in_season(const TimeSet::Season& season, Date date) {
  const YearMonthDay civil = civil_of(date);
  const int day = civil.month * 100 + civil.day;
  const int first = season.first.month * 100 + season.first.day, last = season.last.month * 100 + season.last.day;
  return first <= last ? first <= day && day <= last : day >= first || day <= last;
}

bool any_contains(const std::vector<const HolidaySet*>& sets, Date date) {
  return std::any_of(sets.begin(), sets.end(), [&](const HolidaySet* set) { return set->contains(date); });
}

// Everything that a set says of the day, its windows aside.
bool day_belongs(const TimeSet& set, Date date) {
  const auto weekday_bit = static_cast<uint8_t>(1u << weekday_of(date));
  const bool on_weekday = (set.weekdays & weekday_bit) != 0;
  const bool on_day = set.only_days.empty() ? on_weekday : (set.days_said && on_weekday) || any_contains(set.only_days, date);
  if (!on_day || (set.excluded_weekdays & weekday_bit) != 0) return false;
  const auto holds = [&](const TimeSet::Season& season) { return in_season(season, date); };
  if (!set.seasons.empty() && std::none_of(set.seasons.begin(), set.seasons.end(), holds)) return false;
  return !any_contains(set.excluded_days, date);
}

}  // namespace

const HolidayRule* HolidaySet::find(Date date) const {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const HolidayRule& rule) { return names(rule, date); });
  return found == rules.end() ? nullptr : &*found;
}

bool HolidaySet::contains(Date date) const { return find(date) != nullptr; }

bool TimeSet::contains(Date date, int minute_of_day) const {
  if (windows.empty()) return day_belongs(*this, date);
  for (const Window& window : windows) {
    const bool wraps = window.from_minute > window.to_minute;
    const bool from_reached = minute_of_day >= window.from_minute, before_end = minute_of_day < window.to_minute;
    if (!(wraps ? from_reached || before_end : from_reached && before_end)) continue;
    const bool began_yesterday = wraps && window.into_next_day && !from_reached;
    if (day_belongs(*this, began_yesterday ? Date{date.days - 1} : date)) return true;
  }
  return false;
}

}  // namespace wattlaw
