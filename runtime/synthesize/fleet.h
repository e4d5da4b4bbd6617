// synthesize_fleet: homes with a car each that can give back what it holds, plausible and nobody's. A folder:
//   site.csv, sites.csv   the homes as synthesize_homes writes them, but without any car in their meters
//   vehicles.csv          id,site,capacity [kWh],charge_power [kW],discharge_power [kW],charge_efficiency [%],discharge_efficiency [%],soc [%],target [%]
//   sessions.csv          vehicle,begins,ends,used [kWh]: at home from an afternoon or evening until the next morning, and what was driven before
// Random numbers: splitmix64, one stream a car (random_stream.h): the same seed gives the same bytes on every machine.
#pragma once
#include <cstdint>
#include <string>

#include "runtime/base/result.h"
#include "runtime/time/clock.h"

namespace wattlaw {

struct FleetSettings {
  uint32_t vehicles = 100;
  uint64_t seed = 1;
  std::string folder;
  std::string pool;                    // not empty: a column `pool` that names it for every car
};
// Failures WL6060 (settings), WL6061 and WL6062 (writing).
Status synthesize_fleet(const FleetSettings& settings, const Clock& clock);

}  // namespace wattlaw
