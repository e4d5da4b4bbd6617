// Holiday sets and sets of local time: the leaves of `bands` and of conditions such as `workdays 06:00 to 22:00 excluding holidays of norway`.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "runtime/time/civil.h"

namespace wattlaw {

struct HolidayRule {
  std::string name;
  enum class Kind : uint8_t { fixed, easter, weekday_from } kind = Kind::fixed;
  int month = 1, day = 1;      // fixed, and the start of weekday_from
  int offset = 0;              // easter: days after Easter Sunday; others: days added to the result
  int weekday = 0;             // weekday_from: the first such weekday on or after month/day (midsummer, All Saints)
  std::optional<Date> from, until;  // in force for dates in [from, until)
};

struct HolidaySet {
  std::string name;
  std::string zone;
  std::vector<HolidayRule> rules;   // of included calendars too
  bool contains(Date date) const;
  const HolidayRule* find(Date date) const;  // the first rule that names the date, or null
};

// A set of local times. Empty parts do not restrict; parts of different kinds are joined by `and`, entries of a part by `or`.
struct TimeSet {
  struct Window { int from_minute; int to_minute; bool into_next_day = false; };  // [from, to) of 0..1440; from > to wraps midnight
  struct MonthDay { int month, day; };
  struct Season { MonthDay first, last; };                                   // both inclusive, may wrap the year end
  uint8_t weekdays = 0x7f;                                                       // bit 0 Monday … bit 6 Sunday
  bool days_said = false;
  std::vector<std::string> day_sets;   // names of holiday sets that are themselves the days (`holidays of sce 16:00 to 21:00`); indices in `holidays`
  std::vector<const HolidaySet*> only_days;   // the day must be in one of these (or in `weekdays` when also said)
  std::vector<Window> windows;
  std::vector<Season> seasons;
  std::vector<const HolidaySet*> excluded_days;
  uint8_t excluded_weekdays = 0;
  // Wrapping windows: without into_next_day both parts of the window belong to the same civil day; with it the part after midnight
  // belongs to the day (set, season, exclusion) on which the window began.
  bool contains(Date date, int minute_of_day) const;
};

}  // namespace wattlaw
