// elaborate_program: parsed modules -> TypedProgram, everything checked on the way. Only called when parsing found no error.
#pragma once
#include "compiler/compile.h"

namespace wattlaw {

TypedProgram elaborate_program(const Modules& modules, const CompileOptions& options, Diagnostics& diagnostics);

}  // namespace wattlaw
