#include <fmt/format.h>

#include <algorithm>

#include "compiler/interpret/interpret.h"
#include "compiler/interpret/line_facts.h"

namespace wattlaw {
namespace {

int places_of(const Rational& quantum) {
  Rational scaled = quantum;
  int places = 0;
  while (denominator(scaled) != 1 && places < 12) {
    scaled *= 10;
    ++places;
  }
  return places;
}

LedgerClause describe_clause(const TypedProgram& program, const TypedClause& clause) {
  LedgerClause line;
  line.tariff = clause.tariff;
  line.clause = clause.name;
  line.payer = clause.payer_account;
  line.payee = clause.payee_account;
  line.payer_is_member = clause.payer_is_member;
  line.payee_is_member = clause.payee_is_member;
  line.currency = clause.currency < program.currencies.size() ? program.currencies[clause.currency] : "";
  if (clause.quantity) line.quantity_unit = unit_text(program, program[clause.quantity].type);
  if (clause.rounding.grain != RoundingGrain::none) line.amount_places = places_of(clause.rounding.quantum);
  if (!clause.cites.empty()) line.cite = clause.cites.back().text;
  line.is_tax = clause.kind == ClauseKind::tax;
  return line;
}

// The values of one clause, [window * members + site], before a common quantum is known.
struct ExactColumns {
  std::vector<Rational> quantity, amount, residue;
};

// Mantissas of a column at the coarsest quantum all its values are multiples of.
bool fill_column(const std::vector<Rational>& values, Quantum& quantum, IntegerColumn& column) {
  std::optional<Quantum> common;
  for (const Rational& value : values)
    if (value != 0) common = common ? common_quantum(*common, Quantum::of(value)) : Quantum::of(value);
  quantum = common.value_or(Quantum{});
  std::vector<Int128> mantissas(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto mantissa = mantissa_of(values[i], quantum);
    if (!mantissa || !fits_int128(*mantissa)) return false;
    mantissas[i] = to_int128(*mantissa);
  }
  column = IntegerColumn(mantissas);
  return true;
}

}  // namespace

Ledger make_ledger(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces) {
  Ledger ledger;
  std::vector<EntityGrain> sets;
  std::vector<Period> periods;
  for (const TypedClause& clause : settlement.clauses) {
    uint32_t axis = 0;
    while (axis < periods.size() && !(periods[axis] == clause.billing)) ++axis;
    if (axis == periods.size()) {
      periods.push_back(clause.billing);
      BillingAxis labels;
      if (const auto windows = make_windows(clock, clause.billing))
        for (uint32_t w = 0; w < windows->size(); ++w) labels.labels.push_back(windows->label(w, clock));
      ledger.axes.push_back(std::move(labels));
    }
    LineColumns line;
    line.set = static_cast<uint32_t>(std::find(sets.begin(), sets.end(), clause.entity) - sets.begin());
    if (line.set == sets.size()) {
      sets.push_back(clause.entity);
      ledger.members.push_back({entity_name(program, clause.entity), members_of(traces, clause.entity).ids});
    }
    line.clause = static_cast<uint32_t>(ledger.clauses.size());
    line.axis = axis;
    const size_t cells = ledger.axes[axis].labels.size() * ledger.members[line.set].ids.size();
    line.quantity.resize(cells);
    line.amount.resize(cells);
    line.residue.resize(cells);
    line.present.resize(cells);
    line.rate.resize(ledger.axes[axis].labels.size());
    ledger.clauses.push_back(describe_clause(program, clause));
    ledger.lines.push_back(std::move(line));
  }
  return ledger;
}

Result<Ledger> settle_interpreted(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces) {
  Ledger ledger = make_ledger(program, settlement, clock, traces);
  std::vector<ExactColumns> exact(settlement.clauses.size());
  for (size_t c = 0; c < exact.size(); ++c) {
    const size_t cells = ledger.lines[c].present.size();
    exact[c] = {std::vector<Rational>(cells), std::vector<Rational>(cells), std::vector<Rational>(cells)};
  }
  // Member by member, so that one's memo is alive at a time; among faults the first by (clause, member, period) is told.
  struct Found {
    size_t clause;
    uint32_t site, window;
    Fault fault;
  };
  std::optional<Found> found;
  auto interpreter = std::make_unique<Interpreter>(program, settlement, clock, traces);
  uint32_t most = 0;
  for (const LedgerMembers& set : ledger.members) most = std::max(most, static_cast<uint32_t>(set.ids.size()));
  for (uint32_t site = 0; site < most; ++site) {
    for (size_t c = 0; c < (found ? found->clause : exact.size()); ++c) {
      const TypedClause& clause = settlement.clauses[c];
      LineColumns& line = ledger.lines[c];
      const uint32_t members = static_cast<uint32_t>(ledger.ids_of(line).size());
      if (site >= members) continue;
      const Windows& windows = interpreter->windows(clause.billing);
      for (uint32_t w = 0; w < windows.size(); ++w) {
        const uint32_t step = windows.first_step[w];
        const size_t cell = size_t{w} * members + site;
        std::optional<Fault> fault;
        if (interpreter->evaluate(clause.present, site, step).number != 0) {
          fault = find_conflict(*interpreter, clause, site, w);
          const Rational posted = interpreter->evaluate(clause.line, site, step).number;
          exact[c].amount[cell] = posted;
          exact[c].residue[cell] = interpreter->evaluate(clause.amount, site, step).number - posted;
          if (clause.quantity) exact[c].quantity[cell] = interpreter->evaluate(clause.quantity, site, step).number;
          line.present[cell] = 1;
        }
        if (!fault && interpreter->fault()) fault = interpreter->fault();
        if (!fault) continue;
        found = Found{c, site, w, *fault};
        interpreter = std::make_unique<Interpreter>(program, settlement, clock, traces);
        break;
      }
      if (found && found->clause == c) break;
    }
    interpreter->forget_site(site);
  }
  if (found)
    return describe_fault(program, found->fault, settlement.clauses[found->clause], ledger.ids_of(ledger.lines[found->clause])[found->site],
                          ledger.axes[ledger.lines[found->clause].axis].labels[found->window], clock);
  for (size_t c = 0; c < exact.size(); ++c) {
    LineColumns& line = ledger.lines[c];
    if (fill_column(exact[c].quantity, line.quantity_quantum, line.quantity) && fill_column(exact[c].amount, line.amount_quantum, line.amount) &&
        fill_column(exact[c].residue, line.residue_quantum, line.residue))
      continue;
    return Failure{"WL7108", fmt::format("`{}` has figures of more than 38 digits", clause_name(settlement.clauses[c])),
                   "round an intermediate result: `x rounded to …`", "", 0, "", places_of(program, settlement.clauses[c].span, {})};
  }
  fill_rates(program, settlement, clock, traces, ledger);
  return ledger;
}

}  // namespace wattlaw
