#include "runtime/ledger/ledger.h"

#include <fmt/format.h>

#include <unordered_map>

#include "runtime/ledger/exact_sum.h"
#include "runtime/ledger/line_order.h"

namespace wattlaw {
namespace {

Rational value_of(Int128 mantissa, const Quantum& quantum) { return Rational(to_integer(mantissa) * quantum.numerator, quantum.denominator); }

Failure our_bug(const std::string& message) { return {"WL7001", message, "this is a fault of wattlaw, not of the script; please report it"}; }

std::optional<Failure> check_shape(const Ledger& ledger) {
  for (size_t i = 0; i < ledger.lines.size(); ++i) {
    const LineColumns& line = ledger.lines[i];
    if (line.clause >= ledger.clauses.size() || line.axis >= ledger.axes.size() || line.set >= ledger.members.size())
      return our_bug(fmt::format("line {} of the ledger names a clause, a billing period or members that are not there", i));
    const LedgerClause& clause = ledger.clauses[line.clause];
    const size_t cells = ledger.axes[line.axis].labels.size() * ledger.ids_of(line).size();
    if (line.amount.size() != cells || line.present.size() != cells)
      return our_bug(fmt::format("line `{}.{}` in {} has {} amounts where {} are due", clause.tariff, clause.clause, clause.currency,
                                 line.amount.size(), cells));
  }
  return std::nullopt;
}

// The accounts of one currency. Both ends of every line are posted to them, a period at a time.
struct Accounts {
  std::string currency;
  Quantum quantum;                                  // of which every amount in this currency is a whole multiple
  std::vector<uint32_t> lines;
  std::unordered_map<std::string, uint32_t> index;
  std::vector<std::string> names;
  std::vector<ExactSum> period_balance;             // at `quantum`
  std::vector<Integer> balance;

