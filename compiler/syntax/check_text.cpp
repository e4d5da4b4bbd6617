#include "compiler/syntax/check_text.h"

#include <fmt/format.h>

#include "WattlawParser.h"
#include "antlr4-runtime.h"
#include "runtime/base/utf8.h"

namespace wattlaw {
namespace {

constexpr size_t kLargestFileBytes = 4u << 20;
constexpr size_t kDeepestNesting = 200;

bool opens(size_t type) { return type == Grammar::LPAREN || type == Grammar::LBRACE; }
bool closes(size_t type) { return type == Grammar::RPAREN || type == Grammar::RBRACE; }
bool is_prefix(size_t type) { return type == Grammar::MINUS || type == Grammar::NOT; }
bool is_tail(size_t type) {
  return type == Grammar::WITHIN || type == Grammar::BEYOND || type == Grammar::ROUNDED || type == Grammar::UNDER || type == Grammar::WITH || type == Grammar::WITHOUT;
}
// What ends an operand and with it the count of its tails.
bool ends_operand(size_t type) { return opens(type) || type == Grammar::RBRACE || type == Grammar::COMMA || type == Grammar::PLUS || type == Grammar::GIVES || (is_reserved_word(type) && !is_tail(type) && type != Grammar::TO && type != Grammar::HALF && type != Grammar::UP && type != Grammar::AT && type != Grammar::OF); }

}  // namespace

bool check_text(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  const std::string& text = source.program_text;
  const auto size = static_cast<uint32_t>(text.size());
  if (text.size() > kLargestFileBytes) {
    diagnostics.error("WL1001", {file, 0, 0}, fmt::format("the file is {} bytes long; a source file has at most {}", text.size(), kLargestFileBytes)).hint("split it into modules and `import` them");
    return false;
  }
  for (uint32_t i = 0; i < size;) {
    const size_t length = utf8_length(text, i);
    if (length == 0) {
      diagnostics.error("WL1002", {file, i, i + 1}, fmt::format("byte {} (0x{:02X}) is not valid UTF-8", i + 1, static_cast<unsigned char>(text[i]))).hint("save the file as UTF-8");
      return false;
    }
    if (text[i] == '\0') {
      diagnostics.error("WL1002", {file, i, i + 1}, fmt::format("byte {} is zero; a source file is text", i + 1));
      return false;
    }
    i += static_cast<uint32_t>(length);
  }
  return true;
}

bool check_nesting(const LexedSource& lexed, Diagnostics& diagnostics) {
  size_t open = 0, prefixes = 0, tails = 0;
  for (const Token* token : lexed.tokens) {
    const size_t type = token->getType();
    prefixes = is_prefix(type) ? prefixes + 1 : 0;
    if (is_tail(type) || type == Grammar::AT) ++tails;
    if (ends_operand(type)) tails = 0;
    if (opens(type)) ++open;
    if (closes(type) && open > 0) --open;
    if (open > kDeepestNesting || prefixes > kDeepestNesting || tails > kDeepestNesting) {
      diagnostics.error("WL1003", lexed.span(token), fmt::format("more than {} {} inside one another", kDeepestNesting, open > kDeepestNesting ? "brackets" : "operators"))
          .hint("name the parts with `let`");
      return false;
    }
  }
  return true;
}

}  // namespace wattlaw
