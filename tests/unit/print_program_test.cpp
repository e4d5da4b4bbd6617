#include "tests/unit/build_program.h"

namespace wattlaw {
namespace {

TEST(PrintProgram, UnitsAreWrittenAsPeopleWriteThem) {
  TypedProgram program;
  program.currencies = {"NOK", "EUR"};
  const auto unit = [&](Dimension dimension, uint16_t currency = 0) { return unit_text(program, {.dimension = dimension, .currency = currency}); };
  EXPECT_EQ(unit({}), "");
  EXPECT_EQ(unit(kEnergy), "kWh");
  EXPECT_EQ(unit(kPower), "kW");
  EXPECT_EQ(unit(kMoney), "NOK");
  EXPECT_EQ(unit(kEnergyPrice, 1), "EUR/kWh");
  EXPECT_EQ(unit({.energy = -1, .time = 1, .money = 1}), "NOK/kW");
  EXPECT_EQ(unit({.energy = -1, .time = 1, .money = 1, .month = -1}), "NOK/kW/month");
  EXPECT_EQ(unit({.money = 1, .month = -1}), "NOK/month");
  EXPECT_EQ(unit({.energy = 1, .day = -1}), "kWh/day");
  EXPECT_EQ(unit({.time = -1, .money = 1}), "NOK/h");
  EXPECT_EQ(unit({.energy = 2, .time = -2}), "kW^2");
  EXPECT_EQ(unit({.energy = -1}), "1/kWh");
  EXPECT_EQ(unit_text(program, {.kind = ValueKind::boolean}), "");
}

TEST(PrintProgram, OpsHaveTheirOwnNames) {
  EXPECT_STREQ(op_name(Op::constant), "constant");
  EXPECT_STREQ(op_name(Op::logical_and), "and");
  EXPECT_STREQ(op_name(Op::divide), "divide");
  EXPECT_STREQ(op_name(Op::over_members), "over_members");
}

TEST(PrintProgram, PrintsExpressionsAndClauses) {
  Ladder ladder;
  const std::string text = print_program(ladder.build.program);
  EXPECT_NE(text.find("%0 [kWh sum; site, interval] series import\n"), std::string::npos) << text;
  EXPECT_NE(text.find("%3 [kW; site, day] aggregate %2 max per day\n"), std::string::npos) << text;
  EXPECT_NE(text.find("%4 [kW; site, month] aggregate %3 mean largest 3 per month\n"), std::string::npos) << text;
  TypedProgram& program = ladder.build.program;
  program.settlements.push_back(ladder.build.settlement);
  const std::string with_clauses = print_program(program);
  EXPECT_NE(with_clauses.find("  charge Elvia.capacity Consumer -> DistributionOperator per month in NOK, rounded to 0.01 half up per line\n"), std::string::npos)
      << with_clauses;
  EXPECT_NE(with_clauses.find("      row `from 2 kW`: when %"), std::string::npos) << with_clauses;
}

}  // namespace
}  // namespace wattlaw
