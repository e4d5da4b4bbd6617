// import_tariffs: files of one published format -> a script each.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "compiler/import/imported_script.h"
#include "runtime/base/result.h"

namespace wattlaw {

struct ImportFormat {
  const char* name;     // as on the command line: "fri-nettleie"
  const char* purpose;  // what it holds, in a few words
  Importer import;
  bool needs_zone = false;  // its files name no time zone, and their country has several
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

// Whether a time zone is chosen where the format needs one, exists, and is not chosen where it has no meaning (WL8012, WL6101).
Status check_choices(const ImportFormat& format, const ImportChoices& choices);

// Two files whose scripts would have one name are refused (WL8010). `choices` are checked ones.
ImportedFiles import_tariffs(const ImportFormat& format, std::vector<ImportText> texts, const ImportChoices& choices = {});

}  // namespace wattlaw
