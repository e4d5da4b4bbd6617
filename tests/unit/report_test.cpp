#include "runtime/report/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "runtime/report/number_text.h"

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("wattlaw_report_test_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Ledger small_ledger() {
  Ledger ledger;
  ledger.members = {{"site", {"=home, \"a\"", "home_b"}}};
  ledger.axes = {{{"2026-01", "2026-02"}}};
  ledger.clauses = {{.tariff = "Elvia", .clause = "energy", .payer = "Customer", .payee = "Elvia", .payer_is_member = true, .currency = "NOK", .quantity_unit = "kWh", .cite = "§ 4"},
                    {.tariff = "Elvia", .clause = "standing", .payer = "Customer", .payee = "Elvia", .payer_is_member = true, .currency = "NOK"}};
  LineColumns energy;
  energy.clause = 0;
  energy.quantity_quantum = {1, 1000};
  energy.amount_quantum = {1, 100};
  energy.residue_quantum = {1, 10000};
  energy.quantity = {1234567891, 1500, 0, -250};
  energy.amount = {154320987, 188, 0, -31};
  energy.residue = {-625, -50, 0, 0};
  energy.present = {1, 1, 0, 1};
  energy.rate = {*parse_decimal("1.25"), Rational(Integer(1), Integer(3))};
  energy.rate_unit = "NOK/kWh";
  LineColumns standing;
  standing.clause = 1;
  standing.amount_quantum = {1, 3};
  standing.amount = {100, 0, 3, 0};
  standing.present = {1, 0, 1, 0};
  ledger.lines = {energy, standing};
  return ledger;
}

RunFacts small_facts() {
  RunFacts facts;
  facts.language_version = "1";
  facts.scenario = "Small";
  facts.period = "2026-01-01 until 2026-03-01";
  facts.zone = "Europe/Oslo";
  facts.step = "60 min";
  facts.zone_data = "2026f";
  facts.script_hashes = {{"small.watt", "0123456789abcdef"}};
  facts.members = 2;
  facts.intervals = 1416;
  facts.notes = {"largest 3 of: 2 days in 2026-01 for 14 sites"};
  facts.answers = {{"what the customers pay", "1,543,243.44 NOK"}};
  return facts;
}

// Rows by period, then site, then clause; a site that looks like a formula is disarmed, and quoted for its comma and quotes.
// 100/3 and 1/3 have no decimal; 3/3 has.
TEST(write_ledger_csv, writes_exact_rows) {
  const Folder folder;
  ASSERT_TRUE(write_ledger_csv(small_ledger(), folder.path / "ledger.csv"));
  EXPECT_EQ(read(folder.path / "ledger.csv"),
            "period,site,tariff,clause,payer,payee,quantity,quantity_unit,rate,rate_unit,amount,currency,residue\n"
            "2026-01,\"'=home, \"\"a\"\"\",Elvia,energy,\"'=home, \"\"a\"\"\",Elvia,1234567.891,kWh,1.25,NOK/kWh,1543209.87,NOK,-0.0625\n"
            "2026-01,\"'=home, \"\"a\"\"\",Elvia,standing,\"'=home, \"\"a\"\"\",Elvia,,,,,100/3,NOK,0\n"
            "2026-01,home_b,Elvia,energy,home_b,Elvia,1.5,kWh,1.25,NOK/kWh,1.88,NOK,-0.005\n"
            "2026-02,\"'=home, \"\"a\"\"\",Elvia,standing,\"'=home, \"\"a\"\"\",Elvia,,,,,1.00,NOK,0\n"
            "2026-02,home_b,Elvia,energy,home_b,Elvia,-0.25,kWh,1/3,NOK/kWh,-0.31,NOK,0\n");
}

