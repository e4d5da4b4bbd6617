// Values of other times: earlier windows, the history before the run, the interval in which something is greatest.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

// `history from import`: the run reads from the first window that this look-back sees.
void Elaborator::read_history(const TariffInfo& tariff, const Period& period, int count, Span span) {
  const std::string& name = tariff.headers.history_series;
  if (auto it = series_index_.find(name); it == series_index_.end() || !program_.series[it->second].request.per_member) {
    if (Diagnostic* d = error("WL4119", span, "the history is said to come from `" + name + "`, which is no reading of a site")) d->hint("write `history from import`: the readings before the run, from the same files");
    return;
  }
  const YearMonthDay first = civil_of(settlement_->from);
  const int months = period.unit == Period::Unit::month ? 1 : period.unit == Period::Unit::quarter ? 3 : period.unit == Period::Unit::year ? 12 : 0;
  Date begin{settlement_->from.days - count * (period.unit == Period::Unit::week ? 7 : 1)};  // days and weeks
  if (count == 0) {
    begin = date_of(first.year, 1, period.start_day);
    if (begin > settlement_->from) begin = date_of(first.year - 1, 1, period.start_day);
  } else if (months) {
    const int back = first.year * 12 + first.month - 1 - count * months;
    begin = date_of(back / 12, back % 12 + 1, first.day);
  }
  history_needed_ = std::min(history_needed_, begin);
  const Windows* bills = windows_of(tariff.headers.billing);
  if (!bills || settlement_->kind != Settlement::Kind::scenario) return;
  const uint32_t bill = bills->window_of_step[clock_->first_step_of(settlement_->from)];
  if (bills->nominal_begin[bill] != settlement_->from)
    if (Diagnostic* d = error("WL4119", span, "`" + settlement_->name + "` begins inside a bill, on " + print_date(settlement_->from) + ", and reads the history before it"))
      d->hint("let it begin with a bill, on " + print_date(bills->nominal_begin[bill]));
}

ExpressionId Elaborator::settled(const Period& period, Span span) {
  if (!settlement_ || settlement_->history_from == settlement_->from || period.unit == Period::Unit::none) return {};
  if (period.unit < Period::Unit::day || period.rolling || period.start_minute != 0) return pool_.in_force(settlement_->from, std::nullopt, span);
  const Windows& windows = *windows_of(period);
  std::vector<bool> inside(windows.size());
  for (uint32_t w = 0; w < windows.size(); ++w) inside[w] = windows.nominal_begin[w] >= settlement_->from;
  return in_windows(inside, period, span);
}

