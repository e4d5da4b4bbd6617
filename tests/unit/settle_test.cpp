// Kernels against the interpreter, on small settlements built by hand: the same ledger bit by bit at -O0 and -O3, on three processors, on
// one and two threads.
#include "compiler/plan/settle.h"

#include <random>

#include "compiler/plan/plan_builder.h"
#include "tests/unit/build_program.h"

namespace wattlaw {
namespace {

const Grain kSiteStep{EntityGrain::site, kStep}, kSiteMonth{EntityGrain::site, kMonthly}, kSiteDay{EntityGrain::site, kDay};

std::vector<std::string> homes(int count) {
  std::vector<std::string> ids;
  for (int i = 1; i <= count; ++i) ids.push_back("home_" + std::to_string(10000 + i));
  return ids;
}

// Readings 0 .. most Wh of every member, from a fixed seed; updates the range.
void fill_readings(TileSeries& series, uint32_t seed, int32_t least, int32_t most) {
  std::mt19937 random(seed);
  for (uint32_t m = 0; m < series.members; ++m)
    for (uint32_t t = 0; t < series.steps; ++t) series.set(m, t, least + static_cast<int32_t>(random() % static_cast<uint32_t>(most - least + 1)));
  series.min = least;
  series.max = most;
}

ExpressionId priced(Builder& build, const char* name, uint32_t seed, int places = 5) {
  SeriesDeclaration series{.name = name, .type = number_of(kEnergyPrice)};
  series.request.column = name;
  series.request.per_member = false;
  build.program.series.push_back(series);
  build.settlement.series.push_back(static_cast<uint32_t>(build.program.series.size() - 1));
  build.traces.member_series.emplace_back();
  ClockSeries values;
  values.quantum = {1, boost::multiprecision::pow(Integer(10), static_cast<unsigned>(places))};
  std::mt19937 random(seed);
  for (uint32_t t = 0; t < build.clock.steps; ++t) values.values.push_back(static_cast<int64_t>(random() % 300000) - 20000);
  build.traces.clock_series.push_back(values);
  return build.add({.op = Op::series, .type = series.type, .grain = {EntityGrain::none, kStep}, .index = build.settlement.series.back()});
}

void charge(Builder& build, const char* name, ExpressionId quantity, ExpressionId amount, Period billing = kMonthly) {
  TypedClause clause;
  clause.tariff = "T";
  clause.name = name;
  clause.payer = clause.payer_account = "Consumer";
  clause.payee = clause.payee_account = "Supplier";
  clause.payer_is_member = true;
  clause.billing = billing;
  clause.rounding = {RoundingGrain::line, decimal("0.01"), RoundingMode::half_up};
  clause.present = build.truth(true);
  clause.quantity = quantity;
  clause.amount = amount;
  clause.line = build.add({.op = Op::round, .type = number_of(kMoney), .grain = build.program[amount].grain, .operands = {amount}, .value = decimal("0.01"), .rounding = RoundingMode::half_up});
  build.settlement.clauses.push_back(clause);
}

std::string show(const Builder& build, const SettleOptions& options = {}) {
  auto text = show_stage("plan", build.program, build.settlement, build.clock, build.traces, options);
  return text ? *text : text.failure().message;
}

std::string first_difference(const Ledger& found, const Ledger& expected) {
  for (size_t c = 0; c < expected.lines.size(); ++c) {
    const LineColumns &a = found.lines[c], &b = expected.lines[c];
    const auto text = [](const char* what, size_t i, const Quantum& q, const IntegerColumn& v) {
      return std::string(what) + " of cell " + std::to_string(i) + ": " + Rational(to_integer(v[i]) * q.numerator, q.denominator).str() + " in " + q.value().str();
    };
    for (size_t i = 0; i < b.amount.size(); ++i) {
      if (a.present[i] != b.present[i]) return " presence of cell " + std::to_string(i);
      if (Rational(to_integer(a.amount[i])) * a.amount_quantum.value() != Rational(to_integer(b.amount[i])) * b.amount_quantum.value()) return text(" amount", i, a.amount_quantum, a.amount) + text(" against", i, b.amount_quantum, b.amount);
      if (Rational(to_integer(a.residue[i])) * a.residue_quantum.value() != Rational(to_integer(b.residue[i])) * b.residue_quantum.value()) return text(" residue", i, a.residue_quantum, a.residue) + text(" against", i, b.residue_quantum, b.residue);
      if (Rational(to_integer(a.quantity[i])) * a.quantity_quantum.value() != Rational(to_integer(b.quantity[i])) * b.quantity_quantum.value()) return text(" quantity", i, a.quantity_quantum, a.quantity) + text(" against", i, b.quantity_quantum, b.quantity);
    }
    if (!(a.amount_quantum == b.amount_quantum) || !(a.residue_quantum == b.residue_quantum) || !(a.quantity_quantum == b.quantity_quantum)) return " quanta";
  }
  return "";
}

// The notes of the run at -O3 on this machine: what the interpreter had to do.
std::vector<std::string> expect_parity(const Builder& build, std::vector<ExpressionId> columns = {}) {
  const auto oracle = settle_interpreted(build.program, build.settlement, build.clock, build.traces);
  std::vector<std::string> notes;
  for (const auto& [cpu, level, threads] : {std::tuple("native", 3, 1u), std::tuple("native", 0, 2u), std::tuple("native", 1, 2u), std::tuple("x86-64-v2", 3, 1u), std::tuple("haswell", 3, 2u)}) {
    SettleOptions options;
    options.cpu = cpu, options.optimisation = level == 0 ? Optimisation::none : level == 1 ? Optimisation::by_work : Optimisation::all, options.threads = threads, options.columns = columns;
    const auto result = settle(build.program, build.settlement, build.clock, build.traces, options);
    if (!oracle) {
      EXPECT_FALSE(result);
      if (!result) {
        EXPECT_EQ(result.failure().message, oracle.failure().message);
      }
      continue;
    }
    EXPECT_TRUE(result) << result.failure().message << "\n" << show(build, options);
    if (!result) return notes;
    EXPECT_EQ(ledger_hash(result->ledger), ledger_hash(*oracle)) << cpu << " " << level << first_difference(result->ledger, *oracle) << "\n" << show(build, options);
    for (size_t c = 0; c < oracle->lines.size(); ++c) {
      EXPECT_EQ(result->ledger.lines[c].rate, oracle->lines[c].rate);
      EXPECT_EQ(result->ledger.lines[c].rate_unit, oracle->lines[c].rate_unit);
    }
    Interpreter interpreter = build.interpreter();
    for (size_t i = 0; i < columns.size(); ++i) {
      const ValueColumn& column = result->columns[i];
      const Windows& windows = interpreter.windows(build.program[columns[i]].grain.time);
      const uint32_t members = build.traces.members[0].size();
      EXPECT_EQ(column.values.size(), size_t{windows.size()} * members);
      for (uint32_t w = 0; w < windows.size(); ++w)
        for (uint32_t m = 0; m < members; ++m) {
          const Value expected = interpreter.evaluate(columns[i], m, windows.first_step[w]);
          const Rational found(to_integer(column.values[w * members + m]) * column.quantum.numerator, column.quantum.denominator);
          EXPECT_EQ(found, expected.number) << "column " << i << " window " << w << " member " << m << " " << cpu << level;
          EXPECT_EQ(column.nothing[w * members + m] != 0, expected.nothing) << "column " << i << " window " << w << " member " << m;
          if (found != expected.number) {
            ADD_FAILURE() << show(build, options);
            return notes;
          }
        }
    }
    if (level == 3) notes = result->notes;
  }
  return notes;
}

TEST(Settle, LadderOfThreeDailyPeaks) {
  Ladder ladder;
  ladder.build.set(date_of(2026, 3, 2), 17, 4200);
  ladder.build.set(date_of(2026, 3, 9), 18, 3800);
  ladder.build.set(date_of(2026, 3, 20), 7, 5100);
  ladder.build.traces.member_series[0].max = 5100;
  EXPECT_TRUE(expect_parity(ladder.build, {ladder.daily, ladder.peak, ladder.fee}).empty());
}

TEST(Settle, SpotTimesImport) {
  Builder build(date_of(2026, 2, 10), date_of(2026, 4, 5), 900, homes(35));
  const ExpressionId import = build.metered("import"), spot = priced(build, "spot", 7);
  fill_readings(build.traces.member_series[0], 1, 0, 6000);
  const ExpressionId cost = build.make(Op::multiply, number_of(kMoney, true), kSiteStep, {import, spot});
  const ExpressionId amount = build.aggregate(Aggregate::sum, cost, kMonthly), quantity = build.aggregate(Aggregate::sum, import, kMonthly);
  charge(build, "spot", quantity, amount);
  EXPECT_TRUE(expect_parity(build, {amount, quantity}).empty());
}

// Peaks of a rolling hour over quarter-hours: the first three steps have no hour behind them. The month's highest, and its mean a day.
TEST(Settle, RollingHour) {
  Builder build(date_of(2026, 3, 27), date_of(2026, 4, 3), 900, homes(3));
  const ExpressionId import = build.metered("import");
  fill_readings(build.traces.member_series[0], 5, 0, 4000);
  Period rolling = kHour;
  rolling.rolling = true;
  const ExpressionId mean = build.aggregate(Aggregate::mean, build.power(import), rolling);
  const ExpressionId peak = build.aggregate(Aggregate::maximum, mean, kMonthly), least = build.aggregate(Aggregate::minimum, mean, kDay);
  charge(build, "peak", peak, peak);
  EXPECT_TRUE(expect_parity(build, {peak, least, mean}).empty());
}

// `over all`: the share of each home in the total of the month, the number of homes above a bound, and a sum of the sums.
TEST(Settle, OverAllSites) {
  Builder build(date_of(2026, 3, 20), date_of(2026, 4, 10), 3600, homes(40));
  const ExpressionId import = build.metered("import");
  fill_readings(build.traces.member_series[0], 9, 0, 4000);
  const ExpressionId own = build.aggregate(Aggregate::sum, import, kMonthly);
  const ExpressionId high = build.make(Op::less, truth_type(), kSiteMonth, {build.constant("500", number_of(kEnergy)), own});
  const auto over = [&](Aggregate fn, std::vector<ExpressionId> operands) {
    Expression e{.op = Op::over_members, .grain = {EntityGrain::none, build.program[operands[0]].grain.time}, .operands = operands, .index = UINT32_MAX, .of = EntityGrain::site};
    e.fn = fn;
    return build.add(std::move(e));
  };
  const ExpressionId total = over(Aggregate::sum, {own}), count = over(Aggregate::count, {own, high}), mean = over(Aggregate::mean, {own, high});
  const ExpressionId at_once = build.aggregate(Aggregate::maximum, over(Aggregate::sum, {import}), kMonthly);
  build.program.expressions[at_once.index].grain.entity = EntityGrain::none;
  const ExpressionId share = build.make(Op::divide, {}, kSiteMonth, {own, total});
  const ExpressionId amount = build.make(Op::multiply, number_of(kMoney), kSiteMonth, {share, at_once});
  charge(build, "share", own, amount);
  EXPECT_TRUE(expect_parity(build, {total, count, mean, at_once, share}).empty());
}

// A divisor of 0 on a branch that is not taken is no fault; on one that is taken it is that of the interpreter.
TEST(Settle, DivisionByZero) {
  for (const bool taken : {false, true}) {
    Builder build(date_of(2026, 3, 1), date_of(2026, 4, 1), 3600, homes(34));
    const ExpressionId import = build.metered("import"), exported = build.metered("export");
    fill_readings(build.traces.member_series[0], 3, 0, 4000);
    build.set(date_of(2026, 3, 5), 4, 700, 33, 1);  // only the last home exports
    build.traces.member_series[1].max = 700;
    const ExpressionId in = build.aggregate(Aggregate::sum, import, kMonthly), out = build.aggregate(Aggregate::sum, exported, kMonthly);
    const ExpressionId ratio = build.make(Op::divide, {}, kSiteMonth, {in, out});
    const ExpressionId has = build.make(Op::less, truth_type(), kSiteMonth, {build.constant("0", number_of(kEnergy)), out});
    const ExpressionId safe = build.make(Op::select, {}, kSiteMonth, {has, ratio, build.constant("1")});
    charge(build, "ratio", in, taken ? ratio : safe);
    EXPECT_TRUE(expect_parity(build).empty());  // taken or not: the run fails, or the kernels settle all homes
  }
}

// Products that need 64, 128 and more bits: a year's energy (about 2·10^6 Wh here) to the powers 2 to 6 in Wh, times twelve digits. From
// the power at which the proven range leaves 126 bits the kernels watch for overflow; the figures themselves fit until 10^38.
TEST(Settle, WideProducts) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 4, 1), 3600, homes(3));
  const ExpressionId import = build.metered("import");
  fill_readings(build.traces.member_series[0], 11, 0, 5000);
  const ExpressionId energy = build.aggregate(Aggregate::sum, import, kMonthly);
  std::vector<ExpressionId> columns;
  ExpressionId power = energy;
  for (int n = 2; n <= 5; ++n) {
    power = build.make(Op::multiply, {}, kSiteMonth, {power, energy});
    columns.push_back(power);
  }
  const ExpressionId scaled = build.make(Op::multiply, number_of(kMoney), kSiteMonth, {power, build.constant("1.23456789")});
  charge(build, "wide", energy, columns[2]);
  EXPECT_TRUE(expect_parity(build, columns).empty());
  charge(build, "wider", energy, scaled);
  expect_parity(build);  // 38 digits are left: whoever settles it, the lines are the same, or the same failure
}

