// plan_optimum: the least cost of a vehicle over a whole run, known beforehand: dynamic programming over the energy in the battery.
//
// The problem that is solved exactly: the battery holds a whole number of units, capacity / units; a whole interval of a stay moves a whole
// number of units, at most what the plug gives; an interval costs what its net flow through the meter costs, at a price to take and a price to
// give, and what is paid for what the vehicle itself moves; a stay ends with the energy that is to be there, a drive takes what it takes.
// Where that cannot be, as little as can be is missing, before any cost. Energy that is left at the end of the run is worth nothing.
#pragma once
#include <cstdint>
#include <vector>

#include "runtime/fleet/plug_ins.h"
#include "runtime/time/clock.h"

namespace wattlaw {

struct OptimumVehicle {
  double capacity = 0, stored = 0, target = 0;           // kWh
  double charge_efficiency = 1, discharge_efficiency = 1;
  int32_t charge_power = 0, discharge_power = 0;         // W at the plug
};

// By step; an empty column is 0 throughout. Prices: billionths of the currency's unit a kWh.
struct OptimumPrices {
  std::vector<int64_t> take, give;     // through the meter: what import costs, what export earns
  std::vector<int64_t> charge, discharge;  // of what the vehicle moves at the plug, added
  std::vector<int64_t> house;          // thousandths of a Wh that the rest of the site takes (gives: negative); empty: the vehicle has the meter alone
  std::vector<int64_t> floor;          // Wh in the battery that discharging leaves
  std::vector<int64_t> ensured;        // Wh at a departure in this interval; empty: `target`, or that of the plug-in
  bool has_ensured = false;            // something is to be there at all
};

struct OptimumPlan {
  uint32_t units = 0;                  // of the grid: capacity / units each
  std::vector<int16_t> level, change;  // by step: units in the battery when the interval ends, and what it moved of them
  int64_t cost = 0;                    // billionths of the currency's unit, of what the vehicle adds to the site's cost
};

OptimumPlan plan_optimum(const Clock& clock, const OptimumVehicle& vehicle, const std::vector<PlugIn>& plug_ins, const OptimumPrices& prices);

}  // namespace wattlaw
