// Services that vehicles sell: what a market asks (`service`), what a dispatch offers of it (`offer`), and what is paid for it.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

const Dimension kMoney{.money = 1}, kEnergy{.energy = 1}, kPower{.energy = 1, .time = -1}, kTime{.time = 1};
constexpr Period kMonthly{.unit = Period::Unit::month};

}  // namespace

// Least and greatest value that an activation can have; what its text does not show is nothing.
Elaborator::Range Elaborator::range_of(ExpressionId id) const {
  const Expression& e = pool_[id];
  using Bound = std::optional<Rational>;
  const auto least = [](const Bound& a, const Bound& b) { return a && b ? Bound(std::min(*a, *b)) : Bound(); };
  const auto most = [](const Bound& a, const Bound& b) { return a && b ? Bound(std::max(*a, *b)) : Bound(); };
  const auto either = [&](const Range& a, const Range& b) { return Range{least(a.least, b.least), most(a.most, b.most)}; };
  switch (e.op) {
    case Op::constant: return {e.value, e.value};
    case Op::select: return either(range_of(e.operands[1]), range_of(e.operands[2]));
    case Op::linearly: {
      Range range = range_of(e.operands[2]);
      for (size_t i = 4; i < e.operands.size(); i += 2) range = either(range, range_of(e.operands[i]));
      return range;
    }
    case Op::negate: {
      const Range range = range_of(e.operands[0]);
      return {range.most ? Bound(-*range.most) : Bound(), range.least ? Bound(-*range.least) : Bound()};
    }
    case Op::minimum:
    case Op::maximum: {  // a bound that one of them keeps holds for the lesser, or the greater, of all
      Range range = range_of(e.operands[0]);
      for (size_t i = 1; i < e.operands.size(); ++i) {
        const Range next = range_of(e.operands[i]);
        const auto one = [&](const Bound& a, const Bound& b, const Bound& both) { return a && b ? both : a ? a : b; };
        if (e.op == Op::minimum) range = {least(range.least, next.least), one(range.most, next.most, least(range.most, next.most))};
        else range = {one(range.least, next.least, most(range.least, next.least)), most(range.most, next.most)};
      }
      return range;
    }
    default: return {};
  }
}

// A figure of a service that is the same at all times.
std::optional<Rational> Elaborator::figure_of_service(NodeId id, const Dimension& dimension, const char* example, Context& context) {
  ExpressionId e = elaborate_number(id, context);
  if (!e) return std::nullopt;
  if (pool_.is_constant(e) && pool_[e].type.dimension == dimension && pool_[e].value >= 0) return pool_[e].value;
  if (Diagnostic* d = error("WL4220", node(context.module, id).span, "this figure of a service is " + dimension_words(dimension) + " that is the same at all times")) d->hint(std::string("write for example `") + example + "`");
  return std::nullopt;
}

// What is paid for a quantity of the service; the quantity is an energy, be it held ready for an hour or delivered.
bool Elaborator::price_of_service(const Symbol& symbol, NodeId entry, TypedService& service, Context& context) {
  const Node& e = node(symbol.module, entry);
  const bool is_penalty = e.text == "penalty";
  const Node* of = e.children.size() > 1 ? &node(symbol.module, e.children[1]) : nullptr;
  const std::string what = of ? of->text : is_penalty ? "missed_energy" : "offered";
  if ((of && of->kind != NodeKind::Name) || (is_penalty ? what != "missed_energy" : what != "offered" && what != "delivered")) {
    if (Diagnostic* d = error("WL4221", of ? of->span : e.span, is_penalty ? "a penalty is for `missed_energy`" : "a service pays for what is `offered` and accepted, or for what is `delivered`"))
      d->hint(is_penalty ? "write for example `penalty 3 * market.up for missed_energy`" : "write for example `pays market.fcr_d_up for offered`");
    return false;
  }
  ExpressionId price = elaborate_number(e.children[0], context);
  if (!price) return false;
  const Type& type = pool_[price].type;
  if (type.dimension != Dimension{.energy = -1, .money = 1} || pool_[price].grain.entity != EntityGrain::none) {
    if (Diagnostic* d = error("WL4221", pool_[price].span, "a service is paid by a price that is the same for all, per power and hour or per energy")) d->hint("write for example `EUR/MW/h` in the trace's declaration");
    return false;
  }
  ExpressionId& place = is_penalty ? service.penalty : e.text == "otherwise pays" ? service.otherwise_price : what == "offered" ? service.price : service.energy_price;
  if (place) {
    if (Diagnostic* d = error("WL4221", e.span, (e.text == "otherwise pays" ? "what is not accepted" : "`" + what + "`") + " is priced twice")) d->hint("keep one of them");
    return false;
  }
  place = in_every(price, Period{.unit = Period::Unit::interval}, e.span);
  return true;
}

