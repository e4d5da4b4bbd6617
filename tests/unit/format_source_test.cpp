#include "compiler/syntax/format_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/source/literate.h"
#include "compiler/syntax/parse_source.h"

namespace wattlaw {
namespace {

struct Formatted {
  std::string text;                 // empty if refused
  std::string tree;                 // of the text that was formatted
  std::vector<std::string> comments;
  size_t errors = 0;
};

Formatted format(const std::string& text, const std::string& path = "test.watt") {
  Diagnostics diagnostics;
  const SourceFile source = source_from_text(path, text, 0, diagnostics);
  const SyntaxTree tree = parse_source(source, 0, diagnostics);
  Formatted formatted;
  formatted.tree = print_syntax(tree);
  for (const Comment& comment : tree.comments) formatted.comments.push_back(text.substr(comment.span.begin, comment.span.end - comment.span.begin));
  const auto result = format_source(source, tree, diagnostics);
  formatted.errors = diagnostics.error_count();
  if (result) formatted.text = *result;
  return formatted;
}

// The text without blanks and line breaks outside of quotes: what formatting must not change.
std::string without_blanks(const std::string& text) {
  std::string kept;
  bool quoted = false;
  for (const char letter : text) {
    if (letter == '"') quoted = !quoted;
    if (letter == '\n') quoted = false;
    if (quoted || (letter != ' ' && letter != '\n' && letter != '\t')) kept += letter;
  }
  return kept;
}

void expect_stable(const std::string& text, const std::string& path) {
  const Formatted once = format(text, path);
  ASSERT_EQ(once.errors, 0u) << path;
  const Formatted twice = format(once.text, path);
  ASSERT_EQ(twice.errors, 0u) << path << "\n" << once.text;
  EXPECT_EQ(once.text, twice.text) << path;
  EXPECT_EQ(once.tree, twice.tree) << path;
  EXPECT_EQ(once.comments, twice.comments) << path;
  EXPECT_EQ(without_blanks(text), without_blanks(once.text)) << path;
}

TEST(FormatSource, OneClauseALineTwoBlanksDeep) {
  EXPECT_EQ(format("tariff  T from A\nto B\n{\nprices   ex vat charge e on import at 1 NOK/kWh\n\n\n\n   charge f of 5 NOK for each month\n}").text,
            "tariff T from A\n    to B {\n  prices ex vat\n  charge e on import at 1 NOK/kWh\n\n  charge f of 5 NOK for each month\n}\n");
}

TEST(FormatSource, ShortBlocksStayOnOneLine) {
  EXPECT_EQ(format("bands Load { day=06:00 to 22:00 night=otherwise }").text, "bands Load { day = 06:00 to 22:00   night = otherwise }\n");
  EXPECT_EQ(format("rule R{require f( x )>= -  5 kW}").text, "rule R { require f(x) >= -5 kW }\n");
}

TEST(FormatSource, TablesKeepTheirLines) {
  EXPECT_EQ(format("let x = by A, B {\n p,q=>1\n      r,any=>2 s, any => 3 }").text, "let x = by A, B {\n  p, q => 1\n  r, any => 2   s, any => 3\n}\n");
}

TEST(FormatSource, WideBlocksAreBroken) {
  const std::string wide = "rule LongEnoughToBeBroken { require " + std::string(120, 'a') + " > 5 kWh }";
  EXPECT_EQ(format(wide).text, "rule LongEnoughToBeBroken {\n  require " + std::string(120, 'a') + " > 5 kWh\n}\n");
}

TEST(FormatSource, CommentsStayWhereTheyBelong) {
  const std::string text = "# head\n\nlet x = 1   # one\n      # leads y\nlet y = 2\ntariff T from A to B { # opens\n# leads\n charge e on x at 1 NOK/kWh\n   cite \"s\" # trails\n # last\n}\n# end\n";
  EXPECT_EQ(format(text).text, "# head\n\nlet x = 1  # one\n# leads y\nlet y = 2\ntariff T from A to B {  # opens\n  # leads\n  charge e on x at 1 NOK/kWh\n      cite \"s\"  # trails\n  # last\n}\n# end\n");
  expect_stable(text, "comments.watt");
}

TEST(FormatSource, FilesWithErrorsAreRefused) {
  const Formatted refused = format("let = 1\n");
  EXPECT_EQ(refused.text, "");
  EXPECT_GE(refused.errors, 1u);
}

TEST(FormatSource, OnlyTheFencesOfALiterateFileChange) {
  EXPECT_EQ(format("# Title   with  blanks\n```wattlaw\nlet   x=1\n```\n  prose\n```wattlaw\nrole   A\n```\n", "a.watt.md").text, "# Title   with  blanks\n```wattlaw\nlet x = 1\n```\n  prose\n```wattlaw\nrole A\n```\n");
}

TEST(FormatSource, EmptyAndWindowsLineEnds) {
  EXPECT_EQ(format("").text, "");
  EXPECT_EQ(format("let x = 1\r\nlet y = 2\r\n").text, "let x = 1\nlet y = 2\n");
}

// Every script of the repository: formatting twice is formatting once, no token or comment changes.
TEST(FormatSource, EveryScriptIsStable) {
  size_t scripts = 0;
  for (const char* folder : {"stdlib", "examples", "tests/golden/targets"}) {
    const std::filesystem::path root = std::filesystem::path(WATTLAW_SOURCE_DIR) / folder;
    if (!std::filesystem::exists(root)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string name = entry.path().filename().string();
      if ((!name.ends_with(".watt") && !name.ends_with(".watt.md")) || name.starts_with("fail_")) continue;
      std::ifstream in(entry.path());
      std::ostringstream text;
      text << in.rdbuf();
      if (!name.ends_with(".md")) expect_stable(text.str(), entry.path().string());
      ++scripts;
    }
  }
  EXPECT_GE(scripts, 1u);
}

}  // namespace
}  // namespace wattlaw
