// What a shard decides between policy and physics: offers at gates, reserves, departures, caps and the limits of groups.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/fleet/shard.h"

namespace wattlaw {
namespace {

constexpr double kWattHour = 0.001;
constexpr int64_t kNoCap = INT64_MAX / 4;

}  // namespace

bool Shard::is_gate(uint32_t step) const {
  return std::any_of(request_.services.begin(), request_.services.end(), [&](const ServiceOffer& service) { return opens(service, step) || closes(service, step); });
}

uint32_t Shard::end_of_period(const ServiceOffer& service, uint32_t step) const {
  uint32_t end = step + 1;
  while (end < clock_.steps && service.window_of_step[end] == service.window_of_step[step]) ++end;
  return end;
}

// The most that a service has been promised of a vehicle in any of the steps.
int64_t Shard::promised(size_t s, const Tile& tile, uint32_t lane, uint32_t first, uint32_t end) const {
  const Tile::Sold& sold = tile.sold[s];
  int64_t most = sold.until > first ? sold.accepted[lane] : 0;
  for (const Tile::Sold::Period& period : sold.to_come)
    if (period.first < end && period.end > first) most = std::max(most, period.accepted[lane]);
  return most;
}

// W that a vehicle offers until `end`, with what is known now. Not anew: what it may go on with, whatever activations have taken but all of it.
int64_t Shard::offer(size_t s, const Tile& tile, uint32_t lane, uint32_t step, uint32_t end, bool anew) const {
  if (!tile.is_there[lane]) return 0;
  const ServiceOffer& service = request_.services[s];
  const Instant until = clock_.instant_of(step) + int64_t{end - step} * clock_.step_seconds;
  const int64_t most = output(service.most, tile, lane);
  if (tile.next[lane] < until || most <= 0) return 0;
  const Batteries<kLanes>& b = tile.batteries;
  Headroom headroom{b.discharge_power[lane], b.charge_power[lane], 0, 0};
  const double floor = request_.reserve ? static_cast<double>(output(*request_.reserve, tile, lane)) : 0.0, stored = b.energy[lane] * 1000.0;
  double spare = stored - floor;
  if (request_.ensured) {  // what is given must come back before it leaves; and who has to charge until then offers nothing
    const double needed = static_cast<double>(output(*request_.ensured, tile, lane)) - 1.0 - stored;
    const auto left = static_cast<double>((tile.next[lane] - until) / clock_.step_seconds);
    double can_come_back = left * static_cast<double>(headroom.charge_power) * hours_ * b.charge_efficiency[lane] - needed;
    if (b.taper_from[lane] < 1.0) {  // full power up to where it tapers off, and the time that is needed from there
      const double wanted = (needed + stored) * kWattHour, straight = std::min(wanted, b.taper_from[lane] * b.capacity[lane]);
      const double hours = left * hours_ - hours_to(tile, lane, straight, wanted);
      can_come_back = hours <= 0.0 ? 0.0 : hours * static_cast<double>(headroom.charge_power) * b.charge_efficiency[lane] - (straight * 1000.0 - stored);
    }
    if (can_come_back <= 0.0) return 0;
    spare = std::min(spare, can_come_back);
  }
  constexpr double kPlenty = 1e12;
  headroom.energy_out = anew ? spare * b.discharge_efficiency[lane] : spare > 0.0 ? kPlenty : 0.0;
  headroom.energy_in = anew ? (b.capacity[lane] * 1000.0 - stored) / b.charge_efficiency[lane] : stored < b.capacity[lane] * 1000.0 ? kPlenty : 0.0;
  for (const EnergyCap& cap : request_.caps) {  // what a contract allows is no more to promise than what the battery holds
    double& energy = cap.of_discharge ? headroom.energy_out : headroom.energy_in;
    energy = std::min(energy, static_cast<double>(output(cap.left, tile, lane)));
  }
  for (size_t other = 0; other < tile.sold.size(); ++other)
    if (other != s) promise(request_.services[other], promised(other, tile, lane, step + service.lead, end), headroom);
  return std::min({offer_of(service, headroom), most, anew ? most : tile.sold[s].before[lane]});
}

// What each of the service's pools offers, vehicle by vehicle, within what limits leave for charging.
std::vector<std::vector<int64_t>> Shard::offers_of(size_t s, uint32_t step, uint32_t end, bool anew) {
  for (const std::vector<Place>& pool : pools_[s])
    for (const Place& place : pool) tiles_[place.tile].sold[s].offered[place.lane] = offer(s, tiles_[place.tile], place.lane, step, end, anew);
  if (is_called_ && request_.services[s].down)
    for (size_t limit = 0; limit < request_.limits.size(); ++limit) {
      if (is_coupled_)
        for (const Group& group : groups_[limit]) fit_offers(s, request_.limits[limit], group, step, end);
      for (const auto& of_tile : groups_of_)
        for (const Group& group : of_tile[limit]) fit_offers(s, request_.limits[limit], group, step, end);
    }
  std::vector<std::vector<int64_t>> offers;
  for (const std::vector<Place>& pool : pools_[s]) {
    offers.emplace_back();
    for (const Place& place : pool) offers.back().push_back(tiles_[place.tile].sold[s].offered[place.lane]);
  }
  return offers;
}

// A group promises to charge with no more than its limit leaves it when the period begins; what is too much is taken from all in proportion.
void Shard::fit_offers(size_t s, const GroupLimit& limit, const Group& group, uint32_t step, uint32_t end) {
  const auto held = [&](size_t of, int64_t watts) { return (watts * request_.services[of].held_per_sold + request_.services[of].held_denominator - 1) / request_.services[of].held_denominator; };
  int64_t left = room(limit, group, step), asked = 0;
  std::vector<int64_t> wanted;
  for (const Place& place : group.members) {
    const Tile& tile = tiles_[place.tile];
    for (size_t other = 0; other < tile.sold.size(); ++other)
      if (other != s && request_.services[other].down) left -= held(other, promised(other, tile, place.lane, step + request_.services[s].lead, end));
    asked += wanted.emplace_back(held(s, tile.sold[s].offered[place.lane]));
  }
  if (asked <= left) return;
  const std::vector<int64_t> given = share_limit(SharingRule::proportional, std::max<int64_t>(left, 0), wanted, {});
  for (size_t i = 0; i < group.members.size(); ++i) {
    int64_t& offered = tiles_[group.members[i].tile].sold[s].offered[group.members[i].lane];
    offered = std::min(offered, given[i] * request_.services[s].held_denominator / request_.services[s].held_per_sold);
  }
}

// What was sold for a delivery period that begins.
void Shard::begin_period(size_t s, uint32_t step) {
  for (Tile& tile : tiles_) {
    Tile::Sold& sold = tile.sold[s];
    sold.before = sold.accepted, sold.accepted.fill(0), sold.offered.fill(0);
    sold.until = end_of_period(request_.services[s], step);
    if (sold.to_come.empty() || sold.to_come.front().first != step) continue;
    sold.offered = sold.to_come.front().offered, sold.accepted = sold.to_come.front().accepted;
    sold.to_come.pop_front();
  }
}

// Delivery periods begin, then services whose gate closes clear one after another.
void Shard::sell(uint32_t step) {
  for (size_t s = 0; s < request_.services.size(); ++s)
    if (opens(request_.services[s], step)) begin_period(s, step);
  for (size_t s = 0; s < request_.services.size(); ++s) {
    const ServiceOffer& service = request_.services[s];
    if (!closes(service, step)) continue;
    const uint32_t first = step + service.lead, end = end_of_period(service, first);
    if (service.lead > 0)  // the gate closes for a period to come: what is sold until then stays as it is
      for (Tile& tile : tiles_) {
        Tile::Sold& sold = tile.sold[s];
        sold.before = sold.to_come.empty() ? sold.accepted : sold.to_come.back().accepted;
        std::swap(sold.now_offered, sold.offered), std::swap(sold.now_accepted, sold.accepted);
        sold.offered.fill(0), sold.accepted.fill(0);
      }
    clear(s, step, end);
    if (service.lead > 0)
      for (Tile& tile : tiles_) {
        Tile::Sold& sold = tile.sold[s];
        sold.to_come.push_back({first, end, sold.offered, sold.accepted});
        std::swap(sold.now_offered, sold.offered), std::swap(sold.now_accepted, sold.accepted);
      }
  }
}

// The bids of a service's pools for a delivery period that ends before `end`, with what is known in `step`.
void Shard::clear(size_t s, uint32_t step, uint32_t end) {
  const ServiceOffer& service = request_.services[s];
  const std::vector<std::vector<int64_t>> anew = offers_of(s, step, end, true);
  const std::vector<std::vector<int64_t>> going_on = service.per_period ? offers_of(s, step, end, false) : anew;
  for (size_t p = 0; p < pools_[s].size(); ++p) {
    const std::vector<Place>& pool = pools_[s][p];
    const std::vector<int64_t>& offers = service.per_period ? offers_that_count(service, anew[p], going_on[p]) : anew[p];
    for (size_t i = 0; i < pool.size(); ++i) tiles_[pool[i].tile].sold[s].offered[pool[i].lane] = offers[i];
    if (std::all_of(offers.begin(), offers.end(), [](int64_t watts) { return watts == 0; })) continue;
    const std::vector<int64_t> accepted = clear_bid(service, offers);
    bool is_taken = false;
    for (size_t i = 0; i < pool.size(); ++i) is_taken = (tiles_[pool[i].tile].sold[s].accepted[pool[i].lane] = accepted[i]) > 0 || is_taken;
    ++at_gates_.bids;
    at_gates_.too_small += !is_taken;
  }
}

// W at the plug, + discharges, that the services ask for now.
void Shard::activate(Tile& tile, uint64_t physics_step, int64_t* asked) const {
  for (size_t s = 0; s < tile.sold.size(); ++s) {
    const ServiceOffer& service = request_.services[s];
    if (service.activation[physics_step] == 0) continue;
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) asked[lane] += activated(service, tile.sold[s].accepted[lane], physics_step);
  }
}

