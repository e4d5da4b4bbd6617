// A fleet that decides, moves and is metered, by one thread: vehicle-steps a second (a vehicle in a quarter-hour), and as ratios of one run
//   vs_scalar   time of the loop that one would write by hand, a vehicle after the other, over that of the simulation; the same meters come out
//   read_share  time of a plain sum over one series of the fleet over that of the simulation
// rule_fleet has rows and a reserve of charge; pool_fleet has a limit for each site, an offer to a service and a contract that is settled.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "compiler/compile.h"
#include "compiler/plan/settle.h"
#include "compiler/plan/simulate.h"
#include "runtime/fleet/battery.h"
#include "runtime/fleet/gate.h"

namespace wattlaw {
namespace {

constexpr uint32_t kVehicles = 1984;
constexpr int kRuns = 3;

constexpr const char* kRule = R"(
currency EUR
rounding 0.01 EUR half up per line
trace market { spot: EUR/kWh every 1 h }
contract Wear between VehicleOwner and Aggregator {
  covers vehicle
  partial periods in full
  pay Aggregator -> VehicleOwner wear on discharge at 0.057 EUR/kWh
}
dispatch Prices for vehicle {
  keep soc >= 40%
  when market.spot <= 0.08 EUR/kWh => charge
  when market.spot >= 0.30 EUR/kWh => discharge
  otherwise => idle
}
scenario Year { period 2026-01-01 to 2026-04-01 every 15 min  zone "Europe/Copenhagen"  data "traces"  dispatch Prices  apply Wear to every vehicle }
)";

constexpr const char* kPool = R"(
currency EUR
rounding 0.01 EUR half up per line
trace market { spot: EUR/kWh  fcr_d_up: EUR/MW/h  every 1 h }
trace grid { frequency: Hz  every 5 min }
attribute site.capacity: kW = 9 kW
service FCR_D_up {
  from TransmissionOperator to Aggregator
  bid at least 0.1 MW in steps of 0.1 MW, per hour
  activate by grid.frequency linearly { at 49.5 Hz => 100%  at 49.9 Hz => 0% }
  sustain 20 min
  derate 100%, 20% opposite
  pays market.fcr_d_up for offered
}
contract Share between VehicleOwner and Aggregator {
  covers vehicle where vehicle.pool is not none
  partial periods in full
  pay Aggregator -> VehicleOwner share of 65% of revenue(FCR_D_up) per pool allocated by offered otherwise equally for each month
  pay Aggregator -> VehicleOwner there of 0.02 EUR/h * hours(plugged) per month at most 20.00 EUR
  pay Aggregator -> VehicleOwner late of 5.00 EUR for each departure when soc < target
  limit sum(discharge) per year <= 2000 kWh
}
dispatch Stack for vehicle {
  ensure target by departure
  keep soc >= 40%
  offer FCR_D_up from headroom
  limit sum(power) per site <= site.capacity sharing least laxity
  when market.spot <= 0.08 EUR/kWh => charge
  when market.spot >= 0.30 EUR/kWh => discharge
  otherwise => idle
}
scenario Year { period 2026-01-01 to 2026-04-01 every 15 min  physics every 5 min  zone "Europe/Copenhagen"  data "traces"  dispatch Stack  apply Share to every vehicle }
)";

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "fleet_bench: {}\n", why);
  std::exit(1);
}

uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

struct Fleet {
  Compilation compiled;
  const Settlement* settlement = nullptr;
  Clock clock;
  PlugIns plug_ins;
  SimulateOptions options;
  std::vector<int64_t> spot;           // thousandths of EUR/kWh, by step

