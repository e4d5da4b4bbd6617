// Answers: the values of a scenario's `show EXPR as "…"`, from kernels' columns or by the interpreter.
#pragma once
#include <string>
#include <vector>

#include "compiler/command/load_settlement.h"
#include "compiler/plan/settle.h"
#include "runtime/report/report.h"

namespace wattlaw {

struct Answers {
  std::vector<RunFacts::Answer> printed;  // one value, or the span of many
  std::string csv;                        // label,site,period,value,unit: the values of answers that have many; empty if there are none
  std::optional<Failure> failure;
};

// Columns that the kernels are to bring along: what is shown, and the sites' values below a shown value over all sites.
std::vector<ExpressionId> columns_for_answers(const TypedProgram& program, const Settlement& settlement);

// `columns` is parallel to `wanted`; both are empty after an interpreted run.
Answers make_answers(const LoadedSettlement& loaded, const std::vector<ExpressionId>& wanted, const std::vector<ValueColumn>& columns);

}  // namespace wattlaw
