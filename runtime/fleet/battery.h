// battery: what a battery does with a power at the plug. The one text of the physics: the same template steps one vehicle and a tile of 32,
// so a lane is bit for bit what a vehicle alone is. Strict float64, + − × ÷ and comparisons only; powers at the plug are whole watts.
//   in:  stored = energy at the plug × charge efficiency      out: energy at the plug = taken × discharge efficiency
// One power holds for a whole step. It is cut down to what fits between empty and full and truncated to whole watts toward zero.
#pragma once
#include <cstdint>

namespace wattlaw {

template <uint32_t Lanes>
struct Batteries {
  alignas(64) double energy[Lanes] = {};               // kWh in the battery, within [0, capacity]
  alignas(64) double capacity[Lanes] = {};             // kWh
  alignas(64) double charge_efficiency[Lanes] = {};    // within (0, 1]
  alignas(64) double discharge_efficiency[Lanes] = {};
  alignas(64) int32_t charge_power[Lanes] = {};        // W at the plug, not negative
  alignas(64) int32_t discharge_power[Lanes] = {};
};

// The most watts at the plug that charging may take for `hours` until full, and that discharging may give until `floor` kWh.
inline double most_charge(double energy, double capacity, double efficiency, double hours) { return (capacity - energy) * 1000.0 / (efficiency * hours); }
inline double most_discharge(double energy, double floor, double efficiency, double hours) { return (energy - floor) * 1000.0 * efficiency / hours; }

// Steps lane i by `hours`. set_point: W at the plug, + charges. applied: what it was cut down to.
template <uint32_t Lanes>
[[gnu::always_inline]] inline void step_battery(Batteries<Lanes>& b, uint32_t i, int32_t set_point, double hours, int32_t& applied) {
  const double wish = static_cast<double>(set_point);
  double in = wish < 0.0 ? 0.0 : wish, out = wish < 0.0 ? -wish : 0.0;
  const double charge_power = static_cast<double>(b.charge_power[i]), discharge_power = static_cast<double>(b.discharge_power[i]);
  in = in < charge_power ? in : charge_power;
  out = out < discharge_power ? out : discharge_power;
  const double room = most_charge(b.energy[i], b.capacity[i], b.charge_efficiency[i], hours);
  const double left = most_discharge(b.energy[i], 0.0, b.discharge_efficiency[i], hours);
  in = in < room ? in : room;
  out = out < left ? out : left;
  const int32_t watts_in = static_cast<int32_t>(in), watts_out = static_cast<int32_t>(out);
  applied = watts_in - watts_out;
  double energy = b.energy[i] + static_cast<double>(watts_in) * hours / 1000.0 * b.charge_efficiency[i] - static_cast<double>(watts_out) * hours / 1000.0 / b.discharge_efficiency[i];
  energy = energy < 0.0 ? 0.0 : energy;
  b.energy[i] = energy < b.capacity[i] ? energy : b.capacity[i];
}

// Steps all lanes.
template <uint32_t Lanes>
void step_batteries(Batteries<Lanes>& b, const int32_t* set_point, double hours, int32_t* applied) {
  for (uint32_t i = 0; i < Lanes; ++i) step_battery(b, i, set_point[i], hours, applied[i]);
}

// A register of a meter: joules go in, whole watt-hours come out, what is left is carried. So the sum of readings is never more than 1 Wh
// from what flowed.
inline int32_t read_register(int64_t& joules, int64_t more) {
  joules += more;
  const int64_t watt_hours = joules / 3600;
  joules -= watt_hours * 3600;
  return static_cast<int32_t>(watt_hours);
}

}  // namespace wattlaw
