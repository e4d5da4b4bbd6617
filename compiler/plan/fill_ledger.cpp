#include "compiler/plan/fill_ledger.h"

#include <algorithm>

#include "compiler/interpret/line_facts.h"
#include "compiler/plan/line_rates.h"
#include "compiler/plan/settle_faulted.h"
#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

// The coarsest quantum of which all values are multiples, so that equal ledgers are equal bit by bit however they were computed.
void coarsen(Quantum& quantum, IntegerColumn& values) {
  const Integer divisor = values.divide_by_common();
  if (divisor == 0) quantum = {};
  else if (divisor != 1) quantum = Quantum::of(quantum.value() * Rational(divisor));
}

// 0 wherever there is no line.
void clear_absent(IntegerColumn& values, const std::vector<uint8_t>& present) {
  for (size_t i = 0; i < present.size(); ++i)
    if (!present[i] && values[i] != 0) values.set(i, 0);
}

// Values of one expression in every cell of an axis.
struct Cells {
  Quantum quantum;
  IntegerColumn values;
};

// a - b, cell by cell; nullopt: too wide.
std::optional<Cells> difference(const Cells& a, const Cells& b) {
  const Quantum common = common_quantum(a.quantum, b.quantum);
  const Integer x = *mantissa_of(a.quantum.value(), common), y = *mantissa_of(b.quantum.value(), common);
  if (!fits_int128(x) || !fits_int128(y)) return std::nullopt;
  auto values = subtract_scaled(a.values, to_int128(x), b.values, to_int128(y));
  if (!values) return std::nullopt;
  return Cells{common, std::move(*values)};
}

struct Filler {
  const TypedProgram& program;
  Axes& axes;
  UniformFolder& folder;
  const std::vector<FilledColumn>& columns;
  const Traces& traces;
  std::string why;

  const FilledColumn* find(ExpressionId id) const {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const FilledColumn& column) { return column.expression == id; });
    return at == columns.end() ? nullptr : &*at;
  }

  // The same value for all members, a window each.
  Cells uniform_cells(ExpressionId id, uint32_t members, uint32_t windows, const std::vector<uint32_t>* map) {
    const UniformColumn* column = folder.fold(id);
    if (!column) {
      why = folder.why;
      return {{}, IntegerColumn(size_t{windows} * members)};
    }
    std::vector<Int128> values(size_t{windows} * members);
    for (uint32_t w = 0; w < windows; ++w) std::fill_n(values.begin() + size_t{w} * members, members, column->at(map ? (*map)[w] : w));
    return {column->quantum, IntegerColumn(values)};
  }

  // Expression at the windows of `billing`; nothing is 0. A column that fits as it is shares its cells.
  Cells cells(ExpressionId id, uint32_t members, const Period& billing) {
    const Period& own = program[id].grain.time;
    const std::vector<uint32_t>* map = own == billing ? nullptr : &axes.map(billing, own);
    const uint32_t windows = axes.count(billing);
    if (program[id].grain.entity == EntityGrain::none) return uniform_cells(id, members, windows, map);
    const FilledColumn* column = find(id);
    WATTLAW_ASSERT(column, "every wanted expression of a member is an output of a plan");
    if (!map) return {column->quantum, column->values};
    IntegerColumn values(size_t{windows} * members);
    for (uint32_t w = 0; w < windows; ++w)
      for (uint32_t m = 0; m < members; ++m) values.set(size_t{w} * members + m, column->values[size_t{(*map)[w]} * members + m]);
    return {column->quantum, std::move(values)};
  }

  // False: all lines are there.
  bool find_present(const TypedClause& clause, std::vector<uint8_t>& present) {
    const UniformColumn* always = program[clause.present].grain.entity == EntityGrain::none ? folder.fold(clause.present) : nullptr;
    if (always && always->is_constant() && always->values[0] != 0) {
      std::fill(present.begin(), present.end(), 1);
      return false;
    }
    const Cells flags = cells(clause.present, count_of(clause), clause.billing);
    for (size_t i = 0; i < present.size(); ++i) present[i] = flags.values[i] != 0;
    return true;
  }

  uint32_t count_of(const TypedClause& clause) const { return members_of(traces, clause.entity).size(); }

  void fill_line(const TypedClause& clause, LineColumns& line) {
    const uint32_t members = count_of(clause);
    const Cells amount = cells(clause.line, members, clause.billing);
    line.amount_quantum = amount.quantum, line.amount = amount.values;
    if (clause.amount != clause.line) {
      auto residue = difference(cells(clause.amount, members, clause.billing), amount);
      if (!residue) why = "a residue is too wide";
      else line.residue_quantum = residue->quantum, line.residue = std::move(residue->values);
    }
    if (clause.quantity) {
      const Cells quantity = cells(clause.quantity, members, clause.billing);
      line.quantity_quantum = quantity.quantum, line.quantity = quantity.values;
    }
    if (find_present(clause, line.present))
      for (IntegerColumn* values : {&line.amount, &line.residue, &line.quantity}) clear_absent(*values, line.present);
  }

  ValueColumn wanted_column(ExpressionId id) {
    const uint32_t members = members_with(program, traces, id);
    Cells found = cells(id, members, program[id].grain.time);
    ValueColumn column{found.quantum, std::move(found.values), {}};
    const FilledColumn* filled = find(id);
    if (filled && !filled->nothing.empty()) column.nothing = filled->nothing;
    else column.nothing.assign(column.values.size(), 0);
    const UniformColumn* uniform = program[id].grain.entity == EntityGrain::none ? folder.fold(id) : nullptr;
    for (size_t i = 0; uniform && i < column.values.size(); ++i) column.nothing[i] = uniform->is_absent(static_cast<uint32_t>(i / members));
    return column;
  }
};

}  // namespace

