// Builds typed programs by hand for the tests of the interpreter: expressions, series of one or more sites, clocks.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "compiler/interpret/interpret.h"

namespace wattlaw {

inline constexpr Period kStep{Period::Unit::interval}, kHour{Period::Unit::hour}, kDay{Period::Unit::day}, kMonthly{Period::Unit::month},
    kYear{Period::Unit::year}, kAlways{};

inline const Dimension kEnergy{.energy = 1}, kPower{.energy = 1, .time = -1}, kMoney{.money = 1}, kEnergyPrice{.energy = -1, .money = 1}, kHours{.time = 1};

inline Type number_of(Dimension dimension, bool extensive = false) { return {.dimension = dimension, .extensive = extensive}; }
inline Type truth_type() { return {.kind = ValueKind::boolean}; }
inline Rational decimal(const char* text) { return *parse_decimal(text); }

// A program with one settlement over `from` until `until` in Oslo, and its sites' data.
struct Builder {
  TypedProgram program;
  Settlement settlement;
  Clock clock;
  Traces traces;

  Builder(Date from, Date until, int32_t step_seconds = 3600, std::vector<std::string> members = {"home_0001"}) {
    auto zone = Zone::load("Europe/Oslo");
    EXPECT_TRUE(zone) << "the system has no zone data";
    auto made = make_clock(std::move(*zone), from, until, step_seconds);
    EXPECT_TRUE(made);
    clock = std::move(*made);
    settlement.name = "by hand";
    settlement.from = settlement.history_from = from;
    settlement.until = until;
    settlement.step_seconds = step_seconds;
    settlement.zone = "Europe/Oslo";
    traces.members = {{std::move(members)}, {}};
    program.currencies = {"NOK"};
  }

  ExpressionId add(Expression e) {
    program.expressions.push_back(std::move(e));
    return {static_cast<uint32_t>(program.expressions.size() - 1)};
  }
  ExpressionId constant(const char* value, Type type = {}) { return add({.op = Op::constant, .type = type, .value = decimal(value)}); }
  ExpressionId truth(bool value) { return add({.op = Op::constant, .type = truth_type(), .value = Rational(value ? 1 : 0)}); }
  ExpressionId make(Op op, Type type, Grain grain, std::vector<ExpressionId> operands) {
    return add({.op = op, .type = type, .grain = grain, .operands = std::move(operands)});
  }
  ExpressionId aggregate(Aggregate fn, ExpressionId operand, Period period, ExpressionId filter = {}, int take = 0) {
    Expression e{.op = Op::aggregate, .type = program[operand].type, .grain = {program[operand].grain.entity, period}, .operands = {operand}};
    if (filter) {
      e.operands.push_back(filter);
      if (program[filter].grain.entity == EntityGrain::site) e.grain.entity = EntityGrain::site;
    }
    e.fn = fn;
    e.period = period;
    e.take = take;
    return add(std::move(e));
  }
  // A metered series of every site, 0 everywhere; `set` changes readings in Wh.
  ExpressionId metered(const char* name) {
    SeriesDeclaration series{.name = name, .entity = EntityGrain::site, .type = number_of(kEnergy, true)};
    series.request.column = name;
    program.series.push_back(series);
    settlement.series.push_back(static_cast<uint32_t>(program.series.size() - 1));
    traces.member_series.push_back(make_tile_series(traces.members[0].size(), clock.steps, 4, {1, 1000}));
    traces.clock_series.emplace_back();
    return add({.op = Op::series, .type = series.type, .grain = {EntityGrain::site, kStep}, .index = settlement.series.back()});
  }
  ExpressionId power(ExpressionId energy) {
    return make(Op::multiply, number_of(kPower), {EntityGrain::site, kStep}, {energy, constant(clock.step_seconds == 900 ? "4" : "1")});
  }
  ExpressionId in_times(TimeSet set, const char* text) {
    program.time_sets.push_back(std::move(set));
    program.time_set_texts.push_back(text);
    return add({.op = Op::in_time_set, .type = truth_type(), .grain = {EntityGrain::none, kStep}, .index = static_cast<uint32_t>(program.time_sets.size() - 1)});
  }
  uint32_t step_of(Date date, int hour) const {
    uint32_t step = clock.first_step_of(date);
    while (step < clock.steps && clock.local_minute[step] < hour * 60) ++step;
    return step;
  }
  void set(Date date, int hour, int64_t watt_hours, uint32_t member = 0, size_t series = 0) {
    traces.member_series[series].set(member, step_of(date, hour), watt_hours);
  }
  Interpreter interpreter() const { return Interpreter(program, settlement, clock, traces); }
  // The value in the window that holds a step, by a new interpreter.
  Value value(ExpressionId id, uint32_t step = 0, uint32_t site = 0) const {
    Interpreter run(program, settlement, clock, traces);
    const Value result = run.evaluate(id, site, step);
    EXPECT_FALSE(run.fault()) << run.fault()->message;
    return result;
  }
};

// Elvia's ladder of 2026 (target 03): mean of the 3 highest daily peaks; from 0, 2, 5 kW; NOK a month incl. of nothing else.
struct Ladder {
  Builder build{date_of(2026, 3, 1), date_of(2026, 4, 1)};
  ExpressionId import, daily, peak, fee;

