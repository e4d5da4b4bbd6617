// Aggregates over time and sites, quotas, and the functions of the prelude.
#include <algorithm>

#include "compiler/program/calendar_words.h"
#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

struct AggregateWord {
  const char* name;
  Aggregate fn;
};
constexpr AggregateWord kAggregates[] = {{"sum", Aggregate::sum},   {"max", Aggregate::maximum}, {"min", Aggregate::minimum}, {"mean", Aggregate::mean},
                                         {"count", Aggregate::count}, {"first", Aggregate::first}, {"last", Aggregate::last}};
constexpr const char* kFunctions[] = {"sum", "max", "min", "mean", "count", "first", "last", "hours", "days", "abs", "sqrt", "rate", "applied", "non_decreasing", "priced", "every_clause", "in_order", "received", "paid", "cost"};

}  // namespace

// Windows as long as one step are the steps themselves.
Period Elaborator::normalised(Period period) const {
  if (!settlement_) return period;
  int32_t seconds = period.unit == Period::Unit::minutes ? period.count * 60 : period.unit == Period::Unit::hour ? 3600 : 0;
  return seconds && seconds <= settlement_->step_seconds ? kInterval : period;
}

std::optional<Period> Elaborator::period_of(NodeId id, Context& context, EntityGrain* per_member) {
  const Node& n = node(context.module, id);
  std::string text = n.text;
  Period period;
  if (text.starts_with("rolling ")) {
    period.rolling = true;
    text = text.substr(8);
  }
  int count = 1;
  for (NodeId c : n.children) {
    const Node& child = node(context.module, c);
    if (child.kind == NodeKind::Number) count = std::atoi(child.text.c_str());
    if (child.kind == NodeKind::Starting) {
      if (child.text.size() == 5 && child.text[2] == ':') period.start_minute = static_cast<uint16_t>(std::atoi(child.text.c_str()) * 60 + std::atoi(child.text.c_str() + 3));
      else {
        const size_t space = child.text.find(' ');
        const int month = space == std::string::npos ? 0 : month_number(child.text.substr(space + 1)), day = std::atoi(child.text.c_str());
        if (text != "year" || month == 0 || day < 1 || day > 28) {
          if (Diagnostic* d = error("WL3325", child.span, "no " + text + " starts here")) d->hint("a day starts at a time, `per day starting 12:00`; a year on one of the first 28 days of a month, `per year starting 1 April`");
          return std::nullopt;
        }
        period.start_month = static_cast<uint8_t>(month);
        period.start_day = static_cast<uint8_t>(day);
      }
    }
  }
  if (const auto entity = per_member && !(text == "session") ? entity_named(text, context.module) : std::nullopt) {
    *per_member = *entity;
    return Period{};
  }
  if (text == "interval") return kInterval;
  if (text == "session" && settlement_ && settlement_->sessions) return kSession;
  period.count = static_cast<uint16_t>(count);
  if (text == "min" || text == "minutes" || text == "minute") period.unit = Period::Unit::minutes;
  else if (text == "h" || text == "hour" || text == "hours") {
    period.unit = Period::Unit::hour;
    if (count != 1) {
      period.unit = Period::Unit::minutes;
      period.count = static_cast<uint16_t>(count * 60);
    }
  } else if (text == "day") period.unit = Period::Unit::day;
  else if (text == "week") period.unit = Period::Unit::week;
  else if (text == "month") {
    period = context.tariff ? context.tariff->headers.billing : kMonth;
  } else if (text == "quarter") period.unit = Period::Unit::quarter;
  else if (text == "year" || text == "calendar_year") {
    period.unit = Period::Unit::year;
    bool own_start = period.start_day != 1 || period.start_month != 1;
    if (text == "year" && !own_start && context.tariff) period.start_day = context.tariff->headers.billing.start_day;  // a year is twelve bills
  }
  else {
    if (find(text, context.module)) {
      not_in_this_version(n.span, "an aggregate per `" + text + "`");
      return std::nullopt;
    }
    std::string near = nearest_name(text, {"interval", "min", "hour", "day", "week", "month", "quarter", "year", "site"});
    if (Diagnostic* d = error("WL2030", n.span, "`" + text + "` is no period")) d->hint(near.empty() ? "periods are `15 min`, `hour`, `day`, `week`, `month`, `quarter`, `year`" : "did you mean `" + near + "`?");
    return std::nullopt;
  }
  if (period.rolling && period.unit != Period::Unit::minutes && period.unit != Period::Unit::hour) {
    if (Diagnostic* d = error("WL3326", n.span, "a rolling " + text + " ends with every interval")) d->hint("minutes and hours roll; of months say `over this and previous 11 months`");
    return std::nullopt;
  }
  if (count != 1 && period.unit != Period::Unit::minutes) {
    not_in_this_version(n.span, "a window of several " + text + "s");
    return std::nullopt;
  }
  if (settlement_ && settlement_->kind != Settlement::Kind::standalone && (period.unit == Period::Unit::minutes || period.unit == Period::Unit::hour)) {
    int32_t seconds = period.unit == Period::Unit::hour ? 3600 : period.count * 60;
    if (seconds < settlement_->step_seconds || seconds % settlement_->step_seconds != 0) {
      if (Diagnostic* d = error("WL3302", n.span, "a window of " + period_name(period) + (seconds < settlement_->step_seconds ? " is shorter than" : " is no multiple of") + " the step of " + std::to_string(settlement_->step_seconds / 60) + " min of `" + settlement_->name + "`"))
        d->hint("the trace must be at least as fine as the window; change the step with `every`, or the window");
      return std::nullopt;
    }
    if (period.unit == Period::Unit::minutes && 1440 % period.count != 0 && !period.rolling) {
      error("WL3303", n.span, "windows of " + period_name(period) + " do not divide a day");
      return std::nullopt;
    }
  }
  return normalised(period);
}

