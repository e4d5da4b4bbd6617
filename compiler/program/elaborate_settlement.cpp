// Scenarios, tests and the standalone walk: which tariffs hold for whom, over which period, on which data, and what is asked.
#include <algorithm>

#include "compiler/program/elaborate.h"
#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

void Elaborator::begin_settlement(Settlement settlement, uint32_t module, std::optional<Date> history_from) {
  applied_.clear();
  applied_order_.clear();
  windows_.clear();
  settlement.history_from = history_from.value_or(settlement.from);
  history_needed_ = settlement.history_from;
  nettings_.clear();
  spendings_.clear();
  bands_checked_.clear();
  whole_period_.clear();
  reads_step_length_.clear();
  wants_whole_periods_ = test_without_interval_ = false;
  broken_.clear();
  let_memo_.clear();
  clock_.reset();
  set_parameters_.clear();
  given_values_.clear();
  opening_balances_.clear();
  services_read_.clear();
  settlement_module_ = module;
  settlement_ = &program_.settlements.emplace_back(std::move(settlement));
  auto zone = Zone::load(settlement_->zone);
  if (!zone) {
    if (!diagnostics_.has_errors()) error("WL4012", settlement_->span, zone.failure().message);  // an unknown name is told where it stands
    return;
  }
  auto clock = make_clock(std::move(*zone), settlement_->history_from, settlement_->until, settlement_->step_seconds);
  if (!clock) {
    if (Diagnostic* d = error("WL4013", settlement_->span, clock.failure().message)) d->hint(clock.failure().hint);
    return;
  }
  clock_ = std::move(*clock);
}

// Each site has that one of the tariffs which costs it least over the run; of equals the one that is written first.
void Elaborator::keep_cheapest(const std::vector<std::string>& keys, Span span) {
  std::vector<ExpressionId> totals, covered;  // covered: invalid is everybody
  ExpressionId first;
  for (const std::string& key : keys) {
    require_tariff(key);
    std::vector<ExpressionId> terms;
    for (uint32_t index : applied_[key].clauses) {
      const TypedClause& clause = settlement_->clauses[index];
      if (clause.payer_is_member) terms.push_back(clause.line);
      if (clause.payee_is_member) terms.push_back(pool_.negate(clause.line, span));
    }
    if (terms.empty()) {
      if (!diagnostics_.has_errors()) error("WL4203", span, "`" + tariffs_[key]->symbol->name + "` costs a site nothing, so nothing can be compared");
      return;
    }
    Context context;
    context.module = settlement_module_;
    context.totals = true;
    for (ExpressionId& term : terms)  // bills of two tariffs need not begin on one day
      if (const Period grain = pool_[term].grain.time; grain.unit != Period::Unit::none) term = pool_.aggregate(Aggregate::sum, term, settled(grain, span), Period{}, span);
    if (!add_up(terms, context, span)) return;
    ExpressionId owed = pool_.add(terms, span);
    if (!first) first = owed;
    if (pool_[owed].type.currency != pool_[first].type.currency && !agree(first, owed, context, span, "compared with")) return;
    totals.push_back(owed);
    if (!same_kind(totals[0], totals.back(), span, "compared with")) return;
    bool good = true;
    covered.push_back(covered_by(*tariffs_[key], applied_[key], context, good));
    if (!good) return;
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    ExpressionId least;
    for (size_t j = 0; j < keys.size(); ++j)
      if (j != i) {
        ExpressionId is_less = pool_.make(i < j ? Op::less_equal : Op::less, boolean_type(), {totals[i], totals[j]}, span);
        if (covered[j]) is_less = pool_.either({is_less, pool_.negation(covered[j], span)}, span);  // what does not cover one is no choice
        least = pool_.both(least, is_less, span);
      }
    if (covered[i]) least = pool_.both(least, covered[i], span);
    if (!least) continue;
    for (uint32_t index : applied_[keys[i]].clauses) {
      TypedClause& clause = settlement_->clauses[index];
      ExpressionId none = pool_.constant(0, pool_[clause.line].type, span);
      clause.present = pool_.both(clause.present, least, span);
      clause.amount = pool_.select(least, clause.amount, none, span);
      clause.line = pool_.select(least, clause.line, none, span);
    }
  }
}