// Random expressions of every op at every grain it may have, over a zone change, with attributes, two flows and a price.
struct RandomProgram {
  Builder build;
  std::mt19937 random;
  std::vector<ExpressionId> step_numbers, step_truths, uniform_numbers, uniform_truths;
  std::vector<Period> windows{kHour, kDay, kMonthly, {Period::Unit::week}, {.unit = Period::Unit::day, .start_minute = 720}, kYear, kAlways};
  std::vector<std::vector<ExpressionId>> numbers, truths;  // by window, of a site
  ExpressionId attribute, zone;

  explicit RandomProgram(uint32_t seed) : build(date_of(2026, 3, 20), date_of(2026, 4, 12), seed % 3 == 0 ? 900 : 3600, homes(static_cast<int>(2 + seed % 37))), random(seed) {
    numbers.resize(windows.size());
    truths.resize(windows.size());
    const ExpressionId import = build.metered("import"), flow = build.metered("export");
    fill_readings(build.traces.member_series[0], seed, 0, 5000);
    fill_readings(build.traces.member_series[1], seed + 1, seed % 2 ? 0 : -3000, 3000);
    if (seed % 5 == 0) skip_some(import);
    step_numbers = {import, flow};
    for (const auto& [name, most] : {std::pair("cap", 9), std::pair("south", 2)}) {
      build.program.attributes.push_back({name, {}, {}});
      build.settlement.attributes.push_back(static_cast<uint32_t>(build.program.attributes.size() - 1));
      std::vector<Rational> values;
      for (uint32_t m = 0; m < build.traces.members[0].size(); ++m) values.push_back(Rational(static_cast<int>(random() % most), most == 9 ? 4 : 1));
      build.traces.attributes.push_back(values);
    }
    attribute = build.add({.op = Op::attribute, .grain = {EntityGrain::site, kAlways}, .index = 0});
    zone = build.add({.op = Op::attribute, .type = truth_type(), .grain = {EntityGrain::site, kAlways}, .index = 1});
    uniform_numbers = {priced(build, "spot", seed), build.constant("0.25"), build.constant("-3"), build.constant("0")};
    TimeSet evening;
    evening.windows = {{17 * 60, 21 * 60}};
    TimeSet workdays;
    workdays.weekdays = 0x1f;
    workdays.days_said = true;
    uniform_truths = {build.in_times(evening, "17:00 to 21:00"), build.in_times(workdays, "workdays")};
  }

