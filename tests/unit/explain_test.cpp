#include "compiler/interpret/explain.h"

#include "tests/unit/build_program.h"

namespace wattlaw {
namespace {

std::string explain_first(Builder& build, const std::function<std::string(Span)>& text_of) {
  Interpreter interpreter(build.program, build.settlement, build.clock, build.traces);
  return explain_line({build.program, build.settlement, build.clock, build.traces, interpreter, text_of}, 0, 0, 0);
}

// G03 with a fourth value of 5 kW an hour after the highest: (4.2 + 3.8 + 5.1) / 3 = 4.3666… kW, 0.6333… below the step from 5 kW.
TEST(Explain, LadderNamesTheDaysAndTheNextStep) {
  Ladder ladder;
  ladder.build.set(date_of(2026, 3, 2), 17, 4200);
  ladder.build.set(date_of(2026, 3, 9), 18, 3800);
  ladder.build.set(date_of(2026, 3, 20), 7, 5100);
  ladder.build.set(date_of(2026, 3, 20), 8, 5000);
  ladder.build.program.expressions[ladder.peak.index].span = {0, 200, 210};
  const auto text_of = [](Span span) { return span.end == 210 ? "mean(largest 3 of max(power) per day) per month" : ""; };
  EXPECT_EQ(explain_first(ladder.build, text_of),
            "Elvia.capacity · home_0001 · 2026-03" + std::string(38, ' ') + "152.00 NOK\n"
            "  paid by home_0001 (Consumer) to DistributionOperator\n"
            "  from 2 kW  ~4.366667 kW at 152.00 NOK\n"
            "  ~4.366667 kW is on the step `from 2 kW`, ~0.633333 kW below `from 5 kW` (240.00 NOK)\n"
            "  sum 152.00 NOK, rounded to 0.01 NOK half up: 152.00 NOK (residue 0)\n"
            "  `mean(largest 3 of max(power) per day) per month`\n"
            "    2026-03-02 17:00+01:00  4.2 kW\n"
            "    2026-03-09 18:00+01:00  3.8 kW\n"
            "    2026-03-20 07:00+01:00  5.1 kW\n"
            "    2026-03-20 08:00+01:00  5 kW does not count: that day counts already\n"
            "    one value a day counts, its highest\n"
            "  in force from 2025-04-01 · \"Elvia AS, nettleiepriser\"\n");
}

// A flow by day and night: 412.31 × 0.2099 = 86.543869, 668.741 × 0.1299 = 86.8694559, together 173.4133249, posted 173.41.
struct Energy {
  Builder build{date_of(2026, 3, 1), date_of(2026, 4, 1)};