void Elaborator::end_settlement() {
  if (clock_)
    for (const std::string& key : std::vector<std::string>(applied_order_)) require_tariff(key);
  for (TypedClause& clause : settlement_->clauses) (void)clause;
}

void Elaborator::elaborate_scenario(Symbol& symbol, std::optional<Date> history_from) {
  const Node& n = node(symbol.module, symbol.node);
  uint32_t m = symbol.module;
  Settlement s;
  s.kind = Settlement::Kind::scenario;
  s.name = symbol.name;
  s.span = n.text_span;
  NodeId period = tree(m).child(symbol.node, NodeKind::SimulationPeriod);
  if (!period) {
    if (!tree(m).child(symbol.node, NodeKind::Apply)) {  // a scenario of rules and answers alone has no meters to settle
      if (tree(m).child(symbol.node, NodeKind::Show) && !tree(m).child(symbol.node, NodeKind::UseDispatch)) elaborate_figures(symbol);
      else if (tree(m).child(symbol.node, NodeKind::Check)) elaborate_review(symbol);
      return;
    }
    if (Diagnostic* d = error("WL4014", n.text_span, "`" + symbol.name + "` has no period")) d->hint("write `period 2026-01-01 to 2027-01-01 every 1 h`");
    return;
  }
  auto from = parse_date(node(m, tree(m).child(period, NodeKind::FromDate)).text), until = parse_date(node(m, tree(m).child(period, NodeKind::UntilDate)).text);
  if (!from || !until || *until <= *from) {
    if (Diagnostic* d = error("WL4015", node(m, period).span, "the period of `" + symbol.name + "` has no length")) d->hint("the second date is exclusive: `2026-01-01 to 2027-01-01` is the year 2026");
    return;
  }
  s.from = *from;
  s.until = *until;
  Context context;
  context.module = m;
  NodeId every = tree(m).child(period, NodeKind::Every);
  ExpressionId step = every ? elaborate(node(m, every).children[0], context) : ExpressionId{};
  if (!step) return;
  Rational seconds = pool_[step].type.dimension == Dimension{.time = 1} ? Rational(pool_[step].value * 3600) : Rational(0);
  bool good_step = false;
  for (int32_t known : kSteps) good_step = good_step || seconds == known;
  if (!good_step) {
    if (Diagnostic* d = error("WL4016", node(m, every).span, "the step of a scenario is 1, 5, 10, 15, 30 or 60 min")) d->hint("write for example `every 15 min`");
    return;
  }
  s.step_seconds = static_cast<int32_t>(seconds);
  std::optional<std::string> zone;
  if (NodeId z = tree(m).child(symbol.node, NodeKind::ZoneText)) zone = node(m, z).text;
  else zone = zone_of(m, n.text_span, true);
  if (!zone) return;
  s.zone = *zone;
  if (NodeId data = tree(m).child(symbol.node, NodeKind::Data)) {
    s.data_folder = node(m, data).text;
    if (s.data_folder.starts_with("/") || s.data_folder.find("..") != std::string::npos) {
      if (Diagnostic* d = error("WL4017", node(m, data).span, "the data folder leaves the folder of the script")) d->hint("name a folder below the script, for example `data \"traces/homes\"`");
      return;
    }
  }
  for (NodeId c : tree(m).children(symbol.node, NodeKind::Apply)) s.sessions = s.sessions || node(m, tree(m).child(c, NodeKind::Entity)).text == "session";
  begin_settlement(std::move(s), m, history_from);
  if (!clock_) return;
  read_sets_and_givens(m, symbol.node);
  struct Choice {  // `apply cheapest of A, B to every site`
    std::vector<std::string> keys;
    Span span;
  };
  std::vector<Choice> choices;
  std::vector<NodeId> dispatches;  // they read the tariffs, so these come first
  for (NodeId c : n.children) {
    const Node& child = node(m, c);
    switch (child.kind) {
      case NodeKind::Apply: {
        if (child.text != "all" && child.text != "cheapest") {
          not_in_this_version(child.span, "`apply " + child.text + " of`");
          break;
        }
        NodeId entity = tree(m).child(c, NodeKind::Entity);
        if (settlement_->sessions && node(m, entity).text == "site") {
          if (Diagnostic* d = error("WL4204", node(m, entity).span, "a scenario settles either sites or sessions")) d->hint("let a scenario of its own settle the sites");
          break;
        }
        const auto of = node(m, entity).text == "session" ? EntityGrain::site : entity_named(node(m, entity).text, m);
        if (!of) {
          if (Diagnostic* d = error("WL2028", node(m, entity).span, "there is no `" + node(m, entity).text + "` to which something could apply")) d->hint("write `to every site` or `to every vehicle`");
          break;
        }
        ExpressionId condition;
        if (NodeId where = tree(m).child(c, NodeKind::Where)) {
          condition = elaborate_boolean(node(m, where).children[0], context);
          if (!condition) break;
          if (pool_[condition].grain.time.unit != Period::Unit::none) {
            if (Diagnostic* d = error("WL4202", node(m, where).span, "who has a tariff cannot change from interval to interval")) d->hint("use attributes of the site, and `from 2026-05-01` for a date");
            break;
          }
        }
        std::optional<Date> date;
        if (NodeId d = tree(m).child(c, NodeKind::FromDate)) date = parse_date(node(m, d).text);
        const size_t before = applied_order_.size();
        for (NodeId name : child.children)
          if (node(m, name).kind == NodeKind::Name) apply_tariff(node(m, name).text, *of, m, condition, date, node(m, name).span);
        if (child.text == "cheapest") choices.push_back({{applied_order_.begin() + static_cast<std::ptrdiff_t>(before), applied_order_.end()}, child.span});
        break;
      }
      case NodeKind::UseDispatch: dispatches.push_back(c); break;
      case NodeKind::Physics: read_physics(m, c); break;
      case NodeKind::OverPairs: not_in_this_version(child.span, "`over pairs of`"); break;
      default: break;
    }
  }
  check_options();
  for (const Choice& choice : choices) keep_cheapest(choice.keys, choice.span);
  end_settlement();
  for (NodeId use : dispatches) elaborate_dispatch(m, use);
  settle_services();
  check_contract_limits();
  settle_what_moves();
  if (history_needed_ < settlement_->history_from) {  // now it is known how far back the run must read
    const Date needed = history_needed_;
    program_.settlements.pop_back();
    return elaborate_scenario(symbol, needed);
  }
  if (settlement_->sessions && settlement_->series.empty()) settlement_->series.push_back(series_index_.at("delivered"));
  bool metered = settlement_->sessions || std::any_of(settlement_->series.begin(), settlement_->series.end(), [&](uint32_t i) { return program_.series[i].request.per_member; });
  const bool bills_sites = std::any_of(applied_.begin(), applied_.end(), [](const auto& applied) { return applied.second.entity == EntityGrain::site; });
  if (!metered && bills_sites) settlement_->series.push_back(series_index_.at("import"));  // who is billed is who has a meter
  if (applied_order_.empty() && !settlement_->dispatch && tree(m).child(symbol.node, NodeKind::Show))
    if (Diagnostic* d = warning("WL4291", n.text_span, "`" + symbol.name + "` applies no tariff")) d->hint("write `apply TARIFF to every site`");
  for (NodeId c : n.children)
    if (node(m, c).kind == NodeKind::Show) elaborate_show(m, c);
  elaborate_checks(m, symbol.node, settlement_->from, settlement_->until);
  check_givens_read();
}

