// lex_source: the ANTLR lexer's tokens of one file with byte positions. Private to compiler/syntax; what looks into a token includes ANTLR itself.
// ANTLR counts code points; `span` converts. mark_words has been over the tokens.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/source/source_file.h"
#include "compiler/syntax/syntax_tree.h"

namespace antlr4 {
class ANTLRInputStream;
class CommonTokenStream;
class Token;
}  // namespace antlr4
namespace wattlaw_grammar {
class WattlawLexer;
class WattlawParser;
}  // namespace wattlaw_grammar

namespace wattlaw {

using Grammar = wattlaw_grammar::WattlawParser;
using Token = antlr4::Token;

struct LexedSource {
  LexedSource();
  ~LexedSource();
  std::string text;               // what was lexed; same offsets as SourceFile::program_text
  uint32_t file = 0;
  std::vector<uint32_t> byte_of;  // byte offset of each code point and of the end; empty if the text is ASCII
  std::unique_ptr<antlr4::ANTLRInputStream> input;
  std::unique_ptr<wattlaw_grammar::WattlawLexer> lexer;
  std::unique_ptr<antlr4::CommonTokenStream> stream;  // filled, comments on the hidden channel
  std::vector<Token*> tokens;     // without comments, without the end-of-file token
  Token* end_of_file = nullptr;

  uint32_t byte_offset(size_t code_point) const;
  Span span(const Token* token) const;
  std::string_view text_of(const Token* token) const;
};

std::unique_ptr<LexedSource> lex_source(const SourceFile& source, uint32_t file);

// How a keyword is written; empty for other tokens.
const std::string& keyword_text(size_t type);
// Reserved and contextual words, by token type.
bool is_reserved_word(size_t type);
bool is_contextual_word(size_t type);
// Could stand where the grammar says `name`.
bool is_name_token(size_t type);

}  // namespace wattlaw
