#include "compiler/plan/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <tuple>

#include "compiler/interpret/interpret.h"
#include "compiler/interpret/line_facts.h"
#include "compiler/jit/compiled_plan.h"
#include "compiler/plan/fill_ledger.h"
#include "compiler/plan/settle_run.h"

namespace wattlaw {
namespace {

using Clock_ = std::chrono::steady_clock;

double ms_since(Clock_::time_point begin) { return std::chrono::duration<double, std::milli>(Clock_::now() - begin).count(); }

// A reading that is missing although nothing says what then: the interpreter tells which.
bool has_unsaid_gap(const TypedProgram& program, const Settlement& settlement, const Traces& traces) {
  for (size_t i = 0; i < settlement.series.size(); ++i) {
    if (program.series[settlement.series[i]].request.missing == MissingPolicy::skip) continue;
    for (const auto* runs : {&traces.member_series[i].quality, &traces.clock_series[i].quality})
      if (std::any_of(runs->begin(), runs->end(), [](const QualityRun& run) { return run.quality == Quality::missing; })) return true;
  }
  return false;
}

}  // namespace

// Members' values of some expressions. Uniform ones are not asked.
Result<PassResult> run_pass(Run& run, const Plan& plan, EntityGrain lanes) {
  auto result = run_plan(plan, members_of(run.traces, lanes).size(), run.options.threads, run.options.cpu, run.options.optimisation);
  if (!result) return result;
  run.compile_ms += result->compile_ms, run.run_ms += result->run_ms;
  for (const PlanArray& array : plan.arrays)
    if (array.kind == PlanArray::Kind::series) run.read.insert(array.served);
  return result;
}

std::optional<Plan> plan_of(Run& run, const Asked& wanted, EntityGrain lanes, bool watch) {
  const auto begin = Clock_::now();
  PlanBuilder builder(run.program, run.settlement, run.axes, run.folder, run.traces, lanes, run.given);
  std::vector<PlanOutput> outputs;
  for (const auto& [id, presence] : wanted) {
    outputs.push_back(builder.output(id, presence));
    if (builder.why.empty()) continue;
    run.why = builder.why;
    run.refused = id;
    return std::nullopt;
  }
  if (watch)
    for (const TypedClause& clause : run.settlement.clauses)
      if (clause.entity == lanes) builder.watch_exceptions(clause);
  if (builder.why.empty() && run.axes.failure) builder.why = run.axes.failure->message;
  if (!builder.why.empty()) {
    run.why = builder.why;
    return std::nullopt;
  }
  Plan plan = builder.finish();
  if (!builder.why.empty()) {
    run.why = builder.why;
    return std::nullopt;
  }
  plan.outputs = std::move(outputs);
  run.plan_ms += ms_since(begin);
  return plan;
}

namespace {

std::vector<ExpressionId> wanted_of(const Settlement& settlement, const SettleOptions& options) {
  std::vector<ExpressionId> wanted;
  for (const TypedClause& clause : settlement.clauses)
    for (const ExpressionId id : {clause.present, clause.quantity, clause.amount, clause.line})
      if (id) wanted.push_back(id);
  wanted.insert(wanted.end(), options.columns.begin(), options.columns.end());
  return wanted;
}

// What is wanted of members, by their kind, once each.
std::map<EntityGrain, Asked> outputs_of(const TypedProgram& program, const Settlement& settlement, const SettleOptions& options) {
  std::map<EntityGrain, Asked> asked;
  std::set<uint32_t> known;
  for (const ExpressionId id : wanted_of(settlement, options)) {
    const EntityGrain entity = program[id].grain.entity;
    if (entity == EntityGrain::none || !known.insert(id.index).second) continue;
    asked[entity].emplace_back(id, std::find(options.columns.begin(), options.columns.end(), id) != options.columns.end());
  }
  return asked;
}

// Everything by the interpreter: exact for any width, and the teller of faults.
Result<SettleResult> settle_slowly(const Run& run, const std::string& why) {
  auto ledger = settle_interpreted(run.program, run.settlement, run.clock, run.traces);
  if (!ledger) return ledger.failure();
  SettleResult result;
  result.ledger = std::move(*ledger);
  Interpreter interpreter(run.program, run.settlement, run.clock, run.traces);
  for (const ExpressionId id : run.options.columns) {
    auto column = interpret_column(run.program, interpreter, run.traces, id);
    if (!column) return column.failure();
    result.columns.push_back(std::move(*column));
  }
  if (interpreter.fault()) return Failure{interpreter.fault()->code, interpreter.fault()->message, "", "", 0, "", places_of(run.program, {}, interpreter.fault()->expression)};
  result.notes.push_back("settled by the interpreter: " + why);
  return result;
}

// The expressions below `root`, and itself.
bool reads(const TypedProgram& program, ExpressionId root, ExpressionId what) {
  std::vector<uint8_t> seen(program.expressions.size());
  std::vector<ExpressionId> todo{root};
  while (!todo.empty()) {
    const ExpressionId id = todo.back();
    todo.pop_back();
    if (id == what) return true;
    if (seen[id.index]++) continue;
    todo.insert(todo.end(), program[id].operands.begin(), program[id].operands.end());
  }
  return false;
}

// Nullopt: kernels cannot do it, run.why says why and run.refused, where it is known, which expression.
Result<std::optional<SettleResult>> settle_by_kernels(Run& run) {
  const auto& [program, settlement, clock, traces, options] = std::tie(run.program, run.settlement, run.clock, run.traces, run.options);
  if (has_unsaid_gap(program, settlement, traces)) run.why = "a reading is missing";
  if (run.why.empty()) {
    auto related = relate_members(run, wanted_of(settlement, options));
    if (!related) return related.failure();
  }
  std::vector<FilledColumn> columns;
  std::vector<std::string> notes;
  std::map<EntityGrain, std::vector<uint32_t>> faults;
  for (const auto& [entity, asked] : outputs_of(program, settlement, options)) {
    if (!run.why.empty()) break;
    std::optional<Plan> plan = plan_of(run, asked, entity, true);
    if (plan)
      if (const std::string wrong = verify_plan(*plan); !wrong.empty()) run.why = "the plan is wrong: " + wrong;
    if (!run.why.empty()) break;
    auto pass = run_pass(run, *plan, entity);
    if (!pass) return pass.failure();
    for (size_t i = 0; i < plan->outputs.size(); ++i) {
      PassColumn& column = pass->columns[i];
      columns.push_back({plan->outputs[i].expression, column.quantum, std::move(column.values), std::move(column.nothing)});
    }
    notes.insert(notes.end(), plan->notes.begin(), plan->notes.end());
    if (!pass->faults.empty()) faults[entity] = std::move(pass->faults);
  }
  if (!run.why.empty()) return std::optional<SettleResult>();
  const auto begin = Clock_::now();
  auto filled = fill_ledger(program, settlement, clock, traces, run.axes, run.folder, columns, faults, options.columns);
  if (!filled) return filled.failure();
  run.why = filled->why;
  if (!run.why.empty()) return std::optional<SettleResult>();
  SettleResult result;
  result.ledger = std::move(filled->ledger);
  result.columns = std::move(filled->columns);
  result.notes = std::move(notes);
  for (const auto& [entity, members] : faults) result.notes.push_back(fmt::format("{} members settled by the interpreter", members.size()));
  result.plan_ms = run.plan_ms, result.compile_ms = run.compile_ms, result.ledger_ms = ms_since(begin);
  result.run_ms = run.run_ms + result.ledger_ms;
  for (const uint32_t position : run.read) {
    const TileSeries& series = traces.member_series[position];
    result.bytes_read += size_t{series.tiles()} * series.steps * kTileMembers * series.width;
  }
  return std::optional(std::move(result));
}

}  // namespace

// A wanted column that kernels cannot compute is left empty and does not send the ledger to the interpreter.
Result<SettleResult> settle(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const SettleOptions& options) {
  SettleOptions left = options;
  std::vector<std::string> notes;
  for (;;) {
    Run run{program, settlement, clock, traces, left};
    auto settled = settle_by_kernels(run);
    if (!settled) return settled.failure();
    if (*settled) {
      SettleResult result = std::move(**settled);
      std::vector<ValueColumn> columns(options.columns.size());
      for (size_t i = 0, next = 0; i < columns.size() && next < left.columns.size(); ++i)
        if (options.columns[i] == left.columns[next]) columns[i] = std::move(result.columns[next++]);
      result.columns = std::move(columns);
      result.notes.insert(result.notes.end(), notes.begin(), notes.end());
      return result;
    }
    const bool can_be_left = run.refused && std::erase_if(left.columns, [&](ExpressionId id) { return reads(program, id, run.refused); }) > 0;
    if (!can_be_left) return settle_slowly({program, settlement, clock, traces, options}, run.why);
    notes.push_back("an answer is computed by the interpreter: " + run.why);
  }
}

Result<std::string> show_stage(const std::string& stage, const TypedProgram& program, const Settlement& settlement, const Clock& clock,
                               const Traces& traces, const SettleOptions& options) {
  Run run{program, settlement, clock, traces, options};
  auto related = relate_members(run, wanted_of(settlement, options));
  if (!related) return related.failure();
  JitOptions jit;
  jit.cpu = options.cpu;
  jit.optimisation = options.optimisation;
  jit.calls = runtime_calls();
  jit.wants_llvm = stage == "llvm";
  jit.wants_assembly = stage == "asm";
  std::string text;
  const auto all = outputs_of(program, settlement, options);
  for (const auto& [entity, asked] : all) {
    std::optional<Plan> plan;
    if (run.why.empty()) plan = plan_of(run, asked, entity, true);
    if (!plan) return "settled by the interpreter: " + run.why + "\n";
    if (all.size() > 1) text += (stage == "plan" ? "# each " : "; each ") + entity_name(program, entity) + "\n";
    if (stage == "plan") {
      text += print_plan(*plan, program);
      continue;
    }
    const std::vector<RootSpec> roots = root_specs(*plan);
    const CompiledPlan compiled = compile_plan(*plan, roots, jit);
    if (!compiled.failure.empty()) return Failure{"WL5002", "the kernels cannot be compiled: " + compiled.failure, "choose a processor that LLVM knows with `--cpu`, or settle without kernels: `wattlaw run --interpret`"};
    text += stage == "llvm" ? compiled.llvm : compiled.assembly;
  }
  return text;
}

}  // namespace wattlaw
