#include "runtime/time/zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>

#include "runtime/time/zone_rule.h"

namespace wattlaw {
namespace {

namespace tz = date;

constexpr char kZoneFolder[] = "/usr/share/zoneinfo";
constexpr int32_t kFirstYear = 1970, kEndYear = 2101;
constexpr int64_t kDaySeconds = 86400;
constexpr Instant kBeginningOfTime = std::numeric_limits<Instant>::min();
constexpr Instant kEndOfTime = std::numeric_limits<Instant>::max();
// No local clock is further from UTC.
constexpr int64_t kLargestOffset = 26 * 3600;

struct ChangeTable {
  std::vector<Instant> change;
  std::vector<int32_t> offset;
  void add(Instant instant, int32_t seconds) {
    if (!offset.empty() && offset.back() == seconds) return;  // only the name or the reason of the offset changes
    change.push_back(instant);
    offset.push_back(seconds);
  }
};

// The rule in the last line of the zone's file; nothing if the file has none.
std::optional<ZoneRule> read_zone_rule(const std::string& name) {
  std::ifstream file(fmt::format("{}/{}", kZoneFolder, name), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.size() < 2 || bytes.back() != '\n') return std::nullopt;
  bytes.pop_back();
  return parse_zone_rule(std::string_view(bytes).substr(bytes.rfind('\n') + 1));
}

// The changes listed in the zone's file from kFirstYear on, then those its rule makes.
ChangeTable build_table(const tz::time_zone& zone) {
  const auto seconds_of = [](int32_t year) { return int64_t{date_of(year, 1, 1).days} * kDaySeconds; };
  const Instant end = seconds_of(kEndYear);
  ChangeTable table;
  Instant instant = seconds_of(kFirstYear), last_listed = instant;
  table.change.push_back(kBeginningOfTime);
  table.offset.push_back(static_cast<int32_t>(zone.get_info(tz::sys_seconds{std::chrono::seconds{instant}}).offset.count()));
  while (instant < end) {
    const tz::sys_info info = zone.get_info(tz::sys_seconds{std::chrono::seconds{instant}});
    last_listed = std::max(last_listed, Instant{info.begin.time_since_epoch().count()});
    table.add(instant, static_cast<int32_t>(info.offset.count()));
    const Instant next = info.end.time_since_epoch().count();
    if (next <= instant) break;
    instant = next;
  }
  const std::optional<ZoneRule> rule = read_zone_rule(zone.name());
  if (!rule || !rule->has_summer) return table;
  for (int32_t year = civil_of(Date{static_cast<int32_t>(last_listed / kDaySeconds)}).year; year < kEndYear; ++year)
    for (const ZoneChange& change : changes_in_year(*rule, year))
      if (change.instant > last_listed) table.add(change.instant, change.offset);
  return table;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// "did you mean `Europe/Oslo`?": names a few letters away, with or without the continent ("oslo").
std::string hint_for(const std::string& name) {
  std::vector<std::pair<size_t, std::string>> near;
  const std::string wanted = lower_case(name.substr(0, 64));
  const size_t limit = std::min<size_t>(3, 1 + wanted.size() / 4);
  try {
    for (const tz::time_zone& zone : tz::get_tzdb().zones) {
      const std::string candidate = lower_case(zone.name()), city = candidate.substr(candidate.rfind('/') + 1);
      const size_t distance = std::min(edit_distance(wanted, candidate), edit_distance(wanted, city));
      if (distance <= limit) near.emplace_back(distance, zone.name());
    }
  } catch (const std::exception&) {
    return fmt::format("the system has no time zone data in {}: install the package `tzdata`", kZoneFolder);
  }
  if (near.empty()) return "write a name of the IANA time zone database, such as `Europe/Oslo` or `UTC`";
  std::sort(near.begin(), near.end());
  std::string hint = fmt::format("did you mean `{}`", near[0].second);
  for (size_t i = 1; i < near.size() && i < 3 && near[i].first == near[0].first; ++i) hint += fmt::format(" or `{}`", near[i].second);
  return hint + "?";
}

}  // namespace

Result<Zone> Zone::load(const std::string& name) {
  Zone zone;
  zone.name_ = name;
  if (name == "UTC") {
    zone.change_ = {kBeginningOfTime};
    zone.offset_ = {0};
    return zone;
  }
  try {
    ChangeTable table = build_table(*tz::locate_zone(name));
    zone.change_ = std::move(table.change);
    zone.offset_ = std::move(table.offset);
  } catch (const std::exception&) {
    return Failure{"WL6101", fmt::format("no time zone is called `{}`", name.substr(0, 64)), hint_for(name)};
  }
  return zone;
}

int32_t Zone::offset_at(Instant instant) const {
  const auto after = std::upper_bound(change_.begin(), change_.end(), instant);
  return offset_[static_cast<size_t>(after - change_.begin()) - 1];
}

LocalInstants Zone::instants_of(LocalSeconds local) const {
  LocalInstants found;
  auto segment = static_cast<size_t>(std::upper_bound(change_.begin(), change_.end(), local - kLargestOffset) - change_.begin()) - 1;
  for (; segment < change_.size() && change_[segment] <= local + kLargestOffset; ++segment) {
    const Instant instant = local - offset_[segment];
    const Instant end = segment + 1 < change_.size() ? change_[segment + 1] : kEndOfTime;
    if (instant < change_[segment] || instant >= end) continue;
    (found.count == 0 ? found.first : found.second) = instant;
    if (++found.count == 2) break;
  }
  return found;
}

// Midnight itself may be skipped, so the first instant at or after it on the local clock is sought.
Instant Zone::start_of_day(Date date) const {
  const LocalSeconds midnight = int64_t{date.days} * kDaySeconds;
  auto segment = static_cast<size_t>(std::upper_bound(change_.begin(), change_.end(), midnight - kLargestOffset) - change_.begin()) - 1;
  for (;; ++segment) {
    const Instant instant = std::max(change_[segment], midnight - offset_[segment]);
    if (segment + 1 == change_.size() || instant < change_[segment + 1]) return instant;
  }
}

std::vector<Instant> Zone::changes_between(Instant from, Instant until) const {
  const auto first = std::upper_bound(change_.begin(), change_.end(), from);
  const auto last = std::lower_bound(first, change_.end(), until);
  return {first, last};
}

std::string zone_data_version() {
  std::string line;
  std::ifstream source(fmt::format("{}/tzdata.zi", kZoneFolder));
  constexpr std::string_view kMark = "# version ";
  if (std::getline(source, line) && line.compare(0, kMark.size(), kMark) == 0) return line.substr(kMark.size());
  std::ifstream version(fmt::format("{}/+VERSION", kZoneFolder));
  if (std::getline(version, line) && !line.empty()) return line;
  return "unknown";
}

}  // namespace wattlaw
