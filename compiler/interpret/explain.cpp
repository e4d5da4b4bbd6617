#include "compiler/interpret/explain.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "compiler/interpret/line_facts.h"
#include "compiler/interpret/print_value.h"
#include "runtime/number/rounding.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

struct Explainer {
  const ExplainInputs& in;
  const TypedClause& clause;
  uint32_t site, window, begin, end;
  Rational parts_sum = 0;
  bool parts_complete = true;

  const Expression& at(ExpressionId id) const { return in.program[id]; }
  Value value(ExpressionId id, uint32_t step) const { return in.interpreter.evaluate(id, site, step); }
  bool holds(ExpressionId id, uint32_t step) const { return value(id, step).number != 0; }
  bool in_scope(const ClauseVersion& version, uint32_t step) const { return !version.scope || holds(version.scope, step); }
  std::string text(const Span& span) const { return in.text_of ? in.text_of(span) : ""; }
  std::string print(ExpressionId id, const Rational& number) const { return print_value(in.program, at(id).type, {false, number}); }
  std::string print_money(const Rational& number) const { return print_value(in.program, at(clause.amount).type, {false, number}); }

  bool overlaps(const ClauseVersion& version) const {
    const Date first = in.clock.date_of_step(begin), last = in.clock.date_of_step(end - 1);
    return (!version.from || *version.from <= last) && (!version.until || *version.until > first);
  }

  void add_part(Explanation& out, std::string label, ExpressionId quantity, const Rational& amount, ExpressionId rate, const Rational& price) {
    const Rational money = amount * price;
    parts_sum += money;
    out.parts.push_back({std::move(label), print(quantity, amount), print(rate, price), print_money(money)});
  }

  // Flows: the steps of the window by row, exception and rate.
  void explain_flow(Explanation& out, const ClauseVersion& version, const std::string& prefix) {
    struct Group {
      std::string label;
      Rational quantity = 0;
    };
    std::map<std::tuple<size_t, size_t, Rational>, Group> groups;
    const Windows& fine = in.interpreter.windows(at(version.quantity).grain.time.unit == Unit::none ? clause.billing : at(version.quantity).grain.time);
    uint32_t i = fine.window_of_step[begin];
    if (fine.first_step[i] < begin) ++i;
    for (; i < fine.size() && fine.first_step[i] < end && !in.interpreter.fault(); ++i) {
      const uint32_t step = fine.first_step[i];
      const bool is_whole_line = fine.first_step[i + 1] >= end && step == begin;  // then a finer scope is in the quantity already
      if (!is_whole_line && !in_scope(version, step)) continue;
      const Value quantity = value(version.quantity, step);
      if (quantity.number == 0) continue;
      size_t row = 0, exception = 0;
      while (row < version.rows.size() && !(version.rows[row].condition && holds(version.rows[row].condition, step))) ++row;
      while (exception < version.exceptions.size() && !holds(version.exceptions[exception].condition, step)) ++exception;
      std::string label = row < version.rows.size() ? version.rows[row].key : "";
      if (exception < version.exceptions.size()) label = fmt::format("exception `{}`", version.exceptions[exception].label);
      Group& group = groups[{row, exception, value(version.rate, step).number}];
      group.label = std::move(label);
      group.quantity += quantity.number;
    }
    for (const auto& [key, group] : groups) add_part(out, prefix + group.label, version.quantity, group.quantity, version.rate, std::get<2>(key));
    for (const RateRow& row : version.rows)  // what counting in steps adds
      if (row.quantity && value(row.quantity, begin).number != 0) add_part(out, prefix + row.key, row.quantity, value(row.quantity, begin).number, row.rate, value(row.rate, begin).number);
  }

  void explain_blocks(Explanation& out, const ClauseVersion& version, const std::string& prefix) {
    for (const RateRow& row : version.rows) {
      const Value quantity = value(row.quantity, begin);
      if (at(row.rate).grain.time.unit == Unit::interval) {
        parts_complete = false;
        out.parts.push_back({prefix + row.key, print(row.quantity, quantity.number), "changing rates", ""});
      } else if (quantity.number != 0) {
        add_part(out, prefix + row.key, row.quantity, quantity.number, row.rate, value(row.rate, begin).number);
      }
    }
  }

