// compile: a script and its imports -> TypedProgram, in one screen. Every stage finishes, then the driver stops at the first with errors.
#pragma once
#include <set>
#include <string>

#include "compiler/program/typed_program.h"
#include "compiler/source/find_modules.h"

namespace wattlaw {

struct Compilation {
  Modules modules;
  TypedProgram program;      // meaningful only if !diagnostics.has_errors()
  Diagnostics diagnostics;
  bool ok() const { return !diagnostics.has_errors(); }
};

struct CompileOptions {
  bool standalone = true;    // also walk tariffs that no scenario or test uses (check); `run` needs only its scenario
  std::string only;          // name of one scenario to elaborate; empty: all
  bool bound = false;        // a dispatch says what its cost is bounded by (TypedDispatch::bound)
  std::set<int> read_days;   // days on which meters are read, where bills begin with that; empty: not known yet, and two days stand for all
};

Compilation compile_script(const std::string& path, const CompileOptions& options = {});
Compilation compile_text(std::string text, std::string shown_path, const CompileOptions& options = {});

}  // namespace wattlaw
