#include "runtime/fleet/shard.h"

#include <algorithm>
#include <barrier>
#include <numeric>
#include <thread>

namespace wattlaw {
namespace {

constexpr double kWattHour = 0.001;  // kWh: "reached" means to within one

}  // namespace

Shard::Shard(const FleetRequest& request, FleetPolicy& policy, FleetSeries& series, std::vector<uint32_t> tiles)
    : request_(request), vehicles_(*request.vehicles), clock_(*request.clock), policy_(policy), series_(series), tiles_(tiles.size()),
      hours_(request.clock->step_seconds / 3600.0), physics_hours_(request.physics_seconds / 3600.0) {
  for (size_t i = 0; i < tiles.size(); ++i) make_tile(tiles_[i], tiles[i]);
  make_groups();
}

void Shard::make_tile(Tile& tile, uint32_t number) {
  tile.number = number;
  tile.lanes = std::min(kLanes, vehicles_.size() - number * kLanes);
  tile.states.resize(kLanes * request_.states.size());
  tile.outputs.resize(kLanes * request_.outputs);
  tile.totals.resize(kLanes * request_.totals.size());
  tile.sold.resize(request_.services.size());
  Batteries<kLanes>& b = tile.batteries;
  std::fill_n(b.capacity, kLanes, 1.0), std::fill_n(b.charge_efficiency, kLanes, 1.0), std::fill_n(b.discharge_efficiency, kLanes, 1.0);
  for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
    const uint32_t vehicle = vehicle_of(tile, lane);
    b.energy[lane] = vehicles_.stored[vehicle], b.capacity[lane] = vehicles_.capacity[vehicle];
    b.charge_efficiency[lane] = vehicles_.charge_efficiency[vehicle], b.discharge_efficiency[lane] = vehicles_.discharge_efficiency[vehicle];
    b.charge_power[lane] = vehicles_.charge_power[vehicle], b.discharge_power[lane] = vehicles_.discharge_power[vehicle];
    Whereabouts& where = tile.where[lane];
    where.wanted = vehicles_.target[vehicle];
    where.ranked_for.resize(request_.cheapest.size());
    where.chosen.resize(request_.cheapest.size());
    // What was before the run is over: `stored` is what a vehicle has when it begins.
    const std::vector<PlugIn>& all = plug_ins(tile, lane);
    while (where.at < all.size() && all[where.at].ends <= clock_.begin) ++where.at;
    await(tile, lane);
  }
}

void Shard::make_groups() {
  const auto each_vehicle = [&](auto&& of) {
    for (uint32_t t = 0; t < tiles_.size(); ++t)
      for (uint32_t lane = 0; lane < tiles_[t].lanes; ++lane) of(Place{t, lane}, vehicle_of(tiles_[t], lane));
  };
  for (const ServiceOffer& service : request_.services) {
    auto& pools = pools_.emplace_back(service.pools);
    each_vehicle([&](Place place, uint32_t v) {
      if (service.pool_of[v] != UINT32_MAX) pools[service.pool_of[v]].push_back(place);
    });
    std::erase_if(pools, [](const std::vector<Place>& pool) { return pool.empty(); });
  }
  for (const GroupLimit& limit : request_.limits) {
    std::vector<Group> groups(limit.groups);
    for (uint32_t g = 0; g < limit.groups; ++g) groups[g].number = g;
    each_vehicle([&](Place place, uint32_t v) {
      if (limit.group_of[v] != UINT32_MAX) groups[limit.group_of[v]].members.push_back(place);
    });
    std::erase_if(groups, [](const Group& group) { return group.members.empty(); });
    for (const Group& group : groups) is_coupled_ = is_coupled_ || group.members.front().tile != group.members.back().tile;
    groups_.push_back(std::move(groups));
  }
  if (is_coupled_) return;
  groups_of_.assign(tiles_.size(), std::vector<std::vector<Group>>(groups_.size()));
  for (size_t limit = 0; limit < groups_.size(); ++limit)
    for (Group& group : groups_[limit]) groups_of_[group.members.front().tile][limit].push_back(std::move(group));
}

void Shard::await(Tile& tile, uint32_t lane) {
  Whereabouts& w = tile.where[lane];
  const std::vector<PlugIn>& all = plug_ins(tile, lane);
  w.next = w.at >= all.size() ? kNever : w.is_there ? all[w.at].ends : all[w.at].begins;
}

