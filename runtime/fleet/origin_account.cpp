#include "runtime/fleet/origin_account.h"

#include <algorithm>

#include "runtime/number/rounding.h"

namespace wattlaw {

OriginAccount::OriginAccount(bool first_in_first_out, std::vector<Efficiency> vehicles) : fifo_(first_in_first_out) {
  for (Efficiency& efficiency : vehicles) batteries_.push_back({std::move(efficiency), {}, {}, false, false});
}

void OriginAccount::add(Battery& battery, const Rational& energy, const Rational& taxed, const Rational& unknown) const {
  if (energy <= 0) return;
  battery.held += energy;
  if (fifo_ && !battery.layers.empty() && battery.layers.back().taxed == taxed && battery.layers.back().unknown == unknown) {
    battery.layers.back().energy += energy;
    return;
  }
  if (fifo_ || battery.layers.empty()) {
    battery.layers.push_back({energy, taxed, unknown});
    return;
  }
  Layer& all = battery.layers.front();
  all.taxed = divide_rounded(all.energy * all.taxed + energy * taxed, all.energy + energy);
  all.unknown = divide_rounded(all.energy * all.unknown + energy * unknown, all.energy + energy);
  all.energy += energy;
}

OriginAccount::Part OriginAccount::take(Battery& battery, const Rational& energy) const {
  Part part{energy, 0, 0};
  Rational left = energy;
  while (left > 0 && !battery.layers.empty()) {
    Layer& layer = battery.layers.front();
    const Rational taken = std::min(left, layer.energy);
    part.taxed += taken * layer.taxed;
    part.unknown += taken * layer.unknown;
    layer.energy -= taken;
    battery.held -= taken;
    left -= taken;
    if (layer.energy == 0) battery.layers.pop_front();
  }
  part.unknown += left;  // more than the layers hold: meters of whole watt-hours
  return part;
}

// What happened while the vehicle was away: what it drove is used, what it was charged elsewhere is unknown.
void OriginAccount::come_and_go(Battery& battery, const OriginInterval::OfVehicle& vehicle, OriginFlows& flows) const {
  const bool stayed = vehicle.plugged && battery.was_plugged && battery.is_known;
  battery.was_plugged = vehicle.plugged;
  if (stayed) return;
  battery.is_known = true;
  const Rational came = vehicle.stored - vehicle.charged * battery.efficiency.charge + divide_rounded(vehicle.discharged, battery.efficiency.discharge);
  if (came > battery.held) return add(battery, came - battery.held, 0, 1);
  const Part driven = take(battery, battery.held - std::max(came, Rational(0)));
  flows.final_use += driven.energy - driven.unknown;
  flows.taxed_final_use += driven.taxed;
}

OriginFlows OriginAccount::flow(const OriginInterval& interval) {
  OriginFlows flows;
  Rational charged, discharged, discharged_taxed, discharged_unknown;
  for (size_t v = 0; v < batteries_.size(); ++v) {
    Battery& battery = batteries_[v];
    const OriginInterval::OfVehicle& vehicle = interval.vehicles[v];
    come_and_go(battery, vehicle, flows);
    charged += vehicle.charged;
    if (vehicle.discharged <= 0) continue;
    const Part out = take(battery, divide_rounded(vehicle.discharged, battery.efficiency.discharge));
    const Rational taxed = vehicle.discharged * divide_rounded(out.taxed, out.energy), unknown = vehicle.discharged * divide_rounded(out.unknown, out.energy);
    discharged += vehicle.discharged, discharged_taxed += taxed, discharged_unknown += unknown;
    flows.losses += (out.energy - vehicle.discharged) - (out.unknown - unknown);
    flows.taxed_losses += out.taxed - taxed;
  }
  const Rational balance = interval.exported + charged - interval.import - discharged;
  const Rational generated = std::max(balance, Rational(0)), load = std::max(Rational(-balance), Rational(0));
  const Rational sources = interval.import + discharged + generated;
  if (sources <= 0) return flows;
  const Rational taxed = divide_rounded((interval.borne ? interval.import : Rational(0)) + discharged_taxed, sources), unknown = divide_rounded(discharged_unknown, sources);
  const Rational known = 1 - unknown;
  for (size_t v = 0; v < batteries_.size(); ++v) {
    const OriginInterval::OfVehicle& vehicle = interval.vehicles[v];
    const Rational kept = vehicle.charged * batteries_[v].efficiency.charge, lost = vehicle.charged - kept;
    add(batteries_[v], kept, taxed, unknown);
    flows.losses += lost * known;
    flows.taxed_losses += lost * taxed;
  }
  flows.final_use += (load + interval.exported) * known;
  flows.taxed_final_use += (load + interval.exported) * taxed + interval.exported * known;
  flows.taxed_export = interval.exported * taxed;
  return flows;
}

}  // namespace wattlaw
