// Zone: an IANA time zone, all its changes within a range of years in one table (from the system's tz database through `date`).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/time/civil.h"

namespace wattlaw {

using Instant = int64_t;       // seconds since 1970-01-01 00:00 UTC
using LocalSeconds = int64_t;  // the same count on the local clock

struct LocalInstants {  // the instants at which a local clock shows one time
  int count = 0;        // 0 in the hour that is skipped, 2 in the hour that is repeated
  Instant first = 0, second = 0;
};

class Zone {
 public:
  // Failure WL6101 "no time zone is called `Europe/Osla`", hint with the nearest names. "UTC" always exists.
  static Result<Zone> load(const std::string& name);
  const std::string& name() const { return name_; }
  int32_t offset_at(Instant instant) const;              // seconds east of UTC
  LocalSeconds local_of(Instant instant) const { return instant + offset_at(instant); }
  LocalInstants instants_of(LocalSeconds local) const;
  // The first instant whose local date is `date` (the start of that local day).
  Instant start_of_day(Date date) const;
  // Changes strictly inside (from, until): instants at which the offset changes.
  std::vector<Instant> changes_between(Instant from, Instant until) const;

 private:
  std::string name_;
  std::vector<Instant> change_;    // ascending; offset_[i] holds from change_[i]; change_[0] is the beginning of time
  std::vector<int32_t> offset_;
};

// Version of the zone data in use ("2025b"), "unknown" if the system does not say.
std::string zone_data_version();

}  // namespace wattlaw
