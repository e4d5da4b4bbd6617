#include "compiler/command/answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/interpret/interpret.h"
#include "compiler/interpret/line_facts.h"
#include "compiler/interpret/print_value.h"

namespace wattlaw {

std::string csv_cell(std::string text) {
  if (!text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos) text.insert(text.begin(), '\'');
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

namespace {

constexpr size_t kMostListed = 14;  // a year of months fits; more values are told by their span

bool is_fine(const Period& period) {
  return period.unit == Period::Unit::interval || period.unit == Period::Unit::minutes || period.unit == Period::Unit::hour;
}

bool is_column(const Expression& expression) {
  return expression.grain.entity != EntityGrain::none && !is_fine(expression.grain.time) && expression.op != Op::attribute;
}

// The sites' values that a value for everybody is made of.
void collect_below(const TypedProgram& program, ExpressionId id, std::vector<ExpressionId>& columns) {
  const Expression& expression = program[id];
  for (ExpressionId operand : expression.operands) {
    if (expression.op == Op::over_members && is_column(program[operand])) {
      if (std::find(columns.begin(), columns.end(), operand) == columns.end()) columns.push_back(operand);
    } else if (expression.op != Op::over_members) {
      collect_below(program, operand, columns);
    }
  }
}

// The value alone for a table's cell; its unit has a column of its own.
std::string print_cell(const TypedProgram& program, const Type& type, const Value& value) {
  if (value.nothing) return "";
  return type.kind == ValueKind::number ? print_decimal(value.number, 0, 12) : print_value(program, type, value);
}

struct ManyValues {
  std::string csv, listed;
  size_t count = 0, left_out = 0;  // left_out: `when` fails
  std::optional<std::pair<Rational, Rational>> span;
};

bool is_shown(Interpreter& interpreter, const ShownAnswer& shown, uint32_t member, uint32_t step) {
  if (!shown.condition) return true;
  const Value holds = interpreter.evaluate(shown.condition, member, step);
  return !holds.nothing && holds.number != 0;
}

// One value a window, for everybody or for each member; without windows one for each member.
ManyValues print_many(const LoadedSettlement& loaded, Interpreter& interpreter, const ShownAnswer& shown) {
  const TypedProgram& program = loaded.program();
  const Expression& expression = program[shown.value];
  const bool has_windows = expression.grain.time.unit != Period::Unit::none, has_members = expression.grain.entity != EntityGrain::none;
  const Windows* windows = has_windows ? &interpreter.windows(expression.grain.time) : nullptr;
  const uint32_t members = has_members ? members_of(loaded.traces, expression.grain.entity).size() : 1;
  std::string unit = expression.type.kind == ValueKind::number ? unit_text(program, expression.type) : "", label = csv_cell(shown.label);
  ManyValues many;
  for (uint32_t at = 0; at < members * (has_windows ? windows->size() : 1); ++at) {
    const uint32_t member = at % members, window = at / members, step = has_windows ? windows->first_step[window] : 0;
    if (!is_shown(interpreter, shown, member, step)) {
      if (interpreter.fault()) return many;
      ++many.left_out;
      continue;
    }
    Value value = interpreter.evaluate(shown.value, member, step);
    if (interpreter.fault()) return many;
    const std::string time = has_windows ? windows->label(window, loaded.clock) : "", who = has_members ? members_of(loaded.traces, expression.grain.entity).ids[member] : "";
    many.csv += fmt::format("{},{},{},{},{}\n", label, time, csv_cell(who), print_cell(program, expression.type, value), unit);
    if (++many.count <= kMostListed)
      many.listed += fmt::format("{}{}{}{}  {}", many.count > 1 ? "\n" : "", time, has_windows && has_members ? "  " : "", who, print_value(program, expression.type, value));
    if (value.nothing || expression.type.kind != ValueKind::number) continue;
    if (!many.span) many.span = {value.number, value.number};
    many.span->first = std::min(many.span->first, value.number);
    many.span->second = std::max(many.span->second, value.number);
  }
  return many;
}

std::string many_text(const TypedProgram& program, const Type& type, const ManyValues& many) {
  if (many.left_out > 0) {
    ManyValues shown = many;
    shown.left_out = 0;
    const std::string hidden = fmt::format("{} not shown: the condition fails", many.left_out);
    return many.count == 0 ? hidden : many_text(program, type, shown) + (many.count <= kMostListed ? "\n" : "; ") + hidden;
  }
  if (many.count <= kMostListed) return many.listed;
  std::string count = fmt::format("{} values in answers.csv", many.count);
  if (!many.span) return count;
  return fmt::format("{} to {}, {}", print_value(program, type, {false, many.span->first}),
                     print_value(program, type, {false, many.span->second}), count);
}

}  // namespace

void learn_columns(const LoadedSettlement& loaded, Interpreter& interpreter, const std::vector<ExpressionId>& wanted,
                   const std::vector<ValueColumn>& columns) {
  for (size_t i = 0; i < wanted.size() && i < columns.size(); ++i) {
    const uint32_t members = members_of(loaded.traces, loaded.program()[wanted[i]].grain.entity).size();
    const ValueColumn& column = columns[i];
    Rational quantum = column.quantum.value();
    for (size_t at = 0; at < column.values.size(); ++at) {
      bool nothing = at < column.nothing.size() && column.nothing[at] != 0;
      interpreter.learn(wanted[i], static_cast<uint32_t>(at % members), static_cast<uint32_t>(at / members),
                        {nothing, nothing ? Rational(0) : Rational(to_integer(column.values[at])) * quantum});
    }
  }
}

std::vector<ExpressionId> columns_for_answers(const TypedProgram& program, const Settlement& settlement) {
  std::vector<ExpressionId> columns;
  for (const ShownAnswer& shown : settlement.shows) {
    if (is_column(program[shown.value])) columns.push_back(shown.value);
    collect_below(program, shown.value, columns);
    if (shown.condition) collect_below(program, shown.condition, columns);
  }
  return columns;
}

Answers make_answers(const LoadedSettlement& loaded, const std::vector<ExpressionId>& wanted, const std::vector<ValueColumn>& columns) {
  const TypedProgram& program = loaded.program();
  Answers answers;
  Interpreter interpreter(program, *loaded.settlement, loaded.clock, loaded.traces);
  learn_columns(loaded, interpreter, wanted, columns);
  for (const ShownAnswer& shown : loaded.settlement->shows) {
    const Expression& expression = program[shown.value];
    if (expression.grain.time.unit == Period::Unit::none && expression.grain.entity == EntityGrain::none) {
      const bool visible = is_shown(interpreter, shown, 0, 0);
      answers.printed.push_back({shown.label, visible ? print_value(program, expression.type, interpreter.evaluate(shown.value, 0, 0)) : "not shown: the condition fails"});
    } else {
      ManyValues many = print_many(loaded, interpreter, shown);
      answers.csv += many.csv;
      answers.printed.push_back({shown.label, many_text(program, expression.type, many)});
    }
    if (const std::optional<Fault>& fault = interpreter.fault()) {
      answers.failure = Failure{fault->code, fmt::format("the answer \"{}\": {}", shown.label, fault->message), "", "", 0, "", places_of(program, shown.span, fault->expression)};
      return answers;
    }
  }
  if (!answers.csv.empty()) answers.csv.insert(0, "label,period,member,value,unit\n");
  return answers;
}

}  // namespace wattlaw
