#include "compiler/interpret/interpret.h"

#include <chrono>

#include "compiler/interpret/coverage.h"
#include "compiler/interpret/run_test.h"
#include "tests/unit/build_program.h"

namespace wattlaw {
namespace {

const Grain kSiteStep{EntityGrain::site, kStep}, kSiteMonth{EntityGrain::site, kMonthly};

// G03: peaks 4.2, 3.8 and 5.1 kW on three days: mean 13.1 / 3 kW, exact; the step from 2 kW up to 5 kW.
TEST(Interpret, MeanOfThreeDailyPeaksIsExact) {
  Ladder ladder;
  ladder.build.set(date_of(2026, 3, 2), 17, 4200);
  ladder.build.set(date_of(2026, 3, 9), 18, 3800);
  ladder.build.set(date_of(2026, 3, 20), 7, 5100);
  EXPECT_EQ(ladder.build.value(ladder.peak).number, Rational(131, 30));
  EXPECT_EQ(ladder.build.value(ladder.fee).number, 152);
}

// G03: a second peak on the day of the first (5.0 kW on 2 March) does not count: (5.1 + 4.2 + 3.8) / 3 stays 131/30.
TEST(Interpret, TwoPeaksOnOneDayCountOnce) {
  Ladder ladder;
  ladder.build.set(date_of(2026, 3, 2), 17, 4200);
  ladder.build.set(date_of(2026, 3, 9), 18, 3800);
  ladder.build.set(date_of(2026, 3, 20), 7, 5100);
  ladder.build.set(date_of(2026, 3, 20), 8, 5000);
  EXPECT_EQ(ladder.build.value(ladder.peak).number, Rational(131, 30));
}

// G04: a mean of exactly 5 kW is on the step from 5 kW, one Wh less on one day is not: (5 + 5 + 4.999) / 3 < 5.
TEST(Interpret, StepIncludesItsLowerBound) {
  Ladder ladder;
  for (const int day : {3, 4, 5}) ladder.build.set(date_of(2026, 3, day), 12, 5000);
  EXPECT_EQ(ladder.build.value(ladder.fee).number, 240);
  ladder.build.set(date_of(2026, 3, 5), 12, 4999);
  EXPECT_EQ(ladder.build.value(ladder.fee).number, 152);
}

// Where the filter never holds on a day, that day has no peak: two days with 17:00 to 18:00 import and a filter of Mondays 17 to 18 leave
// the Mondays alone: 2 March (4 kW) and 9 March (2 kW), the other three Mondays of the month 0 kW. Largest 3: 4, 2, 0: mean 2.
TEST(Interpret, DaysWithNothingAreNotTaken) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 4, 1));
  const ExpressionId power = build.power(build.metered("import"));
  TimeSet mondays;
  mondays.weekdays = 1;
  mondays.days_said = true;
  mondays.windows = {{17 * 60, 18 * 60}};
  const ExpressionId filter = build.in_times(mondays, "Monday 17:00 to 18:00");
  const ExpressionId daily = build.aggregate(Aggregate::maximum, power, kDay, filter);
  build.set(date_of(2026, 3, 2), 17, 4000);
  build.set(date_of(2026, 3, 9), 17, 2000);
  build.set(date_of(2026, 3, 10), 17, 9000);  // a Tuesday
  EXPECT_TRUE(build.value(daily, build.step_of(date_of(2026, 3, 10), 0)).nothing);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::count, daily, kMonthly)).number, 5);  // Mondays of March 2026: 2, 9, 16, 23, 30
  EXPECT_EQ(build.value(build.aggregate(Aggregate::mean, daily, kMonthly, {}, 3)).number, 2);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::minimum, daily, kMonthly)).number, 0);
}

