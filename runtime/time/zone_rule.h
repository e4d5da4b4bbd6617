// ZoneRule: the rule at the end of a TZif file, "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX TZ, RFC 8536 section 3.3). It holds for all years after
// the file's last listed change; `date` 3.0 does not read it, so without it summer time would end with the list (in 2037, or in 2007).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/time/civil.h"

namespace wattlaw {

struct ZoneRule {
  struct Change {
    enum class Kind : uint8_t { month_week_day, julian_day, day_of_year } kind = Kind::month_week_day;
    int month = 1, week = 1, weekday = 0;  // week 5 is the month's last; weekday 0 is Sunday, as in the text
    int day = 0;                           // julian_day: 1..365, 29 February never counted; day_of_year: 0..365
    int32_t seconds = 7200;                // local time of the change, from midnight of the day; may be negative or past 24 h
  };
  int32_t standard_offset = 0;             // seconds east of UTC
  int32_t summer_offset = 0;
  bool has_summer = false;
  Change summer_begins, summer_ends;
};

std::optional<ZoneRule> parse_zone_rule(std::string_view text);

struct ZoneChange {
  int64_t instant;
  int32_t offset;  // seconds east of UTC from then on
};
// Both changes of a year, the earlier first.
std::array<ZoneChange, 2> changes_in_year(const ZoneRule& rule, int32_t year);  // rule.has_summer

}  // namespace wattlaw
