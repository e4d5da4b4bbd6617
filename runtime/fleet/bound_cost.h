// bound_cost: what a fleet cannot have cost less than, by the linear relaxation of its problem with perfect hindsight (solved by Clp). An
// estimate in float64: it is shown beside what a run cost, and is never law.
//
// Every schedule of powers that respects the following costs at least the bound, and so does the run itself:
//   - charger, battery and efficiencies; energy moves in the whole steps of the physics of stays that had begun when the interval began;
//   - at a departure, and when the run ends, each vehicle has what it wants then, or as much as the run left it with; a drive uses what it uses;
//   - discharging ends at the reserve; where a vehicle may be below it, the relaxation is the convex hull over what its battery can hold;
//   - a group takes no more than its limit, or than it took in the run where a discharge that a limit counted on did not come.
// Meters count whole watt-hours and carry the rest, so each of these may be off by what a register carries.
#pragma once
#include <vector>

#include "runtime/base/result.h"
#include "runtime/fleet/simulate_fleet.h"

namespace wattlaw {

struct BoundPrices {                   // by step, money a kWh; empty: 0 throughout
  std::vector<double> take, give;      // of a site: what import costs, what export earns
  std::vector<double> charge, discharge;  // of a vehicle, for what it moves at the plug; negative: somebody pays for it
};

struct BoundLimit {
  std::vector<uint32_t> group_of;      // by vehicle; UINT32_MAX: in none
  bool nets = true;                    // what some discharge leaves room for others
  std::vector<std::vector<double>> room;  // [group][step], kWh that its vehicles may take
};

struct BoundRequest {
  const Clock* clock = nullptr;
  int32_t physics_seconds = 900;
  const FleetVehicles* vehicles = nullptr;
  const PlugIns* plug_ins = nullptr;
  const FleetSeries* moved = nullptr;  // what the run did: charged, discharge, stored
  std::vector<uint32_t> site_of;       // by vehicle; UINT32_MAX: at none whose meter has a price
  std::vector<BoundPrices> of_vehicle, of_site;  // of_site: where a vehicle stands
  std::vector<std::vector<double>> house;        // [site][step] kWh that the rest of the site takes; empty: nothing
  std::vector<std::vector<double>> reserve, wanted;  // [vehicle][step] kWh; empty: 0, and the target of the plug-in or of the vehicle
  std::vector<BoundLimit> limits;
};

struct CostBound {                     // of all sites where vehicles stand, and of what is paid for the vehicles' own flows
  double least = 0, run = 0;
};

// The most intervals of stays that may hang together by sites and limits: twenty vehicles for a week of quarters of an hour.
inline constexpr size_t kMostBoundIntervals = 16'000;

// Failures: WL6077 more than that hang together. It looks at sites and limits, before anybody has asked for prices.
Result<Ok> check_bound_size(const BoundRequest& request);
Result<CostBound> bound_cost(const BoundRequest& request);

}  // namespace wattlaw
