#include "runtime/report/line_totals.h"

#include <algorithm>

#include "runtime/ledger/exact_sum.h"
#include "runtime/ledger/line_order.h"

namespace wattlaw {
namespace {

Rational value_of(const ExactSum& sum, const Quantum& quantum) { return Rational(sum.total() * quantum.numerator, quantum.denominator); }

LineTotal total_line(const LineColumns& line, const LedgerClause& clause) {
  ExactSum quantity, amount, residue;
  LineTotal total{&clause};
  for (size_t cell = 0; cell < line.present.size(); ++cell) {
    if (line.present[cell] == 0) continue;
    ++total.lines;
    quantity.add(cell_or_zero(line.quantity, cell));
    amount.add(line.amount[cell]);
    residue.add(cell_or_zero(line.residue, cell));
  }
  total.quantity = value_of(quantity, line.quantity_quantum);
  total.amount = value_of(amount, line.amount_quantum);
  total.residue = value_of(residue, line.residue_quantum);
  return total;
}

PairTotal& pair_of(LedgerTotals& totals, const LedgerClause& clause) {
  const auto found = std::find_if(totals.pairs.begin(), totals.pairs.end(), [&](const PairTotal& pair) {
    return pair.payer == clause.payer && pair.payee == clause.payee && pair.currency == clause.currency;
  });
  if (found != totals.pairs.end()) return *found;
  totals.pairs.push_back({clause.payer, clause.payee, clause.currency, {}, 0, clause.amount_places});
  return totals.pairs.back();
}

}  // namespace

LedgerTotals total_lines(const Ledger& ledger) {
  LedgerTotals totals;
  for (const LineColumns& line : ledger.lines) {
    const LedgerClause& clause = ledger.clauses[line.clause];
    LineTotal total = total_line(line, clause);
    PairTotal& pair = pair_of(totals, clause);
    pair.amount += total.amount;
    pair.amount_places = std::max(pair.amount_places, clause.amount_places);
    totals.residue[clause.currency] += total.residue;
    totals.role_balance[clause.currency][clause.payer] -= total.amount;
    totals.role_balance[clause.currency][clause.payee] += total.amount;
    // A tariff whose bills begin on another day for each site has a clause for each of these days: to a reader it is one.
    const auto same = std::find_if(pair.lines.begin(), pair.lines.end(), [&](const LineTotal& known) {
      return known.clause->tariff == clause.tariff && known.clause->clause == clause.clause && known.clause->quantity_unit == clause.quantity_unit;
    });
    if (same == pair.lines.end()) {
      pair.lines.push_back(std::move(total));
      continue;
    }
    same->lines += total.lines;
    same->quantity += total.quantity;
    same->amount += total.amount;
    same->residue += total.residue;
  }
  return totals;
}

}  // namespace wattlaw
