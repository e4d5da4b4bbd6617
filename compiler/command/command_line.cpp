#include "compiler/command/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <functional>

#include "compiler/command/bench.h"
#include "compiler/command/check.h"
#include "compiler/command/explain.h"
#include "compiler/command/format.h"
#include "compiler/command/import.h"
#include "compiler/command/load_settlement.h"
#include "compiler/command/run.h"
#include "compiler/command/show.h"
#include "compiler/command/synthesize.h"
#include "compiler/command/test.h"
#include "compiler/command/version.h"
#include "compiler/import/import_tariffs.h"
#include "runtime/base/nearest_name.h"
#include "runtime/time/zone.h"

namespace wattlaw {
namespace {

// Code for another processor would die of its first unknown instruction.
CLI::Validator processor_at_hand() {
  return CLI::Validator(
      [](std::string& cpu) -> std::string {
        const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
        const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
        if (((cpu == "haswell" || cpu == "x86-64-v3") && !avx2) || (cpu == "x86-64-v4" && !avx512)) return "this machine cannot run code for " + cpu;
        return {};
      },
      "");
}

constexpr char kExitCodes[] =
    "exit status: 0 ok, 1 a test failed, a rule is broken or `fmt --check` found a file to format, 2 warnings under --strict, 3 the script or this command line, 4 data, 5 our bug";

// What the arguments fill in; the verb that was chosen leaves what is to be run.
struct CommandLine {
  CLI::App app{"Wattlaw: electricity tariffs and contracts as programs that settle to the last digit."};
  std::string format = "text", color = "auto";
  Console console;
  FormatOptions fmt;
  RunOptions run;
  TestOptions test;
  ExplainOptions explain;
  ShowOptions show;
  SynthesizeOptions synthesize;
  ImportOptions import;
  std::vector<std::string> check_files, bench_arguments;
  std::function<int()> chosen;
};

CLI::App* add_verb(CommandLine& line, const std::string& name, const std::string& purpose, const std::string& example) {
  CLI::App* verb = line.app.add_subcommand(name, purpose);
  verb->footer(fmt::format("{}\n\nexample:\n  {}", kExitCodes, example));
  verb->add_option("--color", line.color, "colours in text")->check(CLI::IsMember({"auto", "always", "never"}));
  return verb;
}

void add_format(CommandLine& line, CLI::App* verb, const std::vector<std::string>& formats) {
  verb->add_option("--format", line.format, "form of the output")->check(CLI::IsMember(formats));
}

void add_strict(CommandLine& line, CLI::App* verb) { verb->add_flag("--strict", line.console.strict, "warnings fail, too"); }

void add_request(CLI::App* verb, SettlementRequest& request) {
  verb->add_option("FILE", request.script, "the script")->required();
  verb->add_option("--scenario", request.scenario, "name of the scenario; may be left out if there is one only");
  verb->add_option("--data", request.data_folder, "folder of the traces, instead of the scenario's");
}

void add_check(CommandLine& line) {
  CLI::App* verb = add_verb(line, "check", "find what is wrong in scripts, without data", "wattlaw check --strict norway_ladder.watt");
  verb->add_option("FILE", line.check_files, "scripts (.watt, .watt.md)")->required();
  add_format(line, verb, {"text", "json", "sarif", "github", "junit"});
  add_strict(line, verb);
  verb->callback([&line] { line.chosen = [&line] { return check_files(line.console, line.check_files); }; });
}

void add_fmt(CommandLine& line) {
  CLI::App* verb = add_verb(line, "fmt", "rewrite scripts in the one layout", "wattlaw fmt --check *.watt");
  verb->add_option("FILE", line.fmt.files, "scripts (.watt, .watt.md)")->required();
  CLI::Option* check = verb->add_flag("--check", line.fmt.check, "list the files that would change, exit 1 if there are any");
  verb->add_flag("--stdout", line.fmt.to_stdout, "print instead of rewriting")->excludes(check);
  verb->callback([&line] { line.chosen = [&line] { return format_files(line.console, line.fmt); }; });
}

void add_run(CommandLine& line) {
  CLI::App* verb = add_verb(line, "run", "settle a scenario: ledger, summary, what it was made from",
                            "wattlaw run norway_ladder.watt --scenario Homes2026 --out results/homes");
  RunOptions& run = line.run;
  add_request(verb, run.request);
  verb->add_option("--out", run.out, "folder of the results (default: results/SCENARIO)");
  verb->add_option("--threads", run.threads, "threads (default: as many as the machine has); the ledger does not depend on it")
      ->check(CLI::Range(1u, 1024u));
  verb->add_option("--cpu", run.cpu, "processor to compile for; the ledger does not depend on it")->check(CLI::IsMember({"native", "x86-64-v2", "x86-64-v3", "haswell", "x86-64-v4"}))->check(processor_at_hand());
  verb->add_option("--only", run.only, "settle one site alone");
  verb->add_flag("--interpret", run.interpret, "by the interpreter instead of compiled kernels: slow, same digits");
  verb->add_flag("--bound", run.request.bound, "tell what no dispatch could have cost less than: an estimate, by linear programming");
  verb->add_flag("!--no-ledger", run.ledger, "leave out ledger.csv");
  verb->add_flag("--ledger-json", run.ledger_json, "write ledger.json, too");
  verb->add_flag("--timings", run.timings, "tell how long each stage took");
  add_format(line, verb, {"text", "json"});
  add_strict(line, verb);
  verb->callback([&line] { line.chosen = [&line] { return run_scenario(line.console, line.run); }; });
}

void add_test(CommandLine& line) {
  CLI::App* verb = add_verb(line, "test", "run the tests that stand in scripts", "wattlaw test norway_ladder.watt --coverage");
  verb->add_option("FILE", line.test.files, "scripts (.watt, .watt.md)")->required();
  verb->add_option("--filter", line.test.filter, "only tests whose name holds this text");
  verb->add_flag("--coverage", line.test.coverage, "list the clauses, rows and exceptions that no test exercises");
  add_format(line, verb, {"text", "json", "junit", "github"});
  add_strict(line, verb);
  verb->callback([&line] { line.chosen = [&line] { return test_files(line.console, line.test); }; });
}

void add_explain(CommandLine& line) {
  CLI::App* verb = add_verb(line, "explain", "derive the bill of a site, vehicle or pool line by line, with the citations",
                            "wattlaw explain norway_ladder.watt --site home_0007 --period 2026-03 --clause capacity");
  add_request(verb, line.explain.request);
  verb->add_option("--site,--member", line.explain.site, "the site, vehicle, pool …")->required();
  verb->add_option("--period", line.explain.period, "the billing period, e.g. 2026-03")->required();
  verb->add_option("--clause", line.explain.clause, "one clause (capacity, or Elvia.capacity); all if left out");
  add_format(line, verb, {"text", "json"});
  verb->callback([&line] { line.chosen = [&line] { return explain_lines(line.console, line.explain); }; });
}

void add_show(CommandLine& line) {
  CLI::App* verb = add_verb(line, "show", "print what a stage made of a script", "wattlaw show program norway_ladder.watt");
  verb->add_option("STAGE", line.show.stage, "syntax, program, plan, llvm or asm")
      ->required()
      ->check(CLI::IsMember({"syntax", "program", "plan", "llvm", "asm"}));
  add_request(verb, line.show.request);
  verb->add_option("--cpu", line.show.cpu, "processor that llvm and asm are for, by LLVM's name: native, x86-64-v3, znver4, …");
  verb->add_option("--optimisation", line.show.optimisation, "0 or 3")->check(CLI::IsMember({0, 3}));
  verb->callback([&line] { line.chosen = [&line] { return show_stages(line.console, line.show); }; });
}

void add_synthesize(CommandLine& line) {
  CLI::App* verb = add_verb(line, "synthesize", "write traces that look real and belong to nobody",
                            "wattlaw synthesize homes --count 2000 --out traces --tax-zones south,north");
  SynthesizeOptions& options = line.synthesize;
  verb->add_option("WHAT", options.what, "homes, fleet (homes with a car each), prices, sessions, frequency or reserves")->required()->check(CLI::IsMember({"homes", "fleet", "prices", "sessions", "frequency", "reserves"}));
  verb->add_option("--out", options.out, "a folder for homes and fleet, a .csv file for the others")->required();
  verb->add_option("--from", options.from, "first day (default 2026-01-01)");
  verb->add_option("--until", options.until, "the day after the last (default 2027-01-01)");
  verb->add_option("--zone", options.zone, "time zone (default Europe/Oslo)");
  verb->add_option("--step", options.step_minutes, "minutes of a step (default 60)")->check(CLI::Range(1, 60));
  verb->add_option("--count", options.count, "homes, or vehicles (default 100)")->check(CLI::Range(1u, 1000000u));
  verb->add_option("--seed", options.seed, "the same seed gives the same bytes (default 1)");
  verb->add_flag("--wide", options.wide, "homes: one column a home instead of one row a home and time");
  verb->add_option("--tax-zones", options.tax_zones, "homes: spread over these zones, a column `tax_zone`")->delimiter(',');
  verb->add_option("--currency", options.currency, "prices: NOK, EUR, … (default NOK)");
  verb->add_option("--pool", options.pool, "fleet: the pool that all vehicles belong to, a column `pool`");
  verb->callback([&line] { line.chosen = [&line] { return synthesize_traces(line.console, line.synthesize); }; });
}

void add_import(CommandLine& line) {
  CLI::App* verb = add_verb(line, "import", "turn published tariffs into scripts", "wattlaw import fri-nettleie tariffer/*.yml -o norway");
  std::vector<std::string> names;
  std::string purposes = "form of the files:";
  for (const ImportFormat& format : import_formats()) {
    names.push_back(format.name);
    purposes += fmt::format("\n{} ({})", format.name, format.purpose);
  }
  verb->add_option("FORMAT", line.import.format, purposes)->required()->check(CLI::IsMember(names));
  verb->add_option("FILE", line.import.files, "files of that form; each becomes a script of its name")->required();
  verb->add_option("-o,--out", line.import.out, "new folder of the scripts")->required();
  verb->add_option("--zone", line.import.choices.zone, "time zone, for formats that name none: America/Los_Angeles");
  add_format(line, verb, {"text", "json", "sarif", "github"});
  add_strict(line, verb);
  verb->callback([&line] { line.chosen = [&line] { return import_files(line.console, line.import); }; });
}

void add_bench(CommandLine& line) {
  CLI::App* verb = add_verb(line, "bench", "measure; the arguments go to the benchmarks", "wattlaw bench --benchmark_filter=ladder");
  verb->prefix_command();
  verb->callback([&line, verb] { line.chosen = [verb] { return run_bench(verb->remaining()); }; });
}

// "--fromat" -> "; did you mean `--format`?"
std::string suggest_option(const CLI::App& app, const std::string& verb, const std::string& argument) {
  std::vector<std::string> known;
  for (const CLI::App* candidate : app.get_subcommands([&verb](const CLI::App* a) { return a->get_name() == verb; }))
    for (const CLI::Option* option : candidate->get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  std::string nearest = nearest_name(argument.substr(0, argument.find('=')), known);
  return nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest);
}

int report_usage(const CommandLine& line, const CLI::ParseError& error, const std::string& verb) {
  std::string message = error.what();
  if (const size_t colon = message.rfind(": "); dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && colon != std::string::npos) {
    std::string argument = message.substr(colon + 2);
    argument = argument.substr(0, argument.find(' '));
    message = argument.starts_with('-') ? fmt::format("`{}` is not an option{}", argument, suggest_option(line.app, verb, argument))
                                        : fmt::format("`{}` is one argument too many", argument);
  }
  std::replace(message.begin(), message.end(), '\n', ' ');
  const bool is_sentence = message.size() > 1 && std::islower(static_cast<unsigned char>(message[1]));  // "FILE is required" is none
  if (is_sentence) message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  complain(fmt::format("{} (see `wattlaw {}--help`)", message, verb.empty() ? "" : verb + " "));
  return kSourceError;
}

// A verb that does not exist, told before CLI11 calls it an argument not expected.
bool knows_verb(CommandLine& line, const std::string& verb) {
  std::vector<std::string> verbs;
  for (const CLI::App* known : line.app.get_subcommands([](const CLI::App*) { return true; })) verbs.push_back(known->get_name());
  if (std::find(verbs.begin(), verbs.end(), verb) != verbs.end()) return true;
  complain(fmt::format("no verb is called `{}`; {}", verb, suggest_name(verb, verbs)));
  return false;
}

Format format_of(const std::string& name) {
  if (name == "json") return Format::json;
  if (name == "junit") return Format::junit;
  if (name == "sarif") return Format::sarif;
  return name == "github" ? Format::github : Format::text;
}

void add_verbs(CommandLine& line) {
  line.app.name("wattlaw");
  line.app.set_version_flag("--version", [] {
    return fmt::format("wattlaw, language {}, zone data {}", kLanguageVersion, zone_data_version());
  });
  line.app.footer(fmt::format("{}\n\nexample:\n  wattlaw check norway_ladder.watt", kExitCodes));
  line.app.require_subcommand(1);
  add_check(line);
  add_fmt(line);
  add_run(line);
  add_test(line);
  add_explain(line);
  add_show(line);
  add_synthesize(line);
  add_import(line);
  add_bench(line);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CommandLine line;
  add_verbs(line);
  if (argc < 2) {
    print_err(line.app.help());
    return kSourceError;
  }
  std::string verb = argv[1][0] == '-' ? "" : argv[1];
  if (!verb.empty() && !knows_verb(line, verb)) return kSourceError;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    line.app.exit(asked);
    return kOk;
  } catch (const CLI::ParseError& error) {
    return report_usage(line, error, verb);
  }
  line.console.format = format_of(line.format);
  line.console.color = line.color == "always" ? ColorChoice::always : line.color == "never" ? ColorChoice::never : ColorChoice::automatic;
  return line.chosen();
}

}  // namespace wattlaw