// A filter that never holds: the sum is nothing, and nothing is 0 in arithmetic. 0 + 7 = 7.
TEST(Interpret, NothingIsZeroOutsideOfAggregates) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 4, 1));
  const ExpressionId import = build.metered("import");
  const ExpressionId sum = build.aggregate(Aggregate::sum, import, kMonthly, build.truth(false));
  EXPECT_TRUE(build.value(sum).nothing);
  const ExpressionId more = build.make(Op::add, number_of(kEnergy), kSiteMonth, {sum, build.constant("7")});
  const Value value = build.value(more);
  EXPECT_FALSE(value.nothing);
  EXPECT_EQ(value.number, 7);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::count, import, kMonthly, build.truth(false))).number, 0);
}

// First 5 kWh of a day, 2 kWh an hour from 00:00: 2, 2, 1 | 0, 0 … below; the third hour is split 1 + 1. The next day starts again.
TEST(Interpret, QuotaSplitsTheHourThatCrossesTheBound) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 3, 3));
  const ExpressionId import = build.metered("import");
  for (const int day : {1, 2})
    for (int hour = 0; hour < 5; ++hour) build.set(date_of(2026, 3, day), hour, 2000);
  Expression quota{.op = Op::quota, .type = number_of(kEnergy, true), .grain = kSiteStep, .operands = {import, build.constant("5")}, .period = kDay};
  const ExpressionId within = build.add(quota);
  quota.beyond = true;
  const ExpressionId beyond = build.add(quota);
  Interpreter run(build.program, build.settlement, build.clock, build.traces);
  const int below[] = {2, 2, 1, 0, 0}, above[] = {0, 0, 1, 2, 2};
  for (uint32_t hour = 0; hour < 5; ++hour)
    for (const uint32_t start : {0u, 24u}) {
      EXPECT_EQ(run.evaluate(within, 0, start + hour).number, below[hour]) << start + hour;
      EXPECT_EQ(run.evaluate(beyond, 0, start + hour).number, above[hour]) << start + hour;
    }
}

// Six hours of a signal, counted in hours (target 12): with a bound of 1.5 h and the signal on from 01:00 to 04:00, 01:00 lies within,
// 02:00 half of it, 03:00 beyond. 4 kWh an hour: 4, 2, 0 within. 00:00 is not counted and lies within, 04:00 beyond.
TEST(Interpret, QuotaOfCountedHoursSharesTheFlow) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3));
  const ExpressionId import = build.metered("import");
  for (int hour = 0; hour < 5; ++hour) build.set(date_of(2026, 3, 2), hour, 4000);
  TimeSet signal;
  signal.windows = {{60, 240}};
  const ExpressionId slot = build.in_times(signal, "01:00 to 04:00");
  const ExpressionId within = build.add(
      {.op = Op::quota, .type = number_of(kEnergy, true), .grain = kSiteStep, .operands = {import, build.constant("1.5", number_of(kHours)), slot}, .period = kDay});
  const int expected[] = {4, 4, 2, 0, 0};
  for (uint32_t hour = 0; hour < 5; ++hour) EXPECT_EQ(build.value(within, hour).number, expected[hour]) << hour;
}

// The long day of 2026 (25 October) has 25 hours of 1 kWh, the short one (29 March) 23.
TEST(Interpret, ClockChangesMakeDaysOf25And23Hours) {
  for (const auto& [day, hours] : {std::pair{date_of(2026, 10, 25), 25}, std::pair{date_of(2026, 3, 29), 23}}) {
    Builder build(day, Date{day.days + 1});
    const ExpressionId import = build.metered("import");
    for (uint32_t step = 0; step < build.clock.steps; ++step) build.traces.member_series[0].set(0, step, 1000);
    EXPECT_EQ(build.value(build.aggregate(Aggregate::sum, import, kDay)).number, hours);
    const ExpressionId hour = build.constant("1", number_of(kHours, true));
    EXPECT_EQ(build.value(build.aggregate(Aggregate::sum, hour, kDay)).number, hours);
  }
}

