// `billing month starts on site.read_date`: bills begin on the day of the month on which each one's meter is read. The tariff then holds
// once for each of these days, with billing months of that day and for those who are read on it; who is read when is an attribute, so
// this is a condition like any other. The days are those of the members that are settled (CompileOptions::read_days); while nobody
// is known, as in `check`, the 1st and the 15th stand for all: bills that are calendar months, and bills that are not.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

void Elaborator::require_by_read_day(const std::string& key) {
  TariffInfo& tariff = *tariffs_[key];
  const std::string& name = tariff.headers.read_day;
  const Span span = tariff.headers.read_day_span;
  applied_[key].done = true;
  const auto index = attribute_index_.find(name);
  const AttributeDeclaration* declared = index == attribute_index_.end() ? nullptr : &program_.attributes[index->second];
  if (!declared || declared->type.kind != ValueKind::number || declared->type.dimension != Dimension{} || declared->entity != applied_[key].entity) {
    const std::string kind = entity_name(program_, applied_[key].entity);
    if (Diagnostic* d = error("WL4022", span, declared ? "`" + name + "` is no day on which the meter of a " + kind + " is read" : "nothing is called `" + name + "` here"))
      d->hint("a day is a number from 1 to 28: `billing month starts on site.read_date`, a column `read_date` of sites.csv, or declare `attribute " + kind + ".read_day: count`");
    return;
  }
  const ExpressionId day = attribute(name, span);
  std::set<int> days = options_.read_days;
  const auto known = [&](const Rational& value) {
    days.clear();
    if (denominator(value) == 1 && value >= 1 && value <= 28) days.insert(static_cast<int>(numerator(value)));
    else if (Diagnostic* d = error("WL4022", span, "a billing month starts on a day from 1 to 28, not on `" + print_decimal(value, 0, 6) + "`")) d->hint("`" + name + "` says so here");
  };
  if (days.empty()) days = {1, 15};
  if (pool_.is_constant(day)) known(pool_[day].value);
  if (settlement_->kind == Settlement::Kind::test) {
    const auto given = std::find_if(settlement_->given_attributes.begin(), settlement_->given_attributes.end(), [&](const auto& entry) { return entry.first == index->second; });
    if (given != settlement_->given_attributes.end()) known(given->second);
    else if (declared->request.default_value) known(*declared->request.default_value);
    else if (Diagnostic* d = error("WL4022", span, "nothing says on which day the bills of this test begin")) d->label(settlement_->span, "the test").hint("write `given " + name + " = 15` in it");
  } else if (!pool_.is_constant(day) && std::find(settlement_->read_days.begin(), settlement_->read_days.end(), index->second) == settlement_->read_days.end()) {
    settlement_->read_days.push_back(index->second);
  }
  std::vector<std::string> keys;
  std::vector<uint32_t> clauses;
  for (const int start : days) {
    auto of_day = std::make_unique<TariffInfo>(tariff);
    of_day->key = key + "/" + std::to_string(start);
    of_day->headers.read_day.clear();
    of_day->headers.billing.start_day = static_cast<uint8_t>(start);
    const std::string own = of_day->key;
    tariffs_[own] = std::move(of_day);
    Applied applied = applied_[key];
    applied.done = false;
    applied.by_read_day.clear();
    if (!pool_.is_constant(day)) {
      const ExpressionId is_read = pool_.make(Op::equal, boolean_type(), {day, pool_.constant(start, number_type(), span)}, span);
      applied.condition = pool_.both(applied.condition, is_read, span);
    }
    applied_[own] = std::move(applied);
    require_tariff(own);
    keys.push_back(own);
    clauses.insert(clauses.end(), applied_[own].clauses.begin(), applied_[own].clauses.end());
    if (diagnostics_.has_errors()) break;  // the text for those of another day is the same
  }
  applied_[key].by_read_day = std::move(keys);
  applied_[key].clauses = std::move(clauses);
}

// A clause, or with no label the whole tariff: what each pays under the one that is theirs.
ExpressionId Elaborator::value_by_read_day(const TariffInfo& tariff, const std::string& label, Context& context, Span span) {
  const std::vector<std::string>& keys = applied_.at(tariff.key).by_read_day;
  const bool over_run = context.totals && !context.single_lines;
  if (keys.size() > 1 && !over_run) {
    if (context.tariff)  // another tariff whose bills begin on the same days reads those of each day
      if (const size_t day = context.tariff->key.rfind('/'); day != std::string::npos)
        if (const auto same = tariffs_.find(tariff.key + context.tariff->key.substr(day)); same != tariffs_.end() && std::find(keys.begin(), keys.end(), same->first) != keys.end()) return sum_of_lines({same->first}, tariff, label, context, span);
    return tell_read_days(tariff, span);
  }
  return sum_of_lines(keys, tariff, label, context, span);
}

ExpressionId Elaborator::tell_read_days(const TariffInfo& tariff, Span span) {
  if (Diagnostic* d = error("WL3306", span, "bills of `" + tariff.symbol->name + "` begin on another day for each site, so they have no common " + period_name(kMonth)))
    d->label(tariff.headers.read_day_span, "here").hint("ask for the whole run, for example `show sum(" + tariff.symbol->name + ") over all`, or let a tariff that reads them begin its months as they do");
  return {};
}

ExpressionId Elaborator::sum_of_lines(const std::vector<std::string>& keys, const TariffInfo& tariff, const std::string& label, Context& context, Span span) {
  std::vector<ExpressionId> terms;
  for (const std::string& key : keys)
    for (const uint32_t index : applied_.at(key).clauses) {
      const TypedClause& clause = settlement_->clauses[index];
      if (label.empty() ? is_handed_on(clause, tariff) : clause.name != label) continue;
      const ExpressionId line = total_over_run(clause.line, context, span);
      terms.push_back(label.empty() && clause.kind == ClauseKind::credit ? pool_.negate(line, span) : line);
    }
  if (terms.empty()) return label.empty() ? pool_.constant(0, number_type({.money = 1}, 0, true), span) : ExpressionId{};
  if (!add_up(terms, context, span)) return {};
  return terms.size() == 1 ? terms[0] : pool_.add(terms, span);
}

}  // namespace wattlaw
