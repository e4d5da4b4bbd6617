#include "compiler/command/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "compiler/command/answers.h"
#include "compiler/command/findings.h"
#include "compiler/command/interrupt.h"
#include "compiler/command/version.h"
#include "compiler/diagnostic/render_diagnostic.h"
#include "compiler/interpret/interpret.h"
#include "compiler/program/decide_rules.h"
#include "runtime/report/file_writer.h"
#include "runtime/report/json_text.h"
#include "runtime/report/output_folder.h"
#include "runtime/report/report.h"
#include "runtime/report/number_text.h"
#include "runtime/trace/hash_bytes.h"

namespace wattlaw {
namespace {

std::string out_folder(const RunOptions& options, const Settlement& settlement) {
  return options.out.empty() ? (std::filesystem::path("results") / settlement.name).string() : options.out;
}

std::string hash_text(const std::string& text) {
  HashBytes hash;
  hash.add(text.data(), text.size());
  return hash.hex();
}

RunFacts make_facts(const LoadedSettlement& loaded) {
  const Settlement& settlement = *loaded.settlement;
  RunFacts facts;
  facts.language_version = kLanguageVersion;
  facts.scenario = settlement.name;
  facts.period = fmt::format("{} to {}", print_date(settlement.from), print_date(settlement.until));
  if (settlement.timeless) facts.period = "figures as the latest texts have them";
  facts.zone = settlement.zone;
  facts.step = settlement.sessions ? fmt::format("{} sessions", loaded.clock.session_ids.size()) : fmt::format("{} min", settlement.step_seconds / 60);
  facts.zone_data = zone_data_version();
  for (const SourceFile& file : loaded.compilation.modules.files) facts.script_hashes.emplace_back(file.path, hash_text(file.text));
  facts.trace_hashes = loaded.traces.file_hashes;
  facts.members = 0;
  for (const Members& kind : loaded.traces.members) facts.members += kind.size();
  facts.intervals = settlement.timeless ? 0 : loaded.clock.steps;
  return facts;
}

Status write_text(const std::string& path, const std::string& text) {
  FileWriter writer(path);
  writer.buffer() += text;
  writer.row_done();
  return writer.finish();
}

struct Settled {
  SettleResult result;
  std::vector<ExpressionId> wanted;
};

Result<Settled> settle_loaded(const LoadedSettlement& loaded, const RunOptions& options) {
  Settled settled;
  if (options.interpret) {
    double started = milliseconds_now();
    Result<Ledger> ledger = settle_interpreted(loaded.program(), *loaded.settlement, loaded.clock, loaded.traces);
    if (!ledger) return ledger.failure();
    settled.result.ledger = std::move(*ledger);
    settled.result.run_ms = milliseconds_now() - started;
    return settled;
  }
  settled.wanted = columns_for_answers(loaded.program(), *loaded.settlement);
  for (const ExpressionId id : columns_for_rules(loaded.program(), *loaded.settlement))
    if (std::find(settled.wanted.begin(), settled.wanted.end(), id) == settled.wanted.end()) settled.wanted.push_back(id);
  SettleOptions settle_options;
  settle_options.threads = options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  settle_options.cpu = options.cpu;
  settle_options.columns = settled.wanted;
  Result<SettleResult> result = settle(loaded.program(), *loaded.settlement, loaded.clock, loaded.traces, settle_options);
  if (!result) return result.failure();
  settled.result = std::move(*result);
  return settled;
}

// Everything the folder holds. run.json comes last: it is what tells a result.
Status write_results(const OutputFolder& folder, const RunOptions& options, const Ledger& ledger, const RunFacts& facts,
                     const Answers& answers, const std::string& findings) {
  if (options.ledger)
    if (Status status = write_ledger_csv(ledger, folder.path_of("ledger.csv")); !status) return status;
  if (options.ledger_json)
    if (Status status = write_ledger_json(ledger, facts, folder.path_of("ledger.json")); !status) return status;
  if (!answers.csv.empty())
    if (Status status = write_text(folder.path_of("answers.csv"), answers.csv); !status) return status;
  if (!findings.empty())
    if (Status status = write_text(folder.path_of("findings.csv"), findings); !status) return status;
  if (Status status = write_text(folder.path_of("summary.json"), write_summary_json(ledger, facts)); !status) return status;
  std::string run = "{\n" + facts_json(facts, "  ") + ",\n  \"ledger_hash\": " + json_text(ledger_hash(ledger)) + "\n}\n";
  return write_text(folder.path_of("run.json"), run);
}

int choose_member(const RunOptions& options, LoadedSettlement& loaded) {
  std::vector<Members>& kinds = loaded.traces.members;
  const auto has_any = [](const Members& kind) { return kind.size() > 0; };
  if (std::count_if(kinds.begin(), kinds.end(), has_any) > 1) {
    complain("`--only` settles one member alone, but here members depend on each other; run without it and look at `explain`");
    return kDataError;
  }
  const auto kind = std::find_if(kinds.begin(), kinds.end(), has_any);
  const std::vector<std::string> ids = kind == kinds.end() ? std::vector<std::string>() : kind->ids;
  auto found = std::find(ids.begin(), ids.end(), options.only);
  if (found == ids.end()) {
    const std::string& name = kind == kinds.end() ? "member" : loaded.program().entities[static_cast<size_t>(kind - kinds.begin()) + 1].name;
    complain(fmt::format("no {} is called `{}`; {}", name, options.only, suggest_name(options.only, ids)));
    return kDataError;
  }
  keep_only_member(loaded.traces, *kind, static_cast<uint32_t>(found - ids.begin()));
  return kOk;
}

// A parent that was made for a result that did not come would be litter; rmdir takes only an empty one.
class MadeParent {
 public:
  explicit MadeParent(const std::string& folder) {
    std::error_code error;
    std::filesystem::path parent = std::filesystem::absolute(folder, error).lexically_normal();
    if (!parent.has_filename()) parent = parent.parent_path();
    parent = parent.parent_path();
    if (!error && !std::filesystem::exists(parent, error)) path_ = parent.string();
  }
  const std::string& path() const { return path_; }
  ~MadeParent() {
    if (!path_.empty()) rmdir(path_.c_str());
  }

