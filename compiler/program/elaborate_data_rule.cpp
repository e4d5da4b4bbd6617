// Rules over settled data: `rule X for each site per month { require … }`, asked of every member in every window once the run is settled.
#include <algorithm>

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

std::optional<DataNorm> Elaborator::elaborate_data_norm(const Symbol& rule, NodeId id, EntityGrain entity, const Period& period, Context context) {
  const SyntaxTree& t = tree(rule.module);
  const Node& n = t[id];
  DataNorm norm;
  norm.kind = n.text == "forbid" ? NormKind::forbid : n.text == "warn" ? NormKind::warn : NormKind::require;
  norm.entity = entity;
  norm.period = period;
  norm.span = n.span;
  if (NodeId deadline = t.child(id, NodeKind::Deadline)) {
    not_in_this_version(t[deadline].span, "a deadline in a rule");
    return std::nullopt;
  }
  for (NodeId owner : {rule.node, id})
    for (NodeId cite : t.children(owner, NodeKind::Cite)) norm.cites.push_back({t[cite].text, t[cite].span});
  ExpressionId applies;
  if (period.unit != Period::Unit::none) applies = settled(period, n.span);  // what is read as history is not judged
  for (NodeId c : n.children) {
    if (t[c].kind != NodeKind::When && t[c].kind != NodeKind::Except) continue;
    const NodeId when = t[c].kind == NodeKind::When ? c : t.child(c, NodeKind::When);
    ExpressionId condition = elaborate_boolean(t[when].children[0], context);
    if (!condition || !(condition = asked_per(condition, entity, period, t[when].span))) return std::nullopt;
    applies = pool_.both(applies, t[c].kind == NodeKind::When ? condition : pool_.negation(condition, t[c].span), n.span);
  }
  norm.applies = applies;
  const Node& asked = t[n.children[0]];
  ExpressionId holds = elaborate_boolean(n.children[0], context);
  if (!holds || !(holds = asked_per(holds, entity, period, asked.span))) return std::nullopt;
  norm.holds = norm.kind == NormKind::forbid ? pool_.negation(holds, n.span) : holds;
  if (asked.kind == NodeKind::Compare)
    for (NodeId side : asked.children) {
      const Node& s = t[side];
      if (s.kind == NodeKind::Quantity || is_charge_level(side, context)) continue;  // what is written out needs no telling
      ExpressionId value = elaborate(side, context);
      if (!value || pool_[value].type.kind != ValueKind::number || pool_.is_constant(value)) continue;
      if (!(value = asked_per(value, entity, period, s.span))) return std::nullopt;
      norm.values.emplace_back(text_of(s.span), value);
    }
  return norm;
}

// The text of `otherwise`: it may name the member, and what the norms of the rule compare.
void Elaborator::say_of_data(const Symbol& rule, const Node& say, const std::string& word, TypedRule& typed) {
  for (size_t open = say.text.find('{'); open != std::string::npos; open = say.text.find('{', open + 1)) {
    const size_t close = say.text.find('}', open);
    if (close == std::string::npos) break;
    const std::string name = say.text.substr(open + 1, close - open - 1);
    if (name == word) continue;
    std::optional<std::pair<std::string, ExpressionId>> value;
    for (const DataNorm& norm : typed.on_data)
      for (const auto& compared : norm.values)
        if (compared.first == name) value = compared;
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
  if (each) {
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
    auto norm = elaborate_data_norm(rule, c, entity, period, context);
    if (!norm) continue;
    typed.on_data.push_back(std::move(*norm));
  }
  if (say) say_of_data(rule, t[say], each ? t[each].text : "", typed);
  return !typed.on_data.empty() || diagnostics_.has_errors();
}

}  // namespace wattlaw
