#include <fmt/format.h>

#include <algorithm>

#include "runtime/report/json_text.h"
#include "runtime/report/line_totals.h"
#include "runtime/report/number_text.h"
#include "runtime/report/report.h"

namespace wattlaw {
namespace {

constexpr size_t kNameWidth = 46, kQuantityWidth = 26, kAmountWidth = 26;  // 98 with the indent of two below a hundred columns
constexpr size_t kTableWidth = kNameWidth + kQuantityWidth + kAmountWidth;
constexpr int kMostPlaces = 6;                                              // of an amount that was never rounded
constexpr int kQuantityPlaces = 2;

// Columns on a terminal, counting a character of UTF-8 as one.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string left(std::string text, size_t width) {
  if (width_of(text) > width) {
    while (width_of(text) >= width) text.pop_back();
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0xc0) text.pop_back();  // a lead byte left alone
    text += "…";
  }
  const size_t shown = width_of(text);
  return text + std::string(width - std::min(width, shown), ' ');
}

std::string right(const std::string& text, size_t width) {
  const size_t shown = width_of(text);
  return std::string(width - std::min(width, shown), ' ') + text;
}

// "1,234.50": at least `places` decimals, more where the exact figure has them, "~" where even six do not tell it.
std::string print_amount(const Rational& value, int places) {
  for (int shown = places; shown <= std::max(places, kMostPlaces); ++shown)
    if (mantissa_of(value, Quantum{1, boost::multiprecision::pow(Integer(10), static_cast<unsigned>(shown))})) return print_fixed(value, shown, true);
  return "~" + print_fixed(value, std::max(places, kMostPlaces), true);
}

void append_row(std::string& out, const std::string& name, const std::string& quantity, const std::string& amount) {
  out += left(name, kNameWidth) + right(quantity, kQuantityWidth) + right(amount, kAmountWidth) + "\n";
}

void append_pair(std::string& out, const PairTotal& pair) {
  append_row(out, fmt::format("{} -> {}", pair.payer, pair.payee), "quantity", pair.currency);
  for (const LineTotal& line : pair.lines) {
    const LedgerClause& clause = *line.clause;
    const bool shows_quantity = !clause.quantity_unit.empty() && line.lines > 0;
    const std::string quantity = shows_quantity ? print_fixed(line.quantity, kQuantityPlaces, true) + " " + clause.quantity_unit : "";
    append_row(out, fmt::format("  {}.{}", clause.tariff, clause.clause), quantity,
               line.lines == 0 ? "no line" : print_amount(line.amount, clause.amount_places));
  }
  append_row(out, "  total", "", print_amount(pair.amount, pair.amount_places));
  out += "\n";
}

void append_balances(std::string& out, const LedgerTotals& totals, const Result<Balances>& checked) {
  for (const auto& [currency, roles] : totals.role_balance) {
    append_row(out, "received less paid", "", currency);
    for (const auto& [role, balance] : roles) append_row(out, "  " + role, "", print_amount(balance, 2));
    append_row(out, "  not posted: residue of rounding", "", print_amount(totals.residue.at(currency), 2));
    Rational sum = 0;
    if (checked)
      for (const auto& [account, balance] : checked->by_currency.at(currency)) sum += balance;
    out += checked ? fmt::format("sum over all accounts: {} {} (checked)\n\n", print_decimal(sum, 0, 12), currency)
                   : fmt::format("sum over all accounts: NOT ZERO: {}\n\n", checked.failure().message);
  }
}

// Breaks at spaces so that no line is wider than the table.
void append_wrapped(std::string& out, const std::string& first_indent, const std::string& indent, const std::string& text) {
  std::string line = first_indent;
  bool is_empty = true;
  for (size_t at = 0; at <= text.size();) {
    const size_t space = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, space - at);
    if (!is_empty && width_of(line) + 1 + width_of(word) > kTableWidth) {
      out += line + "\n";
      line = indent;
      is_empty = true;
    }
    line += (is_empty ? "" : " ") + word;
    is_empty = false;
    at = space + 1;
  }
  out += line + "\n";
}

