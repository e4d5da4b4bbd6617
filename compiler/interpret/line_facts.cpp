#include "compiler/interpret/line_facts.h"

#include <fmt/format.h>

#include <vector>

namespace wattlaw {
namespace {

// Whether a version can bill at a step for somebody.
bool is_in_scope(const TypedProgram& program, const Clock& clock, Interpreter& interpreter, const ClauseVersion& version, uint32_t step) {
  if (!version.scope) return true;
  if (program[version.scope].grain.entity == EntityGrain::none) return interpreter.evaluate(version.scope, 0, step).number != 0;
  const Date date = clock.date_of_step(step);
  return (!version.from || date >= *version.from) && (!version.until || date < *version.until);
}

std::optional<Rational> rate_in_window(const TypedProgram& program, const Clock& clock, Interpreter& interpreter, const TypedClause& clause,
                                       uint32_t begin, uint32_t end) {
  std::optional<Rational> rate;
  for (uint32_t step = begin; step < end; ++step)
    for (const ClauseVersion& version : clause.versions) {
      if (!is_in_scope(program, clock, interpreter, version, step)) continue;
      if (!version.quantity || !version.rate || program[version.rate].grain.entity != EntityGrain::none) return std::nullopt;
      const Value value = interpreter.evaluate(version.rate, 0, step);
      if (interpreter.fault() || (rate && *rate != value.number)) return std::nullopt;
      rate = value.number;
    }
  return rate;
}

// Those of the exceptions that hold which none of the others that hold overrides: more than one is a contradiction.
std::vector<const TypedException*> not_overridden(const std::vector<const TypedException*>& holding) {
  std::vector<const TypedException*> left;
  for (const TypedException* exception : holding) {
    bool overridden = false;
    for (const TypedException* other : holding) overridden = overridden || (other != exception && other->overrides == exception->label);
    if (!overridden) left.push_back(exception);
  }
  return left;
}

const char* hint_of(const std::string& code) {
  if (code == "WL7110") return "say what happens then: `allocated by … otherwise equally`, or pay only `when` there is something to weigh";
  if (code == "WL7111") return "a weight is 0 or more: `max(…, 0 kWh)`";
  if (code == "WL7101") return "bill only where the divisor is not 0, with `when`";
  if (code == "WL7102") return "take the root of `max(x, 0)`";
  if (code == "WL7103") return "say which of the two goes first with `overrides`";
  if (code == "WL7104") return "say `history none` if they do not exist, or let the run begin earlier";
  return "";
}

}  // namespace

void fill_rates(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, Ledger& ledger) {
  for (size_t c = 0; c < settlement.clauses.size(); ++c) {
    const TypedClause& clause = settlement.clauses[c];
    // A fault while a rate is read is no fault of the run: that line shows no rate. So each clause has its own interpreter.
    Interpreter interpreter(program, settlement, clock, traces);
    const Windows& windows = interpreter.windows(clause.billing);
    LineColumns& line = ledger.lines[c];
    line.rate.assign(windows.size(), std::nullopt);
    for (const ClauseVersion& version : clause.versions)
      if (version.quantity && version.rate && line.rate_unit.empty()) line.rate_unit = unit_text(program, program[version.rate].type);
    for (uint32_t window = 0; window < windows.size() && !interpreter.fault(); ++window)
      line.rate[window] = rate_in_window(program, clock, interpreter, clause, windows.first_step[window], windows.first_step[window + 1]);
  }
}

std::optional<Fault> find_conflict(Interpreter& interpreter, const TypedClause& clause, uint32_t site, uint32_t window) {
  const Windows& windows = interpreter.windows(clause.billing);
  for (const ClauseVersion& version : clause.versions) {
    if (version.exceptions.size() < 2) continue;
    for (uint32_t step = windows.first_step[window]; step < windows.first_step[window + 1]; ++step) {
      if (version.scope && interpreter.evaluate(version.scope, site, step).number == 0) continue;
      std::vector<const TypedException*> holding;
      for (const TypedException& exception : version.exceptions)
        if (interpreter.evaluate(exception.condition, site, step).number != 0) holding.push_back(&exception);
      holding = not_overridden(holding);
      if (holding.size() < 2) continue;
      return Fault{"WL7103", fmt::format("the exceptions `{}` and `{}` both hold and neither overrides the other", holding[0]->label, holding[1]->label),
                   holding[1]->condition, site, step};
    }
    if (interpreter.fault()) return std::nullopt;
  }
  return std::nullopt;
}

std::string clause_name(const TypedClause& clause) { return clause.tariff + "." + clause.name; }

std::vector<TextPlace> places_of(const TypedProgram& program, Span outer, ExpressionId failed) {
  std::vector<TextPlace> places;
  if (outer.end > outer.begin) places.push_back({outer.file, outer.begin, outer.end});
  const Span inner = failed ? program[failed].span : Span{};
  if (inner.end > inner.begin) places.push_back({inner.file, inner.begin, inner.end});
  return places;
}

Failure describe_fault(const TypedProgram& program, const Fault& fault, const TypedClause& clause, const std::string& member, const std::string& period, const Clock& clock) {
  const std::string time = clock.print_step(fault.step);
  std::string message = fmt::format("`{}` for {} in {}: {}", clause_name(clause), member, period, fault.message);
  if (fault.message.find(time) == std::string::npos) message += " at " + time;
  return Failure{fault.code, std::move(message), hint_of(fault.code), "", 0, time, places_of(program, clause.span, fault.expression)};
}

}  // namespace wattlaw
