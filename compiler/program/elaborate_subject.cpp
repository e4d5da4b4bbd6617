// Whom and what a rule is asked of: each tariff in view, each actor with its dated roles, each member that the script declares; and what
// the rule's own words for them mean, `actor is Aggregator`, `charger.owner is not DistributionOperator`, `tariff.payee is State`.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

// Tariffs that a rule `on tariff` is asked of: those that are applied, else those of the script and of what it imports.
std::vector<Symbol*> Elaborator::tariffs_in_view(uint32_t module) {
  std::vector<Symbol*> tariffs;
  for (const std::string& key : applied_order_) tariffs.push_back(tariffs_[key]->symbol);
  if (!tariffs.empty()) return tariffs;
  const std::vector<uint32_t>& imports = modules_.list[module].imports;
  for (Symbol& symbol : symbols_)
    if (symbol.kind == Symbol::Kind::tariff && (symbol.module == module || std::find(imports.begin(), imports.end(), symbol.module) != imports.end())) tariffs.push_back(&symbol);
  return tariffs;
}

// What the script declares under a word of a rule: tariffs, actors, or members of that kind.
std::vector<const Symbol*> Elaborator::things_called(const std::string& word) {
  std::vector<const Symbol*> things;
  if (word == "tariff")
    for (const Symbol* tariff : tariffs_in_view(settlement_module_)) things.push_back(tariff);
  for (const Symbol& symbol : symbols_) {
    const bool is_actor = word == "actor" && symbol.kind == Symbol::Kind::actor;
    const bool is_member = symbol.kind == Symbol::Kind::member && node(symbol.module, tree(symbol.module).child(symbol.node, NodeKind::Is)).text == word;
    if (is_actor || is_member) things.push_back(&symbol);
  }
  return things;
}

std::vector<RuleReading> Elaborator::subjects_of(const Symbol& rule) {
  const SyntaxTree& t = tree(rule.module);
  const NodeId each = t.child(rule.node, NodeKind::ForEach), on = t.child(rule.node, NodeKind::OnDeclaration), per = t.child(rule.node, NodeKind::PerGrain);
  RuleReading plain;
  plain.rule = &rule;
  if (on && t[on].text == "contract") {
    not_in_this_version(t[on].span, "a rule on contracts");
    return {};
  }
  std::vector<RuleReading> subjects;
  if (on || each)
    for (const Symbol* thing : things_called(on ? "tariff" : t[each].text)) {
      subjects.push_back(plain);
      subjects.back().word = on ? "tariff" : t[each].text;
      subjects.back().subject = thing;
    }
  if (!subjects.empty() || on || (each && t[each].text == "actor")) return subjects;
  const auto reads_tariffs = [&] {  // meta-rules mean the tariff, whomever they are written for
    return std::any_of(t.nodes.begin(), t.nodes.end(), [&](const Node& n) {
      const Span& whole = t[rule.node].span;
      return n.kind == NodeKind::Call && is_meta_function(n.text) && n.span.begin >= whole.begin && n.span.end <= whole.end;
    });
  };
  if ((each || per) && !reads_tariffs()) {
    plain.of_data = true;
    plain.undecided = each ? "it is asked of each `" + t[each].text + "` of the data" : "it is asked of what is metered per " + t[t[per].children[0]].text;
  }
  return {plain};
}

bool Elaborator::is_role_of(const std::string& role, const std::string& wanted, uint32_t module) {
  std::string name = role;
  for (int depth = 0; depth < 32; ++depth) {
    if (name == wanted) return true;
    Symbol* symbol = find(name, module, Symbol::Kind::role);
    const NodeId is = symbol ? tree(symbol->module).child(symbol->node, NodeKind::Is) : NodeId{};
    if (!is) return false;
    name = node(symbol->module, is).text;
    module = symbol->module;
  }
  return false;
}

bool Elaborator::plays(const Symbol& actor, const std::string& role, Context& context) {
  const SyntaxTree& t = tree(actor.module);
  bool found = false;
  for (NodeId is : t.children(actor.node, NodeKind::Is)) {
    if (!is_role_of(t[is].text, role, actor.module)) continue;
    const NodeId from_node = t.child(is, NodeKind::FromDate), until_node = t.child(is, NodeKind::UntilDate);
    const auto from = from_node ? parse_date(t[from_node].text) : std::nullopt, until = until_node ? parse_date(t[until_node].text) : std::nullopt;
    for (const auto& date : {from, until})
      if (date && context.cut_dates) context.cut_dates->insert(*date);
    if ((from && *context.as_of < *from) || (until && *context.as_of >= *until)) continue;
    if (!found) context.rule->figures.push_back({actor.name + " is " + t[is].text, boolean_type(), 1, {}, t[is].span});
    found = true;
  }
  return found;
}

