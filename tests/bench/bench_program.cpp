#include "tests/bench/bench_program.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlaw {
namespace {

constexpr Period kStep{Period::Unit::interval}, kHour{Period::Unit::hour}, kDay{Period::Unit::day}, kMonth{Period::Unit::month};
constexpr Grain kSiteStep{EntityGrain::site, kStep}, kSiteMonth{EntityGrain::site, kMonth}, kSiteHour{EntityGrain::site, kHour}, kClockStep{EntityGrain::none, kStep};
const Dimension kEnergy{.energy = 1}, kPower{.energy = 1, .time = -1}, kMoney{.money = 1}, kPrice{.energy = -1, .money = 1};

Rational decimal(const std::string& text) { return *parse_decimal(text); }
Type number_of(Dimension dimension) { return {.dimension = dimension}; }

struct Writer {
  BenchProgram out;

  explicit Writer(const BenchData& data) {
    out.program.currencies = {"NOK"};
    for (const char* name : {"import", "export", "spot"}) {
      SeriesDeclaration series{.name = name, .entity = name[0] == 's' ? EntityGrain::none : EntityGrain::site, .type = number_of(name[0] == 's' ? kPrice : kEnergy)};
      series.request.per_member = name[0] != 's';
      out.settlement.series.push_back(static_cast<uint32_t>(out.program.series.size()));
      out.program.series.push_back(std::move(series));
    }
    out.settlement.from = data.clock.first_date;
    out.settlement.until = data.clock.end_date;
    out.settlement.step_seconds = data.clock.step_seconds;
  }

  ExpressionId add(Expression e) {
    out.program.expressions.push_back(std::move(e));
    return {static_cast<uint32_t>(out.program.expressions.size()) - 1};
  }
  ExpressionId constant(const std::string& text, Dimension dimension = {}) { return add({.op = Op::constant, .type = number_of(dimension), .value = decimal(text)}); }
  ExpressionId make(Op op, Dimension dimension, Grain grain, std::vector<ExpressionId> operands) {
    return add({.op = op, .type = number_of(dimension), .grain = grain, .operands = std::move(operands)});
  }
  ExpressionId import() { return add({.op = Op::series, .type = number_of(kEnergy), .grain = kSiteStep, .index = 0}); }
  ExpressionId exported() { return add({.op = Op::series, .type = number_of(kEnergy), .grain = kSiteStep, .index = 1}); }
  ExpressionId spot() { return add({.op = Op::series, .type = number_of(kPrice), .grain = kClockStep, .index = 2}); }
  ExpressionId fold(Aggregate fn, ExpressionId of, Period period, int take = 0) {
    Expression e{.op = Op::aggregate, .type = out.program[of].type, .grain = {EntityGrain::site, period}, .operands = {of}};
    e.fn = fn, e.period = period, e.take = take;
    return add(std::move(e));
  }
  ExpressionId in_times(TimeSet set) {
    out.program.time_sets.push_back(std::move(set));
    Expression e{.op = Op::in_time_set, .type = {.kind = ValueKind::boolean}, .grain = kClockStep, .index = static_cast<uint32_t>(out.program.time_sets.size()) - 1};
    return add(std::move(e));
  }
  // Workday days, workday evenings, the rest, as in BenchData::band for `shift` 0.
  ExpressionId band_rate(int shift, const std::string& day, const std::string& evening, const std::string& rest) {
    TimeSet days, evenings;
    for (TimeSet* set : {&days, &evenings}) set->weekdays = 0x1f, set->days_said = true;
    days.windows = {{(6 + shift) * 60, (17 + shift) * 60}};
    evenings.windows = {{(17 + shift) * 60, (21 + shift) * 60}};
    const ExpressionId inner = make(Op::select, kPrice, kClockStep, {in_times(evenings), constant(evening, kPrice), constant(rest, kPrice)});
    return make(Op::select, kPrice, kClockStep, {in_times(days), constant(day, kPrice), inner});
  }
  void clause(const std::string& tariff, const std::string& name, ExpressionId quantity, ExpressionId amount) {
    TypedClause made;
    made.tariff = tariff, made.name = name;
    made.payer = made.payer_account = "Consumer", made.payee = made.payee_account = "Supplier";
    made.payer_is_member = true;
    made.billing = kMonth;
    made.rounding = {RoundingGrain::line, decimal("0.01"), RoundingMode::half_up};
    made.present = add({.op = Op::constant, .type = {.kind = ValueKind::boolean}, .value = 1});
    made.quantity = quantity;
    made.amount = amount;
    made.line = add({.op = Op::round, .type = number_of(kMoney), .grain = kSiteMonth, .operands = {amount}, .value = decimal("0.01"), .rounding = RoundingMode::half_up});
    out.settlement.clauses.push_back(std::move(made));
  }
  ExpressionId cost(ExpressionId energy, ExpressionId rate) { return fold(Aggregate::sum, make(Op::multiply, kMoney, kSiteStep, {energy, rate}), kMonth); }
};

uint32_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return static_cast<uint32_t>(x >> 33);
}

}  // namespace

