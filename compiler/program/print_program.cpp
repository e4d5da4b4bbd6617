#include <fmt/format.h>

#include <array>
#include <iterator>

#include "compiler/program/typed_program.h"

namespace wattlaw {
namespace {

constexpr std::array kOpNames = {"constant", "series", "attribute", "in_time_set", "band", "window_days", "window_share", "date_at",
                                 "add", "multiply", "negate", "absolute", "minimum", "maximum", "less", "less_equal", "equal", "not", "and", "or",
                                 "select", "linearly", "dated", "divide", "round", "root", "aggregate", "quota", "previous", "running_surplus",
                                 "over_members", "of_holder", "allocate", "same_time", "origin"};
constexpr std::array kAggregateNames = {"sum", "max", "min", "mean", "count", "any", "first", "last"};
constexpr std::array kChangeNames = {"at step", "at start", "at end", "by days"};
constexpr std::array kShareNames = {"in full", "by days", "none"};
constexpr std::array kClauseNames = {"charge", "credit", "pay", "tax", "minimum", "maximum", "rounding"};
constexpr std::array kRoundingGrainNames = {"", "per line", "per row", "per bill"};
constexpr std::array kTaxNames = {"", " ex vat", " incl vat"};
static_assert(kOpNames.size() == static_cast<size_t>(Op::origin) + 1);

template <class Names, class Key>
const char* name_in(const Names& names, Key key) {
  return names[static_cast<size_t>(key)];
}

void append_factor(std::string& text, const char* joint, const std::string& unit, int power) {
  text += text.empty() && *joint == '*' ? "" : joint;
  text += unit;
  if (power > 1) text += fmt::format("^{}", power);
}

std::string id_text(ExpressionId id) { return id ? fmt::format("%{}", id.index) : "-"; }

std::string plain_number(const Rational& value) {
  const std::string text = print_decimal(value, 0, 12);
  return text.front() == '~' ? value.str() : text;
}

std::string constant_text(const TypedProgram& program, const Expression& e) {
  switch (e.type.kind) {
    case ValueKind::boolean: return e.value != 0 ? "true" : "false";
    case ValueKind::date: return print_date(Date{static_cast<int32_t>(numerator(e.value))});
    case ValueKind::choice: {
      const auto at = static_cast<size_t>(numerator(e.value));
      if (e.type.choices < program.choice_sets.size() && at < program.choice_sets[e.type.choices].names.size())
        return program.choice_sets[e.type.choices].names[at];
      return plain_number(e.value);
    }
    case ValueKind::member: return e.value < 0 ? "none" : entity_name(program, static_cast<EntityGrain>(e.type.choices)) + " " + plain_number(e.value);
    case ValueKind::number: break;
  }
  const std::string unit = unit_text(program, e.type);
  return plain_number(e.value) + (unit.empty() ? "" : " " + unit);
}

// What an op says beside its operands.
std::string details(const TypedProgram& program, const Expression& e) {
  switch (e.op) {
    case Op::constant: return constant_text(program, e);
    case Op::series: return e.index < program.series.size() ? program.series[e.index].name : "?";
    case Op::attribute: return e.index < program.attributes.size() ? program.attributes[e.index].name : "?";
    case Op::in_time_set: return e.index < program.time_set_texts.size() ? "`" + program.time_set_texts[e.index] + "`" : fmt::format("#{}", e.index);
    case Op::band: return e.index < program.bands.size() ? program.bands[e.index].name : "?";
    case Op::window_days: return "per " + period_name(e.period);
    case Op::window_share: return fmt::format("per {}, {}", period_name(e.period), name_in(kShareNames, e.share));
    case Op::dated: {
      std::string text = name_in(kChangeNames, e.change);
      for (const Date date : e.dates) text += " " + print_date(date);
      return text;
    }
    case Op::round:
    case Op::root: return fmt::format("to {} {}", plain_number(e.value), rounding_mode_name(e.rounding));
    case Op::aggregate: {
      const std::string taken = e.take == 0 ? "" : fmt::format(" {} {}", e.take > 0 ? "largest" : "smallest", std::abs(e.take));
      return fmt::format("{}{} per {}", name_in(kAggregateNames, e.fn), taken, period_name(e.period));
    }
    case Op::quota: return fmt::format("{} per {}", e.beyond ? "beyond" : "within", period_name(e.period));
    case Op::previous:
      if (e.same_year) return fmt::format("{} of every {} of the year", name_in(kAggregateNames, e.fn), period_name(e.period));
      return fmt::format("{} of {}{} x {}{}", name_in(kAggregateNames, e.fn), e.include_this ? "this and " : "", e.count, period_name(e.period),
                         e.history == History::none ? ", history none" : "");
    case Op::running_surplus: return fmt::format("{}per {}, opening {}", e.beyond ? "what is not covered " : "", period_name(e.period), plain_number(e.value));
    case Op::over_members:
      return fmt::format("{} of each {}{}", name_in(kAggregateNames, e.fn), entity_name(program, e.of), e.index == UINT32_MAX ? "" : " by " + program.attributes[e.index].name);
    case Op::of_holder: return program.attributes[e.index].name;
    case Op::allocate: return (e.index == UINT32_MAX ? "to all in " : "by " + program.attributes[e.index].name + " in ") + plain_number(e.value);
    case Op::same_time: return fmt::format("{} at the same time of {} days before", name_in(kAggregateNames, e.fn), e.count);
    case Op::origin: return fmt::format("{}, flow {}", e.beyond ? "first in, first out" : "proportional", e.count);
    default: return "";
  }
}

std::string type_text(const TypedProgram& program, const Type& type) {
  switch (type.kind) {
    case ValueKind::boolean: return "yes/no";
    case ValueKind::date: return "date";
    case ValueKind::choice: return type.choices < program.choice_sets.size() ? program.choice_sets[type.choices].name : "choice";
    case ValueKind::member: return entity_name(program, static_cast<EntityGrain>(type.choices));
    case ValueKind::number: break;
  }
  const std::string unit = unit_text(program, type);
  return (unit.empty() ? "1" : unit) + name_in(kTaxNames, type.tax) + (type.extensive ? " sum" : "") + (type.estimate ? " estimate" : "");
}

std::string grain_text(const TypedProgram& program, const Grain& grain) {
  const bool timed = grain.time.unit != Period::Unit::none;
  if (grain.entity == EntityGrain::none) return timed ? period_name(grain.time) : "once";
  return entity_name(program, grain.entity) + (timed ? ", " + period_name(grain.time) : "");
}

void print_version(std::string& out, const ClauseVersion& version) {
  out += "    version";
  if (version.from) out += " from " + print_date(*version.from);
  if (version.until) out += " until " + print_date(*version.until);
  out += fmt::format(": scope {} quantity {} rate {} base {}\n", id_text(version.scope), id_text(version.quantity), id_text(version.rate),
                     id_text(version.base_rate));
  for (const RateRow& row : version.rows)
    out += fmt::format("      row `{}`: when {} quantity {} rate {}\n", row.key, id_text(row.condition), id_text(row.quantity), id_text(row.rate));
  for (const TypedException& exception : version.exceptions)
    out += fmt::format("      except `{}`: when {} rate {}{}\n", exception.label, id_text(exception.condition), id_text(exception.rate),
                       exception.overrides.empty() ? "" : " overrides `" + exception.overrides + "`");
}

void print_clause(const TypedProgram& program, std::string& out, const TypedClause& clause) {
  out += fmt::format("  {} {}.{} {} -> {} per {}", name_in(kClauseNames, clause.kind), clause.tariff, clause.name, clause.payer, clause.payee,
                     period_name(clause.billing));
  if (clause.currency < program.currencies.size()) out += " in " + program.currencies[clause.currency] + name_in(kTaxNames, clause.tax);
  if (clause.rounding.grain != RoundingGrain::none)
    out += fmt::format(", rounded to {} {} {}", plain_number(clause.rounding.quantum), rounding_mode_name(clause.rounding.mode),
                       name_in(kRoundingGrainNames, clause.rounding.grain));
  out += fmt::format("\n    present {} quantity {} amount {} line {}\n", id_text(clause.present), id_text(clause.quantity), id_text(clause.amount),
                     id_text(clause.line));
  for (const ClauseVersion& version : clause.versions) print_version(out, version);
}

void print_settlement(const TypedProgram& program, std::string& out, const Settlement& settlement) {
  constexpr std::array kKinds = {"scenario", "test", "standalone"};
  out += fmt::format("{} \"{}\" {} until {} every {} min in {}\n", name_in(kKinds, settlement.kind), settlement.name, print_date(settlement.from),
                     print_date(settlement.until), settlement.step_seconds / 60, settlement.zone);
  for (const TypedClause& clause : settlement.clauses) print_clause(program, out, clause);
  for (const ShownAnswer& show : settlement.shows) out += fmt::format("  show {} as \"{}\"{}\n", id_text(show.value), show.label, show.condition ? " when " + id_text(show.condition) : "");
  for (const Expectation& expect : settlement.expects)
    out += fmt::format("  expect {} ({} against {})\n", id_text(expect.condition), id_text(expect.left), id_text(expect.right));
}

}  // namespace

const char* op_name(Op op) { return name_in(kOpNames, op); }

std::string unit_text(const TypedProgram& program, const Type& type) {
  if (type.kind != ValueKind::number) return "";
  Dimension d = type.dimension;
  // Energy over time reads as power: kWh/h is kW, and NOK·h/kWh is NOK/kW.
  int kilowatts = 0;
  for (; d.energy > 0 && d.time < 0; --d.energy, ++d.time) ++kilowatts;
  for (; d.energy < 0 && d.time > 0; ++d.energy, --d.time) --kilowatts;
  const std::string money = type.currency < program.currencies.size() ? program.currencies[type.currency] : "money";
  const std::pair<std::string, int> factors[] = {{money, d.money}, {"kW", kilowatts}, {"kWh", d.energy}, {"A", d.current}, {"km", d.distance},
                                                 {"degC", d.temperature}, {"Hz", d.frequency}, {"h", d.time}, {"month", d.month}, {"day", d.day}};
  std::string above, below;
  for (const auto& [unit, power] : factors) {
    if (power > 0) append_factor(above, "*", unit, power);
    if (power < 0) append_factor(below, "/", unit, -power);
  }
  if (below.empty()) return above;
  return (above.empty() ? "1" : above) + below;
}

std::string print_program(const TypedProgram& program) {
  std::string out;
  for (uint32_t i = 0; i < program.expressions.size(); ++i) {
    const Expression& e = program.expressions[i];
    out += fmt::format("%{} [{}; {}] {}", i, type_text(program, e.type), grain_text(program, e.grain), op_name(e.op));
    for (const ExpressionId operand : e.operands) out += " " + id_text(operand);
    const std::string more = details(program, e);
    out += more.empty() ? "\n" : " " + more + "\n";
  }
  for (const Settlement& settlement : program.settlements) print_settlement(program, out, settlement);
  return out;
}

}  // namespace wattlaw