// Quarter hours 1, 2, 4, 0 Wh: the hour's mean is exactly 7/4 Wh; the day's mean 7/96 Wh = 0.0729166… Wh is rounded to 12 places of a kWh:
// 0.000072916667 kWh.
TEST(Interpret, MeanOfAnHourIsExactAndOfADayRounded) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3), 900);
  const ExpressionId import = build.metered("import");
  const int64_t readings[] = {1, 2, 4, 0};
  for (uint32_t step = 0; step < 4; ++step) build.traces.member_series[0].set(0, step, readings[step]);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::mean, import, kHour)).number, Rational(7, 4000));
  EXPECT_EQ(build.value(build.aggregate(Aggregate::mean, import, kDay)).number, decimal("0.000072916667"));
}

// A filter leaves 3 of an hour's 4 quarters: 7 Wh / 3 is a divide: 0.002333333333 kWh.
TEST(Interpret, MeanOfAnHourWithSomethingLeftOutIsRounded) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3), 900);
  const ExpressionId import = build.metered("import");
  const int64_t readings[] = {1, 2, 4, 0};
  for (uint32_t step = 0; step < 4; ++step) build.traces.member_series[0].set(0, step, readings[step]);
  TimeSet first_part;
  first_part.windows = {{0, 45}};
  EXPECT_EQ(build.value(build.aggregate(Aggregate::mean, import, kHour, build.in_times(first_part, "00:00 to 00:45"))).number, decimal("0.002333333333"));
}

// Largest 2 take 9 and 7 of 7, 9, 3; first and last go by time; smallest 1 is 3. A mean of two is exact: 8.
TEST(Interpret, TakenValuesStayInOrderOfTime) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3));
  const ExpressionId import = build.metered("import");
  for (uint32_t step = 0; step < 24; ++step) build.traces.member_series[0].set(0, step, 1000);
  build.set(date_of(2026, 3, 2), 5, 7000);
  build.set(date_of(2026, 3, 2), 9, 9000);
  build.set(date_of(2026, 3, 2), 12, 3000);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::first, import, kDay, {}, 2)).number, 7);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::last, import, kDay, {}, 2)).number, 9);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::mean, import, kDay, {}, 2)).number, 8);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::sum, import, kDay, {}, 3)).number, 19);
  EXPECT_EQ(build.value(build.aggregate(Aggregate::sum, import, kDay, {}, -2)).number, 2);
}

// Target 19: 60 % of a peak of 10 kW in January is 6; March looks back on January and February only with history none.
TEST(Interpret, RatchetLooksBackAndFaultsWithoutHistory) {
  Builder build(date_of(2026, 1, 1), date_of(2026, 5, 1));
  const ExpressionId peak = build.aggregate(Aggregate::maximum, build.power(build.metered("import")), kMonthly);
  build.set(date_of(2026, 1, 15), 12, 10000);
  build.set(date_of(2026, 2, 15), 12, 4000);
  build.set(date_of(2026, 3, 15), 12, 7000);
  Expression back{.op = Op::previous, .type = number_of(kPower), .grain = kSiteMonth, .operands = {peak}, .period = kMonthly, .fn = Aggregate::maximum, .history = History::none, .count = 2};
  const ExpressionId two_back = build.add(back);
  EXPECT_TRUE(build.value(two_back).nothing);                                                    // January: no month before
  EXPECT_EQ(build.value(two_back, build.step_of(date_of(2026, 3, 1), 0)).number, 10);            // January, February
  EXPECT_EQ(build.value(two_back, build.step_of(date_of(2026, 4, 1), 0)).number, 7);             // February, March
  back.include_this = true;
  back.count = 1;
  EXPECT_EQ(build.value(build.add(back), build.step_of(date_of(2026, 4, 1), 0)).number, 7);      // March, April
  back.same_year = true;
  EXPECT_EQ(build.value(build.add(back)).number, 10);                                            // January already sees the whole year
  back.same_year = false;
  back.history = History::unsaid;
  const ExpressionId unsaid = build.add(back);
  Interpreter run(build.program, build.settlement, build.clock, build.traces);
  EXPECT_TRUE(run.evaluate(unsaid, 0, 0).nothing);
  ASSERT_TRUE(run.fault());
  EXPECT_EQ(run.fault()->code, "WL7104");
}