// What the member or actor at hand says of a field; nothing if it is silent.
std::optional<std::pair<uint32_t, NodeId>> Elaborator::value_of_field(const std::string& field, Context& context) {
  const Symbol* subject = context.rule->subject;
  if (!subject || (subject->kind != Symbol::Kind::member && subject->kind != Symbol::Kind::actor)) return std::nullopt;
  for (NodeId c : tree(subject->module).children(subject->node, NodeKind::FieldValue))
    if (node(subject->module, c).text == field) return std::pair{subject->module, node(subject->module, c).children[0]};
  return std::nullopt;
}

Symbol* Elaborator::actor_in_field(const std::string& field, Context& context) {
  const auto value = value_of_field(field, context);
  if (!value || node(value->first, value->second).kind != NodeKind::Name) return nullptr;
  return find(node(value->first, value->second).text, value->first, Symbol::Kind::actor);
}

// `actor is ROLE`, `charger.owner is ROLE`, `charger.owner is ACTOR`, `charger.report is none`, `tariff.payer is ROLE`; nothing: it is about something else.
std::optional<ExpressionId> Elaborator::elaborate_subject_is(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const Node &left = node(context.module, n.children[0]), &right = node(context.module, n.children[1]);
  const RuleReading& reading = *context.rule;
  if (!reading.subject || left.kind != NodeKind::Name) return std::nullopt;
  const bool whole = left.text == reading.word;
  if (!whole && !left.text.starts_with(reading.word + ".")) return std::nullopt;
  const std::string field = whole ? "" : left.text.substr(reading.word.size() + 1);
  const auto answer = [&](bool holds) { return pool_.boolean(holds == (n.text == "is"), n.span); };
  if (!whole && right.kind == NodeKind::None) return answer(!value_of_field(field, context));
  if (right.kind != NodeKind::Name) return std::nullopt;
  const bool is_tariff = reading.subject->kind == Symbol::Kind::tariff, is_end = is_tariff && (field == "payer" || field == "payee");
  const Symbol* actor = whole && reading.subject->kind == Symbol::Kind::actor ? reading.subject : whole ? nullptr : actor_in_field(field, context);
  if (const bool is_silent = !is_end && !actor && !whole && reading.subject->kind == Symbol::Kind::member && !value_of_field(field, context);
      is_silent && (may_say(reading.word, field) || field == "owner" || field == "operator") && (find(right.text, context.module, Symbol::Kind::actor) || find(right.text, context.module, Symbol::Kind::role))) {
    if (context.rule->undecided.empty()) context.rule->undecided = "`" + reading.subject->name + "` does not say its `" + field + "`";
    return pool_.boolean(false, n.span);
  }
  if (!is_end && !actor) return std::nullopt;
  if (Symbol* other = find(right.text, context.module, Symbol::Kind::actor)) return answer(actor == other);
  Symbol* role = find(right.text, context.module, Symbol::Kind::role);
  if (!role) {
    const std::string near = nearest_name(right.text, names_in_scope(context.module, Symbol::Kind::role));
    if (Diagnostic* d = error("WL2007", right.span, "no role is called `" + right.text + "`")) d->hint(near.empty() ? "declare it: `role " + right.text + "`" : "did you mean `" + near + "`?");
    return ExpressionId{};
  }
  if (actor) return answer(plays(*actor, role->name, context));
  const SyntaxTree& t = tree(reading.subject->module);
  const NodeId end = t.child(reading.subject->node, field == "payer" ? NodeKind::Payer : NodeKind::Payee);
  return answer(is_role_of(t[end].text, role->name, reading.subject->module));
}

// A definition of the rule, or a field of its subject; nothing: it is about something else.
std::optional<ExpressionId> Elaborator::elaborate_subject_name(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  RuleReading& reading = *context.rule;
  for (NodeId c : tree(reading.rule->module).children(reading.rule->node, NodeKind::Let)) {
    const Node& let = node(reading.rule->module, c);
    if (context.module != reading.rule->module || let.text != n.text) continue;
    if (std::find(let_stack_.begin(), let_stack_.end(), &let) != let_stack_.end()) {
      if (Diagnostic* d = error("WL4501", let.text_span, "`" + let.text + "` is defined by itself")) d->hint("a definition reads other things than itself");
      return ExpressionId{};
    }
    let_stack_.push_back(&let);
    ExpressionId value = elaborate(let.children[0], context);
    let_stack_.pop_back();
    return value;
  }
  if (const auto built_in = reading.subject ? std::nullopt : built_in_field(n.text)) {  // of a charger, and none is declared
    if (reading.undecided.empty()) reading.undecided = "no charger is declared";
    return pool_.constant(1, built_in->type, n.span);
  }
  if (!reading.subject || !n.text.starts_with(reading.word + ".")) return std::nullopt;
  if (reading.subject->kind != Symbol::Kind::member && reading.subject->kind != Symbol::Kind::actor) return std::nullopt;
  return field_of_subject(n.text.substr(reading.word.size() + 1), context, n.span);
}

