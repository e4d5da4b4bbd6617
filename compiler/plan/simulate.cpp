#include "compiler/plan/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "compiler/interpret/interpret.h"
#include "compiler/plan/fleet_policy.h"
#include "compiler/plan/optimum_policy.h"
#include "compiler/plan/uniform_column.h"
#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

double ms_since(std::chrono::steady_clock::time_point begin) { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count(); }

struct Simulation {
  const TypedProgram& program;
  const Settlement& settlement;
  const Clock& clock;
  const PlugIns& plug_ins;
  Traces& traces;
  const SimulateOptions& options;
  const TypedDispatch& dispatch = *settlement.dispatch;

  const std::vector<Rational>& attribute(const char* name) const;
  uint32_t pool_attribute() const;
  int position(const char* series) const;
  Quantum register_quantum() const;
  Result<FleetVehicles> read_vehicles() const;
  PolicyWorld make_world(const FleetVehicles& vehicles, bool interpret) const;
  Result<FleetRequest> make_request(const FleetVehicles& vehicles, const PolicyWorld& world) const;
  GroupLimit make_limit(const TypedDispatch::Limit& limit, uint32_t cap) const;
  GroupSignal make_signal(uint32_t power) const;
  Result<ServiceOffer> make_offer(size_t offer, uint32_t most) const;
  Result<Ok> add_to_meters(const FleetSeries& moved);
  Failure tell_fault(const FleetVehicles& vehicles);
  void ask_for_series(FleetRequest& request) const;
  Result<SimulationReport> follow_plan(const FleetVehicles& vehicles);
  Result<Ok> bound(const FleetVehicles& vehicles, const std::vector<GroupLimit>& limits, const FleetResult& result, SimulationReport& report) const;
  Result<Ok> see_standby(const FleetVehicles& vehicles) const;
  Result<Ok> keep(FleetResult& result);
};

const std::vector<Rational>& Simulation::attribute(const char* name) const {
  for (size_t i = 0; i < settlement.attributes.size(); ++i)
    if (program.attributes[settlement.attributes[i]].name == name) return traces.attributes[i];
  WATTLAW_ASSERT(false, "elaboration asks for every attribute of a vehicle");
  return traces.attributes.front();
}

uint32_t Simulation::pool_attribute() const {
  for (uint32_t i = 0; i < program.attributes.size(); ++i)
    if (program.attributes[i].name == "vehicle.pool") return i;
  WATTLAW_ASSERT(false, "elaboration declares it beside services");
  return 0;
}

// In which import and export of sites are added up with what vehicles move.
Quantum Simulation::register_quantum() const {
  Quantum common{1, 1000};
  for (const char* of : {"import", "export"})
    if (const int at = position(of); at >= 0) common = common_quantum(common, traces.member_series[static_cast<size_t>(at)].quantum);
  return common;
}

// Where a series stands among those of the settlement; -1: it is not asked for.
int Simulation::position(const char* series) const {
  for (size_t i = 0; i < settlement.series.size(); ++i)
    if (program.series[settlement.series[i]].name == series) return static_cast<int>(i);
  return -1;
}

