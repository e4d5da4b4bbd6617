// What a verb's exit status means: one contract for every verb.
#pragma once

namespace wattlaw {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,       // a test failed or a rule is broken; `fmt --check` found a file to format
  kWarnings = 2,     // warnings under --strict
  kSourceError = 3,  // the script, or the command line
  kDataError = 4,    // traces, output folder, disk
  kOurBug = 5,
  kInterrupted = 130,
};

}  // namespace wattlaw
