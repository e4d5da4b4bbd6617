// Attributes and traces: what a program expects of its data, as requests that load_traces answers.
#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

// Unit texts in file headers, answered against the dimension that the column must have.
std::function<std::optional<SeriesRequest::UnitMeaning>(const std::string&)> header_units(const Units& units, const Type& type) {
  return [units, type](const std::string& text) -> std::optional<SeriesRequest::UnitMeaning> {
    auto meaning = units.parse(text, nullptr);
    if (!meaning) return std::nullopt;
    if (meaning->dimension == type.dimension && (type.dimension.money == 0 || meaning->currency == type.currency))
      return SeriesRequest::UnitMeaning{meaning->factor, false};
    bool energy_as_power = type.extensive && type.dimension == Dimension{.energy = 1} && meaning->dimension == Dimension{.energy = 1, .time = -1};
    if (energy_as_power) return SeriesRequest::UnitMeaning{meaning->factor, true};
    return std::nullopt;
  };
}

bool is_flow(const Dimension& d) { return d == Dimension{.energy = 1} || d == Dimension{.money = 1}; }

}  // namespace

Elaborator::TypeMeaning Elaborator::type_of(NodeId id, uint32_t module) {
  TypeMeaning result;
  const Node& n = node(module, id);
  for (NodeId c : n.children) {
    const Node& child = node(module, c);
    if (child.kind == NodeKind::OneOf) {
      for (NodeId name : child.children) result.choices.push_back(node(module, name).text);
      result.type.kind = ValueKind::choice;
      result.good = true;
    } else if (child.kind == NodeKind::SomeOf) {
      not_in_this_version(child.span, "an attribute with several values");
    } else if (child.kind == NodeKind::TypeUnit) {
      result.unit_text = child.text;
      if (child.text == "yes_no") {
        result.type = boolean_type();
        result.yes_no = result.good = true;
      } else if (child.text == "date") {
        result.type.kind = ValueKind::date;
        result.good = true;
      } else if (const auto entity = entity_named(child.text, module)) {
        result.type.kind = ValueKind::member;
        result.type.choices = static_cast<uint32_t>(*entity);
        result.names = child.text;
        result.good = true;
      } else if (auto unit = units_.parse(child.text, &result.unit_text)) {
        result.unit = *unit;
        result.unit_text = child.text;
        result.type = number_type(unit->dimension, unit->currency, is_flow(unit->dimension));
        result.good = true;
      } else {
        std::string unknown = result.unit_text;
        if (Diagnostic* d = error("WL2020", child.span, "no unit is called `" + unknown + "`")) {
          std::string near = nearest_name(unknown, units_.known_names());
          d->hint(Units::is_iso_currency(unknown) ? "declare the currency: `currency " + unknown + "`"
                  : near.empty()                   ? "declare it, for example `unit p = 0.01 GBP`"
                                                   : "did you mean `" + near + "`?");
        }
      }
    } else if (child.kind == NodeKind::TaxState) {
      result.type.tax = child.text == "ex" ? TaxState::ex : TaxState::incl;
    }
  }
  return result;
}

// `site.tax_zone`, of a kind and a type. A member that names no other, or no day, has none.
AttributeDeclaration Elaborator::attribute_of(const std::string& name, EntityGrain entity, const TypeMeaning& meaning) {
  AttributeDeclaration declaration;
  declaration.name = name;
  declaration.type = meaning.type;
  declaration.entity = entity;
  declaration.request.entity = name.substr(0, name.find('.'));
  declaration.request.name = name.substr(name.find('.') + 1);
  declaration.request.names = meaning.names;
  declaration.request.choices = meaning.choices;
  declaration.request.unit = meaning.unit_text;
  declaration.request.kind = meaning.yes_no                              ? AttributeRequest::Kind::yes_no
                             : meaning.type.kind == ValueKind::choice ? AttributeRequest::Kind::choice
                             : meaning.type.kind == ValueKind::date   ? AttributeRequest::Kind::date
                             : meaning.type.kind == ValueKind::member ? AttributeRequest::Kind::member
                                                                        : AttributeRequest::Kind::number;
  if (!meaning.choices.empty()) {
    declaration.type.choices = static_cast<uint32_t>(program_.choice_sets.size());
    program_.choice_sets.push_back({name, meaning.choices});
  }
  declaration.request.unit_meaning = header_units(units_, declaration.type);
  if (meaning.type.kind == ValueKind::member) declaration.request.default_value = -1;
  if (meaning.type.kind == ValueKind::date) declaration.request.default_value = kNoDate.days;
  return declaration;
}

