// import_tariffs: files of one published format -> a script each.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/import/imported_script.h"
#include "runtime/base/result.h"

namespace wattlaw {

// Whether the user may name the time zone that files of a format leave out.
enum class ZoneChoice : uint8_t {
  none,      // the format says it
  possible,  // its files name a country, which may have several
  needed,    // they name nothing
};

struct ImportFormat {
  const char* name;     // as on the command line: "fri-nettleie"
  const char* purpose;  // what it holds, in a few words
  Importer import;
  ZoneChoice zone = ZoneChoice::none;
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
