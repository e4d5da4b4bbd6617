// What vehicles do: a dispatch becomes a wish, a reserve, what a departure needs and the limits of groups, as expressions of the vehicle
// that read what is known when an interval begins.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

const Dimension kEnergy{.energy = 1}, kPower{.energy = 1, .time = -1};

struct StateWord {
  const char *word, *hint;
  FleetState::Kind kind;
  Dimension dimension;
  Quantum quantum;
};
const StateWord kStateWords[] = {
    {"stored", "", FleetState::Kind::stored, kEnergy, {1, 1000}},
    {"plugged", "", FleetState::Kind::plugged, {}, {1, 1}},
    {"time_left", "", FleetState::Kind::seconds_left, {.time = 1}, {1, 3600}},
    {"target", "", FleetState::Kind::target, kEnergy, {1, 1000}},
    {"so_far", "", FleetState::Kind::total, kEnergy, {1, 1000}},
    {"chosen", "", FleetState::Kind::chosen, {}, {1, 1}},
    {"rest_power", "", FleetState::Kind::rest, kPower, {1, 1000}},
    {"metered", "", FleetState::Kind::metered, kEnergy, {1, 1000}},
    {"raises", "", FleetState::Kind::raises, {}, {1, 1}},
};

}  // namespace

// The state of a kind as a series that the simulation fills interval by interval.
ExpressionId Elaborator::fleet_state(FleetState::Kind kind, uint32_t index, Span span) {
  const StateWord& word = *std::find_if(std::begin(kStateWords), std::end(kStateWords), [&](const StateWord& w) { return w.kind == kind; });
  const bool is_numbered = kind == FleetState::Kind::total || kind == FleetState::Kind::chosen || kind == FleetState::Kind::metered || kind == FleetState::Kind::raises;
  const std::string name = std::string("known ") + word.word + (is_numbered ? " " + std::to_string(index + 1) : "");
  auto [known, is_new] = series_index_.try_emplace(name, static_cast<uint32_t>(program_.series.size()));
  if (is_new) {
    SeriesDeclaration declaration;
    declaration.name = name;
    declaration.entity = EntityGrain::vehicle;
    declaration.source = SeriesSource::state;
    declaration.type = number_type(word.dimension);
    declaration.request.trace = declaration.request.entity = "vehicle";
    declaration.request.column = name;
    declaration.request.is_computed = true;
    declaration.request.flow = Flow::intensive;
    declaration.request.quantum = word.quantum;
    program_.series.push_back(std::move(declaration));
  }
  std::vector<TypedDispatch::State>& states = dispatch_->states;
  if (std::none_of(states.begin(), states.end(), [&](const TypedDispatch::State& state) { return state.series == known->second; })) states.push_back({known->second, {kind, index}});
  Expression e;
  e.op = Op::series;
  e.index = known->second;
  e.type = number_type(word.dimension);
  e.grain = {EntityGrain::vehicle, kInterval};
  e.span = span;
  return pool_.intern(std::move(e));
}

// What a policy may read by name beside attributes, prices and parameters; nothing: the name means something else.
std::optional<ExpressionId> Elaborator::dispatch_name(const std::string& name, Span span) {
  const auto is_one = [&](ExpressionId flag) { return pool_.make(Op::equal, boolean_type(), {flag, pool_.constant(1, number_type(), span)}, span); };
  if (name == "stored") return fleet_state(FleetState::Kind::stored, 0, span);
  if (name == "plugged") return is_one(fleet_state(FleetState::Kind::plugged, 0, span));
  if (name == "rest_power") return fleet_state(FleetState::Kind::rest, 0, span);
  if (name == "time_left") return fleet_state(FleetState::Kind::seconds_left, 0, span);
  if (name == "soc") return divide(fleet_state(FleetState::Kind::stored, 0, span), attribute("vehicle.capacity", span), span, span);
  if (name == "target") return divide(fleet_state(FleetState::Kind::target, 0, span), attribute("vehicle.capacity", span), span, span);
  return std::nullopt;
}

