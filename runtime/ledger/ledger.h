// Ledger: what a run yields. Line columns (clause × period × member of its kind) of exact integers; entries with two ends are a view of them.
// A line is one clause, member and billing period. amount is the rounded figure, posted to both ends; residue is the exact amount
// minus the rounded one, reported and never posted. Per currency and period the sum over all accounts is zero.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/number/integer_column.h"

namespace wattlaw {

struct LedgerClause {
  std::string tariff, clause;        // "Elvia", "energy"; a tariff's `rounding` and `minimum` lines have those names
  std::string payer, payee;          // accounts: the actor that plays the role, else the role's name; {site} accounts are per member
  bool payer_is_member = false, payee_is_member = false;  // the account is the member itself ("home_0001") in the payer's/payee's role
  std::string currency;              // "NOK"
  std::string quantity_unit;         // "kWh", "kW", "" if the line has no quantity
  int amount_places = 2;             // decimals to show; more are shown where the exact amount has them
  std::string cite;                  // may be empty
  bool is_tax = false;
};

struct LineColumns {
  uint32_t clause = 0;               // index into Ledger::clauses
  uint32_t axis = 0;                 // index into Ledger::axes
  uint32_t set = 0;                  // index into Ledger::members
  Quantum quantity_quantum, amount_quantum, residue_quantum;
  // [period * members + member]; a line that is not there has present == 0 (never: an amount of zero that is there)
  IntegerColumn quantity, amount, residue;
  std::vector<uint8_t> present;
  std::vector<std::optional<Rational>> rate;  // per period: the rate in canonical units where one rate held for everybody
  std::string rate_unit;                      // "NOK/kWh"
};

struct BillingAxis {
  std::vector<std::string> labels;   // "2026-03"
};

struct LedgerMembers {
  std::string kind;                  // "site", "vehicle"
  std::vector<std::string> ids;
};

struct Ledger {
  std::vector<LedgerMembers> members;
  std::vector<BillingAxis> axes;
  std::vector<LedgerClause> clauses;
  std::vector<LineColumns> lines;    // one per clause, in the order of the applied tariffs and their clauses
  const std::vector<std::string>& ids_of(const LineColumns& line) const { return members[line.set].ids; }
};

struct Entry {                       // one posted line, seen from the account that pays
  const LedgerClause* clause;
  const std::string* period;
  const std::string* member;
  std::string from, to;              // accounts
  Rational quantity, amount, residue;
  std::optional<Rational> rate;
};
void for_each_entry(const Ledger& ledger, const std::function<void(const Entry&)>& visit);

// Balance of every account by currency; the values of one currency sum to zero. Failure WL7001 (our bug) names currency and period.
struct Balances {
  std::map<std::string, std::map<std::string, Rational>> by_currency;  // currency -> account -> received - paid
};
Result<Balances> check_zero_sum(const Ledger& ledger);

// FNV-1a 64 over every line in order: equal for any number of threads and any processor.
std::string ledger_hash(const Ledger& ledger);

}  // namespace wattlaw