// What a record says, `kind switch_request { vehicle: vehicle  asked: date }`, is an attribute of it: a column of switch_requests.csv.
void Elaborator::declare_fields(NodeId id, uint32_t module) {
  const std::string& kind = node(module, id).text;
  for (NodeId field : tree(module).children(id, NodeKind::Field)) {
    const NodeId type = tree(module).child(field, NodeKind::Type), unit = type ? tree(module).child(type, NodeKind::TypeUnit) : NodeId{};
    const std::string name = kind + "." + node(module, field).text;
    if (!type || attribute_index_.contains(name)) continue;
    const std::string word = unit ? node(module, unit).text : "";
    if (word == "text" || word == "actor") continue;  // no numbers: rules on declarations read them
    TypeMeaning meaning;
    if (word == "instant") meaning.type.kind = ValueKind::date, meaning.good = true;  // the day on which it lies; `exists` reads the moment
    else meaning = type_of(type, module);
    const auto entity = meaning.good ? entity_named(kind, module) : std::nullopt;
    if (!entity) continue;
    attribute_index_[name] = static_cast<uint32_t>(program_.attributes.size());
    program_.attributes.push_back(attribute_of(name, *entity, meaning));
    program_.attributes.back().request.instant = word == "instant";
  }
}

void Elaborator::declare_attribute(NodeId id, uint32_t module) {
  const Node& n = node(module, id);
  const auto known = attribute_index_.find(n.text);
  if (known != attribute_index_.end() && known->second >= built_in_attributes_) {
    if (Diagnostic* d = error("WL2002", n.text_span, "`" + n.text + "` is declared twice")) d->hint("declare an attribute once, in a module that both import");
    return;
  }
  const std::string kind = n.text.substr(0, n.text.find('.'));
  const auto entity = entity_named(kind, module);
  if (!entity) {
    if (Diagnostic* d = error("WL2027", n.text_span, "nothing is called `" + kind + "` that could have an attribute")) {
      const std::string near = nearest_name(kind, thing_words(module));
      d->hint(near.empty() ? "a site, vehicle, charger, battery or pool has attributes, or a kind of your own: `kind " + kind + " { … }`" : "did you mean `" + near + "`?");
    }
    return;
  }
  TypeMeaning meaning = type_of(tree(module).child(id, NodeKind::Type), module);
  if (!meaning.good) return;
  AttributeDeclaration declaration = attribute_of(n.text, *entity, meaning);
  const NodeId def = tree(module).child(id, NodeKind::Default), value = def ? node(module, def).children[0] : NodeId{};
  const bool names_none = def && node(module, value).kind == NodeKind::None && (declaration.request.kind == AttributeRequest::Kind::date || declaration.request.kind == AttributeRequest::Kind::member);
  if (def && !names_none) {  // a date or a member without a default is none as it is
    Context context;
    context.module = module;
    ExpressionId e;
    const std::string& word = node(module, value).text;
    if (meaning.yes_no && node(module, value).kind == NodeKind::Name && (word == "yes" || word == "no")) e = pool_.boolean(word == "yes", node(module, value).span);  // as files say it
    else if (!meaning.choices.empty()) e = choice_constant(declaration.type.choices, node(module, value).text, node(module, value).span);
    else e = elaborate(value, context);
    if (e) {
      if (!pool_.is_constant(e)) {
        error("WL2021", node(module, value).span, "the default of `" + n.text + "` is not a fixed value");
      } else if (pool_[e].type.kind == ValueKind::number && pool_[e].type.dimension != declaration.type.dimension) {
        if (is_plain(pool_[e].type.dimension)) declaration.request.default_value = pool_[e].value * meaning.unit.factor;
        else error("WL3101", node(module, value).span, "the default of `" + n.text + "` is " + dimension_words(pool_[e].type.dimension) + ", but the attribute is " + dimension_words(declaration.type.dimension));
      } else {
        declaration.request.default_value = pool_[e].value;
      }
    }
  }
  if (known != attribute_index_.end()) {  // a built-in one, with another default
    program_.attributes[known->second] = std::move(declaration);
    return;
  }
  attribute_index_[n.text] = static_cast<uint32_t>(program_.attributes.size());
  program_.attributes.push_back(std::move(declaration));
}