Result<FleetVehicles> Simulation::read_vehicles() const {
  const std::vector<std::string>& ids = members_of(traces, EntityGrain::vehicle).ids;
  FleetVehicles vehicles;
  const auto refuse = [&](size_t v, const std::string& what, const std::string& hint) { return Failure{"WL6074", "`" + ids[v] + "` has " + what, hint, "vehicles.csv", 0, ""}; };
  constexpr int64_t kMostWatts = 10'000'000;
  const auto watts = [](const Rational& kilowatts) { return static_cast<int64_t>(numerator(Rational(kilowatts * 1000)) / denominator(Rational(kilowatts * 1000))); };
  for (size_t v = 0; v < ids.size(); ++v) {
    const auto of = [&](const char* name) -> const Rational& { return attribute(name)[v]; };
    if (of("vehicle.capacity") <= 0 || of("vehicle.capacity") > 100000) return refuse(v, "a capacity of " + print_decimal(of("vehicle.capacity"), 0, 6) + " kWh", "a battery holds something, in kWh");
    for (const char* power : {"vehicle.charge_power", "vehicle.discharge_power"})
      if (of(power) < 0 || watts(of(power)) > kMostWatts) return refuse(v, "a `" + std::string(power + 8) + "` of " + print_decimal(of(power), 0, 6) + " kW", "powers stand in kW at the plug, from 0 to 10,000");
    for (const char* efficiency : {"vehicle.charge_efficiency", "vehicle.discharge_efficiency"})
      if (of(efficiency) <= 0 || of(efficiency) > 1) return refuse(v, "a `" + std::string(efficiency + 8) + "` of " + print_decimal(of(efficiency) * 100, 0, 6) + "%", "an efficiency is above 0% and at most 100%; figures of the file are in percent");
    if (of("vehicle.taper_from") <= 0 || of("vehicle.taper_from") > 1) return refuse(v, "a `taper_from` of " + print_decimal(of("vehicle.taper_from") * 100, 0, 6) + "%", "charging tapers off from a state of charge above 0% on; 100% says that it does not");
    if (of("vehicle.standby") < 0 || watts(of("vehicle.standby")) > kMostWatts || denominator(Rational(of("vehicle.standby") * 1000)) != 1)
      return refuse(v, "a `standby` of " + print_decimal(of("vehicle.standby") * 1000, 0, 6) + " W", "what a charger draws itself stands in whole W");
    if (of("vehicle.consumption") < 0) return refuse(v, "a `consumption` of " + print_decimal(of("vehicle.consumption"), 0, 6) + " kWh/km", "what a kilometre takes is a positive amount");
    for (const char* level : {"vehicle.soc", "vehicle.target"})
      if (of(level) < 0 || of(level) > 1) return refuse(v, "a `" + std::string(level + 8) + "` of " + print_decimal(of(level) * 100, 0, 6) + "%", "a state of charge is from 0% to 100%; figures of the file are in percent");
    const auto real = [](const Rational& value) { return value.convert_to<double>(); };
    vehicles.capacity.push_back(real(of("vehicle.capacity")));
    vehicles.charge_efficiency.push_back(real(of("vehicle.charge_efficiency")));
    vehicles.discharge_efficiency.push_back(real(of("vehicle.discharge_efficiency")));
    vehicles.charge_power.push_back(static_cast<int32_t>(watts(of("vehicle.charge_power"))));
    vehicles.discharge_power.push_back(static_cast<int32_t>(watts(of("vehicle.discharge_power"))));
    vehicles.stored.push_back(vehicles.capacity.back() * real(of("vehicle.soc")));
    vehicles.target.push_back(vehicles.capacity.back() * real(of("vehicle.target")));
    vehicles.taper_from.push_back(real(of("vehicle.taper_from")));
    vehicles.standby.push_back(static_cast<int32_t>(watts(of("vehicle.standby"))));
  }
  if (std::all_of(vehicles.taper_from.begin(), vehicles.taper_from.end(), [](double from) { return from >= 1.0; })) vehicles.taper_from.clear();
  if (std::all_of(vehicles.standby.begin(), vehicles.standby.end(), [](int32_t own) { return own == 0; })) vehicles.standby.clear();
  return vehicles;
}