// Changes +3, -5, +4, +1 kWh, opening balance 1, reset after the third month: 4, 0, 4, then 0 + 1 = 1.
TEST(Interpret, SurplusIsCarriedNeverBelowZeroAndReset) {
  Builder build(date_of(2026, 1, 1), date_of(2026, 5, 1));
  const ExpressionId gain = build.metered("export"), loss = build.metered("import");
  build.set(date_of(2026, 1, 5), 12, 3000, 0, 0);
  build.set(date_of(2026, 2, 5), 12, 5000, 0, 1);
  build.set(date_of(2026, 3, 5), 12, 4000, 0, 0);
  build.set(date_of(2026, 4, 5), 12, 1000, 0, 0);
  const ExpressionId in = build.aggregate(Aggregate::sum, gain, kMonthly), out = build.aggregate(Aggregate::sum, loss, kMonthly);
  const ExpressionId change = build.make(Op::add, number_of(kEnergy), kSiteMonth, {in, build.make(Op::negate, number_of(kEnergy), kSiteMonth, {out})});
  TimeSet march;
  march.seasons = {{{3, 1}, {3, 31}}};
  const ExpressionId reset = build.aggregate(Aggregate::any, build.in_times(march, "March"), kMonthly);
  const ExpressionId bank = build.add({.op = Op::running_surplus, .type = number_of(kEnergy), .grain = kSiteMonth, .operands = {change, reset}, .value = 1, .period = kMonthly});
  const int expected[] = {4, 0, 4, 1};
  for (int month = 1; month <= 4; ++month) EXPECT_EQ(build.value(bank, build.step_of(date_of(2026, month, 1), 0)).number, expected[month - 1]) << month;
}

// 100 until 16 March, 200 from then: at start 100, at end 200, by days 15/31 of 100 and 16/31 of 200 = 4700/31.
TEST(Interpret, DatedValuesOfAWindow) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 4, 1));
  const ExpressionId old_fee = build.constant("100"), new_fee = build.constant("200");
  Expression dated{.op = Op::dated, .type = {}, .grain = {EntityGrain::none, kMonthly}, .operands = {old_fee, new_fee}, .dates = {date_of(2025, 1, 1), date_of(2026, 3, 16)}};
  dated.change = Change::at_start;
  EXPECT_EQ(build.value(build.add(dated)).number, 100);
  dated.change = Change::at_end;
  EXPECT_EQ(build.value(build.add(dated)).number, 200);
  dated.change = Change::by_days;
  EXPECT_EQ(build.value(build.add(dated)).number, Rational(4700, 31));
  dated.change = Change::at_step;
  dated.grain.time = kStep;
  const ExpressionId stepwise = build.add(dated);
  EXPECT_EQ(build.value(stepwise, build.step_of(date_of(2026, 3, 15), 23)).number, 100);
  EXPECT_EQ(build.value(stepwise, build.step_of(date_of(2026, 3, 16), 0)).number, 200);
}

// A run from 10 to 20 March covers 10 of the month's 31 days.
TEST(Interpret, SharesOfACutWindow) {
  Builder build(date_of(2026, 3, 10), date_of(2026, 3, 20));
  Expression fact{.op = Op::window_days, .grain = {EntityGrain::none, kMonthly}, .period = kMonthly};
  EXPECT_EQ(build.value(build.add(fact)).number, 31);
  fact.op = Op::window_share;
  fact.share = Share::by_days;
  EXPECT_EQ(build.value(build.add(fact)).number, Rational(10, 31));
  fact.share = Share::none;
  EXPECT_EQ(build.value(build.add(fact)).number, 0);
  fact.share = Share::in_full;
  EXPECT_EQ(build.value(build.add(fact)).number, 1);
}

