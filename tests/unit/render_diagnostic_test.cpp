#include "compiler/diagnostic/render_diagnostic.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "compiler/source/literate.h"

namespace wattlaw {
namespace {

struct Case {
  SourceFiles files;
  Diagnostics diagnostics;
  explicit Case(const std::string& text) { files.push_back(source_from_text("tariffs/flat.watt", text, 0, diagnostics)); }
};

TEST(RenderDiagnostic, LabelsHangBelowTheirUnderlines) {
  Case made("rule energy_charge {\n  charge = meter.energy + site.peak\n}\n");
  // Byte 23 is the `c` of charge: `meter.energy` is [32, 44), `+` is [45, 46), `site.peak` is [47, 56).
  made.diagnostics.error("WL3102", {0, 45, 46}, "energy added to power").label({0, 32, 44}, "energy").label({0, 47, 56}, "power").note("in rule `energy_charge`").hint("multiply power by a duration");
  EXPECT_EQ(render_text(made.diagnostics, made.files, false),
            "error[WL3102]: energy added to power\n"
            "  --> tariffs/flat.watt:2:25\n"
            "   |\n"
            " 2 |   charge = meter.energy + site.peak\n"
            "   |            ------------ ^ --------- power\n"
            "   |            energy\n"
            "   = in rule `energy_charge`\n"
            "   = hint: multiply power by a duration\n\n");
}

TEST(RenderDiagnostic, TabsAndWideLettersKeepTheUnderlineInPlace) {
  Case made("\tø€ bad\n");  // bytes: tab 0, ø 1–2, € 3–5, blank 6, `bad` 7–9
  made.diagnostics.warning("WL2001", {0, 7, 10}, "what");
  EXPECT_EQ(render_text(made.diagnostics, made.files, false), "warning[WL2001]: what\n  --> tariffs/flat.watt:1:5\n   |\n 1 |     ø€ bad\n   |        ^^^\n\n");
}

TEST(RenderDiagnostic, SpansOverLinesAndPastTheEndAreHarmless) {
  Case made("let x = 1\nlet y = 2");
  made.diagnostics.error("WL1010", {0, 4, 15}, "over two lines");
  made.diagnostics.error("WL1010", {0, 19, 19}, "at the end");
  made.diagnostics.error("WL1010", {7, 3, 4}, "in no file");
  const std::string text = render_text(made.diagnostics, made.files, false);
  EXPECT_NE(text.find("1 | let x = 1\n   |     ^^^^^\n"), std::string::npos) << text;
  EXPECT_NE(text.find("2 | let y = 2\n   |          ^\n"), std::string::npos) << text;
  EXPECT_NE(text.find("in no file"), std::string::npos);
}

TEST(RenderDiagnostic, LongLinesAreCutAroundTheCulprit) {
  Case made("let x = " + std::string(5000, 'a') + " bad " + std::string(5000, 'b'));
  made.diagnostics.error("WL1010", {0, 5009, 5012}, "what");
  const std::string text = render_text(made.diagnostics, made.files, false);
  EXPECT_LT(text.size(), 1000u);
  EXPECT_NE(text.find(" bad "), std::string::npos);
}

TEST(RenderDiagnostic, ColoursOnlyIfAskedAndNoControlCharacters) {
  Case made("let x = \x1b[31m1\n");
  made.diagnostics.error("WL1014", {0, 8, 9}, "what");
  EXPECT_EQ(render_text(made.diagnostics, made.files, false).find('\x1b'), std::string::npos);
  EXPECT_NE(render_text(made.diagnostics, made.files, true).find("\x1b[1;31merror[WL1014]\x1b[0m"), std::string::npos);
}

TEST(RenderDiagnostic, SortedByPositionAndStable) {
  Case made("a b c\n");
  made.diagnostics.error("WL1010", {0, 4, 5}, "third");
  made.diagnostics.error("WL1010", {0, 0, 1}, "first");
  made.diagnostics.error("WL1010", {0, 0, 1}, "second");
  const std::string text = render_text(made.diagnostics, made.files, false);
  EXPECT_LT(text.find("first"), text.find("second"));
  EXPECT_LT(text.find("second"), text.find("third"));
}

TEST(RenderDiagnostic, MachineFormatsAreValid) {
  Case made("let x = \"<&>\"\n");
  made.diagnostics.error("WL1010", {0, 8, 13}, "bad <thing> & \xFF, 100%").hint("line\nbreak").label({0, 0, 3}, "here");
  const auto json = nlohmann::json::parse(render_json(made.diagnostics, made.files));
  EXPECT_EQ(json["errors"], 1);
  EXPECT_EQ(json["diagnostics"][0]["line"], 1);
  EXPECT_EQ(json["diagnostics"][0]["column"], 9);
  EXPECT_EQ(json["diagnostics"][0]["labels"][0]["text"], "here");
  const auto sarif = nlohmann::json::parse(render_sarif(made.diagnostics, made.files));
  EXPECT_EQ(sarif["runs"][0]["results"][0]["ruleId"], "WL1010");
  EXPECT_EQ(sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"], 9);
  EXPECT_EQ(render_github(made.diagnostics, made.files).substr(0, 62), "::error file=tariffs/flat.watt,line=1,col=9,title=WL1010::bad ");
  const std::string github = render_github(made.diagnostics, made.files);
  EXPECT_EQ(std::count(github.begin(), github.end(), '\n'), 1);
  EXPECT_NE(github.find("100%25"), std::string::npos);
  const std::string junit = render_junit(made.diagnostics, made.files, "check");
  EXPECT_NE(junit.find("failures=\"1\""), std::string::npos);
  EXPECT_NE(junit.find("bad &lt;thing&gt; &amp;"), std::string::npos);
}

TEST(RenderDiagnostic, NothingFoundIsValidToo) {
  Case made("");
  EXPECT_EQ(render_text(made.diagnostics, made.files, false), "");
  EXPECT_EQ(render_github(made.diagnostics, made.files), "");
  EXPECT_TRUE(nlohmann::json::parse(render_json(made.diagnostics, made.files))["diagnostics"].empty());
  EXPECT_TRUE(nlohmann::json::parse(render_sarif(made.diagnostics, made.files))["runs"][0]["results"].empty());
  EXPECT_NE(render_junit(made.diagnostics, made.files, "check").find("failures=\"0\""), std::string::npos);
}

TEST(RenderDiagnostic, CodesAreUniqueAndInOrder) {
  std::string last;
  for (const DiagnosticCode* code = kDiagnosticCodes; code->code != nullptr; ++code) {
    EXPECT_LT(last, code->code);
    EXPECT_STRNE(code->meaning, "");
    last = code->code;
  }
}

}  // namespace
}  // namespace wattlaw