  void skip_some(ExpressionId series) {
    const uint32_t index = build.program[series].index;
    build.program.series[index].request.missing = MissingPolicy::skip;
    TileSeries& tiles = build.traces.member_series[index];
    for (uint32_t m = 0; m < tiles.members; m += 3) {
      const uint32_t from = random() % (tiles.steps - 90), until = from + random() % 90;
      for (uint32_t t = from; t <= until; ++t) tiles.set(m, t, 0);
      tiles.quality.push_back({m, from, until, Quality::missing});
    }
  }

  int below(size_t n) { return static_cast<int>(random() % n); }
  ExpressionId pick(const std::vector<ExpressionId>& from) { return from[static_cast<size_t>(below(from.size()))]; }
  int any_window() { return below(windows.size()); }

  // A number or truth that may be read at a step or in a window of the index (-1: a step).
  ExpressionId number_at(int window) {
    const int kind = below(8);
    if (kind == 0) return attribute;
    if (window < 0) return kind < 3 ? pick(uniform_numbers) : pick(step_numbers);
    if (kind == 1 || numbers[static_cast<size_t>(window)].empty()) return fold(window);
    return pick(numbers[static_cast<size_t>(window)]);
  }
  ExpressionId truth_at(int window) {
    if (below(6) == 0) return zone;
    if (window < 0) return below(2) && !step_truths.empty() ? pick(step_truths) : pick(uniform_truths);
    if (truths[static_cast<size_t>(window)].empty()) return compare(window);
    return pick(truths[static_cast<size_t>(window)]);
  }
  Grain grain(int window) { return {EntityGrain::site, window < 0 ? kStep : windows[static_cast<size_t>(window)]}; }

