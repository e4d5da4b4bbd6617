#include "runtime/fleet/shard.h"

#include <algorithm>
#include <barrier>
#include <bit>
#include <numeric>
#include <thread>

namespace wattlaw {
namespace {

constexpr double kWattHour = 0.001;  // kWh: "reached" means to within one

}  // namespace

Shard::Shard(const FleetRequest& request, FleetPolicy& policy, FleetResult& result, std::vector<uint32_t> tiles)
    : request_(request), vehicles_(*request.vehicles), clock_(*request.clock), policy_(policy), series_(result.series), answers_(result.moments), tiles_(tiles.size()),
      hours_(request.clock->step_seconds / 3600.0), physics_hours_(request.physics_seconds / 3600.0) {
  if (request.states.empty()) ahead_ = std::min(std::max(policy.intervals_ahead(), 1u), clock_.steps);
  for (size_t i = 0; i < tiles.size(); ++i) make_tile(tiles_[i], tiles[i]);
  make_groups();
}

void Shard::make_tile(Tile& tile, uint32_t number) {
  tile.number = number;
  tile.next.fill(kNever), tile.moment.fill(kNever);
  tile.lanes = std::min(kLanes, vehicles_.size() - number * kLanes);
  tile.states.resize(kLanes * request_.states.size());
  tile.decided.resize(size_t{kLanes} * request_.outputs * ahead_);
  tile.outputs = tile.decided.data();
  tile.totals.resize(kLanes * request_.totals.size());
  tile.sold.resize(request_.services.size());
  Batteries<kLanes>& b = tile.batteries;
  std::fill_n(b.capacity, kLanes, 1.0), std::fill_n(b.charge_efficiency, kLanes, 1.0), std::fill_n(b.discharge_efficiency, kLanes, 1.0), std::fill_n(b.taper_from, kLanes, 1.0);
  for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
    const uint32_t vehicle = vehicle_of(tile, lane);
    b.energy[lane] = vehicles_.stored[vehicle], b.capacity[lane] = vehicles_.capacity[vehicle];
    b.charge_efficiency[lane] = vehicles_.charge_efficiency[vehicle], b.discharge_efficiency[lane] = vehicles_.discharge_efficiency[vehicle];
    b.charge_power[lane] = vehicles_.charge_power[vehicle], b.discharge_power[lane] = vehicles_.discharge_power[vehicle];
    if (!vehicles_.taper_from.empty()) b.taper_from[lane] = vehicles_.taper_from[vehicle], tile.tapers = tile.tapers || b.taper_from[lane] < 1.0;
    Whereabouts& where = tile.where[lane];
    tile.wanted[lane] = vehicles_.target[vehicle];
    where.ranked_for.resize(request_.cheapest.size());
    where.chosen.resize(request_.cheapest.size());
    // What was before the run is over: `stored` is what a vehicle has when it begins.
    const std::vector<PlugIn>& all = plug_ins(tile, lane);
    while (where.at < all.size() && all[where.at].ends <= clock_.begin) ++where.at;
    await(tile, lane);
    tile.moment[lane] = moment_of(tile, lane);
    while (tile.moment[lane] < clock_.begin) answer(tile, lane);
  }
  tile.of_interval = rates_for(b, hours_), tile.of_step = rates_for(b, physics_hours_);
}

