// What every name stands for: declarations by module, units, attributes, traces, calendars, and tariffs with their amendments.
#include <algorithm>

#include "compiler/program/calendar_words.h"
#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

const char* symbol_kind_words(Symbol::Kind kind) {
  switch (kind) {
    case Symbol::Kind::currency: return "a currency";
    case Symbol::Kind::unit: return "a unit";
    case Symbol::Kind::role: return "a role";
    case Symbol::Kind::actor: return "an actor";
    case Symbol::Kind::member: return "a member";
    case Symbol::Kind::record: return "a kind of record";
    case Symbol::Kind::attribute: return "an attribute";
    case Symbol::Kind::trace: return "a trace";
    case Symbol::Kind::calendar: return "a calendar";
    case Symbol::Kind::bands: return "bands";
    case Symbol::Kind::parameter: return "a parameter";
    case Symbol::Kind::let: return "a definition";
    case Symbol::Kind::tariff: return "a tariff";
    case Symbol::Kind::contract: return "a contract";
    case Symbol::Kind::service: return "a service";
    case Symbol::Kind::dispatch: return "a dispatch";
    case Symbol::Kind::rule: return "a rule";
    case Symbol::Kind::reform: return "a reform";
    case Symbol::Kind::scenario: return "a scenario";
    case Symbol::Kind::space: return "a space";
  }
  return "a name";
}

namespace {

std::optional<Symbol::Kind> declared_kind(NodeKind kind) {
  switch (kind) {
    case NodeKind::UnitDeclaration: return Symbol::Kind::unit;
    case NodeKind::Role: return Symbol::Kind::role;
    case NodeKind::Actor: return Symbol::Kind::actor;
    case NodeKind::Member: return Symbol::Kind::member;
    case NodeKind::Kind: return Symbol::Kind::record;
    case NodeKind::Attribute: return Symbol::Kind::attribute;
    case NodeKind::Trace: return Symbol::Kind::trace;
    case NodeKind::Calendar: return Symbol::Kind::calendar;
    case NodeKind::Bands: return Symbol::Kind::bands;
    case NodeKind::Parameter: return Symbol::Kind::parameter;
    case NodeKind::Let: return Symbol::Kind::let;
    case NodeKind::Tariff: return Symbol::Kind::tariff;
    case NodeKind::Contract: return Symbol::Kind::contract;
    case NodeKind::Service: return Symbol::Kind::service;
    case NodeKind::Dispatch:
    case NodeKind::OptimalDispatch: return Symbol::Kind::dispatch;
    case NodeKind::Rule: return Symbol::Kind::rule;
    case NodeKind::Reform: return Symbol::Kind::reform;
    case NodeKind::Scenario: return Symbol::Kind::scenario;
    case NodeKind::Space: return Symbol::Kind::space;
    default: return std::nullopt;
  }
}

}  // namespace

Elaborator::Elaborator(const Modules& modules, TypedProgram& program, Diagnostics& diagnostics, const CompileOptions& options)
    : modules_(modules), program_(program), diagnostics_(diagnostics), options_(options), pool_(program), scopes_(modules.list.size()) {
  pool_.relate = [this](std::vector<ExpressionId>& operands, Span span) { relate(operands, span); };
  program_.root = modules.root;
}

Diagnostic* Elaborator::error(const char* code, Span span, std::string message) {
  if (!said_.insert(std::string(code) + "@" + std::to_string(span.file) + ":" + std::to_string(span.begin)).second) return nullptr;
  return &diagnostics_.error(code, span, std::move(message));
}

Diagnostic* Elaborator::warning(const char* code, Span span, std::string message) {
  if (!said_.insert(std::string(code) + "@" + std::to_string(span.file) + ":" + std::to_string(span.begin)).second) return nullptr;
  return &diagnostics_.warning(code, span, std::move(message));
}

void Elaborator::not_in_this_version(Span span, const std::string& what) {
  if (Diagnostic* d = error("WL2901", span, what + " can be written, but this version of Wattlaw cannot settle it"))
    d->hint("leave it out of what is applied, or wait for the version that settles it");
}

