// synthesize_homes: meter data of Nordic homes that look like the real thing and belong to nobody.
//   long   FOLDER/site.csv           site,time,import [Wh],export [Wh]     by site, then time
//   wide   FOLDER/site.import.csv, FOLDER/site.export.csv                    time,home_0001,home_0002,…
//   both   FOLDER/sites.csv          id,capacity [kW][,tax_zone]
// A home is a base load with morning and evening peaks, another shape at weekends, electric heating that follows a shared weather,
// charging of a car at 3.6 to 11 kW on some evenings (two homes in five), solar panels (three in twenty). 8 to 30 MWh a year.
// Random numbers: splitmix64 (random_stream.h), one stream a home and one for the weather, whole numbers throughout: the same seed gives the same
// bytes on every machine, and home 17 is the same home in a folder of 100 and of 1,000.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/time/clock.h"

namespace wattlaw {

struct HomesRequest {
  uint32_t members = 100;
  uint64_t seed = 1;
  std::string folder;
  enum class Form : uint8_t { long_rows, wide } form = Form::long_rows;
  std::vector<std::string> tax_zones;  // empty: no such column
  bool has_cars = true;                // in the meters of some homes
};
// Zone, period and step are the clock's. Failures WL6060 (settings), WL6061 and WL6062 (writing).
Status synthesize_homes(const HomesRequest& request, const Clock& clock);

}  // namespace wattlaw