void Shard::make_groups() {
  const auto each_vehicle = [&](auto&& of) {
    for (uint32_t t = 0; t < tiles_.size(); ++t)
      for (uint32_t lane = 0; lane < tiles_[t].lanes; ++lane) of(Place{t, lane}, vehicle_of(tiles_[t], lane));
  };
  is_called_ = !request_.limits.empty() && std::any_of(request_.services.begin(), request_.services.end(), [](const ServiceOffer& service) { return service.down; });
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
  if (!request_.site_totals.empty()) {
    site_totals_.assign(request_.site_totals.size() * request_.rest.sites, 0);
    open_windows_ = site_totals_;
    sites_.resize(request_.rest.sites);
    for (uint32_t site = 0; site < request_.rest.sites; ++site) sites_[site].number = site;
    each_vehicle([&](Place place, uint32_t v) {
      if (request_.rest.site_of[v] != UINT32_MAX) sites_[request_.rest.site_of[v]].members.push_back(place);
    });
    std::erase_if(sites_, [](const Group& site) { return site.members.empty(); });
    for (const Group& site : sites_) is_coupled_ = is_coupled_ || site.members.front().tile != site.members.back().tile;
  }
  if (request_.follow) {
    teams_.resize(request_.follow->groups);
    for (uint32_t team = 0; team < request_.follow->groups; ++team) teams_[team].number = team;
    each_vehicle([&](Place place, uint32_t v) {
      if (request_.follow->group_of[v] != UINT32_MAX) teams_[request_.follow->group_of[v]].members.push_back(place);
    });
    std::erase_if(teams_, [](const Group& team) { return team.members.empty(); });
    for (const Group& team : teams_) is_coupled_ = is_coupled_ || team.members.front().tile != team.members.back().tile;
  }
  if (is_coupled_) return;
  teams_of_.resize(tiles_.size());
  for (Group& team : teams_) teams_of_[team.members.front().tile].push_back(std::move(team));
  sites_of_.resize(tiles_.size());
  for (Group& site : sites_) sites_of_[site.members.front().tile].push_back(std::move(site));
  groups_of_.assign(tiles_.size(), std::vector<std::vector<Group>>(groups_.size()));
  for (size_t limit = 0; limit < groups_.size(); ++limit)
    for (Group& group : groups_[limit]) groups_of_[group.members.front().tile][limit].push_back(std::move(group));
}

void Shard::await(Tile& tile, uint32_t lane) {
  const uint32_t at = tile.where[lane].at;
  const std::vector<PlugIn>& all = plug_ins(tile, lane);
  tile.next[lane] = at >= all.size() ? kNever : tile.is_there[lane] ? all[at].ends : all[at].begins;
}

void Shard::arrive(Tile& tile, uint32_t lane) {
  const PlugIn& plug_in = plug_ins(tile, lane)[tile.where[lane].at];
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
  tile.wanted[lane] = plug_in.target ? *plug_in.target * capacity : vehicles_.target[vehicle_of(tile, lane)];
  tile.is_there[lane] = 1;
}

void Shard::leave(Tile& tile, uint32_t lane, uint32_t step) {
  // As clauses see it: whole watt-hours, and "reached" means to within one.
  const auto whole = [](double energy) { return static_cast<int64_t>(energy * 1000.0); };
  const int64_t wanted = request_.ensured && step > 0 ? output(*request_.ensured, tile, lane) : whole(tile.wanted[lane]);
  ++tile.counts.departures;
  tile.counts.missed += whole(tile.batteries.energy[lane]) < wanted - 1;
  tile.departed[lane] = 1;
  tile.is_there[lane] = 0;
  ++tile.where[lane].at;
}

Instant Shard::moment_of(const Tile& tile, uint32_t lane) const {
  if (request_.moments.empty()) return kNever;
  const std::vector<FleetMoment>& all = request_.moments[vehicle_of(tile, lane)];
  const uint32_t next = tile.where[lane].moment;
  return next < all.size() ? all[next].at : kNever;
}

void Shard::answer(Tile& tile, uint32_t lane) {
  const FleetMoment& moment = request_.moments[vehicle_of(tile, lane)][tile.where[lane].moment++];
  double& energy = tile.batteries.energy[lane];
  tile.moment[lane] = moment_of(tile, lane);
  MomentAnswer& answer = answers_[moment.answer];
  answer.stored = static_cast<int64_t>(energy * 1000.0);
  if (moment.taken <= 0.0 || moment.at < clock_.begin || moment.at >= clock_.instant_of(clock_.steps)) return;
  answer.missing = std::max(moment.taken - energy, 0.0);
  tile.counts.ran_dry += answer.missing > 0.0;
  energy = std::max(energy - moment.taken, 0.0);
}

// What has happened until `now`: who leaves at a time leaves before anybody arrives at it, and what is asked at that time is asked of who is
// there then. What begins at the very end of an interval belongs to the next.
void Shard::follow(Tile& tile, Instant now, uint32_t step, bool may_arrive) {
  if (now < tile.quiet_until) return;
  for (uint32_t due = lanes_due(tile.next.data(), tile.moment.data(), now); due != 0; due &= due - 1) {
    const auto lane = static_cast<uint32_t>(std::countr_zero(due));
    Instant &next = tile.next[lane], &moment = tile.moment[lane];
    while (next <= now || moment <= now) {
      if (next <= now && next <= moment && (tile.is_there[lane] || may_arrive)) {
        if (tile.is_there[lane]) leave(tile, lane, step);
        else arrive(tile, lane);
        await(tile, lane);
      } else if ((moment < now || (moment == now && may_arrive)) && moment < next) {
        answer(tile, lane);
      } else {
        break;
      }
    }
  }
  const Instant quiet = earliest(tile.next.data(), tile.moment.data());
  tile.quiet_until = quiet;
}