namespace {

struct Country {
  const char *currency, *calendar, *zone;
};
constexpr Country kCountries[] = {{"NOK", "norway", "Europe/Oslo"}, {"DKK", "denmark", "Europe/Copenhagen"}, {"SEK", "sweden", "Europe/Stockholm"}, {"EUR", "germany", "Europe/Berlin"}};

// Whose calendar a script in this currency most likely wants.
const Country& country_of(const std::string& currency) {
  for (const Country& country : kCountries)
    if (currency == country.currency) return country;
  return kCountries[0];
}

}  // namespace

std::string Elaborator::own_currency() const { return units_.currencies().empty() ? "NOK" : units_.currencies().front(); }

std::string Elaborator::own_calendar(uint32_t module) const {
  std::vector<uint32_t> seen = {module};
  seen.insert(seen.end(), modules_.list[module].imports.begin(), modules_.list[module].imports.end());
  for (uint32_t m : seen)
    for (const auto& [name, symbol] : scopes_[m])
      if (symbol->kind == Symbol::Kind::calendar) return name;
  return country_of(own_currency()).calendar;
}

// A tariff is a contract whose charges have a default payer: where a tariff is meant, a contract will do.
bool Elaborator::is_kind(const Symbol& symbol, Symbol::Kind kind) { return symbol.kind == kind || (kind == Symbol::Kind::tariff && symbol.kind == Symbol::Kind::contract); }

std::string Elaborator::text_of(Span span) const { return modules_.files[span.file].text.substr(span.begin, span.end - span.begin); }

Symbol* Elaborator::find(const std::string& name, uint32_t module, std::optional<Symbol::Kind> kind) {
  const auto fits = [&](Symbol* symbol) { return symbol && (!kind || is_kind(*symbol, *kind)); };
  auto in = [&](uint32_t m, const std::string& n) -> Symbol* {
    auto it = scopes_[m].find(n);
    return it != scopes_[m].end() && fits(it->second) ? it->second : nullptr;
  };
  auto use = [](Symbol* symbol) {
    if (symbol) symbol->used = true;
    return symbol;
  };
  if (Symbol* own = in(module, name)) return use(own);
  const ModuleSource& source = modules_.list[module];
  for (size_t i = 0; i < source.imports.size(); ++i) {
    uint32_t m = source.imports[i];
    if (Symbol* imported = in(m, name)) return use(imported);
    const std::string& prefix = i < source.import_aliases.size() && !source.import_aliases[i].empty() ? source.import_aliases[i] : modules_.list[m].name;
    if (name.size() > prefix.size() + 1 && name.starts_with(prefix) && name[prefix.size()] == '.')
      if (Symbol* qualified = in(m, name.substr(prefix.size() + 1))) return use(qualified);
  }
  for (uint32_t m = 0; m < modules_.list.size(); ++m) {  // a full module name always works; std.roles needs no import
    const std::string& prefix = modules_.list[m].name;
    if (name.size() > prefix.size() + 1 && name.starts_with(prefix) && name[prefix.size()] == '.')
      if (Symbol* qualified = in(m, name.substr(prefix.size() + 1))) return use(qualified);
    if (prefix == "std.roles")
      if (Symbol* role = in(m, name)) return use(role);
  }
  return nullptr;
}

std::optional<uint32_t> Elaborator::module_named(const std::string& name, uint32_t from) const {
  const ModuleSource& source = modules_.list[from];
  for (size_t i = 0; i < source.imports.size(); ++i)
    if (i < source.import_aliases.size() && source.import_aliases[i] == name) return source.imports[i];
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    if (modules_.list[m].name == name) return m;
  return std::nullopt;
}

std::vector<std::string> Elaborator::names_in_scope(uint32_t module, std::optional<Symbol::Kind> kind) {
  std::vector<std::string> names;
  auto take = [&](uint32_t m) {
    for (const auto& [name, symbol] : scopes_[m])
      if (!kind || is_kind(*symbol, *kind)) names.push_back(name);
  };
  take(module);
  for (uint32_t m : modules_.list[module].imports) take(m);
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    if (modules_.list[m].name == "std.roles") take(m);
  return names;
}

