// read_yaml, read_json, read_table (CSV): the text of a file -> Document, or a diagnostic at the place where the text breaks (WL8001).
// Refused besides what the formats refuse: a key twice in one map, YAML's anchors and several documents in one file, more than 16 MB,
// text that is not UTF-8. Deep nesting ends in a diagnostic, not in a crash.
#pragma once
#include <optional>

#include "compiler/import/document.h"
#include "compiler/source/source_file.h"

namespace wattlaw {

std::optional<Document> read_yaml(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);
std::optional<Document> read_json(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);

// A list of maps, one a row: column -> text, empty fields are null. The separator is `;` if the header has one, else `,`.
std::optional<Document> read_table(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);

// Size and encoding of any file that is to be imported. False: a diagnostic says why.
bool check_import_text(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);

// "12.50", "-3", "1.5e-3": what both formats write for a number.
bool is_number_text(std::string_view text);

}  // namespace wattlaw
