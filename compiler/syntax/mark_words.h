// mark_words: the lexer's second pass. A word or number whose meaning hangs on its neighbours gets a token type of its own (listed
// in grammar/Wattlaw.g4 under `tokens`), so that the parser decides by one token. Texts and positions stay as they are.
//   { day => 0.25 night => 0.30 kWh }   ->   0.25 stays NUMBER (a row begins behind it), 0.30 becomes MEASURE
#pragma once
#include "compiler/syntax/lex_source.h"

namespace wattlaw {

void mark_words(LexedSource& lexed);

}  // namespace wattlaw