  Energy() {
    const ExpressionId import = build.metered("import");
    build.set(date_of(2026, 3, 2), 12, 412310);
    build.set(date_of(2026, 3, 2), 2, 668741);
    TimeSet day;
    day.windows = {{6 * 60, 22 * 60}};
    const Grain step{EntityGrain::none, kStep}, monthly{EntityGrain::site, kMonthly};
    const ExpressionId by_day = build.in_times(day, "06:00 to 22:00");
    const ExpressionId by_night = build.make(Op::logical_not, truth_type(), step, {by_day});
    const ExpressionId high = build.constant("0.2099", number_of(kEnergyPrice)), low = build.constant("0.1299", number_of(kEnergyPrice));
    const ExpressionId rate = build.make(Op::select, number_of(kEnergyPrice), step, {by_day, high, low});
    const ExpressionId product = build.make(Op::multiply, number_of(kMoney), {EntityGrain::site, kStep}, {import, rate});
    build.program.choice_sets = {{"site.tax_zone", {"south", "north", "exempt"}}};
    const Type zone{.kind = ValueKind::choice, .choices = 0};
    build.program.attributes = {{.name = "site.tax_zone", .type = zone}};
    build.settlement.attributes = {0};
    build.traces.attributes = {{Rational(0)}};
    const Grain site{EntityGrain::site, kAlways};
    const ExpressionId where = build.make(Op::attribute, zone, site, {});
    const ExpressionId exempt = build.make(Op::equal, truth_type(), site, {where, build.constant("2", zone)});
    build.program.expressions[exempt.index].span = {0, 300, 310};
    TypedClause clause;
    clause.tariff = "Elvia";
    clause.name = "energy";
    clause.payer = clause.payer_account = "Consumer";
    clause.payee = "DistributionOperator";
    clause.payee_account = "Elvia AS";
    clause.payer_is_member = true;
    clause.billing = kMonthly;
    clause.rounding = {RoundingGrain::line, decimal("0.01"), RoundingMode::half_up};
    clause.present = build.truth(true);
    clause.quantity = build.aggregate(Aggregate::sum, import, kMonthly);
    clause.amount = build.aggregate(Aggregate::sum, product, kMonthly);
    clause.line = build.add({.op = Op::round, .type = number_of(kMoney), .grain = monthly, .operands = {clause.amount}, .value = decimal("0.01"), .rounding = RoundingMode::half_up});
    ClauseVersion version;
    version.from = date_of(2026, 1, 1);
    version.until = date_of(2026, 7, 1);
    version.quantity = import;
    version.rate = version.base_rate = rate;
    version.rows = {{"day", by_day, {}, high, {}, {}}, {"night", by_night, {}, low, {}, {}}};
    version.exceptions = {{"reduced", exempt, {}, "", {}, {}}};
    version.cites = {{"prisliste 2026", {}}};
    version.parameters = {{"consumption_tax", {date_of(2026, 1, 1)}, {rate}}};
    clause.versions = {version};
    build.settlement.clauses = {clause};
  }
};

TEST(Explain, FlowGroupsStepsByRow) {
  Energy energy;
  const auto text_of = [](Span span) { return span.end == 310 ? "site.tax_zone is exempt" : ""; };
  EXPECT_EQ(explain_first(energy.build, text_of),
            "Elvia.energy · home_0001 · 2026-03" + std::string(40, ' ') + "173.41 NOK\n"
            "  paid by home_0001 (Consumer) to Elvia AS (DistributionOperator)\n"
            "  day     412.31 kWh × 0.2099 NOK/kWh = 86.543869 NOK\n"
            "  night  668.741 kWh × 0.1299 NOK/kWh = 86.8694559 NOK\n"
            "  sum 173.4133249 NOK, rounded to 0.01 NOK half up: 173.41 NOK (residue 0.0033249)\n"
            "  in force from 2026-01-01 until 2026-07-01 · \"prisliste 2026\"\n"
            "  parameters: consumption_tax 0.1299 NOK/kWh from 2026-01-01\n"
            "  exception `reduced` did not apply: `site.tax_zone is exempt`; site.tax_zone is south\n");
}

TEST(Explain, JsonSaysTheSame) {
  Energy energy;
  Interpreter interpreter(energy.build.program, energy.build.settlement, energy.build.clock, energy.build.traces);
  const Explanation said = explain({energy.build.program, energy.build.settlement, energy.build.clock, energy.build.traces, interpreter, {}}, 0, 0, 0);
  const std::string json = write_explanation_json(said);
  EXPECT_NE(json.find("\"amount\": \"173.41 NOK\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"money\": \"86.543869 NOK\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"applied_steps\": 0"), std::string::npos) << json;
}

// A flat tax of 25 % on the energy line of 173.41: 43.3525, and it says which line it stands on.
TEST(Explain, TaxNamesTheLinesItIsOn) {
  Energy energy;
  Builder& build = energy.build;
  TypedClause tax = build.settlement.clauses[0];
  tax.kind = ClauseKind::tax;
  tax.name = "vat";
  tax.versions.clear();
  tax.quantity = {};
  tax.rounding = {};
  const Grain monthly{EntityGrain::site, kMonthly};
  tax.amount = tax.line = build.make(Op::multiply, number_of(kMoney), monthly, {build.settlement.clauses[0].line, build.constant("0.25")});
  build.settlement.clauses.push_back(tax);
  Interpreter interpreter(build.program, build.settlement, build.clock, build.traces);
  const Explanation said = explain({build.program, build.settlement, build.clock, build.traces, interpreter, {}}, 1, 0, 0);
  ASSERT_EQ(said.on_lines.size(), 1u);
  EXPECT_EQ(said.on_lines[0].what, "Elvia.energy");
  EXPECT_EQ(said.on_lines[0].value, "173.41 NOK");
  EXPECT_EQ(said.amount, "43.3525 NOK");
}

}  // namespace
}  // namespace wattlaw