// What Regulation (EU) 2023/1804 asks of a charging point need not be declared.
std::optional<Elaborator::TypeMeaning> Elaborator::built_in_field(const std::string& name) const {
  TypeMeaning meaning;
  meaning.good = true;
  if (name == "charger.power") {
    meaning.type = number_type(Dimension{.energy = 1, .time = -1});
    meaning.unit_text = "kW";
    meaning.unit = *units_.parse("kW", nullptr);
  } else if (name == "charger.deployed") {
    meaning.type.kind = ValueKind::date;
  } else if (name == "charger.card_reader") {
    meaning.type = boolean_type();
    meaning.yes_no = true;
  } else {
    return std::nullopt;
  }
  return meaning;
}

// A field's value in the type that `attribute charger.power: kW` declares.
ExpressionId Elaborator::field_of_subject(const std::string& field, Context& context, Span span) {
  RuleReading& reading = *context.rule;
  const std::string name = reading.word + "." + field;
  NodeId attribute;
  uint32_t module = 0;
  for (uint32_t m = 0; m < modules_.list.size() && !attribute; ++m)
    for (NodeId c : tree(m).children(tree(m).root, NodeKind::Attribute))
      if (node(m, c).text == name) attribute = c, module = m;
  for (uint32_t m = 0; m < modules_.list.size() && !attribute; ++m)  // `kind notice { sent: date }` declares it as well
    for (NodeId kind : tree(m).children(tree(m).root, NodeKind::Kind))
      for (NodeId c : tree(m).children(kind, NodeKind::Field))
        if (node(m, kind).text == reading.word && node(m, c).text == field) attribute = c, module = m;
  const auto built_in = attribute ? std::nullopt : built_in_field(name);
  if (!attribute && !built_in) {
    if (Diagnostic* d = error("WL2001", span, "nothing is called `" + name + "` here")) d->hint("declare it: `attribute " + name + ": yes_no = false`");
    return {};
  }
  TypeMeaning meaning = attribute ? type_of(tree(module).child(attribute, NodeKind::Type), module) : *built_in;
  if (!meaning.good) return {};
  if (!meaning.choices.empty()) {
    auto [set, fresh] = field_choices_.try_emplace(name, static_cast<uint32_t>(program_.choice_sets.size()));
    if (fresh) program_.choice_sets.push_back({name, meaning.choices});
    meaning.type.choices = set->second;
  }
  auto value = value_of_field(field, context);
  if (!value)
    if (NodeId by_default = attribute ? tree(module).child(attribute, NodeKind::Default) : NodeId{}) value = {module, node(module, by_default).children[0]};
  if (!value) {
    if (reading.undecided.empty()) reading.undecided = "`" + reading.subject->name + "` does not say its `" + field + "`";
    return pool_.constant(1, meaning.type, span);
  }
  const ExpressionId e = value_in_type(*value, meaning, name);
  if (e) {
    ReadFigure figure{reading.subject->name + "." + field, pool_[e].type, pool_[e].value, {}, node(value->first, value->second).span};
    if (meaning.type.kind == ValueKind::number && meaning.unit.factor > 0 && !meaning.unit_text.empty()) figure.shown = print_decimal(pool_[e].value / meaning.unit.factor, 0, 12) + " " + meaning.unit_text;
    reading.figures.push_back(std::move(figure));
  }
  return e;
}

ExpressionId Elaborator::value_in_type(std::pair<uint32_t, NodeId> value, const TypeMeaning& meaning, const std::string& name) {
  const Node& written = node(value.first, value.second);
  if (meaning.type.kind == ValueKind::choice) return choice_constant(meaning.type.choices, written.text, written.span);
  Context inner;
  inner.module = value.first;
  if (meaning.yes_no) {
    const ExpressionId flag = elaborate_flag(value.second, inner);
    return flag ? pool_.boolean(pool_[flag].value != 0, written.span) : flag;
  }
  ExpressionId e = elaborate(value.second, inner);
  if (!e) return e;
  if (meaning.type.kind == ValueKind::number && is_plain(pool_[e].type.dimension) && written.kind == NodeKind::Number) e = pool_.constant(pool_[e].value * meaning.unit.factor, meaning.type, written.span);
  if (pool_.is_constant(e) && pool_[e].type.kind == meaning.type.kind && pool_[e].type.dimension == meaning.type.dimension) return e;
  if (Diagnostic* d = error("WL3101", written.span, "`" + name + "` is " + (meaning.type.kind == ValueKind::date ? "a date" : dimension_words(meaning.type.dimension)) + ", but this is something else"))
    d->hint(meaning.type.kind == ValueKind::date ? "write the day: `2026-01-01`" : "give a figure" + (meaning.unit_text.empty() ? std::string() : " in `" + meaning.unit_text + "`"));
  return {};
}

}  // namespace wattlaw