ExpressionId Elaborator::elaborate_previous(Aggregate fn, ExpressionId value, ExpressionId filter, int take, NodeId suffix, Context& context, Span span) {
  const Node& s = node(context.module, suffix);
  if (pool_[value].grain.time == kInterval)  // `share * Peak` with a share by season
    if (ExpressionId held = held_per(value, context.tariff ? context.tariff->headers.billing : kMonth)) value = held;
  // `over previous 1 calendar_year` of a value per month: the years themselves are what is looked at.
  if (s.kind == NodeKind::SuffixPrevious) {
    const std::string& unit_word = node(context.module, s.children[1]).text;
    Period year{Period::Unit::year};
    if (context.tariff && !unit_word.starts_with("calendar")) year.start_day = context.tariff->headers.billing.start_day;
    if (unit_word.find("year") != std::string::npos && pool_[value].grain.time.unit != Period::Unit::year && take == 0 && nests_in(pool_[value].grain.time, year)) {
      value = pool_.aggregate(fn, value, filter, year, span);
      filter = {};
    }
  }
  if (filter) value = pool_.aggregate(Aggregate::first, value, filter, pool_[value].grain.time, span);  // nothing where it does not hold
  const Period period = pool_[value].grain.time;
  if (period.unit != Period::Unit::month && period.unit != Period::Unit::year && period.unit != Period::Unit::day && period.unit != Period::Unit::week && period.unit != Period::Unit::quarter) {
    if (Diagnostic* d = error("WL3313", span, "what is looked back on exists per " + period_name(period))) d->hint("gather it first, for example `max(max(power) per month) over previous 11 months`");
    return {};
  }
  // Another tariff of the run may read the readings before it; who has not said so does not see them.
  if (!context.tariff || context.tariff->headers.history_series.empty())
    if (ExpressionId inside = settled(period, span)) value = pool_.aggregate(Aggregate::first, value, inside, period, span);
  Expression e;
  e.op = Op::previous;
  e.fn = fn;
  e.take = take;
  e.operands = {value};
  e.type = pool_[value].type;
  e.grain = pool_[value].grain;
  e.period = period;
  e.span = span;
  if (context.tariff && !context.tariff->headers.history_series.empty()) read_history(*context.tariff, period, s.kind == NodeKind::SuffixSame ? 0 : std::atoi(node(context.module, s.children[0]).text.c_str()), span);
  if (s.kind == NodeKind::SuffixSame) {
    if (s.text != "year") {
      not_in_this_version(s.span, "`over same " + s.text + "`");
      return {};
    }
    e.same_year = true;
    e.history = History::none;  // every window of the year that the run covers
    return pool_.intern(std::move(e));
  }
  const Node& number = node(context.module, s.children[0]);
  const Node& unit = node(context.module, s.children[1]);
  e.count = static_cast<uint32_t>(std::atoi(number.text.c_str()));
  e.include_this = s.text == "this and previous";
  const char* words = period.unit == Period::Unit::month ? "month" : period.unit == Period::Unit::year ? "year" : period.unit == Period::Unit::day ? "day" : period.unit == Period::Unit::week ? "week" : "quarter";
  const std::string unit_text = unit.text == "calendar_year" || unit.text == "calendar_years" ? unit.text.substr(9) : unit.text;
  if (number.kind != NodeKind::Number || e.count < 1 || e.count > 1200 || !unit_text.starts_with(words)) {
    if (Diagnostic* d = error("WL3314", s.span, std::string("the values exist per ") + words + ", so the look-back is a number of " + words + "s")) d->hint(std::string("write for example `over previous 11 ") + words + "s`");
    return {};
  }
  History history = context.tariff && context.tariff->headers.history ? *context.tariff->headers.history : History::unsaid;
  if (history == History::unsaid && settlement_ && settlement_->kind == Settlement::Kind::scenario) {
    if (Diagnostic* d = error("WL4110", span, "nothing says what this looks back on before " + print_date(settlement_->from)))
      d->note("with `history none` the first " + std::string(words) + "s look back only on what the run holds")
          .note("with `history from import` the readings before the run are read as well, and a peak in them may be higher")
          .hint("write one of them among the tariff's headers");
    return {};
  }
  e.history = History::none;
  return pool_.intern(std::move(e));
}

