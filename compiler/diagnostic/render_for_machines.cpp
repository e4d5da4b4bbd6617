// json, sarif, github and junit: the only file of the compiler that sees a JSON library.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include <fmt/format.h>

#include "compiler/diagnostic/render_diagnostic.h"
#include "compiler/diagnostic/sort_diagnostics.h"

namespace wattlaw {
namespace {

using Json = nlohmann::ordered_json;

struct Place {
  std::string file;
  uint32_t line = 1, column = 1, end_line = 1, end_column = 1;
};

Place place_of(Span span, const SourceFiles& files) {
  if (span.file >= files.size()) return {};
  const SourceFile& file = files[span.file];
  return {file.path, file.line_of(span.begin), file.column_of(span.begin), file.line_of(span.end), file.column_of(span.end)};
}

Json place_json(Span span, const SourceFiles& files) {
  const Place place = place_of(span, files);
  return {{"file", place.file}, {"line", place.line}, {"column", place.column}, {"end_line", place.end_line}, {"end_column", place.end_column}};
}

// Paths and messages may hold bytes that are not UTF-8 (a file name, a refused file): replaced, never thrown at.
std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string whole_message(const Diagnostic& diagnostic) {
  std::string message = diagnostic.message;
  for (const std::string& note : diagnostic.notes_) message += "\n" + note;
  for (const std::string& hint : diagnostic.hints_) message += "\nhint: " + hint;
  return message;
}

std::string escape_github(std::string_view text, bool property) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '%') escaped += "%25";
    else if (letter == '\r') escaped += "%0D";
    else if (letter == '\n') escaped += "%0A";
    else if (property && letter == ':') escaped += "%3A";
    else if (property && letter == ',') escaped += "%2C";
    else escaped += letter;
  }
  return escaped;
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\n': escaped += "&#10;"; break;
      case '\t': escaped += "&#9;"; break;
      default: escaped += static_cast<unsigned char>(letter) < 0x20 ? '?' : letter;  // XML 1.0 has no other control characters
    }
  }
  return escaped;
}

}  // namespace

std::string render_json(const Diagnostics& diagnostics, const SourceFiles& files) {
  Json list = Json::array();
  for (const Diagnostic* diagnostic : sort_diagnostics(diagnostics)) {
    Json labels = Json::array();
    for (const Label& label : diagnostic->labels_) {
      Json entry = place_json(label.span, files);
      entry["text"] = label.text;
      labels.push_back(std::move(entry));
    }
    Json entry = {{"severity", severity_word(diagnostic->severity)}, {"code", diagnostic->code}, {"message", diagnostic->message}};
    entry.update(place_json(diagnostic->span, files));
    entry["labels"] = std::move(labels);
    entry["notes"] = diagnostic->notes_;
    entry["hints"] = diagnostic->hints_;
    list.push_back(std::move(entry));
  }
  return dump({{"diagnostics", std::move(list)}, {"errors", diagnostics.error_count()}, {"warnings", diagnostics.warning_count()}}, 2);
}

std::string render_sarif(const Diagnostics& diagnostics, const SourceFiles& files) {
  const auto location = [&](Span span) -> Json {
    const Place place = place_of(span, files);
    return {{"physicalLocation",
             {{"artifactLocation", {{"uri", place.file}}},
              {"region", {{"startLine", place.line}, {"startColumn", place.column}, {"endLine", place.end_line}, {"endColumn", place.end_column}}}}}};
  };
  Json results = Json::array();
  std::set<std::string> used;
  for (const Diagnostic* diagnostic : sort_diagnostics(diagnostics)) {
    used.insert(diagnostic->code);
    Json related = Json::array();
    for (const Label& label : diagnostic->labels_) {
      Json entry = location(label.span);
      entry["message"] = {{"text", label.text}};
      related.push_back(std::move(entry));
    }
    Json result = {{"ruleId", diagnostic->code}, {"level", severity_word(diagnostic->severity)}, {"message", {{"text", whole_message(*diagnostic)}}}};
    result["locations"] = Json::array({location(diagnostic->span)});
    if (!related.empty()) result["relatedLocations"] = std::move(related);
    results.push_back(std::move(result));
  }
  Json rules = Json::array();
  for (const DiagnosticCode* code = kDiagnosticCodes; code->code != nullptr; ++code)
    if (used.count(code->code) > 0) rules.push_back({{"id", code->code}, {"shortDescription", {{"text", code->meaning}}}});
  const Json driver = {{"name", "wattlaw"}, {"rules", std::move(rules)}};
  const Json run = {{"tool", {{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
  return dump({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", Json::array({run})}}, 2);
}

std::string render_github(const Diagnostics& diagnostics, const SourceFiles& files) {
  std::string text;
  for (const Diagnostic* diagnostic : sort_diagnostics(diagnostics)) {
    const Place place = place_of(diagnostic->span, files);
    const char* level = diagnostic->severity == Severity::note ? "notice" : severity_word(diagnostic->severity);
    text += fmt::format("::{} file={},line={},col={},title={}::{}\n", level, escape_github(place.file, true), place.line, place.column, escape_github(diagnostic->code, true),
                        escape_github(whole_message(*diagnostic), false));
  }
  return text;
}

// One case a file: it fails if the file has errors, and lists every diagnostic.
std::string render_junit(const Diagnostics& diagnostics, const SourceFiles& files, const std::string& suite) {
  const auto sorted = sort_diagnostics(diagnostics);
  std::string cases;
  size_t failures = 0, count = 0;
  for (uint32_t file = 0; file < std::max<size_t>(files.size(), 1); ++file) {
    std::string lines;
    size_t errors = 0;
    for (const Diagnostic* diagnostic : sorted) {
      if (diagnostic->span.file != file && !(diagnostic->span.file >= files.size() && file == 0)) continue;
      const Place place = place_of(diagnostic->span, files);
      errors += diagnostic->severity == Severity::error;
      lines += fmt::format("{}:{}:{}: {}[{}]: {}\n", place.file, place.line, place.column, severity_word(diagnostic->severity), diagnostic->code, whole_message(*diagnostic));
    }
    const std::string name = escape_xml(file < files.size() ? files[file].path : suite);
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escape_xml(suite), name);
    if (errors > 0) cases += fmt::format(">\n      <failure message=\"{} error{}\">{}</failure>\n    </testcase>\n", errors, errors == 1 ? "" : "s", escape_xml(lines));
    else if (!lines.empty()) cases += fmt::format(">\n      <system-out>{}</system-out>\n    </testcase>\n", escape_xml(lines));
    else cases += "/>\n";
    failures += errors > 0;
    ++count;
  }
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n{}  </testsuite>\n</testsuites>\n", escape_xml(suite), count, failures, cases);
}

}  // namespace wattlaw