ExpressionId Elaborator::elaborate_call(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  if (auto meta = elaborate_meta_call(id, context)) return *meta;
  if (n.text == "exists" && settlement_) return elaborate_exists(id, context);
  if (n.text == "marginal" && settlement_) return elaborate_marginal(id, context);
  if ((n.text == "taxed" || n.text == "times_taxed") && settlement_) return elaborate_taxed(id, context);
  if ((n.text == "received" || n.text == "paid") && settlement_) return money_of(id, context);
  if (n.text == "cost" && settlement_) {  // the sum of an amount of money, by another word
    const ExpressionId sum = elaborate_aggregate(Aggregate::sum, id, context);
    if (!sum || pool_[sum].type.dimension == Dimension{.money = 1}) return sum;
    if (Diagnostic* d = error("WL3312", n.span, "a cost is money, this is " + dimension_words(pool_[sum].type.dimension))) d->hint("write for example `cost(std.battery.wear)`; other things have a `sum(…)`");
    return {};
  }
  if (n.text == "so_far" || n.text == "next_step") return elaborate_so_far(id, context);
  if (is_service_call(n, context.module)) return elaborate_service_call(id, context);
  std::vector<NodeId> arguments;
  bool has_suffix = false;
  for (NodeId c : n.children) {
    if (node(context.module, c).kind == NodeKind::Argument) arguments.push_back(c);
    else has_suffix = true;
  }
  auto argument = [&](size_t i) { return node(context.module, arguments[i]).children[0]; };
  const bool gathers = arguments.size() == 1 && std::any_of(std::begin(kAggregates), std::end(kAggregates), [&](const AggregateWord& word) { return n.text == word.name; });
  for (NodeId a : arguments) {
    const Node& given = node(context.module, a);
    if (tree(context.module).child(a, NodeKind::ForIn)) return elaborate_counted(id, a, context);
    if (!given.text.empty()) {
      not_in_this_version(given.span, "an argument with a name");
      return {};
    }
    NodeId where = gathers ? NodeId{} : tree(context.module).child(a, NodeKind::Where);
    if (!where) continue;
    if (Diagnostic* d = error("WL3329", node(context.module, where).span, "`where` chooses what is gathered over time, but `" + n.text + "` " + (arguments.size() > 1 ? "compares values that stand side by side" : "gathers nothing here")))
      d->hint(arguments.size() > 1 ? "gather first: `" + n.text + "(max(power where …) per month, …)`" : "put the condition into the brackets with `and`");
    return {};
  }
  for (const AggregateWord& word : kAggregates) {
    if (n.text != word.name) continue;
    if ((word.fn == Aggregate::maximum || word.fn == Aggregate::minimum) && arguments.size() > 1 && !has_suffix) {
      std::vector<ExpressionId> operands;
      for (size_t i = 0; i < arguments.size(); ++i) {
        ExpressionId e = elaborate_number(argument(i), context);
        if (!e || (i && !agree(operands[0], e, context, n.span, "compared with"))) return {};
        operands.push_back(e);
      }
      return pool_.make(word.fn == Aggregate::maximum ? Op::maximum : Op::minimum, pool_[operands[0]].type, operands, n.span);
    }
    if (arguments.size() > 1 && has_suffix && (word.fn == Aggregate::maximum || word.fn == Aggregate::minimum)) {
      if (Diagnostic* d = error("WL3311", n.span, "the greatest of several values has no window of its own")) d->hint("write the window inside: `max(sum(import) per month, 10 kWh)`");
      return {};
    }
    if (arguments.size() != 1) {
      if (Diagnostic* d = error("WL3312", n.span, "`" + n.text + "` gathers one thing")) d->hint("write `" + n.text + "(import) per month`");
      return {};
    }
    return elaborate_aggregate(word.fn, id, context);
  }
  if (n.text == "hours" || n.text == "days") {
    if (arguments.size() != 1) {
      error("WL3312", n.span, "`" + n.text + "` takes one condition, or `all`");
      return {};
    }
    ExpressionId condition = elaborate_boolean(argument(0), context);
    if (!condition) return {};
    Period period = context.default_period;
    for (NodeId c : n.children)
      if (node(context.module, c).kind == NodeKind::SuffixPer) {
        auto p = period_of(node(context.module, c).children[0], context);
        if (!p) return {};
        period = *p;
      }
    if (n.text == "hours") {
      ExpressionId filter = pool_.is_constant(condition) && pool_[condition].value != 0 ? ExpressionId{} : condition;
      return pool_.aggregate(Aggregate::sum, step_hours(n.span), filter, period, n.span);
    }
    if (!pool_.is_constant(condition)) {
      not_in_this_version(n.span, "`days` of a condition");
      return {};
    }
    Expression e;
    e.op = Op::window_days;
    e.type = number_type({.day = 1}, 0, true);
    e.period = period;
    e.grain = {EntityGrain::none, period};
    e.span = n.span;
    return pool_.intern(std::move(e));
  }
  if (n.text == "abs" && arguments.size() == 1) {
    ExpressionId e = elaborate_number(argument(0), context);
    return e ? pool_.make(Op::absolute, pool_[e].type, {e}, n.span) : e;
  }
  if (n.text == "sqrt") {
    if (Diagnostic* d = error("WL3122", n.span, "a square root has no end of digits")) d->hint("say where it is rounded: `" + text_of(n.span) + " rounded to 0.001 kW half even`");
    return {};
  }
  if (n.text == "applied" && arguments.size() == 1) {
    const Node& name = node(context.module, argument(0));
    Symbol* tariff = find(name.text, context.module, Symbol::Kind::tariff);
    if (!tariff) {
      error("WL2006", name.span, "no tariff is called `" + name.text + "`");
      return {};
    }
    auto it = applied_.find(std::to_string(tariff->module) + "." + tariff->name);
    if (it == applied_.end()) return pool_.boolean(false, n.span);
    return it->second.condition ? it->second.condition : pool_.boolean(true, n.span);
  }
  std::vector<std::string> known(std::begin(kFunctions), std::end(kFunctions));
  if (Diagnostic* d = error("WL2031", n.span, "no function is called `" + n.text + "`, or this version does not have it yet")) {
    std::string near = nearest_name(n.text, known);
    if (!near.empty()) d->hint("did you mean `" + near + "`?");
  }
  return {};
}

