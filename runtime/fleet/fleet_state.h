// fleet_state: what the simulation of vehicles tells a policy.
#pragma once
#include <cstdint>

namespace wattlaw {

// What a policy may know of a vehicle when an interval begins.
struct FleetState {
  enum class Kind : uint8_t {
    stored,        // Wh in the battery, whole, toward zero
    plugged,       // 0 or 1
    seconds_left,  // until it leaves; 0 where it is not plugged in
    target,        // Wh that shall be there when it leaves (this plug-in's, or the next one's)
    total,         // Wh that have flowed in the window of totals[index] before this interval
    chosen,        // 0 or 1: the interval is one of cheapest[index]
    rest,          // W that the rest of its site draws in the interval, mean, toward zero; negative: gives
    metered,       // what has flowed through the meter of its site in the window of site_totals[index] before this interval, in its mantissa
    raises,        // 0 or 1: a unit more than the rest of its site takes in the interval raises the peak of site_totals[index]
  } kind = Kind::stored;
  uint32_t index = 0;
};

}  // namespace wattlaw
