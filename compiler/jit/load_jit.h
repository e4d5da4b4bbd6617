// load_jit: the address of a function of libwattlaw_jit.so, which stands next to the executable. LLVM costs 15 ms of process start, so
// only commands that compile load it.
#pragma once
#include <string>

namespace wattlaw {

// Null with `failure` set if the library or the function is not there.
void* load_jit_function(const char* name, std::string& failure);

}  // namespace wattlaw
