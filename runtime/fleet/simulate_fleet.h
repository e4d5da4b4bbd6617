// simulate_fleet: vehicles at chargers, interval by interval: a policy says what each would like, limits and physics say what is possible,
// meters say what was. What is measured are whole watt-hours; float64 lives in the battery alone.
//
// Within an interval: what is seen at its begin → policy → offers, where a gate of a service closes → reserve (discharging stops
// there) → what a departure needs (adds, never removes) → caps → what a group follows → limits of groups (what is forced is shared first) → physics steps, in which who has
// promised something does what is activated and nothing else → meters. A trip takes its energy when it begins. A vehicle that arrives inside an interval is seen at the
// next; one that leaves inside it gives and takes until the last whole physics step before.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/fleet/fleet_state.h"
#include "runtime/fleet/gate.h"
#include "runtime/fleet/plug_ins.h"
#include "runtime/fleet/share_limit.h"
#include "runtime/time/clock.h"
#include "runtime/trace/tile_series.h"

namespace wattlaw {

struct FleetVehicles {                 // by vehicle
  std::vector<double> capacity, charge_efficiency, discharge_efficiency;  // kWh; (0, 1]
  std::vector<int32_t> charge_power, discharge_power;                     // W at the plug
  std::vector<double> stored, target;                                     // kWh at the start; kWh at departure where a plug-in names none
  std::vector<double> taper_from;                                         // share of the capacity above which charging tapers off; empty: none does
  std::vector<int32_t> standby;                                           // W that the charger draws itself while the vehicle is plugged in; empty: none
  uint32_t size() const { return static_cast<uint32_t>(capacity.size()); }
};

struct RunningTotal {
  bool of_discharge = false;           // else of charging
  std::vector<uint32_t> window_of_step;
};
// What flows through the meters of sites, vehicles included, netted within the interval.
struct SiteTotal {
  bool of_export = false;              // else of import
  std::vector<uint32_t> window_of_step;
  std::vector<uint8_t> counts;         // by step: 0, it does not count; empty: all do
  std::vector<uint32_t> peak_window_of_step;  // the most of any such window is kept, not the sum; empty: the sum
};
struct CheapestHours {                 // the cheapest intervals of a plug-in, chosen when it begins
  std::vector<uint32_t> intervals;     // how many, by vehicle
  std::vector<Int128> price;           // by step, any unit; equal prices: the earlier step
};

// When a trip of a vehicle begins, or somebody asks what is in its battery.
struct FleetMoment {
  Instant at = 0;
  double taken = 0;                    // kWh
  uint32_t answer = 0;                 // FleetResult::moments
};
struct MomentAnswer {
  int64_t stored = 0;                  // Wh, whole, toward zero, before anything is taken: after the last physics step that has ended by then. Before
                                       // the run: what it begins with; after it: what it ends with
  double missing = 0;                  // kWh that a trip would have taken and nothing was there
};

struct GroupLimit {
  std::vector<uint32_t> group_of;      // by vehicle; UINT32_MAX: in none
  uint32_t groups = 0;
  uint32_t cap = 0;                    // which output of the policy is the group's cap in W: that of its first vehicle counts
  bool nets = true;                    // what some discharge leaves room for others
  SharingRule sharing = SharingRule::proportional;
  SharingOrder order = SharingOrder::laxity;  // of `ordered`
  const TileSeries *import = nullptr, *export_ = nullptr;  // units of import and export of the group's meters without vehicles, a lane a group; null: vehicles alone
  std::shared_ptr<const TileSeries> sum_of_import, sum_of_export;  // where several meters make one
};

// A power that the vehicles of each group give together: who follows does nothing else, but what a departure needs goes before.
struct GroupSignal {
  std::vector<uint32_t> group_of;      // by vehicle; UINT32_MAX: in none
  uint32_t groups = 0;
  uint32_t power = 0;                  // which output of the policy, in W, + discharges: that of the group's first vehicle counts
};

// Energy that a contract lets flow: what is left of it when an interval begins.
struct EnergyCap {
  uint32_t left = 0;                   // which output of the policy, Wh
  bool of_discharge = true;            // else of charging
};

// Decides for the 32 vehicles of a tile. states[column * 32 + lane] as asked for; outputs[column * 32 + lane]: W wished (+ charges), then what
// the request names. False: a vehicle of the tile has a fault that the interpreter must tell.
class FleetPolicy {
 public:
  virtual ~FleetPolicy() = default;
  virtual bool decide(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) = 0;
  // Intervals that it decides at once where nothing is asked for that only the simulation knows. `decide_ahead` writes what `decide` does, an
  // interval after the other, and says of how many from `first` on: fewer than asked where the next one has a fault.
  virtual uint32_t intervals_ahead() const { return 1; }
  virtual uint32_t decide_ahead(uint32_t tile, uint32_t first, uint32_t end, int64_t* outputs) {
    for (uint32_t step = first; step < end; ++step)
      if (!decide(tile, step, nullptr, outputs)) return step - first;
    return end - first;
  }
};

struct FleetRequest {
  const Clock* clock = nullptr;
  int32_t physics_seconds = 900;       // divides the clock's step
  const FleetVehicles* vehicles = nullptr;
  const PlugIns* plug_ins = nullptr;
  std::vector<std::vector<FleetMoment>> moments;  // by vehicle, ascending in time; empty: there are none
  uint32_t answers = 0;
  std::vector<FleetState> states;
  std::vector<RunningTotal> totals;
  std::vector<CheapestHours> cheapest;
  std::vector<SiteTotal> site_totals;  // then `rest` says at which sites vehicles stand
  int64_t per_import = 1, per_export = 1, per_watt_hour = 1;  // how many units of a total are one of the import and export of meters, and a Wh
  std::vector<EnergyCap> caps;          // nothing exceeds them, not even what a departure needs
  std::vector<GroupLimit> limits;
  std::optional<GroupSignal> follow;
  uint32_t outputs = 1;                // of the policy
  bool wants_charged = true, wants_discharge = true, wants_stored = true, wants_plugged = true, wants_departed = true, wants_wanted = true;  // which series are made
  struct Rest {                        // what else flows through the meters of sites: units of import and export, a lane a site
    std::vector<uint32_t> site_of;     // by vehicle; UINT32_MAX: at none
    const TileSeries *import = nullptr, *export_ = nullptr;
    uint32_t sites = 0;
  } rest;                              // where a state asks for it
  std::vector<ServiceOffer> services;  // they clear one after another, in this order
  std::optional<uint32_t> reserve, ensured;  // which output is the Wh that discharging leaves, and the Wh to have at departure
};

struct FleetSeries {                   // one value a vehicle and interval; without cells where it is not wanted
  TileSeries charged, discharge;       // Wh at the plug
  TileSeries stored;                   // Wh when the interval ends
  TileSeries plugged;                  // 1: when the interval begins
  TileSeries departed;                 // 1: it leaves in this interval
  TileSeries wanted;                   // Wh that the plug-in at hand, or the last one, was to end with
  struct OfService {
    TileSeries offered, accepted;      // W
    TileSeries delivered, missed;      // Wh of what was activated
  };
  std::vector<OfService> services;
};
struct FleetCounts {
  uint64_t departures = 0, missed = 0;  // missed: more than 1 Wh short of what was to be there
  uint64_t bound = 0;                   // intervals of groups in which a limit cut something
  uint64_t ran_dry = 0;                 // drives that used more than the battery held
  uint64_t bids = 0, too_small = 0;     // of pools in delivery periods in which somebody offered; below the minimum
  uint64_t followed = 0, fell_short = 0;  // intervals of groups with a signal; in which less could be done than it asks
  FleetCounts& operator+=(const FleetCounts& other) {
    departures += other.departures, missed += other.missed, bound += other.bound, ran_dry += other.ran_dry, bids += other.bids, too_small += other.too_small;
    followed += other.followed, fell_short += other.fell_short;
    return *this;
  }
};
struct FleetResult {
  FleetSeries series;
  std::vector<MomentAnswer> moments;
  FleetCounts counts;
  std::optional<std::pair<uint32_t, uint32_t>> fault;  // first tile and step whose policy has a fault
};

// Deterministic for any number of threads.
FleetResult simulate_fleet(const FleetRequest& request, FleetPolicy& policy, unsigned threads);

}  // namespace wattlaw
