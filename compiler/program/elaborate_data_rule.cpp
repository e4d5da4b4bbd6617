// Rules over settled data: `rule X for each site per month { require … }`, asked of every member in every window once the run is settled.
#include <algorithm>
#include <functional>

#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"

namespace wattlaw {

// A value as one of each member and window that the rule is asked of; invalid after an error.
ExpressionId Elaborator::asked_per(ExpressionId value, EntityGrain entity, const Period& period, Span span) {
  const EntityGrain own = pool_[value].grain.entity;
  if (own != EntityGrain::none && entity == EntityGrain::none) {
    if (Diagnostic* d = error("WL4411", span, "this has a value for every " + entity_name(program_, own) + ", and the rule is asked once")) d->hint("ask each of them, `for each " + entity_name(program_, own) + "`, or gather: `sum(…) over all`");
    return {};
  }
  if (own != EntityGrain::none && !(value = of_holder(value, entity, span))) return {};
  const Period& have = pool_[value].grain.time;
  if (have == period) return value;
  if (period.unit != Period::Unit::none && nests_in(period, have)) return in_every(value, period, span);
  const std::string asked = period.unit == Period::Unit::none ? "the whole run" : "each " + period_name(period);
  if (Diagnostic* d = error("WL4412", span, "this has a value for every " + period_name(have) + ", and the rule is asked of " + asked)) d->hint("ask it `per " + period_name(have) + "`, or gather: `max(…)`, `sum(…)`");
  return {};
}

bool Elaborator::divides(ExpressionId id) const {
  std::vector<ExpressionId> todo{id};
  std::set<uint32_t> seen;
  while (!todo.empty()) {
    const ExpressionId at = todo.back();
    todo.pop_back();
    if (!seen.insert(at.index).second) continue;
    const Expression& e = pool_[at];
    if (e.op == Op::divide || e.op == Op::root) return true;
    if (e.op == Op::select && pool_[e.operands[1]].op == Op::divide) {  // `0 < x`, then a / x
      const Expression &guard = pool_[e.operands[0]], &quotient = pool_[e.operands[1]];
      if (guard.op == Op::less && pool_[guard.operands[0]].op == Op::constant && pool_[guard.operands[0]].value == 0 && guard.operands[1] == quotient.operands[1]) {
        todo.insert(todo.end(), {quotient.operands[0], quotient.operands[1], e.operands[2]});
        continue;
      }
    }
    todo.insert(todo.end(), e.operands.begin(), e.operands.end());
  }
  return false;
}

// `X is not none and age(X) <= 90 days` says itself what holds where there is no X.
bool Elaborator::is_asked_for(ExpressionId needed, NodeId condition, Context& context) {
  const Node& n = node(context.module, condition);
  if (n.kind == NodeKind::IsTest && node(context.module, n.children[1]).kind == NodeKind::None) {
    std::vector<ExpressionId> none;
    Context inner = context;
    inner.dates_needed = &none;
    const ExpressionId value = elaborate(n.children[0], inner);
    if (value && pool_[value].type.kind == ValueKind::date && pool_.negation(pool_.make(Op::equal, boolean_type(), {value, no_date(n.span)}, n.span), n.span) == needed) return true;
  }
  return std::any_of(n.children.begin(), n.children.end(), [&](NodeId child) { return is_asked_for(needed, child, context); });
}

std::optional<DataNorm> Elaborator::elaborate_data_norm(const Symbol& rule, NodeId id, EntityGrain entity, const Period& period, ExpressionId applies, Context context) {
  const SyntaxTree& t = tree(rule.module);
  const Node& n = t[id];
  DataNorm norm;
  norm.kind = n.text == "forbid" ? NormKind::forbid : n.text == "warn" ? NormKind::warn : NormKind::require;
  norm.entity = entity;
  norm.period = period;
  norm.span = n.span;
  std::vector<ExpressionId> dates;
  context.dates_needed = &dates;
  for (NodeId owner : {rule.node, id})
    for (NodeId cite : t.children(owner, NodeKind::Cite)) norm.cites.push_back({t[cite].text, t[cite].span});
  const bool of_departures = static_cast<bool>(applies);
  if (period.unit != Period::Unit::none) applies = pool_.both(applies, settled(period, n.span), n.span);  // what is read as history is not judged
  for (NodeId c : n.children) {
    if (t[c].kind != NodeKind::When && t[c].kind != NodeKind::Except) continue;
    const NodeId when = t[c].kind == NodeKind::When ? c : t.child(c, NodeKind::When);
    ExpressionId condition = elaborate_boolean(t[when].children[0], context);
    if (!condition || !(condition = asked_per(condition, entity, period, t[when].span))) return std::nullopt;
    applies = pool_.both(applies, t[c].kind == NodeKind::When ? condition : pool_.negation(condition, t[c].span), n.span);
  }
  const Node& asked = t[n.children[0]];
  const NodeId deadline = t.child(id, NodeKind::Deadline);
  const bool has_deadline = deadline && !(of_departures && text_of(t[t[deadline].children[0]].span) == "session.ends");  // a departure is asked when it happens
  ExpressionId holds;
  if (!has_deadline) holds = elaborate_boolean(n.children[0], context);
  else if (!elaborate_deadline(id, applies, holds, norm.due, context)) return std::nullopt;
  if (!holds || !(holds = asked_per(holds, entity, period, asked.span))) return std::nullopt;
  // A share of nothing is no share: where a divisor is 0 there is nothing to judge.
  ExpressionId shares;
  std::vector<ExpressionId> within{holds};
  for (size_t i = 0; i < within.size(); ++i) {
    const Expression e = pool_[within[i]];
    if (e.op == Op::select || e.op == Op::aggregate || e.op == Op::over_members || e.op == Op::of_holder || e.grain != pool_[holds].grain) continue;
    if (e.op == Op::divide && pool_[e.operands[1]].op != Op::constant) {
      const ExpressionId none = pool_.make(Op::equal, boolean_type(), {e.operands[1], pool_.constant(0, pool_[e.operands[1]].type, e.span)}, e.span);
      shares = pool_.both(shares, pool_.negation(none, e.span), e.span);
    }
    within.insert(within.end(), e.operands.begin(), e.operands.end());
  }
  const auto where_shared = [&](ExpressionId value) { return shares ? pool_.select(shares, value, pool_.constant(0, pool_[value].type, pool_[value].span), pool_[value].span) : value; };
  applies = pool_.both(applies, shares, n.span);
  holds = where_shared(holds);
  norm.applies = applies;
  if (has_deadline && !(norm.applies = asked_per(norm.applies, entity, period, asked.span))) return std::nullopt;
  for (ExpressionId needed : dates) {
    if (!(needed = asked_per(needed, entity, period, asked.span))) return std::nullopt;
    if (!is_asked_for(needed, n.children[0], context)) norm.known = pool_.both(norm.known, needed, n.span);
  }
  norm.holds = norm.kind == NormKind::forbid ? pool_.negation(holds, n.span) : holds;
  std::vector<NodeId> sides;  // of comparisons, also of those that `and`, `or` and `not` join
  std::vector<NodeId> parts{n.children[0]};
  for (size_t i = 0; i < parts.size(); ++i) {
    const Node& part = t[parts[i]];
    if (part.kind == NodeKind::Compare || part.kind == NodeKind::InRange) sides.insert(sides.end(), part.children.begin(), part.children.end());
    if (part.kind == NodeKind::And || part.kind == NodeKind::Or || part.kind == NodeKind::Not) parts.insert(parts.end(), part.children.begin(), part.children.end());
  }
  if (!has_deadline)
    for (NodeId side : sides) {
      if (t[side].kind == NodeKind::Call && t[side].text == "age") side = t[t.child(side, NodeKind::Argument)].children[0];  // the day is told
      const Node& s = t[side];
      if (s.kind == NodeKind::Quantity || is_charge_level(side, context)) continue;  // what is written out needs no telling
      ExpressionId value = elaborate(side, context);
      if (!value || (pool_[value].type.kind != ValueKind::number && pool_[value].type.kind != ValueKind::date) || pool_.is_constant(value)) continue;
      if (!(value = asked_per(value, entity, period, s.span))) return std::nullopt;
      // Behind an `and` that decides already, what cannot be computed is not looked at, so nor is it told.
      if (asked.kind != NodeKind::Compare && divides(value)) continue;
      if (std::none_of(norm.values.begin(), norm.values.end(), [&](const auto& known) { return known.first == text_of(s.span); })) norm.values.emplace_back(text_of(s.span), divides(value) && pool_[value].grain == pool_[holds].grain ? where_shared(value) : value);
    }
  return norm;
}

// The text of `otherwise`: it may name the member, and what the norms of the rule compare.
void Elaborator::say_of_data(const Symbol& rule, const Node& say, const std::string& word, Context context, TypedRule& typed) {
  const SyntaxTree& t = tree(rule.module);
  // What is named may also be a part of what is compared: a term of a sum.
  const std::function<NodeId(NodeId, const std::string&)> part = [&](NodeId id, const std::string& name) {
    if (text_of(t[id].span) == name) return id;
    for (NodeId child : t[id].children)
      if (const NodeId found = part(child, name)) return found;
    return NodeId{};
  };
  for (size_t open = say.text.find('{'); open != std::string::npos; open = say.text.find('{', open + 1)) {
    const size_t close = say.text.find('}', open);
    if (close == std::string::npos) break;
    const std::string name = say.text.substr(open + 1, close - open - 1);
    if (name == word) continue;
    std::optional<std::pair<std::string, ExpressionId>> value;
    for (const DataNorm& norm : typed.on_data)
      for (const auto& compared : norm.values)
        if (compared.first == name) value = compared;
    for (NodeId norm : t.children(rule.node, NodeKind::Norm)) {
      const NodeId found = value || typed.on_data.empty() ? NodeId{} : part(t[norm].children[0], name);
      ExpressionId told = found ? elaborate(found, context) : ExpressionId{};
      if (told && (pool_[told].type.kind == ValueKind::number || pool_[told].type.kind == ValueKind::date)) told = asked_per(told, typed.on_data[0].entity, typed.on_data[0].period, say.span);
      else told = {};
      if (told) value = {name, told};
    }
    if (!value && name.starts_with(word + ".") && attribute_index_.contains(name) && !typed.on_data.empty()) value = {name, attribute(name, say.span)};  // `{notice.effective}`
    if (!value && !typed.on_data.empty()) {
      if (Diagnostic* d = error("WL4406", say.span, "the text of `" + rule.name + "` names `{" + name + "}`, which the rule does not compare"))
        d->hint(word.empty() ? "name what stands on a side of a comparison, as it is written there" : "write `{" + word + "}`, or what stands on a side of a comparison, as it is written there");
    }
    for (DataNorm& norm : typed.on_data)
      if (value && std::none_of(norm.values.begin(), norm.values.end(), [&](const auto& compared) { return compared.first == name; })) norm.values.push_back(*value);
  }
  for (DataNorm& norm : typed.on_data) norm.text = say.text;
}

// A rule that declarations do not decide and a run can: asked of members of the data, or of periods, or of figures of the run.
bool Elaborator::elaborate_data_rule(const Symbol& rule, TypedRule& typed) {
  const SyntaxTree& t = tree(rule.module);
  const NodeId each = t.child(rule.node, NodeKind::ForEach), per = t.child(rule.node, NodeKind::PerGrain);
  if (settlement_->sessions || settlement_->kind != Settlement::Kind::scenario || (!each && !per)) return false;
  const std::vector<RuleReading> subjects = subjects_of(rule);
  if (subjects.size() != 1 || !subjects[0].of_data) return false;
  Context context;
  context.module = rule.module;
  context.as_of = settlement_->from;
  EntityGrain entity = EntityGrain::none;
  // A plug-in of a vehicle is asked when it ends.
  const bool of_departures = each && (t[each].text == "departure" || (t[each].text == "session" && settlement_->dispatch));
  if (of_departures) {
    if (per) {
      if (Diagnostic* d = error("WL4412", t[per].span, "each departure is asked when it happens, so there is no `per`")) d->hint("write `for each departure` alone");
      return true;
    }
    entity = EntityGrain::vehicle;
  } else if (each) {
    const auto named = entity_named(t[each].text, rule.module);
    if (!named) return false;  // trips, contracts and other records: not in this version
    entity = *named;
  }
  Period period;
  if (per) {
    const auto asked = period_of(t[per].children[0], context);
    if (!asked) return true;
    period = *asked;
  }
  if (of_departures) period = kInterval;
  context.default_period = period;
  context.each = entity;
  context.totals = period.unit == Period::Unit::none;
  if (period == kInterval) context.as_of.reset();
  std::map<std::string, ExpressionId> locals;
  context.locals = &locals;
  for (NodeId let : t.children(rule.node, NodeKind::Let)) {
    ExpressionId value = elaborate(t[let].children[0], context);
    if (!value) return true;
    locals[t[let].text] = value;
  }
  const NodeId say = t.child(rule.node, NodeKind::OtherwiseSay);
  for (NodeId c : t[rule.node].children) {
    if (t[c].kind != NodeKind::Norm) continue;
    const ExpressionId departs = of_departures ? pool_.make(Op::equal, boolean_type(), {series("departed", t[c].span), pool_.constant(1, number_type(), t[c].span)}, t[c].span) : ExpressionId{};
    auto norm = elaborate_data_norm(rule, c, entity, period, departs, context);
    if (!norm) continue;
    typed.on_data.push_back(std::move(*norm));
  }
  if (say) say_of_data(rule, t[say], of_departures ? "vehicle" : each ? t[each].text : "", context, typed);
  if (!typed.on_data.empty() && !add_penalty(rule, typed, context)) return true;
  return !typed.on_data.empty() || diagnostics_.has_errors();
}

}  // namespace wattlaw
