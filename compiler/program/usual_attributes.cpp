// What nearly every file of vehicles and batteries calls by the same name, so that no script need declare it: `vehicle.odometer`, `battery.soh`.
// Each is declared when a script first reads it; an `attribute` of the script's own goes before.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "compiler/program/units.h"

namespace wattlaw {

namespace {

struct UsualAttribute {
  const char *name, *unit;             // unit: "" of no number, "money" of the script's currency
  Dimension dimension;
  AttributeRequest::Kind kind = AttributeRequest::Kind::number;
};
constexpr AttributeRequest::Kind kDate = AttributeRequest::Kind::date, kYesNo = AttributeRequest::Kind::yes_no, kChoice = AttributeRequest::Kind::choice, kMember = AttributeRequest::Kind::member;
const UsualAttribute kUsual[] = {
    {"vehicle.range", "km", {.distance = 1}},     {"vehicle.odometer", "km", {.distance = 1}}, {"vehicle.first_registered", "", {}, kDate},
    {"vehicle.battery", "", {}, kMember},         {"battery.capacity", "kWh", {.energy = 1}},  {"battery.soh", "%", {}},
    {"battery.soh_report", "", {}, kDate},        {"battery.price", "money", {.money = 1}},    {"site.capacity", "kW", {.energy = 1, .time = -1}}, {"battery.sold", "", {}, kYesNo},
    {"battery.status", "", {}, kChoice},          {"battery.owner", "", {}, kChoice},
};
constexpr const char* kStatus[] = {"in_vehicle", "spare", "second_life", "recycled"};

}  // namespace

bool Elaborator::is_attribute(const std::string& name) { return attribute_index_.contains(name) || declare_usual(name); }

bool Elaborator::declare_usual(const std::string& name) {
  const auto usual = std::find_if(std::begin(kUsual), std::end(kUsual), [&](const UsualAttribute& u) { return u.name == name; });
  if (usual == std::end(kUsual) || attribute_index_.contains(name)) return false;
  const auto entity = entity_named(name.substr(0, name.find('.')), 0);
  if (!entity) return false;
  TypeMeaning meaning;
  meaning.good = true;
  if (usual->kind == AttributeRequest::Kind::number) {
    const std::string unit = usual->dimension.money != 0 ? own_currency() : usual->unit;
    const auto parsed = units_.parse(unit, nullptr);
    if (!parsed) return false;
    meaning.type = number_type(usual->dimension);
    meaning.unit_text = unit;
  } else if (usual->kind == kDate) {
    meaning.type.kind = ValueKind::date;
  } else if (usual->kind == kYesNo) {
    meaning.type.kind = ValueKind::boolean;
    meaning.yes_no = true;
  } else if (usual->kind == kMember) {
    meaning.names = name.substr(name.find('.') + 1);
    meaning.type.kind = ValueKind::member;
    meaning.type.choices = static_cast<uint32_t>(*entity_named(meaning.names, 0));
  } else {
    meaning.type.kind = ValueKind::choice;
    if (name == "battery.status") {
      meaning.choices.assign(std::begin(kStatus), std::end(kStatus));
    } else {  // an actor, or the role that it plays
      for (const Symbol& symbol : symbols_)
        if ((symbol.kind == Symbol::Kind::role || symbol.kind == Symbol::Kind::actor) && std::find(meaning.choices.begin(), meaning.choices.end(), symbol.name) == meaning.choices.end()) meaning.choices.push_back(symbol.name);
    }
  }
  const uint32_t index = static_cast<uint32_t>(program_.attributes.size());
  program_.attributes.push_back(attribute_of(name, *entity, meaning));
  attribute_index_[name] = index;
  return true;
}

}  // namespace wattlaw