std::optional<uint32_t> Elaborator::service_named(const std::string& name, uint32_t module, Span span) {
  Symbol* symbol = find(name, module, Symbol::Kind::service);
  if (!symbol) {
    if (Diagnostic* d = error("WL2033", span, "no service is called `" + name + "`")) {
      const std::string near = nearest_name(name, names_in_scope(module, Symbol::Kind::service));
      d->hint(near.empty() ? "declare it: `service " + name + " { from TransmissionOperator to Aggregator  bid at least 0.1 MW … }`, or import the module that does" : "did you mean `" + near + "`?");
    }
    return std::nullopt;
  }
  std::vector<TypedService>& services = settlement_->services;
  for (uint32_t i = 0; i < services.size(); ++i)
    if (services[i].symbol == symbol->name && services[i].module == symbol->module) return services[i].good ? std::optional(i) : std::nullopt;
  TypedService service = elaborate_service(*symbol);
  services.push_back(std::move(service));
  return services.back().good ? std::optional(static_cast<uint32_t>(services.size() - 1)) : std::nullopt;
}

TypedService Elaborator::elaborate_service(const Symbol& symbol) {
  const uint32_t m = symbol.module;
  const Node& n = node(m, symbol.node);
  TypedService service;
  service.symbol = symbol.name;
  service.module = m;
  service.span = n.text_span;
  Context context;
  context.module = m;
  bool good = true, has_bid = false, has_sides = false;
  for (NodeId entry : n.children) {
    const Node& e = node(m, entry);
    if (e.kind != NodeKind::ServiceEntry) continue;
    if (e.text == "cite") {
      service.cites.push_back({node(m, e.children[0]).text, e.span});
    } else if (e.text == "from") {
      service.buyer = role_of(e.children[0], m);
      service.seller = role_of(e.children[1], m);
      has_sides = true;
    } else if (e.text == "bid") {
      has_bid = true;
      std::vector<Rational> powers;
      for (NodeId child : e.children) {
        const Node& part = node(m, child);
        if (&part == &node(m, e.children.back()) && part.kind == NodeKind::Name && (part.text == "hour" || part.text == "interval" || part.text == "day")) {
          service.per.unit = part.text == "hour" ? Period::Unit::hour : part.text == "day" ? Period::Unit::day : Period::Unit::interval;
          continue;
        }
        const auto power = figure_of_service(child, kPower, "bid at least 0.1 MW in steps of 0.1 MW, per hour", context);
        if (power) powers.push_back(*power);
        good = good && power;
      }
      if (!powers.empty()) service.minimum = powers[0];
      if (powers.size() > 1) service.step = powers[1];
      for (const Rational& power : {service.minimum, service.step})
        if (good && denominator(Rational(power * 1000)) != 1) {
          if (Diagnostic* d = error("WL4220", e.span, "bids are counted in whole watts")) d->hint("write for example `bid at least 0.1 MW in steps of 0.1 MW, per hour`");
          good = false;
        }
    } else if (e.text == "activate") {
      service.activation = elaborate_number(e.children[0], context);
      good = good && service.activation;
    } else if (e.text == "sustain") {
      const auto hours = figure_of_service(e.children[0], kTime, "sustain 20 min", context);
      if (hours) service.sustain = *hours;
      good = good && hours;
      service.per_period = e.children.size() > 1;
      if (service.per_period && node(m, e.children[1]).text != "period") {
        if (Diagnostic* d = error("WL4220", node(m, e.children[1]).span, "the power must last in each delivery, or for each period in which no more is sold than before")) d->hint("write `sustain 20 min for each period`, or `sustain 20 min`");
        good = false;
      }
    } else if (e.text == "gate") {
      const auto hours = figure_of_service(e.children[0], kTime, "gate 45 min", context);
      if (hours) service.gate = *hours;
      good = good && hours;
      if (good && denominator(Rational(*hours * 3600 / settlement_->step_seconds)) != 1) {
        if (Diagnostic* d = error("WL4220", e.span, "a gate closes a whole number of intervals before the delivery period begins, and an interval of `" + settlement_->name + "` is " + std::to_string(settlement_->step_seconds / 60) + " min"))
          d->hint("write for example `gate " + std::to_string(settlement_->step_seconds / 60) + " min`, or a shorter interval in the scenario");
        good = false;
      }
    } else if (e.text == "derate") {
      const bool has_opposite = e.children.size() > 1;  // the builder puts the second share first
      const auto held = figure_of_service(e.children[has_opposite ? 1 : 0], {}, "derate 134%", context);
      const auto opposite = has_opposite ? figure_of_service(e.children[0], {}, "derate 100%, 20% opposite", context) : Rational(0);
      good = good && held && opposite;
      if (good && (*held < 1 || (has_opposite && node(m, e.children.back()).text != "opposite"))) {
        if (Diagnostic* d = error("WL4220", e.span, "a derating says how much power is held for what is sold: at least 100%, and a share in the opposite direction")) d->hint("write `derate 134%`, or `derate 100%, 20% opposite`");
        good = false;
      }
      if (good) service.held = *held, service.opposite = *opposite;
    } else if (e.text == "pays" || e.text == "otherwise pays" || e.text == "penalty") {
      good = price_of_service(symbol, entry, service, context) && good;
    }
  }
  if (good && (!has_sides || !has_bid || !service.activation)) {
    if (Diagnostic* d = error("WL4222", n.text_span, "the service `" + symbol.name + "` does not say " + (!has_sides ? "who buys it from whom" : !has_bid ? "what a bid is" : "how it is activated")))
      d->hint(!has_sides ? "write `from TransmissionOperator to Aggregator`" : !has_bid ? "write for example `bid at least 0.1 MW in steps of 0.1 MW, per hour`" : "write for example `activate by grid.frequency linearly { at 49.9 Hz => 0%   at 49.5 Hz => 100% }`");
    good = false;
  }
  if (good) {
    const Range range = range_of(service.activation);
    const Expression& activation = pool_[service.activation];
    if (!range.least || !range.most || *range.least < -1 || *range.most > 1 || (*range.least == 0 && *range.most == 0) || activation.type.dimension != Dimension{} || activation.grain.entity != EntityGrain::none) {
      if (Diagnostic* d = error("WL4223", activation.span, "an activation is a table from -100% (charges) to 100% (discharges) of what was accepted"))
        d->hint("write for example `activate by grid.frequency linearly { at 49.9 Hz => 0%   at 49.5 Hz => 100% }`");
      good = false;
    } else {
      service.up = *range.most > 0;
      service.down = *range.least < 0;
      service.activation = in_every(service.activation, Period{.unit = Period::Unit::interval}, n.text_span);
    }
  }
  service.good = good;
  return service;
}

