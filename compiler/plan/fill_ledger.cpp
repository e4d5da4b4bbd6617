#include "compiler/plan/fill_ledger.h"

#include <algorithm>

#include "compiler/interpret/line_facts.h"
#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

Int128 gcd128(Int128 a, Int128 b) {
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  while (b != 0) {
    const Int128 r = a % b;
    a = b;
    b = r;
  }
  return a;
}

// The coarsest quantum of which all values are multiples, so that equal ledgers are equal bit by bit however they were computed.
void coarsen(Quantum& quantum, std::vector<Int128>& values) {
  Int128 divisor = 0;
  for (const Int128 value : values) {
    if (value == 0) continue;
    divisor = divisor == 0 ? (value < 0 ? -value : value) : value % divisor == 0 ? divisor : gcd128(divisor, value);
    if (divisor == 1) return;
  }
  if (divisor == 0) {
    quantum = {};
    return;
  }
  for (Int128& value : values) value /= divisor;
  quantum = Quantum::of(quantum.value() * Rational(to_integer(divisor)));
}

// Values of one expression in every cell of an axis.
struct Cells {
  Quantum quantum;
  std::vector<Int128> values;
};

struct Filler {
  const TypedProgram& program;
  Axes& axes;
  UniformFolder& folder;
  const std::vector<FilledColumn>& columns;
  uint32_t members;
  std::string why;

  // Expression at the windows of `billing`; nothing is 0.
  Cells cells(ExpressionId id, const Period& billing) {
    const Period& own = program[id].grain.time;
    const std::vector<uint32_t>* map = own == billing ? nullptr : &axes.map(billing, own);
    const uint32_t windows = axes.count(billing);
    Cells out;
    out.values.resize(size_t{windows} * members);
    if (program[id].grain.entity == EntityGrain::none) {
      const UniformColumn* column = folder.fold(id);
      if (!column) {
        why = folder.why;
        return out;
      }
      out.quantum = column->quantum;
      for (uint32_t w = 0; w < windows; ++w)
        std::fill_n(out.values.begin() + size_t{w} * members, members, column->at(map ? (*map)[w] : w));
      return out;
    }
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const FilledColumn& column) { return column.expression == id; });
    WATTLAW_ASSERT(at != columns.end(), "every wanted site expression is an output of the plan");
    out.quantum = at->quantum;
    if (!map) {
      out.values = at->values;
      return out;
    }
    for (uint32_t w = 0; w < windows; ++w)
      std::copy_n(at->values.begin() + size_t{(*map)[w]} * members, members, out.values.begin() + size_t{w} * members);
    return out;
  }
};

// a - b, cell by cell; false: too wide.
bool subtract(const Cells& a, const Cells& b, Cells& out) {
  out.quantum = common_quantum(a.quantum, b.quantum);
  const Integer x = *mantissa_of(a.quantum.value(), out.quantum), y = *mantissa_of(b.quantum.value(), out.quantum);
  if (!fits_int128(x) || !fits_int128(y)) return false;
  const Int128 of_a = to_int128(x), of_b = to_int128(y);
  out.values.resize(a.values.size());
  for (size_t i = 0; i < a.values.size(); ++i) {
    Int128 left, right;
    if (__builtin_mul_overflow(a.values[i], of_a, &left) || __builtin_mul_overflow(b.values[i], of_b, &right) ||
        __builtin_sub_overflow(left, right, &out.values[i]))
      return false;
  }
  return true;
}

// The rate of a window where one held for everybody at every step in scope; see fill_rates of the interpreter, of which this is the fast twin.
std::optional<Rational> rate_in_window(const TypedProgram& program, Axes& axes, UniformFolder& folder, const TypedClause& clause, uint32_t begin, uint32_t end) {
  std::optional<Rational> rate;
  const Period steps{Period::Unit::interval};
  for (const ClauseVersion& version : clause.versions) {
    const bool by_dates = version.scope && program[version.scope].grain.entity != EntityGrain::none;
    const UniformColumn* scope = version.scope && !by_dates ? folder.fold(version.scope) : nullptr;
    if (version.scope && !by_dates && !scope) return std::nullopt;
    const auto* scope_map = scope && !scope->is_constant() ? &axes.map(steps, program[version.scope].grain.time) : nullptr;
    const UniformColumn* column = nullptr;
    const std::vector<uint32_t>* map = nullptr;
    std::optional<Int128> held;
    for (uint32_t step = begin; step < end; ++step) {
      if (by_dates) {
        const Date date = axes.clock.date_of_step(step);
        if ((version.from && date < *version.from) || (version.until && date >= *version.until)) continue;
      } else if (scope && scope->at(scope_map ? (*scope_map)[step] : 0) == 0) {
        continue;
      }
      if (!version.quantity || !version.rate || program[version.rate].grain.entity != EntityGrain::none) return std::nullopt;
      if (!column) {
        column = folder.fold(version.rate);
        if (!column) return std::nullopt;
        map = &axes.map(steps, program[version.rate].grain.time);
      }
      const Int128 value = column->at(column->is_constant() ? 0 : (*map)[step]);
      if (held && *held != value) return std::nullopt;
      held = value;
    }
    if (!held) continue;
    const Rational value(to_integer(*held) * column->quantum.numerator, column->quantum.denominator);
    if (rate && *rate != value) return std::nullopt;
    rate = value;
  }
  return rate;
}

