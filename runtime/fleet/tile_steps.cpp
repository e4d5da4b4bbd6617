#include "runtime/fleet/tile_steps.h"

// One version for each width of vectors, chosen when the program starts. No version contracts a*b+c (CMakeLists.txt), so all give the same digits.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define WATTLAW_EACH_PROCESSOR __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define WATTLAW_EACH_PROCESSOR
#endif

namespace wattlaw {

WATTLAW_EACH_PROCESSOR
void set_within_reserve(const Batteries<kTileMembers>& b, const StepRates<kTileMembers>& of_interval, const uint8_t* is_there, const int64_t* wish, const int64_t* floor, int64_t* set) {
  constexpr double kWattHour = 0.001;
  int32_t lowest[kTileMembers], wanted[kTileMembers];
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    const int64_t least = -int64_t{b.discharge_power[i]}, most = b.charge_power[i], w = wish[i] < least ? least : wish[i];
    wanted[i] = static_cast<int32_t>(w < most ? w : most);
  }
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    lowest[i] = -b.discharge_power[i];
    if (floor == nullptr) continue;
    const double power = static_cast<double>(b.discharge_power[i]);
    const double most = most_discharge(b.energy[i], static_cast<double>(floor[i]) * kWattHour, of_interval.watts_out[i]), below = most < power ? most : power;
    lowest[i] = -static_cast<int32_t>(below > 0.0 ? below : 0.0);
  }
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    const int32_t w = wanted[i] < lowest[i] ? lowest[i] : wanted[i];
    set[i] = is_there[i] ? w : 0;
  }
}

WATTLAW_EACH_PROCESSOR
uint32_t lanes_due(const int64_t* next, const int64_t* moment, int64_t now) {
  uint32_t due = 0;
  for (uint32_t i = 0; i < kTileMembers; ++i) due |= static_cast<uint32_t>((next[i] <= now) | (moment[i] <= now)) << i;
  return due;
}

WATTLAW_EACH_PROCESSOR
int64_t earliest(const int64_t* next, const int64_t* moment) {
  int64_t first = INT64_MAX;
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    const int64_t of = next[i] < moment[i] ? next[i] : moment[i];
    first = of < first ? of : first;
  }
  return first;
}

WATTLAW_EACH_PROCESSOR
void who_stays(const uint8_t* is_there, const int64_t* next, int64_t until, uint8_t* stays) {
  for (uint32_t i = 0; i < kTileMembers; ++i) stays[i] = is_there[i] & static_cast<uint8_t>(next[i] >= until);
}

WATTLAW_EACH_PROCESSOR
void charge_for_departure(const Batteries<kTileMembers>& b, const StepRates<kTileMembers>& of_interval, const uint8_t* is_there, const int64_t* next, const int64_t* ensured, int64_t now, int32_t step_seconds, int64_t* set, int64_t* forced) {
  constexpr double kWattHour = 0.001;
  const double length = static_cast<double>(step_seconds);
  double later[kTileMembers], needed[kTileMembers];
  int32_t asked[kTileMembers], must[kTileMembers];
  for (uint32_t i = 0; i < kTileMembers; ++i) {  // whole intervals after this one
    const int64_t left = is_there[i] ? next[i] - now : 0;
    const double intervals = static_cast<double>(left) / length;
    later[i] = intervals > 1.0 ? static_cast<double>(static_cast<int64_t>(intervals)) - 1.0 : 0.0;
  }
  for (uint32_t i = 0; i < kTileMembers; ++i) needed[i] = (static_cast<double>(ensured[i]) - 1.0) * kWattHour - b.energy[i], asked[i] = static_cast<int32_t>(set[i]);
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    const double power = static_cast<double>(b.charge_power[i]), can_come = later[i] * (power * of_interval.stored[i]);
    const double taken = asked[i] < 0 ? static_cast<double>(-asked[i]) * of_interval.taken[i] : 0.0;
    const int32_t kept = needed[i] + taken > can_come && asked[i] < 0 ? 0 : asked[i];
    const double watts = needed[i] * of_interval.watts_in[i];
    const int32_t whole = static_cast<int32_t>(watts < power ? (watts > 0.0 ? watts : 0.0) : power), due = watts < power ? whole + 1 : whole;
    must[i] = needed[i] > can_come ? due : 0;
    asked[i] = kept > must[i] ? kept : must[i] > 0 ? must[i] : kept;
  }
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    set[i] = is_there[i] ? asked[i] : set[i];
    forced[i] = is_there[i] ? must[i] : 0;
  }
}

