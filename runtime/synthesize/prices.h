// synthesize_prices: a day-ahead-like price, FILE: `time,spot [NOK/kWh]`, 5 decimals, a row a step of the clock (quarter-hours vary around
// their hour). Daily shape, season, weekend, a slow wander, windy hours that fall below zero, rare winter spikes.
// Random numbers: splitmix64, whole numbers throughout (random_stream.h): the same seed gives the same bytes on every machine.
#pragma once
#include <cstdint>
#include <string>

#include "runtime/base/result.h"
#include "runtime/time/clock.h"

namespace wattlaw {

struct PricesRequest {
  std::string currency = "NOK";  // three capital letters; sets the level of the price
  uint64_t seed = 1;
  std::string file;
};
// Failures WL6060 (settings), WL6061 and WL6062 (writing).
Status synthesize_prices(const PricesRequest& request, const Clock& clock);

}  // namespace wattlaw
