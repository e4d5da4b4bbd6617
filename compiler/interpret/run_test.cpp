#include "compiler/interpret/run_test.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/interpret/line_facts.h"
#include "compiler/interpret/print_value.h"
#include "runtime/trace/records.h"
#include "runtime/trace/sessions.h"

namespace wattlaw {
namespace {

using StepValues = std::vector<std::optional<Rational>>;

Failure refuse(std::string message, std::string hint) { return Failure{"WL7202", std::move(message), std::move(hint)}; }

// What the test gives of one series; a later `given` replaces an earlier one at the same step.
Result<StepValues> read_givens(const TypedProgram& program, const Settlement& settlement, const Clock& clock, uint32_t series) {
  StepValues values(clock.steps);
  for (const GivenValue& given : settlement.givens) {
    if (given.series != series) continue;
    uint32_t step = clock.step_at(given.from);
    if (step >= clock.steps)
      return refuse(fmt::format("`{}` is given for a time outside of {} until {}", program.series[series].name, print_date(clock.first_date),
                                print_date(clock.end_date)),
                    "give a time within the test's period");
    do values[step] = given.value;
    while (++step < clock.steps && clock.instant_of(step) < given.until);
  }
  return values;
}

void fill_gaps(StepValues& values, MissingPolicy policy) {
  for (size_t step = 0; step < values.size(); ++step) {
    if (values[step]) continue;
    if (policy == MissingPolicy::zero) values[step] = 0;
    if (policy == MissingPolicy::hold && step > 0) values[step] = values[step - 1];
  }
}

// Where the test gives no quantity nothing is bought, and a price is that of the nearest time before for which it is given (else after).
void hold_price(StepValues& values, const std::vector<bool>& has_quantity) {
  const auto first = std::find_if(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
  if (first == values.end()) return;
  std::optional<Rational> last = *first;
  for (size_t step = 0; step < values.size(); ++step) {
    if (values[step]) last = values[step];
    else if (!has_quantity[step]) values[step] = last;
  }
}

struct Mantissas {
  Quantum quantum;
  std::vector<int64_t> values;
  std::vector<QualityRun> quality;
};

Result<Mantissas> to_mantissas(const StepValues& values, const Quantum& finest, bool keep_finest, const std::string& name) {
  Mantissas result;
  std::optional<Quantum> common;
  if (keep_finest) common = finest;
  for (const auto& value : values)
    if (value && *value != 0) common = common ? common_quantum(*common, Quantum::of(*value)) : Quantum::of(*value);
  result.quantum = common.value_or(Quantum{});
  result.values.resize(values.size());
  for (uint32_t step = 0; step < values.size(); ++step) {
    if (!values[step]) {
      if (result.quality.empty() || result.quality.back().last_step + 1 != step) result.quality.push_back({0, step, step, Quality::missing});
      result.quality.back().last_step = step;
      continue;
    }
    const auto mantissa = mantissa_of(*values[step], result.quantum);
    if (!mantissa || abs(*mantissa) > INT64_MAX) return refuse(fmt::format("`{}` is given with more than 18 digits", name), "give a shorter number");
    result.values[step] = static_cast<int64_t>(*mantissa);
  }
  return result;
}

// The k-th value of each field belongs to the k-th record; no record at all means that nothing happened.
Result<ClockSeries> answer_given(const Settlement& settlement, const RecordQuestion& question, const Clock& clock) {
  std::vector<Record> records;
  for (size_t i = 0; i < question.fields.size(); ++i) {
    const auto given = std::find_if(settlement.given_records.begin(), settlement.given_records.end(), [&](const GivenRecord& g) { return g.kind == question.kind && g.column == question.fields[i].column; });
    const size_t count = given == settlement.given_records.end() ? 0 : given->values.size();
    if (i == 0) records.resize(count, Record(question.fields.size()));
    if (count != records.size())
      return refuse(fmt::format("`{}.{}` is given {} times and `{}.{}` {} times", question.kind, question.fields[0].column, records.size(), question.kind, question.fields[i].column, count),
                    "give each record a value of each field that is asked");
    for (size_t k = 0; k < count; ++k) records[k][i] = given->values[k];
  }
  return answer(question, records, clock);
}

Result<Traces> make_traces(const TypedProgram& program, const Settlement& settlement, const Clock& clock) {
  Traces traces;
  for (size_t i = 1; i < program.entities.size(); ++i) traces.members.push_back({{program.entities[i].name}});  // one of each kind
  for (const uint32_t index : settlement.attributes) {
    const AttributeDeclaration& attribute = program.attributes[index];
    std::optional<Rational> value = attribute.request.default_value;
    if (attribute.type.kind == ValueKind::member) value = 0;  // the one there is
    for (const auto& [given, given_value] : settlement.given_attributes)
      if (given == index) value = given_value;
    if (!value) return refuse(fmt::format("`{}` is read and the test does not give it", attribute.name), fmt::format("write `given {} = …`", attribute.name));
    traces.attributes.push_back({*value});
  }
  traces.member_series.resize(settlement.series.size());
  traces.clock_series.resize(settlement.series.size());
  std::vector<StepValues> given;
  std::vector<bool> has_quantity(clock.steps);
  const auto is_of_a_meter = [](const SeriesDeclaration& series) { return series.request.per_member && series.request.flow == Flow::extensive; };
  for (const uint32_t index : settlement.series) {
    auto values = read_givens(program, settlement, clock, index);
    if (!values) return values.failure();
    for (uint32_t step = 0; step < clock.steps && is_of_a_meter(program.series[index]); ++step) has_quantity[step] = has_quantity[step] || (*values)[step];
    given.push_back(std::move(*values));
  }
  for (size_t i = 0; i < settlement.series.size(); ++i) {
    const SeriesDeclaration& series = program.series[settlement.series[i]];
    if (series.request.question) {
      Result<ClockSeries> answers = answer_given(settlement, *series.request.question, clock);
      if (!answers) return answers.failure();
      traces.clock_series[i] = std::move(*answers);
      continue;
    }
    StepValues* values = &given[i];
    const bool is_metered = is_of_a_meter(series);
    if (!series.request.per_member && series.request.flow == Flow::intensive && !series.request.yes_no && series.request.missing == MissingPolicy::error) hold_price(*values, has_quantity);
    fill_gaps(*values, is_metered || series.request.yes_no ? MissingPolicy::zero : series.request.missing);
    const auto mantissas = to_mantissas(*values, series.request.quantum, !series.request.quantum_free, series.name);
    if (!mantissas) return mantissas.failure();
    if (!series.request.per_member) {
      traces.clock_series[i] = {mantissas->quantum, mantissas->values, mantissas->quality};
      continue;
    }
    TileSeries tiles = make_tile_series(1, clock.steps, 8, mantissas->quantum);
    tiles.quality = mantissas->quality;
    for (uint32_t step = 0; step < clock.steps; ++step) tiles.set(0, step, mantissas->values[step]);
    const auto [low, high] = std::minmax_element(mantissas->values.begin(), mantissas->values.end());
    tiles.min = *low;
    tiles.max = *high;
    traces.member_series[i] = std::move(tiles);
  }
  return traces;
}

// A test of sessions is one session: the intervals from the first time that is given to the last.
Result<TestWorld> make_session_world(const TypedProgram& program, const Settlement& settlement, const Clock& clock) {
  std::vector<StepValues> given;
  uint32_t first = clock.steps, last = 0;
  for (const uint32_t series : settlement.series) {
    auto values = read_givens(program, settlement, clock, series);
    if (!values) return values.failure();
    for (uint32_t step = 0; step < clock.steps; ++step)
      if ((*values)[step] && program.series[series].request.trace == "sessions") first = std::min(first, step), last = std::max(last, step);
    given.push_back(std::move(*values));
  }
  if (first > last) return refuse("the test gives no session", "write for example `given delivered = 10 kWh at 2026-03-02 17:00`");
  Sessions sessions;
  sessions.ids = {"session"};
  const auto value_of = [&](SessionColumn column, uint32_t step) -> std::optional<Rational> {
    for (size_t i = 0; i < given.size(); ++i)
      if (const SeriesRequest& request = program.series[settlement.series[i]].request; request.trace == "sessions" && session_column_named(request.column) == column) return given[i][step];
    return std::nullopt;
  };
  for (uint32_t step = first; step <= last; ++step) {
    SessionRow row;
    row.begins = clock.instant_of(step);
    row.ends = row.begins + clock.step_seconds;
    row.delivered = value_of(SessionColumn::delivered, step).value_or(0);
    row.returned = value_of(SessionColumn::returned, step).value_or(0);
    row.charging_time = value_of(SessionColumn::charging_time, step);
    row.parking_time = value_of(SessionColumn::parking_time, step);
    row.power = value_of(SessionColumn::power, step);
    row.current = value_of(SessionColumn::current, step);
    sessions.rows.push_back(std::move(row));
  }
  TestWorld world{make_session_clock(clock.zone, sessions, clock.first_date, clock.end_date), {}};
  world.traces.members.resize(program.entities.size() - 1);
  world.traces.members[0].ids = {"session"};
  world.traces.member_series.resize(settlement.series.size());
  for (size_t i = 0; i < given.size(); ++i) {
    const SeriesDeclaration& series = program.series[settlement.series[i]];
    if (series.request.trace == "sessions") {
      auto column = session_column(sessions, *session_column_named(series.request.column));
      if (!column) return column.failure();
      world.traces.clock_series.push_back(std::move(*column));
      continue;
    }
    StepValues inside(given[i].begin() + first, given[i].begin() + last + 1);
    fill_gaps(inside, series.request.yes_no ? MissingPolicy::zero : series.request.missing);
    const auto mantissas = to_mantissas(inside, series.request.quantum, !series.request.quantum_free, series.name);
    if (!mantissas) return mantissas.failure();
    world.traces.clock_series.push_back({mantissas->quantum, mantissas->values, mantissas->quality});
  }
  return world;
}

TestFailure failure_of_fault(const TypedProgram& program, const Fault& fault, const Span& expectation) {
  std::string hint;
  if (fault.code == "WL7105") hint = "give it in the test, for instance `given spot = 0.50 NOK/kWh at 2026-03-01 to 2026-04-01`";
  const Span span = fault.expression ? program[fault.expression].span : Span{};
  return {fault.code, fault.message, hint, span.end > span.begin ? span : expectation};
}

std::string quoted(const std::string& text, const char* otherwise) { return text.empty() ? otherwise : "`" + text + "`"; }

// A side says more than its text unless it is a constant.
std::string describe_side(const TypedProgram& program, ExpressionId side, const Value& value, const TextOf& text_of, const char* otherwise) {
  return fmt::format("{} is {}", quoted(text_of(program[side].span), otherwise), print_value(program, program[side].type, value));
}

std::string describe_failure(const TypedProgram& program, const Expectation& expect, uint32_t step, Interpreter& interpreter, const TextOf& text_of) {
  const std::string text = text_of(expect.span);
  const bool has_sides = expect.left && expect.right;
  if (!has_sides) return fmt::format("expected {}, but it does not hold", quoted(text, "a condition"));
  const Value left = interpreter.evaluate(expect.left, 0, step), right = interpreter.evaluate(expect.right, 0, step);
  const bool right_is_plain = program[expect.right].op == Op::constant, left_is_plain = program[expect.left].op == Op::constant;
  const std::string wanted = text.empty() ? fmt::format("{} on both sides", print_value(program, program[expect.right].type, right)) : "`" + text + "`";
  std::string message = fmt::format("expected {}, but ", wanted);
  if (!left_is_plain || right_is_plain) message += describe_side(program, expect.left, left, text_of, "the left side");
  if (!left_is_plain && !right_is_plain) message += " and ";
  if (!right_is_plain) message += describe_side(program, expect.right, right, text_of, "the right side");
  return message;
}

// The interval that an expectation without a time of its own is about: the one that the test gives. Windows longer than it hold it, too.
uint32_t step_of_moment(const Settlement& settlement, const Clock& clock) {
  if (settlement.sessions || settlement.givens.empty()) return 0;
  const GivenValue& given = settlement.givens.front();
  const uint32_t step = clock.step_at(given.from);
  return given.until - given.from == settlement.step_seconds && step < clock.steps ? step : 0;
}

// Exceptions that contradict each other make every line of their clause doubtful, also those that no expectation reads.
void report_conflicts(const TypedProgram& program, const Settlement& settlement, const TestWorld& world, TestOutcome& outcome) {
  for (const TypedClause& clause : settlement.clauses) {
    Interpreter interpreter(program, settlement, world.clock, world.traces);
    for (uint32_t window = 0; window < interpreter.windows(clause.billing).size(); ++window) {
      const auto conflict = find_conflict(interpreter, clause, 0, window);
      if (!conflict) continue;
      outcome.failures.push_back({conflict->code, fmt::format("`{}`: {} at {}", clause_name(clause), conflict->message, world.clock.print_step(conflict->step)),
                                  "say which of the two goes first with `overrides`", clause.span});
      break;
    }
  }
}

}  // namespace

Result<TestWorld> make_test_world(const TypedProgram& program, const Settlement& settlement) {
  auto zone = Zone::load(settlement.zone);
  if (!zone) return zone.failure();
  auto clock = make_clock(std::move(*zone), settlement.history_from, settlement.until, settlement.step_seconds);
  if (!clock) return clock.failure();
  if (settlement.sessions) return make_session_world(program, settlement, *clock);
  auto traces = make_traces(program, settlement, *clock);
  if (!traces) return traces.failure();
  return TestWorld{std::move(*clock), std::move(*traces)};
}

TestOutcome run_test(const TypedProgram& program, const Settlement& settlement, const TextOf& text_of, Coverage* coverage) {
  TestOutcome outcome;
  outcome.expectations = settlement.expects.size();
  if (coverage) coverage->declare(settlement);
  const auto world = make_test_world(program, settlement);
  if (!world) {
    outcome.failures.push_back({world.failure().code, world.failure().message, world.failure().hint, settlement.span});
    return outcome;
  }
  const uint32_t step = step_of_moment(settlement, world->clock);
  for (const Expectation& expect : settlement.expects) {
    // A fault ends one expectation, not the test: each has its own interpreter.
    Interpreter interpreter(program, settlement, world->clock, world->traces);
    const bool holds = interpreter.evaluate(expect.condition, 0, step).number != 0;
    if (!holds && !interpreter.fault()) {
      std::string message = describe_failure(program, expect, step, interpreter, text_of);
      if (!interpreter.fault()) outcome.failures.push_back({"WL7201", std::move(message), "", expect.span});
    }
    if (interpreter.fault()) outcome.failures.push_back(failure_of_fault(program, *interpreter.fault(), expect.span));
  }
  report_conflicts(program, settlement, *world, outcome);
  if (coverage) coverage->add(program, settlement, world->clock, world->traces);
  return outcome;
}

}  // namespace wattlaw