void fill_line_rates(const TypedProgram& program, Axes& axes, UniformFolder& folder, const TypedClause& clause, LineColumns& line) {
  const Windows& windows = axes.windows(clause.billing);
  for (const ClauseVersion& version : clause.versions)
    if (version.quantity && version.rate && line.rate_unit.empty()) line.rate_unit = unit_text(program, program[version.rate].type);
  for (uint32_t w = 0; w < windows.size(); ++w)
    line.rate[w] = rate_in_window(program, axes, folder, clause, windows.first_step[w], windows.first_step[w + 1]);
}

// Only the members in `kept`.
Traces members_of(const Traces& traces, const std::vector<uint32_t>& kept) {
  Traces out;
  out.clock_series = traces.clock_series;
  for (const uint32_t member : kept) out.members.ids.push_back(traces.members.ids[member]);
  for (const auto& values : traces.members.attributes) {
    out.members.attributes.emplace_back();
    for (const uint32_t member : kept) out.members.attributes.back().push_back(values[member]);
  }
  for (const TileSeries& series : traces.member_series) {
    if (!series.bytes) {
      out.member_series.emplace_back();
      continue;
    }
    TileSeries part = make_tile_series(static_cast<uint32_t>(kept.size()), series.steps, series.width, series.quantum);
    part.min = series.min, part.max = series.max;
    for (uint32_t i = 0; i < kept.size(); ++i) {
      for (uint32_t step = 0; step < series.steps; ++step) part.set(i, step, series.at(kept[i], step));
      for (QualityRun run : series.quality)
        if (run.member == kept[i]) run.member = i, part.quality.push_back(run);
    }
    out.member_series.push_back(std::move(part));
  }
  return out;
}

// Puts the values of some members into a column of all; false: too wide.
bool merge(Quantum& quantum, std::vector<Int128>& values, const Quantum& part_quantum, const std::vector<Int128>& part, uint32_t members,
           const std::vector<uint32_t>& kept) {
  const Quantum common = common_quantum(quantum, part_quantum);
  const Integer x = *mantissa_of(quantum.value(), common), y = *mantissa_of(part_quantum.value(), common);
  if (!fits_int128(x) || !fits_int128(y)) return false;
  const Int128 of_all = to_int128(x), of_part = to_int128(y);
  for (size_t w = 0; w < values.size() / members; ++w) {
    for (const uint32_t member : kept) values[w * members + member] = 0;
    for (uint32_t m = 0; m < members; ++m)
      if (__builtin_mul_overflow(values[w * members + m], of_all, &values[w * members + m])) return false;
    for (size_t i = 0; i < kept.size(); ++i)
      if (__builtin_mul_overflow(part[w * kept.size() + i], of_part, &values[w * members + kept[i]])) return false;
  }
  quantum = common;
  return true;
}

std::optional<Failure> settle_faulted(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces,
                                      const std::vector<uint32_t>& faults, const std::vector<ExpressionId>& wanted, FilledLedger& out) {
  const bool is_coupled = std::any_of(program.expressions.begin(), program.expressions.end(), [](const Expression& e) { return e.op == Op::over_sites; });
  if (is_coupled) {
    out.why = "a member has a fault in a settlement over all members";
    return std::nullopt;
  }
  const Traces some = members_of(traces, faults);
  const uint32_t members = traces.members.size();
  auto part = settle_interpreted(program, settlement, clock, some);
  if (!part) return part.failure();
  bool fits = true;
  for (size_t c = 0; c < out.ledger.lines.size(); ++c) {
    LineColumns& line = out.ledger.lines[c];
    const LineColumns& of = part->lines[c];
    fits = fits && merge(line.quantity_quantum, line.quantity, of.quantity_quantum, of.quantity, members, faults);
    fits = fits && merge(line.amount_quantum, line.amount, of.amount_quantum, of.amount, members, faults);
    fits = fits && merge(line.residue_quantum, line.residue, of.residue_quantum, of.residue, members, faults);
    for (size_t w = 0; w < line.present.size() / members; ++w)
      for (size_t i = 0; i < faults.size(); ++i) line.present[w * members + faults[i]] = of.present[w * faults.size() + i];
  }
  Interpreter interpreter(program, settlement, clock, some);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (program[wanted[i]].grain.entity == EntityGrain::none) continue;
    auto column = interpret_column(program, interpreter, static_cast<uint32_t>(faults.size()), wanted[i]);
    if (!column) return column.failure();
    ValueColumn& all = out.columns[i];
    fits = fits && merge(all.quantum, all.values, column->quantum, column->values, members, faults);
    for (size_t w = 0; w < all.nothing.size() / members; ++w)
      for (size_t k = 0; k < faults.size(); ++k) all.nothing[w * members + faults[k]] = column->nothing[w * faults.size() + k];
  }
  if (!fits) return Failure{"WL5001", "an amount is too wide", "round an intermediate result: `x rounded to …`"};
  return std::nullopt;
}

}  // namespace