// `sum(discharge) so far this year`, of what flowed before the interval.
ExpressionId Elaborator::running_total(NodeId call, const std::string& flow, const std::string& period, Context& context) {
  const Node& n = node(context.module, call);
  if (!dispatch_ && period.empty())
    if (const ExpressionId since = flowed_since_begin(flow, context, n.span)) return since;
  if (!dispatch_ || (flow != "discharge" && flow != "charged")) {
    if (Diagnostic* d = error("WL4211", n.span, dispatch_ ? "only what a vehicle charged or discharged is counted so far" : "`so far` is what a dispatch may know of a period that is not over"))
      d->hint(dispatch_ ? "write `sum(discharge) so far this year` or `sum(charged) so far this day`" : "outside a dispatch the whole period is meant, `sum(discharge) per year`, or the run up to the end of the bill, `sum(discharge) so far`");
    return {};
  }
  Period counted;
  if (period == "day") counted.unit = Period::Unit::day;
  else if (period == "week") counted.unit = Period::Unit::week;
  else if (period == "month") counted.unit = Period::Unit::month;
  else if (period == "year") counted.unit = Period::Unit::year;
  else if (!period.empty()) {
    if (Diagnostic* d = error("WL2030", n.span, "`" + period + "` is no period that is counted so far")) d->hint("a day, week, month or year is: `so far this month`");
    return {};
  }
  return flowed_so_far(flow == "discharge", counted, n.span);
}

// `sum(discharge) so far` in a bill, or in a rule asked per month: from the begin of the run to the end of that month. Invalid: nothing is billed.
ExpressionId Elaborator::flowed_since_begin(const std::string& flow, Context& context, Span span) {
  const Period billing = context.tariff ? context.tariff->headers.billing : context.default_period;
  if (!settlement_ || settlement_->sessions || billing.unit < Period::Unit::day || billing.unit == Period::Unit::session || (flow != "discharge" && flow != "charged" && flow != "import" && flow != "export")) return {};
  Context each = context;
  each.as_of.reset();
  ExpressionId value = pool_.aggregate(Aggregate::sum, reading(flow, each, span), {}, billing, span);
  if (ExpressionId inside = settled(billing, span)) value = pool_.aggregate(Aggregate::first, value, inside, billing, span);
  Expression e;
  e.op = Op::previous;
  e.fn = Aggregate::sum;
  e.operands = {value};
  e.type = pool_[value].type;
  e.grain = pool_[value].grain;
  e.period = billing;
  e.span = span;
  e.count = 1200;
  e.include_this = true;
  e.history = History::none;
  return pool_.intern(std::move(e));
}

// Of a vehicle in the period at hand, or in the run, before the interval.
ExpressionId Elaborator::flowed_so_far(bool of_discharge, const Period& period, Span span) {
  const TypedDispatch::Total total{of_discharge, period};
  auto same = [&](const TypedDispatch::Total& other) { return other.of_discharge == total.of_discharge && other.period == total.period; };
  auto at = std::find_if(dispatch_->totals.begin(), dispatch_->totals.end(), same);
  const auto index = static_cast<uint32_t>(at - dispatch_->totals.begin());
  if (at == dispatch_->totals.end()) dispatch_->totals.push_back(total);
  return fleet_state(FleetState::Kind::total, index, span);
}

// A policy decides when an interval begins, so it may not read what only its end tells.
bool Elaborator::is_known_ahead(ExpressionId root, Span span) {
  std::set<uint32_t> seen;
  std::vector<ExpressionId> todo{root};
  while (!todo.empty()) {
    const ExpressionId id = todo.back();
    todo.pop_back();
    if (!seen.insert(id.index).second) continue;
    const Expression& e = pool_[id];
    if (e.grain.entity == EntityGrain::none && e.op != Op::series) {
      const bool gathers_members = e.op == Op::over_members;
      if (!gathers_members) {
        todo.insert(todo.end(), e.operands.begin(), e.operands.end());
        continue;
      }
    }
    const bool is_reading = e.op == Op::series && e.grain.entity != EntityGrain::none && program_.series[e.index].source != SeriesSource::state && !program_.series[e.index].request.question;
    const bool gathers = e.op == Op::aggregate || e.op == Op::previous || e.op == Op::quota || e.op == Op::running_surplus || (e.op == Op::over_members && e.grain.time.unit != Period::Unit::none);
    if (is_reading || gathers) {
      if (Diagnostic* d = error("WL4208", span, is_reading ? "`" + program_.series[e.index].name + "` of an interval is known when the interval is over; a dispatch decides when it begins" : "this is known when its period is over; a dispatch decides before"))
        d->hint("read prices, attributes, `soc`, `stored`, `plugged`, `time_left`, or what has flowed before: `sum(discharge) so far this month`");
      return false;
    }
    todo.insert(todo.end(), e.operands.begin(), e.operands.end());
  }
  return true;
}