WATTLAW_EACH_PROCESSOR
void in_units(const int32_t* values, int64_t factor, int64_t* of_units) {
  const auto small = static_cast<int32_t>(factor);
  if (small == factor)
    for (uint32_t i = 0; i < kTileMembers; ++i) of_units[i] = int64_t{values[i]} * small;
  else
    for (uint32_t i = 0; i < kTileMembers; ++i) of_units[i] = values[i] * factor;
}

WATTLAW_EACH_PROCESSOR
void in_units(const int64_t* values, int64_t factor, int64_t* of_units) {
  for (uint32_t i = 0; i < kTileMembers; ++i) of_units[i] = values[i] * factor;
}

WATTLAW_EACH_PROCESSOR
void see_watt_hours(const double* energy, int64_t* watt_hours) {
  int32_t whole[kTileMembers];  // a battery holds less than 2^31 Wh
  for (uint32_t i = 0; i < kTileMembers; ++i) whole[i] = static_cast<int32_t>(energy[i] * 1000.0);
  for (uint32_t i = 0; i < kTileMembers; ++i) watt_hours[i] = whole[i];
}

void limit_by_taper(const Batteries<kTileMembers>& b, int32_t* set, double hours) {
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    if (set[i] <= 0 || b.taper_from[i] >= 1.0) continue;
    const double power = static_cast<double>(b.charge_power[i]), wish = static_cast<double>(set[i]);
    const double most = along_taper(b.energy[i], b.capacity[i], b.taper_from[i], power, wish < power ? wish : power, b.charge_efficiency[i], hours);
    const auto whole = static_cast<int32_t>(most);
    set[i] = whole + (static_cast<double>(whole) < most);
  }
}

WATTLAW_EACH_PROCESSOR
void step_tile(Batteries<kTileMembers>& b, const StepRates<kTileMembers>& of_step, const int32_t* set_point, int32_t* applied) {
  int32_t set[kTileMembers], moved[kTileMembers];
  for (uint32_t i = 0; i < kTileMembers; ++i) set[i] = set_point[i];
  for (uint32_t i = 0; i < kTileMembers; ++i) step_battery(b, of_step, i, set[i], moved[i]);
  for (uint32_t i = 0; i < kTileMembers; ++i) applied[i] = moved[i];
}

// Half a joule above a whole number of them lies so far from any multiple of 3600 that the product with a rounded 1/3600 is on the right side of it.
WATTLAW_EACH_PROCESSOR
void read_meters(TileMeter& meter, const int32_t* applied, int32_t seconds) {
  const double length = static_cast<double>(seconds);
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    const double watts = static_cast<double>(applied[i]), in = meter.charge_joules[i] + (watts > 0.0 ? watts : 0.0) * length, out = meter.discharge_joules[i] + (watts < 0.0 ? -watts : 0.0) * length;
    const int32_t hours_in = static_cast<int32_t>((in + 0.5) * (1.0 / 3600.0)), hours_out = static_cast<int32_t>((out + 0.5) * (1.0 / 3600.0));
    meter.charged[i] += hours_in, meter.discharged[i] += hours_out;
    meter.charge_joules[i] = in - static_cast<double>(hours_in) * 3600.0, meter.discharge_joules[i] = out - static_cast<double>(hours_out) * 3600.0;
  }
}

}  // namespace wattlaw
