// tile_steps: the parts of an interval that all 32 vehicles of a tile do alike, as loops that compilers turn into vectors. The same operations
// as for one vehicle, lane by lane, on any processor.
#pragma once
#include "runtime/fleet/battery.h"
#include "runtime/trace/tile_series.h"

namespace wattlaw {

// What a policy wishes, within what the charger gives, and a discharge within what is above the floor for an interval; nothing where nobody is.
// wish: W; floor: Wh, null: none. set: W.
void set_within_reserve(const Batteries<kTileMembers>& b, const StepRates<kTileMembers>& of_interval, const uint8_t* is_there, const int64_t* wish, const int64_t* floor, int64_t* set);

// What charging is cut down to by batteries that taper off near full, before a step of so many hours.
void limit_by_taper(const Batteries<kTileMembers>& b, int32_t* set, double hours);

// Lanes, a bit each, of which one of two moments has come; the earliest of all moments.
uint32_t lanes_due(const int64_t* next, const int64_t* moment, int64_t now);
int64_t earliest(const int64_t* next, const int64_t* moment);

// Who is there and stays until then: 1, else 0.
void who_stays(const uint8_t* is_there, const int64_t* next, int64_t until, uint8_t* stays);

// What has to be done now so that each vehicle leaves with what is ensured, to within a watt-hour, at full power later: a discharge that could not
// come back is taken out of `set`, and what must be charged in this interval is put into it and `forced` (W; 0: nothing). Not for batteries that taper.
// ensured: Wh; next: when it leaves.
void charge_for_departure(const Batteries<kTileMembers>& b, const StepRates<kTileMembers>& of_interval, const uint8_t* is_there, const int64_t* next, const int64_t* ensured, int64_t now, int32_t step_seconds, int64_t* set, int64_t* forced);

// Values of a unit that is `factor` times as large.
void in_units(const int32_t* values, int64_t factor, int64_t* of_units);
void in_units(const int64_t* values, int64_t factor, int64_t* of_units);

// kWh as whole Wh, toward zero.
void see_watt_hours(const double* energy, int64_t* watt_hours);

// One step of the physics.
void step_tile(Batteries<kTileMembers>& b, const StepRates<kTileMembers>& of_step, const int32_t* set_point, int32_t* applied);

// Registers of what was charged and discharged: joules that are carried, as whole numbers in float64, and the Wh of the interval.
struct TileMeter {
  alignas(64) double charge_joules[kTileMembers] = {}, discharge_joules[kTileMembers] = {};
  alignas(64) int32_t charged[kTileMembers] = {}, discharged[kTileMembers] = {};
};
void read_meters(TileMeter& meter, const int32_t* applied, int32_t seconds);

}  // namespace wattlaw