// `offer FCR_D_up from headroom while soc >= 40%`
bool Elaborator::dispatch_offer(NodeId entry, Context& context) {
  const Node& n = node(context.module, entry);
  const Node& name = node(context.module, n.children[0]);
  const auto service = service_named(name.text, context.module, name.span);
  if (!service) return false;
  std::vector<TypedDispatch::Offer>& offers = dispatch_->offers;
  if (std::any_of(offers.begin(), offers.end(), [&](const TypedDispatch::Offer& other) { return other.service == *service; })) {
    if (Diagnostic* d = error("WL4224", n.span, "`" + name.text + "` is offered twice")) d->hint("one `offer` of a service says who offers how much and when");
    return false;
  }
  const Node& from = node(context.module, n.children[1]);
  ExpressionId most;
  if (from.kind == NodeKind::Name && from.text == "headroom") {
    most = pool_.constant(1'000'000, number_type(kPower), from.span);
  } else {
    most = elaborate_number(n.children[1], context);
    if (!most) return false;
    if (pool_[most].type.dimension != kPower) {
      if (Diagnostic* d = error("WL4224", from.span, "power is offered, this is " + dimension_words(pool_[most].type.dimension))) d->hint("write `from headroom`, or a power: `from 5 kW`");
      return false;
    }
  }
  if (n.children.size() > 2) {
    ExpressionId holds = elaborate_boolean(n.children[2], context);
    if (!holds) return false;
    most = pool_.select(holds, most, pool_.constant(0, pool_[most].type, n.span), n.span);
  }
  if (!is_known_ahead(most, n.span) || !(most = for_each_vehicle(most, n.span))) return false;
  offers.push_back({*service, rounded_down_or_up(most, Rational(1, 1000), RoundingMode::down, n.span), n.span});
  load_attribute(attribute_index_.at("vehicle.pool"));
  return true;
}

