// findings: what a run says of the rules over settled data. One finding a rule, member and unbroken run of windows in which it fails.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "compiler/command/load_settlement.h"
#include "compiler/plan/settle.h"
#include "compiler/program/decide_rules.h"

namespace wattlaw {

// What kernels compute for decide_on_data.
std::vector<ExpressionId> columns_for_rules(const TypedProgram& program, const Settlement& settlement);

struct Findings {
  std::string csv;                     // all of them: rule,kind,member,first,last,windows,values,text; empty: no rule is checked. Of rules over declarations first and last are the days on which the text begins and ends
  std::optional<Failure> failure;      // a fault of a condition
};
// Adds to `verdicts`, which declarations decided: the first ten findings of a norm, then how many there are.
Findings decide_on_data(const LoadedSettlement& loaded, const std::vector<ExpressionId>& wanted, const std::vector<ValueColumn>& columns, RuleVerdicts& verdicts);

}  // namespace wattlaw