// 2 / 3 is 0.666666666667 as a divide; rounded to 0.1 half up in one step 0.7. 0.0499999999999 / 1 to 0.1: 0.0, though 12 places give 0.05.
TEST(Interpret, DivisionIsRoundedOnce) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 3, 2));
  const ExpressionId two = build.constant("2"), three = build.constant("3"), zero = build.constant("0");
  EXPECT_EQ(build.value(build.make(Op::divide, {}, {}, {two, three})).number, decimal("0.666666666667"));
  Expression round{.op = Op::round, .operands = {build.constant("0.0499999999999"), build.constant("1")}, .value = decimal("0.1"), .rounding = RoundingMode::half_up};
  EXPECT_EQ(build.value(build.add(round)).number, 0);
  round.operands = {two, three};
  EXPECT_EQ(build.value(build.add(round)).number, decimal("0.7"));
  const ExpressionId bad = build.make(Op::divide, {}, {}, {two, zero});
  const ExpressionId guarded = build.make(Op::select, {}, {}, {build.truth(false), bad, three});
  EXPECT_EQ(build.value(guarded).number, 3);  // the branch that is not taken does not fault
  Interpreter run(build.program, build.settlement, build.clock, build.traces);
  EXPECT_TRUE(run.evaluate(bad, 0, 0).nothing);
  ASSERT_TRUE(run.fault());
  EXPECT_EQ(run.fault()->code, "WL7101");
}

// A line through (0, 0), (10, 5), (20, 25): at 15 halfway between 5 and 25; held beyond both ends.
TEST(Interpret, LinearInterpolationIsExactAndHeldAtTheEnds) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 3, 2));
  const auto along = [&](const char* x) {
    std::vector<ExpressionId> operands = {build.constant(x)};
    for (const char* point : {"0", "0", "10", "5", "20", "25"}) operands.push_back(build.constant(point));
    return build.value(build.make(Op::linearly, {}, {}, operands)).number;
  };
  EXPECT_EQ(along("15"), 15);
  EXPECT_EQ(along("1"), Rational(1, 2));
  EXPECT_EQ(along("-1"), 0);
  EXPECT_EQ(along("99"), 25);
}

// Missing readings under `skip` are nothing: sum 3 of 1 + (missing) + 2, count 23 of 24 hours. Without a policy they are a fault.
TEST(Interpret, MissingReadingsAreNothingOrAFault) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3));
  const ExpressionId import = build.metered("import");
  build.traces.member_series[0].set(0, 0, 1000);
  build.traces.member_series[0].set(0, 1, 50000);
  build.traces.member_series[0].set(0, 2, 2000);
  build.traces.member_series[0].quality = {{0, 1, 1, Quality::missing}};
  build.program.series[0].request.missing = MissingPolicy::skip;
  EXPECT_EQ(build.value(build.aggregate(Aggregate::sum, import, kDay)).number, 3);
  const ExpressionId count = build.aggregate(Aggregate::count, import, kDay);
  EXPECT_EQ(build.value(count).number, 23);
  build.program.series[0].request.missing = MissingPolicy::error;
  Interpreter run(build.program, build.settlement, build.clock, build.traces);
  run.evaluate(count, 0, 0);
  ASSERT_TRUE(run.fault());
  EXPECT_EQ(run.fault()->code, "WL7105");
  EXPECT_EQ(run.fault()->message, "`import` has no value at 2026-03-02 01:00+01:00");
}

// Sites use 1, 2 and 4 kWh: together 7, the largest 4, those above 1 kWh are two.
TEST(Interpret, GathersOverSites) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3), 3600, {"a", "b", "c"});
  const ExpressionId daily = build.aggregate(Aggregate::sum, build.metered("import"), kDay);
  const int64_t readings[] = {1000, 2000, 4000};
  for (uint32_t site = 0; site < 3; ++site) build.set(date_of(2026, 3, 2), 12, readings[site], site);
  const ExpressionId above_one = build.make(Op::less, truth_type(), {EntityGrain::site, kDay}, {build.constant("1"), daily});
  Expression over{.op = Op::over_members, .type = number_of(kEnergy), .grain = {EntityGrain::none, kDay}, .operands = {daily}, .index = UINT32_MAX, .of = EntityGrain::site};
  EXPECT_EQ(build.value(build.add(over)).number, 7);
  over.fn = Aggregate::maximum;
  EXPECT_EQ(build.value(build.add(over)).number, 4);
  over.fn = Aggregate::count;
  over.operands.push_back(above_one);
  EXPECT_EQ(build.value(build.add(over)).number, 2);
}