// An answer: one value, or one for each member, for each period, or both, or, `per interval`, for each interval of the run; where `when` fails nothing is shown.
void Elaborator::elaborate_show(uint32_t m, NodeId id) {
  const Node& show = node(m, id);
  Context context;
  context.module = m;
  context.totals = true;
  context.as_of = settlement_->from;
  NodeId alias = tree(m).child(id, NodeKind::Alias), per = tree(m).child(id, NodeKind::ShowPer), when = tree(m).child(id, NodeKind::When);
  if (per) {
    context.as_of.reset();  // each interval by its own date
    context.single_lines = true;
  }
  ShownAnswer answer;
  answer.value = elaborate(show.children[0], context);
  if (!answer.value) return;
  answer.label = alias ? node(m, alias).text : text_of(node(m, show.children[0]).span);
  answer.span = show.span;
  if (when) {
    answer.condition = elaborate_boolean(node(m, when).children[0], context);
    if (!answer.condition) return;
  }
  const Span what = node(m, show.children[0]).span;
  if (const EntityGrain entity = pool_[answer.value].grain.entity; entity != EntityGrain::none && pool_[answer.value].grain.time == kInterval) {
    if (Diagnostic* d = error("WL4018", show.span, "this has a value for every " + entity_name(program_, entity) + " and interval")) d->hint("gather it, for example `sum(" + text_of(what) + ") over all`");
    return;
  }
  if (!per && pool_[answer.value].grain.time.unit == Period::Unit::interval) {
    if (Diagnostic* d = error("WL4019", show.span, "this has a value for every interval")) d->hint("gather it over time, for example `sum(…) per month`, or ask for all of them: `show " + text_of(what) + " per interval`");
    return;
  }
  if (per && pool_[answer.value].grain.time.unit != Period::Unit::interval) {
    const Period& grain = pool_[answer.value].grain.time;
    if (Diagnostic* d = error("WL4024", node(m, per).span, "this has " + (grain.unit == Period::Unit::none ? "one value" : "a value per " + period_name(grain)) + ", not one for every interval")) d->hint("leave out `per interval`");
    return;
  }
  if (answer.condition) {
    const Grain& grain = pool_[answer.condition].grain;
    if ((grain.entity != EntityGrain::none && grain.entity != pool_[answer.value].grain.entity) || !nests_in(pool_[answer.value].grain.time, grain.time)) {
      if (Diagnostic* d = error("WL4023", node(m, when).span, grain.entity != EntityGrain::none ? "this holds for one " + entity_name(program_, grain.entity) + " and not for another" : "this changes more often than what is shown"))
        d->hint(grain.entity != EntityGrain::none ? "ask something of all of them, for example `when count(site) over all >= 5`" : "gather it over the same period as the answer");
      return;
    }
  }
  settlement_->shows.push_back(std::move(answer));
}

