// show: what a stage made of a script. `wattlaw show syntax|program|plan|llvm|asm FILE`
#pragma once
#include <string>

#include "compiler/command/console.h"
#include "compiler/command/load_settlement.h"

namespace wattlaw {

struct ShowOptions {
  std::string stage;
  SettlementRequest request;  // plan, llvm and asm depend on the traces' ranges, so they read the scenario's data
  std::string cpu = "native";
  int optimisation = 3;
};

int show_stages(const Console& console, const ShowOptions& options);

}  // namespace wattlaw
