#include "compiler/command/load_settlement.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "compiler/plan/activation.h"
#include "runtime/base/nearest_name.h"
#include "runtime/trace/load_members.h"
#include "runtime/trace/load_traces.h"
#include "runtime/trace/sessions.h"

namespace wattlaw {
namespace {

const Settlement* find_scenario(const TypedProgram& program, const std::string& name) {
  for (const Settlement& settlement : program.settlements)
    if (settlement.kind == Settlement::Kind::scenario && settlement.name == name) return &settlement;
  return nullptr;
}

TraceRequest request_of(const TypedProgram& program, const Settlement& settlement, const std::string& data_folder) {
  TraceRequest request;
  std::filesystem::path said = settlement.data_folder;
  request.data_folder = !data_folder.empty() ? data_folder : (std::filesystem::path(program.root) / said).lexically_normal().string();
  request.entities.clear();
  for (size_t i = 1; i < program.entities.size(); ++i) request.entities.push_back(program.entities[i].name);
  for (uint32_t index : settlement.series) {
    SeriesRequest& series = request.series.emplace_back(program.series[index].request);
    if (!settlement.dispatch) continue;
    // What is simulated has no file; the registers of a site may have one, of the rest of the site.
    const bool of_vehicles = (program.series[index].entity == EntityGrain::vehicle && !series.question) || series.column == "vehicle_import" || series.column == "vehicle_export" || series.column == "controllable_import";
    series.is_computed = of_vehicles;
    series.optional = series.optional || (series.entity == "site" && series.per_member);
  }
  for (uint32_t index : settlement.attributes) request.attributes.push_back(program.attributes[index].request);
  for (const TypedClause& clause : settlement.clauses) {
    const std::string& kind = entity_name(program, clause.entity);
    if (clause.entity != EntityGrain::site && std::find(request.settled.begin(), request.settled.end(), kind) == request.settled.end()) request.settled.push_back(kind);
    if (!clause.payer_is_member) request.accounts.push_back(clause.payer_account);
    if (!clause.payee_is_member) request.accounts.push_back(clause.payee_account);
  }
  return request;
}

// How files spell the values of a key, in their order.
std::vector<std::vector<std::string>> spellings_of(const TypedProgram& program, const SeriesKey& key) {
  static const char* const kMonths[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
  static const char* const kWeekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  std::vector<std::vector<std::string>> values;
  switch (key.kind) {
    case SeriesKey::Kind::month:
      for (int i = 1; i <= 12; ++i) values.push_back({std::to_string(i), fmt::format("{:02}", i), kMonths[i - 1], std::string(kMonths[i - 1]).substr(0, 3)});
      break;
    case SeriesKey::Kind::weekday:
      for (const char* day : kWeekdays) values.push_back({day, std::string(day).substr(0, 3)});
      break;
    case SeriesKey::Kind::hour:
      for (int i = 0; i < 24; ++i) values.push_back({std::to_string(i), fmt::format("{:02}", i), fmt::format("{:02}:00", i)});
      break;
    case SeriesKey::Kind::classes:
      for (const std::string& name : program.choice_sets[program.bands[key.bands].choices].names) values.push_back({name});
      break;
  }
  return values;
}

uint32_t value_at(const TypedProgram& program, const SeriesKey& key, const Clock& clock, uint32_t step) {
  const Date date = clock.date_of_step(step);
  switch (key.kind) {
    case SeriesKey::Kind::month: return static_cast<uint32_t>(civil_of(date).month - 1);
    case SeriesKey::Kind::weekday: return static_cast<uint32_t>(weekday_of(date));
    case SeriesKey::Kind::hour: return static_cast<uint32_t>(clock.local_minute[step] / 60);
    case SeriesKey::Kind::classes: return class_of_step(program, key.bands, clock, step);
  }
  return 0;
}

// Tables are looked up by the keys of each step.
void fill_keys(const TypedProgram& program, const Settlement& settlement, const Clock& clock, TraceRequest& request) {
  for (size_t i = 0; i < settlement.series.size(); ++i)
    for (const SeriesKey& key : program.series[settlement.series[i]].keys) {
      TraceKey column{key.name, spellings_of(program, key), {}};
      for (uint32_t step = 0; step < clock.steps; ++step) column.of_step.push_back(value_at(program, key, clock, step));
      request.series[i].keys.push_back(std::move(column));
    }
}

// One line that changes on a terminal; a line at every quarter of a file elsewhere.
class ProgressLine {
 public:
  void show(const std::string& file, uint64_t done, uint64_t total) {
    int percent = total == 0 ? 0 : static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total));
    if (is_terminal_) {
      print_err(fmt::format("\r\033[Kreading {} {}%", file, percent));
      is_open_ = true;
    } else if (file != file_ || percent / 25 != percent_ / 25) {
      print_err(fmt::format("reading {} {}%\n", file, percent));
    }
    file_ = file;
    percent_ = percent;
  }
  ~ProgressLine() {
    if (is_open_) print_err("\r\033[K");
  }