ExpressionId Elaborator::rounded_down_or_up(ExpressionId value, const Rational& quantum, RoundingMode mode, Span span) {
  Expression e;
  e.op = Op::round;
  e.type = pool_[value].type;
  e.grain = pool_[value].grain;
  e.span = span;
  e.value = quantum;
  e.rounding = mode;
  e.operands = {value};
  return pool_.intern(std::move(e));
}

// One for each interval and vehicle, whatever it was made of.
ExpressionId Elaborator::for_each_vehicle(ExpressionId value, Span span) {
  if (pool_[value].grain.entity != EntityGrain::vehicle) {
    if (pool_[value].grain.entity == EntityGrain::none) {  // nothing that differs: 0 of the vehicle makes it the vehicle's
      const ExpressionId none = pool_.multiply(pool_.constant(0, number_type(), span), attribute("vehicle.capacity", span), span);
      const ExpressionId of_type = pool_.select(pool_.make(Op::less, boolean_type(), {none, pool_.constant(0, pool_[none].type, span)}, span), pool_.constant(0, pool_[value].type, span), value, span);
      value = of_type;
    } else if (!(value = of_holder(value, EntityGrain::vehicle, span))) {
      return {};
    }
  }
  return in_every(value, kInterval, span);
}

ExpressionId Elaborator::dispatch_action(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  if (n.text == "idle") return pool_.constant(0, number_type(kPower), n.span);
  if (n.text == "charge in cheapest") {
    const Node& until = node(context.module, n.children[1]);
    if (until.kind != NodeKind::Name || until.text != "departure") {
      if (Diagnostic* d = error("WL4212", until.span, "the cheapest hours of a stay end with the departure")) d->hint("write `charge in cheapest 4 h until departure by PRICE`");
      return {};
    }
    ExpressionId hours = elaborate_number(n.children[0], context), price = elaborate_number(n.children[2], context);
    if (!hours || !price) return {};
    if (pool_[hours].type.dimension != Dimension{.time = 1} || pool_[hours].grain.time.unit != Period::Unit::none) {
      if (Diagnostic* d = error("WL4212", pool_[hours].span, "how long it charges is a number of hours that does not change")) d->hint("write `charge in cheapest 4 h until departure by PRICE`");
      return {};
    }
    if (pool_[price].grain.entity != EntityGrain::none) {
      if (Diagnostic* d = error("WL4212", pool_[price].span, "hours are ranked by a price that is the same for all")) d->hint("rank by a published price, for example `by market.day_ahead`");
      return {};
    }
    const auto index = static_cast<uint32_t>(dispatch_->cheapest.size());
    dispatch_->cheapest.push_back({hours, in_every(price, kInterval, n.span)});
    ExpressionId chosen = pool_.make(Op::equal, boolean_type(), {fleet_state(FleetState::Kind::chosen, index, n.span), pool_.constant(1, number_type(), n.span)}, n.span);
    return pool_.select(chosen, attribute("vehicle.charge_power", n.span), pool_.constant(0, number_type(kPower), n.span), n.span);
  }
  const bool charges = n.text == "charge";
  ExpressionId power = n.children.empty() ? attribute(charges ? "vehicle.charge_power" : "vehicle.discharge_power", n.span) : elaborate_number(n.children[0], context);
  if (!power) return {};
  if (pool_[power].type.dimension != kPower) {
    if (Diagnostic* d = error("WL4213", pool_[power].span, "a vehicle charges at a power, this is " + dimension_words(pool_[power].type.dimension))) d->hint("write for example `charge at 7 kW`");
    return {};
  }
  power = pool_.make(Op::maximum, pool_[power].type, {power, pool_.constant(0, pool_[power].type, n.span)}, n.span);
  return charges ? power : pool_.negate(power, n.span);
}

