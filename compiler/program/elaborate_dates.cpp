// Days as values: `notice.effective - 30 days`, `age(vehicle.first_registered) < 8 years`, `switch_request.done is not none`, deadlines.
// A date is a number of days; the length of months and years is that of the calendar, so they are added to days that are known, and an age
// in years is asked of the anniversary: equal on it, greater the day after; where a month lacks the day its last day counts.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"

namespace wattlaw {

namespace {

const Dimension kDays{.day = 1}, kMonths{.month = 1};
constexpr int kFarthest = 12 * 1000;  // months: what law counts with

Type date_type() {
  Type type;
  type.kind = ValueKind::date;
  return type;
}

bool is_whole(const Rational& value) { return denominator(value) == 1 && abs(value) <= kFarthest * 31; }

// The day on which something that began on `day` is `months` old.
Date plus_months(Date day, int months) {
  const YearMonthDay civil = civil_of(day);
  const int at = civil.year * 12 + civil.month - 1 + months;
  const Date first = date_of(at / 12, at % 12 + 1, 1), next = date_of((at + 1) / 12, (at + 1) % 12 + 1, 1);
  return Date{std::min(first.days + civil.day - 1, next.days - 1)};
}

// A length of time in civil units: days, or months.
struct CivilLength {
  int days = 0, months = 0;
};

Date plus(Date day, const CivilLength& length) { return Date{plus_months(day, length.months).days + length.days}; }

// The latest day that is at least so old on `today`.
Date latest_of_age(Date today, const CivilLength& length) {
  Date day{plus_months(today, -length.months).days - length.days + 3};  // months end on different days: from a little later, back
  while (plus(day, length) > today) --day.days;
  return day;
}

}  // namespace

ExpressionId Elaborator::no_date(Span span) { return pool_.constant(kNoDate.days, date_type(), span); }

// `notice.effective - 30 days`, `asked + 21 days`, `done - asked`; the first term is a date.
ExpressionId Elaborator::elaborate_date_sum(NodeId sum, ExpressionId first, Context& context) {
  const Node& n = node(context.module, sum);
  ExpressionId value = first;
  bool is_date = true;
  for (size_t i = 1; i < n.children.size(); ++i) {
    ExpressionId term = elaborate(n.children[i], context);
    if (!term) return {};
    const Type type = pool_[term].type;
    const bool minus = i - 1 < n.text.size() && n.text[i - 1] == '-', known = pool_.is_constant(term) && is_whole(pool_[term].value);
    if (is_date && type.kind == ValueKind::number && type.dimension == kMonths && known && pool_.is_constant(value)) {
      const int months = static_cast<int>(numerator(pool_[term].value));
      value = pool_.constant(plus_months(Date{static_cast<int32_t>(pool_[value].value)}, minus ? -months : months).days, date_type(), n.span);
      continue;
    }
    const bool days = type.kind == ValueKind::number && type.dimension == kDays, both = is_date && minus && type.kind == ValueKind::date;
    if (!days && !both) {
      if (Diagnostic* d = error("WL3135", node(context.module, n.children[i]).span, "`" + text_of(node(context.module, n.children[i]).span) + "` is no number of days"))
        d->hint(type.kind == ValueKind::number && type.dimension == kMonths ? "months have no fixed length: write days, or ask for the age, `age(" + text_of(node(context.module, n.children[0]).span) + ") >= " + text_of(node(context.module, n.children[i]).span) + "`"
                                                                            : "a day and a number of days make a day, `notice.effective - 30 days`; a day less a day is a number of days");
      return {};
    }
    if (both) is_date = false;
    const Type result = is_date ? date_type() : number_type(kDays);
    if (minus) term = pool_.is_constant(term) ? pool_.constant(-pool_[term].value, number_type(kDays), n.span) : pool_.make(Op::negate, number_type(kDays), {term}, n.span);
    if (pool_.is_constant(value) && pool_.is_constant(term)) {
      value = pool_.constant(pool_[value].value + pool_[term].value, result, n.span);
    } else {
      std::vector<ExpressionId> parts{value, term};
      relate(parts, n.span);
      value = pool_.make(Op::add, result, std::move(parts), n.span);
    }
  }
  return value;
}

// A day for each window (or interval) of what is asked, by the local date on which it begins; once for a run as a whole.
ExpressionId Elaborator::date_by_day(const std::function<Date(Date today)>& of, Context& context, Span span) {
  if (context.rule && !context.rule->of_data) return pool_.constant(of(*context.as_of).days, date_type(), span);
  const bool asked_of_windows = context.each != EntityGrain::none || context.as_of.has_value();
  const Period grain = asked_of_windows ? context.default_period : kInterval;
  if (grain.unit == Period::Unit::none) return pool_.constant(of(settlement_->from).days, date_type(), span);
  Expression e;
  e.op = Op::dated;
  e.type = date_type();
  e.grain = {EntityGrain::none, grain};
  e.change = grain == kInterval ? Change::at_step : Change::at_start;
  e.span = span;
  for (Date day = settlement_->history_from; day < settlement_->until; ++day.days) {
    const ExpressionId value = pool_.constant(of(day).days, date_type(), span);
    if (!e.operands.empty() && e.operands.back() == value) continue;
    e.dates.push_back(e.operands.empty() ? Date{INT32_MIN / 2} : day);
    e.operands.push_back(value);
  }
  return e.operands.size() == 1 ? e.operands[0] : pool_.intern(std::move(e));
}

// `age(D) < 8 years`, asked of the day at hand; nothing: no age is compared.
std::optional<ExpressionId> Elaborator::compare_age(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const auto is_age = [&](NodeId side) { return node(context.module, side).kind == NodeKind::Call && node(context.module, side).text == "age"; };
  const bool left = is_age(n.children[0]), right = is_age(n.children[1]);
  if (left == right) return std::nullopt;
  const NodeId call = n.children[left ? 0 : 1], other = n.children[left ? 1 : 0];
  const std::vector<NodeId> arguments = tree(context.module).children(call, NodeKind::Argument);
  const ExpressionId since = arguments.size() == 1 ? elaborate(node(context.module, arguments[0]).children[0], context) : ExpressionId{};
  const ExpressionId limit = elaborate(other, context);
  if (arguments.size() == 1 && (!since || !limit)) return ExpressionId{};
  const bool is_length = limit && pool_.is_constant(limit) && is_whole(pool_[limit].value) && pool_[limit].type.kind == ValueKind::number &&
                         (pool_[limit].type.dimension == kDays || pool_[limit].type.dimension == kMonths);
  if (!since || pool_[since].type.kind != ValueKind::date || !is_length) {
    if (Diagnostic* d = error("WL3135", n.span, "an age is that of a day, and is compared with a number of days, months or years")) d->hint("write for example `age(vehicle.first_registered) < 8 years`");
    return ExpressionId{};
  }
  CivilLength length;
  (pool_[limit].type.dimension == kDays ? length.days : length.months) = static_cast<int>(numerator(pool_[limit].value));
  std::string op = n.text;
  if (right) op = op == "<" ? ">" : op == "<=" ? ">=" : op == ">" ? "<" : op == ">=" ? "<=" : op;
  if (context.rule && !context.rule->of_data) {  // the law as of a day: read anew where the answer changes
    if (settlement_->kind != Settlement::Kind::scenario && context.rule->undecided.empty()) context.rule->undecided = "it asks what day it is, and the scenario has no period";
    if (context.cut_dates && pool_.is_constant(since) && pool_[since].value > kNoDate.days)
      for (const int after : {0, 1}) context.cut_dates->insert(Date{plus(Date{static_cast<int32_t>(pool_[since].value)}, length).days + after});
  }
  need_date(since, context, n.span);
  const auto at_least = [&](int days_before) {  // the age is at least that on the day so many days before
    ExpressionId bound = date_by_day([&](Date today) { return latest_of_age(Date{today.days - days_before}, length); }, context, n.span);
    std::vector<ExpressionId> parts{since, bound};
    relate(parts, n.span);
    if (pool_.is_constant(parts[0]) && pool_.is_constant(parts[1])) return pool_.boolean(pool_[parts[0]].value <= pool_[parts[1]].value, n.span);
    return pool_.make(Op::less_equal, boolean_type(), parts, n.span);
  };
  if (op == ">=") return at_least(0);
  if (op == "<") return pool_.negation(at_least(0), n.span);
  if (op == ">") return at_least(1);
  if (op == "<=") return pool_.negation(at_least(1), n.span);
  const ExpressionId on_the_day = pool_.both(at_least(0), pool_.negation(at_least(1), n.span), n.span);
  return op == "=" ? on_the_day : pool_.negation(on_the_day, n.span);
}

// A norm that compares a day that is not there is undecided, unless it asks for that itself.
void Elaborator::need_date(ExpressionId date, Context& context, Span span) {
  if (pool_.is_constant(date) || !context.dates_needed) return;
  std::vector<ExpressionId> todo{date};
  while (!todo.empty()) {
    const Expression& e = pool_[todo.back()];
    const ExpressionId id = todo.back();
    todo.pop_back();
    if (e.op == Op::attribute && e.type.kind == ValueKind::date) context.dates_needed->push_back(pool_.negation(pool_.make(Op::equal, boolean_type(), {id, no_date(span)}, span), span));
    todo.insert(todo.end(), e.operands.begin(), e.operands.end());
  }
}

// `require C before D`: what is set by a day before D fulfils it; until D has come within the run it is pending, which is not judged.
bool Elaborator::elaborate_deadline(NodeId norm, ExpressionId& applies, ExpressionId& holds, ExpressionId& day, Context& context) {
  const Node& n = node(context.module, norm);
  const NodeId deadline = tree(context.module).child(norm, NodeKind::Deadline);
  const Node& asked = node(context.module, n.children[0]);
  const bool asks_a_day = asked.kind == NodeKind::IsTest && asked.text == "is not" && node(context.module, asked.children[1]).kind == NodeKind::None;
  const ExpressionId set = asks_a_day ? elaborate(asked.children[0], context) : ExpressionId{};
  if (asks_a_day && !set) return false;
  if (!set || pool_[set].type.kind != ValueKind::date || n.text == "forbid") {
    if (Diagnostic* d = error("WL4408", asked.span, "what has to come before a deadline is a day that is set")) d->hint("write for example `require switch_request.done is not none before switch_request.asked + 21 days`");
    return false;
  }
  const ExpressionId due = elaborate(node(context.module, deadline).children[0], context);
  if (!due) return false;
  if (pool_[due].type.kind != ValueKind::date) {
    if (Diagnostic* d = error("WL4408", node(context.module, deadline).span, "a deadline is a day")) d->hint("write for example `before switch_request.asked + 21 days`, or `before 2027-01-01`");
    return false;
  }
  need_date(due, context, n.span);
  const auto less = [&](ExpressionId a, ExpressionId b) {
    std::vector<ExpressionId> parts{a, b};
    relate(parts, n.span);
    return pool_.make(Op::less, boolean_type(), parts, n.span);
  };
  const ExpressionId is_set = pool_.negation(pool_.make(Op::equal, boolean_type(), {set, no_date(n.span)}, n.span), n.span);
  holds = pool_.both(is_set, less(set, due), n.span);
  const ExpressionId has_come = less(due, pool_.constant(settlement_->until.days, date_type(), n.span));
  applies = pool_.both(applies, pool_.either({holds, has_come}, n.span), n.span);
  day = due;
  return true;
}

// The same of what declarations say: `member Two is switch_request { asked: 2026-03-01  done: 2026-03-10 }`.
bool Elaborator::has_met_deadline(NodeId id, Context& context, NormVersion& version) {
  const SyntaxTree& t = tree(context.module);
  const Node &n = t[id], &asked = t[n.children[0]];
  RuleReading& reading = *context.rule;
  const bool asks_a_day = asked.kind == NodeKind::IsTest && asked.text == "is not" && t[asked.children[1]].kind == NodeKind::None && t[asked.children[0]].kind == NodeKind::Name;
  const std::string name = asks_a_day ? t[asked.children[0]].text : "";
  if (!asks_a_day || !reading.subject || !name.starts_with(reading.word + ".")) {
    if (Diagnostic* d = error("WL4408", asked.span, "what has to come before a deadline is a day that is set")) d->hint("write for example `require switch_request.done is not none before switch_request.asked + 21 days`");
    return false;
  }
  const ExpressionId due = elaborate(t[t.child(id, NodeKind::Deadline)].children[0], context);
  if (!due) return false;
  if (pool_[due].type.kind != ValueKind::date || !pool_.is_constant(due)) {
    if (Diagnostic* d = error("WL4408", t[t.child(id, NodeKind::Deadline)].span, "a deadline is a day")) d->hint("write for example `before switch_request.asked + 21 days`, or `before 2027-01-01`");
    return false;
  }
  const bool is_set = value_of_field(name.substr(reading.word.size() + 1), context).has_value();
  const ExpressionId set = is_set ? elaborate(asked.children[0], context) : ExpressionId{};
  if (is_set && !set) return false;
  const bool holds = is_set && pool_[set].value < pool_[due].value, has_period = settlement_->kind == Settlement::Kind::scenario;
  reading.figures.push_back({"deadline", date_type(), pool_[due].value, {}, t[t.child(id, NodeKind::Deadline)].span});
  if (!holds && has_period && pool_[due].value >= settlement_->until.days) return false;  // pending: nothing is asked yet
  version.undecided = !reading.undecided.empty() ? reading.undecided : holds || has_period || is_set ? "" : "it asks what day it is, and the scenario has no period";
  if (version.undecided.empty()) version.holds = pool_.boolean(holds, n.span);
  return true;
}

}  // namespace wattlaw
