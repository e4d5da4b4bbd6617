// Limits and last defences that no short script of tests/golden reaches: sizes, and checks behind other checks.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/source/literate.h"
#include "compiler/syntax/format_source.h"
#include "compiler/syntax/parse_source.h"
#include "runtime/trace/load_members.h"
#include "tests/unit/build_program.h"

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> codes_of(const Diagnostics& diagnostics) {
  std::vector<std::string> codes;
  for (const Diagnostic& diagnostic : diagnostics.all()) codes.push_back(diagnostic.code);
  return codes;
}
using Codes = std::vector<std::string>;

// m0 imports m1 imports … imports m`last`.
Codes codes_of_import_chain(int last) {
  const fs::path folder = fs::temp_directory_path() / fmt::format("wattlaw_import_chain_{}", last);
  fs::create_directories(folder);
  for (int i = 0; i <= last; ++i) std::ofstream(folder / fmt::format("m{}.watt", i)) << (i < last ? fmt::format("import m{}\n", i + 1) : "");
  Diagnostics diagnostics;
  find_modules((folder / "m0.watt").string(), diagnostics);
  fs::remove_all(folder);
  return codes_of(diagnostics);
}

TEST(DiagnosticLimits, ImportsAreAtMost200Deep) {
  EXPECT_EQ(codes_of_import_chain(199), Codes{});          // 200 modules
  EXPECT_EQ(codes_of_import_chain(200), Codes{"WL1035"});  // 201
}

// A table of `rows` rows, the last of them `otherwise`.
Codes codes_of_table(size_t rows) {
  std::string text = "currency NOK\nrounding none\ntariff Grid from Consumer to DistributionOperator {\n  charge energy on import at 1 NOK/kWh * (by import first match {\n";
  for (size_t i = 1; i < rows; ++i) text += fmt::format("from {} kWh => 1\n", rows - i);
  return codes_of(compile_text(text + "otherwise => 2\n})\n}\n", "table.watt").diagnostics);
}

TEST(DiagnosticLimits, TablesHaveAtMost4096Rows) { EXPECT_EQ(codes_of_table(4097), Codes{"WL3203"}); }

TEST(DiagnosticLimits, DefinitionsReadEachOtherAtMost200InARow) {
  const auto chain = [](int last) {
    std::string text = "currency NOK\nrounding none\nlet a0 = 1 NOK/kWh\n";
    for (int i = 1; i <= last; ++i) text += fmt::format("let a{} = a{} + a{}\n", i, i - 1, i - 1);  // 2^last readings, each elaborated once
    return codes_of(compile_text(text + fmt::format("tariff Grid from Consumer to DistributionOperator {{\n  charge energy on import at a{}\n}}\n", last), "chain.watt").diagnostics);
  };
  EXPECT_EQ(chain(199), Codes{});
  EXPECT_EQ(chain(300), Codes{"WL4503"});
}

TEST(DiagnosticLimits, ABrokenTreeIsNotFormattedEvenWhereNobodySaidSo) {
  Diagnostics parsing, formatting;
  const SourceFile source = source_from_text("broken.watt", "let = 1\n", 0, parsing);
  const SyntaxTree tree = parse_source(source, 0, parsing);
  EXPECT_FALSE(format_source(source, tree, formatting));
  EXPECT_EQ(codes_of(formatting), Codes{"WL1040"});
}

TEST(DiagnosticLimits, TheTableOfAnotherEntityNamesTheSameMembers) {
  const std::string path = testing::TempDir() + "/wattlaw_pools.csv";
  std::ofstream(path) << "id,share\nhome_1,0.5\nhome_3,0.5\n";
  const auto table = read_member_table(path, "pools.csv", "pool", {});
  fs::remove(path);
  ASSERT_TRUE(table);
  AttributeRequest share;
  share.entity = "pool";
  share.name = "share";
  const auto values = read_attribute(share, &*table, {"home_1", "home_2"});
  ASSERT_FALSE(values);
  EXPECT_EQ(values.failure().code, "WL6041");
  EXPECT_EQ(values.failure().message, "`home_2` has no row");
}

// check_bands proves bands complete before a run; the interpreter does not rely on it.
TEST(DiagnosticLimits, AMomentWithoutBandIsAFault) {
  Builder build(date_of(2026, 3, 1), date_of(2026, 3, 2));
  build.program.bands.push_back({"Load", 0, {{false, {}}}, {}});
  const ExpressionId band = build.add({.op = Op::band, .type = {.kind = ValueKind::choice}, .grain = {EntityGrain::none, kStep}});
  Interpreter run = build.interpreter();
  run.evaluate(band, 0, 5);
  ASSERT_TRUE(run.fault());
  EXPECT_EQ(run.fault()->code, "WL7107");
  EXPECT_EQ(run.fault()->message, "no class of `Load` holds 2026-03-01 05:00+01:00");
}

}  // namespace
}  // namespace wattlaw
