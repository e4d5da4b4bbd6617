#include "compiler/program/decide_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "runtime/number/rational.h"

namespace wattlaw {

namespace {

constexpr size_t kMostNamed = 3;
constexpr size_t kMostPlaces = 4;

enum class Outcome { holds, undecided, broken };

Outcome outcome_of(const TypedProgram& program, const NormVersion& version) {
  if (!version.holds) return Outcome::undecided;
  return program[version.holds].value != 0 ? Outcome::holds : Outcome::broken;
}

std::string figure_text(const TypedProgram& program, const ReadFigure& figure) {
  switch (figure.type.kind) {
    case ValueKind::boolean: return figure.value != 0 ? "yes" : "no";
    case ValueKind::date: return print_date(Date{static_cast<int32_t>(figure.value)});
    case ValueKind::choice: return program.choice_sets[figure.type.choices].names[static_cast<size_t>(figure.value)];
    case ValueKind::member:
    case ValueKind::number: break;
  }
  if (!figure.shown.empty()) return figure.shown;
  const std::string unit = unit_text(program, figure.type);
  return print_decimal(figure.value, figure.type.dimension.money ? 2 : 0, 6) + (unit.empty() ? "" : " " + unit);
}

std::string note_of(const TypedProgram& program, const ReadFigure& figure) {
  const bool is_statement = figure.type.kind == ValueKind::boolean && figure.text.find(' ') != std::string::npos;  // "N1 is DistributionOperator"
  if (is_statement) return "`" + figure.text + "`";
  return fmt::format("`{}` is {}{}", figure.text, figure_text(program, figure), figure.where.empty() ? "" : ", " + figure.where);
}

std::string period_text(const NormVersion& first, const NormVersion& last) {
  std::string text;
  if (first.from) text += " from " + print_date(*first.from);
  if (last.until) text += " until " + print_date(*last.until);
  return text;
}

// Versions [first, last] of the norm, all broken: told once, with what the first of them read.
void tell_broken(const TypedProgram& program, const TypedRule& rule, const TypedNorm& norm, const NormVersion& first, const NormVersion& last, RuleVerdicts& verdicts) {
  const std::string what = norm.subject.empty() ? fmt::format("the rule `{}` is broken", rule.name) : fmt::format("`{}` breaks the rule `{}`", norm.subject, rule.name);
  const std::string message = what + period_text(first, last) + (first.text.empty() ? "" : ": " + first.text);
  const bool warns = norm.kind == NormKind::warn;
  Diagnostic& told = warns ? verdicts.findings.warning("WL4402", norm.span, message) : verdicts.findings.error("WL4401", norm.span, message);
  if (!norm.subject.empty()) told.label(norm.subject_place, "`" + norm.subject + "`");
  std::set<std::pair<uint32_t, uint32_t>> places;
  for (const ReadFigure& figure : first.figures) {
    told.note(note_of(program, figure));
    if (places.size() < kMostPlaces && places.insert({figure.place.file, figure.place.begin}).second) told.label(figure.place, "read here");
  }
  for (const Citation& cite : norm.cites) told.note("by " + cite.text);
  if (!rule.binds.empty()) told.note(fmt::format("it binds `{}`", rule.binds));
  std::string values;
  for (const ReadFigure& figure : first.figures) values += (values.empty() ? "" : "; ") + (figure.type.kind == ValueKind::boolean && figure.text.find(' ') != std::string::npos ? figure.text : figure.text + " = " + figure_text(program, figure));
  verdicts.broken_norms.push_back({rule.name, warns ? "warn" : norm.kind == NormKind::forbid ? "forbid" : "require", norm.subject, first.from ? print_date(*first.from) : "", last.until ? print_date(*last.until) : "", values, first.text});
}

// One warning for each reason, however many subjects have it.
void tell_undecided(const TypedRule& rule, const std::map<std::string, std::vector<const TypedNorm*>>& reasons, RuleVerdicts& verdicts) {
  for (const auto& [reason, norms] : reasons) {
    std::string subjects;
    for (size_t i = 0; i < std::min(norms.size(), kMostNamed); ++i)
      if (!norms[i]->subject.empty()) subjects += (subjects.empty() ? " for `" : ", `") + norms[i]->subject + "`";
    if (norms.size() > kMostNamed) subjects += fmt::format(" and {} more", norms.size() - kMostNamed);
    verdicts.findings.warning("WL4403", norms[0]->span, fmt::format("the rule `{}` is undecided{}: {}", rule.name, subjects, reason)).hint("declarations decide it only where they say all that it reads");
  }
}

Outcome decide_norm(const TypedProgram& program, const TypedRule& rule, const TypedNorm& norm, std::map<std::string, std::vector<const TypedNorm*>>& reasons, RuleVerdicts& verdicts) {
  Outcome worst = Outcome::holds;
  const std::vector<NormVersion>& versions = norm.versions;
  for (size_t i = 0; i < versions.size(); ++i) {
    const Outcome outcome = outcome_of(program, versions[i]);
    worst = std::max(worst, outcome);
    if (outcome == Outcome::undecided) {
      std::vector<const TypedNorm*>& norms = reasons[versions[i].undecided];
      if (norms.empty() || norms.back() != &norm) norms.push_back(&norm);
    }
    if (outcome != Outcome::broken) continue;
    size_t last = i;
    while (last + 1 < versions.size() && versions[last].until == versions[last + 1].from && outcome_of(program, versions[last + 1]) == Outcome::broken) ++last;
    tell_broken(program, rule, norm, versions[i], versions[last], verdicts);
    i = last;
  }
  return worst;
}

}  // namespace

RuleVerdicts decide_rules(const TypedProgram& program, const Settlement& settlement) {
  RuleVerdicts verdicts;
  for (const TypedRule& rule : settlement.rules) {
    if (!rule.on_data.empty()) {
      ++verdicts.by_run;
      continue;
    }
    bool broken = false, warned = false, undecided = false;
    std::map<std::string, std::vector<const TypedNorm*>> reasons;
    for (const TypedNorm& norm : rule.norms) {
      const Outcome outcome = decide_norm(program, rule, norm, reasons, verdicts);
      undecided = undecided || outcome == Outcome::undecided;
      if (outcome == Outcome::broken) (norm.kind == NormKind::warn ? warned : broken) = true;
    }
    tell_undecided(rule, reasons, verdicts);
    const bool asked = std::any_of(rule.norms.begin(), rule.norms.end(), [](const TypedNorm& norm) { return !norm.versions.empty(); });
    ++(!asked ? verdicts.idle : broken ? verdicts.broken : undecided || !reasons.empty() ? verdicts.undecided : warned ? verdicts.warned : verdicts.hold);
  }
  return verdicts;
}

void add_verdicts(RuleVerdicts& to, const RuleVerdicts& more) {
  to.hold += more.hold;
  to.broken += more.broken;
  to.warned += more.warned;
  to.undecided += more.undecided;
  to.idle += more.idle;
  to.by_run += more.by_run;
}

std::string verdicts_text(const RuleVerdicts& verdicts) {
  const auto part = [](size_t count, const char* one, const char* many) { return count == 0 ? std::string() : fmt::format("{} {}", count, count == 1 ? one : many); };
  std::string text;
  for (const std::string& said : {part(verdicts.hold, "holds", "hold"), part(verdicts.broken, "is broken", "are broken"), part(verdicts.warned, "warns", "warn"), part(verdicts.undecided, "is undecided", "are undecided"),
                                  part(verdicts.idle, "concerns nothing", "concern nothing"), part(verdicts.by_run, "is decided by a run", "are decided by a run")})
    if (!said.empty()) text += (text.empty() ? "" : ", ") + said;
  return "rules: " + text;
}

}  // namespace wattlaw