// The ladder of two homes: 13.1/3 kW -> 152 NOK, 0 kW -> 100 NOK; the quantity's quantum holds both 131/30 and 0.
TEST(Interpret, SettlesALedger) {
  Ladder ladder;
  ladder.build.set(date_of(2026, 3, 2), 17, 4200);
  ladder.build.set(date_of(2026, 3, 9), 18, 3800);
  ladder.build.set(date_of(2026, 3, 20), 7, 5100);
  const auto ledger = settle_interpreted(ladder.build.program, ladder.build.settlement, ladder.build.clock, ladder.build.traces);
  ASSERT_TRUE(ledger) << ledger.failure().message;
  ASSERT_EQ(ledger->axes.size(), 1u);
  EXPECT_EQ(ledger->axes[0].labels, std::vector<std::string>{"2026-03"});
  EXPECT_EQ(ledger->clauses[0].payer_is_member, true);
  EXPECT_EQ(ledger->clauses[0].payee, "DistributionOperator");
  EXPECT_EQ(ledger->clauses[0].quantity_unit, "kW");
  EXPECT_EQ(ledger->clauses[0].cite, "Elvia AS, nettleiepriser");
  const LineColumns& line = ledger->lines[0];
  ASSERT_EQ(line.present.size(), 1u);
  EXPECT_EQ(Rational(to_integer(line.amount[0])) * line.amount_quantum.value(), 152);
  EXPECT_EQ(Rational(to_integer(line.quantity[0])) * line.quantity_quantum.value(), Rational(131, 30));
  EXPECT_TRUE(line.residue[0] == 0);
  EXPECT_FALSE(line.rate[0]);
}

// import 1 kWh from 00:00 to 24:00 of the long day is 25 kWh; 26 is refused with both sides.
TEST(Interpret, RunsATestAndSaysBothSides) {
  Builder build(date_of(2026, 10, 25), date_of(2026, 10, 26));
  const ExpressionId sum = build.aggregate(Aggregate::sum, build.metered("import"), kDay);
  const ExpressionId wanted = build.constant("26", number_of(kEnergy));
  build.settlement.kind = Settlement::Kind::test;
  build.settlement.givens = {{0, Rational(1), build.clock.begin, build.clock.instant_of(build.clock.steps)}};
  Expectation expect;
  expect.left = sum;
  expect.right = wanted;
  expect.span = {0, 100, 120};
  expect.condition = build.make(Op::equal, truth_type(), {EntityGrain::site, kDay}, {sum, wanted});
  build.settlement.expects = {expect};
  build.program.expressions[sum.index].span = {0, 100, 111};
  const TextOf text_of = [](Span span) { return span.end == 120 ? "sum(import) = 26 kWh" : span.end == 111 ? "sum(import)" : ""; };
  const TestOutcome outcome = run_test(build.program, build.settlement, text_of);
  ASSERT_EQ(outcome.failures.size(), 1u);
  EXPECT_EQ(outcome.failures[0].message, "expected `sum(import) = 26 kWh`, but `sum(import)` is 25 kWh");
  EXPECT_EQ(outcome.failures[0].span.begin, 100u);
  build.program.expressions[wanted.index].value = 25;
  EXPECT_TRUE(run_test(build.program, build.settlement, text_of).passed());
}

