#include "runtime/trace/read_time.h"

#include <cstdio>
#include <cstring>

#include "runtime/trace/read_csv.h"

namespace wattlaw {
namespace {

constexpr int64_t kDay = 86400;

// Two digits at `at` of `text`, or -1.
int two_digits(std::string_view text, size_t at) {
  if (at + 2 > text.size()) return -1;
  const unsigned tens = static_cast<unsigned char>(text[at]) - unsigned{'0'}, ones = static_cast<unsigned char>(text[at + 1]) - unsigned{'0'};
  return tens > 9 || ones > 9 ? -1 : static_cast<int>(tens * 10 + ones);
}

// "Z", "+01:00", "+0100", "+01" -> seconds east of UTC.
bool read_offset(std::string_view text, int32_t& seconds) {
  if (text == "Z" || text == "z") {
    seconds = 0;
    return true;
  }
  if (text.size() != 3 && text.size() != 5 && text.size() != 6) return false;
  if (text[0] != '+' && text[0] != '-') return false;
  if (text.size() == 6 && text[3] != ':') return false;
  const int hours = two_digits(text, 1), minutes = text.size() == 3 ? 0 : two_digits(text, text.size() - 2);
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return false;
  seconds = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return true;
}

}  // namespace

ReadTime TimeReader::read(std::string_view text) {
  ReadTime result;
  date_size_ = 0;  // nothing to remember until all of this text is understood
  const auto fault = [&](TimeFault why) {
    result.fault = why;
    return result;
  };
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return fault(TimeFault::text);
  for (size_t i : {0u, 2u, 5u, 8u})
    if (two_digits(text, i) < 0) return fault(TimeFault::text);
  const std::optional<Date> date = parse_date(text.substr(0, 10));
  if (!date) return fault(TimeFault::no_such_day);
  int hour = 0, minute = 0, second = 0;
  std::string_view suffix;
  if (text.size() > 10) {
    if (text[10] != 'T' && text[10] != ' ' && text[10] != 't') return fault(TimeFault::text);
    hour = two_digits(text, 11);
    minute = two_digits(text, 14);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text[13] != ':') return fault(TimeFault::text);
    suffix = text.substr(16);
    if (!suffix.empty() && suffix[0] == ':') {
      second = two_digits(suffix, 1);
      if (second < 0 || second > 59) return fault(TimeFault::text);
      suffix.remove_prefix(3);
      if (!suffix.empty() && suffix[0] == '.') {
        suffix.remove_prefix(1);
        while (!suffix.empty() && suffix[0] >= '0' && suffix[0] <= '9') {
          if (suffix[0] != '0') return fault(TimeFault::second_fraction);
          suffix.remove_prefix(1);
        }
      }
    }
    if (!suffix.empty() && suffix[0] == ' ') suffix.remove_prefix(1);
  }
  const int64_t day_seconds = int64_t{date->days} * kDay;
  const LocalSeconds local = day_seconds + hour * 3600 + minute * 60 + second;
  int32_t offset = 0;
  bool plain = false;
  if (!suffix.empty()) {
    if (!read_offset(suffix, offset)) return fault(TimeFault::text);
    result.instant = local - offset;
  } else {
    result.is_local = true;
    const LocalInstants instants = zone_.instants_of(local);
    if (instants.count == 0) return fault(TimeFault::skipped);
    result.instant = instants.first;
    result.second = instants.second;
    result.is_repeated = instants.count == 2;
    offset = static_cast<int32_t>(local - instants.first);
    plain = zone_.changes_between(instants.first - 2 * kDay, instants.first + 2 * kDay).empty();
  }
  if (text.size() >= 16) {
    std::memcpy(date_, text.data(), 10);
    date_size_ = 10;
    divider_ = text[10];
    suffix_size_ = suffix.size();
    suffix_ = suffix_mask_ = 0;
    std::memcpy(&suffix_, suffix.data(), suffix.size());
    std::memset(&suffix_mask_, 0xff, suffix.size());
    day_seconds_ = day_seconds;
    offset_ = offset;
    local_day_is_plain_ = plain;
  }
  return result;
}

Result<Instant> read_moment(TimeReader& times, const Zone& zone, std::string_view text) {
  const ReadTime time = times.read(text);
  const auto refuse = [&](const char* code, const std::string& what, const std::string& hint) { return Failure{code, "`" + show_text(text) + "` " + what, hint, "", 0, ""}; };
  switch (time.fault) {
    case TimeFault::none: break;
    case TimeFault::second_fraction: return refuse("WL6014", "lies between two seconds", "rows begin and end on whole seconds");
    case TimeFault::skipped: return refuse("WL6016", "does not exist in " + zone.name() + ": clocks skip that hour", "write times with their offset, as 2026-03-29T03:00+02:00");
    case TimeFault::text:
    case TimeFault::no_such_day: return refuse("WL6014", "is not a time", "write times as 2026-03-01T14:00+01:00");
  }
  if (time.is_repeated) return refuse("WL6015", "occurs twice in " + zone.name(), "write times with their offset, as 2026-10-25T02:30+02:00");
  return time.instant;
}

std::string print_instant(const Zone& zone, Instant instant) {
  const int32_t offset = zone.offset_at(instant);
  const LocalSeconds local = instant + offset;
  const int64_t day = local >= 0 ? local / kDay : -((-local + kDay - 1) / kDay);
  const auto rest = static_cast<int>(local - day * kDay);
  const int east = offset < 0 ? -offset : offset;
  char text[64];
  int size = std::snprintf(text, sizeof text, " %02d:%02d", rest / 3600, rest / 60 % 60);
  if (rest % 60 != 0) size += std::snprintf(text + size, sizeof text - static_cast<size_t>(size), ":%02d", rest % 60);
  std::snprintf(text + size, sizeof text - static_cast<size_t>(size), "%c%02d:%02d", offset < 0 ? '-' : '+', east / 3600, east / 60 % 60);
  return print_date(Date{static_cast<int32_t>(day)}) + text;
}

}  // namespace wattlaw
