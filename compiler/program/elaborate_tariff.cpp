// A tariff as a whole: its clauses in order, taxes on other lines, minimum and maximum, netting, rounding per bill, totals.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
}

TariffInfo* Elaborator::tariff_named(const std::string& name, uint32_t module, Span span) {
  Symbol* symbol = find(name, module, Symbol::Kind::tariff);
  if (!symbol) {
    if (Symbol* other = find(name, module)) {
      if (Diagnostic* d = error("WL2006", span, "`" + name + "` is " + symbol_kind_words(other->kind) + ", not a tariff")) d->label(node(other->module, other->node).text_span, "declared here");
      return nullptr;
    }
    if (Diagnostic* d = error("WL2006", span, "no tariff is called `" + name + "`")) {
      std::string near = nearest_name(name, names_in_scope(module, Symbol::Kind::tariff));
      d->hint(near.empty() ? "import the module that declares it" : "did you mean `" + near + "`?");
    }
    return nullptr;
  }
  return tariffs_[std::to_string(symbol->module) + "." + symbol->name].get();
}

void Elaborator::apply_tariff(const std::string& name, EntityGrain entity, uint32_t module, ExpressionId condition, std::optional<Date> from, Span span) {
  TariffInfo* tariff = tariff_named(name, module, span);
  if (!tariff) {
    broken_.insert(kUnknownTariff);
    return;
  }
  std::string key = std::to_string(tariff->symbol->module) + "." + tariff->symbol->name;
  if (is_for_sessions(*tariff) != settlement_->sessions) {
    if (Diagnostic* d = error("WL4204", span, "`" + tariff->symbol->name + (settlement_->sessions ? "` is no tariff for sessions" : "` is a tariff for each session")))
      d->hint(settlement_->sessions ? "write `tariff " + tariff->symbol->name + " from Driver to … for each session { … }`, or apply it to every site in another scenario" : "write `apply " + tariff->symbol->name + " to every session`");
    return;
  }
  if (!check_covers(*tariff, entity, span)) return;
  Applied applied;
  applied.entity = entity;
  applied.condition = condition;
  applied.from = from;
  if (!applied_.emplace(key, std::move(applied)).second) {
    if (Diagnostic* d = error("WL4201", span, "`" + tariff->symbol->name + "` is applied twice in `" + settlement_->name + "`")) d->hint("apply it once, to every site that either line means");
    return;
  }
  applied_order_.push_back(key);
}

void Elaborator::require_tariff(const std::string& key) {
  auto it = applied_.find(key);
  if (it == applied_.end() || it->second.done || it->second.busy) return;
  Applied& applied = it->second;
  TariffInfo& tariff = *tariffs_[key];
  if (!tariff.headers.read_day.empty()) return require_by_read_day(key);
  applied.busy = true;
  tariff_stack_.push_back(key);
  const Node& n = node(tariff.symbol->module, tariff.symbol->node);
  if (tariff.symbol->kind == Symbol::Kind::tariff) {
    tariff.payer = role_of(tree(tariff.symbol->module).child(tariff.symbol->node, NodeKind::Payer), tariff.symbol->module);
    tariff.payee = role_of(tree(tariff.symbol->module).child(tariff.symbol->node, NodeKind::Payee), tariff.symbol->module);
  }
  if (settlement_->kind == Settlement::Kind::scenario && clock_) {
    bool before = tariff.headers.until && *tariff.headers.until <= settlement_->from, after = tariff.headers.from && *tariff.headers.from >= settlement_->until;
    if (before || after)
      if (Diagnostic* d = warning("WL4290", n.text_span, "`" + tariff.symbol->name + "` is not in force at any time of `" + settlement_->name + "`")) d->hint("it makes no lines there");
  }
  if (tariff.clauses.contains("net")) elaborate_net(tariff);
  // Order inside a tariff matters for tax, minimum and maximum alone, and these read what stands above them.
  for (const std::string& label : tariff.order) elaborate_clause(tariff, applied, label);
  elaborate_true_up(tariff, applied);
  pay_unspent(tariff, applied);
  if (settlement_->sessions) note_unpriced(tariff);
  add_bill_rounding(tariff, applied);
  tariff_stack_.pop_back();
  applied.busy = false;
  applied.done = true;
}