// `soc >= 40%`: the energy that discharging leaves.
ExpressionId Elaborator::dispatch_reserve(NodeId entry, Context& context) {
  const Node& n = node(context.module, entry);
  const Node& keep = node(context.module, n.children[0]);
  const bool is_level = keep.kind == NodeKind::Compare && (keep.text == ">=" || keep.text == ">") && node(context.module, keep.children[0]).kind == NodeKind::Name &&
                        (node(context.module, keep.children[0]).text == "soc" || node(context.module, keep.children[0]).text == "stored");
  if (!is_level) {
    if (Diagnostic* d = error("WL4214", keep.span, "what is kept is a state of charge")) d->hint("write `keep soc >= 40%`, or `keep stored >= 10 kWh`");
    return {};
  }
  ExpressionId floor = node(context.module, keep.children[0]).text == "soc" ? stored_energy(keep.children[1], context) : elaborate_number(keep.children[1], context);
  if (!floor || (pool_[floor].type.dimension != kEnergy && !same_kind(fleet_state(FleetState::Kind::stored, 0, keep.span), floor, keep.span, "compared with"))) return {};
  if (n.children.size() > 1) {
    ExpressionId holds = elaborate_boolean(n.children[1], context);
    if (!holds) return {};
    floor = pool_.select(holds, floor, pool_.constant(0, pool_[floor].type, n.span), n.span);
  }
  return floor;
}

bool Elaborator::dispatch_limit(NodeId entry, Context& context) {
  const Node& n = node(context.module, entry);
  const Node& bound = node(context.module, n.children[0]);
  const auto refuse = [&] {
    if (Diagnostic* d = error("WL4210", bound.span, "a limit bounds the power of those who share something"))
      d->hint("write `limit sum(net_power) per site <= site.capacity sharing least laxity`; `power` is what vehicles draw, `net_power` what goes through the meter");
    return false;
  };
  if (bound.kind != NodeKind::Compare || (bound.text != "<=" && bound.text != "<")) return refuse();
  const Node& sum = node(context.module, bound.children[0]);
  if (sum.kind != NodeKind::Call || sum.text != "sum") return refuse();
  TypedDispatch::Limit limit;
  limit.span = n.span;
  bool has_group = false;
  for (NodeId c : sum.children) {
    const Node& child = node(context.module, c);
    if (child.kind == NodeKind::Argument) {
      const Node& what = node(context.module, child.children[0]);
      if (what.kind != NodeKind::Name || (what.text != "power" && what.text != "net_power")) return refuse();
      limit.nets = what.text == "net_power";
    } else if (child.kind == NodeKind::SuffixPer) {
      const auto group = entity_named(node(context.module, child.children[0]).text, context.module);
      const auto way = group ? way_to(EntityGrain::vehicle, *group) : std::nullopt;
      if (!way || way->empty()) return refuse();
      limit.group = *group;
      for (const uint32_t attribute : *way) {
        limit.way.push_back(load_attribute(attribute));
        limit.of_meter = limit.of_meter || program_.attributes[attribute].entity == EntityGrain::site;
      }
      has_group = true;
    } else if (child.kind == NodeKind::SuffixOverAll) {
      has_group = true;
    } else {
      return refuse();
    }
  }
  if (!has_group) return refuse();
  limit.of_meter = limit.nets && (limit.of_meter || limit.group == EntityGrain::site);
  ExpressionId cap = elaborate_number(bound.children[1], context);
  if (!cap) return false;
  if (pool_[cap].type.dimension != kPower) {
    if (Diagnostic* d = error("WL4213", pool_[cap].span, "power is bounded by a power, this is " + dimension_words(pool_[cap].type.dimension))) d->hint("write for example `<= 11 kW`");
    return false;
  }
  if (!is_known_ahead(cap, node(context.module, bound.children[1]).span)) return false;
  cap = for_each_vehicle(cap, bound.span);
  if (!cap) return false;
  limit.cap = rounded_down_or_up(cap, Rational(1, 1000), RoundingMode::down, bound.span);
  if (NodeId sharing = tree(context.module).child(entry, NodeKind::Sharing)) {
    const std::string& text = node(context.module, sharing).text;
    limit.sharing = text == "equal" ? SharingRule::equal : text == "proportional" ? SharingRule::proportional : SharingRule::ordered;
    limit.order = text == "earliest departure" ? SharingOrder::departure : text == "earliest arrival" ? SharingOrder::arrival : text == "largest remaining" ? SharingOrder::remaining : SharingOrder::laxity;
  }
  dispatch_->limits.push_back(limit);
  return true;
}

