// decide_rules: the rules that a settlement checks -> which hold, and what is said of those that do not. Reads the typed program alone: a
// norm that data decide is undecided here.
#pragma once
#include "compiler/program/typed_program.h"

namespace wattlaw {

struct RuleVerdicts {
  Diagnostics findings;              // an error for a broken `require` or `forbid`, a warning for a broken `warn` and for what is undecided
  size_t hold = 0, broken = 0, warned = 0, undecided = 0, idle = 0;  // rules, each counted once, by the worst of its norms; idle: it concerns nothing
  size_t count() const { return hold + broken + warned + undecided + idle; }
};

RuleVerdicts decide_rules(const TypedProgram& program, const Settlement& settlement);
void add_verdicts(RuleVerdicts& to, const RuleVerdicts& more);

// "rules: 2 hold, 1 is broken, 1 is undecided"
std::string verdicts_text(const RuleVerdicts& verdicts);

}  // namespace wattlaw