  // The least constant in a row's condition that the quantity is compared with from below: where the step begins.
  std::optional<Rational> step_begin(ExpressionId condition, ExpressionId quantity) const {
    const Expression& e = at(condition);
    if ((e.op == Op::less_equal || e.op == Op::less) && e.operands[1] == quantity && at(e.operands[0]).op == Op::constant) return at(e.operands[0]).value;
    if (e.op == Op::logical_not) {
      const Expression& inner = at(e.operands[0]);
      if (inner.op == Op::less && inner.operands[0] == quantity && at(inner.operands[1]).op == Op::constant) return at(inner.operands[1]).value;
      return std::nullopt;
    }
    if (e.op == Op::logical_and)
      for (const ExpressionId operand : e.operands)
        if (const auto found = step_begin(operand, quantity)) return found;
    return std::nullopt;
  }

  void explain_steps(Explanation& out, const ClauseVersion& version, const std::string& prefix) {
    parts_complete = false;  // a step's figure is of its own unit (a month's fee), so the amount is said by `exact`
    const Value quantity = value(version.quantity, begin);
    for (const RateRow& row : version.rows) {
      if (!row.condition || !holds(row.condition, begin)) continue;
      out.parts.push_back({prefix + row.key, print(version.quantity, quantity.number), print(row.rate, value(row.rate, begin).number), ""});
      out.step = fmt::format("{} is on the step `{}`", print(version.quantity, quantity.number), row.key);
      std::optional<Rational> nearest;
      const RateRow* next = nullptr;
      for (const RateRow& other : version.rows) {
        const auto bound = other.condition ? step_begin(other.condition, version.quantity) : std::nullopt;
        if (!bound || *bound <= quantity.number || (nearest && *nearest <= *bound)) continue;
        nearest = bound;
        next = &other;
      }
      if (next)
        out.step += fmt::format(", {} below `{}` ({})", print(version.quantity, *nearest - quantity.number), next->key, print(next->rate, value(next->rate, begin).number));
    }
  }

  void explain_version(Explanation& out, const ClauseVersion& version, bool several) {
    ExplainedVersion said;
    if (version.from) said.in_force = "from " + print_date(*version.from);
    if (version.until) said.in_force += (said.in_force.empty() ? "until " : " until ") + print_date(*version.until);
    for (const Citation& cite : version.cites) said.cites.push_back(cite.text);
    for (const ParameterUse& use : version.parameters) {
      // The versions that hold on some day of this window.
      const Date first_day = in.clock.date_of_step(begin), last_day = in.clock.date_of_step(end - 1);
      std::string text = use.name;
      for (size_t i = 0; i < use.values.size(); ++i) {
        if (!use.dates.empty() && use.dates[i] > last_day) continue;
        if (i + 1 < use.dates.size() && use.dates[i + 1] <= first_day) continue;
        text += (text == use.name ? " " : ", then ") + print(use.values[i], in.interpreter.evaluate(use.values[i], site, begin).number);
        if (!use.dates.empty()) text += " from " + print_date(use.dates[i]);
      }
      said.parameters.push_back(std::move(text));
    }
    const std::string prefix = several && version.from ? print_date(*version.from) + " " : "";
    const bool is_priced_by_interval = version.rate && version.quantity && at(version.quantity).grain.time.unit == Unit::interval;
    const bool has_blocks = !version.rows.empty() && version.rows.front().quantity && !is_priced_by_interval;
    if (has_blocks)
      explain_blocks(out, version, prefix);
    else if (version.quantity && version.rate)
      explain_flow(out, version, prefix);
    else if (version.quantity && !version.rows.empty())
      explain_steps(out, version, prefix);
    else
      parts_complete = false;
    if (version.quantity)
      for (ExplainedPeak& peak : explain_peaks(in, version.quantity, site, begin)) out.peaks.push_back(std::move(peak));
    for (const TypedException& exception : version.exceptions) out.exceptions.push_back(explain_exception(version, exception));
    out.versions.push_back(std::move(said));
  }

  ExplainedException explain_exception(const ClauseVersion& version, const TypedException& exception) const {
    ExplainedException said;
    said.label = exception.label;
    said.condition = text(at(exception.condition).span);
    for (uint32_t step = begin; step < end && !in.interpreter.fault(); ++step) {
      if (!in_scope(version, step)) continue;
      ++said.steps;
      said.applied_steps += holds(exception.condition, step);
    }
    std::set<uint32_t> seen;
    add_facts(exception.condition, seen, said.facts);
    for (const Citation& cite : exception.cites) said.cites.push_back(cite.text);
    return said;
  }

