// decide_rules: the rules that a settlement checks -> which hold, and what is said of those that do not. Reads the typed program alone: a
// rule over settled data waits for a run (compiler/command/findings.h).
#pragma once
#include "compiler/program/typed_program.h"

namespace wattlaw {

struct RuleVerdicts {
  struct Finding {                   // a broken norm of what is declared, for findings.csv
    std::string rule, kind, subject, first, until, values, text;
  };
  std::vector<Finding> broken_norms;
  Diagnostics findings;              // an error for a broken `require` or `forbid`, a warning for a broken `warn` and for what is undecided
  // Rules, each counted once, by the worst of its norms. idle: it concerns nothing; by_run: data decide it, in a run.
  size_t hold = 0, broken = 0, warned = 0, undecided = 0, idle = 0, by_run = 0;
  size_t count() const { return hold + broken + warned + undecided + idle + by_run; }
};

RuleVerdicts decide_rules(const TypedProgram& program, const Settlement& settlement);
void add_verdicts(RuleVerdicts& to, const RuleVerdicts& more);

// "rules: 2 hold, 1 is broken, 1 is undecided"
std::string verdicts_text(const RuleVerdicts& verdicts);

}  // namespace wattlaw