  explicit Fleet(const char* text) : compiled(compile_text(text, "bench.watt", {.standalone = false})) {
    if (!compiled.ok()) fail(compiled.diagnostics.all().front().message);
    settlement = &compiled.program.settlements.front();
    clock = *make_clock(*Zone::load(settlement->zone), settlement->history_from, settlement->until, settlement->step_seconds);
    for (uint32_t step = 0; step < clock.steps; ++step) spot.push_back(static_cast<int64_t>(mix(step / 4) % 400));
    plug_ins.of_vehicle.resize(kVehicles);
    for (uint32_t v = 0; v < kVehicles; ++v)
      for (int64_t at = static_cast<int64_t>(mix(v) % 40000); at < int64_t{clock.steps} * clock.step_seconds;) {
        const int64_t stay = 20000 + static_cast<int64_t>(mix(static_cast<uint64_t>(at) * 7919 + v) % 40000);
        plug_ins.of_vehicle[v].push_back({clock.begin + at, clock.begin + at + stay, {}, {}, static_cast<double>(mix(static_cast<uint64_t>(at) + v) % 9000) / 1000.0});
        at += stay + 10000 + static_cast<int64_t>(mix(static_cast<uint64_t>(at) + v * 31) % 30000);
      }
    const uint64_t physics = uint64_t{clock.steps} * static_cast<uint64_t>(clock.step_seconds / (settlement->physics_seconds > 0 ? settlement->physics_seconds : clock.step_seconds));
    for (size_t offer = 0; offer < settlement->dispatch->offers.size(); ++offer) {
      options.activations.emplace_back();
      for (uint64_t step = 0; step < physics; ++step) options.activations.back().push_back(mix(step) % 20 == 0 ? static_cast<int64_t>(mix(step * 3) % kBillion) : 0);
    }
  }

  Traces traces() const {
    Traces made;
    const TypedProgram& program = compiled.program;
    for (size_t entity = 1; entity < program.entities.size(); ++entity) {
      made.members.emplace_back();
      const uint32_t count = static_cast<EntityGrain>(entity) == EntityGrain::vehicle ? kVehicles : static_cast<EntityGrain>(entity) == EntityGrain::site ? kVehicles / 2 : 4;
      for (uint32_t i = 0; i < count; ++i) made.members.back().ids.push_back(fmt::format("{:05}", i));
    }
    for (uint32_t index : settlement->attributes) {
      const AttributeDeclaration& attribute = program.attributes[index];
      std::vector<Rational> values;
      for (uint32_t m = 0; m < members_of(made, attribute.entity).size(); ++m) {
        if (attribute.name == "vehicle.site") values.emplace_back(m / 2);
        else if (attribute.name == "vehicle.pool") values.emplace_back(m % 4);
        else if (attribute.name == "vehicle.capacity") values.emplace_back(40 + m % 40);
        else if (attribute.name.ends_with("_power")) values.emplace_back(7);
        else if (attribute.name.ends_with("_efficiency")) values.emplace_back(92, 100);
        else if (attribute.name == "site.capacity") values.emplace_back(9);
        else if (attribute.name == "vehicle.target") values.emplace_back(8, 10);
        else if (attribute.request.is_quiet) values.push_back(*attribute.request.default_value);
        else values.emplace_back(6, 10);
      }
      made.attributes.push_back(std::move(values));
    }
    for (uint32_t index : settlement->series) {
      const SeriesDeclaration& series = program.series[index];
      made.member_series.emplace_back();
      made.clock_series.emplace_back();
      if (series.entity != EntityGrain::none) continue;
      made.clock_series.back().quantum = {1, 1000};
      for (uint32_t step = 0; step < clock.steps; ++step) made.clock_series.back().values.push_back(spot[step]);
    }
    return made;
  }
  const TileSeries& series(const Traces& of, const std::string& name) const {
    for (size_t i = 0; i < settlement->series.size(); ++i)
      if (compiled.program.series[settlement->series[i]].name == name) return of.member_series[i];
    fail("no series " + name);
  }
};