void Shard::arrive(Tile& tile, uint32_t lane) {
  Whereabouts& w = tile.where[lane];
  const PlugIn& plug_in = plug_ins(tile, lane)[w.at];
  const double capacity = tile.batteries.capacity[lane];
  double& energy = tile.batteries.energy[lane];
  if (plug_in.begins < clock_.begin) {
    // It stood there already.
  } else if (plug_in.soc) {
    energy = *plug_in.soc * capacity;
  } else {
    tile.counts.ran_dry += plug_in.used > energy;
    energy = std::max(energy - plug_in.used, 0.0);
  }
  w.wanted = plug_in.target ? *plug_in.target * capacity : vehicles_.target[vehicle_of(tile, lane)];
  w.is_there = true;
}

void Shard::leave(Tile& tile, uint32_t lane, uint32_t step) {
  Whereabouts& w = tile.where[lane];
  const double wanted = request_.ensured && step > 0 ? static_cast<double>(output(*request_.ensured, tile, lane)) * kWattHour : w.wanted;
  ++tile.counts.departures;
  tile.counts.missed += tile.batteries.energy[lane] < wanted - kWattHour;
  tile.departed[lane] = 1;
  w.is_there = false;
  ++w.at;
}

// What has happened until `now`: who leaves at a time leaves before anybody arrives at it.
void Shard::follow(Tile& tile, Instant now, uint32_t step, bool may_arrive) {
  if (now < tile.quiet_until) return;
  tile.quiet_until = kNever;
  for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
    Whereabouts& w = tile.where[lane];
    while (w.next <= now && (w.is_there || may_arrive)) {
      if (w.is_there) leave(tile, lane, step);
      else arrive(tile, lane);
      await(tile, lane);
    }
    tile.is_there[lane] = w.is_there;
    tile.quiet_until = std::min(tile.quiet_until, w.next);
  }
}

bool Shard::is_chosen(uint32_t k, Tile& tile, uint32_t lane, uint32_t step) {
  Whereabouts& w = tile.where[lane];
  if (!w.is_there) return false;
  if (w.ranked_for[k] != w.at + 1) {
    w.ranked_for[k] = w.at + 1;
    const CheapestHours& cheapest = request_.cheapest[k];
    const int64_t whole = (w.next - clock_.instant_of(step)) / clock_.step_seconds;
    std::vector<uint32_t> steps(static_cast<size_t>(std::min<int64_t>(whole, clock_.steps - step)));
    std::iota(steps.begin(), steps.end(), step);
    std::stable_sort(steps.begin(), steps.end(), [&](uint32_t a, uint32_t b) { return cheapest.price[a] < cheapest.price[b]; });
    steps.resize(std::min<size_t>(steps.size(), cheapest.intervals[vehicle_of(tile, lane)]));
    std::sort(steps.begin(), steps.end());
    w.chosen[k] = std::move(steps);
  }
  return std::binary_search(w.chosen[k].begin(), w.chosen[k].end(), step);
}

void Shard::look(Tile& tile, uint32_t step) {
  const Instant now = clock_.instant_of(step);
  for (size_t k = 0; k < request_.totals.size(); ++k) {
    const std::vector<uint32_t>& window = request_.totals[k].window_of_step;
    if (step > 0 && window[step] != window[step - 1]) std::fill_n(tile.totals.begin() + static_cast<std::ptrdiff_t>(k * kLanes), kLanes, 0);
  }
  std::fill_n(tile.meter.charged, kLanes, 0), std::fill_n(tile.meter.discharged, kLanes, 0);
  for (Tile::Sold& sold : tile.sold) sold.delivered.fill(0), sold.missed.fill(0);
  follow(tile, now, step, true);
  tile.was_there = tile.is_there;
  tile.departed.fill(0);  // who left until now was told so in the interval that ended
  for (size_t column = 0; column < request_.states.size(); ++column) {
    const FleetState& state = request_.states[column];
    int64_t* seen = tile.states.data() + column * kLanes;
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
      const Whereabouts& w = tile.where[lane];
      switch (state.kind) {
        case FleetState::Kind::stored: seen[lane] = static_cast<int64_t>(tile.batteries.energy[lane] * 1000.0); break;
        case FleetState::Kind::plugged: seen[lane] = w.is_there; break;
        case FleetState::Kind::seconds_left: seen[lane] = w.is_there ? w.next - now : 0; break;
        case FleetState::Kind::target: seen[lane] = static_cast<int64_t>(w.wanted * 1000.0); break;
        case FleetState::Kind::total: seen[lane] = tile.totals[state.index * kLanes + lane]; break;
        case FleetState::Kind::rest: seen[lane] = rest_of_site(tile, lane, step); break;
        case FleetState::Kind::chosen: seen[lane] = is_chosen(state.index, tile, lane, step); break;
      }
    }
  }
}

