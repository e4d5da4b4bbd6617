// gate: when a delivery period begins, or some intervals before, vehicles offer power to a service, a pool bids what they offer together, and what is accepted of the
// bid is shared among them in whole watts. After it a vehicle keeps its promise: power and energy once promised are not offered again.
#pragma once
#include <cstdint>
#include <vector>

namespace wattlaw {

// A service as vehicles sell it. Powers are whole watts at the plug.
struct ServiceOffer {
  bool up = false, down = false;       // discharges, charges; both: symmetric
  uint32_t most = 0;                   // which output of the policy is the most a vehicle offers in W; 0: nothing
  std::vector<uint32_t> window_of_step;  // delivery periods by step of the clock
  std::vector<uint32_t> pool_of;       // by vehicle; UINT32_MAX: in none, it offers nothing
  uint32_t pools = 0;
  uint32_t lead = 0;                   // intervals from the gate to the begin of the delivery period; before the run there are no gates
  int64_t minimum = 0, step = 1;       // W of a bid
  double sustain_hours = 0;            // how long the full power must be there
  bool per_period = false;             // … when what a pool sells rises; who goes on with no more than before is not asked again
  int64_t held_per_sold = 1, held_denominator = 1;      // power held in the direction that is sold, per power sold: 134/100
  int64_t opposite_per_sold = 0, opposite_denominator = 1;  // … and in the other direction
  bool wants_offered = true, wants_accepted = true, wants_delivered = true, wants_missed = true;  // series
  std::vector<int64_t> activation;     // by step of the physics: billionths of what was accepted, + discharges
};
inline constexpr int64_t kBillion = 1'000'000'000;

// What a vehicle could hold when the gate closes, less what it has promised already.
struct Headroom {
  int64_t discharge_power = 0, charge_power = 0;  // W
  double energy_out = 0, energy_in = 0;           // Wh at the plug that discharging may give, that charging may take
};
// Whole watts, toward zero: the least of the power over what is held per watt sold, and of the energy over the time it must last. Never negative.
int64_t offer_of(const ServiceOffer& service, const Headroom& headroom);
void promise(const ServiceOffer& service, int64_t accepted, Headroom& headroom);

// What of a pool's offers counts: those of who can sell anew, or of who goes on with what they sold in the delivery period before, `going_on`, if
// together that is no less a bid. A new period of provision begins when what is sold rises (Svenska kraftnät, limited energy reservoirs).
const std::vector<int64_t>& offers_that_count(const ServiceOffer& service, const std::vector<int64_t>& anew, const std::vector<int64_t>& going_on);

// What is accepted of a pool's offers: their sum down to a whole number of steps, nothing below the minimum, shared in proportion to the
// offers in whole watts (share_limit). No share exceeds its offer.
std::vector<int64_t> clear_bid(const ServiceOffer& service, const std::vector<int64_t>& offers);

// W at the plug, + discharges: toward zero.
inline int64_t activated(const ServiceOffer& service, int64_t accepted, uint64_t physics_step) { return accepted * service.activation[physics_step] / kBillion; }

}  // namespace wattlaw
