// Answers: the values of a scenario's `show EXPR as "…"`, one for everybody or one for each member, one or one a window. The members' values and those
// below an aggregate over all come from the kernels' columns; the rest, and everything after an interpreted run, is the interpreter's.
#pragma once
#include <string>
#include <vector>

#include "compiler/command/load_settlement.h"
#include "compiler/interpret/interpret.h"
#include "compiler/plan/settle.h"
#include "runtime/report/report.h"

namespace wattlaw {

struct Answers {
  std::vector<RunFacts::Answer> printed;  // one value, or the span of many
  std::string csv;                        // label,period,member,value,unit: the values of answers that have many; empty if there are none
  std::optional<Failure> failure;
};

// Columns that the kernels are to bring along.
std::vector<ExpressionId> columns_for_answers(const TypedProgram& program, const Settlement& settlement);

// `columns` is parallel to `wanted`; both are empty after an interpreted run.
Answers make_answers(const LoadedSettlement& loaded, const std::vector<ExpressionId>& wanted, const std::vector<ValueColumn>& columns);

// A text cell of a CSV file that no spreadsheet takes for a formula.
std::string csv_cell(std::string text);
// Values that kernels computed, for an interpreter to start from.
void learn_columns(const LoadedSettlement& loaded, Interpreter& interpreter, const std::vector<ExpressionId>& wanted, const std::vector<ValueColumn>& columns);

}  // namespace wattlaw
