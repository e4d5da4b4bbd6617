#include "compiler/import/document_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/import/read_document.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {
namespace {

using Kind = DocumentNode::Kind;
constexpr size_t kMostDigits = 18;  // as in traces; more is a slip, not a price

const char* kind_words(Kind kind) {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::yes_no: return "`true` or `false`";
    case Kind::number: return "a number";
    case Kind::text: return "a text";
    case Kind::list: return "a list";
    case Kind::map: return "a map";
  }
  return "";
}

std::string shorten(std::string text) {
  constexpr size_t kLongest = 40;
  if (text.size() <= kLongest) return text;
  text.resize(kLongest);
  while (!text.empty() && (text.back() & 0xC0) == 0x80) text.pop_back();  // no half code point
  if (!text.empty() && (text.back() & 0x80)) text.pop_back();
  return text + "…";
}

std::string trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

std::optional<Rational> exact_number(std::string_view text) {
  if (!is_number_text(text)) return std::nullopt;
  if (text.front() == '+') text.remove_prefix(1);
  int exponent = 0;
  if (const size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    if (text.size() - e > 4) return std::nullopt;
    exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
    text = text.substr(0, e);
  }
  const size_t point = std::min(text.find('.'), text.size());
  if (point > kMostDigits + 1 || text.size() - point > kMostDigits + 1 || std::abs(exponent) > static_cast<int>(kMostDigits)) return std::nullopt;
  std::string digits(text);
  if (digits.back() == '.') digits.pop_back();
  if (const size_t at = digits.find('.'); at == 0 || (at == 1 && digits[0] == '-')) digits.insert(at, "0");
  std::optional<Rational> value = parse_decimal(digits);
  if (!value) return std::nullopt;
  for (; exponent > 0; --exponent) *value *= 10;
  for (; exponent < 0; ++exponent) *value /= 10;
  return value;
}

Diagnostic& DocumentReader::with_path(Diagnostic& diagnostic, DocumentId id) const {
  const std::string path = document_.path_of(id);
  return path.empty() ? diagnostic : diagnostic.note("at " + path);
}
Diagnostic& DocumentReader::error(std::string code, DocumentId id, std::string message) {
  return with_path(diagnostics_.error(std::move(code), document_[id].span, std::move(message)), id);
}
Diagnostic& DocumentReader::warning(std::string code, DocumentId id, std::string message) {
  return with_path(diagnostics_.warning(std::move(code), document_[id].span, std::move(message)), id);
}

void DocumentReader::refuse_kind(DocumentId id, const char* wanted) {
  const DocumentNode& found = node(id);
  const bool is_scalar = found.kind == Kind::number || found.kind == Kind::text || found.kind == Kind::yes_no;
  const bool is_empty = found.kind == Kind::text && trim(found.text).empty();
  error("WL8004", id, fmt::format("{} is expected here, and found is {}", wanted,
                                  is_empty    ? "an empty text"
                                  : is_scalar ? fmt::format("{} `{}`", found.kind == Kind::yes_no ? "the word" : kind_words(found.kind), shorten(found.text))
                                            : kind_words(found.kind)));
}

bool DocumentReader::expect_map(DocumentId id, const std::vector<std::string>& known) {
  if (node(id).kind != Kind::map) {
    refuse_kind(id, "a map");
    return false;
  }
  for (const DocumentEntry& entry : node(id).entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    Diagnostic& told = diagnostics_.error("WL8003", entry.key_span, fmt::format("this format has no field `{}`", shorten(entry.key)));
    with_path(told, entry.value);
    const std::vector<std::string> near = nearest_names(entry.key, known);
    told.hint(near.empty() ? "what is not understood is not skipped: it may change the price" : fmt::format("did you mean {}?", join_quoted(near, " or ")));
  }
  return true;
}

std::optional<DocumentId> DocumentReader::child(DocumentId map, std::string_view key) const {
  for (const DocumentEntry& entry : node(map).entries)
    if (entry.key == key && node(entry.value).kind != Kind::null) return entry.value;
  return std::nullopt;
}

std::optional<DocumentId> DocumentReader::required(DocumentId map, std::string_view key) {
  std::optional<DocumentId> found = child(map, key);
  if (!found) error("WL8002", map, fmt::format("the field `{}` is missing", key));
  return found;
}