void append_answers_and_notes(std::string& out, const RunFacts& facts) {
  for (const RunFacts::Answer& answer : facts.answers) {
    if (width_of(answer.label) + 3 + width_of(answer.value) <= kTableWidth && answer.value.find('\n') == std::string::npos) {
      out += left(answer.label, kTableWidth - std::max<size_t>(kAmountWidth, width_of(answer.value) + 1)) +
             right(answer.value, std::max<size_t>(kAmountWidth, width_of(answer.value) + 1)) + "\n";
      continue;
    }
    out += answer.label + "\n";
    for (size_t at = 0; at < answer.value.size();) {
      const size_t end = std::min(answer.value.find('\n', at), answer.value.size());
      out += "  " + answer.value.substr(at, end - at) + "\n";
      at = end + 1;
    }
  }
  if (!facts.answers.empty()) out += "\n";
  for (const std::string& note : facts.notes) append_wrapped(out, "note: ", "      ", note);
  if (!facts.notes.empty()) out += "\n";
}


void append_facts(std::string& out, const RunFacts& facts) {
  if (facts.intervals > 0) out += fmt::format("{} members, {} intervals of {}, {}\n", group_digits(facts.members), group_digits(facts.intervals), facts.step, facts.zone);
  out += fmt::format("language {}, zone data {}\n", facts.language_version, facts.zone_data);
  for (const auto& [file, hash] : facts.script_hashes) out += fmt::format("script {} {}\n", hash, file);
  for (const auto& [file, hash] : facts.trace_hashes) out += fmt::format("trace  {} {}\n", hash, file);
}

}  // namespace

std::string write_summary_text(const Ledger& ledger, const RunFacts& facts) {
  const LedgerTotals totals = total_lines(ledger);
  std::string out = fmt::format("{}, {}\n\n", facts.scenario, facts.period);
  for (const PairTotal& pair : totals.pairs) append_pair(out, pair);
  append_balances(out, totals, check_zero_sum(ledger));
  append_answers_and_notes(out, facts);
  append_facts(out, facts);
  return out;
}

std::string write_summary_json(const Ledger& ledger, const RunFacts& facts) {
  const LedgerTotals totals = total_lines(ledger);
  std::string out = "{\n  \"facts\": {\n" + facts_json(facts, "    ") + "\n  },\n  \"totals\": [";
  bool is_first = true;
  for (const PairTotal& pair : totals.pairs)
    for (const LineTotal& line : pair.lines) {
      const LedgerClause& clause = *line.clause;
      out += fmt::format("{}\n    {{\"payer\": {}, \"payee\": {}, \"tariff\": {}, \"clause\": {}, \"lines\": {}", is_first ? "" : ",", json_text(pair.payer),
                         json_text(pair.payee), json_text(clause.tariff), json_text(clause.clause), line.lines);
      if (!clause.quantity_unit.empty())
        out += fmt::format(", \"quantity\": \"{}\", \"quantity_unit\": {}", print_exact(line.quantity, 0), json_text(clause.quantity_unit));
      out += fmt::format(", \"amount\": \"{}\", \"currency\": {}, \"residue\": \"{}\"}}", print_exact(line.amount, clause.amount_places),
                         json_text(pair.currency), print_exact(line.residue, 0));
      is_first = false;
    }
  out += is_first ? "],\n  \"balances\": {" : "\n  ],\n  \"balances\": {";
  is_first = true;
  for (const auto& [currency, roles] : totals.role_balance) {
    out += fmt::format("{}\n    {}: {{", is_first ? "" : ",", json_text(currency));
    is_first = true;
    for (const auto& [role, balance] : roles) {
      out += fmt::format("{}{}: \"{}\"", is_first ? "" : ", ", json_text(role), print_exact(balance, 2));
      is_first = false;
    }
    out += "}";
  }
  out += is_first ? "},\n" : "\n  },\n";
  const Result<Balances> checked = check_zero_sum(ledger);
  out += fmt::format("  \"sums_to_zero\": {},\n  \"ledger_hash\": \"{}\"\n}}\n", static_cast<bool>(checked), ledger_hash(ledger));
  return out;
}

}  // namespace wattlaw
