// Services, dispatch, rules, scenarios, reforms, spaces and tests: declarations whose bodies are entries rather than clauses.
#include "compiler/syntax/build_tree.h"

namespace wattlaw {

// ---- services and dispatch

NodeId TreeBuilder::build_service(Grammar::ServiceItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Service, rule, rule->name());
  for (auto* entry : rule->serviceEntry()) attach(node, build_service_entry(entry));
  return node;
}

NodeId TreeBuilder::build_service_entry(Grammar::ServiceEntryContext* rule) {
  const std::string word(lexed_.text_of(rule->start));
  const NodeId node = add(NodeKind::ServiceEntry, rule, rule->OTHERWISE() != nullptr ? "otherwise pays" : word);
  if (rule->cite() != nullptr) attach(node, build_cite(rule->cite()));
  for (auto* sum : rule->sum()) attach(node, build_sum(sum));
  for (auto* expression : rule->expr()) attach(node, build_expression(expression));
  attach_names(node, rule->name());
  return node;
}

NodeId TreeBuilder::build_dispatch(Grammar::DispatchItemContext* rule) {
  const NodeId node = add_labelled(rule->expr() != nullptr ? NodeKind::OptimalDispatch : NodeKind::Dispatch, rule, rule->name(0));
  if (rule->FOR() != nullptr) attach(node, add_name(rule->name(1)));
  if (rule->expr() != nullptr) attach(node, wrap(NodeKind::Objective, build_expression(rule->expr()), rule->MINIMISE() != nullptr ? "minimise" : "maximise"));
  for (auto* entry : rule->dispatchEntry()) attach(node, build_dispatch_entry(entry));
  return node;
}

NodeId TreeBuilder::build_dispatch_entry(Grammar::DispatchEntryContext* rule) {
  const NodeId node = add(NodeKind::DispatchEntry, rule, std::string(lexed_.text_of(rule->start)));
  if (rule->cite() != nullptr) attach(node, build_cite(rule->cite()));
  if (rule->name() != nullptr) attach(node, add_name(rule->name()));
  if (rule->sum() != nullptr) attach(node, build_sum(rule->sum()));
  for (auto* expression : rule->expr()) attach(node, build_expression(expression));
  if (rule->action() != nullptr) attach(node, build_action(rule->action()));
  if (rule->sharing() != nullptr) attach(node, add(NodeKind::Sharing, rule->sharing(), spaced_words_of(rule->sharing())));
  return node;
}

NodeId TreeBuilder::build_action(Grammar::ActionContext* rule) {
  const NodeId node = add(NodeKind::Action, rule, rule->CHEAPEST() != nullptr ? "charge in cheapest" : std::string(lexed_.text_of(rule->start)));
  for (auto* sum : rule->sum()) attach(node, build_sum(sum));
  return node;
}

// ---- norms

NodeId TreeBuilder::build_rule(Grammar::RuleItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Rule, rule, rule->name());
  const auto attach_binds = [&](Grammar::BindsContext* binds) { attach(node, add_labelled(NodeKind::Binds, binds, binds->name())); };
  for (auto* scope : rule->ruleScope()) {
    if (scope->forEach() != nullptr) attach(node, build_for_each(scope->forEach()));
    else if (scope->binds() != nullptr) attach_binds(scope->binds());
    else if (scope->period() != nullptr) attach(node, wrap(NodeKind::PerGrain, build_period_starting(scope->period(), scope->starting())));
    else attach(node, add(NodeKind::OnDeclaration, scope, scope->TARIFF() != nullptr ? "tariff" : "contract"));
  }
  for (auto* header : rule->ruleHeader()) {
    if (header->cite() != nullptr) attach(node, build_cite(header->cite()));
    else if (header->inForce() != nullptr) attach(node, build_in_force(header->inForce()));
    else attach_binds(header->binds());
  }
  for (auto* entry : rule->ruleEntry()) attach(node, build_rule_entry(entry));
  return node;
}

NodeId TreeBuilder::build_rule_entry(Grammar::RuleEntryContext* rule) {
  if (rule->letDecl() != nullptr) return build_let(rule->letDecl());
  if (rule->STRING() != nullptr) return add_string(NodeKind::OtherwiseSay, rule, rule->STRING());
  if (rule->PAY() != nullptr) {
    const NodeId node = add(NodeKind::OtherwisePay, rule);
    attach(node, add(NodeKind::Payer, rule->name(0), words_of(rule->name(0))));
    attach(node, add(NodeKind::Payee, rule->name(1), words_of(rule->name(1))));
    attach(node, take_label(node, build_sum(rule->sum())));
    return node;
  }
  const NodeId node = add(NodeKind::Norm, rule, std::string(lexed_.text_of(rule->start)));
  attach(node, build_expression(rule->expr()));
  if (rule->sum() != nullptr) attach(node, wrap(NodeKind::Deadline, build_sum(rule->sum())));
  for (auto* modifier : rule->ruleModifier()) {
    if (modifier->cite() != nullptr) attach(node, build_cite(modifier->cite()));
    else if (modifier->exceptWhen() != nullptr) attach(node, build_exception(modifier->exceptWhen()));
    else attach(node, build_when(modifier->expr()));
  }
  return node;
}

