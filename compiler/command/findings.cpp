#include "compiler/command/findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/command/answers.h"
#include "compiler/interpret/interpret.h"
#include "compiler/interpret/line_facts.h"
#include "compiler/interpret/print_value.h"

namespace wattlaw {
namespace {

constexpr size_t kMostTold = 10;  // of a norm, in the terminal

const char* kind_word(NormKind kind) { return kind == NormKind::require ? "require" : kind == NormKind::forbid ? "forbid" : "warn"; }

std::string replace_all(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
  return text;
}

class Decider {
 public:
  Decider(const LoadedSettlement& loaded, Interpreter& interpreter, Findings& out, RuleVerdicts& verdicts)
      : loaded_(loaded), program_(loaded.program()), interpreter_(interpreter), out_(out), verdicts_(verdicts) {}

  void decide(const TypedRule& rule) {
    size_t broken = 0, warned = 0, asked = 0;
    undecided_ = 0;
    for (const DataNorm& norm : rule.on_data) {
      const size_t found = decide(rule, norm, asked);
      (norm.kind == NormKind::warn ? warned : broken) += found;
    }
    if (undecided_ > 0)
      verdicts_.findings.warning("WL4403", rule.span, fmt::format("the rule `{}` is undecided {}`{}`, which names no day that it compares", rule.name, undecided_ == 1 ? "of " : fmt::format("{} times, first of ", undecided_), unknown_of_))
          .hint("ask `… is not none` in the rule where a missing day is a breach");
    ++(broken > 0 ? verdicts_.broken : undecided_ > 0 ? verdicts_.undecided : warned > 0 ? verdicts_.warned : asked == 0 ? verdicts_.idle : verdicts_.hold);
  }

 private:
  bool is_true(ExpressionId id, uint32_t member, uint32_t step) {
    const Value value = interpreter_.evaluate(id, member, step);
    return !value.nothing && value.number != 0;
  }

  // Findings of a norm.
  size_t decide(const TypedRule& rule, const DataNorm& norm, size_t& asked) {
    const Windows& windows = interpreter_.windows(norm.period);
    const bool has_members = norm.entity != EntityGrain::none;
    const uint32_t members = has_members ? members_of(loaded_.traces, norm.entity).size() : 1;
    size_t found = 0;
    for (uint32_t member = 0; member < members; ++member) {
      std::optional<uint32_t> first;
      for (uint32_t window = 0; window <= windows.size(); ++window) {
        bool fails = false;
        if (window < windows.size()) {
          const uint32_t step = windows.first_step[window];
          const bool applies = !norm.applies || is_true(norm.applies, member, step);
          asked += applies;
          fails = applies && !is_true(norm.holds, member, step);
          if (applies && norm.known && !is_true(norm.known, member, step)) {  // undecided: a day is not there
            fails = false;
            if (undecided_++ == 0) unknown_of_ = has_members ? members_of(loaded_.traces, norm.entity).ids[member] : "";
          }
        }
        if (interpreter_.fault()) return found;
        if (fails && !first) first = window;
        if (fails || !first) continue;
        tell(rule, norm, has_members ? members_of(loaded_.traces, norm.entity).ids[member] : "", member, *first, window - 1, windows, found++);
        first.reset();
      }
      if (has_members) interpreter_.forget_site(member);
    }
    if (found > kMostTold) {
      const std::string message = fmt::format("the rule `{}` is broken {} times in all", rule.name, found);
      Diagnostic& more = norm.kind == NormKind::warn ? verdicts_.findings.warning("WL4402", norm.span, message) : verdicts_.findings.error("WL4401", norm.span, message);
      more.hint("findings.csv has them all");
    }
    return found;
  }