int64_t Shard::rest_of_site(const Tile& tile, uint32_t lane, uint32_t step) const {
  const FleetRequest::Rest& rest = request_.rest;
  const uint32_t site = rest.site_of[vehicle_of(tile, lane)];
  if (site == UINT32_MAX) return 0;
  const auto flow = [&](const TileSeries* series) { return series != nullptr && series->bytes ? series->at(site, step) * 3600 / clock_.step_seconds : 0; };
  return flow(rest.import) - flow(rest.export_);
}

bool Shard::decide(Tile& tile, uint32_t step) {
  if (policy_.decide(tile.number, step, tile.states.data(), tile.outputs.data())) return true;
  tile.fault = step;
  return false;
}

// What those do who have promised something: what is activated, down to the reserve and within what contracts leave.
void Shard::set_sold(Tile& tile, uint64_t physics_step, Instant until, int64_t* asked, int32_t* set) const {
  const int32_t seconds = request_.physics_seconds;
  activate(tile, physics_step, asked);
  for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
    const bool stays = tile.where[lane].is_there && tile.where[lane].next >= until;
    if (asked[lane] == 0 || !stays || tile.forced[lane] > 0) continue;
    int64_t watts = -asked[lane];
    if (watts < 0 && request_.reserve) {  // activation ends where the reserve begins
      const double most = most_discharge(tile.batteries.energy[lane], static_cast<double>(output(*request_.reserve, tile, lane)) * kWattHour, tile.batteries.discharge_efficiency[lane], physics_hours_);
      watts = most > 0.0 ? std::max<int64_t>(watts, -static_cast<int64_t>(std::min(most, static_cast<double>(-watts)))) : 0;
    }
    set[lane] = static_cast<int32_t>(std::clamp(watts, -tile.discharge_left[lane] / seconds, tile.charge_left[lane] / seconds));
  }
}

void Shard::move(Tile& tile, uint32_t step) {
  const Instant begin = clock_.instant_of(step);
  const int32_t seconds = request_.physics_seconds;
  uint64_t physics_step = uint64_t{step} * static_cast<uint64_t>(clock_.step_seconds / seconds);
  const bool is_sold = std::any_of(tile.sold.begin(), tile.sold.end(), [](const Tile::Sold& sold) { return std::any_of(sold.accepted.begin(), sold.accepted.end(), [](int64_t watts) { return watts > 0; }); });
  for (int32_t at = 0; at < clock_.step_seconds; at += seconds, ++physics_step) {
    int32_t set[kLanes] = {}, applied[kLanes];
    int64_t asked[kLanes] = {};
    const Instant until = begin + at + seconds;
    if (at > 0) follow(tile, begin + at, step, true);
    if (tile.quiet_until >= until) {
      for (uint32_t lane = 0; lane < kLanes; ++lane) set[lane] = tile.is_there[lane] ? static_cast<int32_t>(tile.set[lane]) : 0;
    } else {
      for (uint32_t lane = 0; lane < tile.lanes; ++lane) set[lane] = tile.where[lane].is_there && tile.where[lane].next >= until ? static_cast<int32_t>(tile.set[lane]) : 0;
    }
    if (is_sold) set_sold(tile, physics_step, until, asked, set);
    step_tile(tile.batteries, set, physics_hours_, applied);
    read_meters(tile.meter, applied, seconds);
    if (!is_sold) continue;
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
      const int64_t joules = int64_t{applied[lane]} * seconds;
      if (asked[lane] != 0) account(tile, lane, physics_step, tile.forced[lane] > 0 ? 0 : -int64_t{applied[lane]});
      if (joules > 0) tile.charge_left[lane] -= joules;
      if (joules < 0) tile.discharge_left[lane] += joules;
    }
  }
}

