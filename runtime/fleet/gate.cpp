#include "runtime/fleet/gate.h"

#include <algorithm>
#include <numeric>

#include "runtime/fleet/share_limit.h"

namespace wattlaw {
namespace {

constexpr double kMostWatts = 1e9;

int64_t watts_of(double energy, double hours) {
  if (energy <= 0.0) return 0;
  const double watts = hours > 0.0 ? energy / hours : kMostWatts;
  return static_cast<int64_t>(watts < kMostWatts ? watts : kMostWatts);
}

}  // namespace

int64_t offer_of(const ServiceOffer& service, const Headroom& headroom) {
  int64_t most = static_cast<int64_t>(kMostWatts);
  const auto side = [&](int64_t power, int64_t other_power, double energy) {
    most = std::min(most, power * service.held_denominator / service.held_per_sold);
    if (service.opposite_per_sold > 0) most = std::min(most, other_power * service.opposite_denominator / service.opposite_per_sold);
    most = std::min(most, watts_of(energy, service.sustain_hours));
  };
  if (service.up) side(headroom.discharge_power, headroom.charge_power, headroom.energy_out);
  if (service.down) side(headroom.charge_power, headroom.discharge_power, headroom.energy_in);
  return std::max<int64_t>(most, 0);
}

void promise(const ServiceOffer& service, int64_t accepted, Headroom& headroom) {
  const auto up = [](int64_t watts, int64_t numerator, int64_t denominator) { return (watts * numerator + denominator - 1) / denominator; };
  const int64_t held = up(accepted, service.held_per_sold, service.held_denominator), other = up(accepted, service.opposite_per_sold, service.opposite_denominator);
  const double energy = static_cast<double>(accepted) * service.sustain_hours;
  if (service.up) headroom.discharge_power -= held, headroom.energy_out -= energy;
  if (service.down) headroom.charge_power -= held, headroom.energy_in -= energy;
  if (service.up && !service.down) headroom.charge_power -= other;
  if (service.down && !service.up) headroom.discharge_power -= other;
}

const std::vector<int64_t>& offers_that_count(const ServiceOffer& service, const std::vector<int64_t>& anew, const std::vector<int64_t>& going_on) {
  const auto bid = [&](const std::vector<int64_t>& offers) {
    const int64_t whole = std::accumulate(offers.begin(), offers.end(), int64_t{0}) / service.step * service.step;
    return whole >= service.minimum ? whole : 0;
  };
  return bid(going_on) > 0 && bid(going_on) >= bid(anew) ? going_on : anew;
}

std::vector<int64_t> clear_bid(const ServiceOffer& service, const std::vector<int64_t>& offers) {
  const int64_t sum = std::accumulate(offers.begin(), offers.end(), int64_t{0}), bid = sum / service.step * service.step;
  if (bid <= 0 || bid < service.minimum) return std::vector<int64_t>(offers.size());
  return share_limit(SharingRule::proportional, bid, offers, {});
}

}  // namespace wattlaw
