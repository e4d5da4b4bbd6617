// ledger.csv and ledger.json: a row a line, streamed. Fields follow RFC 4180; rows end in a bare line feed, as every reader takes
// and as line-based tools need.
#include <fmt/format.h>

#include "runtime/ledger/line_order.h"
#include "runtime/report/file_writer.h"
#include "runtime/report/json_text.h"
#include "runtime/report/number_text.h"
#include "runtime/report/report.h"

namespace wattlaw {
namespace {

// A spreadsheet would run a cell that starts with one of these as a formula.
constexpr std::string_view kFormulaStarts = "=+-@\t\r";

std::string csv_cell(const std::string& text) {
  std::string cell = !text.empty() && kFormulaStarts.find(text[0]) != std::string_view::npos ? "'" + text : text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

// What all rows of a line have in common, as text of one of the two formats.
struct LineText {
  MantissaPrinter quantity, amount, residue;
  bool has_quantity;
  std::string tariff, clause, payer, payee, quantity_unit, rate_unit, currency;
  std::vector<std::string> rates;  // by period; empty where there was no one rate
};

struct LedgerText {
  std::vector<LineText> lines;
  std::vector<std::vector<std::string>> members;  // by set
  std::vector<std::string> kinds;                 // by set: "site"
  std::vector<std::vector<std::string>> periods;  // by axis
};

template <class Cell>
LedgerText text_of(const Ledger& ledger, Cell cell) {
  LedgerText text;
  for (const LineColumns& line : ledger.lines) {
    const LedgerClause& clause = ledger.clauses[line.clause];
    LineText row{MantissaPrinter(line.quantity_quantum, 0),
                 MantissaPrinter(line.amount_quantum, clause.amount_places),
                 MantissaPrinter(line.residue_quantum, 0),
                 !clause.quantity_unit.empty() && !line.quantity.empty(),
                 cell(clause.tariff),
                 cell(clause.clause),
                 cell(clause.payer),
                 cell(clause.payee),
                 cell(clause.quantity_unit),
                 cell(line.rate_unit),
                 cell(clause.currency),
                 {}};
    for (uint32_t period = 0; period < period_count(ledger, line); ++period) {
      const auto* rate = rate_of(line, period);
      row.rates.push_back(rate ? print_exact(**rate, 0) : "");
    }
    text.lines.push_back(std::move(row));
  }
  for (const LedgerMembers& set : ledger.members) {
    text.kinds.push_back(cell(set.kind));
    text.members.emplace_back();
    for (const std::string& member : set.ids) text.members.back().push_back(cell(member));
  }
  for (const BillingAxis& axis : ledger.axes) {
    text.periods.emplace_back();
    for (const std::string& label : axis.labels) text.periods.back().push_back(cell(label));
  }
  return text;
}

// What the column of members is called: by their kind, if all lines are of one.
std::string member_column(const Ledger& ledger) {
  std::string name;
  for (const LineColumns& line : ledger.lines) {
    const std::string& kind = ledger.members[line.set].kind;
    if (!name.empty() && name != kind) return "member";
    name = kind;
  }
  return name.empty() ? "site" : name;
}

void append_clauses_json(std::string& out, const Ledger& ledger) {
  out += "  \"clauses\": [";
  for (size_t i = 0; i < ledger.clauses.size(); ++i) {
    const LedgerClause& clause = ledger.clauses[i];
    out += fmt::format("{}\n    {{\"tariff\": {}, \"clause\": {}, \"payer\": {}, \"payee\": {}, \"currency\": {}, \"tax\": {}, \"cite\": {}}}", i == 0 ? "" : ",",
                       json_text(clause.tariff), json_text(clause.clause), json_text(clause.payer), json_text(clause.payee),
                       json_text(clause.currency), clause.is_tax, json_text(clause.cite));
  }
  out += ledger.clauses.empty() ? "],\n" : "\n  ],\n";
}

}  // namespace

Status write_ledger_csv(const Ledger& ledger, const std::string& path) {
  FileWriter file(path);
  std::string& out = file.buffer();
  out += "period," + member_column(ledger) + ",tariff,clause,payer,payee,quantity,quantity_unit,rate,rate_unit,amount,currency,residue\n";
  const LedgerText text = text_of(ledger, csv_cell);
  for_each_cell(ledger, [&](uint32_t i, uint32_t period, uint32_t member, size_t cell) {
    const LineColumns& line = ledger.lines[i];
    const LedgerClause& clause = ledger.clauses[line.clause];
    const LineText& row = text.lines[i];
    const std::string& id = text.members[line.set][member];
    const auto add = [&](const std::string& field) { (out += field) += ','; };
    add(text.periods[line.axis][period]);
    add(id);
    add(row.tariff);
    add(row.clause);
    add(clause.payer_is_member ? id : row.payer);
    add(clause.payee_is_member ? id : row.payee);
    if (row.has_quantity) row.quantity.append(out, line.quantity[cell]);
    out += ',';
    add(row.quantity_unit);
    const std::string& rate = row.rates[period];
    add(rate);
    if (!rate.empty()) out += row.rate_unit;
    out += ',';
    row.amount.append(out, line.amount[cell]);
    out += ',';
    add(row.currency);
    row.residue.append(out, cell_or_zero(line.residue, cell));
    out += '\n';
    file.row_done();
  });
  return file.finish();
}

Status write_ledger_json(const Ledger& ledger, const RunFacts& facts, const std::string& path) {
  FileWriter file(path);
  std::string& out = file.buffer();
  out += "{\n  \"facts\": {\n" + facts_json(facts, "    ") + "\n  },\n";
  append_clauses_json(out, ledger);
  out += "  \"lines\": [";
  const LedgerText text = text_of(ledger, [](const std::string& value) { return json_text(value); });
  bool is_first = true;
  for_each_cell(ledger, [&](uint32_t i, uint32_t period, uint32_t member, size_t cell) {
    const LineColumns& line = ledger.lines[i];
    const LedgerClause& clause = ledger.clauses[line.clause];
    const LineText& row = text.lines[i];
    const std::string& id = text.members[line.set][member];
    out += is_first ? "\n    {\"period\": " : ",\n    {\"period\": ";
    is_first = false;
    const auto add = [&](const char* key, const std::string& value) { ((out += key) += value); };
    add("", text.periods[line.axis][period]);
    (out += ", ") += text.kinds[line.set];
    add(": ", id);
    add(", \"tariff\": ", row.tariff);
    add(", \"clause\": ", row.clause);
    add(", \"payer\": ", clause.payer_is_member ? id : row.payer);
    add(", \"payee\": ", clause.payee_is_member ? id : row.payee);
    if (row.has_quantity) {
      out += ", \"quantity\": \"";
      row.quantity.append(out, line.quantity[cell]);
      add("\", \"quantity_unit\": ", row.quantity_unit);
    }
    if (!row.rates[period].empty()) {
      add(", \"rate\": \"", row.rates[period]);
      add("\", \"rate_unit\": ", row.rate_unit);
    }
    out += ", \"amount\": \"";
    row.amount.append(out, line.amount[cell]);
    add("\", \"currency\": ", row.currency);
    out += ", \"residue\": \"";
    row.residue.append(out, cell_or_zero(line.residue, cell));
    out += "\"}";
    file.row_done();
  });
  out += is_first ? "]\n}\n" : "\n  ]\n}\n";
  return file.finish();
}

}  // namespace wattlaw