PolicyWorld Simulation::make_world(const FleetVehicles& vehicles, bool interpret) const {
  PolicyWorld world{settlement, traces, {dispatch.wish}, static_cast<uint32_t>(settlement.series.size())};
  for (const ExpressionId id : {dispatch.reserve, dispatch.ensured})
    if (id) world.outputs.push_back(id);
  if (dispatch.follow) world.outputs.push_back(dispatch.follow);
  for (const TypedDispatch::Limit& limit : dispatch.limits) world.outputs.push_back(limit.cap);
  for (const TypedDispatch::Offer& offer : dispatch.offers) world.outputs.push_back(offer.most);
  for (const TypedDispatch::Cap& cap : dispatch.caps) world.outputs.push_back(cap.left);
  // W that the rest of a site draws at most, or gives.
  const auto most_rest = [&](int sign) -> int64_t {
    const int at = position(sign > 0 ? "import" : "export");
    if (at < 0) return 1;
    const TileSeries& series = traces.member_series[static_cast<size_t>(at)];
    const Rational watts = series.quantum.value() * series.max * 3'600'000 / clock.step_seconds;
    return static_cast<int64_t>(numerator(watts) / denominator(watts)) + 1;
  };
  int64_t most_stored = 1, most_power = 1, longest = 1;
  for (uint32_t v = 0; v < vehicles.size(); ++v) {
    most_stored = std::max(most_stored, static_cast<int64_t>(vehicles.capacity[v] * 1000.0) + 1);
    most_power = std::max<int64_t>({most_power, vehicles.charge_power[v], vehicles.discharge_power[v]});
    for (const PlugIn& plug_in : plug_ins.of_vehicle[v]) longest = std::max(longest, plug_in.ends - plug_in.begins);
  }
  for (const TypedDispatch::State& state : dispatch.states) {
    world.settlement.series.push_back(state.series);
    TileSeries series;
    if (interpret) {
      series = make_tile_series(vehicles.size(), clock.steps, 8, program.series[state.series].request.quantum);
    } else {
      series.members = vehicles.size();
      series.steps = clock.steps;
      series.width = 8;
      series.quantum = program.series[state.series].request.quantum;
    }
    switch (state.state.kind) {
      case FleetState::Kind::stored:
      case FleetState::Kind::target: series.max = most_stored; break;
      case FleetState::Kind::plugged:
      case FleetState::Kind::chosen:
      case FleetState::Kind::raises: series.max = 1; break;
      case FleetState::Kind::seconds_left: series.max = longest; break;
      case FleetState::Kind::rest: series.max = most_rest(1), series.min = -most_rest(-1); break;
      case FleetState::Kind::metered: {
        series.quantum = register_quantum();
        const Rational a_step = Rational(most_power * std::max<int64_t>(vehicles.size(), 1) * clock.step_seconds / 3600 + vehicles.size(), 1000);
        Rational most = a_step;
        for (const char* of : {"import", "export"})
          if (const int at = position(of); at >= 0) most += traces.member_series[static_cast<size_t>(at)].quantum.value() * traces.member_series[static_cast<size_t>(at)].max;
        const Rational units = most * clock.steps / series.quantum.value();
        series.max = static_cast<int64_t>(numerator(units) / denominator(units)) + 1;
        break;
      }
      case FleetState::Kind::total: series.max = most_power * clock.step_seconds / 3600 * clock.steps + clock.steps; break;
    }
    world.traces.member_series.push_back(std::move(series));
    world.traces.clock_series.emplace_back();
  }
  return world;
}

GroupLimit Simulation::make_limit(const TypedDispatch::Limit& limit, uint32_t cap) const {
  GroupLimit made;
  made.cap = cap;
  made.nets = limit.nets;
  made.sharing = limit.sharing;
  made.order = limit.order;
  const uint32_t vehicles = members_of(traces, EntityGrain::vehicle).size();
  made.group_of.assign(vehicles, 0);
  made.groups = 1;
  if (limit.way.empty()) return made;
  made.groups = members_of(traces, limit.group).size();
  const auto follow = [&](uint32_t from, size_t first) {
    for (size_t i = first; i < limit.way.size() && from != UINT32_MAX; ++i) {
      const Rational& named = attribute(program.attributes[limit.way[i]].name.c_str())[from];
      from = named < 0 ? UINT32_MAX : static_cast<uint32_t>(named);
    }
    return from;
  };
  for (uint32_t v = 0; v < vehicles; ++v) made.group_of[v] = follow(v, 0);
  if (!limit.of_meter) return made;
  const TileSeries &import = traces.member_series[static_cast<size_t>(position("import"))], &export_ = traces.member_series[static_cast<size_t>(position("export"))];
  if (limit.group == EntityGrain::site) {
    made.import = &import, made.export_ = &export_;
    return made;
  }
  size_t to_sites = 0;  // attributes up to the site
  while (static_cast<EntityGrain>(program.attributes[limit.way[to_sites++]].type.choices) != EntityGrain::site) {}
  std::vector<uint32_t> group_of_site;
  for (uint32_t site = 0; site < members_of(traces, EntityGrain::site).size(); ++site) group_of_site.push_back(follow(site, to_sites));
  const auto sum = [&](const TileSeries& of) -> std::shared_ptr<const TileSeries> {
    auto all = std::make_shared<TileSeries>(make_tile_series(made.groups, clock.steps, 8, of.quantum));
    for (uint32_t site = 0; site < group_of_site.size(); ++site)
      for (uint32_t step = 0; of.bytes && step < clock.steps && group_of_site[site] != UINT32_MAX; ++step) reinterpret_cast<int64_t*>(all->bytes.get())[all->index(group_of_site[site], step)] += of.at(site, step);
    return all;
  };
  made.sum_of_import = sum(import), made.sum_of_export = sum(export_);
  made.import = made.sum_of_import.get(), made.export_ = made.sum_of_export.get();
  return made;
}