// A scenario that only checks rules: over every version of what it sees.
void Elaborator::elaborate_review(Symbol& symbol) {
  Settlement s;
  s.kind = Settlement::Kind::standalone;
  s.name = symbol.name;
  s.span = node(symbol.module, symbol.node).text_span;
  s.from = date_of(2026, 1, 1);
  s.until = date_of(2027, 1, 1);
  s.zone = zone_of(symbol.module, s.span, false).value_or("UTC");
  begin_settlement(std::move(s), symbol.module);
  if (!clock_) return;
  read_sets_and_givens(symbol.module, symbol.node);
  elaborate_checks(symbol.module, symbol.node, {}, {});
  check_givens_read();
}

// A scenario without a period that shows figures: nothing is metered and nobody billed, and of dated figures the latest hold.
void Elaborator::elaborate_figures(Symbol& symbol) {
  Settlement s;
  s.kind = Settlement::Kind::scenario;
  s.timeless = true;
  s.name = symbol.name;
  s.span = node(symbol.module, symbol.node).text_span;
  s.from = date_of(2100, 1, 1);
  s.until = date_of(2100, 1, 2);
  s.zone = zone_of(symbol.module, s.span, false).value_or("UTC");
  begin_settlement(std::move(s), symbol.module);
  if (!clock_) return;
  read_sets_and_givens(symbol.module, symbol.node);
  for (NodeId c : node(symbol.module, symbol.node).children)
    if (node(symbol.module, c).kind == NodeKind::Show) elaborate_show(symbol.module, c);
  elaborate_checks(symbol.module, symbol.node, {}, {});
  if (!settlement_->series.empty() && !diagnostics_.has_errors())
    if (Diagnostic* d = error("WL4014", settlement_->span, "`" + symbol.name + "` has no period, and shows `" + program_.series[settlement_->series[0]].name + "`, which is metered")) d->hint("write `period 2026-01-01 to 2027-01-01 every 1 h`");
  check_givens_read();
}

