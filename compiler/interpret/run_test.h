// run_test: a `test` of the script -> whether what it expects holds, and if not, both sides in the user's terms.
//   expected `Elvia.energy = 0.21 NOK`, but `Elvia.energy` is 0.20 NOK
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "compiler/interpret/coverage.h"
#include "compiler/interpret/interpret.h"

namespace wattlaw {

using TextOf = std::function<std::string(Span)>;  // the source text of a span

struct TestFailure {
  std::string code;     // WL7201 an expectation fails, WL7202 the test gives too little or cannot run; a fault keeps its own
  std::string message;
  std::string hint;
  Span span;
};
struct TestOutcome {
  std::vector<TestFailure> failures;
  size_t expectations = 0;
  bool passed() const { return failures.empty(); }
};

// The clock and the one site of a test. A series that is not given: energy is 0, anything else is missing where it is read.
struct TestWorld {
  Clock clock;
  Traces traces;
};
Result<TestWorld> make_test_world(const TypedProgram& program, const Settlement& settlement);

// `coverage` (optional) is told what the test's clauses exercised.
TestOutcome run_test(const TypedProgram& program, const Settlement& settlement, const TextOf& text_of, Coverage* coverage = nullptr);

}  // namespace wattlaw
