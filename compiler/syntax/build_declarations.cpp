#include <algorithm>

#include "compiler/syntax/build_tree.h"

namespace wattlaw {

void TreeBuilder::build_file(Grammar::FileContext* file, NodeId parent, std::vector<Span> missing) {
  std::vector<NodeId> children;
  if (auto* module = file->moduleDecl()) children.push_back(add_labelled(NodeKind::Module, module, module->qname()));
  for (auto* import : file->importDecl()) {
    const NodeId node = add_labelled(NodeKind::Import, import, import->qname());
    if (import->name() != nullptr) attach(node, add(NodeKind::Alias, import->name(), words_of(import->name())));
    children.push_back(node);
  }
  for (auto* item : file->item()) children.push_back(build_item(item));
  for (const NodeId child : children) attach(parent, child);
  // A clause that was taken out leaves its Missing node in the innermost node that encloses it.
  for (const Span gap : missing) {
    NodeId holder = parent;
    for (const NodeId child : children) {
      const Span span = tree_[child].span;
      if (span.begin <= gap.begin && gap.end <= span.end) holder = child;
    }
    const NodeId node = add_node(NodeKind::Missing, gap);
    auto& siblings = tree_.nodes[holder.index].children;
    const auto after = std::find_if(siblings.begin(), siblings.end(), [&](NodeId sibling) { return tree_[sibling].span.begin > gap.begin; });
    siblings.insert(after, node);
  }
}

NodeId TreeBuilder::build_item(Grammar::ItemContext* item) {
  if (auto* rule = item->currencyItem()) {
    const NodeId node = add(NodeKind::Currency, rule);
    attach_names(node, rule->name());
    return node;
  }
  if (auto* rule = item->unitItem()) {
    const NodeId node = add_labelled(NodeKind::UnitDeclaration, rule, rule->name());
    attach(node, build_sum(rule->sum()));
    return node;
  }
  if (auto* rule = item->exchangeItem()) {
    const NodeId node = add(NodeKind::Exchange, rule);
    attach(node, build_sum(rule->sum(0)));
    if (rule->EQUALS_SIGN() != nullptr) attach(node, wrap(NodeKind::Value, build_sum(rule->sum(1))));
    for (auto* value : rule->datedValue()) attach(node, build_dated_value(value));
    for (auto* cite : rule->cite()) attach(node, build_cite(cite));
    return node;
  }
  if (auto* rule = item->roleItem()) {
    const NodeId node = add_labelled(NodeKind::Role, rule, rule->name(0));
    if (rule->IS() != nullptr) attach(node, add(NodeKind::Is, rule->name(1), words_of(rule->name(1))));
    return node;
  }
  if (auto* rule = item->roundingMod()) return build_rounding(rule);
  if (auto* rule = item->letDecl()) return build_let(rule);
  if (auto* rule = item->actorItem()) return build_actor(rule);
  if (auto* rule = item->memberItem()) return build_member(rule);
  if (auto* rule = item->kindItem()) return build_kind(rule);
  if (auto* rule = item->attributeItem()) return build_attribute(rule);
  if (auto* rule = item->traceItem()) return build_trace(rule);
  if (auto* rule = item->calendarItem()) return build_calendar(rule);
  if (auto* rule = item->bandsItem()) return build_bands(rule);
  if (auto* rule = item->parameterItem()) return build_parameter(rule);
  if (auto* rule = item->tariffItem()) return build_tariff(rule);
  if (auto* rule = item->contractItem()) return build_contract(rule);
  if (auto* rule = item->serviceItem()) return build_service(rule);
  if (auto* rule = item->dispatchItem()) return build_dispatch(rule);
  if (auto* rule = item->ruleItem()) return build_rule(rule);
  if (auto* rule = item->amendItem()) return build_amend(rule);
  if (auto* rule = item->reformItem()) return build_reform(rule);
  if (auto* rule = item->scenarioItem()) return build_scenario(rule);
  if (auto* rule = item->spaceItem()) return build_space(rule);
  return build_test(item->testItem());
}

// ---- actors, things, series

NodeId TreeBuilder::build_actor(Grammar::ActorItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Actor, rule, rule->name());
  for (auto* role : rule->actorRole()) {
    const NodeId is = add_labelled(NodeKind::Is, role, role->name());
    if (role->DATE() != nullptr) attach(is, add_token(NodeKind::FromDate, role->DATE()));
    if (role->untilDate() != nullptr) attach(is, build_until(role->untilDate()));
    attach(node, is);
  }
  if (rule->fieldValues() != nullptr) attach_field_values(node, rule->fieldValues());
  return node;
}