// `follow control.setpoint`
bool Elaborator::dispatch_follow(NodeId entry, Context& context) {
  const Node& n = node(context.module, entry);
  if (dispatch_->follow) {
    if (Diagnostic* d = error("WL4230", n.span, "a dispatch follows two signals")) d->hint("keep one `follow`, or add the powers up: `follow control.a + control.b`");
    return false;
  }
  ExpressionId power = elaborate_number(n.children[0], context);
  if (!power) return false;
  if (pool_[power].type.dimension != kPower) {
    if (Diagnostic* d = error("WL4230", n.span, "what a pool follows is a power that its vehicles give together, this is " + dimension_words(pool_[power].type.dimension)))
      d->hint("write for example `follow control.setpoint`, in kW, + gives and - takes; a share of each vehicle's own power is a row: `otherwise => discharge at signal.share * vehicle.discharge_power`");
    return false;
  }
  if (!is_known_ahead(power, n.span) || !(power = for_each_vehicle(power, n.span))) return false;
  dispatch_->follow = rounded_down_or_up(power, Rational(1, 1000), RoundingMode::down, n.span);
  load_attribute(attribute_index_.at("vehicle.pool"));
  return true;
}

// Powers and energies of a service, as the simulation writes them.
ExpressionId Elaborator::service_series(uint32_t service, const char* what, Span span) {
  const std::string name = std::string(what) + "(" + settlement_->services[service].symbol + ")";
  auto [known, is_new] = series_index_.try_emplace(name, static_cast<uint32_t>(program_.series.size()));
  const bool is_power = std::string_view(what) == "offered" || std::string_view(what) == "accepted";
  if (is_new) {
    SeriesDeclaration declaration;
    declaration.name = name;
    declaration.entity = EntityGrain::vehicle;
    declaration.source = SeriesSource::simulated;
    declaration.type = number_type(is_power ? kPower : kEnergy, 0, !is_power);
    declaration.request.trace = declaration.request.entity = "vehicle";
    declaration.request.column = name;
    declaration.request.is_computed = true;
    declaration.request.flow = is_power ? Flow::intensive : Flow::extensive;
    declaration.request.quantum = Quantum{1, 1000};
    program_.series.push_back(std::move(declaration));
  }
  return series(name, span);
}

// Power that was offered and not accepted, held ready for the interval all the same.
ExpressionId Elaborator::not_accepted(uint32_t service, Span span) {
  return pool_.multiply(pool_.subtract(service_series(service, "offered", span), service_series(service, "accepted", span), span), step_hours(span), span);
}

// The money of a service for each vehicle and interval; what it shares is exact, however much of a cent it is.
ExpressionId Elaborator::service_money(uint32_t index, bool is_penalty, Span span) {
  const TypedService service = settlement_->services[index];
  std::vector<ExpressionId> terms;
  const auto add = [&](ExpressionId price, ExpressionId quantity) { terms.push_back(pool_.multiply(price, quantity, span)); };
  if (is_penalty && service.penalty) add(service.penalty, service_series(index, "missed_energy", span));
  if (!is_penalty && service.price) add(service.price, pool_.multiply(service_series(index, "accepted", span), step_hours(span), span));
  if (!is_penalty && service.energy_price) add(service.energy_price, service_series(index, "delivered", span));
  if (!is_penalty && service.otherwise_price) add(service.otherwise_price, not_accepted(index, span));
  if (terms.empty()) return pool_.constant(0, number_type(kMoney, 0, true), span);
  for (size_t i = 1; i < terms.size(); ++i)
    if (!same_kind(terms[0], terms[i], span, "added to")) return {};
  ExpressionId sum = pool_.add(terms, span);
  Expression money = pool_[sum];
  money.type.extensive = true;
  return pool_.intern(std::move(money));
}

namespace {
constexpr const char* kServiceWords[] = {"revenue", "penalty", "offered", "accepted", "delivered", "missed_energy"};
}

bool Elaborator::is_service_call(const Node& n, uint32_t module) {
  if (!settlement_ || std::find(std::begin(kServiceWords), std::end(kServiceWords), n.text) == std::end(kServiceWords)) return false;
  return std::any_of(n.children.begin(), n.children.end(), [&](NodeId c) { return node(module, c).kind == NodeKind::Argument; });
}