  Ladder() {
    import = build.metered("import");
    const ExpressionId power = build.power(import);
    daily = build.aggregate(Aggregate::maximum, power, kDay);
    peak = build.aggregate(Aggregate::mean, daily, kMonthly, {}, 3);
    TypedClause clause;
    clause.tariff = "Elvia";
    clause.name = "capacity";
    clause.payer = clause.payer_account = "Consumer";
    clause.payee = clause.payee_account = "DistributionOperator";
    clause.payer_is_member = true;
    clause.billing = kMonthly;
    clause.rounding = {RoundingGrain::line, decimal("0.01"), RoundingMode::half_up};
    clause.cites = {{"Elvia AS, nettleiepriser", {}}};
    const Grain monthly{EntityGrain::site, kMonthly};
    const ExpressionId at_five = build.make(Op::less_equal, truth_type(), monthly, {build.constant("5", number_of(kPower)), peak});
    const ExpressionId at_two = build.make(Op::less_equal, truth_type(), monthly, {build.constant("2", number_of(kPower)), peak});
    const ExpressionId below_five = build.make(Op::logical_not, truth_type(), monthly, {at_five});
    const ExpressionId below_two = build.make(Op::logical_not, truth_type(), monthly, {at_two});
    const ExpressionId middle = build.make(Op::logical_and, truth_type(), monthly, {at_two, below_five});
    const ExpressionId high = build.constant("240", number_of(kMoney)), mid = build.constant("152", number_of(kMoney)), low = build.constant("100", number_of(kMoney));
    const ExpressionId inner = build.make(Op::select, number_of(kMoney), monthly, {at_two, mid, low});
    fee = build.make(Op::select, number_of(kMoney), monthly, {at_five, high, inner});
    clause.present = build.truth(true);
    clause.quantity = peak;
    clause.amount = fee;
    clause.line = build.add({.op = Op::round, .type = number_of(kMoney), .grain = monthly, .operands = {fee}, .value = decimal("0.01"), .rounding = RoundingMode::half_up});
    ClauseVersion version;
    version.from = date_of(2025, 4, 1);
    version.quantity = peak;
    version.rows = {{"from 0 kW", below_two, {}, low, {}, {0, 10, 20}}, {"from 2 kW", middle, {}, mid, {}, {0, 30, 40}}, {"from 5 kW", at_five, {}, high, {}, {0, 50, 60}}};
    clause.versions.push_back(version);
    clause.span = {0, 1, 9};
    build.settlement.clauses.push_back(clause);
  }
};

}  // namespace wattlaw