ExpressionId Elaborator::total_over_run(ExpressionId line, Context& context, Span span) {
  if (!context.totals || context.single_lines || pool_[line].grain.time.unit == Period::Unit::none) return line;
  return pool_.aggregate(Aggregate::sum, line, {}, Period{}, span);
}

ExpressionId Elaborator::clause_value(const std::string& tariff_name, const std::string& label, Context& context, Span span) {
  uint32_t module = context.tariff ? context.tariff->symbol->module : context.module;
  TariffInfo* tariff = nullptr;
  if (context.tariff && context.tariff->symbol->name == tariff_name) tariff = const_cast<TariffInfo*>(context.tariff);
  if (!tariff && context.totals)
    for (const std::string& key : applied_order_)
      if (tariffs_[key]->symbol->name == tariff_name) tariff = tariffs_[key].get();
  if (!tariff) tariff = tariff_named(tariff_name, module, span);
  if (!tariff) return {};
  if (!tariff->clauses.contains(label) && label != "rounding" && (label != "surplus" || !(nettings_.contains(tariff->key) || spendings_.contains(tariff->key)))) {
    std::vector<std::string> labels = tariff->order;
    for (const auto& [name, versions] : tariff->lets) labels.push_back(name);
    if (Diagnostic* d = error("WL2008", span, "`" + tariff->symbol->name + "` has no clause `" + label + "`")) {
      std::string near = nearest_name(label, labels), all;
      for (const std::string& known : tariff->order) all += (all.empty() ? "`" : ", `") + known + "`";
      d->hint(near.empty() ? "it has " + all : "did you mean `" + near + "`?");
    }
    return {};
  }
  const std::string key = tariff->key;
  auto it = applied_.find(key);
  if (it == applied_.end()) {
    if (context.totals) {
      if (Diagnostic* d = error("WL2040", span, "`" + tariff->symbol->name + "` is not applied here")) d->hint(settlement_->kind == Settlement::Kind::test ? "write `use " + tariff->symbol->name + "` in the test" : "apply it in the scenario");
      return {};
    }
    return pool_.constant(0, number_type(kMoney, 0, true), span);
  }
  require_tariff(key);
  const std::string full_label = tariff->symbol->name + "." + label;
  if (test_without_interval_ && reads_step_length_.contains(full_label)) {
    if (Diagnostic* d = error("WL2041", span, "`" + label + "` belongs to a whole billing period, and this test gives moments only")) d->hint("say how long an interval is: `every 1 h`");
    return {};
  }
  if (settlement_->moments && whole_period_.contains(full_label) && !broken_.contains(full_label)) {
    wants_whole_periods_ = true;
    return {};
  }
  if (!it->second.by_read_day.empty()) return value_by_read_day(*tariff, label, context, span);
  for (const TypedClause& clause : settlement_->clauses)
    if (clause.tariff == tariff->symbol->name && clause.name == label && clause.billing == tariff->headers.billing) return total_over_run(clause.line, context, span);
  if (broken_.contains(tariff->symbol->name + "." + label)) return {};
  if (it->second.busy) {
    bool other = !tariff_stack_.empty() && tariff_stack_.back() != key;
    std::string path;
    for (const std::string& open : tariff_stack_) path += "`" + tariffs_[open]->symbol->name + "` → ";
    if (Diagnostic* d = error("WL4502", span, other ? "tariffs read each other in a circle" : "`" + label + "` is read before it is known")) {
      if (other) d->note("the circle: " + path + "`" + tariff->symbol->name + "`");
      d->hint(other ? "a tax may read another tariff, but not the other way round" : "let the clause stand above the one that reads it");
    }
    return {};
  }
  return {};
}