// `mean(import) over same time of previous 10 workdays`: the baseline of who promises to use less.
ExpressionId Elaborator::elaborate_same_time(Aggregate fn, ExpressionId value, ExpressionId filter, NodeId suffix, bool has_more, Context& context, Span span) {
  const Node& s = node(context.module, suffix);
  const Node &number = node(context.module, s.children[0]), &unit = node(context.module, s.children[1]);
  const bool gathers = fn == Aggregate::sum || fn == Aggregate::mean || fn == Aggregate::maximum || fn == Aggregate::minimum;
  if (!gathers || has_more || filter) {
    if (Diagnostic* d = error("WL3335", span, "the same time of earlier days has one value each day, which `sum`, `mean`, `max` or `min` gathers")) d->hint("write for example `mean(import) over same time of previous 10 workdays`");
    return {};
  }
  if (pool_[value].grain.time != kInterval) {
    if (Diagnostic* d = error("WL3335", span, "this has a value for every " + period_name(pool_[value].grain.time) + ", so there is no time of day to look back on")) d->hint("of months say `over previous 11 months`");
    return {};
  }
  const int count = number.kind == NodeKind::Number ? std::atoi(number.text.c_str()) : 0;
  const bool every_day = unit.kind == NodeKind::Name && (unit.text == "day" || unit.text == "days");
  if (count < 1 || count > 366 || (unit.kind == NodeKind::Name && !every_day)) {
    if (Diagnostic* d = error("WL3314", s.span, "the look-back is a number of days, from 1 to 366")) d->hint("write for example `over same time of previous 10 workdays`");
    return {};
  }
  ExpressionId counts;
  int in_a_week = 7;
  if (!every_day) {
    counts = elaborate_time_set(s.children[1], context);
    if (!counts) return {};
    const uint8_t days = program_.time_sets[pool_[counts].index].weekdays;
    in_a_week = days == 0 ? 1 : __builtin_popcount(days);
  }
  const bool is_scenario = settlement_ && settlement_->kind == Settlement::Kind::scenario;
  if (is_scenario && (!context.tariff || context.tariff->headers.history_series.empty())) {
    if (Diagnostic* d = error("WL4110", span, "this looks back on days before " + print_date(settlement_->from) + ", and nothing says that they are read"))
      d->hint("write `history from import` among the headers: the run then reads the readings of the days before");
    return {};
  }
  if (is_scenario) read_history(*context.tariff, Period{Period::Unit::day}, (count + in_a_week - 1) / in_a_week * 7 + 1, span);
  Expression e;
  e.op = Op::same_time;
  e.fn = fn;
  e.operands = {value};
  if (counts) e.operands.push_back(counts);
  e.type = pool_[value].type;
  e.grain = pool_[value].grain;
  e.count = static_cast<uint32_t>(count);
  e.span = span;
  return pool_.intern(std::move(e));
}

// `power at time of max(ercot.load) per month`: the value in the interval in which the other is greatest, the first of equals.
ExpressionId Elaborator::elaborate_at_time(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  if (is_charge_then(id, context)) {
    std::vector<ExpressionId> share{charge_then(id, context)};
    if (!share[0]) return {};
    share.push_back(attribute("vehicle.capacity", n.span));
    relate(share, n.span);
    return divide(share[0], share[1], n.span, n.span);
  }
  const Node& peak_node = node(context.module, n.children[1]);
  Context inner = context;
  inner.as_of.reset();
  inner.cut_dates = nullptr;
  inner.single_lines = true;
  ExpressionId value = elaborate_number(n.children[0], inner), peak = elaborate_number(n.children[1], context);
  if (!value || !peak) return {};
  NodeId argument = peak_node.kind == NodeKind::Call && (peak_node.text == "max" || peak_node.text == "min") ? tree(context.module).child(n.children[1], NodeKind::Argument) : NodeId{};
  ExpressionId of = argument ? elaborate_number(node(context.module, argument).children[0], inner) : ExpressionId{};
  if (!of || pool_[of].grain.time != pool_[value].grain.time || pool_[peak].grain.time == pool_[of].grain.time) {
    if (Diagnostic* d = error("WL3334", n.span, "`at time of` looks for the interval in which something is greatest")) d->hint("write for example `power at time of max(market.load) per month`");
    return {};
  }
  ExpressionId then = pool_.make(Op::equal, boolean_type(), {of, peak}, n.span);
  if (NodeId where = tree(context.module).child(argument, NodeKind::Where)) {
    ExpressionId condition = elaborate_boolean(node(context.module, where).children[0], inner);
    if (!condition) return {};
    then = pool_.both(then, condition, n.span);
  }
  return pool_.aggregate(Aggregate::first, value, then, pool_[peak].grain.time, n.span);
}

}  // namespace wattlaw