 private:
  bool is_terminal_ = isatty(STDERR_FILENO);
  bool is_open_ = false;
  std::string file_;
  int percent_ = 0;
};

int choose_scenario(const SettlementRequest& request, LoadedSettlement& loaded) {
  std::vector<std::string> names = scenario_names(loaded.program());
  if (request.scenario.empty() && names.size() == 1) {
    loaded.settlement = find_scenario(loaded.program(), names[0]);
    return kOk;
  }
  loaded.settlement = request.scenario.empty() ? nullptr : find_scenario(loaded.program(), request.scenario);
  if (loaded.settlement != nullptr) return kOk;
  if (names.empty()) {
    complain(fmt::format("`{}` has no scenario to run; write `scenario NAME {{ period … data … apply … }}`", request.script));
  } else if (request.scenario.empty()) {
    complain(fmt::format("`{}` has {} scenarios; choose one with --scenario: {}", request.script, names.size(), list_names(names)));
  } else {
    complain(fmt::format("no scenario is called `{}`; {}", request.scenario, suggest_name(request.scenario, names)));
  }
  return kSourceError;
}

// What services call for is read in the steps of the physics, finer than what is settled.
Result<std::vector<std::vector<int64_t>>> read_activations(LoadedSettlement& loaded, const std::string& data_folder, bool keeps_calls, const Progress& progress) {
  const Settlement fine = in_steps_of_physics(loaded.program(), *loaded.settlement);
  Result<Clock> clock = make_clock(loaded.clock.zone, fine.history_from, fine.until, fine.step_seconds);
  if (!clock) return clock.failure();
  TraceRequest wanted = request_of(loaded.program(), fine, data_folder);
  fill_keys(loaded.program(), fine, *clock, wanted);
  Result<Traces> traces = load_traces(wanted, *clock, progress);
  if (!traces) return traces.failure();
  for (auto& hash : traces->file_hashes)
    if (std::find(loaded.traces.file_hashes.begin(), loaded.traces.file_hashes.end(), hash) == loaded.traces.file_hashes.end()) loaded.traces.file_hashes.push_back(std::move(hash));
  auto found = find_activations(loaded.program(), *loaded.settlement, fine, *clock, *traces);
  if (found && keeps_calls) loaded.calls = CallsOfServices{fine, std::move(*clock), std::move(*traces), *found};
  return found;
}

// What the vehicles do, from their plug-ins; the traces then hold what their meters and those of their sites read.
Result<Ok> run_dispatch(const SettlementRequest& request, LoadedSettlement& loaded, const std::string& data_folder, const Progress& progress) {
  const std::vector<std::string>& vehicles = members_of(loaded.traces, EntityGrain::vehicle).ids;
  std::error_code error;
  std::vector<bool> stationary;
  for (size_t i = 0; i < loaded.settlement->attributes.size(); ++i)
    if (loaded.program().attributes[loaded.settlement->attributes[i]].name == "vehicle.stationary")
      for (const Rational& never_leaves : loaded.traces.attributes[i]) stationary.push_back(never_leaves != 0);
  const bool has_sessions = std::filesystem::exists(data_folder + "/sessions.csv", error);
  if (!has_sessions && std::find(stationary.begin(), stationary.end(), false) != stationary.end())
    return Failure{"WL6033", "nothing says when vehicles are plugged in: looked for sessions.csv in " + data_folder, "write vehicle,begins,ends, a row a stay, or name the data folder with `--data FOLDER`", "sessions.csv", 0, ""};
  Result<PlugIns> plug_ins = has_sessions ? read_plug_ins(data_folder + "/sessions.csv", "sessions.csv", loaded.clock.zone, vehicles) : Result<PlugIns>(PlugIns{std::vector<std::vector<PlugIn>>(vehicles.size()), ""});
  if (!plug_ins) return plug_ins.failure();
  if (has_sessions) loaded.traces.file_hashes.emplace_back("sessions.csv", plug_ins->hash);
  if (Result<Ok> kept = keep_plugged(*plug_ins, vehicles, stationary, loaded.clock.begin, loaded.clock.instant_of(loaded.clock.steps)); !kept) return kept.failure();
  Result<FleetMoments> moments = find_moments(loaded.program(), *loaded.settlement, loaded.clock, loaded.traces, data_folder, *plug_ins);
  if (!moments) return moments.failure();
  for (const auto& hash : moments->file_hashes)
    if (std::find(loaded.traces.file_hashes.begin(), loaded.traces.file_hashes.end(), hash) == loaded.traces.file_hashes.end()) loaded.traces.file_hashes.push_back(hash);
  std::sort(loaded.traces.file_hashes.begin(), loaded.traces.file_hashes.end());
  std::vector<std::vector<int64_t>> activations;
  if (!loaded.settlement->dispatch->offers.empty()) {
    auto found = read_activations(loaded, request.data_folder, request.keeps_calls, progress);
    if (!found) return found.failure();
    activations = std::move(*found);
  }
  const unsigned threads = request.threads > 0 ? request.threads : std::max(1u, std::thread::hardware_concurrency());
  Result<SimulationReport> done = simulate(loaded.program(), *loaded.settlement, loaded.clock, *plug_ins, loaded.traces, {threads, request.cpu, request.interpret, std::move(activations), std::move(*moments)});
  if (!done) return done.failure();
  loaded.simulation = *done;
  return Ok{};
}

// Sessions are the axis; other traces are read minute by minute, and each row takes the minute in which it begins.
Result<Ok> load_session_traces(const SettlementRequest& request, LoadedSettlement& loaded, const Zone& zone, const Progress& progress) {
  constexpr int32_t kMinute = 60;
  const Settlement& settlement = *loaded.settlement;
  TraceRequest all = request_of(loaded.program(), settlement, request.data_folder);
  Result<Sessions> sessions = read_sessions(all.data_folder + "/sessions.csv", "sessions.csv", zone, settlement.from, settlement.until);
  if (!sessions) return sessions.failure();
  loaded.clock = make_session_clock(zone, *sessions, settlement.from, settlement.until);
  const auto is_of_session = [](const SeriesRequest& series) { return series.trace == "sessions"; };
  Traces minutes;
  Clock clock;
  if (!std::all_of(all.series.begin(), all.series.end(), is_of_session)) {
    const auto [first, last] = std::minmax_element(loaded.clock.local_day.begin(), loaded.clock.local_day.end());
    Result<Clock> made = make_clock(zone, std::min(settlement.from, Date{*first}), std::max(settlement.until, Date{*last + 1}), kMinute);
    if (!made) return made.failure();
    clock = std::move(*made);
    fill_keys(loaded.program(), settlement, clock, all);
    TraceRequest prices = all;
    std::erase_if(prices.series, is_of_session);
    Result<Traces> read = load_traces(prices, clock, progress);
    if (!read) return read.failure();
    minutes = std::move(*read);
  }
  Traces& traces = loaded.traces;
  traces.members.resize(loaded.program().entities.size() - 1);
  traces.members[0].ids = {"sessions"};
  traces.member_series.resize(all.series.size());
  traces.file_hashes = minutes.file_hashes;
  traces.file_hashes.emplace_back("sessions.csv", sessions->hash);
  traces.remarks = minutes.remarks;
  if (sessions->left_out > 0)
    traces.remarks.push_back({false, Failure{"WL6054", fmt::format("{} end{} outside of {} until {} and {} not settled here", sessions->left_out == 1 ? "one session" : fmt::format("{} sessions", sessions->left_out),
                                                                            sessions->left_out == 1 ? "s" : "", print_date(settlement.from), print_date(settlement.until), sessions->left_out == 1 ? "is" : "are"),
                                             "a session is billed in the period in which it ends", "sessions.csv", 0, ""}});
  size_t of_minutes = 0;
  for (const SeriesRequest& series : all.series) {
    if (is_of_session(series)) {
      Result<ClockSeries> column = session_column(*sessions, *session_column_named(series.column));
      if (!column) return column.failure();
      traces.clock_series.push_back(std::move(*column));
      continue;
    }
    const ClockSeries& source = minutes.clock_series[of_minutes++];
    ClockSeries picked;
    picked.quantum = source.quantum;
    for (uint32_t step = 0; step < loaded.clock.steps; ++step) {
      const uint32_t minute = clock.step_at(loaded.clock.row_begin[step]);
      picked.values.push_back(source.values[minute]);
      for (const QualityRun& run : source.quality)
        if (run.first_step <= minute && minute <= run.last_step) picked.quality.push_back({0, step, step, run.quality});
    }
    traces.clock_series.push_back(std::move(picked));
  }
  return Ok{};
}

}  // namespace