// Net of what the tariff's payer owes under it: charges and taxes less credits.
ExpressionId Elaborator::tariff_value(const std::string& name, Context& context, Span span) {
  TariffInfo* tariff = nullptr;
  if (context.totals)
    for (const std::string& key : applied_order_)
      if (tariffs_[key]->symbol->name == name) tariff = tariffs_[key].get();
  if (!tariff) tariff = tariff_named(name, context.module, span);
  if (!tariff) return {};
  std::string key = std::to_string(tariff->symbol->module) + "." + tariff->symbol->name;
  if (!applied_.contains(key)) {
    if (context.totals) {
      if (Diagnostic* d = error("WL2040", span, "`" + name + "` is not applied here")) d->hint("write `use " + name + "` in the test, or apply it in the scenario");
      return {};
    }
    return pool_.constant(0, number_type(kMoney, 0, true), span);
  }
  if (applied_[key].busy) {
    std::string path;
    for (const std::string& open : tariff_stack_) path += "`" + tariffs_[open]->symbol->name + "` → ";
    if (Diagnostic* d = error("WL4502", span, "tariffs read each other in a circle")) d->note("the circle: " + path + "`" + name + "`").hint("a tax may read another tariff, but not the other way round");
    return {};
  }
  require_tariff(key);
  if (!applied_[key].by_read_day.empty()) return value_by_read_day(*tariff, "", context, span);
  std::vector<ExpressionId> terms;
  for (uint32_t index : applied_[key].clauses) {
    const TypedClause& clause = settlement_->clauses[index];
    if (is_handed_on(clause, *tariff)) continue;
    bool back = clause.kind == ClauseKind::credit;
    terms.push_back(back ? pool_.negate(clause.line, span) : clause.line);
  }
  if (terms.empty()) return pool_.constant(0, number_type(kMoney, 0, true), span);
  if (!add_up(terms, context, span)) return {};
  return total_over_run(pool_.add(terms, span), context, span);
}

// What the member itself receives, or pays, under a tariff or one clause of it.
ExpressionId Elaborator::money_of(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const NodeId argument = tree(context.module).child(id, NodeKind::Argument);
  const Node* of = argument ? &node(context.module, node(context.module, argument).children[0]) : nullptr;
  if (!of || of->kind != NodeKind::Name) {
    if (Diagnostic* d = error("WL3312", n.span, "`" + n.text + "` takes the name of a tariff, a contract or one of its clauses")) d->hint("write `" + n.text + "(Contract)` or `" + n.text + "(Contract.clause)`");
    return {};
  }
  std::string name = of->text, label;
  if (!find(name, context.module, Symbol::Kind::tariff))
    if (const size_t dot = name.rfind('.'); dot != std::string::npos) label = name.substr(dot + 1), name = name.substr(0, dot);
  TariffInfo* tariff = tariff_named(name, context.module, of->span);
  if (!tariff) return {};
  const std::string key = std::to_string(tariff->symbol->module) + "." + tariff->symbol->name;
  if (!applied_.contains(key)) {
    if (Diagnostic* d = error("WL2040", of->span, "`" + name + "` is not applied here")) d->hint("apply it in the scenario, or write `use " + name + "` in the test");
    return {};
  }
  require_tariff(key);
  std::vector<ExpressionId> terms;
  bool known = label.empty(), is_end = false;
  std::optional<EntityGrain> of_each;  // `received(Upper.share) per pool`
  for (NodeId suffix : tree(context.module).children(id, NodeKind::SuffixPer))
    if (const auto entity = entity_named(node(context.module, node(context.module, suffix).children[0]).text, context.module)) of_each = entity;
  const bool gathers = of_each.has_value();
  if (!of_each && context.rule && context.each != EntityGrain::none) of_each = context.each;
  const TypedClause* other = nullptr;
  for (uint32_t index : applied_[key].clauses) {
    const TypedClause& clause = settlement_->clauses[index];
    if (!label.empty() && clause.name != label) continue;
    known = true;
    if (of_each && !clause.payer_is_member && !clause.payee_is_member && (clause.entity == *of_each || way_to(clause.entity, *of_each))) {  // what an actor receives, or pays, for each of them
      terms.push_back(clause.entity == *of_each ? clause.line : gathered(Aggregate::sum, clause.line, {}, *of_each, 0, n.span));
      is_end = true;
      continue;
    }
    is_end = is_end || clause.payer_is_member || clause.payee_is_member;
    other = &clause;
    if (n.text == "received" ? clause.payee_is_member : clause.payer_is_member) terms.push_back(clause.line);
  }
  if (!known && broken_.empty())
    if (Diagnostic* d = error("WL2008", of->span, "`" + name + "` has no clause `" + label + "`")) d->hint("did you mean `" + nearest_name(label, tariff->order) + "`?");
  if (other && !is_end) {
    if (Diagnostic* d = error("WL4136", n.span, "no " + entity_name(program_, other->entity) + " has a part in this money: it goes from `" + other->payer + "` to `" + other->payee + "`"))
      d->hint("add it up over those whom it is paid for: `sum(" + of->text + ") per pool`, or `… over all`");
    return {};
  }
  if (terms.empty()) return pool_.constant(0, number_type(kMoney, 0, true), n.span);
  if (!add_up(terms, context, n.span)) return {};
  ExpressionId sum = pool_.add(terms, n.span);
  if (gathers && pool_[sum].grain.entity != *of_each && pool_[sum].grain.entity != EntityGrain::none) sum = gathered(Aggregate::sum, sum, {}, *of_each, 0, n.span);
  const Period &billed = pool_[sum].grain.time, &asked = context.default_period;
  if (!context.tariff && !context.totals && asked.unit != Period::Unit::none && billed.unit != Period::Unit::none && billed != asked && nests_in(billed, asked))
    return pool_.aggregate(Aggregate::sum, sum, {}, asked, n.span);  // a rule per year: the months of that year
  return total_over_run(sum, context, n.span);
}

