// test: every `test` of a script, not of what it imports. `wattlaw test FILE… [--filter TEXT] [--coverage]`
#pragma once
#include <string>
#include <vector>

#include "compiler/command/console.h"

namespace wattlaw {

struct TestOptions {
  std::vector<std::string> files;
  std::string filter;      // tests whose name holds this text
  bool coverage = false;   // also what no test exercises
};

int test_files(const Console& console, const TestOptions& options);

}  // namespace wattlaw