void Elaborator::declare_trace(NodeId id, uint32_t module) {
  const Node& n = node(module, id);
  int32_t native_step = 0;
  std::string file;
  for (NodeId c : n.children) {
    const Node& child = node(module, c);
    if (child.kind == NodeKind::Every) {
      Context context;
      context.module = module;
      ExpressionId e = elaborate(child.children[0], context);
      if (e && pool_.is_constant(e) && pool_[e].type.dimension == Dimension{.time = 1}) native_step = static_cast<int32_t>(pool_[e].value * 3600);
    }
    if (child.kind == NodeKind::FromFile) file = child.text;
  }
  for (NodeId c : n.children) {
    const Node& field = node(module, c);
    if (field.kind != NodeKind::Field) continue;
    TypeMeaning meaning = type_of(tree(module).child(c, NodeKind::Type), module);
    if (!meaning.good) continue;
    std::string name = n.text + "." + field.text;
    if (meaning.type.kind != ValueKind::number && !meaning.yes_no) continue;  // choices in traces belong to events
    SeriesDeclaration declaration;
    const bool of_site = n.text == "site" || n.text == "vehicle";  // of each of them, whose meters it names
    if (of_site) {
      name = field.text;
      declaration.entity = *entity_named(n.text, module);
      declaration.request.entity = n.text;
    }
    declaration.name = name;
    declaration.type = meaning.type;
    declaration.request.trace = n.text;
    declaration.request.column = field.text;
    declaration.request.per_member = of_site;
    declaration.request.unit = meaning.unit_text;
    declaration.request.unit_meaning = header_units(units_, meaning.type);
    declaration.request.flow = meaning.type.extensive ? Flow::extensive : Flow::intensive;
    declaration.request.quantum_free = !of_site;
    declaration.request.native_step_seconds = native_step;
    if (meaning.yes_no) {  // 1 and 0; where it is read it is compared with 1
      declaration.type = number_type();
      declaration.request.unit.clear();
      declaration.request.unit_meaning = [](const std::string& text) { return text.empty() ? std::optional<SeriesRequest::UnitMeaning>({Rational(1), false}) : std::nullopt; };
      declaration.request.flow = Flow::intensive;
      declaration.request.quantum = Quantum{1, 1};
      declaration.request.quantum_free = false;
      declaration.request.yes_no = true;
    }
    declaration.request.file = file;
    if (NodeId keyed = tree(module).child(tree(module).child(c, NodeKind::Type), NodeKind::KeyedBy)) {
      if (of_site || meaning.type.extensive || meaning.yes_no) {
        if (Diagnostic* d = error("WL2023", node(module, keyed).span, "a table of keys holds prices and other values that are the same for everybody")) d->hint("readings of meters are columns in time");
        continue;
      }
      keyed_by_[static_cast<uint32_t>(program_.series.size())] = {module, keyed};
    }
    if (NodeId policy = tree(module).child(c, NodeKind::MissingPolicy)) {
      const std::string& text = node(module, policy).text;
      declaration.request.missing = text == "hold" ? MissingPolicy::hold : text == "zero" ? MissingPolicy::zero : MissingPolicy::skip;
    }
    if (NodeId type = tree(module).child(c, NodeKind::Type))
      if (NodeId finest = tree(module).child(type, NodeKind::FinestTo)) {
        Context context;
        context.module = module;
        ExpressionId e = elaborate(node(module, finest).children[0], context);
        if (e && pool_.is_constant(e) && pool_[e].value > 0) {
          declaration.request.quantum = Quantum::of(pool_[e].value);
          declaration.request.quantum_free = false;
        }
      }
    if (auto it = series_index_.find(name); it != series_index_.end()) {
      if (of_site) program_.series[it->second] = declaration;  // built-in columns may be redeclared with a finer quantum or a policy
      else error("WL2002", field.text_span, "`" + name + "` is declared twice");
      continue;
    }
    series_index_[name] = static_cast<uint32_t>(program_.series.size());
    program_.series.push_back(std::move(declaration));
  }
}