  ExpressionId compare(int window) {
    static const Op ops[] = {Op::less, Op::less_equal, Op::equal};
    const ExpressionId a = number_at(window), b = number_at(window);
    return keep(window, build.make(ops[below(3)], truth_type(), grain(window), {a, b}));
  }
  ExpressionId keep(int window, ExpressionId id) {
    const bool is_truth = build.program[id].type.kind == ValueKind::boolean;
    if (window < 0) (is_truth ? step_truths : step_numbers).push_back(id);
    else (is_truth ? truths : numbers)[static_cast<size_t>(window)].push_back(id);
    return id;
  }

  ExpressionId pointwise(int window) {
    const Grain at = grain(window);
    const ExpressionId a = number_at(window), b = number_at(window);
    Expression e{.grain = at, .operands = {a, b}};
    switch (below(window < 0 ? 9 : 14)) {
      case 0: e.op = Op::add; break;
      case 1:
        e.op = Op::multiply;
        if (window < 0) e.operands[1] = pick(uniform_numbers);
        else if (below(2)) e.operands[1] = attribute;
        break;
      case 2: e.op = Op::minimum; break;
      case 3: e.op = Op::maximum; break;
      case 4: e.op = below(2) ? Op::negate : Op::absolute; e.operands.pop_back(); break;
      case 5: e.op = Op::select; e.operands.insert(e.operands.begin(), truth_at(window)); break;
      case 6: e.op = below(2) ? Op::logical_and : Op::logical_or; e.type = truth_type(); e.operands = {truth_at(window), truth_at(window)}; break;
      case 7: e.op = Op::logical_not; e.type = truth_type(); e.operands = {truth_at(window)}; break;
      case 8: return compare(window);
      case 9:
      case 10: e.op = Op::round; e.value = decimal(below(2) ? "0.01" : "0.25"); e.rounding = static_cast<RoundingMode>(below(4)); if (below(3)) e.operands.pop_back(); else e.operands[1] = build.constant(below(2) ? "7" : "-0.3"); break;
      case 11: e.op = Op::divide; if (below(4)) e.operands[1] = build.constant("3"); break;
      case 12: {
        e.op = Op::linearly;
        e.operands = {a};
        for (const char* point : {"-1", "2", "3.5", "10", "20", "0.5"}) e.operands.push_back(build.constant(point));
        break;
      }
      case 13: {
        e.op = Op::dated;
        e.dates = {date_of(2026, 1, 1), date_of(2026, 4, 2)};
        e.change = static_cast<Change>(1 + below(3));
        break;
      }
    }
    if (e.op == Op::root) return a;
    return keep(window, build.add(std::move(e)));
  }

