#include "compiler/command/show.h"

#include "compiler/plan/settle.h"

namespace wattlaw {
namespace {

int show_syntax(const Console& console, const std::string& script) {
  Diagnostics diagnostics;
  Modules modules = find_modules(script, diagnostics);
  if (int code = report_diagnostics(console, diagnostics, modules.files); code != kOk) return code;
  print_out(print_syntax(modules.list.back().tree));
  return kOk;
}

int show_program(const Console& console, const ShowOptions& options) {
  // Without a scenario's name everything is printed: scenarios, tests and the tariffs nobody applies.
  CompileOptions compile;
  compile.only = options.request.scenario;
  compile.standalone = compile.only.empty();
  Compilation compilation = compile_script(options.request.script, compile);
  if (int code = report_diagnostics(console, compilation.diagnostics, compilation.modules.files); code != kOk) return code;
  print_out(print_program(compilation.program));
  return kOk;
}

}  // namespace

int show_stages(const Console& console, const ShowOptions& options) {
  if (std::string problem = script_problem(options.request.script); !problem.empty())
    return report_script_problem(console, options.request.script, problem);
  if (options.stage == "syntax") return show_syntax(console, options.request.script);
  if (options.stage == "program") return show_program(console, options);
  LoadedSettlement loaded;
  if (int code = load_settlement(console, options.request, loaded); code != kOk) return code;
  SettleOptions settle;
  settle.cpu = options.cpu;
  settle.optimisation = options.optimisation == 0 ? Optimisation::none : Optimisation::all;
  Result<std::string> text = show_stage(options.stage, loaded.program(), *loaded.settlement, loaded.clock, loaded.traces, settle);
  if (!text) return report_failure(console, text.failure(), loaded.compilation.modules.files);
  print_out(*text);
  return kOk;
}

}  // namespace wattlaw
