// tile_steps: the parts of an interval that all 32 vehicles of a tile do alike, as loops that compilers turn into vectors. The same operations
// as for one vehicle, lane by lane, on any processor.
#pragma once
#include "runtime/fleet/battery.h"
#include "runtime/trace/tile_series.h"

namespace wattlaw {

// What a policy wishes, within what the charger gives, and a discharge within what is above the floor for `hours`; nothing where nobody is.
// wish: W; floor: Wh, null: none. set: W.
void set_within_reserve(const Batteries<kTileMembers>& b, const uint8_t* is_there, const int64_t* wish, const int64_t* floor, double hours, int64_t* set);

// What charging is cut down to by batteries that taper off near full, before a step of so many hours.
void limit_by_taper(const Batteries<kTileMembers>& b, int32_t* set, double hours);

// kWh as whole Wh, toward zero.
void see_watt_hours(const double* energy, int64_t* watt_hours);

// One step of the physics.
void step_tile(Batteries<kTileMembers>& b, const int32_t* set_point, double hours, int32_t* applied);

// Registers of what was charged and discharged: joules that are carried, as whole numbers in float64, and the Wh of the interval.
struct TileMeter {
  alignas(64) double charge_joules[kTileMembers] = {}, discharge_joules[kTileMembers] = {};
  alignas(64) int32_t charged[kTileMembers] = {}, discharged[kTileMembers] = {};
};
void read_meters(TileMeter& meter, const int32_t* applied, int32_t seconds);

}  // namespace wattlaw
