// fill_ledger: columns of the kernels and folded columns -> ledger lines. Members with a fault are settled by the interpreter.
#pragma once
#include <functional>
#include <map>

#include "compiler/interpret/interpret.h"
#include "compiler/plan/settle.h"
#include "compiler/plan/uniform_column.h"

namespace wattlaw {

struct FilledColumn {              // of a member's expression, [window * members + member]
  ExpressionId expression;
  Quantum quantum;
  IntegerColumn values;
  std::vector<uint8_t> nothing;    // empty: never
};

struct FilledLedger {
  Ledger ledger;
  std::vector<ValueColumn> columns;
  std::string why;                 // not empty: the interpreter has to do all of it
};

Result<FilledLedger> fill_ledger(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, Axes& axes,
                                 UniformFolder& folder, const std::vector<FilledColumn>& columns, const std::map<EntityGrain, std::vector<uint32_t>>& faults,
                                 const std::vector<ExpressionId>& wanted);

// A column by the interpreter, [window * members + member]; of a uniform expression the same for all sites. Empty: beyond 128 bits.
Result<ValueColumn> interpret_column(const TypedProgram& program, Interpreter& interpreter, const Traces& traces, ExpressionId id);

// fn of `e` over some members at each of its windows. value(operand, member, window): nullopt is nothing.
std::vector<std::optional<Rational>> reduce_members(const Expression& e, const std::vector<uint32_t>& members, uint32_t windows,
                                                    const std::function<std::optional<Rational>(size_t operand, uint32_t member, uint32_t window)>& value);

// The members whose lines or values an expression has: those of its kind; of one that is the same for all, sites.
inline uint32_t members_with(const TypedProgram& program, const Traces& traces, ExpressionId id) {
  const EntityGrain entity = program[id].grain.entity;
  return members_of(traces, entity == EntityGrain::none ? EntityGrain::site : entity).size();
}

}  // namespace wattlaw
