#include "runtime/fleet/bound_cost.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "runtime/fleet/linear_programme.h"

namespace wattlaw {
namespace {

constexpr double kWattHour = 0.001;  // kWh

double at(const std::vector<double>& column, uint32_t step) { return column.empty() ? 0.0 : column[step]; }

// A stay as intervals see it: seen from `first`, gone when `last` ends. first > last: too short to be seen.
struct Stay {
  int64_t first, last;
  bool joins_next;  // it ends, and the next begins, inside one interval: what moves there belongs to either
};

// The programme of vehicles that hang together.
class Bounder {
 public:
  explicit Bounder(const BoundRequest& request) : request_(request), clock_(*request.clock), hours_(clock_.step_seconds / 3600.0) {}
  void add(const std::vector<uint32_t>& vehicles);
  Result<CostBound> solve() const;

 private:
  struct Flows {
    int charge = -1, discharge = -1;   // columns, kWh at the plug of an interval
  };
  struct Level {
    int column;
    double least;                      // kWh that any schedule has
    std::optional<double> in_run;      // kWh that the run had, before the drive at hand
  };

  double moved(const TileSeries& series, uint32_t v, uint32_t step) const { return static_cast<double>(series.at(v, step)) * kWattHour; }
  Stay see(uint32_t v, size_t stay) const;
  void arrive(uint32_t v, const PlugIn& stay, bool is_known, Level& level);
  void stay_for(uint32_t v, const PlugIn& plug_in, const Stay& stay, Level& level);
  void add_vehicle(uint32_t v);
  void add_meter(const std::vector<uint32_t>& at_site, uint32_t site);
  void add_limit(const BoundLimit& limit, const std::vector<uint32_t>& members, uint32_t group);
  double slack(uint32_t v) const { return kWattHour * (request_.vehicles->charge_efficiency[v] + 1.0 / request_.vehicles->discharge_efficiency[v]); }

  const BoundRequest& request_;
  const Clock& clock_;
  const double hours_;
  LinearProgramme programme_;
  std::vector<std::vector<Flows>> flows_ = std::vector<std::vector<Flows>>(request_.vehicles->size());
  double fixed_ = 0, run_ = 0;
};

Stay Bounder::see(uint32_t v, size_t index) const {
  const std::vector<PlugIn>& all = request_.plug_ins->of_vehicle[v];
  const int64_t seconds = clock_.step_seconds, begins = all[index].begins - clock_.begin, ends = all[index].ends - clock_.begin;
  const auto up = [&](int64_t at) { return at <= 0 ? 0 : (at + seconds - 1) / seconds; };
  Stay stay{up(begins), std::min<int64_t>(up(ends) - 1, clock_.steps - 1), false};
  stay.joins_next = index + 1 < all.size() && stay.last >= stay.first && all[index + 1].begins - clock_.begin < (stay.last + 1) * seconds;
  return stay;
}

void Bounder::arrive(uint32_t v, const PlugIn& stay, bool is_known, Level& level) {
  const double capacity = request_.vehicles->capacity[v];
  if (!is_known) {
    level = {programme_.column(0, -slack(v), capacity + slack(v)), 0, std::nullopt};
  } else if (stay.soc) {
    level = {programme_.column(0, *stay.soc * capacity, *stay.soc * capacity), *stay.soc * capacity, std::nullopt};
  } else {
    // Who ran dry in the run may run as dry; nobody saves by driving on nothing.
    const double dry = level.in_run ? std::max(stay.taken() - *level.in_run, 0.0) : stay.taken();
    const int before = level.column;
    level = {programme_.column(0, -slack(v), capacity + slack(v)), std::max(level.least - stay.taken(), 0.0), std::nullopt};
    const int row = programme_.row(-stay.taken(), -stay.taken() + dry);
    programme_.set(row, level.column, 1), programme_.set(row, before, -1);
  }
}

void Bounder::stay_for(uint32_t v, const PlugIn& plug_in, const Stay& stay, Level& level) {
  const FleetVehicles& of = *request_.vehicles;
  const double capacity = of.capacity[v], tolerance = slack(v);
  const std::vector<double> none;
  const std::vector<double>& reserve = request_.reserve.empty() ? none : request_.reserve[v];
  double floor = capacity;
  for (int64_t t = stay.first; t <= stay.last; ++t) {
    const auto step = static_cast<uint32_t>(t);
    const int64_t there = std::min<int64_t>(clock_.step_seconds, plug_in.ends - clock_.instant_of(step));
    const double hours = stay.joins_next && t == stay.last ? hours_ : static_cast<double>(there / request_.physics_seconds * request_.physics_seconds) / 3600.0;
    Flows& flows = flows_[v][step];
    const auto flow = [&](int32_t watts) { return watts > 0 && hours > 0 ? programme_.column(0, 0, watts / 1000.0 * hours + kWattHour) : -1; };
    flows = {flow(of.charge_power[v]), flow(of.discharge_power[v])};
    if (flows.charge < 0 && flows.discharge < 0) continue;
    const double kept = std::min(at(reserve, step), capacity), lowest = std::min(level.least, floor);
    floor = std::min(floor, kept);
    if (flows.discharge >= 0 && kept > lowest) {
      const double slope = (capacity - kept) / (capacity - lowest);
      const int row = programme_.row(-LinearProgramme::kFree, 2 * tolerance - slope * lowest);
      programme_.set(row, flows.discharge, 1 / of.discharge_efficiency[v]), programme_.set(row, level.column, -slope);
    }
    const int after = programme_.column(0, std::min(level.least, floor) - tolerance, capacity + tolerance), row = programme_.row(0, 0);
    programme_.set(row, after, 1), programme_.set(row, level.column, -1);
    if (flows.charge >= 0) programme_.set(row, flows.charge, -of.charge_efficiency[v]);
    if (flows.discharge >= 0) programme_.set(row, flows.discharge, 1 / of.discharge_efficiency[v]);
    level.column = after;
  }
  level.least = std::min(level.least, floor);
  if (stay.joins_next || stay.last < stay.first) return;
  const auto last = static_cast<uint32_t>(stay.last);
  level.in_run = moved(request_.moved->stored, v, last);
  const double wanted = !request_.wanted.empty() ? request_.wanted[v][last] : plug_in.target ? *plug_in.target * capacity : of.target[v];
  const double least = std::min(wanted, *level.in_run) - tolerance;
  if (least <= level.least) return;
  programme_.set(programme_.row(least, LinearProgramme::kFree), level.column, 1);
  level.least = least - tolerance;
}

void Bounder::add_vehicle(uint32_t v) {
  flows_[v].resize(clock_.steps);
  const double stored = request_.vehicles->stored[v];
  Level level{programme_.column(0, stored, stored), stored, stored};
  const std::vector<PlugIn>& all = request_.plug_ins->of_vehicle[v];
  bool joins = false;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].ends <= clock_.begin) continue;
    const Stay stay = see(v, i);
    if (stay.first >= clock_.steps) break;
    if (all[i].begins >= clock_.begin) arrive(v, all[i], !joins, level);
    stay_for(v, all[i], stay, level);
    joins = stay.joins_next;
  }
  if (request_.of_vehicle.empty()) return;
  const BoundPrices& prices = request_.of_vehicle[v];
  for (uint32_t step = 0; step < clock_.steps; ++step) {
    if (const int in = flows_[v][step].charge; in >= 0) programme_.add_cost(in, at(prices.charge, step));
    if (const int out = flows_[v][step].discharge; out >= 0) programme_.add_cost(out, at(prices.discharge, step));
    run_ += at(prices.charge, step) * moved(request_.moved->charged, v, step) + at(prices.discharge, step) * moved(request_.moved->discharge, v, step);
  }
}

