#include "runtime/fleet/tile_steps.h"

// One version for each width of vectors, chosen when the program starts. No version contracts a*b+c (CMakeLists.txt), so all give the same digits.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define WATTLAW_EACH_PROCESSOR __attribute__((target_clones("default", "arch=haswell", "arch=skylake-avx512")))
#else
#define WATTLAW_EACH_PROCESSOR
#endif

namespace wattlaw {

WATTLAW_EACH_PROCESSOR
void set_within_reserve(const Batteries<kTileMembers>& b, const uint8_t* is_there, const int64_t* wish, const int64_t* floor, double hours, int64_t* set) {
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
    const double most = most_discharge(b.energy[i], static_cast<double>(floor[i]) * kWattHour, b.discharge_efficiency[i], hours), below = most < power ? most : power;
    lowest[i] = -static_cast<int32_t>(below > 0.0 ? below : 0.0);
  }
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    const int32_t w = wanted[i] < lowest[i] ? lowest[i] : wanted[i];
    set[i] = is_there[i] ? w : 0;
  }
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
void step_tile(Batteries<kTileMembers>& b, const int32_t* set_point, double hours, int32_t* applied) {
  int32_t set[kTileMembers], moved[kTileMembers];
  for (uint32_t i = 0; i < kTileMembers; ++i) set[i] = set_point[i];
  for (uint32_t i = 0; i < kTileMembers; ++i) step_battery(b, i, set[i], hours, moved[i]);
  for (uint32_t i = 0; i < kTileMembers; ++i) applied[i] = moved[i];
}

// A quotient of whole numbers below 2^53 by 3600 is never rounded up to the next whole one.
WATTLAW_EACH_PROCESSOR
void read_meters(TileMeter& meter, const int32_t* applied, int32_t seconds) {
  const double length = static_cast<double>(seconds);
  for (uint32_t i = 0; i < kTileMembers; ++i) {
    const double watts = static_cast<double>(applied[i]), in = meter.charge_joules[i] + (watts > 0.0 ? watts : 0.0) * length, out = meter.discharge_joules[i] + (watts < 0.0 ? -watts : 0.0) * length;
    const int32_t hours_in = static_cast<int32_t>(in / 3600.0), hours_out = static_cast<int32_t>(out / 3600.0);
    meter.charged[i] += hours_in, meter.discharged[i] += hours_out;
    meter.charge_joules[i] = in - static_cast<double>(hours_in) * 3600.0, meter.discharge_joules[i] = out - static_cast<double>(hours_out) * 3600.0;
  }
}

}  // namespace wattlaw
