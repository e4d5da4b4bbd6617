// settle_faulted: members in whose lanes a kernel raised a fault are settled by the interpreter and put into the ledger of all.
#pragma once
#include "compiler/plan/fill_ledger.h"

namespace wattlaw {

// `out` holds the lines and columns of all members; those of `faulted` are replaced. Failure: what the interpreter found wrong with one of
// them. out.why: members depend on each other, or their figures together are too wide for a column, so all have to be interpreted.
Status settle_faulted(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces,
                      const std::map<EntityGrain, std::vector<uint32_t>>& faulted, const std::vector<ExpressionId>& wanted, FilledLedger& out);

}  // namespace wattlaw