// Batteries and chargers are those of the file, so a figure that is given for them would hold in a part of the run only.
void Elaborator::load_vehicle() {
  for (const char* constant : {"vehicle.capacity", "vehicle.charge_power", "vehicle.discharge_power", "vehicle.charge_efficiency", "vehicle.discharge_efficiency", "vehicle.soc", "vehicle.target", "vehicle.site", "vehicle.taper_from", "vehicle.standby", "vehicle.consumption", "vehicle.stationary"}) {
    if (const auto given = given_values_.find(constant); given != given_values_.end())
      if (Diagnostic* d = error("WL4229", given->second.span, std::string("`") + constant + "` is what the battery and the charger of each vehicle have, and cannot be given")) d->hint("write it in vehicles.csv, or let the dispatch say less: `discharge at 3 kW`, `offer … from 3 kW`");
    load_attribute(attribute_index_.at(constant));
  }
}

void Elaborator::elaborate_dispatch(uint32_t module, NodeId use) {
  const Node& named = node(module, use);
  Symbol* symbol = find(named.text, module, Symbol::Kind::dispatch);
  if (!symbol) {
    if (Diagnostic* d = error("WL2032", named.text_span, "no dispatch is called `" + named.text + "`")) {
      const std::string near = nearest_name(named.text, names_in_scope(module, Symbol::Kind::dispatch));
      d->hint(near.empty() ? "declare it: `dispatch " + named.text + " for vehicle { when … => charge  otherwise => idle }`" : "did you mean `" + near + "`?");
    }
    return;
  }
  if (settlement_->dispatch) {
    if (Diagnostic* d = error("WL4215", named.span, "`" + settlement_->name + "` has two dispatches")) d->hint("a scenario runs one; a `reform` may run another");
    return;
  }
  const uint32_t m = symbol->module;
  const Node& n = node(m, symbol->node);
  if (const Node& kind = node(m, n.children[0]); kind.kind == NodeKind::Name && kind.text != "vehicle") return not_in_this_version(kind.span, "a dispatch for every " + kind.text);
  TypedDispatch dispatch;
  dispatch.name = symbol->name;
  dispatch.span = n.text_span;
  dispatch_ = &dispatch;
  Context context;
  context.module = m;
  if (n.kind == NodeKind::OptimalDispatch) {
    if (elaborate_optimum(m, symbol->node, context)) {
      load_vehicle();
      settlement_->dispatch = std::move(dispatch);
      if (options_.bound) elaborate_bound(n.text_span, context);
    }
    dispatch_ = nullptr;
    return;
  }
  std::vector<std::pair<ExpressionId, ExpressionId>> rows;
  ExpressionId wish = pool_.constant(0, number_type(kPower), n.span), reserve;
  bool good = true;
  for (NodeId entry : n.children) {
    const Node& e = node(m, entry);
    if (e.kind != NodeKind::DispatchEntry) continue;
    if (e.text == "cite") dispatch.cites.push_back({node(m, e.children[0]).text, e.span});
    else if (e.text == "when") {
      ExpressionId when = elaborate_boolean(e.children[0], context), power = dispatch_action(e.children[1], context);
      good = good && when && power && is_known_ahead(when, node(m, e.children[0]).span) && is_known_ahead(power, node(m, e.children[1]).span);
      if (good) rows.emplace_back(when, power);
    } else if (e.text == "otherwise") {
      wish = dispatch_action(e.children[0], context);
      good = good && wish && is_known_ahead(wish, e.span);
    } else if (e.text == "ensure") {
      const Node& by = node(m, e.children[1]);
      if (by.kind != NodeKind::Name || by.text != "departure") {
        if (Diagnostic* d = error("WL4216", by.span, "what is ensured is ensured by the departure")) d->hint("write `ensure target by departure`");
        good = false;
        continue;
      }
      ExpressionId energy = stored_energy(e.children[0], context);
      good = good && energy && is_known_ahead(energy, e.span) && (energy = for_each_vehicle(energy, e.span));
      if (good) dispatch.ensured = rounded_down_or_up(energy, Rational(1, 1000), RoundingMode::up, e.span);
    } else if (e.text == "keep") {
      ExpressionId floor = dispatch_reserve(entry, context);
      good = good && floor && is_known_ahead(floor, e.span);
      if (good) reserve = reserve ? pool_.make(Op::maximum, pool_[floor].type, {reserve, floor}, e.span) : floor;
    } else if (e.text == "limit") {
      good = dispatch_limit(entry, context) && good;
    } else if (e.text == "offer") {
      good = dispatch_offer(entry, context) && good;
    } else if (e.text == "follow") {
      good = dispatch_follow(entry, context) && good;
    }
  }
  for (size_t i = rows.size(); good && i-- > 0;) {
    good = same_kind(rows[i].second, wish, n.text_span, "beside");
    if (good) wish = pool_.select(rows[i].first, rows[i].second, wish, n.text_span);
  }
  if (good && (wish = for_each_vehicle(wish, n.text_span))) {
    dispatch.wish = rounded_down_or_up(wish, Rational(1, 1000), RoundingMode::down, n.text_span);
    if (reserve && (reserve = for_each_vehicle(reserve, n.text_span))) dispatch.reserve = rounded_down_or_up(reserve, Rational(1, 1000), RoundingMode::up, n.text_span);
    load_vehicle();
    good = contract_caps(context);
    if (good) {
      settlement_->dispatch = std::move(dispatch);
      if (options_.bound) elaborate_bound(n.text_span, context);
    }
  }
  dispatch_ = nullptr;
}