// The vehicles of a pool follow together.
GroupSignal Simulation::make_signal(uint32_t power) const {
  GroupSignal made;
  made.power = power;
  made.groups = members_of(traces, static_cast<EntityGrain>(program.attributes[pool_attribute()].type.choices)).size();
  for (const Rational& pool : attribute("vehicle.pool")) made.group_of.push_back(pool < 0 ? UINT32_MAX : static_cast<uint32_t>(pool));
  return made;
}

Result<ServiceOffer> Simulation::make_offer(size_t offer, uint32_t most) const {
  const TypedService& service = settlement.services[dispatch.offers[offer].service];
  const auto watts = [](const Rational& kilowatts) { return static_cast<int64_t>(numerator(Rational(kilowatts * 1000))); };  // elaboration asks for whole ones
  const auto share = [](const Rational& of, int64_t& over, int64_t& under) { over = static_cast<int64_t>(numerator(of)), under = static_cast<int64_t>(denominator(of)); };
  ServiceOffer made;
  made.up = service.up, made.down = service.down;
  made.most = most;
  Result<Windows> windows = make_windows(clock, service.per);
  if (!windows) return windows.failure();
  made.window_of_step = std::move(windows->window_of_step);
  const std::vector<Rational>& named = attribute("vehicle.pool");
  made.pools = members_of(traces, static_cast<EntityGrain>(program.attributes[pool_attribute()].type.choices)).size();
  for (const Rational& pool : named) made.pool_of.push_back(pool < 0 ? UINT32_MAX : static_cast<uint32_t>(pool));
  made.minimum = watts(service.minimum);
  made.step = std::max<int64_t>(watts(service.step), 1);
  const Rational lead = service.gate * 3600 / clock.step_seconds;  // elaboration asks for a whole one
  made.lead = static_cast<uint32_t>(std::min<Integer>(numerator(lead), clock.steps));
  made.sustain_hours = service.sustain.convert_to<double>();
  made.per_period = service.per_period;
  share(service.held, made.held_per_sold, made.held_denominator);
  share(service.opposite, made.opposite_per_sold, made.opposite_denominator);
  made.activation = options.activations.at(offer);
  const auto wants = [&](const char* what) { return position((what + ("(" + service.symbol) + ")").c_str()) >= 0; };
  made.wants_offered = wants("offered"), made.wants_accepted = wants("accepted"), made.wants_delivered = wants("delivered"), made.wants_missed = wants("missed_energy");
  return made;
}

void Simulation::ask_for_series(FleetRequest& request) const {
  request.clock = &clock;
  request.physics_seconds = settlement.physics_seconds > 0 ? settlement.physics_seconds : clock.step_seconds;
  request.plug_ins = &plug_ins;
  request.moments = options.moments.of_vehicle;
  request.answers = options.moments.answers;
  const bool wants_both = dispatch.bound || position("import") >= 0 || position("export") >= 0;
  request.wants_charged = wants_both || position("charged") >= 0 || position("vehicle_import") >= 0 || position("controllable_import") >= 0;
  request.wants_discharge = wants_both || position("discharge") >= 0 || position("vehicle_export") >= 0;
  request.wants_stored = position("stored") >= 0 || dispatch.bound, request.wants_plugged = position("plugged") >= 0;
  request.wants_departed = position("departed") >= 0, request.wants_wanted = position("wanted") >= 0;
}