  uint32_t account(const std::string& name) {
    const auto [found, is_new] = index.emplace(name, static_cast<uint32_t>(names.size()));
    if (is_new) {
      names.push_back(name);
      period_balance.emplace_back();
      balance.emplace_back(0);
    }
    return found->second;
  }
};

struct Ends {
  uint32_t payer, payee;  // accounts; unused where the member is the account
};

void post_line(const Ledger& ledger, const LineColumns& line, uint32_t period, Ends ends, const std::vector<uint32_t>& member_account,
               Accounts& accounts) {
  const LedgerClause& clause = ledger.clauses[line.clause];
  const Integer factor = line.amount_quantum.numerator * accounts.quantum.denominator / (line.amount_quantum.denominator * accounts.quantum.numerator);
  const bool is_narrow = fits_int128(factor);
  const Int128 narrow_factor = is_narrow ? to_int128(factor) : 0;
  const auto members = static_cast<uint32_t>(ledger.ids_of(line).size());
  for (uint32_t member = 0; member < members; ++member) {
    const size_t cell = size_t{period} * members + member;
    if (line.present[cell] == 0) continue;
    ExactSum& payer = accounts.period_balance[clause.payer_is_member ? member_account[member] : ends.payer];
    ExactSum& payee = accounts.period_balance[clause.payee_is_member ? member_account[member] : ends.payee];
    const Int128 amount = line.amount[cell];
    Int128 posted;
    if (is_narrow && !__builtin_mul_overflow(amount, narrow_factor, &posted)) {
      payer.subtract(posted);
      payee.add(posted);
    } else {
      const Integer wide = to_integer(amount) * factor;
      payer.far -= wide;
      payee.far += wide;
    }
  }
}

// Sums the accounts of a period, adds them to the balances and clears them. Nothing may be left over.
Integer close_period(Accounts& accounts) {
  Integer sum = 0;
  for (size_t account = 0; account < accounts.names.size(); ++account) {
    const Integer total = accounts.period_balance[account].total();
    sum += total;
    accounts.balance[account] += total;
    accounts.period_balance[account] = {};
  }
  return sum;
}

std::optional<Failure> post_currency(const Ledger& ledger, Accounts& accounts) {
  std::vector<std::vector<uint32_t>> member_accounts(ledger.members.size());  // by set; empty: none of its lines ends at a member
  std::vector<Ends> ends(ledger.lines.size(), Ends{0, 0});
  for (const uint32_t i : accounts.lines) {
    const LedgerClause& clause = ledger.clauses[ledger.lines[i].clause];
    if (!clause.payer_is_member) ends[i].payer = accounts.account(clause.payer);
    if (!clause.payee_is_member) ends[i].payee = accounts.account(clause.payee);
    std::vector<uint32_t>& of_members = member_accounts[ledger.lines[i].set];
    if ((clause.payer_is_member || clause.payee_is_member) && of_members.empty())
      for (const std::string& id : ledger.ids_of(ledger.lines[i])) of_members.push_back(accounts.account(id));
  }
  for (uint32_t axis = 0; axis < ledger.axes.size(); ++axis)
    for (uint32_t period = 0; period < ledger.axes[axis].labels.size(); ++period) {
      for (const uint32_t i : accounts.lines)
        if (ledger.lines[i].axis == axis) post_line(ledger, ledger.lines[i], period, ends[i], member_accounts[ledger.lines[i].set], accounts);
      const Integer sum = close_period(accounts);
      if (sum == 0) continue;
      const Rational left(sum * accounts.quantum.numerator, accounts.quantum.denominator);
      return our_bug(fmt::format("the accounts of {} in {} sum to {}, not to zero", accounts.currency, ledger.axes[axis].labels[period],
                                 print_decimal(left, 2, 12)));
    }
  return std::nullopt;
}

struct Fnv1a {
  uint64_t state = 14695981039346656037ULL;
  void byte(uint8_t value) { state = (state ^ value) * 1099511628211ULL; }
  void number(Int128 value) {
    auto rest = static_cast<unsigned __int128>(value);
    for (int i = 0; i < 16; ++i, rest >>= 8) byte(static_cast<uint8_t>(rest));
  }
  void text(const std::string& value) {
    number(static_cast<Int128>(value.size()));
    for (const char c : value) byte(static_cast<uint8_t>(c));
  }
  void quantum(const Quantum& value) {
    text(value.numerator.str());
    text(value.denominator.str());
  }
};

}  // namespace

void for_each_entry(const Ledger& ledger, const std::function<void(const Entry&)>& visit) {
  for_each_cell(ledger, [&](uint32_t i, uint32_t period, uint32_t member, size_t cell) {
    const LineColumns& line = ledger.lines[i];
    Entry entry;
    entry.clause = &ledger.clauses[line.clause];
    entry.period = &ledger.axes[line.axis].labels[period];
    entry.member = &ledger.ids_of(line)[member];
    entry.from = entry.clause->payer_is_member ? *entry.member : entry.clause->payer;
    entry.to = entry.clause->payee_is_member ? *entry.member : entry.clause->payee;
    entry.quantity = value_of(cell_or_zero(line.quantity, cell), line.quantity_quantum);
    entry.amount = value_of(line.amount[cell], line.amount_quantum);
    entry.residue = value_of(cell_or_zero(line.residue, cell), line.residue_quantum);
    if (const auto* rate = rate_of(line, period)) entry.rate = *rate;
    visit(entry);
  });
}

Result<Balances> check_zero_sum(const Ledger& ledger) {
  if (const auto failure = check_shape(ledger)) return *failure;
  std::map<std::string, Accounts> by_currency;
  for (uint32_t i = 0; i < ledger.lines.size(); ++i) {
    const LineColumns& line = ledger.lines[i];
    const std::string& currency = ledger.clauses[line.clause].currency;
    Accounts& accounts = by_currency[currency];
    accounts.quantum = accounts.lines.empty() ? line.amount_quantum : common_quantum(accounts.quantum, line.amount_quantum);
    accounts.currency = currency;
    accounts.lines.push_back(i);
  }
  Balances balances;
  for (auto& [currency, accounts] : by_currency) {
    if (const auto failure = post_currency(ledger, accounts)) return *failure;
    auto& target = balances.by_currency[currency];
    for (size_t account = 0; account < accounts.names.size(); ++account)
      target[accounts.names[account]] = Rational(accounts.balance[account] * accounts.quantum.numerator, accounts.quantum.denominator);
  }
  return balances;
}

std::string ledger_hash(const Ledger& ledger) {
  Fnv1a hash;
  for (const LedgerMembers& set : ledger.members)
    for (const std::string& member : set.ids) hash.text(member);
  for (const LineColumns& line : ledger.lines) {
    const LedgerClause& clause = ledger.clauses[line.clause];
    for (const std::string* text : {&clause.tariff, &clause.clause, &clause.payer, &clause.payee, &clause.currency, &clause.quantity_unit}) hash.text(*text);
    hash.byte(static_cast<uint8_t>(clause.payer_is_member + 2 * clause.payee_is_member));
    for (const Quantum* quantum : {&line.quantity_quantum, &line.amount_quantum, &line.residue_quantum}) hash.quantum(*quantum);
    for (const std::string& label : ledger.axes[line.axis].labels) hash.text(label);
    for (size_t cell = 0; cell < line.present.size(); ++cell) {
      hash.byte(line.present[cell] != 0);
      if (line.present[cell] == 0) continue;
      hash.number(cell_or_zero(line.quantity, cell));
      hash.number(line.amount[cell]);
      hash.number(cell_or_zero(line.residue, cell));
    }
  }
  return fmt::format("{:016x}", hash.state);
}

}  // namespace wattlaw