void Shard::record(Tile& tile, uint32_t step) {
  const Instant end = clock_.instant_of(step) + clock_.step_seconds;
  follow(tile, end, step, false);
  const auto row = [&](TileSeries& series) { return reinterpret_cast<int32_t*>(series.bytes.get()) + series.index(tile.number * kLanes, step); };
  const auto put = [&](TileSeries& series, const auto& values) {
    if (series.bytes) std::copy_n(std::begin(values), tile.lanes, row(series));
  };
  put(series_.charged, tile.meter.charged), put(series_.discharge, tile.meter.discharged);
  put(series_.plugged, tile.was_there), put(series_.departed, tile.departed);
  if (series_.stored.bytes)
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) row(series_.stored)[lane] = static_cast<int32_t>(tile.batteries.energy[lane] * 1000.0);
  if (series_.wanted.bytes)
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) row(series_.wanted)[lane] = static_cast<int32_t>(tile.where[lane].wanted * 1000.0);
  for (size_t s = 0; s < tile.sold.size(); ++s) {
    put(series_.services[s].offered, tile.sold[s].offered), put(series_.services[s].accepted, tile.sold[s].accepted);
    put(series_.services[s].delivered, tile.sold[s].delivered), put(series_.services[s].missed, tile.sold[s].missed);
  }
  for (size_t k = 0; k < request_.totals.size(); ++k)
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) tile.totals[k * kLanes + lane] += request_.totals[k].of_discharge ? tile.meter.discharged[lane] : tile.meter.charged[lane];
}

void Shard::step_alone(Tile& tile, uint32_t first, uint32_t end, bool has_decided) {
  static const std::vector<std::vector<Group>> kNone;
  const auto& groups = is_coupled_ || groups_of_.empty() ? kNone : groups_of_[static_cast<size_t>(&tile - tiles_.data())];
  for (uint32_t step = first; step < end && !tile.fault; ++step) {
    if (step > first || !has_decided) {
      look(tile, step);
      if (!decide(tile, step)) return;
    }
    constrain(tile, step);
    for (size_t limit = 0; limit < groups.size(); ++limit)
      for (const Group& group : groups[limit]) apply_limit(request_.limits[limit], group, step, tile.counts);
    move(tile, step);
    record(tile, step);
  }
}

// Every thread goes the same way; those of `wait` meet before and after what couples tiles, which the first does.
template <typename Wait>
void Shard::work(unsigned thread, unsigned threads, Wait& wait) {
  const auto each_tile = [&](auto&& of) {
    for (size_t i = tiles_.size() * thread / threads; i < tiles_.size() * (thread + 1) / threads; ++i) of(tiles_[i]);
  };
  const auto alone = [&](auto&& of) {
    wait();
    if (thread == 0) of();
    wait();
  };
  const auto has_fault = [&] { return std::any_of(tiles_.begin(), tiles_.end(), [](const Tile& tile) { return tile.fault.has_value(); }); };
  uint32_t end = 0;
  for (uint32_t step = 0; step < clock_.steps; step = end) {
    const bool gate = is_gate(step);
    for (end = step + 1; end < clock_.steps && !is_coupled_ && !is_gate(end);) ++end;
    if (gate || is_coupled_) {
      each_tile([&](Tile& tile) {
        look(tile, step);
        decide(tile, step);
      });
      wait();
      if (has_fault()) return;
    }
    if (gate) alone([&] { sell(step); });
    if (!is_coupled_) {
      each_tile([&](Tile& tile) { step_alone(tile, step, end, gate); });
      wait();
      if (has_fault()) return;
      wait();  // nobody begins, and has a fault, while another still looks for one
      continue;
    }
    each_tile([&](Tile& tile) { constrain(tile, step); });
    alone([&] {
      for (size_t limit = 0; limit < groups_.size(); ++limit)
        for (const Group& group : groups_[limit]) apply_limit(request_.limits[limit], group, step, at_gates_);
    });
    each_tile([&](Tile& tile) {
      move(tile, step);
      record(tile, step);
    });
    wait();
  }
}

void Shard::run(unsigned threads) {
  threads = static_cast<unsigned>(std::clamp<size_t>(threads, 1, tiles_.size()));
  if (threads == 1) {
    const auto nobody = [] {};
    return work(0, 1, nobody);
  }
  std::barrier meeting(threads);
  const auto meet = [&] { meeting.arrive_and_wait(); };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back([&, thread] { work(thread, threads, meet); });
  work(0, threads, meet);
  for (std::thread& other : others) other.join();
}

FleetCounts Shard::counts() const {
  FleetCounts all = at_gates_;
  for (const Tile& tile : tiles_) all += tile.counts;
  return all;
}

std::optional<std::pair<uint32_t, uint32_t>> Shard::fault() const {
  std::optional<std::pair<uint32_t, uint32_t>> first;
  for (const Tile& tile : tiles_)
    if (tile.fault && (!first || *tile.fault < first->second)) first = {tile.number, *tile.fault};
  return first;
}

}  // namespace wattlaw
