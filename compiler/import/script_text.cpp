#include "compiler/import/script_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/import/time_words.h"
#include "compiler/source/literate.h"
#include "compiler/syntax/format_source.h"
#include "compiler/syntax/parse_source.h"
#include "compiler/syntax/reserved_words.h"
#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

constexpr int kMostPlaces = 40;  // figures come with at most 18 places, and prices are divided by powers of ten alone

bool is_word_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) || (static_cast<unsigned char>(c) & 0x80); }

// Runs of letters and digits. Punctuation beyond ASCII (`–`, `€`, spaces without break) is neither; of letters Latin ones are enough,
// for a label that holds others falls back to its number.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (size_t at = 0; at < text.size();) {
    const unsigned char first = static_cast<unsigned char>(text[at]);
    const size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const std::string_view letter = text.substr(at, size);
    const bool is_latin = first >= 0xC3 && first <= 0xC9 && letter != "×" && letter != "÷";  // U+00C0 to U+024F
    if (size == 1 ? is_word_byte(text[at]) : is_latin) words.back() += letter;
    else if (!words.back().empty()) words.emplace_back();
    at += size;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// Latin-1's capitals (Æ Ø Å Ä Ö …) lie 32 before their small letters.
std::string to_lower(std::string word) {
  for (size_t at = 0; at < word.size(); ++at) {
    const unsigned char c = static_cast<unsigned char>(word[at]);
    if (c == 0xC3 && at + 1 < word.size()) {
      const unsigned char next = static_cast<unsigned char>(word[++at]);
      if (next >= 0x80 && next <= 0x9E && next != 0x97) word[at] = static_cast<char>(next + 0x20);
    } else if (c < 0x80) {
      word[at] = static_cast<char>(std::tolower(c));
    }
  }
  return word;
}

// Latin-1's small letters (é æ ø å …) lie 32 behind their capitals; ß and ÿ have none there.
std::string capitalise(std::string word) {
  word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  if (static_cast<unsigned char>(word[0]) == 0xC3 && word.size() > 1) {
    const unsigned char next = static_cast<unsigned char>(word[1]);
    if (next >= 0xA0 && next <= 0xBE && next != 0xB7) word[1] = static_cast<char>(next - 0x20);
  }
  return word;
}

std::string with_leading_letter(std::string name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) ? "T" + name : name;
}

}  // namespace

std::string tariff_name(std::string_view words) {
  std::string name;
  for (const std::string& lower_word : words_of(words)) {
    const std::string word = capitalise(lower_word);
    if (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back())) && std::isdigit(static_cast<unsigned char>(word[0]))) name += '_';
    name += word;
  }
  if (is_month_or_weekday(name)) name += "Tariff";
  return name.empty() ? "Imported" : with_leading_letter(name);
}

std::string label_name(std::string_view words, std::string_view fallback) {
  std::string name;
  for (const std::string& word : words_of(words)) name += (name.empty() ? "" : "_") + to_lower(word);
  if (name.empty()) name = fallback;
  if (std::isdigit(static_cast<unsigned char>(name[0]))) name = "no_" + name;
  return is_reserved_spelling(name) ? name + "_" : name;
}

std::string unique_name(std::string name, std::vector<std::string>& taken) {
  std::string candidate = name;
  for (int n = 2; std::find(taken.begin(), taken.end(), candidate) != taken.end(); ++n) candidate = fmt::format("{}_{}", name, n);
  taken.push_back(candidate);
  return candidate;
}

std::string decimal_text(const Rational& value) { return print_decimal(value, 0, kMostPlaces); }

std::string money_text(const Rational& value) { return print_decimal(value, 2, kMostPlaces); }

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::string quoted_text(std::string_view text) {
  std::string line = one_line(text);
  std::replace(line.begin(), line.end(), '"', '\'');
  std::replace(line.begin(), line.end(), '\\', '/');
  return "\"" + line + "\"";
}

std::string in_force_text(Date from, const std::optional<Date>& until) {
  return fmt::format("in force from {}{}", print_date(from), until ? " until " + print_date(*until) : "");
}

std::string lay_out_script(const std::string& text) {
  Diagnostics diagnostics;
  SourceFiles files;
  const SourceFile& source = files.emplace_back(source_from_text("imported.watt", text, 0, diagnostics));
  const SyntaxTree tree = parse_source(source, 0, diagnostics);
  const std::optional<std::string> formatted = diagnostics.has_errors() ? std::nullopt : format_source(source, tree, diagnostics);
  WATTLAW_ASSERT(formatted, "an importer writes text that parses");
  return *formatted;
}

}  // namespace wattlaw
