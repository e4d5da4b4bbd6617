// What declarations say of one another, before anything is settled: time zones exist, roles and taxes are declared, nothing ends before
// it begins, roles and calendars do not lead back to themselves, an exchange is between two currencies.
#include <algorithm>
#include <map>
#include <set>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

void Elaborator::check_declarations() {
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (uint32_t i = 0; i < tree(m).nodes.size(); ++i) {
      const Node& n = tree(m).nodes[i];
      check_dates(m, NodeId{i});
      if (n.kind == NodeKind::ZoneText) check_zone(n.text, n.span);
      if (n.kind == NodeKind::TaxState || n.kind == NodeKind::CapBasis) check_tax_name(m, n.children[0]);
      if (n.kind == NodeKind::Exchange) declare_exchange(m, NodeId{i});
      if (n.kind == NodeKind::Member) check_member(m, NodeId{i});
      if (n.kind != NodeKind::Role && n.kind != NodeKind::Actor) continue;
      for (NodeId is : tree(m).children(NodeId{i}, NodeKind::Is)) check_role(m, is);
    }
  check_circles(Symbol::Kind::role, NodeKind::Is);
  check_circles(Symbol::Kind::calendar, NodeKind::Includes);
}

// A member is of a kind that something is declared of, and says of it what is declared.
void Elaborator::check_member(uint32_t module, NodeId id) {
  const SyntaxTree& t = tree(module);
  const NodeId is = t.child(id, NodeKind::Is);
  const std::string& kind = t[is].text;
  std::set<std::string> kinds = {"charger", "battery"}, fields;
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (NodeId c : tree(m).nodes[tree(m).root.index].children) {
      const Node& n = node(m, c);
      if (n.kind == NodeKind::Kind) kinds.insert(n.text);
      if (n.kind == NodeKind::Kind && n.text == kind)
        for (NodeId field : tree(m).children(c, NodeKind::Field)) fields.insert(node(m, field).text);
      if (n.kind != NodeKind::Attribute) continue;
      const size_t dot = n.text.find('.');
      kinds.insert(n.text.substr(0, dot));
      if (n.text.substr(0, dot) == kind) fields.insert(n.text.substr(dot + 1));
    }
  for (size_t entity = 1; entity < program_.entities.size(); ++entity) kinds.insert(program_.entities[entity].name);
  if (!kinds.contains(kind)) {
    const std::string near = nearest_name(kind, {kinds.begin(), kinds.end()});
    if (Diagnostic* d = error("WL2028", t[is].span, "there is no `" + kind + "`")) d->hint(near.empty() ? "declare it: `kind " + kind + " {}`" : "did you mean `" + near + "`?");
    return;
  }
  std::map<std::string, Span> said;
  for (NodeId value : t.children(id, NodeKind::FieldValue)) {
    const Node& field = t[value];
    if (!said.emplace(field.text, field.text_span).second) {
      if (Diagnostic* d = error("WL2049", field.text_span, "`" + field.text + "` is said twice of `" + t[id].text + "`")) d->label(said[field.text], "the first time").hint("keep one of them");
      continue;
    }
    const Node& what = t[field.children[0]];
    const bool is_thing = what.kind == NodeKind::Name && (find(what.text, module, Symbol::Kind::actor) || find(what.text, module, Symbol::Kind::tariff));  // its owner, its tariff
    static const std::vector<std::string> kThingsSaid = {"owner", "operator", "tariff", "supplier"};
    if (const std::string meant = nearest_name(field.text, kThingsSaid); is_thing && !meant.empty() && meant != field.text && !fields.contains(field.text)) {  // `ownr: Nett`
      if (Diagnostic* d = error("WL2001", field.text_span, "nothing declares a `" + field.text + "` of a " + kind)) d->hint("did you mean `" + meant + "`?");
      continue;
    }
    if (is_thing || fields.contains(field.text) || built_in_field(kind + "." + field.text)) continue;
    const std::string near = nearest_name(field.text, {fields.begin(), fields.end()});
    if (Diagnostic* d = error("WL2001", field.text_span, "nothing declares a `" + field.text + "` of a " + kind)) d->hint(near.empty() ? "declare it: `attribute " + kind + "." + field.text + ": yes_no = false`" : "did you mean `" + near + "`?");
  }
}