// What was delivered counts for the services in their order; what is then not there is missed.
void Shard::account(Tile& tile, uint32_t lane, uint64_t physics_step, int64_t delivered) {
  for (size_t s = 0; s < tile.sold.size(); ++s) {
    Tile::Sold& sold = tile.sold[s];
    const int64_t asked = activated(request_.services[s], sold.accepted[lane], physics_step);
    if (asked == 0) continue;
    const int64_t got = asked > 0 ? std::clamp<int64_t>(delivered, 0, asked) : std::clamp<int64_t>(delivered, asked, 0);
    delivered -= got;
    sold.delivered[lane] += read_register(sold.delivered_joules[lane], std::abs(got) * request_.physics_seconds);
    sold.missed[lane] += read_register(sold.missed_joules[lane], std::abs(asked - got) * request_.physics_seconds);
  }
}

double Shard::hours_to(const Tile& tile, uint32_t lane, double energy, double wanted) const {
  const Batteries<kLanes>& b = tile.batteries;
  return hours_to_charge(energy, wanted, b.capacity[lane], b.taper_from[lane], static_cast<double>(b.charge_power[lane]), b.charge_efficiency[lane]);
}

// Who follows a signal wishes all of its power in its direction: what then remains is what it can do of it.
void Shard::aim(Tile& tile) {
  const GroupSignal& signal = *request_.follow;
  for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
    if (signal.group_of[vehicle_of(tile, lane)] == UINT32_MAX) continue;
    const int64_t power = output(signal.power, tile, lane);
    tile.outputs[lane] = power > 0 ? -int64_t{tile.batteries.discharge_power[lane]} : power < 0 ? tile.batteries.charge_power[lane] : 0;
  }
}

