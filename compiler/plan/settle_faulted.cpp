#include "compiler/plan/settle_faulted.h"

#include <algorithm>

namespace wattlaw {
namespace {

// Only the members in `kept` of one kind, where no other kind has any.
Traces only(const Traces& traces, EntityGrain entity, const std::vector<uint32_t>& kept) {
  Traces out;
  out.clock_series = traces.clock_series;
  out.members.resize(traces.members.size());
  for (const uint32_t member : kept) out.members[static_cast<size_t>(entity) - 1].ids.push_back(members_of(traces, entity).ids[member]);
  for (const auto& values : traces.attributes) {
    out.attributes.emplace_back();
    for (const uint32_t member : kept) out.attributes.back().push_back(values[member]);
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
bool merge(Quantum& quantum, IntegerColumn& values, const Quantum& part_quantum, const IntegerColumn& part, uint32_t members,
           const std::vector<uint32_t>& kept) {
  const Quantum common = common_quantum(quantum, part_quantum);
  const Integer x = *mantissa_of(quantum.value(), common), y = *mantissa_of(part_quantum.value(), common);
  if (!fits_int128(x) || !fits_int128(y)) return false;
  const size_t windows = values.size() / members;
  for (size_t w = 0; w < windows; ++w)
    for (const uint32_t member : kept) values.set(w * members + member, 0);
  auto scaled = subtract_scaled(values, to_int128(x), IntegerColumn(values.size()), 0);
  if (!scaled) return false;
  for (size_t w = 0; w < windows; ++w)
    for (size_t i = 0; i < kept.size(); ++i) {
      Int128 value;
      if (__builtin_mul_overflow(part[w * kept.size() + i], to_int128(y), &value)) return false;
      scaled->set(w * members + kept[i], value);
    }
  values = std::move(*scaled);
  quantum = common;
  return true;
}

}  // namespace

Status settle_faulted(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces,
                      const std::map<EntityGrain, std::vector<uint32_t>>& faulted, const std::vector<ExpressionId>& wanted, FilledLedger& out) {
  const bool is_coupled = std::any_of(program.expressions.begin(), program.expressions.end(), [](const Expression& e) { return is_from_elsewhere(e.op); });
  const auto kinds = std::count_if(traces.members.begin(), traces.members.end(), [](const Members& members) { return members.size() > 0; });
  if (is_coupled || kinds > 1) {
    out.why = "a member has a fault in a settlement over all members";
    return Ok{};
  }
  const auto& [entity, faults] = *faulted.begin();
  const Traces some = only(traces, entity, faults);
  const uint32_t members = members_of(traces, entity).size();
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
    auto column = interpret_column(program, interpreter, some, wanted[i]);
    if (!column) return column.failure();
    ValueColumn& all = out.columns[i];
    fits = fits && column->values.size() > 0 && merge(all.quantum, all.values, column->quantum, column->values, members, faults);
    for (size_t w = 0; fits && w < all.nothing.size() / members; ++w)
      for (size_t k = 0; k < faults.size(); ++k) all.nothing[w * members + faults[k]] = column->nothing[w * faults.size() + k];
  }
  if (!fits) out.why = "a figure of a member needs more than 128 bits beside those of the others";
  return Ok{};
}

}  // namespace wattlaw