  void tell(const TypedRule& rule, const DataNorm& norm, const std::string& member, uint32_t index, uint32_t first, uint32_t last, const Windows& windows, size_t before) {
    const bool whole = norm.period.unit == Period::Unit::none;
    const std::string from = whole ? "" : windows.label(first, loaded_.clock), until = whole ? "" : windows.label(last, loaded_.clock);
    std::string values, text = norm.text;
    std::vector<std::string> figures;
    for (const auto& [compared, value] : norm.values) {
      const std::string shown = shown_as_declared(compared, value, interpreter_.evaluate(value, index, windows.first_step[first]));
      figures.push_back(fmt::format("`{}` is {}", compared, shown));
      values += (values.empty() ? "" : "; ") + compared + " = " + shown;
      text = replace_all(text, "{" + compared + "}", shown);
    }
    if (!member.empty()) text = replace_all(text, "{" + entity_name(program_, norm.entity) + "}", member);
    out_.csv += fmt::format("{},{},{},{},{},{},{},{}\n", csv_cell(rule.name), kind_word(norm.kind), csv_cell(member), from, until, last - first + 1, csv_cell(values), csv_cell(text));
    if (before >= kMostTold) return;
    const std::string when = whole ? "" : first == last ? (norm.period.unit == Period::Unit::interval || norm.period.unit == Period::Unit::minutes || norm.period.unit == Period::Unit::hour ? " at " : norm.period.unit == Period::Unit::day ? " on " : " in ") + from : " from " + from + " to " + until;
    const std::string message = (member.empty() ? "the rule `" + rule.name + "` is broken" : "`" + member + "` breaks the rule `" + rule.name + "`") + when + (text.empty() ? "" : ": " + text);
    Diagnostic& told = norm.kind == NormKind::warn ? verdicts_.findings.warning("WL4402", norm.span, message) : verdicts_.findings.error("WL4401", norm.span, message);
    for (const std::string& figure : figures) told.note(figure);
    for (const Citation& cite : norm.cites) told.note("by " + cite.text);
    if (!rule.binds.empty()) told.note(fmt::format("it binds `{}`", rule.binds));
  }

  // In the unit of its attribute; a state of charge in percent.
  std::string shown_as_declared(const std::string& text, ExpressionId id, const Value& value) const {
    const Expression& e = program_[id];
    if (!value.nothing && (text == "soc" || text.starts_with("soc at time of "))) return print_decimal(value.number * 100, 0, 6) + " %";
    if (!value.nothing && e.op == Op::attribute && e.type.kind == ValueKind::number) {
      const AttributeRequest& request = program_.attributes[e.index].request;
      const auto meaning = request.unit_meaning ? request.unit_meaning(request.unit) : std::nullopt;
      if (meaning && meaning->factor > 0) return print_decimal(value.number / meaning->factor, 0, 12) + " " + request.unit;
    }
    return print_value(program_, e.type, value);
  }

  const LoadedSettlement& loaded_;
  const TypedProgram& program_;
  Interpreter& interpreter_;
  Findings& out_;
  RuleVerdicts& verdicts_;
  size_t undecided_ = 0;               // windows of the rule at hand
  std::string unknown_of_;             // the first of those members
};

}  // namespace

std::vector<ExpressionId> columns_for_rules(const TypedProgram& program, const Settlement& settlement) {
  std::vector<ExpressionId> columns;
  const auto add = [&](ExpressionId id) {
    if (id && program[id].grain.entity != EntityGrain::none && program[id].op != Op::attribute && std::find(columns.begin(), columns.end(), id) == columns.end()) columns.push_back(id);
  };
  for (const TypedRule& rule : settlement.rules)
    for (const DataNorm& norm : rule.on_data) {
      add(norm.applies);
      add(norm.holds);
      add(norm.known);
      if (norm.period.unit == Period::Unit::interval) continue;  // read where the rule is broken
      for (const auto& [text, value] : norm.values) add(value);
    }
  return columns;
}

Findings decide_on_data(const LoadedSettlement& loaded, const std::vector<ExpressionId>& wanted, const std::vector<ValueColumn>& columns, RuleVerdicts& verdicts) {
  Findings out;
  const std::vector<TypedRule>& rules = loaded.settlement->rules;
  if (rules.empty()) return out;
  for (const RuleVerdicts::Finding& found : verdicts.broken_norms)
    out.csv += fmt::format("{},{},{},{},{},,{},{}\n", csv_cell(found.rule), found.kind, csv_cell(found.subject), found.first, found.until, csv_cell(found.values), csv_cell(found.text));
  Interpreter interpreter(loaded.program(), *loaded.settlement, loaded.clock, loaded.traces);
  learn_columns(loaded, interpreter, wanted, columns);
  Decider decider(loaded, interpreter, out, verdicts);
  for (const TypedRule& rule : rules) {
    if (rule.on_data.empty()) continue;
    decider.decide(rule);
    if (const auto& fault = interpreter.fault()) {
      out.failure = Failure{fault->code, fmt::format("the rule `{}`: {}", rule.name, fault->message), "", "", 0, "", places_of(loaded.program(), rule.span, fault->expression)};
      return out;
    }
  }
  out.csv.insert(0, "rule,kind,member,first,last,windows,values,text\n");
  return out;
}

}  // namespace wattlaw