// What a group is to give, shared in proportion to what each of its vehicles can; what some must charge to leave in time, others give as well.
void Shard::follow_signal(const Group& group, FleetCounts& counts) {
  const Place& first = group.members.front();
  const int64_t power = output(request_.follow->power, tiles_[first.tile], first.lane);
  int64_t forced = 0;
  std::vector<int64_t> able;
  for (const Place& place : group.members) {
    const Tile& tile = tiles_[place.tile];
    const int64_t set = tile.set[place.lane];
    const bool must = tile.forced[place.lane] > 0;
    if (must) forced += takes(tile, place.lane);
    able.push_back(must ? 0 : power > 0 ? std::min(std::max<int64_t>(-set, 0), gives(tile, place.lane)) : power < 0 && set > 0 ? takes(tile, place.lane) : 0);
  }
  const int64_t asked = std::max<int64_t>(power >= 0 ? power + (power > 0 ? forced : 0) : -power - forced, 0);
  const std::vector<int64_t> shares = share_limit(SharingRule::proportional, asked, able, {});
  if (power != 0) {
    ++counts.followed;
    counts.fell_short += std::accumulate(shares.begin(), shares.end(), int64_t{0}) < asked;
  }
  for (size_t i = 0; i < group.members.size(); ++i) {
    Tile& tile = tiles_[group.members[i].tile];
    const uint32_t lane = group.members[i].lane;
    if (tile.forced[lane] == 0) tile.set[lane] = power > 0 ? -shares[i] : shares[i];
  }
}