TEST(write_ledger_json, is_json_and_exact) {
  const Folder folder;
  Ledger ledger = small_ledger();
  ledger.members[0].ids[1] = "Bj\xf8rn\n";  // Latin-1, and a control character
  ASSERT_TRUE(write_ledger_json(ledger, small_facts(), folder.path / "ledger.json"));
  const nlohmann::json json = nlohmann::json::parse(read(folder.path / "ledger.json"));
  EXPECT_EQ(json["lines"].size(), 5u);
  EXPECT_EQ(json["lines"][0]["quantity"], "1234567.891");
  EXPECT_EQ(json["lines"][0]["site"], "=home, \"a\"");
  EXPECT_EQ(json["lines"][1]["amount"], "100/3");
  EXPECT_FALSE(json["lines"][1].contains("rate"));
  EXPECT_EQ(json["lines"][2]["site"], "Bj\xef\xbf\xbdrn\n");
  EXPECT_EQ(json["facts"]["zone_data"], "2026f");
  EXPECT_EQ(json["facts"]["scripts"]["small.watt"], "0123456789abcdef");
  EXPECT_EQ(json["facts"]["answers"][0]["value"], "1,543,243.44 NOK");
  EXPECT_EQ(json["clauses"][0]["cite"], "§ 4");
  ASSERT_TRUE(write_ledger_json(Ledger{}, RunFacts{}, folder.path / "empty.json"));
  EXPECT_TRUE(nlohmann::json::parse(read(folder.path / "empty.json"))["lines"].empty());
}

// Energy 1543209.87 + 1.88 - 0.31 = 1543211.44 for 1234567.891 + 1.5 - 0.25 kWh; standing 100/3 + 1 = 34.333333…
TEST(write_summary_text, is_a_table_that_a_regulator_reads) {
  const std::string text = write_summary_text(small_ledger(), small_facts());
  EXPECT_EQ(text,
            "Small, 2026-01-01 until 2026-03-01\n"
            "\n"
            "Customer -> Elvia                                               quantity                       NOK\n"
            "  Elvia.energy                                          1,234,569.14 kWh              1,543,211.44\n"
            "  Elvia.standing                                                                        ~34.333333\n"
            "  total                                                                          ~1,543,245.773333\n"
            "\n"
            "received less paid                                                                             NOK\n"
            "  Customer                                                                      ~-1,543,245.773333\n"
            "  Elvia                                                                          ~1,543,245.773333\n"
            "  not posted: residue of rounding                                                          -0.0675\n"
            "sum over all accounts: 0 NOK (checked)\n"
            "\n"
            "what the customers pay                                                            1,543,243.44 NOK\n"
            "\n"
            "note: largest 3 of: 2 days in 2026-01 for 14 sites\n"
            "\n"
            "2 members, 1,416 intervals of 60 min, Europe/Oslo\n"
            "language 1, zone data 2026f\n"
            "script 0123456789abcdef small.watt\n");
}

TEST(write_summary_text, stays_within_a_hundred_columns) {
  Ledger ledger = small_ledger();
  ledger.clauses[0].tariff = "Nettleie for hushald og fritidsbustader i Sør-Trøndelag og Møre og Romsdal";
  RunFacts facts = small_facts();
  facts.notes = {"a note of many words that is far wider than the table and therefore has to be broken at a space, where the next line is indented"};
  facts.answers.push_back({"an answer with a label that leaves no room at all for its value on the same line of the terminal", "12,345,678.90 NOK"});
  std::istringstream lines(write_summary_text(ledger, facts));
  for (std::string line; std::getline(lines, line);) {
    size_t width = 0;
    for (const char c : line) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    EXPECT_LE(width, 100u) << line;
  }
}

TEST(write_summary_json, is_json) {
  const nlohmann::json json = nlohmann::json::parse(write_summary_json(small_ledger(), small_facts()));
  EXPECT_EQ(json["totals"][0]["amount"], "1543211.44");
  EXPECT_EQ(json["totals"][1]["amount"], "103/3");
  EXPECT_EQ(json["totals"][0]["lines"], 3);
  EXPECT_EQ(json["sums_to_zero"], true);
  EXPECT_EQ(json["ledger_hash"], ledger_hash(small_ledger()));
  EXPECT_TRUE(nlohmann::json::parse(write_summary_json(Ledger{}, RunFacts{}))["totals"].empty());
}