 private:
  std::string path_;
};

void print_timings(const LoadedSettlement& loaded, const SettleResult& result, double answer_ms, double write_ms) {
  const double simulated = loaded.simulation ? loaded.simulation->compile_ms + loaded.simulation->run_ms : 0;
  const std::pair<const char*, double> stages[] = {{"compile script", loaded.compile_ms}, {"load traces", loaded.load_ms}, {"simulate", simulated},
                                                   {"plan", result.plan_ms},              {"lower and jit", result.compile_ms},
                                                   {"settle", result.run_ms},             {"answers", answer_ms},
                                                   {"write", write_ms}};
  double total = 0;
  for (const auto& [stage, ms] : stages) {
    print_err(fmt::format("{:<16}{:>10.1f} ms\n", stage, ms));
    total += ms;
  }
  print_err(fmt::format("{:<16}{:>10.1f} ms\n", "total", total));
  if (result.bytes_read > 0 && result.run_ms > 0)
    print_err(fmt::format("series read     {:>10.1f} MB, {:.1f} GB/s\n", static_cast<double>(result.bytes_read) / 1e6,
                          static_cast<double>(result.bytes_read) / 1e6 / result.run_ms));
}

// "dispatch `Smart`: 730 departures, 2 of them with less than was to be there; …"
std::string simulation_text(const Settlement& settlement, const SimulationReport& simulation) {
  const FleetCounts& counts = simulation.counts;
  std::string text = fmt::format("dispatch `{}`: {} departure", settlement.dispatch->name, group_digits(counts.departures)) + (counts.departures == 1 ? "" : "s");
  if (counts.missed > 0) text += fmt::format(", {} of them with less than was to be there", group_digits(counts.missed));
  if (counts.bids > 0) text += fmt::format("; {} {}", group_digits(counts.bids), counts.bids == 1 ? "bid" : "bids");
  if (counts.too_small > 0) text += fmt::format(", {} of them below the least", group_digits(counts.too_small));
  if (counts.fell_short > 0) text += fmt::format("; in {} of {} intervals pools could not do all that `follow` asks", group_digits(counts.fell_short), group_digits(counts.followed));
  if (counts.bound > 0) text += fmt::format("; a limit cut {} {}", group_digits(counts.bound), counts.bound == 1 ? "time" : "times");
  if (counts.ran_dry > 0) text += fmt::format("; {} {} used more than the battery held", group_digits(counts.ran_dry), counts.ran_dry == 1 ? "drive" : "drives");
  if (simulation.planned_cost) text += fmt::format("; planned with hindsight, by the plan vehicles add {} to the costs of their sites", print_decimal(round_to(*simulation.planned_cost, Rational(1, 100), RoundingMode::half_even), 2, 2));
  if (simulation.interpreted) text += "; decided by the interpreter, as kernels cannot";
  return text;
}

// "what the energy of sites and vehicles cost: 12.34; no schedule … costs less than 11.80 (an estimate…)"
std::string bound_text(const Settlement& settlement, const BoundOfRun& bound) {
  std::string text = fmt::format("bound (an estimate, not law): by the prices of energy alone this dispatch cost {:.2f}, and none that leaves vehicles with as much could have cost less than {:.2f}", bound.cost.run + 0.0, bound.cost.least + 0.0);
  for (const std::string& name : settlement.dispatch->left_out_of_bound) text += fmt::format("{}`{}`", &name == &settlement.dispatch->left_out_of_bound.front() ? "; in neither, as they only add: " : ", ", name);
  if (bound.leaves_out_limit) text += "; the bound keeps no `limit` or `keep` that depends on what happens";
  return text;
}

void note_verdicts(const RuleVerdicts& verdicts, RunFacts& facts) {
  if (verdicts.count() == 0) return;
  facts.notes.push_back(verdicts_text(verdicts));
}

// The ledger is written whatever the rules say; the exit status tells.
int report_verdicts(const Console& console, const LoadedSettlement& loaded, const RuleVerdicts& verdicts) {
  print_err(render_text(verdicts.findings, loaded.compilation.modules.files, console.color_err()));
  if (verdicts.broken > 0) return kFailed;
  return console.strict && verdicts.findings.warning_count() > 0 ? kWarnings : kOk;
}

int settle_and_write(const Console& console, const RunOptions& options, LoadedSettlement& loaded, InterruptWatch& interrupts) {
  std::string out = out_folder(options, *loaded.settlement);
  MadeParent parent(out);
  auto lock = interrupts.lock();
  Result<OutputFolder> folder = OutputFolder::create(out);
  if (folder) interrupts.guard(std::filesystem::path(folder->path_of("run.json")).parent_path().string(), parent.path());
  lock.unlock();
  auto fail = [&](const Failure& failure) {
    interrupts.yield_to_interrupt();
    return report_failure(console, failure, loaded.compilation.modules.files);
  };
  if (!folder) return fail(folder.failure());

  Result<Settled> settled = settle_loaded(loaded, options);
  if (!settled) return fail(settled.failure());
  const Ledger& ledger = settled->result.ledger;
  Result<Balances> balances = check_zero_sum(ledger);
  if (!balances) return fail(balances.failure());

  double started = milliseconds_now();
  Answers answers = make_answers(loaded, settled->wanted, settled->result.columns);
  if (answers.failure) return fail(*answers.failure);
  RunFacts facts = make_facts(loaded);
  for (const Remark& remark : loaded.traces.remarks) facts.notes.push_back(remark.told.message);
  facts.notes.insert(facts.notes.end(), settled->result.notes.begin(), settled->result.notes.end());
  if (loaded.simulation) facts.notes.push_back(simulation_text(*loaded.settlement, *loaded.simulation));
  if (loaded.simulation && loaded.simulation->bound) facts.notes.push_back(bound_text(*loaded.settlement, *loaded.simulation->bound));
  RuleVerdicts verdicts = decide_rules(loaded.program(), *loaded.settlement);
  verdicts.by_run = 0;  // the run has come
  const Findings findings = decide_on_data(loaded, settled->wanted, settled->result.columns, verdicts);
  if (findings.failure) return fail(*findings.failure);
  note_verdicts(verdicts, facts);
  facts.answers = answers.printed;
  if (!options.only.empty())
    facts.notes.push_back(fmt::format("only `{}` was settled; what is shared or counted over all sites is of this one alone", options.only));
  double answered = milliseconds_now();

  if (Status written = write_results(*folder, options, ledger, facts, answers, findings.csv); !written) return fail(written.failure());
  lock.lock();
  Status committed = folder->commit();
  if (committed) interrupts.committed();
  lock.unlock();
  if (!committed) return fail(committed.failure());

  print_out(console.format == Format::json ? write_summary_json(ledger, facts) : write_summary_text(ledger, facts));
  if (!console.is_machine()) print_out(fmt::format("written to {}\n", out));
  if (options.timings) print_timings(loaded, settled->result, answered - started, milliseconds_now() - answered);
  return report_verdicts(console, loaded, verdicts);
}

}  // namespace

int run_scenario(const Console& console, const RunOptions& options) {
  InterruptWatch interrupts;
  LoadedSettlement loaded;
  SettlementRequest request = options.request;
  request.threads = options.threads, request.cpu = options.cpu, request.interpret = options.interpret;
  if (int code = load_settlement(console, request, loaded); code != kOk) return code;
  if (!options.only.empty())
    if (int code = choose_member(options, loaded); code != kOk) return code;
  return settle_and_write(console, options, loaded, interrupts);
}

}  // namespace wattlaw
