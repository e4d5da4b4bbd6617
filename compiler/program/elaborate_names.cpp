// What a name in an expression stands for.
#include <algorithm>

#include "compiler/program/calendar_words.h"
#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

ExpressionId Elaborator::series(const std::string& name, Span span) {
  if (ExpressionId given = given_value(name)) return given;
  uint32_t index = series_index_.at(name);
  if (settlement_ && resolve_keys(index))
    for (const SeriesKey& key : program_.series[index].keys)
      if (key.kind == SeriesKey::Kind::classes) band(key.bands, span);  // complete and disjoint over this run
  const SeriesDeclaration& declaration = program_.series[index];
  Expression e;
  e.op = Op::series;
  e.index = index;
  e.type = declaration.type;
  e.grain = {declaration.entity, kInterval};
  e.span = span;
  const bool of_session = declaration.request.trace == kSessionTrace;
  if (settlement_ && of_session != settlement_->sessions && (of_session || declaration.request.per_member)) {
    Diagnostic* d = error("WL3330", span, of_session ? "`" + name + "` is a quantity of sessions" : "a session has no `" + name + "`, which belongs to a metering point");
    if (d) d->hint(of_session ? "it is read by a tariff `for each session`" : "a session has `delivered`, `returned`, `charging_time`, `parking_time`, `session.power`, `session.duration`, `session.energy`");
  }
  if (settlement_ && std::find(settlement_->series.begin(), settlement_->series.end(), index) == settlement_->series.end()) settlement_->series.push_back(index);
  return pool_.intern(std::move(e));
}

// A look-back of one tariff makes the run read what lies before it. Another tariff, which has not said `history from`, must come to the same
// bill as in a run of its own: its allowances, its year and its bank of surplus begin with the run.
ExpressionId Elaborator::reading(const std::string& name, const Context& context, Span span) {
  ExpressionId value = series(name, span);
  if (!settlement_ || settlement_->history_from == settlement_->from || !context.tariff || !context.tariff->headers.history_series.empty()) return value;
  const Type type = pool_[value].type;
  if (pool_[value].grain.entity == EntityGrain::none || !type.extensive) return value;
  return pool_.select(pool_.in_force(settlement_->from, std::nullopt, span), value, pool_.constant(0, type, span), span);
}

ExpressionId Elaborator::attribute(const std::string& name, Span span) {
  if (settlement_ && settlement_->sessions)
    if (Diagnostic* d = error("WL3330", span, "a session has no `" + name + "`, which belongs to a metering point")) d->hint("a session has `session.power`, `session.current`, `session.duration`, `session.energy`");
  if (ExpressionId given = given_value(name)) return given;
  uint32_t index = attribute_index_.at(name);
  Expression e;
  e.op = Op::attribute;
  e.index = index;
  e.type = program_.attributes[index].type;
  e.grain = {program_.attributes[index].entity, kNoTime};
  e.span = span;
  if (settlement_ && std::find(settlement_->attributes.begin(), settlement_->attributes.end(), index) == settlement_->attributes.end())
    settlement_->attributes.push_back(index);
  return pool_.intern(std::move(e));
}

ExpressionId Elaborator::step_hours(Span span) {
  reads_step_ = true;
  // A constant that exists in every step, so that `hours(…)` can sum it.
  Expression e;
  e.op = Op::dated;
  e.dates = {Date{INT32_MIN / 2}};
  e.operands = {pool_.constant(Rational(settlement_->step_seconds, 3600), number_type({.time = 1}, 0, true), span)};
  e.type = number_type({.time = 1}, 0, true);
  e.grain = {EntityGrain::none, kInterval};
  e.change = Change::at_step;
  e.span = span;
  return pool_.intern(std::move(e));
}