Result<FleetRequest> Simulation::make_request(const FleetVehicles& vehicles, const PolicyWorld& world) const {
  FleetRequest request;
  request.vehicles = &vehicles;
  for (const TypedDispatch::State& state : dispatch.states) {
    request.states.push_back(state.state);
    if (state.state.kind != wattlaw::FleetState::Kind::rest && state.state.kind != wattlaw::FleetState::Kind::metered && state.state.kind != wattlaw::FleetState::Kind::raises) continue;
    request.rest.sites = members_of(traces, EntityGrain::site).size();
    request.rest.site_of.clear();
    request.rest.import = &traces.member_series[static_cast<size_t>(position("import"))];
    request.rest.export_ = &traces.member_series[static_cast<size_t>(position("export"))];
    for (const Rational& site : attribute("vehicle.site")) request.rest.site_of.push_back(site < 0 ? UINT32_MAX : static_cast<uint32_t>(site));
  }
  const Quantum registers = register_quantum();
  const auto units = [&](const Rational& of) { return static_cast<int64_t>(*mantissa_of(of, registers)); };
  request.per_watt_hour = units(Rational(1, 1000));
  if (const int at = position("import"); at >= 0) request.per_import = units(traces.member_series[static_cast<size_t>(at)].quantum.value());
  if (const int at = position("export"); at >= 0) request.per_export = units(traces.member_series[static_cast<size_t>(at)].quantum.value());
  request.outputs = static_cast<uint32_t>(world.outputs.size());
  ask_for_series(request);
  uint32_t next = 1;
  if (dispatch.reserve) request.reserve = next++;
  if (dispatch.ensured) request.ensured = next++;
  if (dispatch.follow) request.follow = make_signal(next++);
  for (const TypedDispatch::Limit& limit : dispatch.limits) request.limits.push_back(make_limit(limit, next++));
  for (size_t offer = 0; offer < dispatch.offers.size(); ++offer) {
    auto made = make_offer(offer, next++);
    if (!made) return made.failure();
    request.services.push_back(std::move(*made));
  }
  for (const TypedDispatch::Cap& cap : dispatch.caps) request.caps.push_back({next++, cap.of_discharge});
  for (const TypedDispatch::Total& total : dispatch.totals) {
    Result<Windows> windows = make_windows(clock, total.period);
    if (!windows) return windows.failure();
    request.totals.push_back({total.of_discharge, windows->window_of_step});
  }
  Interpreter interpreter(program, settlement, clock, traces);
  for (const TypedDispatch::SiteTotal& total : dispatch.site_totals) {
    Result<Windows> windows = make_windows(clock, total.period);
    if (!windows) return windows.failure();
    SiteTotal& made = request.site_totals.emplace_back(SiteTotal{total.of_export, windows->window_of_step, {}, {}});
    if (total.peak_of.unit != Period::Unit::none) {
      Result<Windows> open = make_windows(clock, total.peak_of);
      if (!open) return open.failure();
      made.peak_window_of_step = open->window_of_step;
    }
    for (uint32_t step = 0; total.counts && step < clock.steps; ++step) {
      const Value counts = interpreter.evaluate(total.counts, 0, step);
      made.counts.push_back(!counts.nothing && counts.number != 0);
    }
  }
  for (const TypedDispatch::Cheapest& cheapest : dispatch.cheapest) {
    CheapestHours hours;
    for (uint32_t v = 0; v < vehicles.size(); ++v) {
      const Rational intervals = interpreter.evaluate(cheapest.hours, v, 0).number * 3600 / clock.step_seconds;
      const Integer whole = (numerator(intervals) + denominator(intervals) - 1) / denominator(intervals);  // begun intervals count
      hours.intervals.push_back(whole < 0 ? 0 : whole > clock.steps ? clock.steps : static_cast<uint32_t>(whole));
    }
    std::vector<Rational> prices;
    for (uint32_t step = 0; step < clock.steps; ++step) prices.push_back(interpreter.evaluate(cheapest.price, 0, step).number);
    const auto column = column_of(prices);
    if (!column) return Failure{"WL7108", "the prices by which hours are ranked need more than 38 digits", "round them: `… rounded to 0.00001 EUR/kWh half even`", "", 0, ""};
    for (uint32_t step = 0; step < clock.steps; ++step) hours.price.push_back(column->at(step));
    request.cheapest.push_back(std::move(hours));
  }
  if (const auto& fault = interpreter.fault()) return Failure{fault->code, "the dispatch `" + dispatch.name + "`: " + fault->message, "", "", 0, ""};
  return request;
}