  ExpressionId fold(int window) {
    static const Aggregate fns[] = {Aggregate::sum, Aggregate::maximum, Aggregate::minimum, Aggregate::mean, Aggregate::count, Aggregate::first, Aggregate::last, Aggregate::sum};
    int fine = below(3) ? -1 : below(2);
    if (fine >= window) fine = -1;
    Expression e{.op = Op::aggregate, .grain = grain(window)};
    ExpressionId of = number_at(fine);
    if (build.program[of].grain.entity == EntityGrain::none || of == attribute) of = step_numbers[0];
    e.operands = {of};
    e.fn = fns[below(8)];
    if (below(2)) e.operands.push_back(truth_at(build.program[of].grain.time == kStep ? -1 : fine));
    if (below(3) == 0 && e.fn != Aggregate::first && e.fn != Aggregate::last) e.take = below(2) ? 3 : -2;
    e.period = windows[static_cast<size_t>(window)];
    return keep(window, build.add(std::move(e)));
  }

  ExpressionId in_order(int window) {
    if (window < 0 || below(3) == 0) {
      Expression e{.op = Op::quota, .grain = {EntityGrain::site, kStep}, .operands = {step_numbers[0], build.constant(below(2) ? "12.5" : "3")}};
      if (below(2)) e.operands.push_back(pick(uniform_truths));
      e.period = windows[static_cast<size_t>(1 + below(2))];
      e.beyond = below(2);
      return keep(-1, build.add(std::move(e)));
    }
    if (below(2)) {
      Expression e{.op = Op::running_surplus, .grain = grain(window), .operands = {number_at(window), truth_at(window)}, .value = decimal("2.5")};
      e.period = windows[static_cast<size_t>(window)];
      e.beyond = below(2);
      return keep(window, build.add(std::move(e)));
    }
    ExpressionId of = fold(window);
    Expression e{.op = Op::previous, .grain = grain(window), .operands = {of}};
    e.period = windows[static_cast<size_t>(window)];
    e.history = History::none;
    e.count = static_cast<uint32_t>(1 + below(4));
    e.include_this = below(2);
    e.same_year = below(4) == 0;
    static const Aggregate fns[] = {Aggregate::sum, Aggregate::maximum, Aggregate::minimum, Aggregate::mean, Aggregate::first, Aggregate::last, Aggregate::count};
    e.fn = fns[below(7)];
    if (below(3) == 0 && e.fn != Aggregate::first && e.fn != Aggregate::last) e.take = 2;
    return keep(window, build.add(std::move(e)));
  }
};