NodeId TreeBuilder::build_member(Grammar::MemberItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Member, rule, rule->name(0));
  attach(node, add(NodeKind::Is, rule->name(1), words_of(rule->name(1))));
  if (rule->fieldValues() != nullptr) attach_field_values(node, rule->fieldValues());
  return node;
}

void TreeBuilder::attach_field_values(NodeId parent, Grammar::FieldValuesContext* rule) {
  for (auto* value : rule->fieldValue()) {
    const NodeId node = add_labelled(NodeKind::FieldValue, value, value->name());
    attach(node, build_sum(value->sum()));
    attach(parent, node);
  }
}

NodeId TreeBuilder::build_kind(Grammar::KindItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Kind, rule, rule->name());
  for (auto* field : rule->field()) attach(node, build_field(field));
  return node;
}

NodeId TreeBuilder::build_field(Grammar::FieldContext* rule) {
  const NodeId node = add_labelled(NodeKind::Field, rule, rule->name());
  attach(node, build_type(rule->type()));
  if (rule->defaultValue() != nullptr) attach(node, build_default(rule->defaultValue()));
  return node;
}

NodeId TreeBuilder::build_type(Grammar::TypeContext* rule) {
  const NodeId node = add(NodeKind::Type, rule);
  if (rule->typeUnit() == nullptr) {
    const NodeId choice = add(rule->ONE() != nullptr ? NodeKind::OneOf : NodeKind::SomeOf, rule);
    attach_names(choice, rule->name());
    attach(node, choice);
    return node;
  }
  attach(node, add(NodeKind::TypeUnit, rule->typeUnit(), words_of(rule->typeUnit())));
  if (rule->quantity() != nullptr) attach(node, wrap(NodeKind::FinestTo, build_quantity(rule->quantity(), nullptr)));
  if (rule->taxState() != nullptr) attach(node, build_tax(rule->taxState(), rule->taxState()->name()));
  if (rule->amountTax() != nullptr) attach(node, build_tax(rule->amountTax(), rule->amountTax()->name()));
  if (rule->KEYED() != nullptr) {
    const auto names = rule->name();
    const NodeId keyed = add_node(NodeKind::KeyedBy, {lexed_.file, span_of(rule->KEYED()).begin, span_of(names.back()).end});
    attach_names(keyed, names);
    attach(node, keyed);
  }
  return node;
}

NodeId TreeBuilder::build_default(Grammar::DefaultValueContext* rule) { return wrap(NodeKind::Default, build_expression(rule->expr())); }

NodeId TreeBuilder::build_until(Grammar::UntilDateContext* rule) { return add_token(NodeKind::UntilDate, rule->DATE()); }

NodeId TreeBuilder::build_attribute(Grammar::AttributeItemContext* rule) {
  const NodeId node = add(NodeKind::Attribute, rule, words_of(rule->name()) + "." + words_of(rule->word()));
  tree_.nodes[node.index].text_span = {lexed_.file, span_of(rule->name()).begin, span_of(rule->word()).end};
  attach(node, build_type(rule->type()));
  if (rule->defaultValue() != nullptr) attach(node, build_default(rule->defaultValue()));
  return node;
}

NodeId TreeBuilder::build_trace(Grammar::TraceItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Trace, rule, rule->name());
  for (auto* entry : rule->traceEntry()) {
    if (entry->field() != nullptr) {
      const NodeId field = build_field(entry->field());
      if (auto* policy = entry->missingPolicy()) {
        attach(field, add_node(NodeKind::MissingPolicy, span_of(policy), std::string(lexed_.text_of(policy->stop))));
        widen(field, span_of(policy));
      }
      attach(node, field);
    } else if (entry->EVERY() != nullptr) {
      const NodeId every = wrap(NodeKind::Every, build_sum(entry->sum()));
      widen(every, span_of(entry));
      attach(node, every);
    } else if (entry->cite() != nullptr) {
      attach(node, build_cite(entry->cite()));
    } else {
      attach(node, add_string(NodeKind::FromFile, entry, entry->STRING()));
    }
  }
  return node;
}