Result<ValueColumn> interpret_column(const TypedProgram& program, Interpreter& interpreter, const Traces& traces, ExpressionId id) {
  const uint32_t members = members_with(program, traces, id);
  const Windows& windows = interpreter.windows(program[id].grain.time);
  std::vector<Rational> values;
  ValueColumn out;
  for (uint32_t w = 0; w < windows.size(); ++w)
    for (uint32_t site = 0; site < members; ++site) {
      Value value = interpreter.evaluate(id, site, windows.first_step[w]);
      out.nothing.push_back(value.nothing);
      values.push_back(std::move(value.number));
    }
  if (interpreter.fault()) return Failure{interpreter.fault()->code, interpreter.fault()->message, "", "", 0, "", places_of(program, {}, interpreter.fault()->expression)};
  const auto column = column_of(values);
  if (!column) return ValueColumn{};
  out.quantum = column->quantum;
  out.values = IntegerColumn(values.size());
  for (uint32_t i = 0; i < values.size(); ++i) out.values.set(i, column->at(i));
  return out;
}

std::vector<std::optional<Rational>> reduce_members(const Expression& e, const std::vector<uint32_t>& members, uint32_t windows,
                                                    const std::function<std::optional<Rational>(size_t operand, uint32_t member, uint32_t window)>& value) {
  std::vector<std::optional<Rational>> results(windows);
  for (uint32_t w = 0; w < windows; ++w) {
    std::vector<std::pair<uint32_t, Rational>> taken;
    for (const uint32_t member : members) {
      if (e.operands.size() > 1) {
        const auto holds = value(1, member, w);
        if (!holds || *holds == 0) continue;
      }
      if (auto found = value(0, member, w)) taken.emplace_back(member, std::move(*found));
    }
    Rational result;
    if (fold_taken(e.fn, taken, e.take, e.take != 0 && std::abs(e.take) <= 10, result)) results[w] = std::move(result);
  }
  return results;
}

Result<FilledLedger> fill_ledger(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, Axes& axes,
                                 UniformFolder& folder, const std::vector<FilledColumn>& columns, const std::map<EntityGrain, std::vector<uint32_t>>& faults,
                                 const std::vector<ExpressionId>& wanted) {
  FilledLedger out;
  out.ledger = make_ledger(program, settlement, clock, traces);
  Filler filler{program, axes, folder, columns, traces, {}};
  for (size_t c = 0; c < settlement.clauses.size(); ++c) {
    filler.fill_line(settlement.clauses[c], out.ledger.lines[c]);
    fill_line_rates(program, axes, folder, settlement.clauses[c], out.ledger.lines[c]);
  }
  for (const ExpressionId id : wanted) out.columns.push_back(filler.wanted_column(id));
  out.why = filler.why;
  if (!out.why.empty()) return out;
  if (!faults.empty())
    if (auto settled = settle_faulted(program, settlement, clock, traces, faults, wanted, out); !settled) return settled.failure();
  for (LineColumns& line : out.ledger.lines) {
    coarsen(line.quantity_quantum, line.quantity);
    coarsen(line.amount_quantum, line.amount);
    coarsen(line.residue_quantum, line.residue);
  }
  return out;
}

}  // namespace wattlaw