// `late of 2.50 EUR`: a name before `of` is the payment's label, as in a `pay` clause.
NodeId TreeBuilder::take_label(NodeId payment, NodeId amount) {
  NodeId product = amount;
  while (tree_[product].kind == NodeKind::Sum) product = tree_[product].children.front();
  if (tree_[product].kind != NodeKind::Product || tree_[product].text[0] != 'o' || tree_[tree_[product].children[0]].kind != NodeKind::Name) return amount;
  Node& node = tree_.nodes[product.index];
  const Node& label = tree_[node.children[0]];
  tree_.nodes[payment.index].text = label.text;
  tree_.nodes[payment.index].text_span = label.span;
  if (node.children.size() == 2 && product == amount) return node.children[1];
  node.children.erase(node.children.begin());
  node.text.erase(0, 1);
  if (node.children.size() == 1) node = Node(tree_[node.children[0]]);
  return amount;
}

// ---- experiments

NodeId TreeBuilder::build_reform(Grammar::ReformItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Reform, rule, rule->name());
  attach(node, add_name(rule->qname()));
  for (auto* entry : rule->reformEntry()) attach(node, build_reform_entry(entry));
  return node;
}

NodeId TreeBuilder::build_reform_entry(Grammar::ReformEntryContext* rule) {
  if (rule->cite() != nullptr) return build_cite(rule->cite());
  if (rule->amendItem() != nullptr) return build_amend(rule->amendItem());
  if (rule->applyEntry() != nullptr) return build_apply(rule->applyEntry());
  if (rule->showEntry() != nullptr) return build_show(rule->showEntry());
  if (auto* set = rule->setEntry()) {
    const NodeId node = add_labelled(NodeKind::Set, set, set->qname());
    attach(node, build_expression(set->expr()));
    return node;
  }
  if (auto* check = rule->checkEntry()) {
    const NodeId node = add(NodeKind::Check, check);
    attach_names(node, check->qname());
    return node;
  }
  if (rule->DROP() != nullptr) return add_labelled(NodeKind::Drop, rule, rule->qname(0));
  if (rule->DISPATCH() != nullptr) return add_labelled(NodeKind::UseDispatch, rule, rule->qname(0));
  if (rule->DATA() != nullptr) return add_string(NodeKind::Data, rule, rule->STRING());
  if (rule->REPLACE() != nullptr) {
    const NodeId node = add_labelled(NodeKind::Replace, rule, rule->qname(0));
    attach(node, add_name(rule->qname(1)));
    return node;
  }
  const NodeId node = add_labelled(NodeKind::Scale, rule, rule->qname(0));
  const auto expressions = rule->expr();
  size_t next = 0;
  attach(node, build_expression(expressions[next++]));
  if (rule->EQUALS() != nullptr) attach(node, wrap(NodeKind::Equals, build_expression(expressions[next++])));
  if (rule->WITHIN() != nullptr) attach(node, wrap(NodeKind::WithinTolerance, build_expression(expressions[next++])));
  return node;
}

NodeId TreeBuilder::build_apply(Grammar::ApplyEntryContext* rule) {
  const NodeId node = add(NodeKind::Apply, rule, rule->ONE() != nullptr ? "one" : rule->CHEAPEST() != nullptr ? "cheapest" : "all");
  attach_names(node, rule->qname());
  attach(node, add(NodeKind::Entity, rule->name(), words_of(rule->name())));
  if (rule->WHERE() != nullptr) attach(node, build_where(rule->expr()));
  if (rule->DATE() != nullptr) attach(node, add_token(NodeKind::FromDate, rule->DATE()));
  return node;
}

NodeId TreeBuilder::build_show(Grammar::ShowEntryContext* rule) {
  const NodeId node = add(NodeKind::Show, rule);
  attach(node, build_expression(rule->expr(0)));
  if (rule->name() != nullptr) attach(node, add(NodeKind::Alias, rule->name(), words_of(rule->name())));
  if (rule->STRING() != nullptr) attach(node, add_node(NodeKind::Alias, span_of(rule->STRING()), string_value(rule->STRING())));
  if (!rule->period().empty()) attach(node, wrap(NodeKind::ShowPer, build_period(rule->period(0))));
  if (rule->WHEN() != nullptr) attach(node, build_when(rule->expr(1)));
  return node;
}

