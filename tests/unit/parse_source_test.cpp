#include "compiler/syntax/parse_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/source/literate.h"

namespace wattlaw {
namespace {

struct Parsed {
  SourceFile source;
  SyntaxTree tree;
  Diagnostics diagnostics;
  std::vector<std::string> codes() const {
    std::vector<std::string> codes;
    for (const Diagnostic& diagnostic : diagnostics.all()) codes.push_back(diagnostic.code);
    return codes;
  }
  size_t count(NodeKind kind) const {
    return static_cast<size_t>(std::count_if(tree.nodes.begin(), tree.nodes.end(), [&](const Node& node) { return node.kind == kind; }));
  }
};

Parsed parse(const std::string& text, const std::string& path = "test.watt") {
  Parsed parsed;
  parsed.source = source_from_text(path, text, 0, parsed.diagnostics);
  parsed.tree = parse_source(parsed.source, 0, parsed.diagnostics);
  return parsed;
}

// The tree of one expression, printed.
std::string tree_of(const std::string& text) {
  Diagnostics diagnostics;
  const SourceFile source = source_from_text("test.watt", text, 0, diagnostics);
  const SyntaxTree tree = parse_expression(source, 0, diagnostics);
  if (diagnostics.has_errors()) return "error: " + diagnostics.all()[0].message;
  return print_syntax(tree);
}

// The tree of one file of declarations, printed, without the File line.
std::string file_tree(const std::string& text) {
  const Parsed parsed = parse(text);
  if (parsed.diagnostics.has_errors()) return "error: " + parsed.diagnostics.all()[0].message;
  return print_syntax(parsed.tree);
}

std::string first_message(const std::string& text) {
  const Parsed parsed = parse(text);
  return parsed.diagnostics.all().empty() ? "" : parsed.diagnostics.all()[0].code + " " + parsed.diagnostics.all()[0].message;
}

std::string in_tariff(const std::string& clause) { return "tariff T from A to B {\n  " + clause + "\n}\n"; }

// ---- trees

TEST(ParseSource, ClauseBecomesChargeOnAt) {
  EXPECT_EQ(file_tree(in_tariff("charge energy on import at 0.10 NOK/kWh")),
            "File\n  Tariff \"T\"\n    Payer \"A\"\n    Payee \"B\"\n    Charge \"energy\"\n      On\n        Name \"import\"\n      At\n        Quantity \"0.10\"\n          Unit \"NOK/kWh\"\n");
}

TEST(ParseSource, PerBindsToTheCallAndStartingToItsPeriod) {
  EXPECT_EQ(tree_of("a * max(power) per day starting 12:00"),
            "Product \"*\"\n  Name \"a\"\n  Call \"max\"\n    Argument\n      Name \"power\"\n    SuffixPer\n      Period \"day\"\n        Starting \"12:00\"\n");
}

TEST(ParseSource, QuotaSaysWhatIsCountedAndWhenItStarts) {
  EXPECT_EQ(tree_of("flow within first 6 h per day of slot starting 12:00"),
            "QuotaTail \"within first\"\n  Name \"flow\"\n  Quantity \"6\"\n    Unit \"h\"\n    PerUnit \"day\"\n  Counted\n    Name \"slot\"\n  Starting \"12:00\"\n");
}

TEST(ParseSource, NumberTakesAUnitOnItsOwnLineOnly) {
  EXPECT_EQ(file_tree("parameter life = 14\nparameter price = 2 kWh"),
            "File\n  Parameter \"life\"\n    Value\n      Number \"14\"\n  Parameter \"price\"\n    Value\n      Quantity \"2\"\n        Unit \"kWh\"\n");
  EXPECT_EQ(tree_of("by A { day => 0.25 night => 0.30 }"),
            "Table \"unique\"\n  Column\n    Name \"A\"\n  TableRow\n    Key \"is\"\n      Name \"day\"\n    Number \"0.25\"\n  TableRow\n    Key \"is\"\n      Name \"night\"\n    Number \"0.30\"\n");
  EXPECT_EQ(tree_of("by A, B { x, y => 1 p, q => 2 kWh }").find("error"), std::string::npos);
}

TEST(ParseSource, SumsAreFlatAndProductsRememberTheirSigns) {
  EXPECT_EQ(tree_of("a - b + 50% of c / d"), "Sum \"-+\"\n  Name \"a\"\n  Name \"b\"\n  Product \"o/\"\n    Quantity \"50\"\n      Unit \"%\"\n    Name \"c\"\n    Name \"d\"\n");
}

TEST(ParseSource, WrappingWindowSaysWhoseDayItIs) {
  EXPECT_EQ(file_tree("bands B { night = workdays 22:00 to 06:00 into the next day  early = workdays 22:00 to 06:00 of the same day  day = otherwise }"),
            "File\n  Bands \"B\"\n    Band \"night\"\n      TimeSet\n        DaySet \"workdays\"\n        TimeWindow \"22:00 to 06:00\"\n          WindowDay \"next\"\n    Band \"early\"\n      TimeSet\n"
            "        DaySet \"workdays\"\n        TimeWindow \"22:00 to 06:00\"\n          WindowDay \"same\"\n    Band \"day\"\n      Otherwise\n");
}

TEST(ParseSource, SpellingsThatTheDesignAddedLater) {
  EXPECT_NE(file_tree("dispatch D for vehicle { when soc < 80% => charge in cheapest 4 h until departure by market.spot }").find("Action \"charge in cheapest\"\n        Quantity \"4\"\n          Unit \"h\"\n        Name \"departure\"\n        Name \"market.spot\""),
            std::string::npos);
  EXPECT_NE(file_tree("actor Ada is Consumer from 2026-01-01, Driver from 2026-05-01 until 2027-01-01").find("Is \"Driver\"\n      FromDate \"2026-05-01\"\n      UntilDate \"2027-01-01\""), std::string::npos);
  EXPECT_EQ(tree_of("allocate revenue(S) per month over pool by offered otherwise equally"),
            "Allocate \"equally\"\n  Call \"revenue\"\n    Argument\n      Name \"S\"\n    SuffixPer\n      Period \"month\"\n  Name \"pool\"\n  Name \"offered\"\n");
  EXPECT_NE(file_tree("service S { penalty 5 EUR/kWh for missed_energy }").find("ServiceEntry \"penalty\"\n      Quantity"), std::string::npos);
  EXPECT_NE(file_tree(in_tariff("net import against export per Tou, month carry surplus until 31 March then at 0.03 EUR/kWh where a band ends to Tou { p2 => p1 }"))
                .find("Net\n      Name \"import\"\n      Name \"export\"\n      Name \"Tou\"\n      Period \"month\"\n      Carry \"until\"\n        YearDay \"31 March\"\n        At\n          Quantity \"0.03\"\n            Unit "
                      "\"EUR/kWh\"\n      BandEnds \"to\"\n        Name \"Tou\"\n        Name \"p2\"\n        Name \"p1\"\n"),
            std::string::npos);
  EXPECT_NE(file_tree(in_tariff("credit x on export at 1 EUR/kWh against energy from the next bill")).find("Against\n        Name \"energy\"\n      Carry \"next\""), std::string::npos);
  EXPECT_NE(file_tree("parameter p: NOK/kWh = 0.5 ranging 0.1 to 10 step times 10 status unverified").find("Ranging \"times\"\n      Number \"0.1\"\n      Number \"10\"\n      Number \"10\"\n    Status \"unverified\""), std::string::npos);
  EXPECT_NE(file_tree(in_tariff("maximum 75 EUR per session incl vat")).find("PerUnit \"session\"\n      CapBasis \"incl\"\n        Name \"vat\""), std::string::npos);
  EXPECT_NE(file_tree(in_tariff("minimum cap before vat")).find("Minimum\n      Name \"cap\"\n      CapBasis \"before\""), std::string::npos);
  EXPECT_NE(file_tree("rule R on tariff { require fair }").find("OnDeclaration \"tariff\""), std::string::npos);
  EXPECT_NE(file_tree("rule R { require a otherwise pay A -> B late of 2.50 EUR }").find("OtherwisePay \"late\"\n      Payer \"A\"\n      Payee \"B\"\n      Quantity \"2.50\""), std::string::npos);
}

TEST(ParseSource, ContextualWordsAreNames) {
  for (const char* word : {"energy", "time", "first", "days", "rest", "start", "step", "min", "max", "sum", "day", "period", "all", "this", "so", "starting", "rolling", "import", "tariff", "rule", "a", "the", "next", "status", "equal", "zone", "ends", "kept"}) {
    EXPECT_EQ(first_message(in_tariff(std::string("charge ") + word + " on " + word + " at 1 NOK/kWh")), "") << word;
    EXPECT_EQ(first_message(std::string("let ") + word + " = x." + word + " + 1"), "") << word;
  }
  EXPECT_EQ(first_message("let x = site.limit + battery.from"), "");  // after a dot every word is a name
}

TEST(ParseSource, SpansAreBytes) {
  const Parsed parsed = parse("# æøå — €\nlet ø = å\n");
  const NodeId let = parsed.tree.child(parsed.tree.root, NodeKind::Let);
  ASSERT_TRUE(let);
  const Node& node = parsed.tree[let];
  EXPECT_EQ(parsed.source.text.substr(node.span.begin, node.span.end - node.span.begin), "let ø = å");
  EXPECT_EQ(parsed.source.text.substr(node.text_span.begin, node.text_span.end - node.text_span.begin), "ø");
  ASSERT_EQ(parsed.tree.comments.size(), 1u);
  EXPECT_TRUE(parsed.tree.comments[0].own_line);
}

TEST(ParseSource, ByteOrderMarkShiftsNothing) {
  const Parsed parsed = parse("\xEF\xBB\xBFlet x = 1\n");
  EXPECT_TRUE(parsed.codes().empty());
  EXPECT_EQ(parsed.tree[parsed.tree.child(parsed.tree.root, NodeKind::Let)].span.begin, 3u);
}

// ---- errors

TEST(ParseSource, MessagesSayWhatToWrite) {
  EXPECT_EQ(first_message(in_tariff("charge e on import by Load { day => 0.25 night 0.30 }")), "WL1012 `=>` missing after `night`");
  EXPECT_EQ(first_message(in_tariff("charge e on import by Load {\n    day => 0.25 NOK/kWh\n    night 0.30 NOK/kWh\n  }")), "WL1012 `=>` missing after `night`");
  EXPECT_EQ(first_message("rule R { require x > 5\n\ntariff T from A to B {}\n"), "WL1011 `{` is never closed");
  EXPECT_EQ(first_message("tariff T from A to B { }\n}\n"), "WL1011 `}` closes nothing");
  EXPECT_EQ(first_message("rule R { require a == b }"), "WL1014 `==` is not an operator here");
  EXPECT_EQ(first_message("let x = 0,25"), "WL1015 a number has no comma");
  EXPECT_EQ(first_message("let limit = 5"), "WL1016 `limit` is a reserved word and cannot be a name");
  EXPECT_EQ(first_message("let x = \"abc\nlet y = 1"), "WL1017 this text has no closing `\"` on its line");
  EXPECT_EQ(first_message("tarif T from A to B { }"), "WL1018 no declaration begins with `tarif`");
  EXPECT_EQ(first_message("parameter p: NOK/kWh = 0.25 /kWh"), "WL1019 a unit is missing before `/kWh`");
  EXPECT_EQ(first_message(in_tariff("charge e on import at 1 NOK/kWh\n  prices ex vat")), "WL1020 `prices` is a header and stands before the clauses");
  EXPECT_EQ(first_message("let x = 1 000 kWh"), "WL1021 digits are not grouped by blanks");
  EXPECT_EQ(first_message("let x = a starting 12:00"), "WL1022 `starting` follows something that is no period or allowance");
  EXPECT_EQ(first_message("let x = 1\nimport std.roles"), "WL1013 `import` stands after a declaration");
  EXPECT_EQ(first_message("text\n```wattlaw\nlet x = 1\n"), "WL1018 no declaration begins with `text`");
  EXPECT_EQ(parse("text\n```wattlaw\nlet x = 1\n", "a.watt.md").codes(), std::vector<std::string>{"WL1030"});
}

TEST(ParseSource, EachBrokenClauseIsReportedAndTheRestKept) {
  const Parsed parsed = parse("tariff T from A to B {\n  chrage a on x at 1\n  charge b on x at 1 NOK/kWh\n  charge c on at 2\n  charge d on x at 3 NOK/kWh\n}\nlet = 4\nlet y = 5\n");
  EXPECT_EQ(parsed.diagnostics.error_count(), 3u);
  EXPECT_EQ(parsed.count(NodeKind::Charge), 2u);
  EXPECT_EQ(parsed.count(NodeKind::Missing), 3u);
  EXPECT_EQ(parsed.count(NodeKind::Let), 1u);
  const NodeId tariff = parsed.tree.child(parsed.tree.root, NodeKind::Tariff);
  ASSERT_TRUE(tariff);
  EXPECT_EQ(parsed.tree.children(tariff, NodeKind::Missing).size(), 2u);
}

TEST(ParseSource, UnclosedBraceDoesNotSwallowTheNextDeclaration) {
  const Parsed parsed = parse("tariff A from X to Y {\n  charge e on import at 1 NOK/kWh\n\ntariff B from X to Y {\n  charge e on import at 1 NOK/kWh\n}\n");
  EXPECT_EQ(parsed.codes(), std::vector<std::string>{"WL1011"});
  EXPECT_EQ(parsed.count(NodeKind::Tariff), 1u);
}

TEST(ParseSource, AtMostTwentyErrorsAreListed) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "let = 1\n";
  const Parsed parsed = parse(text);
  EXPECT_EQ(parsed.diagnostics.error_count(), 20u);
  EXPECT_EQ(parsed.codes().back(), "WL1005");
}

// ---- hostile text

TEST(ParseSource, DeepNestingIsRefused) {
  EXPECT_EQ(parse("let x = " + std::string(60000, '(') + "1" + std::string(60000, ')')).codes(), std::vector<std::string>{"WL1003"});
  EXPECT_EQ(parse("let x = " + std::string(60000, '-') + "1").codes(), std::vector<std::string>{"WL1003"});
  std::string extremes = "let x = ", tails = "let x = y", nots = "let x = ";
  for (int i = 0; i < 20000; ++i) {
    extremes += "largest 3 of ";
    tails += " under b";
    nots += "not ";
  }
  EXPECT_EQ(parse(extremes + "y").codes(), std::vector<std::string>{"WL1004"});
  EXPECT_EQ(parse(tails).codes(), std::vector<std::string>{"WL1003"});
  EXPECT_EQ(parse(nots + "y").codes(), std::vector<std::string>{"WL1003"});
}

TEST(ParseSource, LongSumsAreFlat) {
  std::string sum = "let x = 1";
  for (int i = 0; i < 20000; ++i) sum += " + a";
  const Parsed parsed = parse(sum);
  EXPECT_TRUE(parsed.codes().empty());
  EXPECT_EQ(parsed.count(NodeKind::Name), 20000u);
}

TEST(ParseSource, TwoHundredBracketsAreFine) { EXPECT_TRUE(parse("let x = " + std::string(200, '(') + "1" + std::string(200, ')')).codes().empty()); }

TEST(ParseSource, TextThatIsNoText) {
  EXPECT_TRUE(parse("").codes().empty());
  EXPECT_TRUE(parse("\n\n  # nothing\n").codes().empty());
  EXPECT_EQ(parse(std::string("let x\0= 1", 9)).codes(), std::vector<std::string>{"WL1002"});
  EXPECT_EQ(first_message("let x = \"\xC3\x28\""), "WL1002 byte 10 (0xC3) is not valid UTF-8");
  for (const char* bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) EXPECT_EQ(parse(bad).codes(), std::vector<std::string>{"WL1002"});
  EXPECT_EQ(parse(std::string(10u << 20, 'a')).codes(), std::vector<std::string>{"WL1001"});
  const Parsed unclosed = parse("let x = \"" + std::string(100000, 'x'));
  EXPECT_EQ(unclosed.codes(), std::vector<std::string>{"WL1017"});
}

// A fixed sequence of random tokens: whatever comes, the parser returns, reports at most 21 times and stays inside the text.
TEST(ParseSource, TokenSoup) {
  const std::vector<std::string> words = {"tariff", "T", "from", "A", "to", "{", "}", "(", ")", "charge", "on", "at", "0.25", "NOK/kWh", "=>", "=", "by", "when", "otherwise", ",", "per", "month", "first", "within", "\n", "\n", "let", "rule",
                                          "require", "\"x\"", "\"", "2026-01-01", "17:00", "to", "March", "largest", "of", "allocate", "over", "all", "#c\n", "-", "not", "is", "in", "..", "test", "ø", "€", "“", "==", "0,5", "cite", "bands", "scenario", "days", "starting", "15"};
  uint64_t state = 42;
  const auto next = [&] { return state = state * 6364136223846793005u + 1442695040888963407u, static_cast<size_t>(state >> 33); };
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (size_t i = 0, length = next() % 60; i < length; ++i) text += words[next() % words.size()] + (next() % 5 == 0 ? "" : " ");
    const Parsed parsed = parse(text);
    ASSERT_LE(parsed.diagnostics.all().size(), 21u) << text;
    for (const Node& node : parsed.tree.nodes) ASSERT_LE(node.span.end, text.size()) << text;
    for (const Diagnostic& diagnostic : parsed.diagnostics.all()) ASSERT_LE(diagnostic.span.begin, text.size()) << text;
  }
}

}  // namespace
}  // namespace wattlaw