std::optional<std::string> DocumentReader::text(DocumentId id) {
  const DocumentNode& found = node(id);
  std::string trimmed = trim(found.text);
  if (found.kind != Kind::text || trimmed.empty()) {
    refuse_kind(id, "a text");
    return std::nullopt;
  }
  return trimmed;
}

std::optional<Figure> DocumentReader::figure(DocumentId id) {
  if (node(id).kind != Kind::number) {
    refuse_kind(id, "a number");
    return std::nullopt;
  }
  if (std::optional<Rational> value = exact_number(node(id).text)) return Figure{*value, node(id).span};
  error("WL8004", id, fmt::format("the number `{}` has more than {} digits", shorten(node(id).text), kMostDigits));
  return std::nullopt;
}

std::optional<int> DocumentReader::whole(DocumentId id, int least, int most) {
  const std::optional<Figure> found = figure(id);
  if (!found) return std::nullopt;
  if (denominator(found->value) == 1 && found->value >= least && found->value <= most) return static_cast<int>(numerator(found->value));
  error("WL8007", id, fmt::format("a whole number from {} to {} is expected here, and found is `{}`", least, most, shorten(node(id).text)));
  return std::nullopt;
}

std::optional<bool> DocumentReader::yes_no(DocumentId id) {
  if (node(id).kind == Kind::yes_no) return node(id).text == "true";
  refuse_kind(id, "`true` or `false`");
  return std::nullopt;
}

std::optional<Date> DocumentReader::date(DocumentId id) {
  const std::optional<std::string> found = text(id);
  if (!found) return std::nullopt;
  if (std::optional<Date> parsed = parse_date(*found)) return parsed;
  error("WL8004", id, fmt::format("`{}` is no date", shorten(*found))).hint("write it as 2026-07-01");
  return std::nullopt;
}

std::vector<DocumentId> DocumentReader::list(DocumentId id) {
  std::vector<DocumentId> items;
  if (node(id).kind != Kind::list) refuse_kind(id, "a list");
  else
    for (const DocumentEntry& entry : node(id).entries) items.push_back(entry.value);
  return items;
}

std::vector<std::string> DocumentReader::texts(DocumentId id) {
  std::vector<std::string> result;
  for (DocumentId item : list(id))
    if (std::optional<std::string> found = text(item)) result.push_back(std::move(*found));
  return result;
}

std::optional<std::string> DocumentReader::required_text(DocumentId map, std::string_view key) {
  const std::optional<DocumentId> id = required(map, key);
  return id ? text(*id) : std::nullopt;
}
std::optional<std::string> DocumentReader::optional_text(DocumentId map, std::string_view key) {
  const std::optional<DocumentId> id = child(map, key);
  return id ? text(*id) : std::nullopt;
}
std::optional<Figure> DocumentReader::required_figure(DocumentId map, std::string_view key) {
  const std::optional<DocumentId> id = required(map, key);
  return id ? figure(*id) : std::nullopt;
}
std::optional<Figure> DocumentReader::optional_figure(DocumentId map, std::string_view key) {
  const std::optional<DocumentId> id = child(map, key);
  return id ? figure(*id) : std::nullopt;
}
std::optional<Date> DocumentReader::required_date(DocumentId map, std::string_view key) {
  const std::optional<DocumentId> id = required(map, key);
  return id ? date(*id) : std::nullopt;
}
std::optional<Date> DocumentReader::optional_date(DocumentId map, std::string_view key) {
  const std::optional<DocumentId> id = child(map, key);
  return id ? date(*id) : std::nullopt;
}

std::optional<size_t> DocumentReader::one_of(DocumentId id, const std::vector<std::string>& words) {
  const std::optional<std::string> found = text(id);
  if (!found) return std::nullopt;
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i] == *found) return i;
  Diagnostic& told = error("WL8005", id, fmt::format("`{}` is none of the words that may stand here", shorten(*found)));
  const std::vector<std::string> near = nearest_names(*found, words);
  told.hint(near.empty() ? fmt::format("known are {}", join_quoted(words, " and ")) : fmt::format("did you mean {}?", join_quoted(near, " or ")));
  return std::nullopt;
}

}  // namespace wattlaw