// `revenue(FCR_D_up) per pool`, `offered(FCR_D_up)`
ExpressionId Elaborator::elaborate_service_call(NodeId call, Context& context) {
  const Node& n = node(context.module, call);
  std::optional<Period> period;
  EntityGrain into = EntityGrain::none;
  bool over_all = false;
  const Node* named = nullptr;
  for (NodeId c : n.children) {
    const Node& child = node(context.module, c);
    if (child.kind == NodeKind::Argument && !named) named = &node(context.module, child.children[0]);
    else if (child.kind == NodeKind::SuffixPer) {
      EntityGrain member = EntityGrain::none;
      const auto found = period_of(child.children[0], context, &member);
      if (!found) return {};
      if (member != EntityGrain::none) into = member;
      else period = found;
    } else if (child.kind == NodeKind::SuffixOverAll) {
      over_all = true;
    } else {
      not_in_this_version(child.span, "this in `" + n.text + "`");
      return {};
    }
  }
  if (!named || named->kind != NodeKind::Name) {
    if (Diagnostic* d = error("WL3312", n.span, "`" + n.text + "` takes the name of a service")) d->hint("write for example `" + n.text + "(FCR_D_up)`");
    return {};
  }
  const auto service = service_named(named->text, context.module, named->span);
  if (!service) return {};
  if (!dispatch_) services_read_.emplace(*service, named->span);
  const bool is_money = n.text == "revenue" || n.text == "penalty";
  if (!is_money && !period && into == EntityGrain::none && !over_all) return service_series(*service, n.text.c_str(), n.span);
  ExpressionId value = is_money ? service_money(*service, n.text == "penalty", n.span) : service_series(*service, n.text.c_str(), n.span);
  if (!value) return {};
  if (pool_.is_constant(value)) return value;  // a service without a penalty: nothing of everybody
  const bool is_power = n.text == "offered" || n.text == "accepted";
  const Period window = period ? *period : is_power ? Period{.unit = Period::Unit::interval} : context.default_period;
  if (is_power && window.unit != Period::Unit::interval) {
    if (Diagnostic* d = error("WL3318", n.span, "power is added up over time, which is no quantity")) d->hint("take the mean: `mean(" + n.text + "(" + named->text + ")) per month`");
    return {};
  }
  if (window.unit != Period::Unit::interval) {
    ExpressionId inside = window.unit == Period::Unit::none && context.totals ? settled(pool_[value].grain.time, n.span) : ExpressionId{};
    value = pool_.aggregate(Aggregate::sum, value, inside, window, n.span);
  }
  if (into != EntityGrain::none || over_all) value = gathered(Aggregate::sum, value, {}, into, 0, n.span);
  return value;
}

// `offered` alone in a contract of a run with one service: what was accepted, over the period at hand, as what is held ready for an hour.
std::optional<ExpressionId> Elaborator::offered_name(const std::string& name, Context& context, Span span) {
  if ((name != "offered" && name != "missed_energy") || !settlement_ || settlement_->services.size() != 1 || context.default_period.unit == Period::Unit::none) return std::nullopt;
  services_read_.emplace(0, span);
  ExpressionId energy = name == "offered" ? pool_.multiply(service_series(0, "accepted", span), step_hours(span), span) : service_series(0, "missed_energy", span);
  Expression flow = pool_[energy];
  flow.type.extensive = true;
  energy = pool_.intern(std::move(flow));
  return context.default_period.unit == Period::Unit::interval ? energy : pool_.aggregate(Aggregate::sum, energy, {}, context.default_period, span);
}

// Of each vehicle and interval, where a dispatch runs. `held_up`, `held_down`: power that all services together hold, with what they derate.
// `discharge_power`, `charge_power`: mean power at the plug beside what services called for, which is part of what they hold. Meters round
// to whole watt-hours, each by itself: the one that they may differ by is left out.
std::optional<ExpressionId> Elaborator::power_name(const std::string& name, Context&, Span span) {
  const bool is_up = name == "held_up" || name == "discharge_power", is_held = name == "held_up" || name == "held_down";
  if ((!is_up && name != "held_down" && name != "charge_power") || !settlement_ || !settlement_->dispatch) return std::nullopt;
  reads_step_ = true;
  const auto zero = [&](ExpressionId like) { return pool_.constant(0, pool_[like].type, span); };
  std::vector<ExpressionId> terms;
  if (is_held) {
    for (const TypedDispatch::Offer& offer : settlement_->dispatch->offers) {
      const TypedService& service = settlement_->services[offer.service];
      const Rational held = (is_up ? service.up : service.down) ? service.held : service.opposite;
      if (held > 0) terms.push_back(pool_.multiply(service_series(offer.service, "accepted", span), pool_.constant(held, number_type(), span), span));
    }
    if (!terms.empty()) return pool_.add(terms, span);
    const ExpressionId flow = series(is_up ? "discharge" : "charged", span);  // nobody promises anything: nothing, of each vehicle
    terms.push_back(pool_.multiply(flow, pool_.constant(0, number_type({.time = -1}), span), span));
  } else {
    ExpressionId flow = series(is_up ? "discharge" : "charged", span);
    std::vector<ExpressionId> beside{flow};
    for (const TypedDispatch::Offer& offer : settlement_->dispatch->offers)
      if (is_up ? settlement_->services[offer.service].up : settlement_->services[offer.service].down) beside.push_back(pool_.negate(service_series(offer.service, "delivered", span), span));
    if (beside.size() > 1) {
      beside.push_back(pool_.constant(Rational(-1, 1000), pool_[flow].type, span));
      flow = pool_.add(beside, span);
      flow = pool_.make(Op::maximum, pool_[flow].type, {flow, zero(flow)}, span);
    }
    terms.push_back(pool_.multiply(flow, pool_.constant(Rational(3600, settlement_->step_seconds), number_type({.time = -1}), span), span));
  }
  Expression power = pool_[terms.front()];
  power.type.extensive = false;
  return pool_.intern(std::move(power));
}

