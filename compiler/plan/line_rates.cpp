#include "compiler/plan/line_rates.h"

namespace wattlaw {
namespace {

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

}  // namespace

void fill_line_rates(const TypedProgram& program, Axes& axes, UniformFolder& folder, const TypedClause& clause, LineColumns& line) {
  const Windows& windows = axes.windows(clause.billing);
  for (const ClauseVersion& version : clause.versions)
    if (version.quantity && version.rate && line.rate_unit.empty()) line.rate_unit = unit_text(program, program[version.rate].type);
  for (uint32_t w = 0; w < windows.size(); ++w)
    line.rate[w] = rate_in_window(program, axes, folder, clause, windows.first_step[w], windows.first_step[w + 1]);
}

}  // namespace wattlaw