// A price that a test reads but does not give is named; energy that is not given is 0.
TEST(Interpret, ATestSaysWhatItWasNotGiven) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3));
  SeriesDeclaration spot{.name = "market.spot", .type = number_of(kEnergyPrice)};
  spot.request.per_member = false;
  spot.request.flow = Flow::intensive;
  spot.request.quantum_free = true;
  build.program.series.push_back(spot);
  build.settlement.series = {0};
  const ExpressionId price = build.add({.op = Op::series, .type = spot.type, .grain = {EntityGrain::none, kStep}, .index = 0});
  const ExpressionId mean = build.aggregate(Aggregate::maximum, price, kDay);
  Expectation expect;
  expect.condition = build.make(Op::equal, truth_type(), {EntityGrain::none, kDay}, {mean, build.constant("0.5")});
  build.settlement.expects = {expect};
  const TextOf no_text = [](Span) { return std::string(); };
  TestOutcome outcome = run_test(build.program, build.settlement, no_text);
  ASSERT_EQ(outcome.failures.size(), 1u);
  EXPECT_EQ(outcome.failures[0].code, "WL7105");
  EXPECT_EQ(outcome.failures[0].message, "`market.spot` has no value at 2026-03-02 00:00+01:00");
  build.settlement.givens = {{0, Rational(1, 2), build.clock.begin, build.clock.instant_of(24)}};
  EXPECT_TRUE(run_test(build.program, build.settlement, no_text).passed());
}

// One home at 13.1/3 kW reaches the row from 2 kW alone; the rows from 0 and from 5 kW are what no test exercised.
TEST(Interpret, CoverageListsRowsThatWereNeverReached) {
  Ladder ladder;
  ladder.build.set(date_of(2026, 3, 2), 17, 4200);
  ladder.build.set(date_of(2026, 3, 9), 18, 3800);
  ladder.build.set(date_of(2026, 3, 20), 7, 5100);
  Coverage coverage;
  coverage.add(ladder.build.program, ladder.build.settlement, ladder.build.clock, ladder.build.traces);
  std::vector<std::string> names;
  for (const CoverageItem& item : coverage.not_exercised()) names.push_back(item.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Elvia.capacity: row `from 0 kW`", "Elvia.capacity: row `from 5 kW`"}));
}

// Two exceptions that hold at once contradict each other, unless one says that it overrides the other.
TEST(Interpret, ExceptionsThatContradictEachOtherAreAFault) {
  Ladder ladder;
  TypedException first{"reduced", ladder.build.truth(true), {}, "", {}, {}}, second{"winter", ladder.build.truth(true), {}, "", {}, {}};
  ladder.build.settlement.clauses[0].versions[0].exceptions = {first, second};
  const auto settle = [&] { return settle_interpreted(ladder.build.program, ladder.build.settlement, ladder.build.clock, ladder.build.traces); };
  const auto refused = settle();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, "WL7103");
  EXPECT_EQ(refused.failure().message,
            "`Elvia.capacity` for home_0001 in 2026-03: the exceptions `reduced` and `winter` both hold and neither overrides the other at "
            "2026-03-01 00:00+01:00");
  ladder.build.settlement.clauses[0].versions[0].exceptions[1].overrides = "reduced";
  EXPECT_TRUE(settle());
}

// A chain of 5,000 nested negations is refused, not a crash; 5,000 rows of a table are walked.
TEST(Interpret, DepthIsBounded) {
  Builder build(date_of(2026, 3, 2), date_of(2026, 3, 3));
  const ExpressionId import = build.metered("import");
  ExpressionId deep = import, table = import;
  const ExpressionId never = build.make(Op::less, truth_type(), kSiteStep, {import, build.constant("-1")});
  for (int i = 0; i < 5000; ++i) {
    deep = build.make(Op::negate, number_of(kEnergy), kSiteStep, {deep});
    table = build.make(Op::select, number_of(kEnergy), kSiteStep, {never, import, table});
  }
  build.set(date_of(2026, 3, 2), 0, 3000);
  EXPECT_EQ(build.value(table).number, 3);
  Interpreter run(build.program, build.settlement, build.clock, build.traces);
  run.evaluate(deep, 0, 0);
  ASSERT_TRUE(run.fault());
  EXPECT_EQ(run.fault()->code, "WL7106");
}

}  // namespace
}  // namespace wattlaw