// Each vehicle by itself: wish, reserve, what its departure needs now, and what contracts leave.
void Shard::constrain(Tile& tile, uint32_t step) {
  if (request_.follow) aim(tile);
  const int64_t* floor = request_.reserve ? tile.outputs + *request_.reserve * kLanes : nullptr;
  set_within_reserve(tile.batteries, tile.of_interval, tile.is_there.data(), tile.outputs, floor, tile.set.data());
  tile.forced.fill(0);
  if (tile.sold.empty() && !request_.ensured && request_.caps.empty()) return;
  // Who has promised something does nothing else than what is activated.
  for (const Tile::Sold& sold : tile.sold)
    for (uint32_t lane = 0; lane < kLanes; ++lane) tile.set[lane] = sold.accepted[lane] > 0 ? 0 : tile.set[lane];
  const Instant now = clock_.instant_of(step);
  if (request_.ensured && !tile.tapers)
    charge_for_departure(tile.batteries, tile.of_interval, tile.is_there.data(), tile.next.data(), tile.outputs + *request_.ensured * kLanes, now, clock_.step_seconds, tile.set.data(), tile.forced.data());
  else if (request_.ensured)
    for (uint32_t lane = 0; lane < tile.lanes; ++lane)
      if (tile.is_there[lane]) charge_along_taper(tile, lane, now);
  if (is_called_) {
    tile.may_charge.fill(0);
    for (size_t s = 0; s < tile.sold.size(); ++s)
      for (uint32_t lane = 0; request_.services[s].down && lane < tile.lanes; ++lane) tile.may_charge[lane] += tile.is_there[lane] ? tile.sold[s].accepted[lane] : 0;
  }
  tile.charge_left.fill(kNoCap), tile.discharge_left.fill(kNoCap);
  if (request_.caps.empty()) return;
  for (const EnergyCap& cap : request_.caps) {
    std::array<int64_t, kLanes>& left = cap.of_discharge ? tile.discharge_left : tile.charge_left;
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) left[lane] = std::min(left[lane], std::max<int64_t>(output(cap.left, tile, lane), 0) * 3600);
  }
  for (uint32_t lane = 0; lane < tile.lanes; ++lane) tile.set[lane] = std::clamp(tile.set[lane], -tile.discharge_left[lane] / clock_.step_seconds, tile.charge_left[lane] / clock_.step_seconds);
}

