#include "runtime/time/zone.h"

#include <gtest/gtest.h>

#include "runtime/time/zone_rule.h"

namespace wattlaw {
namespace {

constexpr int64_t kHour = 3600, kDay = 86400;

Instant utc(int32_t year, int month, int day, int hour = 0, int minute = 0) {
  return int64_t{date_of(year, month, day).days} * kDay + hour * kHour + minute * 60;
}

Zone load(const char* name) {
  Result<Zone> zone = Zone::load(name);
  EXPECT_TRUE(zone) << name;
  return *zone;
}

TEST(zone, knows_the_european_changes_of_2026) {
  for (const char* name : {"Europe/Oslo", "Europe/Copenhagen"}) {
    const Zone zone = load(name);
    EXPECT_EQ(zone.offset_at(utc(2026, 3, 29, 1) - 1), kHour);
    EXPECT_EQ(zone.offset_at(utc(2026, 3, 29, 1)), 2 * kHour);
    EXPECT_EQ(zone.offset_at(utc(2026, 10, 25, 1) - 1), 2 * kHour);
    EXPECT_EQ(zone.offset_at(utc(2026, 10, 25, 1)), kHour);
    EXPECT_EQ(zone.changes_between(utc(2026, 1, 1), utc(2027, 1, 1)), (std::vector<Instant>{utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)}));
    EXPECT_TRUE(zone.changes_between(utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)).empty());  // strictly inside
  }
}

TEST(zone, tells_skipped_and_repeated_local_times) {
  const Zone oslo = load("Europe/Oslo");
  EXPECT_EQ(oslo.instants_of(utc(2026, 3, 29, 2, 30)).count, 0);
  const LocalInstants twice = oslo.instants_of(utc(2026, 10, 25, 2, 30));
  ASSERT_EQ(twice.count, 2);
  EXPECT_EQ(twice.first, utc(2026, 10, 25, 0, 30));
  EXPECT_EQ(twice.second, utc(2026, 10, 25, 1, 30));
  const LocalInstants once = oslo.instants_of(utc(2026, 7, 1));
  ASSERT_EQ(once.count, 1);
  EXPECT_EQ(once.first, utc(2026, 6, 30, 22));
}

// The system's lists end in 2037; the rule in the file's last line goes on. 2045-03-26 and 2045-10-29 are the last Sundays.
TEST(zone, keeps_summer_time_after_the_list_of_changes_ends) {
  const Zone oslo = load("Europe/Oslo");
  EXPECT_EQ(oslo.offset_at(utc(2045, 3, 26, 1) - 1), kHour);
  EXPECT_EQ(oslo.offset_at(utc(2045, 3, 26, 1)), 2 * kHour);
  EXPECT_EQ(oslo.offset_at(utc(2045, 10, 29, 1)), kHour);
  EXPECT_EQ(load("Australia/Sydney").offset_at(utc(2045, 1, 15)), 11 * kHour);
}

TEST(zone, knows_half_hours_and_the_south) {
  EXPECT_EQ(load("Asia/Kolkata").offset_at(utc(2026, 1, 1)), 5 * kHour + 1800);
  const Zone howe = load("Australia/Lord_Howe");
  EXPECT_EQ(howe.offset_at(utc(2026, 1, 15)), 11 * kHour);
  EXPECT_EQ(howe.offset_at(utc(2026, 7, 15)), 10 * kHour + 1800);
  EXPECT_EQ(load("Australia/Sydney").offset_at(utc(2026, 7, 1)), 10 * kHour);
}

TEST(zone, starts_days_where_midnight_is_skipped) {
  // Santiago springs forward at 24:00 of Saturday 2026-09-05 (04:00 UTC of the 6th): the 6th begins at 01:00 local time.
  const Zone santiago = load("America/Santiago");
  const Instant start = santiago.start_of_day(date_of(2026, 9, 6));
  EXPECT_EQ(start, utc(2026, 9, 6, 4));
  EXPECT_EQ(santiago.local_of(start), utc(2026, 9, 6, 1));
  // Samoa had no 30 December 2011 at all: it starts, empty, where the 31st does.
  const Zone apia = load("Pacific/Apia");
  EXPECT_EQ(apia.start_of_day(date_of(2011, 12, 30)), apia.start_of_day(date_of(2011, 12, 31)));
  EXPECT_EQ(load("Europe/Oslo").start_of_day(date_of(2026, 7, 1)), utc(2026, 6, 30, 22));
}

