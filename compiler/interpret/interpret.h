// interpret: the oracle. Runs a TypedProgram in unbounded rationals, slowly and plainly: one function per meaning in language.md.
// Kernels must agree with it to the last digit; `explain` and `test` show what it computes.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "compiler/program/typed_program.h"
#include "runtime/ledger/ledger.h"
#include "runtime/trace/trace_request.h"

namespace wattlaw {

struct Value {
  bool nothing = false;
  Rational number;           // numbers; 0/1 for booleans; index for choices; days for dates
};

// What can only go wrong with data: division by zero, root of a negative, two exceptions at once, history that is not there.
struct Fault {
  std::string code, message;
  ExpressionId expression;
  uint32_t site = 0, step = 0;
};

class Interpreter {
 public:
  // Everything passed must outlive the interpreter. `traces` is parallel to settlement.series / settlement.attributes.
  Interpreter(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces);
  ~Interpreter();
  // The value for a member of the expression's kind (`site`) and a time: `step` is any step of the wanted window (ignored where the grain has no time, as is site where it has no entity).
  // Memoised by (expression, site, window). On a fault returns nothing and fault() is set (the first one stays).
  Value evaluate(ExpressionId expression, uint32_t site, uint32_t step);
  const std::optional<Fault>& fault() const;
  const Windows& windows(const Period& period);
  // Takes a value that kernels computed as if evaluate() had: `window` of the expression's grain. Answers over many sites start from them.
  void learn(ExpressionId expression, uint32_t site, uint32_t window, const Value& value);
  void forget_site(uint32_t site);  // frees the memo of a site that is done

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The whole ledger by the interpreter. Failure: the first fault by (clause, site, period), with code, clause, member and time in the message.
Result<Ledger> settle_interpreted(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces);

// The empty ledger of a settlement: clauses, axes, members, quanta unset; shared by interpreter and compiled runs.
Ledger make_ledger(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces);

}  // namespace wattlaw