// `keyed by month, DayType, hour`: once the trace is read, so that bands know their calendar. False after an error.
bool Elaborator::resolve_keys(uint32_t series) {
  const auto found = keyed_by_.find(series);
  if (found == keyed_by_.end() || !program_.series[series].keys.empty()) return true;
  const auto [module, keyed] = found->second;
  std::vector<SeriesKey> keys;
  for (NodeId name : node(module, keyed).children) {
    const Node& n = node(module, name);
    SeriesKey key;
    key.name = n.text;
    if (n.text == "month") key.kind = SeriesKey::Kind::month;
    else if (n.text == "weekday") key.kind = SeriesKey::Kind::weekday;
    else if (n.text == "hour") key.kind = SeriesKey::Kind::hour;
    else if (Symbol* symbol = find(n.text, module, Symbol::Kind::bands)) {
      const auto bands = bands_of(*symbol);
      if (!bands) return false;
      key.bands = *bands;
    } else {
      if (Diagnostic* d = error("WL2024", n.span, "`" + n.text + "` is no key of a table")) {
        std::vector<std::string> known = names_in_scope(module, Symbol::Kind::bands);
        for (const char* word : {"month", "weekday", "hour"}) known.push_back(word);
        const std::string near = nearest_name(n.text, known);
        d->hint(near.empty() ? "a table is keyed by `month`, `weekday`, `hour`, or the classes of bands" : "did you mean `" + near + "`?");
      }
      return false;
    }
    if (std::any_of(keys.begin(), keys.end(), [&](const SeriesKey& other) { return other.name == key.name; })) {
      error("WL2024", n.span, "`" + n.text + "` is a key twice");
      return false;
    }
    keys.push_back(std::move(key));
  }
  program_.series[series].keys = std::move(keys);
  return true;
}

void Elaborator::declare_attributes_and_traces() {
  for (const char* name : kRegisters) {
    SeriesDeclaration declaration;
    declaration.name = name;
    declaration.entity = EntityGrain::site;
    declaration.type = number_type({.energy = 1}, 0, true);
    declaration.request.trace = "site";
    declaration.request.column = name;
    declaration.request.unit = "kWh";
    declaration.request.unit_meaning = header_units(units_, declaration.type);
    declaration.request.optional = std::string(name) == "export";
    series_index_[name] = static_cast<uint32_t>(program_.series.size());
    program_.series.push_back(std::move(declaration));
  }
  struct OfSession {
    const char *name, *column;
    Dimension dimension;
    bool extensive;
  };
  static constexpr OfSession kOfSession[] = {{"delivered", "delivered", {.energy = 1}, true},       {"returned", "returned", {.energy = 1}, true},
                                             {"charging_time", "charging_time", {.time = 1}, true}, {"parking_time", "parking_time", {.time = 1}, true},
                                             {"session.power", "power", {.energy = 1, .time = -1}, false}, {"session.current", "current", {.current = 1}, false},
                                             {"session.duration", "duration", {.time = 1}, false},  {"session.energy", "energy", {.energy = 1}, false}};
  for (const OfSession& quantity : kOfSession) {
    SeriesDeclaration declaration;
    declaration.name = quantity.name;
    declaration.type = number_type(quantity.dimension, 0, quantity.extensive);
    declaration.request.trace = kSessionTrace;
    declaration.request.column = quantity.column;
    declaration.request.per_member = false;
    declaration.request.quantum_free = true;
    declaration.request.flow = quantity.extensive ? Flow::extensive : Flow::intensive;
    series_index_[quantity.name] = static_cast<uint32_t>(program_.series.size());
    program_.series.push_back(std::move(declaration));
  }
  declare_vehicles();
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (NodeId id : tree(m)[tree(m).root].children) {
      if (node(m, id).kind == NodeKind::Attribute) declare_attribute(id, m);
      if (node(m, id).kind == NodeKind::Trace) declare_trace(id, m);
    }
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (NodeId id : tree(m)[tree(m).root].children)
      if (node(m, id).kind == NodeKind::Kind) declare_fields(id, m);
}

}  // namespace wattlaw