// Every tariff of the script itself that no scenario or test looked at is walked once, over a year from its first day in force.
void Elaborator::elaborate_standalone() {
  uint32_t m = static_cast<uint32_t>(modules_.list.size()) - 1;
  std::vector<Symbol*> rest;
  for (Symbol& symbol : symbols_)
    if (is_kind(symbol, Symbol::Kind::tariff) && symbol.module == m && !seen_tariffs_.contains(std::to_string(m) + "." + symbol.name)) rest.push_back(&symbol);
  for (Symbol* symbol : rest) {
    if (seen_tariffs_.contains(std::to_string(m) + "." + symbol->name)) continue;
    Settlement s;
    s.kind = Settlement::Kind::standalone;
    s.name = symbol->name;
    s.span = node(m, symbol->node).text_span;
    TariffInfo& info = *tariffs_[std::to_string(m) + "." + symbol->name];
    s.from = date_of(civil_of(info.headers.from.value_or(date_of(2026, 1, 1))).year, 1, 1);
    s.until = date_of(civil_of(s.from).year + 1, 1, 1);
    s.step_seconds = 3600;
    s.sessions = is_for_sessions(info);
    s.zone = zone_of(m, s.span, false).value_or("UTC");
    begin_settlement(std::move(s), m);
    if (!clock_) return;
    for (Symbol* other : rest)
      if (is_for_sessions(*tariffs_[std::to_string(m) + "." + other->name]) == settlement_->sessions) apply_tariff(other->name, entity_of(*tariffs_[std::to_string(m) + "." + other->name]), m, {}, {}, node(m, other->node).text_span);
    require_tariff(std::to_string(m) + "." + symbol->name);
    for (auto& [key, applied] : applied_)
      if (applied.done) seen_tariffs_.insert(key);
  }
  // Bands that nothing reads are still proved.
  for (Symbol& symbol : symbols_)
    if (symbol.kind == Symbol::Kind::bands && symbol.module == m && !bands_index_.contains(&symbol)) {
      if (!settlement_) {
        Settlement s;
        s.kind = Settlement::Kind::standalone;
        s.name = symbol.name;
        s.span = node(m, symbol.node).text_span;
        s.from = date_of(2026, 1, 1);
        s.until = date_of(2027, 1, 1);
        s.step_seconds = 3600;
        s.zone = "UTC";
        begin_settlement(std::move(s), m);
      }
      if (auto bands = bands_of(symbol)) check_bands(*bands);
    }
}

