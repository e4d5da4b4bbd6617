// check_text, check_nesting: what is refused before the parser sees it, so that no text can exhaust its stack. Private to compiler/syntax.
#pragma once
#include "compiler/syntax/lex_source.h"

namespace wattlaw {

// Size (4 MB), valid UTF-8, no NUL. False: a diagnostic says why.
bool check_text(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);
// At most 200 brackets, `not`s, minus signs or tails (`under …`, `rounded to …`) inside one another.
bool check_nesting(const LexedSource& lexed, Diagnostics& diagnostics);

}  // namespace wattlaw