// Meters of sites: what the files say flows without vehicles, and the vehicles, netted within the interval.
Result<Ok> Simulation::add_to_meters(const FleetSeries& moved) {
  const std::vector<Rational>& site_of = attribute("vehicle.site");
  const uint32_t sites = members_of(traces, EntityGrain::site).size(), vehicles = members_of(traces, EntityGrain::vehicle).size();
  std::vector<std::vector<uint32_t>> at_site(sites);
  for (uint32_t v = 0; v < vehicles; ++v)
    if (site_of[v] >= 0) at_site[static_cast<size_t>(site_of[v])].push_back(v);
  const int import = position("import"), export_ = position("export");
  const int into[] = {position("vehicle_import"), position("vehicle_export"), position("controllable_import")};
  size_t most_vehicles = 0;
  for (const std::vector<uint32_t>& here : at_site) most_vehicles = std::max(most_vehicles, here.size());
  const int64_t most_at_site = std::max(moved.charged.max, moved.discharge.max) * static_cast<int64_t>(most_vehicles);
  if (import >= 0 && export_ >= 0) {
    const Quantum quantum = common_quantum(common_quantum(traces.member_series[static_cast<size_t>(import)].quantum, traces.member_series[static_cast<size_t>(export_)].quantum), Quantum{1, 1000});
    const auto factor_of = [&](const Quantum& own) { return static_cast<int64_t>(*mantissa_of(own.value(), quantum)); };
    const TileSeries house = traces.member_series[static_cast<size_t>(import)], surplus = traces.member_series[static_cast<size_t>(export_)];
    const int64_t of_house = factor_of(house.quantum), of_surplus = factor_of(surplus.quantum), of_vehicle = factor_of(Quantum{1, 1000});
    const uint8_t width = std::max<uint8_t>(width_for(std::max(house.max * of_house, surplus.max * of_surplus) + most_at_site * of_vehicle), 4);
    TileSeries taken = make_tile_series(sites, clock.steps, width, quantum), given = make_tile_series(sites, clock.steps, width, quantum);
    const auto read = [](const TileSeries& series, size_t cell) -> int64_t { return series.bytes ? series.cell(cell) : 0; };
    const auto put = [](TileSeries& series, size_t cell, int64_t value) {
      if (series.width == 4) reinterpret_cast<int32_t*>(series.bytes.get())[cell] = static_cast<int32_t>(value);
      else reinterpret_cast<int64_t*>(series.bytes.get())[cell] = value;
      series.max = std::max(series.max, value);
    };
    for (uint32_t first = 0; first < sites; first += kTileMembers)
      for (uint32_t step = 0; step < clock.steps; ++step)
        for (uint32_t site = first; site < std::min(first + kTileMembers, sites); ++site) {
          const size_t cell = taken.index(site, step);
          int64_t net = read(house, cell) * of_house - read(surplus, cell) * of_surplus;
          for (const uint32_t v : at_site[site]) {
            const size_t of_car = moved.charged.index(v, step);
            net += (read(moved.charged, of_car) - read(moved.discharge, of_car)) * of_vehicle;
          }
          if (net > 0) put(taken, cell, net);
          if (net < 0) put(given, cell, -net);
        }
    taken.quality = house.quality, given.quality = surplus.quality;
    traces.member_series[static_cast<size_t>(import)] = std::move(taken);
    traces.member_series[static_cast<size_t>(export_)] = std::move(given);
  }
  for (int which = 0; which < 3; ++which) {
    if (into[which] < 0) continue;
    TileSeries sum = make_tile_series(sites, clock.steps, width_for(most_at_site), {1, 1000});
    for (uint32_t site = 0; site < sites; ++site)
      for (uint32_t step = 0; step < clock.steps; ++step) {
        int64_t all = 0;
        for (const uint32_t v : at_site[site]) all += which == 1 ? moved.discharge.at(v, step) : moved.charged.at(v, step);
        sum.set(site, step, all);
        sum.max = std::max(sum.max, all);
      }
    traces.member_series[static_cast<size_t>(into[which])] = std::move(sum);
  }
  return Ok{};
}

