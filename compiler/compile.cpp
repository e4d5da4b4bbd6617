#include "compiler/compile.h"

#include "compiler/program/elaborate.h"
#include "compiler/source/standard_library.h"
#include "compiler/syntax/parse_source.h"

namespace wattlaw {

namespace {

// The roles of std.roles need no import: they are the field's common words for who pays and who is paid.
void add_roles(Modules& modules, Diagnostics& diagnostics) {
  for (const ModuleSource& module : modules.list)
    if (module.name == "std.roles") return;
  for (const StandardModule& standard : standard_library()) {
    if (standard.name != "std.roles") continue;
    SourceFile& file = modules.files.emplace_back();
    file.path = standard.path;
    file.text = file.program_text = standard.text;
    for (uint32_t i = 0; i <= file.text.size(); ++i)
      if (i == 0 || file.text[i - 1] == '\n') file.line_starts.push_back(i);
    ModuleSource source;
    source.name = standard.name;
    source.file = static_cast<uint32_t>(modules.files.size()) - 1;
    source.tree = parse_source(file, source.file, diagnostics);
    for (ModuleSource& module : modules.list)
      for (uint32_t& import : module.imports) ++import;
    modules.list.insert(modules.list.begin(), std::move(source));
  }
}

Compilation compile_modules(Modules modules, Diagnostics diagnostics, const CompileOptions& options) {
  Compilation result;
  result.modules = std::move(modules);
  result.diagnostics = std::move(diagnostics);
  if (result.ok()) add_roles(result.modules, result.diagnostics);
  if (result.ok()) result.program = elaborate_program(result.modules, options, result.diagnostics);
  return result;
}

}  // namespace

Compilation compile_script(const std::string& path, const CompileOptions& options) {
  Diagnostics diagnostics;
  Modules modules = find_modules(path, diagnostics);
  return compile_modules(std::move(modules), std::move(diagnostics), options);
}

Compilation compile_text(std::string text, std::string shown_path, const CompileOptions& options) {
  Diagnostics diagnostics;
  Modules modules = modules_from_text(std::move(text), std::move(shown_path), diagnostics);
  return compile_modules(std::move(modules), std::move(diagnostics), options);
}

}  // namespace wattlaw
