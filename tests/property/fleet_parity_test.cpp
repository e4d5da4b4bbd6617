// Dispatches drawn at random over random plug-ins: what kernels decide and what the interpreter decides, the meters that follow, and the
// ledger settled on them, to the last digit. fleet_parity_test [--cases N] [--from SEED]
#include <fmt/format.h>

#include <cstring>
#include <random>

#include "compiler/compile.h"
#include "compiler/interpret/interpret.h"
#include "compiler/plan/settle.h"
#include "compiler/plan/simulate.h"

namespace wattlaw {
namespace {

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  std::string one_of(std::initializer_list<const char*> texts) { return *(texts.begin() + below(static_cast<int>(texts.size()))); }

 private:
  std::mt19937_64 random_;
};

std::string condition(Draw& draw) {
  switch (draw.below(12)) {
    case 0: return fmt::format("marginal(import) {} 0.{:02} EUR/kWh", draw.one_of({"<", "<=", ">=", ">"}), draw.below(40));
    case 1: return fmt::format("marginal(export) {} 0.{:02} EUR/kWh", draw.one_of({"<", ">="}), draw.below(30));
    case 2: return fmt::format("soc {} {}%", draw.one_of({"<", "<=", ">=", ">"}), draw.below(100));
    case 3: return "soc < target";
    case 4: return fmt::format("time_left {} {} h", draw.one_of({"<", ">="}), 1 + draw.below(9));
    case 5: return fmt::format("sum({}) so far this {} < {} kWh", draw.one_of({"discharge", "charged"}), draw.one_of({"day", "week", "month"}), 1 + draw.below(30));
    case 6: return "Load is day";
    case 10: return fmt::format("so_far({}) {} {} kW", draw.one_of({"max(power) per month", "max(mean(power) per hour) per day", "max(power where Load is day) per week"}), draw.one_of({"<", ">="}), draw.below(12));
    case 11: return "rest_power < next_step(Ladder.capacity)";
    case 9: return fmt::format("rest_power {} {} kW", draw.one_of({"<", ">="}), draw.below(6) - 1);
    case 7: return fmt::format("stored {} {}.5 kWh and plugged", draw.one_of({"<", ">="}), draw.below(40));
    default: return fmt::format("market.spot * {} > vehicle.patience", 1 + draw.below(3));
  }
}

std::string action(Draw& draw) {
  switch (draw.below(8)) {
    case 0: return "idle";
    case 7: return "charge at next_step(Ladder.capacity) - rest_power";
    case 1: return "discharge";
    case 2: return fmt::format("discharge at {}.{} kW", draw.below(9), draw.below(10));
    case 3: return fmt::format("charge at {} kW * soc", 1 + draw.below(8));
    case 4: return fmt::format("charge in cheapest {} h until departure by market.spot", 1 + draw.below(6));
    case 5: return "charge at (1 - soc) * vehicle.capacity / 7 h";
    default: return "charge";
  }
}

// Without the clauses that have blocks, which only a dispatch that knows the running month can price.
std::string without_blocks(std::string text) {
  for (size_t at; (at = text.find(" in blocks per ")) != std::string::npos;) {
    const size_t begin = text.rfind('\n', at) + 1;
    text.erase(begin, text.find('\n', at) + 1 - begin);
  }
  return text;
}

constexpr const char* kLimitOfAll = "  limit sum(power) over all <= 25 kW\n";

std::string random_dispatch(uint64_t seed) {
  Draw draw(seed);
  std::string text = R"(currency EUR
rounding 0.01 EUR half up per line
trace market { spot: EUR/kWh   ready: EUR/kW/h every 1 h }
trace grid { frequency: Hz every 5 min }
bands Load { day = 06:00 to 22:00   night = otherwise }
attribute site.capacity: kW = 11 kW
attribute vehicle.pool: pool
attribute vehicle.patience: EUR/kWh = 0.2 EUR/kWh
tariff Supply from Consumer to EnergySupplier {
  prices ex vat
  partial periods in full
  blocks chronologically
  charge spot on import at market.spot
  charge grid on import by Load { day => 0.11 EUR/kWh  night => 0.03 EUR/kWh }
  charge peak on max(mean(power) per hour) per month at 2 EUR/kW
  credit feed_in on export at 50% of market.spot
  charge tiers on import in blocks per month { first 12 kWh => 0.02 EUR/kWh  next 30 kWh => 0.11 EUR/kWh  rest => 0.31 EUR/kWh }
  charge evening on import in blocks per day { first 4 kWh => by Load { day => 0.01 EUR/kWh  night => 0.05 EUR/kWh }  rest => 0.16 EUR/kWh } when Load is day
  credit fed_in_steps on export in blocks per week { first 3 kWh => 0.20 EUR/kWh  rest => 0.02 EUR/kWh }
  tax vat at 25% on all to State
}
tariff Ladder from Consumer to DistributionOperator {
  partial periods in full
  charge capacity on 1 by max(mean(power) per hour) per month { up to 2 kW => 3 EUR  up to 5 kW => 6 EUR  up to 8.5 kW => 13 EUR  otherwise => 20 EUR }
}
service Down {
  from TransmissionOperator to Aggregator
  bid at least 2 kW in steps of 1 kW, per hour
  activate by grid.frequency linearly { at 50.1 Hz => 0%   at 50.5 Hz => -100% }
  sustain 20 min
  derate 100%, 20% opposite
  pays market.ready for offered
  penalty 0.4 EUR/kWh for missed_energy
}
service Both {
  from TransmissionOperator to Aggregator
  bid at least 5 kW in steps of 2 kW, per day
  activate by grid.frequency linearly { at 49.9 Hz => 100%   at 50.1 Hz => -100% }
  sustain 1 h
  derate 134%
  pays 0.03 EUR/kWh for delivered
}
contract Share between VehicleOwner and Aggregator {
  covers vehicle
  partial periods in full
  limit sum(discharge) per week <= 25.5 kWh when vehicle.patience > 0.5 EUR/kWh
  limit sum(charged) per day <= 21 kWh
  pay Aggregator -> VehicleOwner wear on discharge at 0.057 EUR/kWh
  pay Aggregator -> VehicleOwner late of 1.25 EUR for each departure when soc < target
  pay Aggregator -> VehicleOwner there of 0.013 EUR/h * hours(plugged) per month
  pay Aggregator -> VehicleOwner part of 0.1 EUR/kWh * sum(discharge) per pool per month allocated by sum(discharge) per month otherwise equally for each month
}
contract Worn between VehicleOwner and Aggregator {
  covers vehicle
  partial periods in full
  pay Aggregator -> VehicleOwner wear on discharge at 0.057 EUR/kWh
}
dispatch Drawn for vehicle {
)";
  if (draw.one_in(2)) text = without_blocks(std::move(text));
  if (draw.one_in(3)) text.insert(text.find("sustain 20 min") + std::string("sustain 20 min").size(), " for each period");
  for (const char* service : {"0.4 EUR/kWh for missed_energy", "0.03 EUR/kWh for delivered"})
    if (draw.one_in(3)) text.insert(text.find(service) + std::strlen(service), fmt::format("\n  gate {} h{}", 1 + draw.below(3), draw.one_in(2) ? "\n  otherwise pays 0.01 EUR/kW/h" : ""));
  if (draw.one_in(4)) text += fmt::format("  follow {}\n", draw.one_of({"by Load { day => 3 kW  night => -4 kW }", "vehicle.charge_power - 2 kW", "market.spot / 0.01 EUR/kWh * 0.3 kW - 3 kW", "6.5 kW"}));
  if (!draw.one_in(3)) text += draw.one_in(2) ? "  ensure target by departure\n" : fmt::format("  ensure {}% by departure\n", 20 + draw.below(80));
  for (int i = draw.below(3); i > 0; --i) text += fmt::format("  keep soc >= {}%{}\n", draw.below(90), draw.one_in(2) ? " while " + condition(draw) : "");
  const bool sells = draw.one_in(2);
  if (draw.one_in(2)) text += fmt::format("  limit sum({}) per site <= {} sharing {}\n", draw.one_of({"power", "net_power"}), draw.one_of({"site.capacity", "5 kW", "by Load { day => 4 kW  night => site.capacity }"}),
                                          draw.one_of({"equal", "proportional", "least laxity", "earliest departure", "earliest arrival", "largest remaining"}));
  if (draw.one_in(3)) text += fmt::format("  limit sum(net_power) per pool <= {} kW sharing {}\n", 3 + draw.below(20), draw.one_of({"equal", "proportional"}));
  if (draw.one_in(4)) text += kLimitOfAll;
  for (const char* service : {"Down", "Both"})
    if (sells && !draw.one_in(3)) text += fmt::format("  offer {} from {}\n", service, draw.one_of({"headroom", "3 kW", "by Load { day => 2.5 kW  night => 0 kW }", "vehicle.charge_power * soc"}));
  for (int i = draw.below(5); i > 0; --i) text += "  when " + condition(draw) + " => " + action(draw) + "\n";
  text += "  otherwise => " + action(draw) + "\n}\n";
  const char* steps[] = {"1 h", "15 min", "30 min"};
  text += fmt::format("scenario Run {{\n  period 2026-03-{:02} to 2026-04-{:02} every {}\n{}  zone \"Europe/Copenhagen\"\n  data \"traces\"\n  dispatch Drawn\n  apply Supply, Ladder to every site\n  apply Share to every vehicle\n}}\n", 27 + draw.below(3), 1 + draw.below(3),
                      steps[draw.below(3)], draw.one_in(2) ? "  physics every 5 min\n" : "");
  return text;
}

struct World {
  Traces traces;
  PlugIns plug_ins;
};

World random_world(const TypedProgram& program, const Settlement& settlement, const Clock& clock, uint64_t seed) {
  Draw draw(seed ^ 0xf1ee7);
  World world;
  Traces& traces = world.traces;
  const int vehicles = draw.one_in(6) ? 40 : 1 + draw.below(6);
  for (size_t entity = 1; entity < program.entities.size(); ++entity) {
    traces.members.emplace_back();
    const int count = static_cast<EntityGrain>(entity) == EntityGrain::vehicle ? vehicles : 1 + draw.below(std::max(vehicles / 2, 1));
    for (int i = 0; i < count; ++i) traces.members.back().ids.push_back(fmt::format("{}_{:03}", program.entities[entity].name, i));
  }
  for (uint32_t index : settlement.attributes) {
    const AttributeDeclaration& attribute = program.attributes[index];
    std::vector<Rational> values;
    for (uint32_t m = 0; m < members_of(traces, attribute.entity).size(); ++m) {
      if (attribute.type.kind == ValueKind::member) values.emplace_back(draw.one_in(9) ? -1 : draw.below(static_cast<int>(members_of(traces, static_cast<EntityGrain>(attribute.type.choices)).size())));
      else if (attribute.name == "vehicle.capacity") values.emplace_back(200 + draw.below(600), 10);
      else if (attribute.name.ends_with("_power")) values.emplace_back(draw.one_in(6) ? 0 : draw.below(11001), 1000);
      else if (attribute.name.ends_with("_efficiency")) values.emplace_back(80 + draw.below(21), 100);
      else if (attribute.name == "vehicle.taper_from") values.emplace_back(draw.one_in(2) ? 100 : 50 + draw.below(51), 100);
      else if (attribute.request.is_quiet) values.push_back(*attribute.request.default_value);  // a bound does not see chargers that draw power
      else values.emplace_back(draw.below(101), 100);
    }
    traces.attributes.push_back(std::move(values));
  }
  for (uint32_t index : settlement.series) {
    const SeriesDeclaration& series = program.series[index];
    traces.member_series.emplace_back();
    traces.clock_series.emplace_back();
    if (series.entity == EntityGrain::none) {
      traces.clock_series.back().quantum = {1, 1000};
      for (uint32_t step = 0; step < clock.steps; ++step) traces.clock_series.back().values.push_back(draw.below(400) - 40);
    } else if (series.entity == EntityGrain::site && draw.one_in(2)) {
      TileSeries house = make_tile_series(members_of(traces, EntityGrain::site).size(), clock.steps, 4, {1, 1000});
      for (uint32_t m = 0; m < house.members; ++m)
        for (uint32_t step = 0; step < clock.steps; ++step) house.set(m, step, draw.below(1500));
      house.max = 1500;
      traces.member_series.back() = std::move(house);
    } else if (series.entity == EntityGrain::site) {
      traces.member_series.back() = make_tile_series(members_of(traces, EntityGrain::site).size(), clock.steps, 4, {1, 1000});
    }
  }
  world.plug_ins.of_vehicle.resize(static_cast<size_t>(vehicles));
  const int64_t length = int64_t{clock.steps} * clock.step_seconds;
  for (auto& rows : world.plug_ins.of_vehicle)
    for (int64_t at = draw.below(40000) - 20000; at < length;) {
      const int64_t stay = draw.one_in(9) ? draw.below(300) : 600 + draw.below(70000);
      PlugIn plug_in{clock.begin + at, clock.begin + at + stay, {}, {}, draw.below(12000) / 1000.0};
      if (draw.one_in(5)) plug_in.soc = draw.below(101) / 100.0;
      if (draw.one_in(3)) plug_in.target = draw.below(101) / 100.0;
      rows.push_back(plug_in);
      at += stay + draw.below(50000);
    }
  return world;
}

// The same, or a policy of std.dispatch, under clauses that a bound of the cost can see.
std::string random_bounded(uint64_t seed) {
  static const char* const kPolicies[] = {"as_soon_as_possible", "as_late_as_possible", "balanced", "equal_share", "least_laxity_first", "earliest_deadline_first", "first_come_first_served", "largest_remaining_first", "price_thresholds", "peak_shaving", "self_consumption"};
  std::string text = without_blocks(random_dispatch(seed));
  const auto put = [&](const std::string& in_place_of, const std::string& what) { text.replace(text.find(in_place_of), in_place_of.size(), what); };
  put("apply Share", "apply Worn");
  if (seed % 2 == 0) return text;
  Draw draw(seed ^ 0xb0bd);
  put("  dispatch Drawn\n", fmt::format("  dispatch std.dispatch.{}\n  set cheap = 0.1 EUR/kWh\n  set dear = 0.{} EUR/kWh\n", kPolicies[draw.below(std::size(kPolicies))], 1 + draw.below(3)));
  put("attribute site.capacity: kW = 11 kW\n", "");
  return "import std.dispatch\n" + text;
}

// What a frequency would call for: mostly little, now and then everything.
std::vector<std::vector<int64_t>> random_activations(const Settlement& settlement, const Clock& clock, uint64_t seed) {
  Draw draw(seed ^ 0xca11);
  std::vector<std::vector<int64_t>> activations;
  const uint64_t steps = uint64_t{clock.steps} * clock.step_seconds / (settlement.physics_seconds > 0 ? settlement.physics_seconds : clock.step_seconds);
  for (const TypedDispatch::Offer& offer : settlement.dispatch->offers) {
    const TypedService& service = settlement.services[offer.service];
    activations.emplace_back();
    for (uint64_t step = 0; step < steps; ++step) {
      const int64_t called = draw.one_in(4) ? draw.below(kBillion + 1) : draw.below(kBillion / 20);
      activations.back().push_back(service.down && (!service.up || draw.one_in(2)) ? -called : called);
    }
  }
  return activations;
}

struct Counts {
  int equal = 0, refused = 0, faults = 0, interpreted = 0;
  uint64_t moved = 0, bids = 0;
  int bounded = 0;
  double least = 0, run = 0;
};

// A run never costs less than its bound.
std::string bound_case(uint64_t seed, Counts& counts) {
  const Compilation compiled = compile_text(random_bounded(seed), "case.watt", {.standalone = false, .bound = true});
  if (!compiled.ok()) {
    for (const Diagnostic& d : compiled.diagnostics.all())
      if (d.severity == Severity::error) return d.code == std::string("WL4226") ? "" : std::string(d.code) + " " + d.message;  // it offers services
    return "refused without a reason";
  }
  const Settlement& settlement = compiled.program.settlements.front();
  const auto clock = make_clock(*Zone::load(settlement.zone), settlement.history_from, settlement.until, settlement.step_seconds);
  World world = random_world(compiled.program, settlement, *clock, seed);
  const auto report = simulate(compiled.program, settlement, *clock, world.plug_ins, world.traces, {});
  if (!report) return report.failure().code == "WL6077" || report.failure().code.starts_with("WL71") ? "" : report.failure().code + " " + report.failure().message;
  const CostBound& cost = report->bound->cost;
  if (cost.least > cost.run + 1e-6) return fmt::format("a bound of {} above the run's {}", cost.least, cost.run);
  ++counts.bounded, counts.least += cost.least, counts.run += cost.run;
  return {};
}

// Whatever rows, departures and services ask for, all together charge with no more than the limit, but for meters of whole watt-hours.
std::string beyond_limit(const Compilation& compiled, const Traces& traces, const Clock& clock) {
  const Settlement& settlement = compiled.program.settlements.front();
  for (size_t i = 0; i < settlement.series.size(); ++i) {
    if (compiled.program.series[settlement.series[i]].name != "charged") continue;
    const TileSeries& charged = traces.member_series[i];
    for (uint32_t step = 0; step < charged.steps; ++step) {
      int64_t all = 0;
      for (uint32_t m = 0; m < charged.members; ++m) all += charged.at(m, step);
      if (all > 25'000 * int64_t{clock.step_seconds} / 3600 + charged.members) return fmt::format("{} Wh charged at step {} under a limit of 25 kW", all, step);
    }
  }
  return {};
}

std::string run_case(uint64_t seed, Counts& counts) {
  Compilation compiled = compile_text(random_dispatch(seed), "case.watt", {.standalone = false});
  if (!compiled.ok()) {
    ++counts.refused;
    for (const Diagnostic& d : compiled.diagnostics.all())
      if (counts.refused <= 3) fmt::print("seed {}: {} {}\n", seed, d.code, d.message);
    return {};
  }
  const TypedProgram& program = compiled.program;
  const Settlement& settlement = program.settlements.front();
  const auto clock = make_clock(*Zone::load(settlement.zone), settlement.history_from, settlement.until, settlement.step_seconds);
  World fast = random_world(program, settlement, *clock, seed), slow = random_world(program, settlement, *clock, seed);
  static const char* kCpus[] = {"x86-64-v2", "haswell", "native"};
  const auto activations = random_activations(settlement, *clock, seed);
  const auto by_kernels = simulate(program, settlement, *clock, fast.plug_ins, fast.traces, {1u + static_cast<unsigned>(seed % 2), kCpus[seed % 3], false, activations});
  const auto by_oracle = simulate(program, settlement, *clock, slow.plug_ins, slow.traces, {1, "native", true, activations});
  if (static_cast<bool>(by_kernels) != static_cast<bool>(by_oracle)) return "only one of them fails: " + (by_kernels ? by_oracle.failure() : by_kernels.failure()).message;
  if (!by_kernels) {
    ++counts.faults;
    return by_kernels.failure().code == by_oracle.failure().code ? "" : "different faults: " + by_kernels.failure().code + " against " + by_oracle.failure().code;
  }
  counts.interpreted += by_kernels->interpreted;
  counts.bids += by_kernels->counts.bids - by_kernels->counts.too_small;
  for (size_t i = 0; i < settlement.series.size(); ++i) {
    const TileSeries &a = fast.traces.member_series[i], &b = slow.traces.member_series[i];
    for (uint32_t m = 0; m < a.members; ++m)
      for (uint32_t step = 0; step < a.steps; ++step) {
        if (a.at(m, step) != b.at(m, step)) return fmt::format("`{}` of member {} at step {}: {} against {}", program.series[settlement.series[i]].name, m, step, a.at(m, step), b.at(m, step));
        if (program.series[settlement.series[i]].name == "discharge" || program.series[settlement.series[i]].name == "charged") counts.moved += static_cast<uint64_t>(a.at(m, step));
      }
  }
  if (random_dispatch(seed).find(kLimitOfAll) != std::string::npos)
    if (const std::string beyond = beyond_limit(compiled, fast.traces, *clock); !beyond.empty()) return beyond;
  const auto settled = settle(program, settlement, *clock, fast.traces, {});
  const auto oracle = settle_interpreted(program, settlement, *clock, slow.traces);
  if (!settled || !oracle) return (settled ? oracle.failure() : settled.failure()).message;
  if (ledger_hash(settled->ledger) != ledger_hash(*oracle)) return "the ledgers differ";
  if (auto zero = check_zero_sum(settled->ledger); !zero) return zero.failure().message;
  ++counts.equal;
  return {};
}

}  // namespace
}  // namespace wattlaw