void Elaborator::declare_all() {
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (const Node& n : tree(m).nodes)
      if ((n.kind == NodeKind::FromDate || n.kind == NodeKind::UntilDate || n.kind == NodeKind::DatedValue) && !parse_date(n.text))
        if (Diagnostic* d = error("WL1060", n.text_span, "`" + n.text + "` is not a day of the calendar")) d->hint("dates are written year-month-day, `2026-07-01`, and months have their own length");
  for (uint32_t m = 0; m < modules_.list.size(); ++m) {
    const SyntaxTree& t = tree(m);
    for (NodeId id : t[t.root].children) {
      const Node& n = t[id];
      auto kind = declared_kind(n.kind);
      if (!kind) continue;
      if (*kind == Symbol::Kind::attribute) continue;  // named entity.name: declare_attributes_and_traces
      auto [it, fresh] = scopes_[m].try_emplace(n.text, nullptr);
      if (!fresh) {
        if (Diagnostic* d = error("WL2002", n.text_span, "`" + n.text + "` is declared twice"))
          d->label(node(it->second->module, it->second->node).text_span, "first declared here").hint("give one of them another name");
        continue;
      }
      it->second = &symbols_.emplace_back(Symbol{*kind, m, id, n.text, false});
    }
  }
  declare_units();
  declare_calendars();
  declare_attributes_and_traces();
  collect_tariffs();
  check_declarations();
}

void Elaborator::declare_units() {
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (NodeId id : tree(m)[tree(m).root].children)
      if (node(m, id).kind == NodeKind::Currency)
        for (NodeId name : node(m, id).children) {
          const Node& n = node(m, name);
          if (!Units::is_iso_currency(n.text) && (n.text.size() != 3 || n.text[0] < 'A' || n.text[0] > 'Z')) {
            if (Diagnostic* d = error("WL2003", n.span, "`" + n.text + "` is not the three-letter code of a currency"))
              d->hint("write the ISO code, for example `currency NOK`");
            continue;
          }
          units_.declare_currency(n.text);
        }
  program_.currencies = units_.currencies();
  if (program_.currencies.empty()) program_.currencies = {"XXX"};
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (NodeId id : tree(m)[tree(m).root].children) {
      const Node& n = node(m, id);
      if (n.kind != NodeKind::UnitDeclaration) continue;
      Context context;
      context.module = m;
      ExpressionId value = n.children.empty() ? ExpressionId{} : elaborate(n.children[0], context);
      if (!value) continue;
      std::string unknown;
      bool taken = units_.parse(n.text, &unknown).has_value();
      if (taken || (pool_.is_constant(value) && pool_[value].value <= 0)) {
        if (Diagnostic* d = error("WL2009", n.text_span, taken ? "`" + n.text + "` is a unit already" : "the unit `" + n.text + "` has no size")) d->hint(taken ? "give the new unit another name" : "a unit is an amount above zero");
        continue;
      }
      if (!pool_.is_constant(value)) {
        if (Diagnostic* d = error("WL2004", n.span, "the unit `" + n.text + "` is not a fixed amount of another unit"))
          d->hint("write for example `unit p = 0.01 GBP`");
        continue;
      }
      units_.declare_unit(n.text, {pool_[value].type.dimension, pool_[value].type.currency, pool_[value].value});
    }
}

HolidaySet* Elaborator::holidays_of(const std::string& name, uint32_t module, Span span) {
  Symbol* symbol = find(name, module, Symbol::Kind::calendar);
  if (!symbol) {
    if (Diagnostic* d = error("WL2010", span, "no calendar is called `" + name + "`")) {
      std::string near = nearest_name(name, names_in_scope(module, Symbol::Kind::calendar));
      d->hint(near.empty() ? "import one, for example `import std.calendar." + own_calendar(module) + "`" : "did you mean `" + near + "`?");
    }
    return nullptr;
  }
  return holiday_sets_[std::to_string(symbol->module) + "." + symbol->name];
}

