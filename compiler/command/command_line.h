// command_line: arguments -> the verb's options -> its exit code. One small function a verb says what it takes.
#pragma once

namespace wattlaw {

int run_command_line(int argc, char** argv);

}  // namespace wattlaw