  // What a condition read of the site and of whole windows; intervals would be too many to tell.
  void add_facts(ExpressionId id, std::set<uint32_t>& seen, std::vector<ExplainedFact>& facts) const {
    const Expression& e = at(id);
    if (!seen.insert(id.index).second) return;
    if (e.op == Op::attribute) return facts.push_back({in.program.attributes[e.index].name, print_value(in.program, e.type, value(id, begin))});
    if (e.op == Op::aggregate && e.grain.time.unit != Unit::interval && !e.period.rolling)
      return facts.push_back({text(e.span).empty() ? op_name(e.op) : text(e.span), print_value(in.program, e.type, value(id, begin))});
    for (const ExpressionId operand : e.operands) add_facts(operand, seen, facts);
  }

  // Lines of other clauses that the amount reads.
  void add_lines(ExpressionId id, std::set<uint32_t>& seen, std::vector<ExplainedFact>& lines) const {
    if (!seen.insert(id.index).second) return;
    for (const TypedClause& other : in.settlement.clauses)
      if (&other != &clause && (other.line == id || other.amount == id) && at(id).op != Op::constant)
        return lines.push_back({clause_name(other), print_value(in.program, at(id).type, value(id, begin))});
    for (const ExpressionId operand : at(id).operands) add_lines(operand, seen, lines);
  }
};

std::string describe_account(const std::string& account, const std::string& role, bool is_site, const std::string& member) {
  const std::string& name = is_site ? member : account;
  return name == role ? role : fmt::format("{} ({})", name, role);
}

}  // namespace

Explanation explain(const ExplainInputs& inputs, uint32_t clause_index, uint32_t site, uint32_t window) {
  const TypedClause& clause = inputs.settlement.clauses[clause_index];
  const Windows& windows = inputs.interpreter.windows(clause.billing);
  Explainer explainer{inputs, clause, site, window, windows.first_step[window], windows.first_step[window + 1]};
  Explanation out;
  out.clause = clause_name(clause);
  out.member = members_of(inputs.traces, clause.entity).ids[site];
  out.period = windows.label(window, inputs.clock);
  out.payer = describe_account(clause.payer_account, clause.payer, clause.payer_is_member, out.member);
  out.payee = describe_account(clause.payee_account, clause.payee, clause.payee_is_member, out.member);
  out.present = explainer.holds(clause.present, explainer.begin);
  std::vector<const ClauseVersion*> in_force;
  for (const ClauseVersion& version : clause.versions)
    if (explainer.overlaps(version)) in_force.push_back(&version);
  if (out.present) {
    const Rational exact = explainer.value(clause.amount, explainer.begin).number, posted = explainer.value(clause.line, explainer.begin).number;
    out.amount = explainer.print_money(posted);
    out.exact = explainer.print_money(exact);
    if (clause.rounding.grain == RoundingGrain::line || clause.rounding.grain == RoundingGrain::row)
      out.rounding = fmt::format("{} {}", explainer.print_money(clause.rounding.quantum), rounding_mode_name(clause.rounding.mode));
    out.residue = print_decimal(exact - posted, 0, 12);
    for (const ClauseVersion* version : in_force) explainer.explain_version(out, *version, in_force.size() > 1);
    const bool is_plain = clause.kind == ClauseKind::charge || clause.kind == ClauseKind::credit || clause.kind == ClauseKind::pay;
    if (is_plain && out.parts.empty() && !inputs.interpreter.fault()) out.derivation = derive_amount(inputs, clause, site, window);
    if (explainer.parts_complete && !out.parts.empty() && explainer.parts_sum != exact) out.adjusted = explainer.print_money(explainer.parts_sum);
    if (clause.kind == ClauseKind::tax || clause.kind == ClauseKind::minimum || clause.kind == ClauseKind::maximum || clause.kind == ClauseKind::rounding) {
      std::set<uint32_t> seen;
      explainer.add_lines(clause.amount, seen, out.on_lines);
    }
  } else {
    for (const ClauseVersion* version : in_force)
      for (const TypedException& exception : version->exceptions) out.exceptions.push_back(explainer.explain_exception(*version, exception));
  }
  if (!out.versions.empty())
    for (const Citation& cite : clause.cites) out.versions.front().cites.push_back(cite.text);
  if (inputs.interpreter.fault()) out.fault = inputs.interpreter.fault()->message;
  return out;
}

}  // namespace wattlaw
