// Totals of a ledger for its summaries: a row a clause, grouped by who pays whom. Members' own accounts stand under their role.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/ledger/ledger.h"

namespace wattlaw {

struct LineTotal {
  const LedgerClause* clause;
  uint64_t lines = 0;          // that are there
  Rational quantity, amount, residue;
};

struct PairTotal {             // everything one role pays another in one currency
  std::string payer, payee, currency;
  std::vector<LineTotal> lines;
  Rational amount;
  int amount_places = 2;
};

struct LedgerTotals {
  std::vector<PairTotal> pairs;                                          // in order of first appearance
  std::map<std::string, Rational> residue;                               // by currency
  std::map<std::string, std::map<std::string, Rational>> role_balance;   // currency -> role or actor -> received - paid
};

LedgerTotals total_lines(const Ledger& ledger);

}  // namespace wattlaw