ExpressionId Elaborator::choice_constant(uint32_t choice_set, const std::string& name, Span span) {
  const ChoiceSet& set = program_.choice_sets[choice_set];
  for (size_t i = 0; i < set.names.size(); ++i)
    if (set.names[i] == name) {
      Type type;
      type.kind = ValueKind::choice;
      type.choices = choice_set;
      return pool_.constant(static_cast<int64_t>(i), type, span);
    }
  if (Diagnostic* d = error("WL2022", span, "`" + set.name + "` has no `" + name + "`")) {
    std::string near = nearest_name(name, set.names), all;
    for (const std::string& known : set.names) all += (all.empty() ? "`" : ", `") + known + "`";
    d->hint(near.empty() ? "it has " + all : "did you mean `" + near + "`? it has " + all);
  }
  return {};
}

ExpressionId Elaborator::elaborate_name(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const std::string& name = n.text;
  if (context.locals)
    if (auto it = context.locals->find(name); it != context.locals->end()) return it->second;
  if (context.rule && !context.tariff)
    if (auto value = elaborate_subject_name(id, context)) return *value;
  if (dispatch_ && !find(name, context.module))
    if (auto value = dispatch_name(name, n.span)) return *value;
  if (context.tariff) {
    if (auto it = context.tariff->lets.find(name); it != context.tariff->lets.end()) return elaborate_lets(it->second, name, context, n.span);
    if (name == "net_import" && context.tariff->clauses.contains("net")) return net_import(*context.tariff, context, n.span);
    // A clause may be called as a series is (`charge power on max(power) per month`): inside a tariff the series is meant.
    bool is_series = series_index_.contains(name) || name == "power" || name == "net_power" || name == "interval" || name == "bill";
    if (!is_series && context.tariff->clauses.contains(name) && !find(name, context.module)) return clause_value(context.tariff->symbol->name, name, context, n.span);
  } else if (context.totals && settlement_) {  // tests name a label or a definition of a tariff they use
    for (const std::string& key : applied_order_) {
      TariffInfo& info = *tariffs_[key];
      if (auto it = info.lets.find(name); it != info.lets.end() && !info.clauses.contains(name)) {
        Context inner = context;
        inner.module = info.symbol->module;
        inner.tariff = &info;
        inner.prices = info.headers.prices;
        inner.default_period = info.headers.billing;
        inner.as_of = settlement_->from;
        return elaborate_lets(it->second, name, inner, n.span);
      }
      if (info.clauses.contains(name)) return clause_value(info.symbol->name, name, context, n.span);
    }
  }
  // A figure that the script declares is meant, even where data has that name.
  Symbol* symbol = context.names_of ? find(name, *context.names_of) : nullptr;
  if (!symbol) symbol = find(name, context.module);
  if (symbol && symbol->kind == Symbol::Kind::let) return elaborate_lets({LabelVersion{symbol->module, symbol->node, {}, {}, {}, {}}}, name, context, n.span);
  if (symbol && symbol->kind == Symbol::Kind::parameter) return elaborate_parameter(*symbol, context, n.span);
  if (auto it = series_index_.find(name); it != series_index_.end()) {
    ExpressionId value = reading(name, context, n.span);
    if (!program_.series[it->second].request.yes_no) return value;
    return pool_.make(Op::equal, boolean_type(), {value, pool_.constant(1, number_type(), n.span)}, n.span);
  }
  if (is_attribute(name)) return attribute(name, n.span);
  if (auto told = told_of_trip(name, context.module, n.span)) return *told;
  // `trip.vehicle.range`: what the one that the record names has.
  if (const size_t dot = name.rfind('.'); dot != std::string::npos && std::count(name.begin(), name.end(), '.') == 2)
    if (const auto holder = attribute_index_.find(name.substr(0, dot)); holder != attribute_index_.end() && program_.attributes[holder->second].type.kind == ValueKind::member) {
      const EntityGrain held = static_cast<EntityGrain>(program_.attributes[holder->second].type.choices), own = program_.attributes[holder->second].entity;
      const std::string far = entity_name(program_, held) + name.substr(dot);
      if (is_attribute(far)) {
        Expression e;
        e.op = Op::of_holder;
        e.index = load_attribute(holder->second);
        e.operands = {attribute(far, n.span)};
        e.type = pool_[e.operands[0]].type;
        e.grain = {own, kNoTime};
        e.span = n.span;
        return pool_.intern(std::move(e));
      }
    }
  if (settlement_) {
    if (name == "power" || name == "net_power") reads_step_ = true;
    if (name == "power") {
      Type per_hour = number_type({.time = -1});
      ExpressionId e = pool_.multiply(reading("import", context, n.span), pool_.constant(Rational(3600, settlement_->step_seconds), per_hour, n.span), n.span);
      Expression power = pool_[e];
      power.type.extensive = false;
      return pool_.intern(std::move(power));
    }
    if (name == "net_power") {
      Type per_hour = number_type({.time = -1});
      ExpressionId net = pool_.subtract(reading("import", context, n.span), reading("export", context, n.span), n.span);
      Expression power = pool_[pool_.multiply(net, pool_.constant(Rational(3600, settlement_->step_seconds), per_hour, n.span), n.span)];
      power.type.extensive = false;
      return pool_.intern(std::move(power));
    }
    if (name == "soc" && !settlement_->sessions) {
      ExpressionId stored = series("stored", n.span), capacity = attribute("vehicle.capacity", n.span);
      return divide(stored, capacity, n.span, n.span);
    }
    if (name == "parked" && settlement_->sessions) return pool_.aggregate(Aggregate::sum, series("parking_time", n.span), {}, kSession, n.span);
    if (name == "interval" && settlement_->sessions) {
      if (Diagnostic* d = error("WL3330", n.span, "the intervals of a session have no common length")) d->hint("read `charging_time` or `parking_time`");
      return {};
    }
    if (name == "interval") return step_hours(n.span);
    if (auto sold = offered_name(name, context, n.span)) return *sold;
    if (auto held = power_name(name, context, n.span)) return *held;
    if (name == "today") {
      Expression day;
      day.op = Op::date_at;
      day.type.kind = ValueKind::date;
      day.grain = {EntityGrain::none, kInterval};
      day.span = n.span;
      return pool_.intern(std::move(day));
    }
    if (name == "bill") {
      std::vector<ExpressionId> terms;
      for (const std::string& key : applied_order_) require_tariff(key);
      for (const TypedClause& clause : settlement_->clauses) {
        if (clause.entity != (context.each == EntityGrain::vehicle ? EntityGrain::vehicle : EntityGrain::site)) continue;  // each has its own account
        if (clause.payer_is_member) terms.push_back(clause.line);
        if (clause.payee_is_member) terms.push_back(pool_.negate(clause.line, n.span));
      }
      if (terms.empty() && context.each == EntityGrain::vehicle) {
        if (Diagnostic* d = error("WL4136", n.span, "no contract that is applied charges or pays the owner of a vehicle, so a vehicle has no bill")) d->hint("apply one to every vehicle, or ask `for each site`");
        return {};
      }
      if (terms.empty()) return pool_.constant(0, number_type({.money = 1}, 0, true), n.span);
      const auto differs = std::find_if(applied_order_.begin(), applied_order_.end(), [&](const std::string& key) { return applied_[key].by_read_day.size() > 1; });
      if (differs != applied_order_.end() && !(context.totals && !context.single_lines)) return tell_read_days(*tariffs_[*differs], n.span);
      for (ExpressionId& term : terms) {  // what is paid: taxes have lines of their own, so prices with and without them stand side by side
        const uint16_t currency = pool_[terms[0]].type.currency;
        if (pool_[term].type.currency != currency && exchange_route(pool_[term].type.currency, currency)) term = convert(term, currency, context, n.span);
        term = total_over_run(term, context, n.span);  // bills of several tariffs need not begin on one day
        if (!term || (pool_[term].type.currency != currency && !same_kind(terms[0], term, n.span, "added to")) || !comparable_grain(terms[0], term, n.span)) return {};
      }
      return total_over_run(pool_.add(terms, n.span), context, n.span);
    }
  }
  if (name == "all") return pool_.boolean(true, n.span);
  if (symbol) {
    switch (symbol->kind) {
      case Symbol::Kind::bands: {
        auto bands = bands_of(*symbol);
        if (!bands) return {};
        if (context.split && context.split->bands == *bands) {
          Type type{.kind = ValueKind::choice, .choices = program_.bands[*bands].choices};
          return pool_.constant(context.split->band, type, n.span);
        }
        return band(*bands, n.span);
      }
      case Symbol::Kind::tariff:
        if (context.rule && context.rule->jumps == symbol->name) {
          context.rule->bill_read = true;
          return context.rule->bill;
        }
        return tariff_value(symbol->name, context, n.span);
      default:
        error("WL3114", n.span, "`" + name + "` is " + symbol_kind_words(symbol->kind) + ", which is no value");
        return {};
    }
  }
  if (size_t dot = name.rfind('.'); dot != std::string::npos) {
    if (Symbol* tariff = find(name.substr(0, dot), context.module, Symbol::Kind::tariff)) {
      std::string label = name.substr(dot + 1);
      TariffInfo& info = *tariffs_[std::to_string(tariff->module) + "." + tariff->name];
      // From outside, a label that names both a definition and a clause means the money.
      if (auto it = info.lets.find(label); it != info.lets.end() && !info.clauses.contains(label)) {
        Context inner = context;
        inner.module = tariff->module;
        inner.tariff = &info;
        inner.prices = info.headers.prices;
        inner.default_period = info.headers.billing;
        return elaborate_lets(it->second, label, inner, n.span);
      }
      return clause_value(tariff->name, label, context, n.span);
    }
  }
  std::vector<std::string> known = names_in_scope(context.module);
  for (const auto& [series_name, index] : series_index_) known.push_back(series_name);
  for (const auto& [attribute_name, index] : attribute_index_) known.push_back(attribute_name);
  for (const char* prelude : {"power", "net_power", "interval", "bill"}) known.push_back(prelude);
  if (context.tariff) {
    for (const auto& [label, versions] : context.tariff->lets) known.push_back(label);
    for (const auto& [label, versions] : context.tariff->clauses) known.push_back(label);
  }
  if (context.totals && broken_.contains(kUnknownTariff)) return {};  // it may be a clause of that tariff
  // A misspelt name is one mistake, however often it is read.
  constexpr size_t kMostLabels = 3;
  if (auto told = unknown_names_.find(std::to_string(context.module) + "." + name); told != unknown_names_.end()) {
    Diagnostic& first = *told->second;
    bool fresh = first.span.begin != n.span.begin && std::none_of(first.labels_.begin(), first.labels_.end(), [&](const Label& l) { return l.span.begin == n.span.begin; });
    if (fresh && first.labels_.size() < kMostLabels) first.label(n.span, "and here");
    return {};
  }
  if (Diagnostic* d = error("WL2001", n.span, "nothing is called `" + name + "` here")) {
    unknown_names_[std::to_string(context.module) + "." + name] = d;
    std::string near = nearest_name(name, known);
    std::string calendar_word = name;
    calendar_word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(calendar_word[0])));
    if (month_number(calendar_word) || weekday_number(calendar_word) >= 0) d->hint("months and days of the week have a capital: `" + calendar_word + "`");
    else if (!near.empty()) d->hint("did you mean `" + near + "`?");
    else if (name.find('.') != std::string::npos && entity_named(name.substr(0, name.find('.')), context.module)) d->hint("declare it: `attribute " + name + ": kW = 0 kW`");
    else d->hint("declare it with `let`, `parameter`, `bands` or `trace`, or import the module that does");
  }
  return {};
}

}  // namespace wattlaw