// ---- time and numbers

NodeId TreeBuilder::build_calendar(Grammar::CalendarItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Calendar, rule, rule->name());
  for (auto* entry : rule->calendarEntry()) {
    if (entry->ZONE() != nullptr) {
      attach(node, add_string(NodeKind::ZoneText, entry, entry->STRING()));
    } else if (entry->INCLUDES() != nullptr) {
      attach(node, add_labelled(NodeKind::Includes, entry, entry->name()));
    } else {
      const NodeId holiday = add_labelled(NodeKind::Holiday, entry, entry->name());
      attach(holiday, build_sum(entry->sum()));
      if (entry->DATE() != nullptr) attach(holiday, add_token(NodeKind::FromDate, entry->DATE()));
      if (entry->untilDate() != nullptr) attach(holiday, build_until(entry->untilDate()));
      attach(node, holiday);
    }
  }
  return node;
}

NodeId TreeBuilder::build_bands(Grammar::BandsItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Bands, rule, rule->name());
  for (auto* band : rule->band()) {
    const NodeId child = add_labelled(NodeKind::Band, band, band->name());
    if (band->expr() != nullptr) attach(child, build_expression(band->expr()));
    else attach(child, add_node(NodeKind::Otherwise, span_of(band->OTHERWISE())));
    attach(node, child);
  }
  return node;
}

NodeId TreeBuilder::build_parameter(Grammar::ParameterItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Parameter, rule, rule->name());
  if (rule->type() != nullptr) attach(node, build_type(rule->type()));
  auto* body = rule->paramBody();
  if (body->sum() != nullptr) attach(node, wrap(NodeKind::Value, build_sum(body->sum())));
  for (auto* value : body->datedValue()) attach(node, build_dated_value(value));
  if (body->ranging() != nullptr) attach(node, build_ranging(body->ranging()));
  for (auto* status : body->status()) attach(node, add_labelled(NodeKind::Status, status, status->name()));
  for (auto* cite : body->cite()) attach(node, build_cite(cite));
  return node;
}

NodeId TreeBuilder::build_dated_value(Grammar::DatedValueContext* rule) {
  const NodeId node = add(NodeKind::DatedValue, rule, text_of(rule->DATE()));
  tree_.nodes[node.index].text_span = span_of(rule->DATE());
  attach(node, build_sum(rule->sum()));
  for (auto* cite : rule->cite()) attach(node, build_cite(cite));
  return node;
}

NodeId TreeBuilder::build_ranging(Grammar::RangingContext* rule) {
  const NodeId node = add(NodeKind::Ranging, rule, rule->TIMES() != nullptr ? "times" : "");
  for (auto* sum : rule->sum()) attach(node, build_sum(sum));
  return node;
}

// ---- agreements

NodeId TreeBuilder::build_tariff(Grammar::TariffItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Tariff, rule, rule->name(0));
  attach(node, add(NodeKind::Payer, rule->name(1), words_of(rule->name(1))));
  attach(node, add(NodeKind::Payee, rule->name(2), words_of(rule->name(2))));
  if (rule->forEach() != nullptr) attach(node, build_for_each(rule->forEach()));
  attach_body(node, rule->body());
  return node;
}

NodeId TreeBuilder::build_contract(Grammar::ContractItemContext* rule) {
  auto names = rule->name();
  const NodeId node = add_labelled(NodeKind::Contract, rule, names[0]);
  names.erase(names.begin());
  attach_names(node, names);
  attach_body(node, rule->body());
  return node;
}

NodeId TreeBuilder::build_amend(Grammar::AmendItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Amend, rule, rule->qname());
  if (rule->DATE() != nullptr) attach(node, add_token(NodeKind::FromDate, rule->DATE()));
  attach_body(node, rule->body());
  return node;
}

}  // namespace wattlaw