// Kernels never explain themselves: the interpreter walks to the fault and says what it is.
Failure Simulation::tell_fault(const FleetVehicles& vehicles) {
  PolicyWorld world = make_world(vehicles, true);
  auto request = make_request(vehicles, world);
  if (!request) return request.failure();
  Interpreter interpreter(program, world.settlement, clock, world.traces);
  struct Watch : FleetPolicy {
    FleetPolicy* of = nullptr;
    bool decide(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) override { return of->decide(tile, step, states, outputs); }
  } watch;
  const auto policy = make_interpreted_policy(program, world, clock);
  watch.of = policy.get();
  const FleetResult result = simulate_fleet(*request, watch, 1);
  WATTLAW_ASSERT(result.fault, "where kernels have a fault, so has the interpreter");
  const auto [tile, step] = *result.fault;
  for (uint32_t v = tile * kTileMembers; v < std::min(vehicles.size(), (tile + 1) * kTileMembers); ++v)
    for (const ExpressionId id : world.outputs) {
      interpreter.evaluate(id, v, step);
      if (const auto& fault = interpreter.fault())
        return Failure{fault->code, fmt::format("the dispatch `{}`: {}; `{}` at {}", dispatch.name, fault->message, members_of(traces, EntityGrain::vehicle).ids[v], clock.print_step(step)), "", "", 0, ""};
    }
  return Failure{"WL7101", "the dispatch `" + dispatch.name + "` has a fault at " + clock.print_step(step), "", "", 0, ""};
}

// Plans and bounds price what a schedule moves, and what chargers draw themselves is not that.
Result<Ok> Simulation::see_standby(const FleetVehicles& vehicles) const {
  for (uint32_t v = 0; v < vehicles.standby.size(); ++v)
    if (vehicles.standby[v] > 0)
      return Failure{"WL6078", fmt::format("the charger of `{}` draws {} W itself, which neither a plan with hindsight nor a bound of the cost sees", members_of(traces, EntityGrain::vehicle).ids[v], vehicles.standby[v]),
                     "leave `standby` out for the comparison, on both sides of it", "vehicles.csv", 0, ""};
  return Ok{};
}

// What the run could not have cost less than, where that is asked for.
Result<Ok> Simulation::bound(const FleetVehicles& vehicles, const std::vector<GroupLimit>& limits, const FleetResult& result, SimulationReport& report) const {
  if (!dispatch.bound) return Ok{};
  if (auto seen = see_standby(vehicles); !seen) return seen.failure();
  auto of_run = bound_run(program, settlement, clock, traces, vehicles, plug_ins, limits, result.series);
  if (!of_run) return of_run.failure();
  report.bound = *of_run;
  return Ok{};
}