bool Shard::is_chosen(uint32_t k, Tile& tile, uint32_t lane, uint32_t step) {
  Whereabouts& w = tile.where[lane];
  if (!tile.is_there[lane]) return false;
  if (w.ranked_for[k] != w.at + 1) {
    w.ranked_for[k] = w.at + 1;
    const CheapestHours& cheapest = request_.cheapest[k];
    const int64_t whole = (tile.next[lane] - clock_.instant_of(step)) / clock_.step_seconds;
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
    switch (state.kind) {
      case FleetState::Kind::stored: see_watt_hours(tile.batteries.energy, seen); break;
      case FleetState::Kind::target: see_watt_hours(tile.wanted.data(), seen); break;
      case FleetState::Kind::plugged: std::copy_n(tile.is_there.begin(), kLanes, seen); break;
      case FleetState::Kind::seconds_left:
        for (uint32_t lane = 0; lane < kLanes; ++lane) seen[lane] = tile.is_there[lane] ? tile.next[lane] - now : 0;
        break;
      case FleetState::Kind::total: std::copy_n(tile.totals.begin() + static_cast<std::ptrdiff_t>(state.index * kLanes), kLanes, seen); break;
      case FleetState::Kind::metered:
      case FleetState::Kind::raises:
        for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
          const uint32_t site = request_.rest.site_of[vehicle_of(tile, lane)];
          seen[lane] = site == UINT32_MAX ? 0 : metered(state, site, step);
        }
        break;
      case FleetState::Kind::rest:
        for (uint32_t lane = 0; lane < tile.lanes; ++lane) seen[lane] = rest_of_site(tile, lane, step);
        break;
      case FleetState::Kind::chosen:
        for (uint32_t lane = 0; lane < tile.lanes; ++lane) seen[lane] = is_chosen(state.index, tile, lane, step);
        break;
    }
  }
}

// What the meter of a site sees of an interval without its vehicles, net, in units of the totals.
int64_t Shard::rest_of_meter(uint32_t site, uint32_t step) const {
  const auto flow = [&](const TileSeries* series) { return series != nullptr && series->bytes ? series->at(site, step) : 0; };
  return flow(request_.rest.import) * request_.per_import - flow(request_.rest.export_) * request_.per_export;
}

// What a total of a site is when an interval begins, or whether the interval may raise the peak that it is.
int64_t Shard::metered(const FleetState& state, uint32_t site, uint32_t step) const {
  const SiteTotal& of = request_.site_totals[state.index];
  const size_t at = state.index * request_.rest.sites + site;
  const auto is_new = [&](const std::vector<uint32_t>& window) { return step > 0 && window[step] != window[step - 1]; };
  const int64_t total = is_new(of.window_of_step) ? 0 : site_totals_[at];
  if (state.kind == FleetState::Kind::metered) return total;
  if (!of.counts.empty() && of.counts[step] == 0) return 0;
  const int64_t open = is_new(of.peak_window_of_step) ? 0 : open_windows_[at], net = rest_of_meter(site, step);
  return open + std::max<int64_t>(of.of_export ? -net : net, 0) >= total;
}

// What the meter of a site has seen of an interval, once all of its vehicles are recorded.
void Shard::meter(const Group& site, uint32_t step) {
  int64_t net = rest_of_meter(site.number, step);
  for (const Place& place : site.members) net += int64_t{tiles_[place.tile].meter.charged[place.lane] - tiles_[place.tile].meter.discharged[place.lane]} * request_.per_watt_hour;
  for (size_t k = 0; k < request_.site_totals.size(); ++k) {
    const SiteTotal& of = request_.site_totals[k];
    int64_t& total = site_totals_[k * request_.rest.sites + site.number];
    if (step > 0 && of.window_of_step[step] != of.window_of_step[step - 1]) total = 0;
    const int64_t flow = of.counts.empty() || of.counts[step] != 0 ? std::max<int64_t>(of.of_export ? -net : net, 0) : 0;
    if (of.peak_window_of_step.empty()) {
      total += flow;
      continue;
    }
    int64_t& open = open_windows_[k * request_.rest.sites + site.number];
    if (step > 0 && of.peak_window_of_step[step] != of.peak_window_of_step[step - 1]) open = 0;
    total = std::max(total, open += flow);
  }
}

