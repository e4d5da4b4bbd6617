// run: a scenario settled over its traces; ledger, summary and the run's facts in a result folder that appears whole or not at all.
#pragma once
#include <string>

#include "compiler/command/load_settlement.h"

namespace wattlaw {

struct RunOptions {
  SettlementRequest request;
  std::string out;             // empty: results/SCENARIO
  unsigned threads = 0;        // 0: as many as the machine has
  std::string cpu = "native";
  std::string only;            // one member
  bool interpret = false;      // by the oracle: slow, same digits
  bool ledger = true;          // ledger.csv
  bool ledger_json = false;
  bool timings = false;
};

int run_scenario(const Console& console, const RunOptions& options);

}  // namespace wattlaw