ExpressionId Elaborator::elaborate_aggregate(Aggregate fn, NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  NodeId argument = tree(context.module).child(id, NodeKind::Argument);
  Context inner = context;
  inner.as_of.reset();     // what is gathered selects its versions by its own time
  inner.cut_dates = nullptr;
  // `count(site where …)` and suffixes.
  const Node& a = node(context.module, argument);
  NodeId where = tree(context.module).child(argument, NodeKind::Where);
  std::optional<Period> period;
  NodeId look_back, over_all;
  EntityGrain into = EntityGrain::none;  // `per pool`: of those of each pool
  ExpressionId in_class;  // `per Tou`: of the class that is looked at
  for (NodeId c : n.children) {
    const Node& s = node(context.module, c);
    if (s.kind == NodeKind::SuffixPer) {
      EntityGrain per_member = EntityGrain::none;
      if (Symbol* symbol = find(node(context.module, s.children[0]).text, context.module, Symbol::Kind::bands)) {
        auto bands = bands_of(*symbol);
        auto band_class = bands ? split_class(*bands, context, s.span) : std::nullopt;
        if (!band_class) return {};
        Type type{.kind = ValueKind::choice, .choices = program_.bands[*bands].choices};
        in_class = pool_.make(Op::equal, boolean_type(), {band(*bands, s.span), pool_.constant(*band_class, type, s.span)}, s.span);
        continue;
      }
      auto p = period_of(s.children[0], context, &per_member);
      if (!p) return {};
      if (per_member != EntityGrain::none) {
        into = per_member;
        continue;
      }
      if (period) {
        not_in_this_version(s.span, "an aggregate per two periods");
        return {};
      }
      period = p;
    } else if (s.kind == NodeKind::SuffixPrevious || s.kind == NodeKind::SuffixSame || s.kind == NodeKind::SuffixSameTime) {
      look_back = c;
    } else if (s.kind == NodeKind::SuffixOverAll) {
      over_all = c;
    } else if (s.kind == NodeKind::SuffixSoFar && fn == Aggregate::sum && !where) {
      return running_total(id, node(context.module, a.children[0]).text, s.text, context);
    } else if (s.kind != NodeKind::Argument) {
      not_in_this_version(s.span, "this look-back");
      return {};
    }
  }
  inner.single_lines = period || !over_all;  // over sites alone: what each of them pays in the whole run
  const Node& counted = node(context.module, a.children[0]);
  if (const auto of = fn == Aggregate::count && counted.kind == NodeKind::Name ? entity_named(counted.text, context.module) : std::nullopt) {
    ExpressionId condition = where ? elaborate_boolean(node(context.module, where).children[0], context) : ExpressionId{};
    if (where && !condition) return {};
    if (condition && !(condition = of_holder(condition, *of, n.span))) return {};
    // Asked of each feeder, `count(site)` is of those at that feeder.
    if (into == EntityGrain::none && !over_all && context.each != EntityGrain::none && context.each != *of && way_to(*of, context.each)) into = context.each;
    if (const Symbol* kind = find(counted.text, context.module, Symbol::Kind::record); kind && settlement_ && day_field_of(*kind)) {
      const bool over_time = !condition || pool_[condition].grain.time.unit == Period::Unit::none;
      if (over_time) return count_records(*kind, *of, condition, into, period ? *period : context.default_period, context, n.span);
    }
    return count_members(*of, condition, into, n.span);
  }
  int take = 0;
  NodeId operand_node = a.children[0];
  if (const Node& extreme = node(context.module, operand_node); extreme.kind == NodeKind::Extreme) {
    const Node& number = node(context.module, extreme.children[0]);
    ExpressionId k;
    if (number.kind == NodeKind::Name) {
      k = elaborate_number(extreme.children[0], inner);
      if (!k) return {};
    }
    Rational count = k ? (pool_.is_constant(k) ? pool_[k].value : Rational(0)) : parse_decimal(number.text).value_or(0);
    if (denominator(count) != 1 || count < 1 || count > 366) {
      error("WL3315", number.span, "the number of values taken is a whole number from 1 to 366");
      return {};
    }
    take = static_cast<int>(numerator(count)) * (extreme.text == "largest" ? 1 : -1);
    operand_node = extreme.children[1];
  }
  ExpressionId operand = elaborate_number(operand_node, inner);
  if (!operand) return {};
  ExpressionId filter;
  if (where) {
    filter = elaborate_boolean(node(context.module, where).children[0], inner);
    if (!filter) return {};
    if (!nests_in(pool_[operand].grain.time, pool_[filter].grain.time)) {
      if (ExpressionId held = held_per(filter, pool_[operand].grain.time)) filter = held;
      else if (is_same_within(filter, pool_[operand].grain.time)) filter = pool_.aggregate(Aggregate::any, filter, {}, pool_[operand].grain.time, pool_[filter].span);
    }
    if (!nests_in(pool_[operand].grain.time, pool_[filter].grain.time) && !pool_.is_constant(operand)) {
      if (Diagnostic* d = error("WL3304", node(context.module, where).span, "the condition changes within a " + period_name(pool_[operand].grain.time) + ", which is what is gathered here"))
        d->hint("put the `where` inside, next to what exists in every interval: `max(max(power where …) per day) per month`");
      return {};
    }
  }
  filter = pool_.both(filter, in_class, n.span);
  if (over_all) {
    // An answer is about the whole run; inside another aggregate, and in law, sites are added up interval by interval.
    Period window = period ? *period : context.totals && !context.single_lines ? Period{} : pool_[operand].grain.time;
    if (window.unit == Period::Unit::none && context.totals) filter = pool_.both(filter, settled(pool_[operand].grain.time, n.span), n.span);
    const bool side_by_side = pool_[operand].grain.time == window || pool_[operand].grain.time.unit == Period::Unit::none;  // one value a site
    ExpressionId per_site = side_by_side ? operand : pool_.aggregate(fn, operand, filter, window, n.span, take), condition = side_by_side ? filter : ExpressionId{};
    if (NodeId site_where = tree(context.module).child(over_all, NodeKind::Where)) {
      ExpressionId of_site = elaborate_boolean(node(context.module, site_where).children[0], inner);
      if (!of_site) return {};
      condition = pool_.both(of_site, condition, n.span);
    }
    return gathered(fn, per_site, condition, EntityGrain::none, 0, n.span);
  }
  if (into != EntityGrain::none && pool_[operand].grain.entity != into && pool_[operand].grain.entity != EntityGrain::none) {
    const Period window = period ? *period : context.default_period;
    const Period& own = pool_[operand].grain.time;
    if (own == window || own.unit == Period::Unit::none) return gathered(fn, operand, filter, into, take, n.span);
    if (take != 0 || fn == Aggregate::mean || fn == Aggregate::first || fn == Aggregate::last || !nests_in(own, window)) {
      if (Diagnostic* d = error("WL3341", n.span, "this gathers over time and over several " + entity_name(program_, pool_[operand].grain.entity) + "s at once, and the order matters"))
        d->hint("gather over time first, and that result over the members: `mean(sum(discharge) per month) per pool per month`");
      return {};
    }
    ExpressionId each = pool_.aggregate(fn, operand, filter, window, n.span);
    return gathered(fn == Aggregate::count ? Aggregate::sum : fn, each, {}, into, 0, n.span);
  }
  if (look_back && node(context.module, look_back).kind == NodeKind::SuffixSameTime) return elaborate_same_time(fn, operand, filter, look_back, take != 0 || period || in_class, context, n.span);
  if (look_back && !period && fn != Aggregate::count) return elaborate_previous(fn, operand, filter, take, look_back, context, n.span);
  Period window = period ? *period : context.default_period;
  const Period& have = pool_[operand].grain.time;
  if (!period && have == window) {
    if (Diagnostic* d = error("WL3316", n.span, "`" + n.text + "` gathers what exists once per " + period_name(have) + ", but over no longer period")) d->hint("say over which, for example `per year` or `over previous 11 months`");
    return {};
  }
  if (have.unit == Period::Unit::none && !filter) {
    if (Diagnostic* d = error("WL3317", n.span, "`" + n.text + "` gathers what has one value only")) d->hint("leave `" + n.text + "` out");
    return {};
  }
  // A week that began in a month is one of its weeks where the last of them is asked for; a sum over them would cut none and hold another's days.
  const bool of_weeks = have.unit == Period::Unit::week && (fn == Aggregate::last || fn == Aggregate::first) && (window.unit == Period::Unit::month || window.unit == Period::Unit::quarter || window.unit == Period::Unit::year);
  if (!nests_in(have, window) && !of_weeks) {
    if (Diagnostic* d = error("WL3301", n.span, "what exists per " + period_name(have) + " cannot be gathered per " + period_name(window))) d->hint("the window must hold whole " + period_name(have) + "s");
    return {};
  }
  if (fn == Aggregate::sum && !take && have == kInterval && !pool_[operand].type.extensive && pool_[operand].type.dimension == Dimension{.energy = 1, .time = -1}) {
    if (Diagnostic* d = error("WL3318", n.span, "power is added up over time, which is no quantity")) d->hint("sum the energy, `sum(import)`, or take `mean(power)` or `max(power)`");
    return {};
  }
  if (have == window && take != 0) {
    if (Diagnostic* d = error("WL3319", n.span, "there is only one value per " + period_name(have) + " to take from")) d->hint("say how often it exists inside: `mean(largest 3 of max(power) per day) per month`");
    return {};
  }
  if (have == window) return operand;  // a window of one step
  if (window.unit == Period::Unit::none && context.totals) filter = pool_.both(filter, settled(have, n.span), n.span);  // an answer is about the run
  ExpressionId e = pool_.aggregate(fn, operand, filter, window, n.span, take);
  return look_back ? elaborate_previous(fn, e, {}, 0, look_back, context, n.span) : e;
}

}  // namespace wattlaw
