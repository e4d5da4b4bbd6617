#include "compiler/syntax/lex_source.h"

#include <unordered_map>

#include "WattlawLexer.h"
#include "WattlawParser.h"
#include "antlr4-runtime.h"
#include "compiler/syntax/mark_words.h"
#include "compiler/syntax/reserved_words.h"

namespace wattlaw {
namespace {

bool is_ascii(std::string_view text) {
  for (unsigned char byte : text)
    if (byte >= 0x80) return false;
  return true;
}

// The grammar's keyword tokens and how they are written: TO is `to`, TIME_WORD is `time`. Constant once made.
struct Keywords {
  std::vector<std::string> text_of_type;
  std::unordered_map<std::string_view, size_t> type_of_text;

  Keywords() {
    const antlr4::dfa::Vocabulary& vocabulary = Grammar(nullptr).getVocabulary();
    text_of_type.resize(vocabulary.getMaxTokenType() + 1);
    for (size_t type = 1; type < text_of_type.size(); ++type) {
      if (!is_reserved_word(type) && !is_contextual_word(type)) continue;
      std::string& text = text_of_type[type];
      text = vocabulary.getSymbolicName(type);
      if (text.ends_with("_WORD")) text.resize(text.size() - 5);
      for (char& letter : text) letter = static_cast<char>(letter - 'A' + 'a');
      type_of_text[text] = type;
    }
  }
};

const Keywords& keywords() {
  static const Keywords table;
  return table;
}

void mark_keywords(LexedSource& lexed) {
  for (Token* token : lexed.tokens) {
    if (token->getType() != Grammar::ID) continue;
    const auto found = keywords().type_of_text.find(lexed.text_of(token));
    if (found != keywords().type_of_text.end()) static_cast<antlr4::CommonToken*>(token)->setType(found->second);
  }
}

// The runtime drops a byte order mark at the start, which would shift every position.
void blank_byte_order_mark(std::string& text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.replace(0, 3, "   ");
}

}  // namespace

LexedSource::LexedSource() = default;
LexedSource::~LexedSource() = default;

bool is_reserved_spelling(std::string_view word) {
  const auto found = keywords().type_of_text.find(word);
  return found != keywords().type_of_text.end() && is_reserved_word(found->second);
}

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
  mark_keywords(*lexed);
  mark_words(*lexed);
  return lexed;
}

const std::string& keyword_text(size_t type) {
  static const std::string none;
  return type < keywords().text_of_type.size() ? keywords().text_of_type[type] : none;
}

bool is_reserved_word(size_t type) { return type >= Grammar::TO && type <= Grammar::EVERY; }
bool is_name_token(size_t type) { return type == Grammar::ID || is_contextual_word(type); }
bool is_contextual_word(size_t type) { return type >= Grammar::A && type <= Grammar::ZONE; }

}  // namespace wattlaw
