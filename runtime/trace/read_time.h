// TimeReader: ISO 8601 texts of a trace -> instants. `2026-03-01T14:00+01:00`, `2026-03-01 13:00:00Z`, `2026-03-01T14:00` (local), `2026-03-01`.
// Remembers the last date and offset, because nearly every row repeats them.
#pragma once
#include <cstring>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/time/zone.h"

namespace wattlaw {

enum class TimeFault : uint8_t { none, text, no_such_day, second_fraction, skipped };

struct ReadTime {
  TimeFault fault = TimeFault::none;
  Instant instant = 0;
  Instant second = 0;         // the other reading of a local time in the repeated hour
  bool is_repeated = false;
  bool is_local = false;      // without offset
};

class TimeReader {
 public:
  explicit TimeReader(const Zone& zone) : zone_(zone) {}
  ReadTime read(std::string_view text);

  // The time at the front of a field that ends with `separator`, only if date and offset are those of the last read(); else false.
  // Needs 32 readable bytes. `after` is put on the separator.
  bool read_again(const char* at, char separator, const char*& after, Instant& instant) const {
    if (date_size_ == 0 || std::memcmp(at, date_, 10) != 0 || at[10] != divider_) return false;
    const unsigned h1 = digit(at[11]), h0 = digit(at[12]), m1 = digit(at[14]), m0 = digit(at[15]);
    if ((h1 > 9) | (h0 > 9) | (m1 > 5) | (m0 > 9) | (at[13] != ':')) return false;
    const unsigned hour = h1 * 10 + h0;
    if (hour > 23) return false;
    unsigned seconds = hour * 3600 + (m1 * 10 + m0) * 60;
    at += 16;
    if (*at == ':') {
      const unsigned s1 = digit(at[1]), s0 = digit(at[2]);
      if ((s1 > 5) | (s0 > 9)) return false;
      seconds += s1 * 10 + s0;
      at += 3;
    }
    if (suffix_size_ == 0 && !local_day_is_plain_) return false;
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    if (((word ^ suffix_) & suffix_mask_) != 0 || at[suffix_size_] != separator) return false;
    after = at + suffix_size_;
    instant = day_seconds_ + seconds - offset_;
    return true;
  }

 private:
  static unsigned digit(char c) { return static_cast<unsigned char>(c) - unsigned{'0'}; }

  const Zone& zone_;
  char date_[10] = {};
  uint64_t suffix_ = 0, suffix_mask_ = 0;  // "+01:00" in the bytes of a word
  size_t date_size_ = 0, suffix_size_ = 0;
  char divider_ = 'T';
  int64_t day_seconds_ = 0;
  int32_t offset_ = 0;
  bool local_day_is_plain_ = false;  // no clock change near this day, so offset_ holds for all of it
};

// A time of a row by which something begins or ends. Failures without a place: WL6014 no time, or one between two seconds, WL6015 a local
// time that occurs twice, WL6016 one that clocks skip.
Result<Instant> read_moment(TimeReader& times, const Zone& zone, std::string_view text);

// "2026-10-25 02:00+02:00"
std::string print_instant(const Zone& zone, Instant instant);

}  // namespace wattlaw
