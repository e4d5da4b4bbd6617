// battery: what a battery does with a power at the plug. The one text of the physics: the same template steps one vehicle and a tile of 32,
// so a lane is bit for bit what a vehicle alone is. Strict float64, + − × ÷ and comparisons only; powers at the plug are whole watts.
//   in:  stored = energy at the plug × charge efficiency      out: energy at the plug = taken × discharge efficiency
// One power holds for a whole step. It is cut down to what fits between empty and full and truncated to whole watts toward zero.
// Near full a battery takes less (`along_taper`), rounded up to whole watts, so that it does become full: above a state of charge k the most it takes falls linearly to nothing when full, the
// two-stage model of ACN-Sim (Linear2StageBattery), whose mean power over a step has a closed form.
#pragma once
#include <cstdint>

namespace wattlaw {

template <uint32_t Lanes>
struct Batteries {
  alignas(64) double energy[Lanes] = {};               // kWh in the battery, within [0, capacity]
  alignas(64) double capacity[Lanes] = {};             // kWh
  alignas(64) double charge_efficiency[Lanes] = {};    // within (0, 1]
  alignas(64) double discharge_efficiency[Lanes] = {};
  alignas(64) double taper_from[Lanes] = {};           // share of the capacity, (0, 1]; 1: no taper. Read by along_taper alone
  alignas(64) int32_t charge_power[Lanes] = {};        // W at the plug, not negative
  alignas(64) int32_t discharge_power[Lanes] = {};
};

// What a watt at the plug does in a step of so many hours, and a kilowatt-hour in the battery at the plug: the same for all steps of that length.
template <uint32_t Lanes>
struct StepRates {
  alignas(64) double stored[Lanes], taken[Lanes];       // kWh into the battery for each W that charges, out of it for each that discharges
  alignas(64) double watts_in[Lanes], watts_out[Lanes]; // W that bring a kWh in, that a kWh gives
};
template <uint32_t Lanes>
StepRates<Lanes> rates_for(const Batteries<Lanes>& b, double hours) {
  StepRates<Lanes> rates;
  for (uint32_t i = 0; i < Lanes; ++i) {
    rates.stored[i] = hours / 1000.0 * b.charge_efficiency[i], rates.taken[i] = hours / 1000.0 / b.discharge_efficiency[i];
    rates.watts_in[i] = 1000.0 / (b.charge_efficiency[i] * hours), rates.watts_out[i] = 1000.0 * b.discharge_efficiency[i] / hours;
  }
  return rates;
}

// The most watts at the plug that charging may take for a step until full, and that discharging may give until `floor` kWh.
inline double most_charge(double energy, double capacity, double watts_in) { return (capacity - energy) * watts_in; }
inline double most_discharge(double energy, double floor, double watts_out) { return (energy - floor) * watts_out; }

// e^-x for x >= 0, to within 1e-6: the same digits everywhere, for there are no more than + * / in it.
inline double exp_of_minus(double x) {
  const double z = x / 16.0;
  const double whole = 1.0 + z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0 * (1.0 + z / 5.0))));
  const double part = 1.0 / whole, squared = part * part, fourth = squared * squared, eighth = fourth * fourth;
  return eighth * eighth;
}

// ln x for x >= 1, to within 1e-9 of it.
inline double log_of(double x) {
  double halvings = 0.0;
  for (; x > 2.0; x /= 2.0) halvings += 1.0;
  const double t = (x - 1.0) / (x + 1.0), s = t * t;
  return 2.0 * t * (1.0 + s * (1.0 / 3 + s * (1.0 / 5 + s * (1.0 / 7 + s * (1.0 / 9 + s * (1.0 / 11 + s * (1.0 / 13 + s * (1.0 / 15 + s / 17)))))))) + halvings * 0.6931471805599453;
}

// Mean W at the plug over `hours` of charging at `watts`, no more than power W, by a battery that tapers from a share k < 1 of its capacity:
// `watts` until the taper meets it, then less and less.
inline double along_taper(double energy, double capacity, double k, double power, double watts, double efficiency, double hours) {
  if (watts <= 0.0 || k >= 1.0) return watts;
  const double soc = energy / capacity, rise = watts * efficiency * hours / (1000.0 * capacity), meets = 1.0 - (1.0 - k) * watts / power;
  if (soc + rise <= meets) return watts;
  const double begin = soc < meets ? meets : soc;                                    // of the part along the taper
  const double decay = soc < meets ? (soc + rise - meets) / (1.0 - meets) : power * efficiency * hours / (1000.0 * capacity) / (1.0 - k);
  const double end = 1.0 - (1.0 - begin) * exp_of_minus(decay);
  return (end - soc) * 1000.0 * capacity / (efficiency * hours);
}

// Hours at full power from `energy` to `wanted` kWh, to within a watt-hour where that is the capacity itself.
inline double hours_to_charge(double energy, double wanted, double capacity, double k, double power, double efficiency) {
  if (wanted <= energy) return 0.0;
  const bool tapers = k < 1.0;
  const double rate = power * efficiency / 1000.0, knee = k * capacity;
  if (rate <= 0.0) return 1e9;
  if (!tapers || wanted <= knee) return (wanted - energy) / rate;
  constexpr double kWattHour = 0.001;
  const double begin = energy < knee ? knee : energy, left = capacity - wanted < kWattHour ? kWattHour : capacity - wanted;
  const double straight = begin - energy;
  return straight / rate + (capacity - begin > left ? (1.0 - k) * capacity / rate * log_of((capacity - begin) / left) : 0.0);
}

// Steps lane i. set_point: W at the plug, + charges. applied: what it was cut down to.
template <uint32_t Lanes>
[[gnu::always_inline]] inline void step_battery(Batteries<Lanes>& b, const StepRates<Lanes>& rates, uint32_t i, int32_t set_point, int32_t& applied) {
  const double wish = static_cast<double>(set_point);
  double in = wish < 0.0 ? 0.0 : wish, out = wish < 0.0 ? -wish : 0.0;
  const double charge_power = static_cast<double>(b.charge_power[i]), discharge_power = static_cast<double>(b.discharge_power[i]);
  in = in < charge_power ? in : charge_power;
  out = out < discharge_power ? out : discharge_power;
  const double room = most_charge(b.energy[i], b.capacity[i], rates.watts_in[i]);
  const double left = most_discharge(b.energy[i], 0.0, rates.watts_out[i]);
  in = in < room ? in : room;
  out = out < left ? out : left;
  const int32_t watts_in = static_cast<int32_t>(in), watts_out = static_cast<int32_t>(out);
  applied = watts_in - watts_out;
  double energy = b.energy[i] + static_cast<double>(watts_in) * rates.stored[i] - static_cast<double>(watts_out) * rates.taken[i];
  energy = energy < 0.0 ? 0.0 : energy;
  b.energy[i] = energy < b.capacity[i] ? energy : b.capacity[i];
}

// Steps all lanes.
template <uint32_t Lanes>
void step_batteries(Batteries<Lanes>& b, const StepRates<Lanes>& rates, const int32_t* set_point, int32_t* applied) {
  for (uint32_t i = 0; i < Lanes; ++i) step_battery(b, rates, i, set_point[i], applied[i]);
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
