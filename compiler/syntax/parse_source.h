// parse_source: text -> SyntaxTree. Several errors come out of one file: broken declarations become `Missing` nodes and parsing
// goes on at the next reserved word that is first on its line. Refused before ANTLR sees them: files over 4 MB, invalid UTF-8,
// more than 200 nested brackets (each a diagnostic). At most 20 errors a file are reported.
#pragma once
#include "compiler/source/source_file.h"
#include "compiler/syntax/syntax_tree.h"

namespace wattlaw {

SyntaxTree parse_source(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);

// An expression alone (tests, `explain`, property generators). The tree's root is the expression node.
SyntaxTree parse_expression(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);

}  // namespace wattlaw