TEST(writers, report_what_the_system_says) {
  const Status full = write_ledger_csv(small_ledger(), "/dev/full");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.failure().code, "WL6201");
  EXPECT_EQ(full.failure().file, "/dev/full");
  EXPECT_NE(full.failure().message.find("No space left"), std::string::npos);
  const Status nowhere = write_ledger_json(small_ledger(), small_facts(), "/nonexistent/ledger.json");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.failure().code, "WL6201");
  EXPECT_EQ(write_ledger_csv(small_ledger(), "/tmp").failure().code, "WL6201");
}

// The fast path prints what the exact path prints, for decimal and other quanta, of all sizes and signs.
TEST(mantissa_printer, agrees_with_exact_fractions) {
  std::mt19937_64 random(3);
  for (const Quantum& quantum : {Quantum{1, 1}, Quantum{1, 100}, Quantum{5, 1}, Quantum{1, 8}, Quantum{3, 40}, Quantum{1, 3}, Quantum{100, 1},
                                 Quantum{1, boost::multiprecision::pow(Integer(10), 30)}, Quantum{1, boost::multiprecision::pow(Integer(10), 40)}})
    for (int min_places = 0; min_places <= 4; min_places += 2) {
      const MantissaPrinter printer(quantum, min_places);
      for (int i = 0; i < 300; ++i) {
        const auto bits = static_cast<unsigned __int128>(random()) << 64 | random();
        const Int128 mantissa = i == 0 ? 0 : static_cast<Int128>(bits) >> (random() % 127);
        std::string text;
        printer.append(text, mantissa);
        ASSERT_EQ(text, print_exact(Rational(to_integer(mantissa) * quantum.numerator, quantum.denominator), min_places));
      }
      std::string least;
      printer.append(least, static_cast<Int128>(static_cast<unsigned __int128>(1) << 127));
      EXPECT_EQ(least[0], '-');
    }
}

// 2,000 members, 12 months, 10 clauses: 240,000 rows, a matter of 40 ms. The bound, of processor time, leaves room for sanitizers: what it refuses is work that
// grows faster than the rows.
TEST(write_ledger_csv, streams_a_large_ledger) {
  Ledger ledger;
  ledger.members = {{"site", {}}};
  for (int i = 0; i < 2000; ++i) ledger.members[0].ids.push_back("home_" + std::to_string(1000 + i));
  ledger.axes.emplace_back();
  for (int month = 1; month <= 12; ++month) ledger.axes[0].labels.push_back("2026-" + std::to_string(month + 10));
  for (uint32_t i = 0; i < 10; ++i) {
    ledger.clauses.push_back({.tariff = "T", .clause = "c" + std::to_string(i), .payer = "Customer", .payee = "Grid", .payer_is_member = true, .currency = "NOK", .quantity_unit = "kWh"});
    LineColumns line;
    line.clause = i;
    line.quantity_quantum = {1, 1000};
    line.amount_quantum = {1, 100};
    line.residue_quantum = {1, 100000000};
    line.quantity.assign(24000, 987654321 + i);
    line.amount.assign(24000, 123456 + i);
    line.residue.assign(24000, -12345);
    line.present.assign(24000, 1);
    ledger.lines.push_back(std::move(line));
  }
  const Folder folder;
  const std::clock_t begin = std::clock();
  ASSERT_TRUE(write_ledger_csv(ledger, folder.path / "large.csv"));
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  RecordProperty("milliseconds", static_cast<int>(seconds * 1000));
  EXPECT_LT(seconds, 20.0);
  const std::string text = read(folder.path / "large.csv");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 240001);
  // Amounts 1234.56 to 1234.65 for each of 24,000 cells: 24,000 * (12345.60 + 0.45).
  EXPECT_EQ(check_zero_sum(ledger)->by_currency.at("NOK").at("Grid"), *parse_decimal("296305200"));
}

}  // namespace
}  // namespace wattlaw
