#include "compiler/import/read_document.h"

#include <fmt/format.h>

#include <cctype>

namespace wattlaw {
namespace {

constexpr size_t kLargestFile = 16u << 20;  // the largest price lists published today have 10 MB

// Bytes of the well-formed code point that begins at `at`; 0 if there is none (Unicode, table 3-7).
size_t code_point_size(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto continues = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) { return byte(i) >= low && byte(i) <= high; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF)
    return continues(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && continues(2) ? 3 : 0;
  if (first >= 0xF0 && first <= 0xF4)
    return continues(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && continues(2) && continues(3) ? 4 : 0;
  return 0;
}

size_t digits_from(std::string_view text, size_t at) {
  while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace

bool check_import_text(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  const std::string& text = source.text;
  if (text.size() > kLargestFile) {
    diagnostics.error("WL8001", {file, 0, 0}, fmt::format("the file has {} MB; 16 MB are read", text.size() >> 20)).hint("import it in parts");
    return false;
  }
  for (size_t at = 0, size; at < text.size(); at += size) {
    size = text[at] == '\0' ? 0 : code_point_size(text, at);
    if (size != 0) continue;
    const uint32_t place = static_cast<uint32_t>(at);
    diagnostics.error("WL8001", {file, place, place}, "the file is not text in UTF-8").hint("save it as UTF-8");
    return false;
  }
  return true;
}

bool is_number_text(std::string_view text) {
  size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const size_t whole = digits_from(text, at);
  bool has_digits = whole > at;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const size_t end = digits_from(text, at + 1);
    has_digits = has_digits || end > at + 1;
    at = end;
  }
  if (!has_digits) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const size_t end = digits_from(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

}  // namespace wattlaw
