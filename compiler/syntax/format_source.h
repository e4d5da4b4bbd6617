// format_source: a parsed file, printed in the one layout. Keeps every comment, changes no token, is idempotent. Refuses (empty
// optional, diagnostics say why) files with syntax errors. In a literate file only the fenced blocks change.
#pragma once
#include <optional>
#include <string>

#include "compiler/source/source_file.h"
#include "compiler/syntax/syntax_tree.h"

namespace wattlaw {

std::optional<std::string> format_source(const SourceFile& source, const SyntaxTree& tree, Diagnostics& diagnostics);

}  // namespace wattlaw
