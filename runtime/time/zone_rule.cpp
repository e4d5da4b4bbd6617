#include "runtime/time/zone_rule.h"

#include <utility>

namespace wattlaw {
namespace {

struct Cursor {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  std::optional<int> number(int most) {
    int value = 0;
    size_t digits = 0;
    while (digits < rest.size() && digits < 4 && rest[digits] >= '0' && rest[digits] <= '9') value = value * 10 + (rest[digits++] - '0');
    if (digits == 0 || value > most) return std::nullopt;
    rest.remove_prefix(digits);
    return value;
  }
  // "CET" or "<+0330>".
  bool abbreviation() {
    size_t length = 0;
    if (take('<')) {
      length = rest.find('>');
      if (length == std::string_view::npos) return false;
      rest.remove_prefix(length + 1);
      return true;
    }
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    while (length < rest.size() && is_letter(rest[length])) ++length;
    rest.remove_prefix(length);
    return length >= 3;
  }
  // [+-]hh[:mm[:ss]], hours up to 167 as RFC 8536 allows.
  std::optional<int32_t> duration() {
    const bool negative = take('-');
    if (!negative) take('+');
    const auto hours = number(167);
    if (!hours) return std::nullopt;
    int32_t seconds = *hours * 3600;
    for (const int32_t unit : {60, 1}) {
      if (!take(':')) break;
      const auto part = number(59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return negative ? -seconds : seconds;
  }
};

std::optional<ZoneRule::Change> parse_change(Cursor& cursor) {
  ZoneRule::Change change;
  if (!cursor.take(',')) return std::nullopt;
  if (cursor.take('M')) {
    const auto month = cursor.number(12);
    if (!month || *month < 1 || !cursor.take('.')) return std::nullopt;
    const auto week = cursor.number(5);
    if (!week || *week < 1 || !cursor.take('.')) return std::nullopt;
    const auto weekday = cursor.number(6);
    if (!weekday) return std::nullopt;
    change.month = *month, change.week = *week, change.weekday = *weekday;
  } else {
    change.kind = cursor.take('J') ? ZoneRule::Change::Kind::julian_day : ZoneRule::Change::Kind::day_of_year;
    const auto day = cursor.number(365);
    if (!day || (change.kind == ZoneRule::Change::Kind::julian_day && *day < 1)) return std::nullopt;
    change.day = *day;
  }
  if (cursor.take('/')) {
    const auto seconds = cursor.duration();
    if (!seconds) return std::nullopt;
    change.seconds = *seconds;
  }
  return change;
}

Date date_in_year(const ZoneRule::Change& change, int32_t year) {
  switch (change.kind) {
    case ZoneRule::Change::Kind::month_week_day: {
      const Date first = date_of(year, change.month, 1);
      const int weekday = (change.weekday + 6) % 7;  // ours begins on Monday
      int day = 1 + (weekday - weekday_of(first) + 7) % 7 + 7 * (change.week - 1);
      if (day > days_in_month(year, change.month)) day -= 7;
      return date_of(year, change.month, day);
    }
    case ZoneRule::Change::Kind::julian_day: {
      const bool past_leap_day = days_in_month(year, 2) == 29 && change.day >= 60;
      return Date{date_of(year, 1, 1).days + change.day - 1 + past_leap_day};
    }
    case ZoneRule::Change::Kind::day_of_year: return Date{date_of(year, 1, 1).days + change.day};
  }
  return {};
}

}  // namespace

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  Cursor cursor{text};
  ZoneRule rule;
  if (!cursor.abbreviation()) return std::nullopt;
  const auto west = cursor.duration();
  if (!west) return std::nullopt;
  rule.standard_offset = -*west;
  if (cursor.rest.empty()) return rule;
  rule.has_summer = true;
  rule.summer_offset = rule.standard_offset + 3600;
  if (!cursor.abbreviation()) return std::nullopt;
  if (!cursor.rest.empty() && cursor.rest.front() != ',') {
    const auto summer_west = cursor.duration();
    if (!summer_west) return std::nullopt;
    rule.summer_offset = -*summer_west;
  }
  const auto begins = parse_change(cursor);
  if (!begins) return std::nullopt;
  const auto ends = parse_change(cursor);
  if (!ends || !cursor.rest.empty()) return std::nullopt;
  rule.summer_begins = *begins, rule.summer_ends = *ends;
  return rule;
}

std::array<ZoneChange, 2> changes_in_year(const ZoneRule& rule, int32_t year) {
  // A change is told in the local time that holds before it.
  const auto instant = [&](const ZoneRule::Change& change, int32_t offset_before) {
    return int64_t{date_in_year(change, year).days} * 86400 + change.seconds - offset_before;
  };
  ZoneChange begins{instant(rule.summer_begins, rule.standard_offset), rule.summer_offset};
  ZoneChange ends{instant(rule.summer_ends, rule.summer_offset), rule.standard_offset};
  if (ends.instant < begins.instant) std::swap(begins, ends);
  return {begins, ends};
}

}  // namespace wattlaw