// What has moved, into the meters and the vehicles' series.
Result<Ok> Simulation::keep(FleetResult& result) {
  if (auto added = add_to_meters(result.series); !added) return added.failure();
  tell_moments(program, settlement, options.moments, result.moments, traces);
  const std::pair<const char*, TileSeries*> filled[] = {{"charged", &result.series.charged}, {"discharge", &result.series.discharge}, {"stored", &result.series.stored},
                                                        {"plugged", &result.series.plugged}, {"departed", &result.series.departed},   {"wanted", &result.series.wanted}};
  for (const auto& [name, series] : filled)
    if (const int at = position(name); at >= 0) traces.member_series[static_cast<size_t>(at)] = std::move(*series);
  for (size_t i = 0; i < result.series.services.size(); ++i) {
    FleetSeries::OfService& of = result.series.services[i];
    const std::string& symbol = settlement.services[dispatch.offers[i].service].symbol;
    const std::pair<const char*, TileSeries*> sold[] = {{"offered", &of.offered}, {"accepted", &of.accepted}, {"delivered", &of.delivered}, {"missed_energy", &of.missed}};
    for (const auto& [what, series] : sold)
      if (const int at = position((what + ("(" + symbol) + ")").c_str()); at >= 0) traces.member_series[static_cast<size_t>(at)] = std::move(*series);
  }
  return Ok{};
}

Result<SimulationReport> Simulation::follow_plan(const FleetVehicles& vehicles) {
  for (uint32_t v = 0; v < vehicles.taper_from.size(); ++v)
    if (vehicles.taper_from[v] < 1.0)
      return Failure{"WL6078", "`" + members_of(traces, EntityGrain::vehicle).ids[v] + "` charges at less than full power from " + print_decimal(attribute("vehicle.taper_from")[v] * 100, 0, 6) + "% on, which a plan with hindsight does not see",
                     "leave `taper_from` out for the plan, or compare a policy with `wattlaw run --bound`", "vehicles.csv", 0, ""};
  if (auto seen = see_standby(vehicles); !seen) return seen.failure();
  const auto begin = std::chrono::steady_clock::now();
  auto planned = plan_dispatch(program, settlement, clock, traces, vehicles, plug_ins, options.threads);
  if (!planned) return planned.failure();
  FleetRequest request;
  ask_for_series(request);
  request.vehicles = &vehicles;
  request.states = {{wattlaw::FleetState::Kind::stored, 0}};
  SimulationReport report;
  FleetResult result = simulate_fleet(request, *planned->policy, options.threads);
  report.planned_cost = planned->cost;
  report.run_ms = ms_since(begin);
  report.counts = result.counts;
  if (auto bounded = bound(vehicles, {}, result, report); !bounded) return bounded.failure();
  if (auto kept = keep(result); !kept) return kept.failure();
  return report;
}

}  // namespace

Result<SimulationReport> simulate(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const PlugIns& plug_ins, Traces& traces, const SimulateOptions& options) {
  Simulation simulation{program, settlement, clock, plug_ins, traces, options};
  SimulationReport report;
  Result<FleetVehicles> vehicles = simulation.read_vehicles();
  if (!vehicles) return vehicles.failure();
  if (settlement.dispatch->optimum) return simulation.follow_plan(*vehicles);
  PolicyWorld world = simulation.make_world(*vehicles, options.interpret);
  Result<FleetRequest> request = simulation.make_request(*vehicles, world);
  if (!request) return request.failure();
  std::unique_ptr<FleetPolicy> policy;
  if (!options.interpret) {
    auto made = make_kernel_policy(program, world, clock, options.cpu, report.compile_ms);
    if (!made) return made.failure();
    policy = std::move(*made);
    if (!policy) world = simulation.make_world(*vehicles, true), report.interpreted = true;
  }
  const bool by_kernels = policy != nullptr;
  if (!policy) policy = make_interpreted_policy(program, world, clock);
  const auto begin = std::chrono::steady_clock::now();
  FleetResult result = simulate_fleet(*request, *policy, by_kernels ? options.threads : 1);
  report.run_ms = ms_since(begin);
  if (result.fault) return simulation.tell_fault(*vehicles);
  report.counts = result.counts;
  if (auto bounded = simulation.bound(*vehicles, request->limits, result, report); !bounded) return bounded.failure();
  if (auto kept = simulation.keep(result); !kept) return kept.failure();
  return report;
}

}  // namespace wattlaw
