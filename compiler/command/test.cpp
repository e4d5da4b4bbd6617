#include "compiler/command/test.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "compiler/compile.h"
#include "compiler/diagnostic/render_diagnostic.h"
#include "compiler/interpret/run_test.h"

namespace wattlaw {
namespace {

using Json = nlohmann::ordered_json;

struct TestResult {
  std::string file, name;
  uint32_t line = 0;
  TestOutcome outcome;
};

struct FileResults {
  std::string path;
  Compilation compilation;
  std::vector<TestResult> tests;
  Coverage coverage;
};

TextOf text_of_files(const SourceFiles& files) {
  return [&files](Span span) {
    if (span.file >= files.size()) return std::string();
    const std::string& text = files[span.file].text;
    size_t begin = std::min<size_t>(span.begin, text.size()), end = std::clamp<size_t>(span.end, begin, text.size());
    return text.substr(begin, end - begin);
  };
}

// The script's own tests: those that stand in its file.
void run_tests(const TestOptions& options, FileResults& results) {
  const SourceFiles& files = results.compilation.modules.files;
  const uint32_t script = results.compilation.modules.list.back().file;
  for (const Settlement& settlement : results.compilation.program.settlements) {
    if (settlement.kind != Settlement::Kind::test || settlement.span.file != script) continue;
    if (settlement.name.find(options.filter) == std::string::npos) continue;
    TestResult result{results.path, settlement.name, files[script].line_of(settlement.span.begin), {}};
    result.outcome = run_test(results.compilation.program, settlement, text_of_files(files), options.coverage ? &results.coverage : nullptr);
    results.tests.push_back(std::move(result));
  }
}

Diagnostics failures_as_diagnostics(const TestResult& test) {
  Diagnostics diagnostics;
  for (const TestFailure& failure : test.outcome.failures) {
    Diagnostic& diagnostic = diagnostics.error(failure.code, failure.span, failure.message);
    if (!failure.hint.empty()) diagnostic.hint(failure.hint);
  }
  return diagnostics;
}

void print_text(const Console& console, const FileResults& results) {
  for (const TestResult& test : results.tests) {
    if (test.outcome.passed()) {
      print_out(fmt::format("ok      {}\n", test.name));
    } else {
      print_out(fmt::format("FAILED  {}\n", test.name));
      print_out(render_text(failures_as_diagnostics(test), results.compilation.modules.files, console.color_out()));
    }
  }
}

void print_coverage(const FileResults& results) {
  const SourceFiles& files = results.compilation.modules.files;
  std::vector<CoverageItem> all = results.coverage.items(), missing = results.coverage.not_exercised();
  print_out(fmt::format("coverage of {}: {} of {} clauses, rows and exceptions\n", results.path, all.size() - missing.size(), all.size()));
  for (const CoverageItem& item : missing) {
    const SourceFile& file = files[item.span.file];
    print_out(fmt::format("  not exercised: {} ({}:{})\n", item.name, file.path, file.line_of(item.span.begin)));
  }
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json coverage_json(const FileResults& results) {
  Json items = Json::array();
  for (const CoverageItem& item : results.coverage.items()) {
    const SourceFile& file = results.compilation.modules.files[item.span.file];
    items.push_back({{"name", item.name}, {"file", file.path}, {"line", file.line_of(item.span.begin)}, {"hits", item.hits}});
  }
  return items;
}

std::string json_of(const std::deque<FileResults>& all, bool with_coverage) {
  Json tests = Json::array(), coverage = Json::array();
  size_t failed = 0;
  for (const FileResults& results : all) {
    for (const TestResult& test : results.tests) {
      Json failures = Json::array();
      for (const TestFailure& failure : test.outcome.failures) {
        const SourceFile& file = results.compilation.modules.files[failure.span.file];
        failures.push_back({{"code", failure.code}, {"message", failure.message}, {"line", file.line_of(failure.span.begin)}});
      }
      failed += !test.outcome.passed();
      tests.push_back({{"file", test.file}, {"line", test.line}, {"name", test.name}, {"passed", test.outcome.passed()}, {"failures", failures}});
    }
    if (with_coverage)
      for (Json& item : coverage_json(results)) coverage.push_back(std::move(item));
  }
  Json json = {{"tests", tests}, {"passed", tests.size() - failed}, {"failed", failed}};
  if (with_coverage) json["coverage"] = coverage;
  return dump(json);
}

// Characters that XML cannot hold become `?`.
std::string xml(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string junit_of(const std::deque<FileResults>& all) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const FileResults& results : all) {
    size_t failed = 0;
    for (const TestResult& test : results.tests) failed += !test.outcome.passed();
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n", xml(results.path), results.tests.size(), failed);
    for (const TestResult& test : results.tests) {
      out += fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"", xml(test.file), xml(test.name), xml(test.file), test.line);
      if (test.outcome.passed()) {
        out += "/>\n";
        continue;
      }
      out += ">\n";
      for (const TestFailure& failure : test.outcome.failures)
        out += fmt::format("      <failure type=\"{}\" message=\"{}\"/>\n", xml(failure.code), xml(failure.message));
      out += "    </testcase>\n";
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

void print_results(const Console& console, const TestOptions& options, const std::deque<FileResults>& all) {
  switch (console.format) {
    case Format::json: print_out(json_of(all, options.coverage)); return;
    case Format::junit: print_out(junit_of(all)); return;
    case Format::github:
      for (const FileResults& results : all)
        for (const TestResult& test : results.tests)
          print_out(render_github(failures_as_diagnostics(test), results.compilation.modules.files));
      return;
    case Format::text:
    case Format::sarif: break;
  }
  size_t passed = 0, failed = 0;
  for (const FileResults& results : all) {
    print_text(console, results);
    for (const TestResult& test : results.tests) ++(test.outcome.passed() ? passed : failed);
    if (options.coverage) print_coverage(results);
  }
  print_out(fmt::format("{} passed, {} failed\n", passed, failed));
}

}  // namespace

int test_files(const Console& console, const TestOptions& options) {
  std::deque<FileResults> all;  // elements stay where they are: a program points into itself
  int code = kOk;
  size_t count = 0;
  for (const std::string& path : options.files) {
    if (std::string problem = script_problem(path); !problem.empty()) return report_script_problem(console, path, problem);
    FileResults& results = all.emplace_back();
    results.path = path;
    results.compilation = compile_script(path, {.standalone = false});
    if (int found = report_diagnostics(console, results.compilation.diagnostics, results.compilation.modules.files); found != kOk) return found;
    run_tests(options, results);
    count += results.tests.size();
    for (const TestResult& test : results.tests)
      if (!test.outcome.passed()) code = kFailed;
  }
  print_results(console, options, all);
  if (count == 0 && !options.filter.empty()) {
    complain(fmt::format("no test's name holds `{}`", options.filter));
    return kFailed;
  }
  return code;
}

}  // namespace wattlaw
