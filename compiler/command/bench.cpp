#include "compiler/command/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "compiler/command/console.h"

namespace wattlaw {

int run_bench(const std::vector<std::string>& arguments) {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string program = (self.parent_path() / "wattlaw_bench").string();
  if (error || access(program.c_str(), X_OK) != 0) {
    complain("the benchmarks are not built here; `./dev bench` builds and runs them");
    return kFailed;
  }
  std::vector<char*> argv{program.data()};
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  complain(fmt::format("`{}` does not start: {}", program, std::strerror(errno)));
  return kFailed;
}

}  // namespace wattlaw
