#include "runtime/fleet/simulate_fleet.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "runtime/fleet/shard.h"

namespace wattlaw {
namespace {

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
  if (request.follow) join(request.follow->group_of, request.follow->groups);
  for (const GroupLimit& limit : request.limits) join(limit.group_of, limit.groups);
  if (!request.site_totals.empty()) join(request.rest.site_of, request.rest.sites);
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
  // Bounds that hold without looking: a charger gives no more than its power, a battery holds no more than its capacity.
  double most_stored = 0;
  int64_t most_charged = 0, most_discharged = 0;
  for (uint32_t v = 0; v < vehicles; ++v) {
    most_stored = std::max({most_stored, request.vehicles->capacity[v], request.vehicles->target[v]});
    most_charged = std::max<int64_t>(most_charged, request.vehicles->charge_power[v] + (request.vehicles->standby.empty() ? 0 : request.vehicles->standby[v]));
    most_discharged = std::max<int64_t>(most_discharged, request.vehicles->discharge_power[v]);
  }
  const auto flow = [&](int64_t watts) { return watts * request.clock->step_seconds / 3600 + 1; };
  const int64_t most_watts = std::max(most_charged, most_discharged), most_watt_hours = static_cast<int64_t>(most_stored * 1000.0) + 1;
  const auto make = [&](TileSeries& series, bool is_wanted, int64_t most, Quantum quantum) {
    if (is_wanted) series = make_tile_series(vehicles, steps, width_for(most), std::move(quantum));
    series.max = most;
  };
  make(result.series.charged, request.wants_charged, flow(most_charged), {1, 1000});
  make(result.series.discharge, request.wants_discharge, flow(most_discharged), {1, 1000});
  make(result.series.stored, request.wants_stored, most_watt_hours, {1, 1000});
  make(result.series.wanted, request.wants_wanted, most_watt_hours, {1, 1000});
  make(result.series.plugged, request.wants_plugged, 1, {1, 1});
  make(result.series.departed, request.wants_departed, 1, {1, 1});
  for (const ServiceOffer& service : request.services) {
    FleetSeries::OfService& of = result.series.services.emplace_back();
    make(of.offered, service.wants_offered, most_watts, {1, 1000});
    make(of.accepted, service.wants_accepted, most_watts, {1, 1000});
    make(of.delivered, service.wants_delivered, flow(most_watts), {1, 1000});
    make(of.missed, service.wants_missed, flow(most_watts), {1, 1000});
  }
  result.moments.resize(request.answers);
  std::vector<std::unique_ptr<Shard>> shards;
  for (std::vector<uint32_t>& tiles : make_shards(request)) shards.push_back(std::make_unique<Shard>(request, policy, result, std::move(tiles)));
  // A shard that is large beside the others has all threads to itself; the rest are shared out.
  threads = std::max(threads, 1u);
  const size_t all_tiles = (vehicles + kTileMembers - 1) / kTileMembers;
  const auto is_large = [&](const Shard& shard) { return threads > 1 && shard.size() >= 2 * size_t{threads} && shard.size() * threads * 2 > all_tiles; };
  std::vector<Shard*> small;
  for (const auto& shard : shards) {
    if (is_large(*shard)) shard->run(threads);
    else small.push_back(shard.get());
  }
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t shard = next++; shard < small.size(); shard = next++) small[shard]->run(1);
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < std::min<size_t>(threads, small.size()); ++thread) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  for (const auto& shard : shards) {
    result.counts += shard->counts();
    if (const auto fault = shard->fault(); fault && (!result.fault || fault->second < result.fault->second)) result.fault = fault;
  }
  return result;
}

}  // namespace wattlaw
