#include "runtime/ledger/ledger.h"

#include <gtest/gtest.h>

namespace wattlaw {
namespace {

Rational decimal(const char* text) { return *parse_decimal(text); }

// Two homes, two months. Home A pays Elvia 12.50 for 10 kWh in January and gets 3.00 back in February; home B has no line in January and
// pays 0.00 in February; Elvia pays the State 2.50 of tax in January.
Ledger small_ledger() {
  Ledger ledger;
  ledger.members = {{"site", {"home_a", "home_b"}}};
  ledger.axes = {{{"2026-01", "2026-02"}}};
  ledger.clauses = {{.tariff = "Elvia", .clause = "energy", .payer = "Customer", .payee = "Elvia", .payer_is_member = true, .currency = "NOK", .quantity_unit = "kWh"},
                    {.tariff = "Elvia", .clause = "vat", .payer = "Elvia", .payee = "State", .currency = "NOK", .is_tax = true}};
  LineColumns energy;
  energy.clause = 0;
  energy.quantity_quantum = {1, 1000};
  energy.amount_quantum = {1, 100};
  energy.residue_quantum = {1, 10000};
  energy.quantity = {10000, 0, -2400, 0};
  energy.amount = {1250, 0, -300, 0};
  energy.residue = {-25, 0, 0, 0};
  energy.present = {1, 0, 1, 1};
  energy.rate = {decimal("1.25"), std::nullopt};
  energy.rate_unit = "NOK/kWh";
  LineColumns vat;
  vat.clause = 1;
  vat.amount_quantum = {1, 2};
  vat.amount = {5, 0, 0, 0};
  vat.present = {1, 0, 0, 0};
  ledger.lines = {energy, vat};
  return ledger;
}

TEST(for_each_entry, visits_lines_that_are_there) {
  const Ledger ledger = small_ledger();
  std::vector<std::string> seen;
  for_each_entry(ledger, [&](const Entry& entry) {
    seen.push_back(*entry.period + " " + entry.clause->clause + " " + entry.from + "->" + entry.to + " " + print_decimal(entry.amount, 2, 12));
  });
  // A negative amount stays payer -> payee; an amount of zero that is there is visited.
  EXPECT_EQ(seen, (std::vector<std::string>{"2026-01 energy home_a->Elvia 12.50", "2026-01 vat Elvia->State 2.50", "2026-02 energy home_a->Elvia -3.00",
                                            "2026-02 energy home_b->Elvia 0.00"}));
}

TEST(for_each_entry, gives_quantity_rate_and_residue) {
  const Ledger ledger = small_ledger();
  std::vector<Entry> entries;
  for_each_entry(ledger, [&](const Entry& entry) { entries.push_back(entry); });
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].quantity, 10);
  EXPECT_EQ(entries[0].rate, decimal("1.25"));
  EXPECT_EQ(entries[0].residue, decimal("-0.0025"));
  EXPECT_EQ(entries[1].rate, std::nullopt);
  EXPECT_EQ(entries[1].quantity, 0);
  EXPECT_EQ(entries[2].rate, std::nullopt);
}

// Home A: -12.50 + 3.00. Elvia: +12.50 - 3.00 - 2.50. State: +2.50. The residue is posted nowhere.
TEST(check_zero_sum, posts_both_ends) {
  const Result<Balances> balances = check_zero_sum(small_ledger());
  ASSERT_TRUE(balances);
  const auto& nok = balances->by_currency.at("NOK");
  EXPECT_EQ(nok.at("home_a"), decimal("-9.50"));
  EXPECT_EQ(nok.at("home_b"), 0);
  EXPECT_EQ(nok.at("Elvia"), decimal("7.00"));
  EXPECT_EQ(nok.at("State"), decimal("2.50"));
}

TEST(check_zero_sum, keeps_currencies_apart) {
  Ledger ledger = small_ledger();
  ledger.clauses[1].currency = "DKK";
  const Result<Balances> balances = check_zero_sum(ledger);
  ASSERT_TRUE(balances);
  EXPECT_EQ(balances->by_currency.at("NOK").at("Elvia"), decimal("9.50"));
  EXPECT_EQ(balances->by_currency.at("DKK").at("Elvia"), decimal("-2.50"));
  EXPECT_EQ(balances->by_currency.at("DKK").count("home_a"), 0u);
}

// Amounts near 2^127 in quanta with a wide common unit: sums beyond int128 stay exact.
TEST(check_zero_sum, never_overflows) {
  Ledger ledger = small_ledger();
  const auto most = static_cast<Int128>((static_cast<unsigned __int128>(1) << 127) - 1);
  ledger.lines[0].amount = {most, 0, most, most};
  ledger.lines[0].amount_quantum = {7, 3};
  const Result<Balances> balances = check_zero_sum(ledger);
  ASSERT_TRUE(balances);
  const Rational each = Rational(to_integer(most)) * 7 / 3;
  EXPECT_EQ(balances->by_currency.at("NOK").at("home_a"), -2 * each);
  EXPECT_EQ(balances->by_currency.at("NOK").at("Elvia"), 3 * each - decimal("2.5"));
  Ledger least = small_ledger();
  least.lines[0].amount = {-most - 1, 0, -most - 1, 0};
  EXPECT_EQ(check_zero_sum(least)->by_currency.at("NOK").at("home_a"), Rational((to_integer(most) + 1) * 2, 100));
}

TEST(check_zero_sum, reports_a_line_that_is_not_whole) {
  Ledger ledger = small_ledger();
  ledger.lines[0].amount.resize(3);
  const Result<Balances> balances = check_zero_sum(ledger);
  ASSERT_FALSE(balances);
  EXPECT_EQ(balances.failure().code, "WL7001");
  EXPECT_NE(balances.failure().message.find("`Elvia.energy` in NOK"), std::string::npos);
}

TEST(check_zero_sum, holds_for_an_empty_ledger) { EXPECT_TRUE(check_zero_sum(Ledger{})->by_currency.empty()); }

TEST(ledger_hash, depends_on_every_figure) {
  const std::string base = ledger_hash(small_ledger());
  EXPECT_EQ(base.size(), 16u);
  EXPECT_EQ(base, ledger_hash(small_ledger()));
  EXPECT_EQ(ledger_hash(Ledger{}), "cbf29ce484222325");  // FNV-1a 64 of nothing
  const auto changed = [](auto change) {
    Ledger ledger = small_ledger();
    change(ledger);
    return ledger_hash(ledger);
  };
  EXPECT_NE(base, changed([](Ledger& ledger) { ledger.lines[0].amount.set(0, ledger.lines[0].amount[0] + 1); }));
  EXPECT_NE(base, changed([](Ledger& ledger) { ledger.lines[0].residue.set(0, ledger.lines[0].residue[0] + 1); }));
  EXPECT_NE(base, changed([](Ledger& ledger) { ledger.lines[0].quantity.set(0, ledger.lines[0].quantity[0] + (Int128{1} << 100)); }));
  EXPECT_NE(base, changed([](Ledger& ledger) { ledger.lines[0].present[1] = 1; }));
  EXPECT_NE(base, changed([](Ledger& ledger) { ledger.members[0].ids[0] = "home_c"; }));
  EXPECT_NE(base, changed([](Ledger& ledger) { std::swap(ledger.lines[0], ledger.lines[1]); }));
  // What is not there has no value.
  EXPECT_EQ(base, changed([](Ledger& ledger) { ledger.lines[0].amount.set(1, 7); }));
}

}  // namespace
}  // namespace wattlaw