void Elaborator::declare_calendars() {
  for (Symbol& symbol : symbols_) {
    if (symbol.kind != Symbol::Kind::calendar) continue;
    HolidaySet& set = program_.holidays.emplace_back();
    set.name = symbol.name;
    holiday_sets_[std::to_string(symbol.module) + "." + symbol.name] = &set;
  }
  std::set<const Symbol*> done;
  std::function<void(Symbol&)> fill = [&](Symbol& symbol) {
    if (!done.insert(&symbol).second) return;
    HolidaySet& set = *holiday_sets_[std::to_string(symbol.module) + "." + symbol.name];
    for (NodeId id : node(symbol.module, symbol.node).children) {
      const Node& n = node(symbol.module, id);
      if (n.kind == NodeKind::ZoneText) set.zone = n.text;
      if (n.kind == NodeKind::Includes) {
        HolidaySet* other = holidays_of(n.text, symbol.module, n.span);
        Symbol* other_symbol = find(n.text, symbol.module, Symbol::Kind::calendar);
        if (!other || other == &set) continue;  // a circle is told by check_declarations
        fill(*other_symbol);
        set.rules.insert(set.rules.end(), other->rules.begin(), other->rules.end());
        if (set.zone.empty()) set.zone = other->zone;
      }
      if (n.kind != NodeKind::Holiday) continue;
      HolidayRule rule;
      rule.name = n.text;
      bool good = false;
      auto take_day = [&](NodeId day) {  // `1 May`
        const Node& d = node(symbol.module, day);
        if (d.kind != NodeKind::YearDay) return false;
        size_t space = d.text.find(' ');
        rule.day = std::atoi(d.text.c_str());
        rule.month = month_number(d.text.substr(space + 1));
        return rule.day >= 1 && rule.month >= 1 && rule.day <= days_in_month(2024, rule.month);
      };
      std::function<bool(NodeId)> take = [&](NodeId e) -> bool {
        const Node& x = node(symbol.module, e);
        if (x.kind == NodeKind::YearDay) return take_day(e);
        if (x.kind == NodeKind::Name && x.text == "easter") {
          rule.kind = HolidayRule::Kind::easter;
          return true;
        }
        if (x.kind == NodeKind::Sum && x.children.size() == 2 && take(x.children[0])) {
          const Node& days = node(symbol.module, x.children[1]);
          if (days.kind != NodeKind::Quantity && days.kind != NodeKind::Number) return false;
          rule.offset += (x.text.back() == '-' ? -1 : 1) * std::atoi(days.text.c_str());
          return true;
        }
        if (x.kind == NodeKind::Call && x.text == "weekday_from" && x.children.size() == 2) {
          const Node& a = node(symbol.module, x.children[0]);
          const Node& b = node(symbol.module, x.children[1]);
          const Node* set_node = a.children.empty() ? nullptr : &node(symbol.module, a.children[0]);
          while (set_node && set_node->kind == NodeKind::TimeSet && set_node->children.size() == 1) set_node = &node(symbol.module, set_node->children[0]);
          if (!set_node || b.children.empty() || weekday_number(set_node->text) < 0) return false;
          rule.kind = HolidayRule::Kind::weekday_from;
          rule.weekday = weekday_number(set_node->text);
          return take_day(b.children[0]);
        }
        return false;
      };
      if (!n.children.empty()) good = take(n.children[0]);
      for (NodeId c : n.children) {
        const Node& d = node(symbol.module, c);
        if (d.kind == NodeKind::FromDate) rule.from = parse_date(d.text);
        if (d.kind == NodeKind::UntilDate) rule.until = parse_date(d.text);
      }
      if (good) {
        set.rules.push_back(rule);
      } else if (Diagnostic* d = error("WL2011", n.span, "the day of the holiday `" + n.text + "` is not understood")) {
        d->hint("write `on 1 May`, `on easter - 2 days` or `on weekday_from(Saturday, 20 June)`");
      }
    }
  };
  for (Symbol& symbol : symbols_)
    if (symbol.kind == Symbol::Kind::calendar) fill(symbol);
}

