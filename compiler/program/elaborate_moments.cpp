// Records that name a vehicle and a moment: what was in its battery then, `soc at time of trip.begins`; whether that was enough, `trip.served`;
// in which intervals a moment lies ahead, `booking.begins <= now + 4 h`; and how many records a period has.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kEnergy{.energy = 1};
const Period kDay{.unit = Period::Unit::day};

struct FieldName {
  std::string kind, field;
};
FieldName field_name(const std::string& text) {
  const size_t dot = text.find('.');
  return dot == std::string::npos || text.find('.', dot + 1) != std::string::npos ? FieldName{} : FieldName{text.substr(0, dot), text.substr(dot + 1)};
}
}  // namespace

// The field that says on which day a record falls: "trip.begins".
std::optional<std::string> Elaborator::day_field_of(const Symbol& kind) const {
  for (const char* name : {"begins", "day", "date"})
    if (const auto known = attribute_index_.find(kind.name + "." + name); known != attribute_index_.end() && program_.attributes[known->second].type.kind == ValueKind::date) return known->first;
  return std::nullopt;
}

// Whether the scenario names one, which may be read later than what asks.
bool Elaborator::runs_dispatch(const Settlement& settlement) const {
  return std::any_of(symbols_.begin(), symbols_.end(), [&](const Symbol& symbol) {
    if (symbol.kind != Symbol::Kind::scenario || symbol.name != settlement.name) return false;
    const Span& named = node(symbol.module, symbol.node).text_span;
    return named.file == settlement.span.file && named.begin == settlement.span.begin && tree(symbol.module).child(symbol.node, NodeKind::UseDispatch);
  });
}

bool Elaborator::is_charge_then(NodeId id, const Context& context) {
  const Node& n = node(context.module, id);
  if (n.kind != NodeKind::AtTimeOf || !settlement_ || settlement_->sessions) return false;
  const Node &level = node(context.module, n.children[0]), &moment = node(context.module, n.children[1]);
  const FieldName name = field_name(moment.text);
  return level.kind == NodeKind::Name && level.text == "soc" && moment.kind == NodeKind::Name && find(name.kind, context.module, Symbol::Kind::record) != nullptr;
}

// [kWh] in the battery of the vehicle that the record names, in whole watt-hours.
ExpressionId Elaborator::charge_then(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const Node& moment = node(context.module, n.children[1]);
  const FieldName name = field_name(moment.text);
  const Symbol& kind = *find(name.kind, context.module, Symbol::Kind::record);
  if (field_type(kind, name.field) != "instant") {
    if (Diagnostic* d = error("WL3342", moment.span, "`" + moment.text + "` is no moment")) d->hint("a field that is an instant is one: `kind " + kind.name + " { vehicle: vehicle  begins: instant }`");
    return {};
  }
  if (field_type(kind, "vehicle") != "vehicle") {
    if (Diagnostic* d = error("WL3340", n.span, "nothing says which vehicle a " + kind.name + " belongs to")) d->hint("let the kind name it: `kind " + kind.name + " { vehicle: vehicle  " + name.field + ": instant }`");
    return {};
  }
  if (dispatch_ || (settlement_->kind == Settlement::Kind::scenario && !runs_dispatch(*settlement_)) || settlement_->kind == Settlement::Kind::test) {
    if (Diagnostic* d = error("WL3342", n.span, dispatch_ ? "a dispatch cannot know what will be in a battery at a moment of a record" : "nothing tells what is in a battery at a moment: no dispatch runs here"))
      d->hint(dispatch_ ? "ask what is there now, `soc`, and whether the moment is near, `exists(" + kind.name + " where " + kind.name + ".vehicle is vehicle and " + moment.text + " <= now + 4 h and now < " + moment.text + ")`"
                        : "name one in the scenario, `dispatch ASAP`, and say in vehicles.csv and sessions.csv what batteries hold and when they are plugged in");
    return {};
  }
  const std::string told = "soc at time of " + moment.text;
  auto [known, is_new] = attribute_index_.try_emplace(told, static_cast<uint32_t>(program_.attributes.size()));
  if (is_new) {
    AttributeDeclaration declaration;
    declaration.name = told;
    declaration.entity = *entity_named(kind.name, kind.module);
    declaration.type = number_type(kEnergy);
    declaration.request.entity = kind.name;
    declaration.request.name = told;
    declaration.request.used = false;
    declaration.told = AttributeDeclaration::Told::stored_then;
    declaration.moment = name.field;
    declaration.of_vehicle = attribute_index_.at(kind.name + ".vehicle");
    program_.attributes.push_back(std::move(declaration));
  }
  load_attribute(program_.attributes[known->second].of_vehicle);
  load_attribute(attribute_index_.at(moment.text));
  return attribute(told, n.span);
}