int main(int argc, char** argv) {
  uint64_t from = 1, cases = 60;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--cases")) cases = std::strtoull(argv[i + 1], nullptr, 10);
    if (!std::strcmp(argv[i], "--from")) from = std::strtoull(argv[i + 1], nullptr, 10);
  }
  wattlaw::Counts counts;
  int failed = 0;
  for (uint64_t seed = from; seed < from + cases && failed < 5; ++seed) {
    std::string difference = wattlaw::run_case(seed, counts);
    if (const std::string wrong = wattlaw::bound_case(seed, counts); !wrong.empty()) difference += " bound: " + wrong;
    if (difference.empty()) continue;
    if (++failed == 1) fmt::print("{}\n", wattlaw::random_dispatch(seed));
    fmt::print("seed {}: {}\n", seed, difference);
  }
  fmt::print("{} cases: {} simulated and settled alike ({} kWh moved, {} bids), {} with a fault, {} refused by check, {} policies without kernels, {} differ\n", cases, counts.equal, counts.moved / 1000, counts.bids, counts.faults, counts.refused,
             counts.interpreted, failed);
  fmt::print("{} runs of {:.2f} in all bounded by {:.2f}\n", counts.bounded, counts.run, counts.least);
  if (static_cast<uint64_t>(counts.bounded) < cases / 3) ++failed;
  // A test that compares little would prove little.
  return failed > 0 || static_cast<uint64_t>(counts.equal) < cases * 9 / 10 || counts.moved == 0 || (cases >= 20 && counts.bids == 0) || static_cast<uint64_t>(counts.interpreted) > cases / 10;
}