std::string Elaborator::role_of(NodeId name, uint32_t module) {
  const Node& n = node(module, name);
  Symbol* symbol = find(n.text, module, Symbol::Kind::role);
  if (symbol) return symbol->name;
  if (Symbol* actor = find(n.text, module, Symbol::Kind::actor)) return actor->name;
  if (Diagnostic* d = error("WL2007", n.span, "no role is called `" + n.text + "`")) {
    std::string near = nearest_name(n.text, names_in_scope(module, Symbol::Kind::role));
    d->hint(near.empty() ? "declare it: `role " + n.text + "`" : "did you mean `" + near + "`?");
  }
  return n.text;
}

// Whose account is the member itself: the consumer of a site, the owner or driver of a vehicle.
bool Elaborator::is_member_role(const std::string& role, EntityGrain entity, uint32_t module) {
  std::string name = role;
  for (int depth = 0; depth < 32; ++depth) {
    if (entity == EntityGrain::site && name == "Consumer") return !settlement_ || !settlement_->sessions;  // a session is nobody's site
    if (entity == EntityGrain::vehicle && (name == "VehicleOwner" || name == "Driver")) return true;
    Symbol* symbol = find(name, module, Symbol::Kind::role);
    NodeId is = symbol ? tree(symbol->module).child(symbol->node, NodeKind::Is) : NodeId{};
    if (!is) return false;
    name = node(symbol->module, is).text;
    module = symbol->module;
  }
  return false;
}

// The actor who plays a role throughout the run, else the role's name.
std::string Elaborator::account_of(const std::string& role, Span span) {
  for (const Symbol& symbol : symbols_) {
    if (symbol.kind != Symbol::Kind::actor) continue;
    const SyntaxTree& t = tree(symbol.module);
    for (NodeId is : t.children(symbol.node, NodeKind::Is)) {
      if (t[is].text != role) continue;
      const NodeId from_node = t.child(is, NodeKind::FromDate), until_node = t.child(is, NodeKind::UntilDate);
      const auto from = from_node ? parse_date(t[from_node].text) : std::nullopt, until = until_node ? parse_date(t[until_node].text) : std::nullopt;
      if ((from && *from >= settlement_->until) || (until && *until <= settlement_->from)) continue;
      if (settlement_->kind == Settlement::Kind::scenario && ((from && *from > settlement_->from) || (until && *until < settlement_->until)))
        if (Diagnostic* d = error("WL4135", span, "`" + symbol.name + "` is `" + role + "` in a part of the run only, and an account has one holder"))
          d->label(t[is].span, "here").hint("settle the time before and after in scenarios of their own");
      return symbol.name;
    }
  }
  return role;
}

std::optional<std::string> Elaborator::zone_of(uint32_t module, Span span, bool required) {
  std::set<std::string> zones;
  std::set<uint32_t> seen;
  std::function<void(uint32_t)> walk = [&](uint32_t m) {
    if (!seen.insert(m).second) return;
    for (const auto& [name, symbol] : scopes_[m])
      if (symbol->kind == Symbol::Kind::calendar) {
        const std::string& zone = holiday_sets_[std::to_string(m) + "." + name]->zone;
        if (!zone.empty()) zones.insert(zone);
      }
    for (uint32_t i : modules_.list[m].imports) walk(i);
  };
  walk(module);
  if (zones.size() == 1) return *zones.begin();
  if (!required) return std::nullopt;
  if (zones.empty()) {
    if (Diagnostic* d = error("WL4010", span, "nothing says in which time zone local time is meant"))
      d->hint("import a calendar, for example `import std.calendar." + own_calendar(module) + "`, or write `zone \"" + country_of(own_currency()).zone + "\"`");
  } else if (Diagnostic* d = error("WL4011", span, "the calendars in use stand in different time zones: " + *zones.begin() + " and " + *std::next(zones.begin()))) {
    d->hint("say which one holds here: `zone \"" + *zones.begin() + "\"`");
  }
  return std::nullopt;
}

}  // namespace wattlaw
