#include "compiler/syntax/lex_source.h"

#include "compiler/syntax/mark_words.h"

namespace wattlaw {
namespace {

bool is_ascii(std::string_view text) {
  for (unsigned char byte : text)
    if (byte >= 0x80) return false;
  return true;
}

// The runtime drops a byte order mark at the start, which would shift every position.
void blank_byte_order_mark(std::string& text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.replace(0, 3, "   ");
}

}  // namespace

uint32_t LexedSource::byte_offset(size_t code_point) const {
  if (byte_of.empty()) return static_cast<uint32_t>(std::min(code_point, text.size()));
  return byte_of[std::min(code_point, byte_of.size() - 1)];
}

Span LexedSource::span(const Token* token) const {
  if (token->getType() == antlr4::Token::EOF) {
    const auto end = static_cast<uint32_t>(text.size());
    return {file, end, end};
  }
  return {file, byte_offset(token->getStartIndex()), byte_offset(token->getStopIndex() + 1)};
}

std::string_view LexedSource::text_of(const Token* token) const {
  const Span at = span(token);
  return std::string_view(text).substr(at.begin, at.end - at.begin);
}

std::unique_ptr<LexedSource> lex_source(const SourceFile& source, uint32_t file) {
  auto lexed = std::make_unique<LexedSource>();
  lexed->text = source.program_text;
  lexed->file = file;
  blank_byte_order_mark(lexed->text);
  if (!is_ascii(lexed->text)) {
    for (uint32_t i = 0; i < lexed->text.size(); ++i)
      if ((static_cast<unsigned char>(lexed->text[i]) & 0xC0) != 0x80) lexed->byte_of.push_back(i);
    lexed->byte_of.push_back(static_cast<uint32_t>(lexed->text.size()));
  }
  lexed->input = std::make_unique<antlr4::ANTLRInputStream>(lexed->text);
  lexed->lexer = std::make_unique<wattlaw_grammar::WattlawLexer>(lexed->input.get());
  lexed->lexer->removeErrorListeners();  // the grammar has a catch-all token, so the lexer never fails
  lexed->stream = std::make_unique<antlr4::CommonTokenStream>(lexed->lexer.get());
  lexed->stream->fill();
  for (Token* token : lexed->stream->getTokens()) {
    if (token->getType() == antlr4::Token::EOF) lexed->end_of_file = token;
    else if (token->getChannel() == antlr4::Token::DEFAULT_CHANNEL) lexed->tokens.push_back(token);
  }
  mark_words(*lexed);
  return lexed;
}

bool is_reserved_word(size_t type) { return type >= Grammar::TO && type <= Grammar::EVERY; }
bool is_contextual_word(size_t type) { return type >= Grammar::A && type <= Grammar::ZONE; }

}  // namespace wattlaw
