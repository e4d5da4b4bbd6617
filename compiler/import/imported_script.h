// ImportedScript: what an importer makes of one file: Wattlaw text as a person would have written it, in the layout of `wattlaw fmt`.
// An importer never builds syntax trees: its product is read, checked and kept like any other script.
#pragma once
#include <optional>
#include <string>

#include "compiler/source/source_file.h"

namespace wattlaw {

struct ImportedScript {
  std::string name;     // of the file to write, without folder and ending, fit to be imported: "area_lega"
  std::string text;
  size_t tariffs = 0;   // tariffs it declares
  size_t versions = 0;  // price sheets it holds: the tariffs and their amendments
};

// What the files of a format do not say and the user adds.
struct ImportChoices {
  std::string zone;  // "America/Los_Angeles", a zone there is; empty: that of the format's country, or of the file
};

// What is wrong with the file stands in `diagnostics`; nullopt if that keeps it from being imported.
using Importer = std::optional<ImportedScript> (*)(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics);

}  // namespace wattlaw