Result<ValueColumn> interpret_column(const TypedProgram& program, Interpreter& interpreter, uint32_t members, ExpressionId id) {
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
  if (!column) return Failure{"WL5001", "a value is too wide", "round an intermediate result: `x rounded to …`"};
  out.quantum = column->quantum;
  for (uint32_t i = 0; i < values.size(); ++i) out.values.push_back(column->at(i));
  return out;
}

std::optional<UniformColumn> reduce_members(const TypedProgram& program, const Expression& e, uint32_t members, Axes& axes,
                                            const std::function<std::optional<Rational>(size_t operand, uint32_t member, uint32_t window)>& value) {
  (void)program;
  std::vector<Rational> values;
  std::vector<uint8_t> absent;
  for (uint32_t w = 0; w < axes.count(e.grain.time); ++w) {
    std::vector<std::pair<uint32_t, Rational>> taken;
    for (uint32_t member = 0; member < members; ++member) {
      if (e.operands.size() > 1) {
        const auto holds = value(1, member, w);
        if (!holds || *holds == 0) continue;
      }
      if (auto found = value(0, member, w)) taken.emplace_back(member, std::move(*found));
    }
    Rational result;
    const bool present = fold_taken(e.fn, taken, e.take, e.take != 0 && std::abs(e.take) <= 10, result);
    values.push_back(result);
    absent.push_back(!present);
  }
  auto column = column_of(values);
  if (column && std::find(absent.begin(), absent.end(), 1) != absent.end()) column->absent = std::move(absent);
  if (column) column->count = axes.count(e.grain.time);
  return column;
}

Result<FilledLedger> fill_ledger(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, Axes& axes,
                                 UniformFolder& folder, const std::vector<FilledColumn>& columns, const std::vector<uint32_t>& faults,
                                 const std::vector<ExpressionId>& wanted) {
  FilledLedger out;
  out.ledger = make_ledger(program, settlement, clock, traces.members);
  Filler filler{program, axes, folder, columns, traces.members.size(), {}};
  for (size_t c = 0; c < settlement.clauses.size(); ++c) {
    const TypedClause& clause = settlement.clauses[c];
    LineColumns& line = out.ledger.lines[c];
    Cells amount = filler.cells(clause.line, clause.billing), residue, quantity;
    if (clause.amount == clause.line) residue.values = std::move(line.residue);
    else if (!subtract(filler.cells(clause.amount, clause.billing), amount, residue)) filler.why = "a residue is too wide";
    if (clause.quantity) quantity = filler.cells(clause.quantity, clause.billing);
    else quantity.values = std::move(line.quantity);
    const UniformColumn* always = program[clause.present].grain.entity == EntityGrain::none ? folder.fold(clause.present) : nullptr;
    if (always && always->is_constant() && always->values[0] != 0) {
      std::fill(line.present.begin(), line.present.end(), 1);
    } else {
      const Cells present = filler.cells(clause.present, clause.billing);
      for (size_t i = 0; i < present.values.size() && filler.why.empty(); ++i) {
        line.present[i] = present.values[i] != 0;
        if (!line.present[i]) amount.values[i] = residue.values[i] = quantity.values[i] = 0;
      }
    }
    line.amount_quantum = amount.quantum, line.amount = std::move(amount.values);
    line.residue_quantum = residue.quantum, line.residue = std::move(residue.values);
    line.quantity_quantum = quantity.quantum, line.quantity = std::move(quantity.values);
    fill_line_rates(program, axes, folder, clause, line);
  }
  for (const ExpressionId id : wanted) {
    Cells cells = filler.cells(id, program[id].grain.time);
    ValueColumn column{cells.quantum, std::move(cells.values), {}};
    column.nothing.assign(column.values.size(), 0);
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const FilledColumn& found) { return found.expression == id; });
    if (at != columns.end() && !at->nothing.empty()) column.nothing = at->nothing;
    if (program[id].grain.entity == EntityGrain::none) {
      const UniformColumn* uniform = folder.fold(id);
      for (size_t i = 0; uniform && i < column.values.size(); ++i) column.nothing[i] = uniform->is_absent(static_cast<uint32_t>(i / traces.members.size()));
    }
    out.columns.push_back(std::move(column));
  }
  out.why = filler.why;
  if (!out.why.empty()) return out;
  if (!faults.empty())
    if (auto failure = settle_faulted(program, settlement, clock, traces, faults, wanted, out)) return *failure;
  for (LineColumns& line : out.ledger.lines) {
    coarsen(line.quantity_quantum, line.quantity);
    coarsen(line.amount_quantum, line.amount);
    coarsen(line.residue_quantum, line.residue);
  }
  return out;
}

}  // namespace wattlaw