std::vector<std::string> scenario_names(const TypedProgram& program) {
  std::vector<std::string> names;
  for (const Settlement& settlement : program.settlements)
    if (settlement.kind == Settlement::Kind::scenario) names.push_back(settlement.name);
  return names;
}

std::string list_names(const std::vector<std::string>& names) {
  constexpr size_t kShown = 12;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += fmt::format("{}`{}`", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

std::string suggest_name(const std::string& name, const std::vector<std::string>& known) {
  std::string nearest = nearest_name(name, known);
  if (!nearest.empty()) return fmt::format("did you mean `{}`?", nearest);
  return known.empty() ? "" : fmt::format("known are {}", list_names(known));
}

namespace {

// The days on which bills begin where each member has one of its own.
Result<std::set<int>> read_days_of(const SettlementRequest& request, const LoadedSettlement& loaded) {
  const Settlement& settlement = *loaded.settlement;
  const TypedProgram& program = loaded.program();
  TraceRequest wanted = request_of(program, settlement, request.data_folder);
  std::erase_if(wanted.series, [](const SeriesRequest& series) { return !series.per_member; });  // who is settled may be known by their readings alone
  wanted.attributes.clear();
  for (const uint32_t index : settlement.read_days) wanted.attributes.push_back(program.attributes[index].request);
  Result<Traces> traces = load_traces(wanted, loaded.clock, {});
  if (!traces) return traces.failure();
  std::set<int> days;
  for (size_t i = 0; i < settlement.read_days.size(); ++i) {
    const AttributeDeclaration& attribute = program.attributes[settlement.read_days[i]];
    const std::vector<Rational>& values = traces->attributes[i];
    for (size_t member = 0; member < values.size(); ++member) {
      if (denominator(values[member]) != 1 || values[member] < 1 || values[member] > 28)
        return Failure{"WL6076", "the meter of `" + members_of(*traces, attribute.entity).ids[member] + "` is read on day " + print_decimal(values[member], 0, 6) + ", and bills begin on a day from 1 to 28", "not every month has the 29th; bills that end with the month begin on 1",
                       plural_of(attribute.request.entity) + ".csv", 0, ""};
      days.insert(static_cast<int>(numerator(values[member])));
    }
  }
  return days;
}

}  // namespace

int compile_scenario(const Console& console, const SettlementRequest& request, LoadedSettlement& loaded) {
  if (std::string problem = script_problem(request.script); !problem.empty())
    return report_script_problem(console, request.script, problem);
  double started = milliseconds_now();
  // Without a name all are elaborated: the only one is wanted, or the list of them. A name nobody bears is told with that list as well.
  loaded.compilation = compile_script(request.script, {.standalone = false, .only = request.scenario, .bound = request.bound});
  loaded.compile_ms = milliseconds_now() - started;
  if (int code = report_diagnostics(console, loaded.compilation.diagnostics, loaded.compilation.modules.files); code != kOk) return code;
  if (!request.scenario.empty() && find_scenario(loaded.program(), request.scenario) == nullptr)
    loaded.compilation = compile_script(request.script, {.standalone = false});
  return choose_scenario(request, loaded);
}

int load_settlement(const Console& console, const SettlementRequest& request, LoadedSettlement& loaded) {
  if (int code = compile_scenario(console, request, loaded); code != kOk) return code;
  if (request.bound && !loaded.settlement->dispatch) {
    complain(fmt::format("`--bound` bounds what a dispatch costs, and `{}` runs none; write `dispatch NAME` into the scenario", loaded.settlement->name));
    return kSourceError;
  }
  double started = milliseconds_now();
  Result<Zone> zone = Zone::load(loaded.settlement->zone);
  if (!zone) return report_failure(console, zone.failure());
  ProgressLine progress;
  const Progress show = [&](const std::string& file, uint64_t done, uint64_t total) { progress.show(file, done, total); };
  if (loaded.settlement->sessions) {
    Result<Ok> read = load_session_traces(request, loaded, *zone, show);
    if (!read) return report_failure(console, read.failure());
    loaded.load_ms = milliseconds_now() - started;
    return report_warnings(console, loaded.traces.remarks);
  }
  Result<Clock> clock = make_clock(std::move(*zone), loaded.settlement->history_from, loaded.settlement->until, loaded.settlement->step_seconds);
  if (!clock) return report_failure(console, clock.failure());
  loaded.clock = std::move(*clock);
  if (!loaded.settlement->read_days.empty()) {  // the law is read again, for the days on which these bills begin
    Result<std::set<int>> days = read_days_of(request, loaded);
    if (!days) return report_failure(console, days.failure());
    loaded.compilation = compile_script(request.script, {.standalone = false, .only = request.scenario, .bound = request.bound, .read_days = std::move(*days)});
    if (int code = report_diagnostics(console, loaded.compilation.diagnostics, loaded.compilation.modules.files); code != kOk) return code;
    if (int code = choose_scenario(request, loaded); code != kOk) return code;
  }
  const Settlement& settlement = *loaded.settlement;
  TraceRequest wanted = request_of(loaded.program(), settlement, request.data_folder);
  fill_keys(loaded.program(), settlement, loaded.clock, wanted);
  Result<Traces> traces = load_traces(wanted, loaded.clock, show);
  if (!traces) return report_failure(console, traces.failure());
  // Import and export are registers of their own: what flows back is export, never a negative import.
  for (size_t i = 0; i < settlement.series.size(); ++i) {
    const SeriesDeclaration& declaration = loaded.program().series[settlement.series[i]];
    const TileSeries& series = traces->member_series[i];
    if (!is_register(declaration.name) || series.members == 0 || series.min >= 0) continue;
    for (uint32_t member = 0; member < series.members; ++member)
      for (uint32_t step = 0; step < series.steps; ++step)
        if (series.at(member, step) < 0)
          return report_failure(console, Failure{"WL6035", "`" + declaration.name + "` of `" + members_of(*traces, declaration.entity).ids[member] + "` is negative", "what flows back into the grid belongs into `export`",
                                                 declaration.request.trace + ".csv", 0, loaded.clock.print_step(step)});
  }
  if (int code = report_warnings(console, traces->remarks); code != kOk) return code;
  loaded.traces = std::move(*traces);
  loaded.load_ms = milliseconds_now() - started;
  if (settlement.dispatch)
    if (Result<Ok> moved = run_dispatch(request, loaded, wanted.data_folder, show); !moved) return report_failure(console, moved.failure());
  return kOk;
}

void keep_only_member(Traces& traces, Members& kind, uint32_t member) {
  kind.ids = {kind.ids[member]};
  for (std::vector<Rational>& column : traces.attributes) column = {column[member]};
  for (TileSeries& series : traces.member_series) {
    if (series.members == 0) continue;
    TileSeries kept = make_tile_series(1, series.steps, series.width, series.quantum);
    kept.min = kept.max = series.steps > 0 ? series.at(member, 0) : 0;
    for (uint32_t step = 0; step < series.steps; ++step) {
      int64_t value = series.at(member, step);
      kept.set(0, step, value);
      kept.min = std::min(kept.min, value);
      kept.max = std::max(kept.max, value);
    }
    for (QualityRun run : series.quality)
      if (run.member == member) kept.quality.push_back({0, run.first_step, run.last_step, run.quality});
    series = std::move(kept);
  }
}

double milliseconds_now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace wattlaw
