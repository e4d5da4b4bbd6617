#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "compiler/import/read_document.h"

namespace wattlaw {
namespace {

using Kind = DocumentNode::Kind;

class YamlEvents : public YAML::EventHandler {
 public:
  YamlEvents(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) : source_(source), file_(file), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 1) refuse(mark, "the file holds a second YAML document", "keep one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add_scalar(Kind::null, "", span_of(mark, 0));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse_anchor(mark, 1);
    add_scalar(Kind::null, "", span_of(mark, 1));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    refuse_anchor(mark, anchor);
    const bool is_plain = tag == "?";
    Kind kind = Kind::text;
    if (is_plain && (value == "true" || value == "false")) kind = Kind::yes_no;
    if (is_plain && is_number_text(value)) kind = Kind::number;
    const Span span = span_of(mark, value.size() + (is_plain ? 0 : 2));
    // yaml-cpp takes the rest of the file for a text whose quote is never closed.
    if (!is_plain && !closes_quote(span.begin)) refuse(mark, "a text in quotes is never closed", "close it on its line");
    add_scalar(kind, value, span);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { builder_.end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Kind::map, mark, anchor);
  }
  void OnMapEnd() override { builder_.end(); }

  Document take() { return builder_.take(); }

 private:
  // A list or map as a key cannot be said in a Document; an empty text stands for it, and the key is told as unknown.
  void open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    if (builder_.awaits_key()) {
      refuse(mark, "a list or map stands where a key should", "write `key: value`");
      builder_.key("", span_of(mark, 1));
    }
    builder_.begin(kind, span_of(mark, 1));
  }
  void add_scalar(Kind kind, const std::string& text, Span span) {
    if (!builder_.awaits_key()) {
      builder_.scalar(kind, text, span);
      return;
    }
    if (builder_.has_key(text))
      diagnostics_.error("WL8001", span, fmt::format("`{}` stands twice in one map", text)).hint("keep one of the two");
    builder_.key(text, span);
  }
  bool closes_quote(size_t at) const {
    const std::string& text = source_.text;
    const char quote = at < text.size() ? text[at] : 0;
    if (quote != '\'' && quote != '"') return true;  // a block of text
    for (++at; at < text.size(); ++at) {
      if (quote == '"' && text[at] == '\\') ++at;
      else if (quote == '\'' && text.compare(at, 2, "''") == 0) ++at;
      else if (text[at] == quote) return true;
    }
    return false;
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors and aliases of YAML are not read", "write the value out");
  }
  void refuse(const YAML::Mark& mark, std::string message, std::string hint) {
    diagnostics_.error("WL8001", span_of(mark, 1), std::move(message)).hint(std::move(hint));
  }
  Span span_of(const YAML::Mark& mark, size_t size) const {
    const size_t begin = std::min(source_.text.size(), static_cast<size_t>(std::max(mark.pos, 0)));
    const size_t line_end = std::min(source_.text.size(), source_.text.find('\n', begin));
    return {file_, static_cast<uint32_t>(begin), static_cast<uint32_t>(std::min(line_end, begin + size))};
  }

  const SourceFile& source_;
  uint32_t file_;
  Diagnostics& diagnostics_;
  DocumentBuilder builder_;
  int documents_ = 0;
};

}  // namespace

std::optional<Document> read_yaml(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  if (!check_import_text(source, file, diagnostics)) return std::nullopt;
  const size_t errors = diagnostics.error_count();
  YamlEvents events(source, file, diagnostics);
  std::istringstream in(source.text);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(events)) {
    }
  } catch (const YAML::DeepRecursion& exception) {
    diagnostics.error("WL8001", {file, 0, 0}, fmt::format("more than {} lists and maps stand inside one another", exception.depth()));
  } catch (const YAML::Exception& exception) {
    const size_t end = source.text.size(), place = std::min(end, static_cast<size_t>(std::max(exception.mark.pos, 0)));
    diagnostics.error("WL8001", {file, static_cast<uint32_t>(place), static_cast<uint32_t>(std::min(end, place + 1))},
                      fmt::format("the file is not YAML: {}", exception.msg));
  }
  if (diagnostics.error_count() > errors) return std::nullopt;
  Document document = events.take();
  if (!document.nodes.empty()) return document;
  diagnostics.error("WL8001", {file, 0, 0}, "the file is empty");
  return std::nullopt;
}

}  // namespace wattlaw
