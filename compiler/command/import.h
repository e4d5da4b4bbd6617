// wattlaw import FORMAT FILE… -o DIR: published tariffs become scripts, one a file, in a new folder; all of them or none.
#pragma once
#include <string>
#include <vector>

#include "compiler/command/console.h"
#include "compiler/import/imported_script.h"

namespace wattlaw {

struct ImportOptions {
  std::string format, out;
  std::vector<std::string> files;
  ImportChoices choices;
};

int import_files(const Console& console, const ImportOptions& options);

}  // namespace wattlaw
