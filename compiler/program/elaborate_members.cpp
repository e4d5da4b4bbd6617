// Kinds of members (sites, vehicles, pools, kinds of one's own), what a script may read of them, and what one has of another: a vehicle
// reads what its site has as it is; what many have is gathered, `sum(discharge) per site`.
#include <algorithm>
#include <set>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"
#include "runtime/trace/load_members.h"

namespace wattlaw {

namespace {

// Things that need no declaration of their own; a `kind` of the script is another.
constexpr const char* kThings[] = {"site", "vehicle", "charger", "battery", "pool", "feeder"};

const Dimension kEnergy{.energy = 1}, kPower{.energy = 1, .time = -1}, kPerDistance{.energy = 1, .distance = -1};

struct VehicleAttribute {
  const char *name, *unit;
  Dimension dimension;
  int factor;                          // of the unit: 1 / factor canonical
  int default_value;                   // in the unit; -1: none
  bool is_quiet = false;               // usual, so that nobody is told that it holds
};
constexpr VehicleAttribute kVehicleAttributes[] = {
    {"capacity", "kWh", kEnergy, 1, -1},   {"soc", "%", {}, 100, 50},      {"target", "%", {}, 100, 100},
    {"charge_power", "kW", kPower, 1, -1}, {"discharge_power", "kW", kPower, 1, 0}, {"charge_efficiency", "%", {}, 100, 100},
    {"discharge_efficiency", "%", {}, 100, 100},
    {"taper_from", "%", {}, 100, 100, true}, {"standby", "W", kPower, 1000, 0, true}, {"consumption", "kWh/km", kPerDistance, 1, 0, true},
};

struct VehicleSeries {
  const char *name, *column;           // `charge` is the word of a clause, so the energy is `charged`
  bool is_energy_flow, is_flag;        // else energy that is there
};
constexpr VehicleSeries kVehicleSeries[] = {{"charged", "charge", true, false}, {"discharge", "discharge", true, false}, {"plugged", "plugged", false, true}, {"stored", "stored", false, false},
                                             {"departed", "departed", false, true}, {"wanted", "wanted", false, false}};

}  // namespace

void Elaborator::declare_vehicles() {
  const auto unit_of = [this](const Type& type) {
    return [units = units_, type](const std::string& text) -> std::optional<SeriesRequest::UnitMeaning> {
      const auto meaning = units.parse(text, nullptr);
      if (!meaning) return std::nullopt;
      if (meaning->dimension == type.dimension) return SeriesRequest::UnitMeaning{meaning->factor, false};
      if (type.extensive && meaning->dimension == kPower) return SeriesRequest::UnitMeaning{meaning->factor, true};
      return std::nullopt;
    };
  };
  const auto declare_holder = [this](const std::string& kind, EntityGrain entity) {
    AttributeDeclaration holder;
    holder.name = "vehicle." + kind;
    holder.entity = EntityGrain::vehicle;
    holder.type.kind = ValueKind::member;
    holder.type.choices = static_cast<uint32_t>(entity);
    holder.request.entity = "vehicle";
    holder.request.name = holder.request.names = kind;
    holder.request.kind = AttributeRequest::Kind::member;
    holder.request.default_value = -1;
    attribute_index_[holder.name] = static_cast<uint32_t>(program_.attributes.size());
    program_.attributes.push_back(std::move(holder));
  };
  declare_holder("site", EntityGrain::site);
  // Services are sold by pools.
  // Who sells or follows something does it as a pool.
  const auto follows = [&](const Symbol& symbol) {
    const std::vector<NodeId>& entries = node(symbol.module, symbol.node).children;
    return symbol.kind == Symbol::Kind::dispatch && std::any_of(entries.begin(), entries.end(), [&](NodeId entry) { return node(symbol.module, entry).kind == NodeKind::DispatchEntry && node(symbol.module, entry).text == "follow"; });
  };
  if (std::any_of(symbols_.begin(), symbols_.end(), [&](const Symbol& symbol) { return symbol.kind == Symbol::Kind::service || follows(symbol); })) declare_holder("pool", *entity_named("pool", 0));
  for (const VehicleAttribute& attribute : kVehicleAttributes) {
    AttributeDeclaration declaration;
    declaration.name = std::string("vehicle.") + attribute.name;
    declaration.entity = EntityGrain::vehicle;
    declaration.type = number_type(attribute.dimension);
    declaration.request.entity = "vehicle";
    declaration.request.name = attribute.name;
    declaration.request.unit = attribute.unit;
    declaration.request.unit_meaning = unit_of(declaration.type);
    declaration.request.is_quiet = attribute.is_quiet;
    if (attribute.default_value >= 0) declaration.request.default_value = Rational(attribute.default_value, attribute.factor);
    attribute_index_[declaration.name] = static_cast<uint32_t>(program_.attributes.size());
    program_.attributes.push_back(std::move(declaration));
  }
  AttributeDeclaration stationary;  // a battery that never leaves
  stationary.name = "vehicle.stationary";
  stationary.entity = EntityGrain::vehicle;
  stationary.type = boolean_type();
  stationary.request.entity = "vehicle";
  stationary.request.name = "stationary";
  stationary.request.kind = AttributeRequest::Kind::yes_no;
  stationary.request.default_value = 0;
  stationary.request.is_quiet = true;
  attribute_index_[stationary.name] = static_cast<uint32_t>(program_.attributes.size());
  program_.attributes.push_back(std::move(stationary));
  AttributeDeclaration read;  // the day of the month on which a meter is read
  read.name = "site.read_date";
  read.entity = EntityGrain::site;
  read.type = number_type();
  read.request.entity = "site";
  read.request.name = "read_date";
  read.request.unit = "count";
  read.request.unit_meaning = unit_of(read.type);
  attribute_index_[read.name] = static_cast<uint32_t>(program_.attributes.size());
  program_.attributes.push_back(std::move(read));
  built_in_attributes_ = static_cast<uint32_t>(program_.attributes.size());
  for (const VehicleSeries& series : kVehicleSeries) {
    SeriesDeclaration declaration;
    declaration.name = series.name;
    declaration.entity = EntityGrain::vehicle;
    declaration.type = series.is_flag ? number_type() : number_type(kEnergy, 0, series.is_energy_flow);
    declaration.request.trace = declaration.request.entity = "vehicle";
    declaration.request.column = series.column;
    declaration.request.yes_no = series.is_flag;
    declaration.request.flow = series.is_energy_flow ? Flow::extensive : Flow::intensive;
    if (series.is_flag) {
      declaration.request.quantum = Quantum{1, 1};
      declaration.request.unit_meaning = [](const std::string& text) { return text.empty() ? std::optional<SeriesRequest::UnitMeaning>({Rational(1), false}) : std::nullopt; };
    } else {
      declaration.request.unit = "kWh";
      declaration.request.unit_meaning = unit_of(declaration.type);
    }
    series_index_[declaration.name] = static_cast<uint32_t>(program_.series.size());
    program_.series.push_back(std::move(declaration));
  }
}

std::optional<EntityGrain> Elaborator::entity_named(const std::string& word, uint32_t module) {
  for (size_t i = 1; i < program_.entities.size(); ++i)
    if (program_.entities[i].name == word) return static_cast<EntityGrain>(i);
  const bool is_thing = std::find(std::begin(kThings), std::end(kThings), word) != std::end(kThings);
  if (!is_thing && !find(word, module, Symbol::Kind::record)) return std::nullopt;
  program_.entities.push_back({word});
  return static_cast<EntityGrain>(program_.entities.size() - 1);
}

std::vector<std::string> Elaborator::thing_words(uint32_t module) {
  std::vector<std::string> words = names_in_scope(module, Symbol::Kind::record);
  words.insert(words.end(), std::begin(kThings), std::end(kThings));
  return words;
}

// `soc` and `target` are shares of the capacity. What they are compared with becomes energy, so that nothing has to be divided and rounded.
bool Elaborator::is_charge_level(NodeId id, const Context& context) const {
  const Node& n = node(context.module, id);
  return n.kind == NodeKind::Name && settlement_ && !settlement_->sessions && (n.text == "soc" || n.text == "target") && !(context.locals && context.locals->contains(n.text)) &&
         !scopes_[context.module].contains(n.text);
}

ExpressionId Elaborator::stored_energy(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  if (is_charge_then(id, context)) return charge_then(id, context);
  if (is_charge_level(id, context)) {
    if (dispatch_) return fleet_state(n.text == "soc" ? FleetState::Kind::stored : FleetState::Kind::target, 0, n.span);
    return series(n.text == "soc" ? "stored" : "wanted", n.span);
  }
  ExpressionId share = elaborate_number(id, context);
  if (!share || !is_plain(pool_[share].type.dimension)) {
    if (share)
      if (Diagnostic* d = error("WL3101", n.span, "a state of charge is compared with " + dimension_words(pool_[share].type.dimension))) d->hint("it is a share of the capacity: `soc >= 40%`");
    return {};
  }
  std::vector<ExpressionId> of_one{share, attribute("vehicle.capacity", n.span)};
  relate(of_one, n.span);
  return pool_.multiply(of_one[0], of_one[1], n.span);
}

// A contract is about vehicles unless it says what it covers.
EntityGrain Elaborator::entity_of(const TariffInfo& tariff) {
  if (const auto covered = tariff.headers.covered.empty() ? std::nullopt : entity_named(tariff.headers.covered, tariff.symbol->module)) return *covered;
  if (tariff.symbol->kind != Symbol::Kind::contract) return EntityGrain::site;
  // `allocated by sum(offered) per pool`: the parts are those of pools, so these are whom it is about.
  for (const auto& [label, versions] : tariff.clauses) {
    const SyntaxTree& t = tree(versions[0].module);
    const NodeId by = t.child(versions[0].node, NodeKind::AllocatedBy);
    const NodeId weight = by ? t[by].children[0] : NodeId{};
    const NodeId per = weight && t[weight].kind == NodeKind::Call ? t.child(weight, NodeKind::SuffixPer) : NodeId{};
    if (const auto entity = per ? entity_named(t[t[per].children[0]].text, versions[0].module) : std::nullopt) return *entity;
  }
  return EntityGrain::vehicle;
}

bool Elaborator::check_covers(const TariffInfo& tariff, EntityGrain entity, Span span) {
  if (tariff.headers.covered.empty() || entity_of(tariff) == entity) return true;
  const std::string &covered = tariff.headers.covered, name = tariff.symbol->name;
  if (Diagnostic* d = error("WL4207", span, "`" + name + "` covers each " + covered + ", but it is applied to every " + entity_name(program_, entity)))
    d->label(node(tariff.symbol->module, tariff.symbol->node).text_span, "`covers " + covered + "`").hint("write `apply " + name + " to every " + covered + "`");
  return false;
}

// The attribute called like the kind it names comes first: `vehicle.site` before `vehicle.work`.
std::optional<std::vector<uint32_t>> Elaborator::way_to(EntityGrain from, EntityGrain to) const {
  std::vector<std::pair<EntityGrain, std::vector<uint32_t>>> reached{{from, {}}};
  for (size_t i = 0; i < reached.size(); ++i) {
    if (reached[i].first == to) return reached[i].second;
    for (const bool named_like_it : {true, false})
      for (uint32_t a = 0; a < program_.attributes.size(); ++a) {
        const AttributeDeclaration& attribute = program_.attributes[a];
        if (attribute.type.kind != ValueKind::member || attribute.entity != reached[i].first) continue;
        const auto next = static_cast<EntityGrain>(attribute.type.choices);
        if ((attribute.request.name == entity_name(program_, next)) != named_like_it) continue;
        if (std::any_of(reached.begin(), reached.end(), [&](const auto& known) { return known.first == next; })) continue;
        std::vector<uint32_t> way = reached[i].second;
        way.push_back(a);
        reached.emplace_back(next, std::move(way));
      }
  }
  return std::nullopt;
}

uint32_t Elaborator::load_attribute(uint32_t index) {
  if (settlement_ && std::find(settlement_->attributes.begin(), settlement_->attributes.end(), index) == settlement_->attributes.end()) settlement_->attributes.push_back(index);
  return index;
}

ExpressionId Elaborator::of_holder(ExpressionId value, EntityGrain entity, Span span) {
  const EntityGrain own = pool_[value].grain.entity;
  if (own == EntityGrain::none || own == entity) return value;
  const std::set<std::string> both{entity_name(program_, own), entity_name(program_, entity)};
  if (both == std::set<std::string>{"battery", "vehicle"} && !way_to(EntityGrain::vehicle, std::max(own, entity))) declare_usual("vehicle.battery");
  // A battery is in one vehicle at a time, so what flows through it is what flows through that.
  if (own == EntityGrain::vehicle && entity_name(program_, entity) == "battery" && pool_[value].type.extensive) return gathered(Aggregate::sum, value, {}, entity, 0, span);
  const auto way = way_to(entity, own);
  if (!way) {
    const std::string &have = entity_name(program_, own), &want = entity_name(program_, entity);
    const bool can_gather = way_to(own, entity).has_value();
    if (Diagnostic* d = error("WL3340", span, "this has a value for every " + have + ", but one for every " + want + " is meant"))
      d->hint(can_gather ? "gather what the " + plural_of(have) + " of a " + want + " have: `sum(…) per " + want + "`" : "nothing says which " + have + " belongs to which " + want + ": declare `attribute " + want + "." + have + ": " + have + "`");
    return {};
  }
  for (size_t i = way->size(); i-- > 0;) {
    const AttributeDeclaration& attribute = program_.attributes[(*way)[i]];
    Expression e;
    e.op = Op::of_holder;
    e.index = load_attribute((*way)[i]);
    e.type = pool_[value].type;
    e.grain = {attribute.entity, pool_[value].grain.time};
    e.operands = {value};
    e.span = span;
    value = pool_.intern(std::move(e));
  }
  return value;
}

// The finest kind among the operands is the one from which every other can be reached.
void Elaborator::relate(std::vector<ExpressionId>& operands, Span span) {
  std::set<EntityGrain> kinds;
  for (ExpressionId id : operands)
    if (id && pool_[id].grain.entity != EntityGrain::none) kinds.insert(pool_[id].grain.entity);
  EntityGrain finest = *kinds.begin();
  for (EntityGrain kind : kinds)
    if (std::all_of(kinds.begin(), kinds.end(), [&](EntityGrain other) { return way_to(kind, other).has_value(); })) finest = kind;
  for (ExpressionId& id : operands) {
    if (!id) continue;
    const ExpressionId related = of_holder(id, finest, span);
    // After the error something of the right kind goes on, so that nothing else is said of it.
    id = related ? related : pool_.constant(0, pool_[id].type, span);
  }
}

// The parts of a clause become values of the member whose line it is.
bool Elaborator::make_of(EntityGrain entity, TypedClause& clause) {
  for (ExpressionId* part : {&clause.present, &clause.quantity, &clause.amount, &clause.line}) {
    if (!*part) continue;
    const Span span = pool_[*part].span;
    *part = of_holder(*part, entity, span);
    if (!*part) return false;
  }
  return true;
}

ExpressionId Elaborator::tell_unrelated(EntityGrain of, EntityGrain into, Span span) {
  const std::string &fine = entity_name(program_, of), &coarse = entity_name(program_, into);
  if (Diagnostic* d = error("WL3340", span, "nothing says which " + fine + " belongs to which " + coarse)) d->hint("declare `attribute " + fine + "." + coarse + ": " + coarse + "`, and give it in " + plural_of(fine) + ".csv");
  return {};
}

ExpressionId Elaborator::count_members(EntityGrain of, ExpressionId condition, EntityGrain into, Span span) {
  Expression e;
  e.op = Op::over_members;
  e.fn = Aggregate::count;
  e.type = number_type();
  e.of = of;
  e.index = UINT32_MAX;
  e.operands = {pool_.constant(1, number_type(), span)};
  if (condition) {
    e.operands.push_back(condition);
    e.grain.time = pool_[condition].grain.time;
  }
  if (into != EntityGrain::none && into != of) {
    const auto way = way_to(of, into);
    if (!way || way->size() != 1) return tell_unrelated(of, into, span);
    e.index = load_attribute(way->front());
    e.grain.entity = into;
  }
  e.span = span;
  return pool_.intern(std::move(e));
}

// fn over the members of the value's kind: of all of them, or of those that belong to each `into`.
ExpressionId Elaborator::gathered(Aggregate fn, ExpressionId value, ExpressionId filter, EntityGrain into, int take, Span span) {
  std::vector<ExpressionId> operands{value};
  if (filter) operands.push_back(filter);
  EntityGrain from = EntityGrain::none;
  for (ExpressionId id : operands) from = std::max(from, pool_[id].grain.entity);
  if (operands.size() > 1 && pool_[operands[0]].grain.entity != EntityGrain::none && pool_[operands[1]].grain.entity != EntityGrain::none &&
      pool_[operands[0]].grain.entity != pool_[operands[1]].grain.entity) {
    relate(operands, span);
    from = pool_[operands[0]].grain.entity;
  }
  if (from == EntityGrain::none) from = EntityGrain::site;
  std::vector<uint32_t> way{UINT32_MAX};
  if (into != EntityGrain::none) {
    const auto found = way_to(from, into);
    if (!found) return tell_unrelated(from, into, span);
    way = *found;
  }
  for (const uint32_t attribute : way) {
    Expression e;
    e.op = Op::over_members;
    e.fn = fn;
    e.take = take;
    e.type = fn == Aggregate::count ? number_type() : pool_[operands[0]].type;
    e.of = from;
    e.index = attribute == UINT32_MAX ? attribute : load_attribute(attribute);
    e.grain = {attribute == UINT32_MAX ? EntityGrain::none : static_cast<EntityGrain>(program_.attributes[attribute].type.choices), pool_[operands[0]].grain.time};
    if (e.grain.time.unit == Period::Unit::none && operands.size() > 1) e.grain.time = pool_[operands[1]].grain.time;
    e.operands = operands;
    e.span = span;
    from = e.grain.entity;
    operands = {pool_.intern(std::move(e))};
    if (fn == Aggregate::count) fn = Aggregate::sum;
  }
  return operands[0];
}

}  // namespace wattlaw
