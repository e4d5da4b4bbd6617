// explain: one line of the ledger, down to the numbers, conditions and citations it came from, in the shape of the law.
//
//   Elvia.energy · home_0007 · 2026-03                                       173.41 NOK
//     paid by home_0007 (Consumer) to DistributionOperator
//     day    412.31 kWh × 0.2099 NOK/kWh = 86.543869 NOK
//     night  668.741 kWh × 0.1299 NOK/kWh = 86.8694559 NOK
//     sum 173.4133249 NOK, rounded to 0.01 NOK half up: 173.41 NOK (residue 0.0033249)
//     in force from 2025-04-01 · "Elvia AS, nettleiepriser"
//     exception `reduced` did not apply: `site.tax_zone is exempt`; site.tax_zone is south
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/interpret/interpret.h"

namespace wattlaw {

// What services called for, in the steps of the physics: the traces that their activations read, and how much of what was accepted.
struct CallsOfServices {
  Settlement in_steps;
  Clock clock;
  Traces traces;                                  // of in_steps
  std::vector<std::vector<int64_t>> activations;  // by offer of the dispatch, by step: billionths, + discharges
};

struct ExplainInputs {
  const TypedProgram& program;
  const Settlement& settlement;
  const Clock& clock;
  const Traces& traces;
  Interpreter& interpreter;
  std::function<std::string(Span)> text_of;  // source text of a span
  const CallsOfServices* calls = nullptr;    // of a run that sells services
};

struct ExplainedPart {           // quantity × rate = money; empty texts where the part has none
  std::string label, quantity, rate, money;
};
struct ExplainedFact {           // "2026-01-14 17:00+01:00" is "5.1 kW"
  std::string what, value;
};
struct ExplainedPeak {           // one `largest 3 of …`, `max(…)` or look back at earlier windows
  std::string what;              // source text
  std::vector<ExplainedFact> taken;
  std::vector<ExplainedFact> passed_over;  // higher than a taken one, but of a day that counts already
  bool one_a_day = false;
};
struct ExplainedException {
  std::string label, condition;
  uint32_t applied_steps = 0, steps = 0;   // of the steps in scope
  std::vector<ExplainedFact> facts;        // what the condition read
  std::vector<std::string> cites;
};
struct DerivedStep {             // of how an amount came to be; deeper: what it is made of
  uint32_t depth = 0;
  std::string what, value;
};
struct ExplainedVersion {
  std::string in_force;                    // "from 2025-04-01 until 2026-07-01"
  std::vector<std::string> cites, parameters;
};
struct Explanation {
  std::string clause, member, period, amount;
  std::string payer, payee;                // "home_0007 (Consumer)"
  bool present = false;
  std::vector<ExplainedPart> parts;
  std::string step;                        // "4.2 kW is on the step `from 2 kW`, 0.8 kW below `from 5 kW`"
  std::string adjusted;                    // where limits or shares of a period make the exact amount differ from the parts' sum
  std::string exact, rounding, residue;    // "173.413325 NOK", "0.01 NOK half up", "0.003325"
  std::vector<DerivedStep> derivation;     // of an amount that no quantity and rate make
  std::vector<ExplainedFact> on_lines;     // tax, minimum, maximum: the lines they stand on
  std::vector<ExplainedPeak> peaks;
  std::vector<ExplainedVersion> versions;
  std::vector<ExplainedException> exceptions;
  std::string fault;                       // why it cannot be computed
};

Explanation explain(const ExplainInputs& inputs, uint32_t clause, uint32_t site, uint32_t window);
std::string write_explanation_text(const Explanation& explanation);
std::string write_explanation_json(const Explanation& explanation);  // one object

// How the amount of a line came to be, down to the intervals that made most of it and to what services called for.
std::vector<DerivedStep> derive_amount(const ExplainInputs& inputs, const TypedClause& clause, uint32_t member, uint32_t window);

// explain, then text.
std::string explain_line(const ExplainInputs& inputs, uint32_t clause, uint32_t site, uint32_t window);

// What made a peak or a ratchet: for every such aggregate that `expression` reads at the window that holds `step`.
std::vector<ExplainedPeak> explain_peaks(const ExplainInputs& inputs, ExpressionId expression, uint32_t site, uint32_t step);

}  // namespace wattlaw
