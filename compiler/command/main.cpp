#include <csignal>
#include <exception>
#include <new>

#include "compiler/command/command_line.h"
#include "compiler/command/console.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is a failed write, not a death that leaves a half-written folder
  try {
    return wattlaw::close_output(wattlaw::run_command_line(argc, argv));
  } catch (const std::bad_alloc&) {
    wattlaw::complain("out of memory; nothing was written");
    return wattlaw::kDataError;
  } catch (const std::exception& error) {
    wattlaw::complain(std::string("internal error: ") + error.what());
    return wattlaw::kOurBug;
  }
}
