// synthesize_frequency, synthesize_reserves: what a reserve needs, plausible and nobody's.
//   frequency  FILE `time,frequency [Hz]`, to a millihertz, a row a step: mean-reverting around 50 Hz (0.766 of a deviation is left after a
//              minute), a standard deviation that wanders around 33 mHz from hour to hour, as in the Nordic system in 2023, and rarely the
//              loss of a large unit
//   reserves   FILE `time,fcr_n [EUR/MW/h],fcr_d_up [EUR/MW/h],fcr_d_down [EUR/MW/h]`, to a cent, a row an hour
// The same seed gives the same bytes on every machine (random_stream.h).
#pragma once
#include <cstdint>
#include <string>

#include "runtime/base/result.h"
#include "runtime/time/clock.h"

namespace wattlaw {

struct ReservesRequest {
  uint64_t seed = 1;
  std::string file;
};
// Failures WL6061 and WL6062 (writing).
Status synthesize_frequency(const ReservesRequest& request, const Clock& clock);
Status synthesize_reserves(const ReservesRequest& request, const Clock& clock);

}  // namespace wattlaw
