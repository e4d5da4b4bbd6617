#include "compiler/command/check.h"

#include <fmt/format.h>

#include <array>
#include <set>
#include <tuple>

#include "compiler/compile.h"
#include "compiler/program/decide_rules.h"

namespace wattlaw {
namespace {

// Diagnostics of several scripts as of one, so that a machine format stays one document. A module that two scripts import is told once.
struct Findings {
  SourceFiles files;
  Diagnostics diagnostics;
  std::set<std::tuple<std::string, uint32_t, std::string, std::string>> known;
  RuleVerdicts verdicts;
  size_t broken = 0;  // errors that tell of a broken rule: the script itself is sound
};

// `offset`: where the files of the script begin among those of all.
void add_findings(Findings& findings, const Diagnostics& diagnostics, const SourceFiles& files, uint32_t offset) {
  for (const Diagnostic& found : diagnostics.all()) {
    const std::string path = found.span.file < files.size() ? files[found.span.file].path : "";
    if (!findings.known.insert({path, found.span.begin, found.code, found.message}).second) continue;
    Diagnostic moved = found;
    moved.span.file += offset;
    for (Label& label : moved.labels_) label.span.file += offset;
    Diagnostics& all = findings.diagnostics;
    switch (found.severity) {
      case Severity::error: all.error(moved.code, moved.span, moved.message) = moved; break;
      case Severity::warning: all.warning(moved.code, moved.span, moved.message) = moved; break;
      case Severity::note: all.note(moved.code, moved.span, moved.message) = moved; break;
    }
  }
}

void add_compilation(Findings& findings, const Compilation& compilation) {
  const uint32_t offset = static_cast<uint32_t>(findings.files.size());
  const SourceFiles& files = compilation.modules.files;
  for (const SourceFile& file : files) findings.files.push_back(file);
  add_findings(findings, compilation.diagnostics, files, offset);
  if (!compilation.ok()) return;
  const size_t errors = findings.diagnostics.error_count();
  for (const Settlement& settlement : compilation.program.settlements) {
    const RuleVerdicts verdicts = decide_rules(compilation.program, settlement);
    add_findings(findings, verdicts.findings, files, offset);
    add_verdicts(findings.verdicts, verdicts);
  }
  findings.broken += findings.diagnostics.error_count() - errors;
}

// Mistakes in a script come before what its rules say.
int exit_code_of(const Console& console, const Findings& findings) {
  if (findings.broken > 0 && findings.diagnostics.error_count() == findings.broken) return kFailed;
  return exit_code_of(console, findings.diagnostics);
}

void add_problem(Findings& findings, const std::string& path, const std::string& problem) {
  SourceFile& file = findings.files.emplace_back();
  file.path = path;
  file.line_starts = {0};
  findings.diagnostics.error("WL1036", Span{static_cast<uint32_t>(findings.files.size() - 1), 0, 0}, problem);
}

struct Declared {
  NodeKind kind;
  const char* noun;
  size_t count = 0;
};
using Declarations = std::array<Declared, 6>;

void count_declarations(Declarations& declarations, const Modules& modules) {
  if (modules.list.empty()) return;
  const SyntaxTree& tree = modules.list.back().tree;
  if (!tree.root) return;
  for (NodeId child : tree[tree.root].children)
    for (Declared& declared : declarations) declared.count += tree[child].kind == declared.kind;
}

// "3 tariffs, 1 scenario, 2 tests"
std::string declarations_text(const Declarations& declarations, size_t files) {
  std::string text;
  for (const Declared& declared : declarations)
    if (declared.count > 0) text += (text.empty() ? "" : ", ") + count_text(declared.count, declared.noun);
  if (text.empty()) return count_text(files, "file");
  return files > 1 ? fmt::format("{} in {} files", text, files) : text;
}

}  // namespace

int check_files(const Console& console, const std::vector<std::string>& files) {
  Findings findings;
  std::string problems;
  size_t checked = 0;
  Declarations declarations{{{NodeKind::Tariff, "tariff"}, {NodeKind::Contract, "contract"}, {NodeKind::Rule, "rule"},
                             {NodeKind::Scenario, "scenario"}, {NodeKind::Reform, "reform"}, {NodeKind::Test, "test"}}};
  for (const std::string& file : files) {
    if (std::string problem = script_problem(file); !problem.empty()) {
      problems += fmt::format("wattlaw: {}\n", problem);
      if (console.is_machine()) add_problem(findings, file, problem);
      continue;
    }
    Compilation compilation = compile_script(file);
    add_compilation(findings, compilation);
    count_declarations(declarations, compilation.modules);
    ++checked;
  }
  print_out(render_diagnostics(console, findings.diagnostics, findings.files, console.color_out()));
  print_err(problems);
  if (!console.is_machine() && checked > 0) {
    size_t warnings = findings.diagnostics.warning_count();
    print_out(fmt::format("checked {}: {}{}\n", declarations_text(declarations, checked),
                          count_text(findings.diagnostics.error_count() - findings.broken, "error"),
                          (warnings > 0 ? ", " + count_text(warnings, "warning") : "") + (findings.verdicts.broken > 0 ? ", and rules are broken" : "")));
    if (findings.verdicts.count() > 0) print_out(verdicts_text(findings.verdicts) + "\n");
  }
  return problems.empty() ? exit_code_of(console, findings) : kSourceError;
}

}  // namespace wattlaw