// What `charge_for_departure` does, for a battery that may taper.
void Shard::charge_along_taper(Tile& tile, uint32_t lane, Instant now) {
  const Batteries<kLanes>& b = tile.batteries;
  int64_t& set = tile.set[lane];
  const double needed = (static_cast<double>(output(*request_.ensured, tile, lane)) - 1.0) * kWattHour - b.energy[lane];
  const double later = static_cast<double>(std::max<int64_t>((tile.next[lane] - now) / clock_.step_seconds, 1) - 1);
  const double power = static_cast<double>(b.charge_power[lane]), can_come = later * (power * tile.of_interval.stored[lane]);
  const bool tapers = b.taper_from[lane] < 1.0;
  const auto is_too_late = [&](double taken) {  // the intervals after this one do not bring what is needed
    return tapers ? hours_to(tile, lane, b.energy[lane] - taken, b.energy[lane] + needed) > later * hours_ : needed + taken > can_come;
  };
  // What a discharge now would take has to come back as well.
  if (is_too_late(set < 0 ? static_cast<double>(-set) * tile.of_interval.taken[lane] : 0.0)) set = std::max<int64_t>(set, 0);
  if (!is_too_late(0)) return;
  const double watts = needed * tile.of_interval.watts_in[lane];
  // Where the taper does not let those watts through, the more it is asked for at first the more there is.
  const bool suffices = watts < power && (!tapers || along_taper(b.energy[lane], b.capacity[lane], b.taper_from[lane], power, watts + 1.0, b.charge_efficiency[lane], hours_) >= watts);
  tile.forced[lane] = suffices ? static_cast<int64_t>(watts) + 1 : b.charge_power[lane];
  set = std::max(set, tile.forced[lane]);
}

// Minutes at full power until the target is reached.
int64_t Shard::minutes_needed(const Tile& tile, uint32_t lane) const {
  const Batteries<kLanes>& b = tile.batteries;
  const double wanted = request_.ensured ? static_cast<double>(output(*request_.ensured, tile, lane)) * kWattHour : tile.wanted[lane];
  if (b.taper_from[lane] < 1.0) return static_cast<int64_t>(std::min(hours_to(tile, lane, b.energy[lane], wanted), 1e6) * 60.0);
  const double rate = static_cast<double>(b.charge_power[lane]) * kWattHour * b.charge_efficiency[lane];
  const double hours = rate > 0.0 ? std::max(wanted - b.energy[lane], 0.0) / rate : 0.0;
  return static_cast<int64_t>(hours * 60.0);
}

// The smallest is served first.
int64_t Shard::place_in_line(SharingOrder order, const Tile& tile, uint32_t lane, uint32_t step) const {
  switch (order) {
    case SharingOrder::laxity: return (tile.next[lane] - clock_.instant_of(step)) / 60 - minutes_needed(tile, lane);
    case SharingOrder::departure: return tile.next[lane];
    case SharingOrder::arrival: return plug_ins(tile, lane)[tile.where[lane].at].begins;
    case SharingOrder::remaining: return -minutes_needed(tile, lane);
  }
  return 0;
}

// W of what is set to charge that the battery can take in the interval: nobody keeps from others what he cannot use.
int64_t Shard::takes(const Tile& tile, uint32_t lane) const {
  const Batteries<kLanes>& b = tile.batteries;
  double most = most_charge(b.energy[lane], b.capacity[lane], tile.of_interval.watts_in[lane]);
  if (b.taper_from[lane] < 1.0) most = std::min(most, along_taper(b.energy[lane], b.capacity[lane], b.taper_from[lane], static_cast<double>(b.charge_power[lane]), static_cast<double>(tile.set[lane]), b.charge_efficiency[lane], hours_));
  return most < static_cast<double>(tile.set[lane]) ? static_cast<int64_t>(std::ceil(std::max(most, 0.0))) : tile.set[lane];
}

