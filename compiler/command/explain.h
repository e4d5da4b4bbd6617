// explain: one site's lines of one billing period, each derived down to the readings and citations it came from. By the interpreter.
#pragma once
#include <string>

#include "compiler/command/load_settlement.h"

namespace wattlaw {

struct ExplainOptions {
  SettlementRequest request;
  std::string site, period;
  std::string clause;  // "capacity" or "Elvia.capacity"; empty: all
};

int explain_lines(const Console& console, const ExplainOptions& options);

}  // namespace wattlaw