// What flows through a meter costs at one price where it is taken, at another where it is given: convex where taking costs more; else the hull
// of the cost is the chord between the ends of what can flow.
void Bounder::add_meter(const std::vector<uint32_t>& at_site, uint32_t site) {
  const BoundPrices& prices = request_.of_site[site];
  for (uint32_t step = 0; step < clock_.steps; ++step) {
    const double house = request_.house.empty() ? 0.0 : at(request_.house[site], step), take = at(prices.take, step), give = at(prices.give, step);
    const auto cost = [&](double net) { return (net >= 0 ? take : give) * net; };
    double net = house, lo = house, hi = house;
    for (const uint32_t v : at_site) {
      net += moved(request_.moved->charged, v, step) - moved(request_.moved->discharge, v, step);
      if (const int in = flows_[v][step].charge; in >= 0) hi += programme_.most(in);
      if (const int out = flows_[v][step].discharge; out >= 0) lo -= programme_.most(out);
    }
    run_ += cost(net);
    const bool bends = lo < 0 && hi > 0 && take > give;
    const double slope = lo >= hi ? 0.0 : bends ? give : (cost(hi) - cost(lo)) / (hi - lo);
    fixed_ += lo >= hi ? cost(house) : bends ? give * house : cost(lo) + slope * (house - lo);
    const int import = bends ? programme_.column(take - give, 0, hi) : -1, row = bends ? programme_.row(house, LinearProgramme::kFree) : -1;
    if (bends) programme_.set(row, import, 1);
    for (const uint32_t v : at_site)
      for (const auto& [column, sign] : {std::pair{flows_[v][step].charge, 1.0}, std::pair{flows_[v][step].discharge, -1.0}}) {
        if (column < 0) continue;
        programme_.add_cost(column, sign * slope);
        if (bends) programme_.set(row, column, -sign);
      }
  }
}