bool Elaborator::refuse_modifiers(const LabelVersion& version, const std::vector<NodeKind>& understood) {
  const Node& n = node(version.module, version.node);
  for (NodeId c : n.children) {
    const Node& child = node(version.module, c);
    for (NodeKind modifier : {NodeKind::InForce, NodeKind::Except, NodeKind::AtMost, NodeKind::AtLeast, NodeKind::AllocatedBy, NodeKind::Once, NodeKind::ForEach, NodeKind::CountedIn, NodeKind::Against, NodeKind::Carry})
      if (child.kind == modifier && std::find(understood.begin(), understood.end(), modifier) == understood.end()) {
        not_in_this_version(child.span, "`" + text_of(child.span) + "` on a tax, minimum or maximum");
        return false;
      }
  }
  return true;
}

Elaborator::LineScope Elaborator::line_scope(const TariffInfo& tariff, const Applied& applied, const LabelVersion& version, Context& context, std::set<Date>& dates) {
  LineScope scope;
  scope.condition = applied.condition;
  std::vector<std::pair<uint32_t, NodeId>> conditions;
  for (NodeId covers : tariff.headers.covers) conditions.emplace_back(tariff.symbol->module, covers);
  for (NodeId group : version.outer_groups) conditions.emplace_back(version.module, group);
  if (version.group_condition) conditions.emplace_back(version.module, version.group_condition);
  for (NodeId when : tree(version.module).children(version.node, NodeKind::When)) conditions.emplace_back(version.module, node(version.module, when).children[0]);
  for (const auto& [module, condition] : conditions) {
    Context inner = context;
    inner.module = module;
    ExpressionId e = elaborate_boolean(condition, inner);
    if (!e) return scope;
    if (pool_[e].grain.time.unit != Period::Unit::none && !nests_in(tariff.headers.billing, pool_[e].grain.time)) {
      error("WL3309", node(module, condition).span, "this condition changes within the " + period_name(tariff.headers.billing) + " whose lines are read");
      return scope;
    }
    if (!pool_.is_constant(e) || pool_[e].value == 0) scope.condition = pool_.both(scope.condition, e, node(module, condition).span);
  }
  scope.from = tariff.headers.from;
  if (applied.from && (!scope.from || *scope.from < *applied.from)) scope.from = applied.from;
  scope.until = tariff.headers.until;
  if (scope.from) dates.insert(*scope.from);
  if (scope.until) dates.insert(*scope.until);
  scope.good = true;
  return scope;
}

}  // namespace wattlaw
