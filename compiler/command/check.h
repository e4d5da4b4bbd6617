// check: everything the compiler finds in scripts, without data. `wattlaw check FILE…`
#pragma once
#include <string>
#include <vector>

#include "compiler/command/console.h"

namespace wattlaw {

int check_files(const Console& console, const std::vector<std::string>& files);

}  // namespace wattlaw