// The meters of the sites whose vehicles move are read as those of the rest of the site, and vehicles are added.
void Elaborator::settle_what_moves() {
  if (!settlement_->dispatch) return;
  const auto& limits = settlement_->dispatch->limits;
  const auto& states = settlement_->dispatch->states;
  const bool reads_rest = std::any_of(states.begin(), states.end(), [](const TypedDispatch::State& state) { return state.state.kind == FleetState::Kind::rest; });
  const bool of_sites = std::any_of(settlement_->clauses.begin(), settlement_->clauses.end(), [](const TypedClause& clause) { return clause.entity == EntityGrain::site; }) ||
                        std::any_of(limits.begin(), limits.end(), [](const TypedDispatch::Limit& limit) { return limit.of_meter; }) || reads_rest;
  if (of_sites)
    for (const char* wanted : {"import", "export"}) series(wanted, settlement_->dispatch->span);
}

void Elaborator::read_physics(uint32_t module, NodeId physics) {
  Context context;
  context.module = module;
  const Span span = node(module, physics).span;
  ExpressionId every = elaborate(node(module, node(module, physics).children[0]).children[0], context);
  if (!every) return;
  const Rational seconds = pool_[every].type.dimension == Dimension{.time = 1} && pool_.is_constant(every) ? Rational(pool_[every].value * 3600) : Rational(0);
  if (seconds < 1 || denominator(seconds) != 1 || settlement_->step_seconds % static_cast<int32_t>(seconds) != 0) {
    if (Diagnostic* d = error("WL4217", span, "a step of the physics divides the interval of " + std::to_string(settlement_->step_seconds / 60) + " min")) d->hint("write for example `physics every 1 min`");
    return;
  }
  settlement_->physics_seconds = static_cast<int32_t>(seconds);
}

}  // namespace wattlaw
