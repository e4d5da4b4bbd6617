// bench: hands over to `wattlaw_bench`, the benchmarks' own program, which stands beside this one where it was built.
#pragma once
#include <string>
#include <vector>

namespace wattlaw {

// Returns only if there is no such program: kFailed, with one line.
int run_bench(const std::vector<std::string>& arguments);

}  // namespace wattlaw
