#include "runtime/fleet/simulate_fleet.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "runtime/fleet/battery.h"

namespace wattlaw {
namespace {

constexpr double kWattHour = 0.001;  // kWh: "reached" means to within one

// Where a vehicle stands: which plug-in is at hand, and whether it has arrived for it.
struct Whereabouts {
  uint32_t at = 0;                     // index of the plug-in at hand or the next one
  bool is_there = false;
  double wanted = 0;                   // kWh at departure
  std::vector<uint32_t> ranked_for;    // by CheapestHours: plug-in + 1 for which `chosen` was made
  std::vector<std::vector<uint32_t>> chosen;  // steps, ascending
};

// A run of tiles that no group crosses; its tiles go through each interval together.
class Shard {
 public:
  Shard(const FleetRequest& request, FleetPolicy& policy, FleetSeries& series, std::vector<uint32_t> tiles);
  void run();

  FleetCounts counts;
  std::optional<std::pair<uint32_t, uint32_t>> fault;

 private:
  static constexpr uint32_t kLanes = kTileMembers;
  uint32_t vehicle_of(size_t slot) const { return tiles_[slot / kLanes] * kLanes + static_cast<uint32_t>(slot % kLanes); }
  bool exists(size_t slot) const { return vehicle_of(slot) < vehicles_.size(); }
  const std::vector<PlugIn>& plug_ins(size_t slot) const { return request_.plug_ins->of_vehicle[vehicle_of(slot)]; }
  double& energy(size_t slot) { return batteries_[slot / kLanes].energy[slot % kLanes]; }

  void arrive(size_t slot);
  void leave(size_t slot, uint32_t step);
  void follow(size_t slot, Instant now, uint32_t step, bool may_arrive);
  void look(uint32_t step);
  int64_t state_of(const FleetState& state, size_t slot, uint32_t step);
  bool is_chosen(uint32_t k, size_t slot, uint32_t step);
  bool decide(uint32_t step);
  void sell(uint32_t step);
  int64_t offer(size_t service, size_t slot, uint32_t step, uint32_t end);
  bool is_promised(size_t slot) const;
  int64_t follow_signal(size_t slot, uint64_t physics_step);
  void account(size_t slot, uint64_t physics_step, int64_t delivered);
  void constrain(uint32_t step);
  void apply_limit(const GroupLimit& limit, const std::vector<std::vector<size_t>>& members, uint32_t step);
  int64_t laxity(size_t slot, uint32_t step);
  void move(uint32_t step);
  void record(uint32_t step);
  const int64_t* output(uint32_t column, size_t tile) const { return outputs_.data() + (tile * request_.outputs + column) * kLanes; }
  int64_t output_at(uint32_t column, size_t slot) const { return output(column, slot / kLanes)[slot % kLanes]; }