void Elaborator::check_dates(uint32_t module, NodeId id) {
  NodeId from = tree(module).child(id, NodeKind::FromDate), until = tree(module).child(id, NodeKind::UntilDate);
  if (!from || !until || node(module, id).kind == NodeKind::SimulationPeriod) return;
  auto first = parse_date(node(module, from).text), end = parse_date(node(module, until).text);
  if (!first || !end || *first < *end) return;
  if (Diagnostic* d = error("WL4005", node(module, id).span, "this ends on " + print_date(*end) + ", before it begins"))
    d->hint("`until` is exclusive: it names the first day on which it no longer holds");
}

void Elaborator::check_zone(const std::string& name, Span span) {
  auto zone = Zone::load(name);
  if (zone) return;
  if (Diagnostic* d = error("WL4012", span, zone.failure().message)) d->hint(zone.failure().hint);
}

// `prices ex moms`: the tax must be one that some clause levies, or a parameter; `vat` needs no declaration.
void Elaborator::check_tax_name(uint32_t module, NodeId name) {
  const Node& n = node(module, name);
  std::vector<std::string> known = {"vat"};
  for (const auto& [key, tariff] : tariffs_)
    for (const auto& [label, versions] : tariff->clauses)
      if (node(versions[0].module, versions[0].node).kind == NodeKind::Tax) known.push_back(label);
  if (std::find(known.begin(), known.end(), n.text) != known.end() || find(n.text, module, Symbol::Kind::parameter)) return;
  if (Diagnostic* d = error("WL2012", n.span, "no tax is called `" + n.text + "`")) {
    std::string near = nearest_name(n.text, known);
    d->hint(near.empty() ? "write `vat`, or declare it: `tax " + n.text + " at 25% on all to State`" : "did you mean `" + near + "`?");
  }
}

void Elaborator::check_role(uint32_t module, NodeId is) {
  const Node& n = node(module, is);
  if (find(n.text, module, Symbol::Kind::role)) return;
  if (Diagnostic* d = error("WL2007", n.text_span.end > n.text_span.begin ? n.text_span : n.span, "no role is called `" + n.text + "`")) {
    std::string near = nearest_name(n.text, names_in_scope(module, Symbol::Kind::role));
    d->hint(near.empty() ? "declare it: `role " + n.text + "`" : "did you mean `" + near + "`?");
  }
}

// `link`: the child that names the next symbol of the same kind. Each circle is told once.
void Elaborator::check_circles(Symbol::Kind kind, NodeKind link) {
  std::set<const Symbol*> told;
  for (const Symbol& start : symbols_) {
    if (start.kind != kind || told.contains(&start)) continue;
    std::vector<const Symbol*> path;
    std::set<const Symbol*> seen;
    std::function<bool(const Symbol&)> leads_back = [&](const Symbol& at) {
      path.push_back(&at);
      for (NodeId c : tree(at.module).children(at.node, link)) {
        const Symbol* next = find(node(at.module, c).text, at.module, kind);
        if (next == &start || (next && seen.insert(next).second && leads_back(*next))) return true;
      }
      path.pop_back();
      return false;
    };
    if (!leads_back(start)) continue;
    told.insert(path.begin(), path.end());
    std::string circle;
    for (const Symbol* step : path) circle += "`" + step->name + "` → ";
    if (Diagnostic* d = error("WL2013", node(start.module, start.node).text_span, "`" + start.name + "` leads back to itself"))
      d->note("the circle: " + circle + "`" + start.name + "`").hint(kind == Symbol::Kind::role ? "take out one `is`" : "take out one `includes`");
  }
}

}  // namespace wattlaw