BenchData make_bench_data(uint32_t members) {
  BenchData data;
  data.clock = *make_clock(*Zone::load("Europe/Oslo"), date_of(2025, 1, 1), date_of(2026, 1, 1), 900);
  const uint32_t steps = data.clock.steps;
  data.traces.members.resize(2);
  for (uint32_t m = 0; m < members; ++m) data.traces.members[0].ids.push_back(fmt::format("home_{:05}", m + 1));
  for (int s = 0; s < 2; ++s) {
    TileSeries series = make_tile_series(members, steps, 4, {1, 1000});
    auto* values = reinterpret_cast<int32_t*>(series.bytes.get());
    const size_t count = size_t{series.tiles()} * steps * kTileMembers;
    const uint32_t most = s == 0 ? 6000 : 4000;
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<int32_t>(mix(i * 2 + static_cast<size_t>(s) + 1) % (most + 1));
    series.max = most;
    data.traces.member_series.push_back(std::move(series));
    data.traces.clock_series.emplace_back();
  }
  ClockSeries spot;
  spot.quantum = {1, 100000};
  for (uint32_t t = 0; t < steps; ++t) {
    data.price.push_back(static_cast<int32_t>(mix(t + 77) % 320000) - 15000);
    spot.values.push_back(data.price.back());
  }
  data.traces.member_series.emplace_back();
  data.traces.clock_series.push_back(std::move(spot));
  const Windows months = *make_windows(data.clock, kMonth), days = *make_windows(data.clock, kDay);
  data.month_ends.assign(months.first_step.begin() + 1, months.first_step.end());
  data.day_ends.assign(days.first_step.begin() + 1, days.first_step.end());
  for (uint32_t t = 0; t < steps; ++t) {
    const int hour = data.clock.local_minute[t] / 60;
    const bool workday = weekday_of(data.clock.date_of_step(t)) < 5;
    data.band.push_back(workday && hour >= 6 && hour < 17 ? 0 : workday && hour >= 17 && hour < 21 ? 1 : 2);
  }
  return data;
}

BenchProgram spot_program(const BenchData& data) {
  Writer w(data);
  const ExpressionId import = w.import();
  w.clause("Spot", "energy", w.fold(Aggregate::sum, import, kMonth), w.cost(import, w.spot()));
  return std::move(w.out);
}

BenchProgram bands_program(const BenchData& data) {
  Writer w(data);
  const ExpressionId import = w.import(), exported = w.exported();
  const ExpressionId energy = w.fold(Aggregate::sum, import, kMonth), out = w.fold(Aggregate::sum, exported, kMonth);
  w.clause("Net", "bands", energy, w.cost(import, w.band_rate(0, "0.2314", "0.3912", "0.1105")));
  w.clause("Power", "spot", energy, w.cost(import, w.spot()));
  const ExpressionId net = w.make(Op::maximum, kEnergy, kSiteMonth, {w.make(Op::add, kEnergy, kSiteMonth, {energy, w.make(Op::negate, kEnergy, kSiteMonth, {out})}), w.constant("0")});
  w.clause("Power", "net", net, w.make(Op::multiply, kMoney, kSiteMonth, {net, w.constant("0.0875", kPrice)}));
  const ExpressionId peak = w.fold(Aggregate::maximum, w.make(Op::multiply, kPower, kSiteStep, {import, w.constant("4")}), kMonth);
  w.clause("Net", "peak", peak, w.make(Op::multiply, kMoney, kSiteMonth, {peak, w.constant("47.5")}));
  const ExpressionId bound = w.constant("500", kEnergy);
  const ExpressionId first = w.make(Op::minimum, kEnergy, kSiteMonth, {energy, bound});
  const ExpressionId rest = w.make(Op::maximum, kEnergy, kSiteMonth, {w.make(Op::add, kEnergy, kSiteMonth, {energy, w.constant("-500", kEnergy)}), w.constant("0")});
  const ExpressionId blocks = w.make(Op::add, kMoney, kSiteMonth, {w.make(Op::multiply, kMoney, kSiteMonth, {first, w.constant("0.10")}), w.make(Op::multiply, kMoney, kSiteMonth, {rest, w.constant("0.14")})});
  w.clause("Tax", "blocks", energy, blocks);
  return std::move(w.out);
}

BenchProgram ladder_program(const BenchData& data) {
  Writer w(data);
  const ExpressionId power = w.make(Op::multiply, kPower, kSiteStep, {w.import(), w.constant("4")});
  const ExpressionId hourly = w.fold(Aggregate::mean, power, kHour), daily = w.fold(Aggregate::maximum, hourly, kDay);
  const ExpressionId peak = w.fold(Aggregate::mean, daily, kMonth, 3);
  ExpressionId fee = w.constant("130", kMoney);
  for (const auto& [from, price] : {std::pair("2", "190"), {"5", "280"}, {"10", "375"}, {"15", "470"}, {"20", "565"}, {"22", "660"}}) {
    Expression at{.op = Op::less_equal, .type = {.kind = ValueKind::boolean}, .grain = kSiteMonth, .operands = {w.constant(from, kPower), peak}};
    fee = w.make(Op::select, kMoney, kSiteMonth, {w.add(std::move(at)), w.constant(price, kMoney), fee});
  }
  w.clause("Net", "capacity", peak, fee);
  return std::move(w.out);
}

BenchProgram fused_program(const BenchData& data, int tariffs) {
  Writer w(data);
  const ExpressionId import = w.import(), spot = w.spot();
  const ExpressionId energy = w.fold(Aggregate::sum, import, kMonth);
  for (int i = 0; i < tariffs; ++i) {
    const std::string name = fmt::format("Tariff{}", i + 1);
    const ExpressionId rate = w.band_rate(i % 4 - 1, fmt::format("0.{}", 2300 + 17 * i), fmt::format("0.{}", 3900 + 11 * i), fmt::format("0.{}", 1100 + 7 * i));
    w.clause(name, "grid", energy, w.cost(import, rate));
    const ExpressionId price = w.make(Op::add, kPrice, kClockStep, {w.make(Op::multiply, kPrice, kClockStep, {spot, w.constant(fmt::format("1.{}", 25 + i))}), w.constant(fmt::format("0.0{}", 11 + i), kPrice)});
    w.clause(name, "spot", energy, w.cost(import, price));
  }
  return std::move(w.out);
}

}  // namespace wattlaw
