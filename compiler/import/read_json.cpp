#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/import/read_document.h"

namespace wattlaw {
namespace {

using Kind = DocumentNode::Kind;
constexpr size_t kDeepest = 200;

// Counts the bytes that the parser has taken; every event comes right behind its token.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  CountingIterator(const char* at, size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  size_t* taken_;
};

class JsonEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonEvents(const std::string& text, uint32_t file, Diagnostics& diagnostics) : text_(text), file_(file), diagnostics_(diagnostics) {}
  size_t taken = 0;

  bool null() override { return scalar(Kind::null, "", word_span()); }
  bool boolean(bool value) override { return scalar(Kind::yes_no, value ? "true" : "false", word_span()); }
  bool number_integer(number_integer_t) override { return number(); }
  bool number_unsigned(number_unsigned_t) override { return number(); }
  bool number_float(number_float_t, const string_t&) override { return number(); }
  bool string(string_t& value) override { return scalar(Kind::text, value, string_span()); }
  bool binary(binary_t&) override { return false; }  // JSON text has none
  bool start_object(std::size_t) override { return open(Kind::map); }
  bool start_array(std::size_t) override { return open(Kind::list); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    const Span span = string_span();
    if (builder_.has_key(name)) diagnostics_.error("WL8001", span, fmt::format("`{}` stands twice in one map", name)).hint("keep one of the two");
    builder_.key(name, span);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& exception) override {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while …": the place is shown already
    std::string message = exception.what();
    for (const char* before : {": ", " - "})
      if (const size_t at = message.find(before); at != std::string::npos) message.erase(0, at + std::string_view(before).size());
    const uint32_t place = static_cast<uint32_t>(std::min(text_.size(), position == 0 ? 0 : position - 1));
    diagnostics_.error("WL8001", {file_, place, static_cast<uint32_t>(std::min<size_t>(text_.size(), place + 1))},
                       fmt::format("the file is not JSON: {}", message));
    return false;
  }
  Document take() { return builder_.take(); }

 private:
  bool open(Kind kind) {
    const uint32_t end = static_cast<uint32_t>(taken);
    if (++depth_ > kDeepest) {
      diagnostics_.error("WL8001", {file_, end - 1, end}, fmt::format("more than {} brackets stand inside one another", kDeepest));
      return false;
    }
    builder_.begin(kind, {file_, end - 1, end});
    return true;
  }
  bool close() {
    --depth_;
    builder_.end();
    return true;
  }
  bool scalar(Kind kind, std::string text, Span span) {
    builder_.scalar(kind, std::move(text), span);
    return true;
  }
  // The digits as they stand: the parser has read one byte past them, or the end of the text.
  bool number() {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'; };
    size_t end = std::min(taken, text_.size());
    while (end > 0 && !is_digit(text_[end - 1])) --end;
    size_t begin = end;
    while (begin > 0 && is_digit(text_[begin - 1])) --begin;
    return scalar(Kind::number, text_.substr(begin, end - begin), {file_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
  }
  // From the closing quote back to the one that opens: a quote inside has an odd number of backslashes before it.
  Span string_span() const {
    const size_t end = taken;
    size_t begin = end - 1;
    for (bool inside = true; inside && begin > 0;) {
      --begin;
      size_t backslashes = 0;
      while (begin > backslashes && text_[begin - backslashes - 1] == '\\') ++backslashes;
      inside = text_[begin] != '"' || backslashes % 2 == 1;
    }
    return {file_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  Span word_span() const {
    size_t begin = taken;
    while (begin > 0 && text_[begin - 1] >= 'a' && text_[begin - 1] <= 'z') --begin;
    return {file_, static_cast<uint32_t>(begin), static_cast<uint32_t>(taken)};
  }

  const std::string& text_;
  uint32_t file_;
  Diagnostics& diagnostics_;
  DocumentBuilder builder_;
  size_t depth_ = 0;
};

}  // namespace

std::optional<Document> read_json(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  if (!check_import_text(source, file, diagnostics)) return std::nullopt;
  const size_t errors = diagnostics.error_count();
  JsonEvents events(source.text, file, diagnostics);
  const char* begin = source.text.data();
  const char* end = begin + source.text.size();
  const bool whole = nlohmann::json::sax_parse(CountingIterator(begin, &events.taken), CountingIterator(end, &events.taken), &events);
  if (!whole || diagnostics.error_count() > errors) return std::nullopt;
  return events.take();
}

}  // namespace wattlaw
