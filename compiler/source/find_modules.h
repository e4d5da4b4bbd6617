// find_modules: a script and everything it imports, read and parsed, imports before importers. Project root: the nearest folder at
// or above the script that holds `wattlaw.json`, else the script's own folder and then its parents as far as an imported module
// needs (`import norway.elvia` from stories/norway/reform.watt finds stories/norway/elvia.watt). `std.` comes from the binary.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "compiler/source/source_file.h"
#include "compiler/syntax/syntax_tree.h"

namespace wattlaw {

struct ModuleSource {
  std::string name;              // "norway.elvia": the `module` line, else the path from the root
  uint32_t file = 0;             // index into SourceFiles
  SyntaxTree tree;
  std::vector<uint32_t> imports; // indices into Modules::list, in the order of the import lines
  std::vector<std::string> import_aliases;  // parallel; empty if none
};

struct Modules {
  SourceFiles files;
  std::vector<ModuleSource> list;  // topological: imports first; the script itself last
  std::string root;                // folder that relative data paths start from: the script's own folder
};

// Reads from disk below the roots only (no `..`, no symlink that leaves). Missing files, unknown modules (with suggestions) and
// import cycles (printed) are diagnostics.
Modules find_modules(const std::string& script_path, Diagnostics& diagnostics);
// The same for a text that is not on disk (tests); may import std only.
Modules modules_from_text(std::string text, std::string shown_path, Diagnostics& diagnostics);

}  // namespace wattlaw
