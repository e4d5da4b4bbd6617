// explain_error: what ANTLR choked on -> one diagnostic in the words of the person who wrote the text, with what to write instead.
// Private to compiler/syntax.
//   day => 0.25 night 0.30   ->   error[WL1012]: `=>` missing after `night`
#pragma once
#include <vector>

#include "compiler/syntax/lex_source.h"

namespace wattlaw {

struct SyntaxError {
  size_t at = 0;                    // index into `tokens`; tokens.size() is the end of the stretch
  std::vector<size_t> rules;        // grammar rules that were open, innermost first
  std::vector<size_t> expected;     // token types that could have stood there; empty if unknown
};

// `tokens` is the stretch that was parsed: a whole file or one declaration.
void explain_error(const LexedSource& lexed, const std::vector<Token*>& tokens, const SyntaxError& error, Diagnostics& diagnostics);

bool starts_declaration(size_t token_type);
bool starts_entry(size_t token_type);

}  // namespace wattlaw