  const FleetRequest& request_;
  const FleetVehicles& vehicles_;
  const Clock& clock_;
  FleetPolicy& policy_;
  FleetSeries& series_;
  std::vector<uint32_t> tiles_;
  std::vector<Batteries<kLanes>> batteries_;
  std::vector<Whereabouts> where_;
  std::vector<int64_t> states_, outputs_, set_, forced_;  // by slot
  std::vector<int64_t> charge_joules_, discharge_joules_;
  std::vector<int32_t> charged_, discharged_, departed_;   // of this interval
  std::vector<uint8_t> was_there_;                         // when the interval began
  std::vector<int64_t> totals_;                            // [total][slot]
  std::vector<std::vector<std::vector<size_t>>> groups_;   // [limit][group] -> slots
  struct Sold {                                            // of a service, by slot
    std::vector<std::vector<size_t>> pools;                // slots
    std::vector<int64_t> offered, accepted, delivered_joules, missed_joules;
    std::vector<int32_t> delivered, missed;                // Wh of this interval
  };
  std::vector<Sold> sold_;
  const double hours_, physics_hours_;
};

Shard::Shard(const FleetRequest& request, FleetPolicy& policy, FleetSeries& series, std::vector<uint32_t> tiles)
    : request_(request), vehicles_(*request.vehicles), clock_(*request.clock), policy_(policy), series_(series), tiles_(std::move(tiles)),
      hours_(request.clock->step_seconds / 3600.0), physics_hours_(request.physics_seconds / 3600.0) {
  const size_t slots = tiles_.size() * kLanes;
  batteries_.resize(tiles_.size());
  where_.resize(slots);
  states_.resize(tiles_.size() * kLanes * request.states.size());
  outputs_.resize(tiles_.size() * kLanes * request.outputs);
  for (std::vector<int64_t>* column : {&set_, &forced_, &charge_joules_, &discharge_joules_}) column->resize(slots);
  for (std::vector<int32_t>* column : {&charged_, &discharged_, &departed_}) column->resize(slots);
  was_there_.resize(slots);
  totals_.resize(slots * request.totals.size());
  for (size_t slot = 0; slot < slots; ++slot) {
    Batteries<kLanes>& b = batteries_[slot / kLanes];
    const size_t lane = slot % kLanes;
    b.capacity[lane] = b.charge_efficiency[lane] = b.discharge_efficiency[lane] = 1;
    if (!exists(slot)) continue;
    const uint32_t vehicle = vehicle_of(slot);
    b.energy[lane] = vehicles_.stored[vehicle], b.capacity[lane] = vehicles_.capacity[vehicle];
    b.charge_efficiency[lane] = vehicles_.charge_efficiency[vehicle], b.discharge_efficiency[lane] = vehicles_.discharge_efficiency[vehicle];
    b.charge_power[lane] = vehicles_.charge_power[vehicle], b.discharge_power[lane] = vehicles_.discharge_power[vehicle];
    where_[slot].wanted = vehicles_.target[vehicle];
    // What was before the run is over: `stored` is what a vehicle has when it begins.
    const std::vector<PlugIn>& all = plug_ins(slot);
    while (where_[slot].at < all.size() && all[where_[slot].at].ends <= request.clock->begin) ++where_[slot].at;
    where_[slot].ranked_for.resize(request.cheapest.size());
    where_[slot].chosen.resize(request.cheapest.size());
  }
  for (const ServiceOffer& service : request.services) {
    Sold& sold = sold_.emplace_back();
    sold.pools.resize(service.pools);
    for (size_t slot = 0; slot < slots; ++slot)
      if (exists(slot) && service.pool_of[vehicle_of(slot)] != UINT32_MAX) sold.pools[service.pool_of[vehicle_of(slot)]].push_back(slot);
    std::erase_if(sold.pools, [](const std::vector<size_t>& pool) { return pool.empty(); });
    for (std::vector<int64_t>* column : {&sold.offered, &sold.accepted, &sold.delivered_joules, &sold.missed_joules}) column->resize(slots);
    for (std::vector<int32_t>* column : {&sold.delivered, &sold.missed}) column->resize(slots);
  }
  for (const GroupLimit& limit : request.limits) {
    groups_.emplace_back(limit.groups);
    for (size_t slot = 0; slot < slots; ++slot)
      if (exists(slot) && limit.group_of[vehicle_of(slot)] != UINT32_MAX) groups_.back()[limit.group_of[vehicle_of(slot)]].push_back(slot);
  }
}

bool Shard::is_promised(size_t slot) const {
  return std::any_of(sold_.begin(), sold_.end(), [&](const Sold& sold) { return sold.accepted[slot] > 0; });
}

// W that a vehicle offers until `end`, with what is known now.
int64_t Shard::offer(size_t s, size_t slot, uint32_t step, uint32_t end) {
  if (!where_[slot].is_there) return 0;
  const ServiceOffer& service = request_.services[s];
  const PlugIn& plug_in = plug_ins(slot)[where_[slot].at];
  const Instant until = clock_.instant_of(step) + int64_t{end - step} * clock_.step_seconds;
  const int64_t most = output_at(service.most, slot);
  if (plug_in.ends < until || most <= 0) return 0;
  const uint32_t v = vehicle_of(slot);
  Headroom headroom{vehicles_.discharge_power[v], vehicles_.charge_power[v], 0, 0};
  const double floor = request_.reserve ? static_cast<double>(output_at(*request_.reserve, slot)) : 0.0, stored = energy(slot) * 1000.0;
  double spare = stored - floor;
  if (request_.ensured) {  // what is given must come back before it leaves; and who has to charge until then offers nothing
    const double needed = static_cast<double>(output_at(*request_.ensured, slot)) - 1.0 - stored;
    const auto left = static_cast<double>((plug_in.ends - until) / clock_.step_seconds);
    const double can_come_back = left * static_cast<double>(headroom.charge_power) * hours_ * vehicles_.charge_efficiency[v] - needed;
    if (can_come_back <= 0.0) return 0;
    spare = std::min(spare, can_come_back);
  }
  headroom.energy_out = spare * vehicles_.discharge_efficiency[v];
  headroom.energy_in = (vehicles_.capacity[v] * 1000.0 - stored) / vehicles_.charge_efficiency[v];
  for (size_t other = 0; other < sold_.size(); ++other)
    if (other != s) promise(request_.services[other], sold_[other].accepted[slot], headroom);
  return std::min(offer_of(service, headroom), most);
}

// Gates: services whose delivery period begins clear one after another.
void Shard::sell(uint32_t step) {
  const auto opens = [&](const ServiceOffer& service) { return step == 0 || service.window_of_step[step] != service.window_of_step[step - 1]; };
  for (size_t s = 0; s < sold_.size(); ++s)
    if (opens(request_.services[s])) std::fill(sold_[s].accepted.begin(), sold_[s].accepted.end(), 0), std::fill(sold_[s].offered.begin(), sold_[s].offered.end(), 0);
  for (size_t s = 0; s < sold_.size(); ++s) {
    const ServiceOffer& service = request_.services[s];
    if (!opens(service)) continue;
    uint32_t end = step + 1;
    while (end < clock_.steps && service.window_of_step[end] == service.window_of_step[step]) ++end;
    for (const std::vector<size_t>& pool : sold_[s].pools) {
      std::vector<int64_t> offers;
      for (const size_t slot : pool) offers.push_back(sold_[s].offered[slot] = offer(s, slot, step, end));
      if (std::all_of(offers.begin(), offers.end(), [](int64_t watts) { return watts == 0; })) continue;
      const std::vector<int64_t> accepted = clear_bid(service, offers);
      bool is_taken = false;
      for (size_t i = 0; i < pool.size(); ++i) is_taken = (sold_[s].accepted[pool[i]] = accepted[i]) > 0 || is_taken;
      ++counts.bids;
      counts.too_small += !is_taken;
    }
  }
}

// W at the plug, + discharges, that the services ask for now.
int64_t Shard::follow_signal(size_t slot, uint64_t physics_step) {
  int64_t watts = 0;
  for (size_t s = 0; s < sold_.size(); ++s) watts += activated(request_.services[s], sold_[s].accepted[slot], physics_step);
  return watts;
}

// What was delivered counts for the services in their order; what is then not there is missed.
void Shard::account(size_t slot, uint64_t physics_step, int64_t delivered) {
  for (size_t s = 0; s < sold_.size(); ++s) {
    Sold& sold = sold_[s];
    const int64_t asked = activated(request_.services[s], sold.accepted[slot], physics_step);
    if (asked == 0) continue;
    const int64_t got = asked > 0 ? std::clamp<int64_t>(delivered, 0, asked) : std::clamp<int64_t>(delivered, asked, 0);
    delivered -= got;
    sold.delivered[slot] += read_register(sold.delivered_joules[slot], std::abs(got) * request_.physics_seconds);
    sold.missed[slot] += read_register(sold.missed_joules[slot], std::abs(asked - got) * request_.physics_seconds);
  }
}

void Shard::arrive(size_t slot) {
  Whereabouts& w = where_[slot];
  const PlugIn& plug_in = plug_ins(slot)[w.at];
  const double capacity = vehicles_.capacity[vehicle_of(slot)];
  if (plug_in.begins < clock_.begin) {
    // It stood there already.
  } else if (plug_in.soc) {
    energy(slot) = *plug_in.soc * capacity;
  } else {
    counts.ran_dry += plug_in.used > energy(slot);
    energy(slot) = std::max(energy(slot) - plug_in.used, 0.0);
  }
  w.wanted = plug_in.target ? *plug_in.target * capacity : vehicles_.target[vehicle_of(slot)];
  w.is_there = true;
}

void Shard::leave(size_t slot, uint32_t step) {
  Whereabouts& w = where_[slot];
  const double wanted = request_.ensured && step > 0 ? static_cast<double>(output_at(*request_.ensured, slot)) * kWattHour : w.wanted;
  ++counts.departures;
  counts.missed += energy(slot) < wanted - kWattHour;
  departed_[slot] = 1;
  w.is_there = false;
  ++w.at;
}

// What has happened until `now`: who leaves at a time leaves before anybody arrives at it.
void Shard::follow(size_t slot, Instant now, uint32_t step, bool may_arrive) {
  Whereabouts& w = where_[slot];
  const std::vector<PlugIn>& all = plug_ins(slot);
  while (w.at < all.size()) {
    if (w.is_there) {
      if (all[w.at].ends > now) return;
      leave(slot, step);
    } else {
      if (!may_arrive || all[w.at].begins > now) return;
      arrive(slot);
    }
  }
}

bool Shard::is_chosen(uint32_t k, size_t slot, uint32_t step) {
  Whereabouts& w = where_[slot];
  if (!w.is_there) return false;
  if (w.ranked_for[k] != w.at + 1) {
    w.ranked_for[k] = w.at + 1;
    const CheapestHours& cheapest = request_.cheapest[k];
    const int64_t whole = (plug_ins(slot)[w.at].ends - clock_.instant_of(step)) / clock_.step_seconds;
    std::vector<uint32_t> steps(static_cast<size_t>(std::min<int64_t>(whole, clock_.steps - step)));
    std::iota(steps.begin(), steps.end(), step);
    std::stable_sort(steps.begin(), steps.end(), [&](uint32_t a, uint32_t b) { return cheapest.price[a] < cheapest.price[b]; });
    steps.resize(std::min<size_t>(steps.size(), cheapest.intervals[vehicle_of(slot)]));
    std::sort(steps.begin(), steps.end());
    w.chosen[k] = std::move(steps);
  }
  return std::binary_search(w.chosen[k].begin(), w.chosen[k].end(), step);
}

int64_t Shard::state_of(const FleetState& state, size_t slot, uint32_t step) {
  const Whereabouts& w = where_[slot];
  switch (state.kind) {
    case FleetState::Kind::stored: return static_cast<int64_t>(energy(slot) * 1000.0);
    case FleetState::Kind::plugged: return w.is_there;
    case FleetState::Kind::seconds_left: return w.is_there ? plug_ins(slot)[w.at].ends - clock_.instant_of(step) : 0;
    case FleetState::Kind::target: return static_cast<int64_t>(w.wanted * 1000.0);
    case FleetState::Kind::total: return totals_[state.index * where_.size() + slot];
    case FleetState::Kind::chosen: return is_chosen(state.index, slot, step);
  }
  return 0;
}

void Shard::look(uint32_t step) {
  for (size_t k = 0; k < request_.totals.size(); ++k) {
    const std::vector<uint32_t>& window = request_.totals[k].window_of_step;
    if (step > 0 && window[step] != window[step - 1]) std::fill_n(totals_.begin() + static_cast<std::ptrdiff_t>(k * where_.size()), where_.size(), 0);
  }
  for (size_t slot = 0; slot < where_.size(); ++slot) {
    charged_[slot] = discharged_[slot] = departed_[slot] = 0;
    for (Sold& sold : sold_) sold.delivered[slot] = sold.missed[slot] = 0;
    if (!exists(slot)) continue;
    follow(slot, clock_.instant_of(step), step, true);
    departed_[slot] = 0;  // it was told in the interval that ended then
    was_there_[slot] = where_[slot].is_there;
    for (size_t column = 0; column < request_.states.size(); ++column)
      states_[(slot / kLanes * request_.states.size() + column) * kLanes + slot % kLanes] = state_of(request_.states[column], slot, step);
  }
}

bool Shard::decide(uint32_t step) {
  for (size_t tile = 0; tile < tiles_.size(); ++tile) {
    if (policy_.decide(tiles_[tile], step, states_.data() + tile * request_.states.size() * kLanes, outputs_.data() + tile * request_.outputs * kLanes)) continue;
    fault = {tiles_[tile], step};
    return false;
  }
  return true;
}

// Each vehicle by itself: wish, reserve, and what its departure needs now.
void Shard::constrain(uint32_t step) {
  for (size_t slot = 0; slot < where_.size(); ++slot) {
    set_[slot] = forced_[slot] = 0;
    if (!exists(slot) || !where_[slot].is_there) continue;
    const uint32_t vehicle = vehicle_of(slot);
    const int64_t charge_power = vehicles_.charge_power[vehicle], discharge_power = vehicles_.discharge_power[vehicle];
    // Who has promised something does nothing else than what is activated.
    int64_t set = is_promised(slot) ? 0 : std::clamp<int64_t>(output_at(0, slot), -discharge_power, charge_power);
    if (set < 0 && request_.reserve) {
      const double floor = static_cast<double>(output_at(*request_.reserve, slot)) * kWattHour;
      const double most = most_discharge(energy(slot), floor, vehicles_.discharge_efficiency[vehicle], hours_);
      set = std::max<int64_t>(set, most > 0.0 ? -static_cast<int64_t>(std::min(most, static_cast<double>(discharge_power))) : 0);
    }
    if (request_.ensured) {
      const double needed = (static_cast<double>(output_at(*request_.ensured, slot)) - 1.0) * kWattHour - energy(slot);
      const int64_t left = std::max<int64_t>((plug_ins(slot)[where_[slot].at].ends - clock_.instant_of(step)) / clock_.step_seconds, 1);
      const double an_interval = static_cast<double>(charge_power) * kWattHour * hours_ * vehicles_.charge_efficiency[vehicle];
      // What a discharge now would take has to come back as well.
      const double taken = set < 0 ? static_cast<double>(-set) * kWattHour * hours_ / vehicles_.discharge_efficiency[vehicle] : 0.0;
      if (needed + taken > static_cast<double>(left - 1) * an_interval) set = std::max<int64_t>(set, 0);
      if (needed > static_cast<double>(left - 1) * an_interval) {
        const double watts = needed * 1000.0 / (vehicles_.charge_efficiency[vehicle] * hours_);
        forced_[slot] = watts < static_cast<double>(charge_power) ? static_cast<int64_t>(watts) + 1 : charge_power;
        set = std::max(set, forced_[slot]);
      }
    }
    set_[slot] = set;
  }
}

int64_t Shard::laxity(size_t slot, uint32_t step) {
  const uint32_t vehicle = vehicle_of(slot);
  const double wanted = request_.ensured ? static_cast<double>(output_at(*request_.ensured, slot)) * kWattHour : where_[slot].wanted;
  const double rate = static_cast<double>(vehicles_.charge_power[vehicle]) * kWattHour * vehicles_.charge_efficiency[vehicle];
  const double hours = rate > 0.0 ? std::max(wanted - energy(slot), 0.0) / rate : 0.0;
  return (plug_ins(slot)[where_[slot].at].ends - clock_.instant_of(step)) / 60 - static_cast<int64_t>(hours * 60.0);
}

void Shard::apply_limit(const GroupLimit& limit, const std::vector<std::vector<size_t>>& groups, uint32_t step) {
  for (uint32_t group = 0; group < groups.size(); ++group) {
    const std::vector<size_t>& members = groups[group];
    if (members.empty()) continue;
    int64_t room = output_at(limit.cap, members[0]), asked = 0;
    if (limit.import != nullptr) {  // mean power of the rest of the meter, rounded against the vehicles
      const int64_t net = limit.import->at(group, step) - (limit.export_ != nullptr ? limit.export_->at(group, step) : 0);
      const int64_t watts = net * 3600;
      room -= watts >= 0 ? (watts + clock_.step_seconds - 1) / clock_.step_seconds : watts / clock_.step_seconds;
    }
    std::vector<size_t> charging;
    for (const size_t slot : members) {
      if (set_[slot] < 0 && limit.nets) room -= set_[slot];
      if (set_[slot] <= 0) continue;
      charging.push_back(slot);
      asked += set_[slot];
    }
    if (asked <= room || charging.empty()) continue;
    ++counts.bound;
    std::vector<int64_t> forced, wish, key;
    for (const size_t slot : charging) {
      forced.push_back(std::min(forced_[slot], set_[slot]));
      wish.push_back(set_[slot] - forced.back());
      if (limit.sharing == SharingRule::ordered) key.push_back(limit.by_departure ? plug_ins(slot)[where_[slot].at].ends : laxity(slot, step));
    }
    const std::vector<int64_t> first = share_limit(limit.sharing, room, forced, key);
    const std::vector<int64_t> then = share_limit(limit.sharing, room - std::accumulate(first.begin(), first.end(), int64_t{0}), wish, key);
    for (size_t i = 0; i < charging.size(); ++i) set_[charging[i]] = first[i] + then[i];
  }
}

void Shard::move(uint32_t step) {
  const Instant begin = clock_.instant_of(step);
  const int32_t seconds = request_.physics_seconds;
  uint64_t physics_step = uint64_t{step} * static_cast<uint64_t>(clock_.step_seconds / seconds);
  for (int32_t at = 0; at < clock_.step_seconds; at += seconds, ++physics_step) {
    for (size_t tile = 0; tile < tiles_.size(); ++tile) {
      int32_t set[kLanes] = {}, applied[kLanes];
      int64_t asked[kLanes] = {};
      for (uint32_t lane = 0; lane < kLanes; ++lane) {
        const size_t slot = tile * kLanes + lane;
        if (!exists(slot)) continue;
        if (at > 0) follow(slot, begin + at, step, true);
        const bool stays = where_[slot].is_there && plug_ins(slot)[where_[slot].at].ends >= begin + at + seconds;
        set[lane] = stays ? static_cast<int32_t>(set_[slot]) : 0;
        if (sold_.empty()) continue;
        asked[lane] = follow_signal(slot, physics_step);
        if (asked[lane] == 0 || !stays || forced_[slot] > 0) continue;
        int64_t watts = -asked[lane];
        if (watts < 0 && request_.reserve) {  // activation ends where the reserve begins
          const Batteries<kLanes>& b = batteries_[tile];
          const double most = most_discharge(b.energy[lane], static_cast<double>(output_at(*request_.reserve, slot)) * kWattHour, b.discharge_efficiency[lane], physics_hours_);
          watts = most > 0.0 ? std::max<int64_t>(watts, -static_cast<int64_t>(std::min(most, static_cast<double>(-watts)))) : 0;
        }
        set[lane] = static_cast<int32_t>(watts);
      }
      step_batteries(batteries_[tile], set, physics_hours_, applied);
      for (uint32_t lane = 0; lane < kLanes; ++lane) {
        const size_t slot = tile * kLanes + lane;
        if (asked[lane] != 0) account(slot, physics_step, forced_[slot] > 0 ? 0 : -int64_t{applied[lane]});
        if (applied[lane] > 0) charged_[slot] += read_register(charge_joules_[slot], int64_t{applied[lane]} * seconds);
        if (applied[lane] < 0) discharged_[slot] += read_register(discharge_joules_[slot], -int64_t{applied[lane]} * seconds);
      }
    }
  }
}

void Shard::record(uint32_t step) {
  const auto put = [&](TileSeries& series, size_t slot, int64_t value) {
    if (!series.bytes) return;
    reinterpret_cast<int32_t*>(series.bytes.get())[series.index(vehicle_of(slot), step)] = static_cast<int32_t>(value);
  };
  for (size_t slot = 0; slot < where_.size(); ++slot) {
    if (!exists(slot)) continue;
    follow(slot, clock_.instant_of(step) + clock_.step_seconds, step, false);
    put(series_.charged, slot, charged_[slot]);
    put(series_.discharge, slot, discharged_[slot]);
    put(series_.stored, slot, static_cast<int64_t>(energy(slot) * 1000.0));
    put(series_.plugged, slot, was_there_[slot]);
    put(series_.departed, slot, departed_[slot]);
    put(series_.wanted, slot, static_cast<int64_t>(where_[slot].wanted * 1000.0));
    for (size_t s = 0; s < sold_.size(); ++s) {
      put(series_.services[s].offered, slot, sold_[s].offered[slot]);
      put(series_.services[s].accepted, slot, sold_[s].accepted[slot]);
      put(series_.services[s].delivered, slot, sold_[s].delivered[slot]);
      put(series_.services[s].missed, slot, sold_[s].missed[slot]);
    }
    for (size_t k = 0; k < request_.totals.size(); ++k) totals_[k * where_.size() + slot] += request_.totals[k].of_discharge ? discharged_[slot] : charged_[slot];
  }
}

void Shard::run() {
  for (uint32_t step = 0; step < clock_.steps; ++step) {
    look(step);
    if (!decide(step)) return;
    if (!sold_.empty()) sell(step);
    constrain(step);
    for (size_t i = 0; i < request_.limits.size(); ++i) apply_limit(request_.limits[i], groups_[i], step);
    move(step);
    record(step);
  }
}

// Tiles that share a group belong together.
std::vector<std::vector<uint32_t>> make_shards(const FleetRequest& request) {
  const uint32_t tiles = (request.vehicles->size() + kTileMembers - 1) / kTileMembers;
  std::vector<uint32_t> leader(tiles);
  std::iota(leader.begin(), leader.end(), 0u);
  const auto find = [&](uint32_t tile) {
    while (leader[tile] != tile) tile = leader[tile] = leader[leader[tile]];
    return tile;
  };
  const auto join = [&](const std::vector<uint32_t>& group_of, uint32_t groups) {
    std::vector<uint32_t> first(groups, UINT32_MAX);
    for (uint32_t vehicle = 0; vehicle < group_of.size(); ++vehicle) {
      const uint32_t group = group_of[vehicle], tile = vehicle / kTileMembers;
      if (group == UINT32_MAX) continue;
      if (first[group] == UINT32_MAX) first[group] = tile;
      const uint32_t a = find(first[group]), b = find(tile);
      leader[std::max(a, b)] = std::min(a, b);
    }
  };
  for (const GroupLimit& limit : request.limits) join(limit.group_of, limit.groups);
  for (const ServiceOffer& service : request.services) join(service.pool_of, service.pools);
  std::vector<std::vector<uint32_t>> of_leader(tiles), shards;
  for (uint32_t tile = 0; tile < tiles; ++tile) of_leader[find(tile)].push_back(tile);
  for (std::vector<uint32_t>& shard : of_leader)
    if (!shard.empty()) shards.push_back(std::move(shard));
  return shards;
}

}  // namespace

FleetResult simulate_fleet(const FleetRequest& request, FleetPolicy& policy, unsigned threads) {
  FleetResult result;
  const uint32_t vehicles = request.vehicles->size(), steps = request.clock->steps;
  const auto make = [&](TileSeries& series, bool is_wanted, Quantum quantum) {
    if (is_wanted) series = make_tile_series(vehicles, steps, 4, std::move(quantum));
  };
  make(result.series.charged, true, {1, 1000});
  make(result.series.discharge, true, {1, 1000});
  make(result.series.stored, request.wants_stored, {1, 1000});
  make(result.series.wanted, request.wants_wanted, {1, 1000});
  make(result.series.plugged, request.wants_plugged, {1, 1});
  make(result.series.departed, request.wants_departed, {1, 1});
  for (const ServiceOffer& service : request.services) {
    FleetSeries::OfService& of = result.series.services.emplace_back();
    make(of.offered, service.wants_offered, {1, 1000});
    make(of.accepted, service.wants_accepted, {1, 1000});
    make(of.delivered, service.wants_delivered, {1, 1000});
    make(of.missed, service.wants_missed, {1, 1000});
  }
  std::vector<Shard> shards;
  for (std::vector<uint32_t>& tiles : make_shards(request)) shards.emplace_back(request, policy, result.series, std::move(tiles));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t shard = next++; shard < shards.size(); shard = next++) shards[shard].run();
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < std::min<size_t>(std::max(threads, 1u), shards.size()); ++thread) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  for (const Shard& shard : shards) {
    result.counts.departures += shard.counts.departures, result.counts.missed += shard.counts.missed;
    result.counts.bound += shard.counts.bound, result.counts.ran_dry += shard.counts.ran_dry;
    result.counts.bids += shard.counts.bids, result.counts.too_small += shard.counts.too_small;
    if (shard.fault && (!result.fault || shard.fault->second < result.fault->second)) result.fault = shard.fault;
  }
  // Bounds that hold without looking: a charger gives no more than its power, a battery holds no more than its capacity.
  double most_stored = 0;
  int64_t most_charged = 0, most_discharged = 0;
  for (uint32_t v = 0; v < vehicles; ++v) {
    most_stored = std::max({most_stored, request.vehicles->capacity[v], request.vehicles->target[v]});
    most_charged = std::max<int64_t>(most_charged, request.vehicles->charge_power[v]);
    most_discharged = std::max<int64_t>(most_discharged, request.vehicles->discharge_power[v]);
  }
  const auto flow = [&](int64_t watts) { return watts * request.clock->step_seconds / 3600 + 1; };
  result.series.charged.max = flow(most_charged), result.series.discharge.max = flow(most_discharged);
  result.series.stored.max = result.series.wanted.max = static_cast<int64_t>(most_stored * 1000.0) + 1;
  for (FleetSeries::OfService& of : result.series.services) {
    of.offered.max = of.accepted.max = std::max(most_charged, most_discharged);
    of.delivered.max = of.missed.max = flow(of.offered.max);
  }
  result.series.plugged.max = result.series.departed.max = 1;
  return result;
}

}  // namespace wattlaw