double ms_of(auto&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// What one would write for kRule: a vehicle after the other, as soon as its interval is reached. Wh discharged by all.
int64_t by_hand(const Fleet& fleet) {
  int64_t all = 0;
  for (uint32_t v = 0; v < kVehicles; ++v) {
    Batteries<1> b;
    b.capacity[0] = 40 + v % 40, b.energy[0] = 0.6 * b.capacity[0];
    b.charge_efficiency[0] = b.discharge_efficiency[0] = 0.92;
    b.charge_power[0] = b.discharge_power[0] = 7000;
    const StepRates<1> rates = rates_for(b, 0.25);
    const std::vector<PlugIn>& stays = fleet.plug_ins.of_vehicle[v];
    size_t at = 0;
    bool is_there = false;
    int64_t joules = 0;
    for (uint32_t step = 0; step < fleet.clock.steps; ++step) {
      const Instant now = fleet.clock.instant_of(step);
      while (at < stays.size() && (is_there ? stays[at].ends : stays[at].begins) <= now) {
        if (is_there) ++at;
        else b.energy[0] = std::max(b.energy[0] - stays[at].used, 0.0);
        is_there = !is_there;
      }
      int32_t set = 0, applied = 0;
      if (is_there) {
        if (fleet.spot[step] <= 80) {
          set = 7000;
        } else if (fleet.spot[step] >= 300) {
          const double most = most_discharge(b.energy[0], 0.4 * b.capacity[0], rates.watts_out[0]);
          set = most > 0.0 ? -static_cast<int32_t>(std::min(most, 7000.0)) : 0;
        }
        if (stays[at].ends < now + fleet.clock.step_seconds) set = 0;
      }
      step_batteries(b, rates, &set, &applied);
      if (applied < 0) all += read_register(joules, int64_t{-applied} * 900);
    }
  }
  return all;
}

void measure(benchmark::State& state, const char* text, bool has_hand) {
  const Fleet fleet(text);
  double simulate_ms = 1e9, settle_ms = 1e9, hand_ms = 1e9, read_ms = 1e9;
  int64_t moved = 0, hand = 0;
  for (auto _ : state) {
    Traces traces = fleet.traces();
    const auto report = simulate(fleet.compiled.program, *fleet.settlement, fleet.clock, fleet.plug_ins, traces, fleet.options);
    if (!report) fail(report.failure().message);
    if (report->interpreted) fail("the kernels cannot decide it");
    simulate_ms = std::min(simulate_ms, report->run_ms);
    const auto settled = settle(fleet.compiled.program, *fleet.settlement, fleet.clock, traces, {});
    if (!settled) fail(settled.failure().message);
    settle_ms = std::min(settle_ms, settled->run_ms);
    const TileSeries& discharge = fleet.series(traces, "discharge");
    read_ms = std::min(read_ms, ms_of([&] {
                         moved = 0;
                         for (size_t i = 0; i < size_t{discharge.tiles()} * discharge.steps * kTileMembers; ++i) moved += discharge.cell(i);
                       }));
    if (has_hand) hand_ms = std::min(hand_ms, ms_of([&] { hand = by_hand(fleet); }));
    state.SetIterationTime(simulate_ms / 1000);
  }
  if (moved == 0) fail("nothing moved");
  // Meters round in their own order, but each vehicle's within a watt-hour.
  if (has_hand && std::abs(moved - hand) > kVehicles) fail(fmt::format("{} Wh against {} by hand", moved, hand));
  state.counters["M_vehicle_steps_per_s"] = static_cast<double>(kVehicles) * fleet.clock.steps / simulate_ms / 1000;
  state.counters["settle_ms"] = settle_ms;
  state.counters["read_share"] = read_ms / simulate_ms;
  if (has_hand) state.counters["vs_scalar"] = hand_ms / simulate_ms;
}

void rule_fleet(benchmark::State& state) { measure(state, kRule, true); }
void pool_fleet(benchmark::State& state) { measure(state, kPool, false); }

BENCHMARK(rule_fleet)->UseManualTime()->Iterations(kRuns)->Unit(benchmark::kMillisecond);
BENCHMARK(pool_fleet)->UseManualTime()->Iterations(kRuns)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wattlaw