TEST(zone, utc_always_exists) {
  const Zone zone = load("UTC");
  EXPECT_EQ(zone.offset_at(utc(2026, 7, 1)), 0);
  EXPECT_TRUE(zone.changes_between(utc(1970, 1, 1), utc(2100, 1, 1)).empty());
}

TEST(zone, offers_near_names) {
  const auto hint = [](const char* name) {
    const Result<Zone> zone = Zone::load(name);
    EXPECT_FALSE(zone) << name;
    return zone ? std::string() : zone.failure().code + " " + zone.failure().message + " | " + zone.failure().hint;
  };
  EXPECT_EQ(hint("Europe/Osla"), "WL6101 no time zone is called `Europe/Osla` | did you mean `Europe/Oslo`?");
  EXPECT_NE(hint("copenhagen").find("`Europe/Copenhagen`"), std::string::npos);
  EXPECT_NE(hint("Nowhere/Nothing").find("IANA"), std::string::npos);
  for (const char* name : {"", "../../etc/passwd", "/etc/passwd", "tzdata.zi", "zone1970.tab", "Europe", "Europe/"}) hint(name);
}

TEST(zone, says_the_version_of_its_data) { EXPECT_FALSE(zone_data_version().empty()); }

TEST(zone_rule, reads_every_form) {
  const auto rule = parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->standard_offset, kHour);
  EXPECT_EQ(rule->summer_offset, 2 * kHour);
  EXPECT_EQ(changes_in_year(*rule, 2026)[0].instant, utc(2026, 3, 29, 1));
  EXPECT_EQ(changes_in_year(*rule, 2026)[1].instant, utc(2026, 10, 25, 1));
  // Nuuk: summer begins on the Saturday before the last Sunday of March at 22:00 local, written as -1 h of Sunday; 01:00 UTC.
  const auto nuuk = parse_zone_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  ASSERT_TRUE(nuuk);
  EXPECT_EQ(changes_in_year(*nuuk, 2026)[0].instant, utc(2026, 3, 29, 1));
  // Dublin's winter time is the exception: its summer time is the standard.
  const auto dublin = parse_zone_rule("IST-1GMT0,M10.5.0,M3.5.0/1");
  ASSERT_TRUE(dublin);
  EXPECT_EQ(changes_in_year(*dublin, 2026)[0].instant, utc(2026, 3, 29, 1));
  EXPECT_EQ(changes_in_year(*dublin, 2026)[0].offset, kHour);
  EXPECT_EQ(changes_in_year(*dublin, 2026)[1].instant, utc(2026, 10, 25, 1));
  // Julian days never count 29 February: J60 is 1 March in every year; plain 59 is 29 February in a leap year.
  const auto julian = parse_zone_rule("AAA0BBB,J60/0,300/0");
  ASSERT_TRUE(julian);
  EXPECT_EQ(changes_in_year(*julian, 2028)[0].instant, utc(2028, 3, 1));
  EXPECT_EQ(changes_in_year(*julian, 2027)[0].instant, utc(2027, 3, 1));
  const auto plain = parse_zone_rule("AAA0BBB,59/0,300/0");
  ASSERT_TRUE(plain);
  EXPECT_EQ(changes_in_year(*plain, 2028)[0].instant, utc(2028, 2, 29));
  EXPECT_EQ(parse_zone_rule("<+0530>-5:30")->standard_offset, 5 * kHour + 1800);
  for (const char* text : {"", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x", "<+05", "TZif"})
    EXPECT_FALSE(parse_zone_rule(text)) << text;
}

}  // namespace
}  // namespace wattlaw
