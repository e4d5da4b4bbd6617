// synthesize_sessions: plug-in sessions of cars at home, FILE as read_sessions takes it (trace/sessions.h), one row a session:
// `session,vehicle,begins,ends,delivered [kWh],charging_time [s],parking_time [s]`, by vehicle, then begin. A car comes home on about three days in
// five, between 15:00 and 21:30, leaves the next morning, and needs 4 to 40 kWh, which it takes at once, at 11 kW.
// Random numbers: splitmix64, one stream a car (random_stream.h): the same seed gives the same bytes on every machine.
#pragma once
#include <cstdint>
#include <string>

#include "runtime/base/result.h"
#include "runtime/time/clock.h"

namespace wattlaw {

struct SessionsRequest {
  uint32_t vehicles = 100;
  uint64_t seed = 1;
  std::string file;
};
// Failures WL6060 (settings), WL6061 and WL6062 (writing).
Status synthesize_sessions(const SessionsRequest& request, const Clock& clock);

}  // namespace wattlaw
