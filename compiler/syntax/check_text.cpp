#include "compiler/syntax/check_text.h"

#include <fmt/format.h>

namespace wattlaw {
namespace {

constexpr size_t kLargestFileBytes = 4u << 20;
constexpr size_t kDeepestNesting = 200;

// Length of the UTF-8 sequence at `i`, or 0: overlong forms, surrogates and values above U+10FFFF are invalid.
size_t sequence_length(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
  const auto continues = [&](size_t k) { return (byte(k) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

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
    const size_t length = sequence_length(text, i);
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