int64_t Shard::rest_of_site(const Tile& tile, uint32_t lane, uint32_t step) const {
  const FleetRequest::Rest& rest = request_.rest;
  const uint32_t site = rest.site_of[vehicle_of(tile, lane)];
  if (site == UINT32_MAX) return 0;
  const auto flow = [&](const TileSeries* series, int64_t per_unit) { return series != nullptr && series->bytes ? series->at(site, step) * per_unit * 3600 / (request_.per_watt_hour * clock_.step_seconds) : 0; };
  return flow(rest.import, request_.per_import) - flow(rest.export_, request_.per_export);
}

bool Shard::decide(Tile& tile, uint32_t step) {
  if (ahead_ == 1) {
    if (policy_.decide(tile.number, step, tile.states.data(), tile.outputs)) return true;
    tile.fault = step;
    return false;
  }
  if (step >= tile.decided_until) {
    tile.decided_from = step;
    tile.decided_until = step + policy_.decide_ahead(tile.number, step, std::min(step + ahead_, clock_.steps), tile.decided.data());
    if (tile.decided_until == step) {
      tile.fault = step;
      return false;
    }
  }
  tile.outputs = tile.decided.data() + size_t{step - tile.decided_from} * kLanes * request_.outputs;
  return true;
}

// What those do who have promised something: what is activated, down to the reserve and within what contracts leave.
void Shard::set_sold(Tile& tile, uint64_t physics_step, const uint8_t* stays, int64_t* asked, int32_t* set) const {
  const int32_t seconds = request_.physics_seconds;
  activate(tile, physics_step, asked);
  for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
    if (asked[lane] == 0 || !stays[lane] || tile.forced[lane] > 0) continue;
    int64_t watts = is_called_ ? std::min(-asked[lane], tile.may_charge[lane]) : -asked[lane];
    if (watts < 0 && request_.reserve) {  // activation ends where the reserve begins
      const double most = most_discharge(tile.batteries.energy[lane], static_cast<double>(output(*request_.reserve, tile, lane)) * kWattHour, tile.of_step.watts_out[lane]);
      watts = most > 0.0 ? std::max<int64_t>(watts, -static_cast<int64_t>(std::min(most, static_cast<double>(-watts)))) : 0;
    }
    set[lane] = static_cast<int32_t>(request_.caps.empty() ? watts : std::clamp(watts, -tile.discharge_left[lane] / seconds, tile.charge_left[lane] / seconds));
  }
}

void Shard::move(Tile& tile, uint32_t step) {
  const Instant begin = clock_.instant_of(step);
  const int32_t seconds = request_.physics_seconds;
  uint64_t physics_step = uint64_t{step} * static_cast<uint64_t>(clock_.step_seconds / seconds);
  const bool is_sold = std::any_of(tile.sold.begin(), tile.sold.end(), [](const Tile::Sold& sold) { return std::any_of(sold.accepted.begin(), sold.accepted.end(), [](int64_t watts) { return watts > 0; }); });
  for (int32_t at = 0; at < clock_.step_seconds; at += seconds, ++physics_step) {
    int32_t set[kLanes], applied[kLanes];
    int64_t asked[kLanes];
    const Instant until = begin + at + seconds;
    if (at > 0) follow(tile, begin + at, step, true);
    const uint8_t* stays = tile.is_there.data();
    std::array<uint8_t, kLanes> those;  // who stays for the whole step
    if (tile.quiet_until < until) {
      who_stays(tile.is_there.data(), tile.next.data(), until, those.data());
      stays = those.data();
      for (uint32_t lane = 0; lane < tile.lanes; ++lane)  // what is asked within a step is what was there when it began
        while (tile.moment[lane] < until && tile.moment[lane] < tile.next[lane]) answer(tile, lane);
    }
    for (uint32_t lane = 0; lane < kLanes; ++lane) set[lane] = static_cast<int32_t>(tile.set[lane]) & -static_cast<int32_t>(stays[lane]);
    if (is_sold) std::fill_n(asked, kLanes, 0), set_sold(tile, physics_step, stays, asked, set);
    if (tile.tapers) limit_by_taper(tile.batteries, set, physics_hours_);
    step_tile(tile.batteries, tile.of_step, set, applied);
    if (vehicles_.standby.empty()) {
      read_meters(tile.meter, applied, seconds);
    } else {
      int32_t drawn[kLanes];
      std::copy_n(applied, kLanes, drawn);
      for (uint32_t lane = 0; lane < tile.lanes; ++lane)
        if (stays[lane]) drawn[lane] += vehicles_.standby[vehicle_of(tile, lane)];
      read_meters(tile.meter, drawn, seconds);
    }
    if (!is_sold) continue;
    for (uint32_t lane = 0; lane < tile.lanes; ++lane) {
      const int64_t joules = int64_t{applied[lane]} * seconds;
      if (asked[lane] != 0) account(tile, lane, physics_step, tile.forced[lane] > 0 ? 0 : -int64_t{applied[lane]});
      tile.charge_left[lane] -= std::max<int64_t>(joules, 0);
      tile.discharge_left[lane] += std::min<int64_t>(joules, 0);
    }
  }
}