NodeId TreeBuilder::build_scenario(Grammar::ScenarioItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Scenario, rule, rule->name());
  for (auto* entry : rule->scenarioEntry()) attach(node, build_scenario_entry(entry));
  return node;
}

NodeId TreeBuilder::build_scenario_entry(Grammar::ScenarioEntryContext* rule) {
  if (rule->cite() != nullptr) return build_cite(rule->cite());
  if (rule->applyEntry() != nullptr) return build_apply(rule->applyEntry());
  if (rule->showEntry() != nullptr) return build_show(rule->showEntry());
  if (rule->ZONE() != nullptr) return add_string(NodeKind::ZoneText, rule, rule->STRING());
  if (rule->DATA() != nullptr) return add_string(NodeKind::Data, rule, rule->STRING());
  if (rule->DISPATCH() != nullptr) return add_labelled(NodeKind::UseDispatch, rule, rule->qname());
  if (rule->ORIGIN() != nullptr) return add_labelled(NodeKind::OriginAccounting, rule, rule->name());
  if (rule->PAIRS() != nullptr) return add_labelled(NodeKind::OverPairs, rule, rule->name());
  NodeId node;
  if (auto* set = rule->setEntry()) {
    node = add_labelled(NodeKind::Set, set, set->qname());
    attach(node, build_expression(set->expr()));
  } else if (auto* check = rule->checkEntry()) {
    node = add(NodeKind::Check, check);
    attach_names(node, check->qname());
  } else if (rule->GIVEN() != nullptr) {
    node = add_labelled(NodeKind::Given, rule, rule->qname());
    attach(node, wrap(NodeKind::GivenValue, build_sum(rule->sum())));
  } else {
    const bool period = rule->PERIOD() != nullptr;
    node = add(period ? NodeKind::SimulationPeriod : NodeKind::Physics, rule);
    if (period) {
      attach(node, add_token(NodeKind::FromDate, rule->DATE(0)));
      attach(node, add_token(NodeKind::UntilDate, rule->DATE(1)));
    }
    attach(node, wrap(NodeKind::Every, build_sum(rule->sum())));
  }
  return node;
}

NodeId TreeBuilder::build_space(Grammar::SpaceItemContext* rule) {
  const NodeId node = add_labelled(NodeKind::Space, rule, rule->name());
  for (auto* entry : rule->spaceEntry()) {
    if (entry->field() != nullptr) attach(node, build_field(entry->field()));
    else if (entry->cite() != nullptr) attach(node, build_cite(entry->cite()));
    else {
      const NodeId child = add(NodeKind::SpaceRule, entry, entry->REQUIRE() != nullptr ? "require" : "forbid");
      attach(child, build_expression(entry->expr()));
      attach(node, child);
    }
  }
  return node;
}

NodeId TreeBuilder::build_test(Grammar::TestItemContext* rule) {
  const NodeId node = add_string(NodeKind::Test, rule, rule->STRING());
  for (auto* entry : rule->testEntry()) attach(node, build_test_entry(entry));
  return node;
}

NodeId TreeBuilder::build_test_entry(Grammar::TestEntryContext* rule) {
  NodeId node;
  if (rule->USE() != nullptr) {
    node = add(NodeKind::Use, rule);
    attach_names(node, rule->qname());
  } else if (rule->ZONE() != nullptr) {
    node = add_string(NodeKind::ZoneText, rule, rule->STRING());
  } else if (rule->EVERY() != nullptr) {
    node = wrap(NodeKind::Every, build_sum(rule->sum()));
    widen(node, span_of(rule));
  } else if (rule->EXPECT() != nullptr) {
    node = add(NodeKind::Expect, rule);
    attach(node, build_expression(rule->expr()));
  } else if (auto* set = rule->setEntry()) {
    node = add_labelled(NodeKind::Set, set, set->qname());
    attach(node, build_expression(set->expr()));
  } else {
    node = add_labelled(NodeKind::Given, rule, rule->qname(0));
    for (auto* value : rule->givenValue()) {
      const NodeId child = add(NodeKind::GivenValue, value);
      attach(child, build_sum(value->sum()));
      for (auto* time : value->timeStamp()) attach(child, add(NodeKind::TimeStamp, time, words_of(time)));
      attach(node, child);
    }
  }
  return node;
}

}  // namespace wattlaw