class SettleRandom : public testing::TestWithParam<uint32_t> {};

TEST_P(SettleRandom, EveryOpAtEveryGrain) {
  RandomProgram made(GetParam());
  for (int i = 0; i < 24; ++i) {
    const int window = made.below(4) == 0 ? -1 : made.any_window();
    if (made.below(6) == 0) made.in_order(window);
    else if (made.below(3) == 0 && window >= 0) made.fold(window);
    else made.pointwise(window);
  }
  std::vector<ExpressionId> columns;
  for (size_t w = 0; w < made.windows.size(); ++w) {
    const auto& of = made.numbers[w];
    for (size_t i = of.size() - std::min<size_t>(of.size(), 3); i < of.size(); ++i) columns.push_back(of[i]);
    if (!made.truths[w].empty()) columns.push_back(made.truths[w].back());
  }
  if (GetParam() % 4 == 0) columns.push_back(made.step_numbers.back());
  charge(made.build, "all", {}, made.fold(2));
  // Where a column has a fault the ledger may have none, and the other way round: one must be able to run at all.
  Interpreter interpreter = made.build.interpreter();
  std::vector<ExpressionId> sound;
  for (const ExpressionId id : columns) {
    Interpreter alone = made.build.interpreter();
    const Windows& windows = alone.windows(made.build.program[id].grain.time);
    for (uint32_t m = 0; m < made.build.traces.members[0].size() && !alone.fault(); ++m)
      for (uint32_t w = 0; w < windows.size() && !alone.fault(); ++w) alone.evaluate(id, m, windows.first_step[w]);
    if (!alone.fault()) sound.push_back(id);
  }
  for (const std::string& note : expect_parity(made.build, sound)) {
    EXPECT_EQ(note.find("the plan is wrong"), std::string::npos) << note;
    RecordProperty("note", note);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, SettleRandom, testing::Range(1u, 21u));

}  // namespace
}  // namespace wattlaw