void Shard::record(Tile& tile, uint32_t step) {
  const Instant end = clock_.instant_of(step) + clock_.step_seconds;
  follow(tile, end, step, false);
  const auto put_as = [&]<typename Cell>(TileSeries& series, const auto& values, Cell*) {
    Cell* row = reinterpret_cast<Cell*>(series.bytes.get()) + series.index(tile.number * kLanes, step);
    for (uint32_t lane = 0; lane < kLanes; ++lane) row[lane] = static_cast<Cell>(values[lane]);
  };
  const auto put = [&](TileSeries& series, const auto& values) {
    if (!series.bytes) return;
    if (series.width == 1) put_as(series, values, static_cast<int8_t*>(nullptr));
    else if (series.width == 2) put_as(series, values, static_cast<int16_t*>(nullptr));
    else put_as(series, values, static_cast<int32_t*>(nullptr));
  };
  put(series_.charged, tile.meter.charged), put(series_.discharge, tile.meter.discharged);
  put(series_.plugged, tile.was_there), put(series_.departed, tile.departed);
  int64_t watt_hours[kLanes];
  if (series_.stored.bytes) see_watt_hours(tile.batteries.energy, watt_hours), put(series_.stored, watt_hours);
  if (series_.wanted.bytes) see_watt_hours(tile.wanted.data(), watt_hours), put(series_.wanted, watt_hours);
  for (size_t s = 0; s < tile.sold.size(); ++s) {
    put(series_.services[s].offered, tile.sold[s].offered), put(series_.services[s].accepted, tile.sold[s].accepted);
    put(series_.services[s].delivered, tile.sold[s].delivered), put(series_.services[s].missed, tile.sold[s].missed);
  }
  for (size_t k = 0; k < request_.totals.size(); ++k) {
    const int32_t* flowed = request_.totals[k].of_discharge ? tile.meter.discharged : tile.meter.charged;
    for (uint32_t lane = 0; lane < kLanes; ++lane) tile.totals[k * kLanes + lane] += flowed[lane];
  }
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
    if (request_.follow)
      for (const Group& team : teams_of_[static_cast<size_t>(&tile - tiles_.data())]) follow_signal(team, tile.counts);
    for (size_t limit = 0; limit < groups.size(); ++limit)
      for (const Group& group : groups[limit]) apply_limit(request_.limits[limit], group, step, tile.counts);
    move(tile, step);
    record(tile, step);
    if (!sites_of_.empty())
      for (const Group& site : sites_of_[static_cast<size_t>(&tile - tiles_.data())]) meter(site, step);
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
      for (const Group& team : teams_) follow_signal(team, at_gates_);
      for (size_t limit = 0; limit < groups_.size(); ++limit)
        for (const Group& group : groups_[limit]) apply_limit(request_.limits[limit], group, step, at_gates_);
    });
    each_tile([&](Tile& tile) {
      move(tile, step);
      record(tile, step);
    });
    if (sites_.empty()) {
      wait();
      continue;
    }
    alone([&] {
      for (const Group& site : sites_) meter(site, step);
    });
  }
}

void Shard::run(unsigned threads) {
  run_all(threads);
  for (Tile& tile : tiles_)
    for (uint32_t lane = 0; lane < tile.lanes; ++lane)
      while (tile.moment[lane] != kNever) answer(tile, lane);
}

void Shard::run_all(unsigned threads) {
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
