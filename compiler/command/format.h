// format: scripts in the one layout. `wattlaw fmt FILE… [--check] [--stdout]`
#pragma once
#include <string>
#include <vector>

#include "compiler/command/console.h"

namespace wattlaw {

struct FormatOptions {
  std::vector<std::string> files;
  bool check = false;      // list the files that would change, change none
  bool to_stdout = false;
};

// A file is replaced in one step, with its permissions, and only if its text changes.
int format_files(const Console& console, const FormatOptions& options);

}  // namespace wattlaw
