// Meta-rules read tariffs as of a day: `rate(Grid.energy where Load is day)` is the one rate that the clause then gives under the condition,
// `max(rate(…))` and `min(rate(…))` the greatest and least of several, `non_decreasing(Grid.capacity)` looks along a ladder, `priced(Grid,
// import)` asks whether anything is charged on a quantity. Which rates there are is decided over all local times of a year from that day
// and all attributes of sites (cases.h). In a test `rate(Grid.energy)` is the rate of the moment.
#include <algorithm>

#include "compiler/program/cases.h"
#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"

namespace wattlaw {

namespace {

constexpr int kYear = 366;      // days: every day of the year is among them
constexpr size_t kMostListed = 4;
constexpr int kMostLets = 32;   // definitions that `priced` follows

std::string one_line(const std::string& text) {
  std::string line;
  for (char c : text)
    if (c != '\n' && (c != ' ' || line.empty() || line.back() != ' ')) line += c;
    else if (c == '\n' && !line.empty() && line.back() != ' ') line += ' ';
  return line;
}

std::string figure_text(const TypedProgram& program, const Type& type, const Rational& value) {
  const std::string unit = unit_text(program, type);
  return print_decimal(value, type.dimension.money ? 2 : 0, 6) + (unit.empty() ? "" : " " + unit);
}

// What a rate reads that no case decides, in the words of the script.
std::string words_of(const TypedProgram& program, const Expression& e, const std::string& text) {
  if (e.op == Op::series) return "`" + program.series[e.index].name + "`";
  if (e.op == Op::attribute) return "`" + program.attributes[e.index].name + "`, which every site has of its own";
  return text.empty() ? "what is metered" : "`" + one_line(text) + "`";
}

}  // namespace

std::optional<ExpressionId> Elaborator::elaborate_meta_call(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  if (n.text == "rate" && !context.rule && context.totals) return elaborate_rate_now(id, context);
  const bool extreme = n.text == "max" || n.text == "min";
  const bool meta = is_meta_function(n.text);
  if (meta && !context.rule) {
    not_in_this_version(n.span, "`" + n.text + "` outside of rules and tests");
    return ExpressionId{};
  }
  if (!context.rule) return std::nullopt;
  if (n.text == "rate") return elaborate_rate(id, id, context, {});
  if (n.text == "non_decreasing") return elaborate_ladder(id, context);
  if (n.text == "priced") return elaborate_priced(id, context);
  if (n.text == "every_clause") return elaborate_every_clause(id, context);
  if (n.text == "jump") return elaborate_jump(id, context);
  if (n.text == "in_order") return elaborate_in_order(id, context);
  if (n.text == "count") return elaborate_count(id, context);
  if (!extreme || n.children.size() != 1) return std::nullopt;
  const Node& argument = node(context.module, n.children[0]);
  const NodeId inner = argument.kind == NodeKind::Argument && argument.children.size() == 1 ? argument.children[0] : NodeId{};
  if (!inner || node(context.module, inner).kind != NodeKind::Call || node(context.module, inner).text != "rate") return std::nullopt;
  return elaborate_rate(inner, id, context, n.text == "max" ? Aggregate::maximum : Aggregate::minimum);
}

bool Elaborator::is_tariff_of_rule(const std::string& name, const Context& context) const {
  const RuleReading& reading = *context.rule;
  return reading.subject && reading.subject->kind == Symbol::Kind::tariff && name == reading.word;
}

// `tariff` of the rule, `charger.tariff` that a member names, or a tariff by its name.
TariffInfo* Elaborator::tariff_meant(const std::string& name, Context& context, Span span) {
  const RuleReading& reading = *context.rule;
  if (is_tariff_of_rule(name, context)) return tariffs_[std::to_string(reading.subject->module) + "." + reading.subject->name].get();
  if (auto value = name.starts_with(reading.word + ".") ? value_of_field(name.substr(reading.word.size() + 1), context) : std::nullopt)
    return tariff_named(node(value->first, value->second).text, value->first, node(value->first, value->second).span);
  if (const size_t dot = name.find('.'); dot != std::string::npos && !find(name, context.module, Symbol::Kind::tariff)) {  // `charger.tariff`, and no member says which
    const std::string word = name.substr(0, dot);
    const bool is_asked = context.rule->rule && node(context.rule->rule->module, tree(context.rule->rule->module).child(context.rule->rule->node, NodeKind::ForEach)).text == word;
    if (is_asked) {
      if (context.rule->undecided.empty()) context.rule->undecided = reading.subject ? "`" + reading.subject->name + "` does not say its `" + name.substr(dot + 1) + "`" : "no " + word + " is declared";
      return nullptr;
    }
  }
  return tariff_named(name, context.module, span);
}

std::optional<Elaborator::ClauseName> Elaborator::clause_named(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const size_t dot = n.text.rfind('.');
  if (n.kind != NodeKind::Name || dot == std::string::npos) {
    if (Diagnostic* d = error("WL4405", n.span, "`" + one_line(text_of(n.span)) + "` is no clause of a tariff")) d->hint("name the tariff and the label: `tariff.energy` in a rule `on tariff`, else `Grid.energy`");
    return std::nullopt;
  }
  const std::string owner = n.text.substr(0, dot), label = n.text.substr(dot + 1);
  ClauseName found{tariff_meant(owner, context, n.span), label};
  if (!found.tariff) return std::nullopt;
  if (found.tariff->clauses.contains(label)) return found;
  if (is_tariff_of_rule(owner, context)) context.rule->concerns = false;  // another tariff may have it; that none has is told where the rule is checked
  else clause_value(found.tariff->symbol->name, label, context, n.span);  // says so
  return std::nullopt;
}

// The rates of a clause that is in force on the day of the context.
std::vector<RateCase> Elaborator::rates_in_force(const ClauseName& clause, Context& context) {
  TariffInfo& tariff = *clause.tariff;
  const auto is_in_force = [&](std::optional<Date> from, std::optional<Date> until) {
    for (const auto& date : {from, until})
      if (date) context.cut_dates->insert(*date);
    return (!from || *from <= *context.as_of) && (!until || *context.as_of < *until);
  };
  std::vector<RateCase> rates;
  const bool tariff_holds = is_in_force(tariff.headers.from, tariff.headers.until);
  for (const LabelVersion& version : tariff.clauses[clause.label]) {
    bool holds = is_in_force(version.from, version.until) && tariff_holds;
    if (NodeId force = tree(version.module).child(version.node, NodeKind::InForce)) {
      const NodeId from = tree(version.module).child(force, NodeKind::FromDate), until = tree(version.module).child(force, NodeKind::UntilDate);
      holds = is_in_force(from ? parse_date(node(version.module, from).text) : std::nullopt, until ? parse_date(node(version.module, until).text) : std::nullopt) && holds;
    }
    if (!holds) continue;
    std::vector<RateCase> own = rates_of_version(tariff, version, context);
    rates.insert(rates.end(), own.begin(), own.end());
  }
  return rates;
}

// Who has the clause and when, on the day of the context; invalid: everybody always.
ExpressionId Elaborator::scope_in_force(const TariffInfo& tariff, const LabelVersion& version, Context& context) {
  ExpressionId scope;
  const auto restrict_to = [&](uint32_t module, NodeId condition) {
    Context inner = context;
    inner.module = module;
    if (ExpressionId e = elaborate_boolean(condition, inner)) scope = pool_.both(scope, e, pool_[e].span);
  };
  for (NodeId covers : tariff.headers.covers) restrict_to(tariff.symbol->module, covers);
  for (NodeId group : version.outer_groups) restrict_to(version.module, group);
  if (version.group_condition) restrict_to(version.module, version.group_condition);
  for (NodeId when : tree(version.module).children(version.node, NodeKind::When)) restrict_to(version.module, node(version.module, when).children[0]);
  return scope;
}

// Rows of blocks or steps.
std::vector<RateCase> Elaborator::rates_of_rows(NodeId rows, ExpressionId scope, Context& context) {
  const SyntaxTree& t = tree(context.module);
  std::vector<RateCase> rates;
  for (NodeId r : t[rows].children) {
    const Node& row = t[r];
    if (row.kind != NodeKind::BlockRow && row.kind != NodeKind::StepRow) continue;
    const bool bounded = row.children.size() > 1 && t[row.children[1]].kind != NodeKind::Cite;
    const std::string text = one_line(text_of(row.span));
    if (ExpressionId rate = elaborate_number(row.children[bounded ? 1 : 0], context)) rates.push_back({scope, rate, text.substr(0, text.find(" =>")), row.span});
  }
  return rates;
}

// Rows of a table along the bounds of one number, from the lowest; empty where the table is another one.
std::vector<RateCase> Elaborator::rates_of_bounds(NodeId table, const TableResult& result, ExpressionId scope, Context& context) {
  const SyntaxTree& t = tree(context.module);
  const std::vector<NodeId> rows = t.children(table, NodeKind::TableRow);
  std::vector<std::pair<Rational, RateCase>> by_bound;
  for (size_t i = 0; i < rows.size(); ++i) {
    const NodeId key = t.child(rows[i], NodeKind::Key);
    const bool is_bound = key && t.children(rows[i], NodeKind::Key).size() == 1 && (t[key].text == "from" || t[key].text == "above" || t[key].text == "up to");
    const ExpressionId bound = is_bound ? elaborate_number(t[key].children[0], context) : ExpressionId{};
    if (!bound || !pool_.is_constant(bound)) return {};
    by_bound.push_back({pool_[bound].value, {scope, result.rows[i].rate, result.rows[i].key, result.rows[i].span}});
  }
  std::stable_sort(by_bound.begin(), by_bound.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<RateCase> rates;
  for (auto& [bound, rate] : by_bound) rates.push_back(std::move(rate));
  return rates;
}

std::vector<RateCase> Elaborator::rates_of_version(TariffInfo& tariff, const LabelVersion& version, Context context) {
  const SyntaxTree& t = tree(version.module);
  const Node& clause = t[version.node];
  context.module = version.module;
  context.tariff = &tariff;
  context.prices = tariff.headers.prices;
  context.default_period = tariff.headers.billing;
  context.names_of.reset();
  ExpressionId scope = scope_in_force(tariff, version, context);
  for (NodeKind kind : {NodeKind::Blocks, NodeKind::Steps})
    if (NodeId rows = t.child(version.node, kind)) return rates_of_rows(rows, scope, context);
  NodeId price = t.child(version.node, NodeKind::Table);
  for (NodeKind kind : {NodeKind::At, NodeKind::Of})
    if (NodeId wrapper = t.child(version.node, kind); wrapper && !price) price = t[wrapper].children[0];
  if (!price) {
    const std::string label = clause.text.empty() ? text_of(clause.span).substr(0, text_of(clause.span).find(' ')) : clause.text;
    error("WL4405", clause.text_span, "`" + label + "` of `" + tariff.symbol->name + "` has no rate");
    return {};
  }
  const bool is_table = t[price].kind == NodeKind::Table;
  const TableResult table = is_table ? elaborate_table(price, context) : TableResult{elaborate_number(price, context), {}};
  if (!table.value) return {};
  if (is_table && !t.child(version.node, NodeKind::Except)) {
    std::vector<RateCase> rates = rates_of_bounds(price, table, scope, context);
    if (!rates.empty()) return rates;
  }
  VersionParts parts;
  parts.flow = true;
  const ExpressionId rate = apply_exceptions(parts, version.node, table.value, context, &scope);
  if (!rate) return {};
  return {{scope, rate, "", clause.text_span}};
}

// Adds what one rate comes to in every case; false: it cannot be told, and the reading says why.
bool Elaborator::find_rates(const ClauseName& clause, const RateCase& rate, ExpressionId where, Context& context, RatesFound& found) {
  RuleReading& reading = *context.rule;
  const std::string name = "`" + clause.tariff->symbol->name + "." + clause.label + "`";
  Cases cases(program_, *context.as_of, Date{context.as_of->days + kYear});
  cases.read(rate.rate);
  if (where) cases.read(where);
  Cases with_scope = cases;  // who has the rate counts only where that can be told without data
  if (rate.scope) with_scope.read(rate.scope);
  const ExpressionId scope = with_scope.is_decidable() ? rate.scope : ExpressionId{};
  const Cases& looked_at = with_scope.is_decidable() ? with_scope : cases;
  if (!looked_at.is_decidable()) {
    const Expression& other = pool_[looked_at.other()];
    reading.undecided = name + " reads " + words_of(program_, other, text_of(other.span));
    return false;
  }
  const bool complete = looked_at.visit_each([&](const Case& in) {
    const auto holds = [&](ExpressionId condition) { return !condition || looked_at.value(condition, in).value_or(0) != 0; };
    if (!holds(where) || !holds(scope)) return true;
    if (const auto value = looked_at.value(rate.rate, in)) found.by_value.try_emplace(*value, rate.key.empty() ? looked_at.words(in) : "`" + rate.key + "`", rate.span);
    return true;
  });
  if (!complete) reading.undecided = name + " has more cases than are looked at";
  return complete;
}

// All rates that the clause gives under the condition, with a case for each.
ExpressionId Elaborator::elaborate_rate(NodeId call, NodeId whole, Context& context, std::optional<Aggregate> of_several) {
  const Node &n = node(context.module, call), &told = node(context.module, whole);
  RuleReading& reading = *context.rule;
  const NodeId argument = tree(context.module).child(call, NodeKind::Argument);
  if (n.children.size() != 1 || !argument) {
    if (Diagnostic* d = error("WL3312", n.span, "`rate` reads one clause")) d->hint("write `rate(tariff.energy)`, and a condition inside: `rate(tariff.energy where Load is day)`");
    return {};
  }
  auto clause = clause_named(node(context.module, argument).children[0], context);
  if (!clause) return {};
  const std::vector<RateCase> rates = rates_in_force(*clause, context);
  ExpressionId where;
  if (NodeId w = tree(context.module).child(argument, NodeKind::Where)) {
    Context inner = context;
    inner.names_of = clause->tariff->symbol->module;
    where = elaborate_boolean(node(context.module, w).children[0], inner);
    if (!where) return {};
  }
  RatesFound found;
  for (const RateCase& rate : rates) {
    if (!same_kind(rates[0].rate, rate.rate, rate.span, "beside")) return {};
    found.type = pool_[rate.rate].type;
    found.type.extensive = false;
    if (!find_rates(*clause, rate, where, context, found)) return pool_.constant(1, found.type, told.span);
  }
  if (found.by_value.empty()) {  // not in force on that day, or never under that condition
    reading.concerns = false;
    return {};
  }
  if (found.by_value.size() > 1 && !of_several) {
    Diagnostic* d = error("WL4404", n.span, "this is not one rate of `" + clause->tariff->symbol->name + "." + clause->label + "` but " + std::to_string(found.by_value.size()));
    size_t listed = 0;
    for (const auto& [value, example] : found.by_value)
      if (d && listed++ < kMostListed) d->note(figure_text(program_, found.type, value) + (example.first.empty() ? "" : ", " + example.first));
    if (d && found.by_value.size() > kMostListed) d->note("and " + std::to_string(found.by_value.size() - kMostListed) + " more");
    if (d) d->hint("say which is meant: `max(" + one_line(text_of(n.span)) + ")`, `min(…)`, or a `where` that leaves one");
    return {};
  }
  const auto& [value, example] = of_several == Aggregate::maximum ? *found.by_value.rbegin() : *found.by_value.begin();
  reading.figures.push_back({one_line(text_of(told.span)), found.type, value, example.first, example.second});
  return pool_.constant(value, found.type, told.span);
}

// Along the rows of blocks, steps or bounds, in every case: no row is less than the one before it.
ExpressionId Elaborator::elaborate_ladder(NodeId call, Context& context) {
  const Node& n = node(context.module, call);
  RuleReading& reading = *context.rule;
  const NodeId argument = tree(context.module).child(call, NodeKind::Argument);
  if (n.children.size() != 1 || !argument) {
    if (Diagnostic* d = error("WL3312", n.span, "`non_decreasing` looks along one ladder")) d->hint("write `non_decreasing(tariff.capacity)`");
    return {};
  }
  auto clause = clause_named(node(context.module, argument).children[0], context);
  if (!clause) return {};
  const std::vector<RateCase> rows = rates_in_force(*clause, context);
  bool rises = true, has_rows = false;
  for (size_t i = 1; i < rows.size() && rises; ++i) {
    const RateCase &low = rows[i - 1], &high = rows[i];
    if (low.key.empty() || high.key.empty() || low.scope != high.scope || !same_kind(low.rate, high.rate, high.span, "beside")) continue;
    has_rows = true;
    Cases cases(program_, *context.as_of, Date{context.as_of->days + kYear});
    cases.read(low.rate);
    cases.read(high.rate);
    if (!cases.is_decidable()) {
      const Expression& other = pool_[cases.other()];
      reading.undecided = "`" + clause->tariff->symbol->name + "." + clause->label + "` reads " + words_of(program_, other, text_of(other.span));
      break;
    }
    cases.visit_each([&](const Case& in) {
      const auto below = cases.value(low.rate, in), above = cases.value(high.rate, in);
      rises = !below || !above || *below <= *above;
      if (rises) return true;
      reading.figures.push_back({low.key, pool_[low.rate].type, *below, cases.words(in), low.span});
      reading.figures.push_back({high.key, pool_[high.rate].type, *above, cases.words(in), high.span});
      return false;
    });
  }
  if (!has_rows) {  // no ladder, or none in force
    reading.concerns = false;
    return {};
  }
  return pool_.boolean(rises, n.span);
}

// `count(tariff where …)`: how many of the things declared, on the day of the context; nothing: it counts something else.
std::optional<ExpressionId> Elaborator::elaborate_count(NodeId call, Context& context) {
  const Node& n = node(context.module, call);
  const NodeId argument = tree(context.module).child(call, NodeKind::Argument), where = argument ? tree(context.module).child(argument, NodeKind::Where) : NodeId{};
  if (n.children.size() != 1 || !argument) return std::nullopt;
  const Node& word = node(context.module, node(context.module, argument).children[0]);
  const bool is_declared = word.kind == NodeKind::Name && (word.text == "tariff" || word.text == "actor" || !things_called(word.text).empty());
  if (!is_declared) return std::nullopt;
  RuleReading& reading = *context.rule;
  int64_t count = 0;
  for (const Symbol* thing : things_called(word.text)) {
    RuleReading of_thing = reading;
    of_thing.subject = thing;
    of_thing.word = word.text;
    Context inner = context;
    inner.rule = &of_thing;
    const ExpressionId holds = where ? elaborate_boolean(node(context.module, where).children[0], inner) : pool_.boolean(true, n.span);
    if (!holds && of_thing.concerns) return ExpressionId{};
    if (reading.undecided.empty()) reading.undecided = of_thing.undecided;
    if (holds && !pool_.is_constant(holds) && reading.undecided.empty()) reading.undecided = "`" + one_line(text_of(n.span)) + "` asks what differs from site to site or from hour to hour";
    count += holds && pool_.is_constant(holds) && pool_[holds].value != 0;
  }
  reading.figures.push_back({one_line(text_of(n.span)), number_type(), count, {}, n.span});
  return pool_.constant(count, number_type(), n.span);
}

// Whether the text names the quantity, also through definitions of the tariff.
bool Elaborator::reads_name(uint32_t module, NodeId id, const TariffInfo& tariff, const std::string& name, int depth) {
  const Node& n = node(module, id);
  if (n.kind == NodeKind::Name && n.text == name) return true;
  if (depth > kMostLets) return false;
  if (auto let = tariff.lets.find(n.text); n.kind == NodeKind::Name && let != tariff.lets.end())
    for (const LabelVersion& version : let->second)
      if (reads_name(version.module, version.node, tariff, name, depth + 1)) return true;
  return std::any_of(n.children.begin(), n.children.end(), [&](NodeId c) { return reads_name(module, c, tariff, name, depth); });
}

// In a test: the rate at the moment that it gives.
ExpressionId Elaborator::elaborate_rate_now(NodeId call, Context& context) {
  const Node& n = node(context.module, call);
  const NodeId argument = tree(context.module).child(call, NodeKind::Argument);
  const Node* name = n.children.size() == 1 && argument ? &node(context.module, node(context.module, argument).children[0]) : nullptr;
  const size_t dot = name && name->kind == NodeKind::Name ? name->text.rfind('.') : std::string::npos;
  if (!name || dot == std::string::npos || tree(context.module).child(argument, NodeKind::Where)) {
    if (Diagnostic* d = error("WL3312", n.span, "`rate` in a test reads one clause at the moment given")) d->hint("write `rate(Grid.energy)`");
    return {};
  }
  const std::string owner = name->text.substr(0, dot), label = name->text.substr(dot + 1);
  if (!clause_value(owner, label, context, name->span)) return {};
  for (const TypedClause& clause : settlement_->clauses) {
    if (clause.tariff != owner || clause.name != label) continue;
    ExpressionId rate;
    for (const ClauseVersion& version : clause.versions) {
      if (!version.rate) break;
      const ExpressionId holds = pool_.both(version.scope, pool_.in_force(version.from, version.until, n.span), n.span);
      if (!rate) rate = pool_.constant(0, pool_[version.rate].type, n.span);
      rate = holds ? pool_.select(holds, version.rate, rate, n.span) : version.rate;
    }
    if (rate) return rate;
    not_in_this_version(n.span, "the rate of blocks and steps in a test");
    return {};
  }
  return {};
}

}  // namespace wattlaw
