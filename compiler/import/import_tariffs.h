// import_tariffs: files of one published format -> a script each.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "compiler/import/imported_script.h"

namespace wattlaw {

struct ImportFormat {
  const char* name;     // as on the command line: "fri-nettleie"
  const char* purpose;  // what it holds, in a few words
  Importer import;
};

const std::vector<ImportFormat>& import_formats();

struct ImportedFiles {
  SourceFiles files;
  Diagnostics diagnostics;
  std::vector<ImportedScript> scripts;  // one a file; all of them only if the diagnostics have no errors
};

struct ImportText {
  std::string path, text;
};

// Two files whose scripts would have one name are refused (WL8010).
ImportedFiles import_tariffs(const ImportFormat& format, std::vector<ImportText> texts);

}  // namespace wattlaw