void Elaborator::check_unused() {
  uint32_t m = static_cast<uint32_t>(modules_.list.size()) - 1;
  for (Symbol& symbol : symbols_) {  // a figure that nothing reads is still a figure
    Context context;
    context.module = m;
    if (symbol.module == m && symbol.kind == Symbol::Kind::parameter && !symbol.used) elaborate_parameter(symbol, context, node(m, symbol.node).text_span);
  }
  if (diagnostics_.has_errors()) return;  // what a clause in error would read cannot be known
  bool settles = !program_.settlements.empty();
  for (const Symbol& symbol : symbols_) {
    if (symbol.module != m || symbol.used || !settles || symbol.kind != Symbol::Kind::parameter) continue;
    bool later_parts = std::any_of(symbols_.begin(), symbols_.end(), [&](const Symbol& s) {
      return s.module == m && (s.kind == Symbol::Kind::contract || s.kind == Symbol::Kind::dispatch || s.kind == Symbol::Kind::rule || s.kind == Symbol::Kind::let || s.kind == Symbol::Kind::service);
    });
    bool library = !std::any_of(symbols_.begin(), symbols_.end(), [&](const Symbol& s) { return s.module == m && s.kind == Symbol::Kind::tariff; });
    if (later_parts || library) continue;
    if (Diagnostic* d = warning("WL2090", node(m, symbol.node).text_span, "`" + symbol.name + "` is never read")) d->hint("remove it, or use it");
  }
  if (tree(m).child(tree(m).root, NodeKind::Module)) return;  // others read what a module defines
  for (const Symbol& symbol : symbols_)
    if (symbol.module == m && !symbol.used && settles && symbol.kind == Symbol::Kind::let && !diagnostics_.has_errors())
      if (Diagnostic* d = warning("WL2092", node(m, symbol.node).text_span, "`" + symbol.name + "` is never read, so nobody has looked whether it makes sense")) d->hint("remove it, or use it");
}

void Elaborator::run() {
  declare_all();
  uint32_t m = static_cast<uint32_t>(modules_.list.size()) - 1;
  program_.settlements.reserve(64);
  auto remember = [&] {
    for (auto& [key, applied] : applied_)
      if (applied.done) seen_tariffs_.insert(key);
  };
  const SyntaxTree& t = tree(m);
  size_t count = 0;
  for (NodeId id : t[t.root].children) count += t[id].kind == NodeKind::Scenario || t[id].kind == NodeKind::Test || t[id].kind == NodeKind::Tariff || t[id].kind == NodeKind::Bands;
  program_.settlements.reserve(count + 1);
  for (NodeId id : t[t.root].children) {
    const Node& n = t[id];
    if (n.kind == NodeKind::Scenario && (options_.only.empty() || options_.only == n.text)) {
      elaborate_scenario(*scopes_[m][n.text]);
      remember();
    }
    if (n.kind == NodeKind::Test && options_.only.empty()) {
      elaborate_test(m, id);
      remember();
    }
    applied_.clear();
  }
  if (options_.standalone) {
    settlement_ = nullptr;
    elaborate_standalone();
    for (const Symbol& symbol : symbols_) {
      if (symbol.module != m) continue;
      const char* what = symbol.kind == Symbol::Kind::reform     ? "a reform"
                         : symbol.kind == Symbol::Kind::space    ? "a space"
                                                                  : nullptr;
      if (what)
        if (!said_.contains(std::string("WL2903") + what)) {
          said_.insert(std::string("WL2903") + what);
          diagnostics_.note("WL2903", node(m, symbol.node).text_span, "`" + symbol.name + "` is " + what + ": its syntax is checked, its meaning not yet in this version");
        }
    }
    elaborate_unchecked_rules(m);
    check_unused();
  }
  warn_of_status();
  program_.currencies = units_.currencies();
  if (program_.currencies.empty()) program_.currencies = {"XXX"};
}

TypedProgram elaborate_program(const Modules& modules, const CompileOptions& options, Diagnostics& diagnostics) {
  TypedProgram program;
  Elaborator(modules, program, diagnostics, options).run();
  return program;
}

}  // namespace wattlaw
