// Diagnostics: what the compiler tells a person about their text.
//   diagnostics.error("WL2001", span, "no tariff is called `Elvai`").hint("did you mean `Elvia`?").label(other, "declared here")
// Style: lower case, no full stop, code words in backticks; say what was found, then the rule; the hint says what to write.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace wattlaw {

// A stretch of source text. `begin` and `end` are byte offsets into the UTF-8 text of file `file` (an index into SourceFiles).
struct Span {
  uint32_t file = 0, begin = 0, end = 0;
};

enum class Severity : uint8_t { error, warning, note };

struct Label {
  Span span;
  std::string text;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;     // "WL3102"; every code is listed in codes.def
  std::string message;
  Span span;            // the narrow culprit
  std::vector<Label> labels_;
  std::vector<std::string> notes_;  // "in rule `energy`, tariff `Elvia`", both readings of what is unsaid, witnesses
  std::vector<std::string> hints_;
  Diagnostic& label(Span where, std::string text) { labels_.push_back({where, std::move(text)}); return *this; }
  Diagnostic& note(std::string text) { notes_.push_back(std::move(text)); return *this; }
  Diagnostic& hint(std::string text) { hints_.push_back(std::move(text)); return *this; }
};

// Collects; never throws, never prints. References returned stay valid while further diagnostics are added.
class Diagnostics {
 public:
  Diagnostic& error(std::string code, Span span, std::string message) { return add(Severity::error, std::move(code), span, std::move(message)); }
  Diagnostic& warning(std::string code, Span span, std::string message) { return add(Severity::warning, std::move(code), span, std::move(message)); }
  Diagnostic& note(std::string code, Span span, std::string message) { return add(Severity::note, std::move(code), span, std::move(message)); }
  bool has_errors() const { return errors_ > 0; }
  size_t error_count() const { return errors_; }
  size_t warning_count() const { return warnings_; }
  const std::deque<Diagnostic>& all() const { return all_; }
  std::deque<Diagnostic>& all() { return all_; }

 private:
  Diagnostic& add(Severity severity, std::string code, Span span, std::string message) {
    errors_ += severity == Severity::error;
    warnings_ += severity == Severity::warning;
    return all_.emplace_back(Diagnostic{severity, std::move(code), std::move(message), span, {}, {}, {}});
  }
  std::deque<Diagnostic> all_;
  size_t errors_ = 0, warnings_ = 0;
};

}  // namespace wattlaw