void Bounder::add_limit(const BoundLimit& limit, const std::vector<uint32_t>& members, uint32_t group) {
  for (uint32_t step = 0; step < clock_.steps; ++step) {
    double most = 0, in_run = 0;
    for (const uint32_t v : members) {
      if (const int in = flows_[v][step].charge; in >= 0) most += programme_.most(in);
      in_run += moved(request_.moved->charged, v, step) - (limit.nets ? moved(request_.moved->discharge, v, step) : 0.0);
    }
    const double room = std::max(std::max(limit.room[group][step], 0.0) + kWattHour * static_cast<double>(members.size()), in_run);
    if (most <= room) continue;
    const int row = programme_.row(-LinearProgramme::kFree, room);
    for (const uint32_t v : members) {
      if (const int in = flows_[v][step].charge; in >= 0) programme_.set(row, in, 1);
      if (const int out = flows_[v][step].discharge; out >= 0 && limit.nets) programme_.set(row, out, -1);
    }
  }
}

void Bounder::add(const std::vector<uint32_t>& vehicles) {
  for (const uint32_t v : vehicles) add_vehicle(v);
  const auto each_group = [&](const std::vector<uint32_t>& group_of, auto&& of) {
    std::vector<std::pair<uint32_t, uint32_t>> members;
    for (const uint32_t v : vehicles)
      if (group_of[v] != UINT32_MAX) members.emplace_back(group_of[v], v);
    std::sort(members.begin(), members.end());
    for (size_t i = 0, end = 0; i < members.size(); i = end) {
      std::vector<uint32_t> group;
      for (; end < members.size() && members[end].first == members[i].first; ++end) group.push_back(members[end].second);
      of(group, members[i].first);
    }
  };
  if (!request_.of_site.empty()) each_group(request_.site_of, [&](const std::vector<uint32_t>& at_site, uint32_t site) { add_meter(at_site, site); });
  for (const BoundLimit& limit : request_.limits) each_group(limit.group_of, [&](const std::vector<uint32_t>& members, uint32_t group) { add_limit(limit, members, group); });
}

Result<CostBound> Bounder::solve() const {
  const Result<double> least = programme_.solve();
  if (!least) return least.failure();
  return CostBound{*least + fixed_, run_};
}

// Who stands at one site or in one group belongs together.
std::vector<std::vector<uint32_t>> hang_together(const BoundRequest& request) {
  const uint32_t vehicles = request.vehicles->size();
  std::vector<uint32_t> leader(vehicles);
  std::iota(leader.begin(), leader.end(), 0u);
  const auto find = [&](uint32_t v) {
    while (leader[v] != v) v = leader[v] = leader[leader[v]];
    return v;
  };
  const auto join = [&](const std::vector<uint32_t>& group_of) {
    std::vector<uint32_t> first;
    for (uint32_t v = 0; v < group_of.size(); ++v) {
      if (group_of[v] == UINT32_MAX) continue;
      if (group_of[v] >= first.size()) first.resize(group_of[v] + 1, UINT32_MAX);
      uint32_t& other = first[group_of[v]];
      if (other == UINT32_MAX) other = v;
      const uint32_t a = find(other), b = find(v);
      leader[std::max(a, b)] = std::min(a, b);
    }
  };
  join(request.site_of);
  for (const BoundLimit& limit : request.limits) join(limit.group_of);
  std::vector<std::vector<uint32_t>> of_leader(vehicles);
  for (uint32_t v = 0; v < vehicles; ++v) of_leader[find(v)].push_back(v);
  std::erase_if(of_leader, [](const std::vector<uint32_t>& together) { return together.empty(); });
  return of_leader;
}

size_t intervals_of(const BoundRequest& request, uint32_t v) {
  const auto steps = [&](Instant at) { return std::clamp<int64_t>((at - request.clock->begin) / request.clock->step_seconds, 0, request.clock->steps); };
  int64_t intervals = 0;
  for (const PlugIn& stay : request.plug_ins->of_vehicle[v]) intervals += steps(stay.ends) - steps(stay.begins);
  return static_cast<size_t>(intervals);
}

}  // namespace

Result<Ok> check_bound_size(const BoundRequest& request) {
  for (const std::vector<uint32_t>& together : hang_together(request)) {
    size_t intervals = 0;
    for (const uint32_t v : together) intervals += intervals_of(request, v);
    if (intervals > kMostBoundIntervals)
      return Failure{"WL6077", std::to_string(together.size()) + (together.size() == 1 ? " vehicle is" : " vehicles that share a site or a limit are") + " plugged in for " + std::to_string(intervals) + " intervals, and a bound is found for " + std::to_string(kMostBoundIntervals) + " that hang together",
                     "bound a shorter period, or fewer vehicles: twenty for a week of quarters of an hour", "sessions.csv", 0, ""};
  }
  return Ok{};
}

Result<CostBound> bound_cost(const BoundRequest& request) {
  if (auto fits = check_bound_size(request); !fits) return fits.failure();
  CostBound all;
  for (const std::vector<uint32_t>& together : hang_together(request)) {
    Bounder bounder(request);
    bounder.add(together);
    const auto bound = bounder.solve();
    if (!bound) return bound.failure();
    all.least += bound->least, all.run += bound->run;
  }
  return all;
}

}  // namespace wattlaw