// What was sold is paid by the month, to the pool's account on one side and the buyer's on the other.
void Elaborator::settle_services() {
  for (const auto& [index, span] : services_read_) {
    const bool is_offered = settlement_->dispatch && std::any_of(settlement_->dispatch->offers.begin(), settlement_->dispatch->offers.end(), [i = index](const TypedDispatch::Offer& offer) { return offer.service == i; });
    if (is_offered || diagnostics_.has_errors()) continue;
    if (Diagnostic* d = error("WL4225", span, "nobody offers `" + settlement_->services[index].symbol + "` in `" + settlement_->name + "`")) d->hint("let the dispatch say `offer " + settlement_->services[index].symbol + " from headroom`, and the scenario name the dispatch");
  }
  if (!settlement_->dispatch || diagnostics_.has_errors()) return;
  const auto pool = entity_named("pool", settlement_module_);
  for (const TypedDispatch::Offer& offer : settlement_->dispatch->offers) {
    const TypedService service = settlement_->services[offer.service];
    Symbol* symbol = find(service.symbol, service.module, Symbol::Kind::service);
    const std::string key = std::to_string(service.module) + "." + service.symbol;
    std::unique_ptr<TariffInfo>& info = tariffs_[key];
    if (!info) {
      info = std::make_unique<TariffInfo>();
      info->symbol = symbol;
      info->key = key;
      info->headers.billing = kMonthly;
      info->headers.cites = service.cites;
      for (uint32_t m : {settlement_module_, service.module})
        for (NodeId id : tree(m)[tree(m).root].children)
          if (node(m, id).kind == NodeKind::Rounding && !info->headers.rounding) info->headers.rounding = read_rounding(id, m);
    }
    Applied& applied = applied_[key];
    applied.entity = *pool;
    applied.done = true;
    applied_order_.push_back(key);
    const auto post = [&](const char* name, ExpressionId price, ExpressionId quantity, bool to_seller) {
      if (!price) return;
      info->payer = to_seller ? service.buyer : service.seller;
      info->payee = to_seller ? service.seller : service.buyer;
      ExpressionId money = pool_.aggregate(Aggregate::sum, pool_.multiply(price, quantity, service.span), {}, kMonthly, service.span);
      TypedClause clause;
      clause.name = name;
      clause.kind = ClauseKind::pay;
      clause.span = service.span;
      clause.amount = gathered(Aggregate::sum, money, {}, *pool, 0, service.span);
      if (!clause.amount) return;
      clause.present = pool_.negation(pool_.make(Op::equal, boolean_type(), {clause.amount, pool_.constant(0, pool_[clause.amount].type, service.span)}, service.span), service.span);
      finish_clause(*info, applied, std::move(clause), {{LabelVersion{service.module, symbol->node, {}, {}, {}, {}}, VersionParts{}}});
    };
    post("capacity", service.price, pool_.multiply(service_series(offer.service, "accepted", service.span), step_hours(service.span), service.span), true);
    if (service.otherwise_price) post("otherwise", service.otherwise_price, not_accepted(offer.service, service.span), true);
    post("energy", service.energy_price, service_series(offer.service, "delivered", service.span), true);
    post("penalty", service.penalty, service_series(offer.service, "missed_energy", service.span), false);
  }
}

}  // namespace wattlaw