// W of what is set to discharge that the battery can give in the interval.
int64_t Shard::gives(const Tile& tile, uint32_t lane) const {
  const Batteries<kLanes>& b = tile.batteries;
  const double most = most_discharge(b.energy[lane], 0.0, tile.of_interval.watts_out[lane]), power = static_cast<double>(b.discharge_power[lane]);
  return static_cast<int64_t>(std::clamp(most, 0.0, power));
}

// W that a limit leaves its group beside the rest of the meter, and what its chargers draw by themselves.
int64_t Shard::room(const GroupLimit& limit, const Group& group, uint32_t step) const {
  const Place& first_member = group.members.front();
  int64_t room = output(limit.cap, tiles_[first_member.tile], first_member.lane);
  if (limit.import != nullptr) {  // mean power of the rest of the meter, rounded against the vehicles
    const auto flow = [&](const TileSeries* series, int64_t per_unit) { return series != nullptr && series->bytes ? series->at(group.number, step) * per_unit : 0; };
    const int64_t net = (flow(limit.import, request_.per_import) - flow(limit.export_, request_.per_export)) * 3600, each = request_.per_watt_hour * clock_.step_seconds;
    room -= net >= 0 ? (net + each - 1) / each : net / each;
  }
  if (!vehicles_.standby.empty())
    for (const Place& place : group.members)
      if (tiles_[place.tile].is_there[place.lane]) room -= vehicles_.standby[vehicle_of(tiles_[place.tile], place.lane)];
  return room;
}

void Shard::apply_limit(const GroupLimit& limit, const Group& group, uint32_t step, FleetCounts& counts) {
  int64_t left = room(limit, group, step), asked = 0;
  const auto called = [&](const Tile& tile, uint32_t lane) { return is_called_ && tile.forced[lane] == 0 ? tile.may_charge[lane] : 0; };
  for (const Place& place : group.members) {
    const Tile& tile = tiles_[place.tile];
    const int64_t set = tile.set[place.lane];
    if (set < 0 && limit.nets) left -= set;
    if (set > 0) asked += takes(tile, place.lane);
    asked += called(tile, place.lane);
  }
  if (asked <= left || asked == 0) return;
  ++counts.bound;
  std::vector<Place> charging;
  std::vector<int64_t> forced, promised, wish, key;
  for (const Place& place : group.members) {
    const Tile& tile = tiles_[place.tile];
    promised.push_back(called(tile, place.lane));
    if (tile.set[place.lane] <= 0 && promised.back() == 0) {
      promised.pop_back();
      continue;
    }
    const int64_t set = tile.set[place.lane] > 0 ? takes(tile, place.lane) : 0;
    charging.push_back(place);
    forced.push_back(std::min(tile.forced[place.lane], set));
    wish.push_back(set - forced.back());
    if (limit.sharing == SharingRule::ordered) key.push_back(place_in_line(limit.order, tile, place.lane, step));
  }
  const auto given = [&](const std::vector<int64_t>& demand) {
    std::vector<int64_t> shares = share_limit(limit.sharing, left, demand, key);
    left -= std::accumulate(shares.begin(), shares.end(), int64_t{0});
    return shares;
  };
  // Who must charge to leave in time, then what services may call for, then what rows wish.
  const std::vector<int64_t> first = given(forced), held = is_called_ ? given(promised) : promised, then = given(wish);
  for (size_t i = 0; i < charging.size(); ++i) {
    Tile& tile = tiles_[charging[i].tile];
    const uint32_t lane = charging[i].lane;
    if (promised[i] > 0) tile.may_charge[lane] = held[i];
    if (tile.set[lane] > 0) tile.set[lane] = first[i] + then[i];
  }
}

}  // namespace wattlaw