// `trip.served`, which no file says.
std::optional<ExpressionId> Elaborator::told_of_trip(const std::string& name, uint32_t module, Span span) {
  const FieldName field = field_name(name);
  const Symbol* kind = field.kind == "trip" && field.field == "served" ? find("trip", module, Symbol::Kind::record) : nullptr;
  if (!kind || !settlement_ || field_type(*kind, "vehicle") != "vehicle" || field_type(*kind, "begins") != "instant") return std::nullopt;
  if (dispatch_ || (settlement_->kind == Settlement::Kind::scenario && !runs_dispatch(*settlement_)) || settlement_->kind == Settlement::Kind::test) {
    if (Diagnostic* d = error("WL3342", span, dispatch_ ? "a dispatch cannot know whether a trip will be served" : "nothing tells whether a trip was served: no dispatch runs here"))
      d->hint(dispatch_ ? "ask what is in the battery now: `soc`" : "name one in the scenario, `dispatch ASAP`, or let the file say it: `kind trip { … served: yes_no }`");
    return ExpressionId{};
  }
  if (!attribute_index_.contains(name)) {
    AttributeDeclaration declaration;
    declaration.name = name;
    declaration.entity = *entity_named("trip", kind->module);
    declaration.type = boolean_type();
    declaration.request.entity = "trip";
    declaration.request.name = "served";
    declaration.request.used = false;
    declaration.told = AttributeDeclaration::Told::served;
    declaration.moment = "begins";
    declaration.of_vehicle = attribute_index_.at("trip.vehicle");
    attribute_index_[name] = static_cast<uint32_t>(program_.attributes.size());
    program_.attributes.push_back(std::move(declaration));
  }
  load_attribute(attribute_index_.at("trip.vehicle"));
  load_attribute(attribute_index_.at("trip.begins"));
  return attribute(name, span);
}

// `booking.begins <= now`, of each booking in each interval.
std::optional<ExpressionId> Elaborator::compare_moments(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const auto is_now = [&](NodeId side) {
    const Node& s = node(context.module, side);
    return s.kind == NodeKind::Name ? s.text == "now" : s.kind == NodeKind::Sum && node(context.module, s.children[0]).kind == NodeKind::Name && node(context.module, s.children[0]).text == "now";
  };
  const int now = is_now(n.children[0]) ? 0 : is_now(n.children[1]) ? 1 : -1;
  if (now < 0 || !settlement_ || settlement_->sessions) return std::nullopt;
  const Node& other = node(context.module, n.children[static_cast<size_t>(1 - now)]);
  const Symbol* kind = other.kind == NodeKind::Name ? find(field_name(other.text).kind, context.module, Symbol::Kind::record) : nullptr;
  if (!kind) return std::nullopt;
  const auto entity = entity_named(kind->name, kind->module);
  RecordQuestion question;
  question.kind = question.of_member = kind->name;
  if (!record_condition(id, *kind, question, context)) return ExpressionId{};
  return answers_to(std::move(question), "each: " + text_of(n.span), *entity, n.span);
}

// How many records fall into each period, or into the run.
ExpressionId Elaborator::count_records(const Symbol& kind, EntityGrain of, ExpressionId condition, EntityGrain into, const Period& period, const Context& context, Span span) {
  Expression today;
  today.op = Op::date_at;
  today.type.kind = ValueKind::date;
  today.grain = {EntityGrain::none, kDay};
  today.span = span;
  const ExpressionId on_the_day = pool_.make(Op::equal, boolean_type(), {attribute(*day_field_of(kind), span), pool_.intern(std::move(today))}, span);
  const ExpressionId of_the_day = count_members(of, pool_.both(condition, on_the_day, span), into, span);
  if (!of_the_day) return {};
  ExpressionId filter;
  if (period.unit == Period::Unit::none && context.totals) filter = settled(kDay, span);
  if (!nests_in(kDay, period)) {
    if (Diagnostic* d = error("WL3301", span, "a " + kind.name + " falls on a day, and cannot be counted per " + period_name(period))) d->hint("count them `per day`, `per month` or `per year`");
    return {};
  }
  return period == kDay ? of_the_day : pool_.aggregate(Aggregate::sum, of_the_day, filter, period, span);
}

}  // namespace wattlaw
