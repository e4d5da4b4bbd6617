// line_rates: the rate of each line that had one, from folded columns. The fast twin of `fill_rates` of the interpreter.
#pragma once
#include "compiler/plan/uniform_column.h"
#include "runtime/ledger/ledger.h"

namespace wattlaw {

// Fills line.rate, a window each, and line.rate_unit.
void fill_line_rates(const TypedProgram& program, Axes& axes, UniformFolder& folder, const TypedClause& clause, LineColumns& line);

}  // namespace wattlaw
