// Scenarios, tests and the standalone walk: which tariffs hold for whom, over which period, on which data, and what is asked.
#include <algorithm>

#include "compiler/program/elaborate.h"
#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

constexpr int32_t kSteps[] = {3600, 1800, 900, 600, 300, 60};

struct MomentText {
  Date date;
  int minute = 0;
  bool has_time = false, has_offset = false;
  int32_t offset_seconds = 0;
};

std::optional<MomentText> parse_moment(const std::string& text) {
  MomentText moment;
  auto date = parse_date(std::string_view(text).substr(0, std::min<size_t>(10, text.size())));
  if (!date) return std::nullopt;
  moment.date = *date;
  if (text.size() < 16) return moment;
  moment.has_time = true;
  int hour = std::atoi(text.substr(11, 2).c_str()), minute = std::atoi(text.substr(14, 2).c_str());
  if (hour > 23 || minute > 59) return std::nullopt;
  moment.minute = hour * 60 + minute;
  size_t mark = text.find_first_of("Z+-", 16);
  if (mark != std::string::npos) {
    moment.has_offset = true;
    if (text[mark] != 'Z') {
      int h = std::atoi(text.substr(mark + 1, 2).c_str()), m = std::atoi(text.substr(mark + 4, 2).c_str());
      moment.offset_seconds = (text[mark] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    }
  }
  return moment;
}

}  // namespace

void Elaborator::begin_settlement(Settlement settlement, uint32_t module, std::optional<Date> history_from) {
  applied_.clear();
  applied_order_.clear();
  windows_.clear();
  settlement.history_from = history_from.value_or(settlement.from);
  history_needed_ = settlement.history_from;
  nettings_.clear();
  bands_checked_.clear();
  whole_period_.clear();
  reads_step_length_.clear();
  wants_whole_periods_ = test_without_interval_ = false;
  broken_.clear();
  let_memo_.clear();
  clock_.reset();
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
  std::vector<ExpressionId> totals;
  for (const std::string& key : keys) {
    require_tariff(key);
    std::vector<ExpressionId> terms;
    for (uint32_t index : applied_[key].clauses) {
      const TypedClause& clause = settlement_->clauses[index];
      ExpressionId run = pool_.aggregate(Aggregate::sum, clause.line, settled(pool_[clause.line].grain.time, span), Period{}, span);
      if (clause.payer_is_site) terms.push_back(run);
      if (clause.payee_is_site) terms.push_back(pool_.negate(run, span));
    }
    if (terms.empty()) {
      if (!diagnostics_.has_errors()) error("WL4203", span, "`" + tariffs_[key]->symbol->name + "` costs a site nothing, so nothing can be compared");
      return;
    }
    for (ExpressionId term : terms)
      if (!same_kind(totals.empty() ? terms[0] : totals[0], term, span, "compared with")) return;
    totals.push_back(pool_.add(terms, span));
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    ExpressionId least;
    for (size_t j = 0; j < keys.size(); ++j)
      if (j != i) least = pool_.both(least, pool_.make(i < j ? Op::less_equal : Op::less, boolean_type(), {totals[i], totals[j]}, span), span);
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
    if (!tree(m).child(symbol.node, NodeKind::Apply)) return;  // a scenario of answers alone has no meters to settle
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
  struct Choice {  // `apply cheapest of A, B to every site`
    std::vector<std::string> keys;
    Span span;
  };
  std::vector<Choice> choices;
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
        if (node(m, entity).text != "site" && node(m, entity).text != "session") {
          not_in_this_version(node(m, entity).span, "a tariff for every " + node(m, entity).text);
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
          if (node(m, name).kind == NodeKind::Name) apply_tariff(node(m, name).text, m, condition, date, node(m, name).span);
        if (child.text == "cheapest") choices.push_back({{applied_order_.begin() + static_cast<std::ptrdiff_t>(before), applied_order_.end()}, child.span});
        break;
      }
      case NodeKind::UseDispatch: not_in_this_version(child.span, "`dispatch`"); break;
      case NodeKind::Physics: not_in_this_version(child.span, "`physics every`"); break;
      case NodeKind::OverPairs: not_in_this_version(child.span, "`over pairs of`"); break;
      case NodeKind::Check:
        if (Diagnostic* d = warning("WL2902", child.span, "rules are not evaluated by this version; the run checks none")) d->hint("the ledger is not affected");
        break;
      case NodeKind::Set:
      case NodeKind::Given: not_in_this_version(child.span, "`" + std::string(child.kind == NodeKind::Set ? "set" : "given") + "` in a scenario"); break;
      default: break;
    }
  }
  for (const Choice& choice : choices) keep_cheapest(choice.keys, choice.span);
  end_settlement();
  if (history_needed_ < settlement_->history_from) {  // now it is known how far back the run must read
    const Date needed = history_needed_;
    program_.settlements.pop_back();
    return elaborate_scenario(symbol, needed);
  }
  if (settlement_->sessions && settlement_->series.empty()) settlement_->series.push_back(series_index_.at("delivered"));
  bool metered = settlement_->sessions || std::any_of(settlement_->series.begin(), settlement_->series.end(), [&](uint32_t i) { return program_.series[i].request.per_member; });
  if (!metered && !applied_order_.empty()) settlement_->series.push_back(series_index_.at("import"));  // who is billed is who has a meter
  if (applied_order_.empty() && tree(m).child(symbol.node, NodeKind::Show))
    if (Diagnostic* d = warning("WL4291", n.text_span, "`" + symbol.name + "` applies no tariff")) d->hint("write `apply TARIFF to every site`");
  for (NodeId c : n.children) {
    const Node& child = node(m, c);
    if (child.kind != NodeKind::Show) continue;
    if (tree(m).child(c, NodeKind::ShowPer) || tree(m).child(c, NodeKind::When)) {
      not_in_this_version(child.span, "`show … per` and `show … when`");
      continue;
    }
    context.totals = true;
    context.default_period = {};
    context.as_of = settlement_->from;
    ExpressionId e = elaborate(child.children[0], context);
    if (!e) continue;
    ShownAnswer answer;
    NodeId alias = tree(m).child(c, NodeKind::Alias);
    answer.label = alias ? node(m, alias).text : text_of(node(m, child.children[0]).span);
    answer.value = e;
    answer.span = child.span;
    if (pool_[e].grain.entity == EntityGrain::site) {
      if (Diagnostic* d = error("WL4018", child.span, "this has a value for every site")) d->hint("gather it, for example `sum(" + text_of(node(m, child.children[0]).span) + ") over all`");
      continue;
    }
    if (pool_[e].grain.time.unit == Period::Unit::interval) {
      if (Diagnostic* d = error("WL4019", child.span, "this has a value for every interval")) d->hint("gather it over time, for example `sum(…) per month`");
      continue;
    }
    settlement_->shows.push_back(std::move(answer));
  }
}

void Elaborator::elaborate_test(uint32_t m, NodeId id, bool whole_periods) {
  const Node& n = node(m, id);
  struct Given {
    NodeId value_node;
    std::string series;
    ExpressionId value;
    MomentText from;
    std::optional<MomentText> until;
    Span span;
    bool whole_run = false;
  };
  Settlement s;
  s.kind = Settlement::Kind::test;
  s.name = n.text;
  s.span = n.text_span;
  Context context;
  context.module = m;
  std::vector<Given> givens;
  std::vector<std::pair<uint32_t, Rational>> attributes;
  NodeId every = tree(m).child(id, NodeKind::Every);
  std::set<int> minutes;
  Date first{INT32_MAX}, last{INT32_MIN};
  for (NodeId c : tree(m).children(id, NodeKind::Given)) {
    const Node& given = node(m, c);
    for (NodeId v : given.children) {
      const Node& value = node(m, v);
      if (attribute_index_.contains(given.text)) {
        uint32_t index = attribute_index_[given.text];
        const AttributeDeclaration& declaration = program_.attributes[index];
        ExpressionId e = declaration.type.kind == ValueKind::choice ? choice_constant(declaration.type.choices, node(m, value.children[0]).text, value.span) : elaborate(value.children[0], context);
        if (e && pool_.is_constant(e)) attributes.emplace_back(index, pool_[e].value);
        continue;
      }
      if (!series_index_.contains(given.text) && given.text != "power") {
        std::vector<std::string> known = {"power"};
        for (const auto& [name, index] : series_index_) known.push_back(name);
        for (const auto& [name, index] : attribute_index_) known.push_back(name);
        if (Diagnostic* d = error("WL2042", given.span, "nothing that can be given is called `" + given.text + "`")) {
          std::string near = nearest_name(given.text, known);
          d->hint(near.empty() ? "given are series such as `import`, `export`, `market.spot`, and attributes such as `site.tax_zone`" : "did you mean `" + near + "`?");
        }
        return;
      }
      Given g;
      g.series = given.text;
      g.span = value.span;
      g.value_node = value.children[0];
      std::vector<NodeId> times = tree(m).children(v, NodeKind::TimeStamp);
      if (times.empty()) {
        if (!series_index_.contains(given.text) || program_.series[series_index_[given.text]].type.extensive) {
          if (Diagnostic* d = error("WL2043", value.span, "`" + given.text + "` is given without a time")) d->hint("write `given " + given.text + " = … at 2026-03-11 12:00`");
          return;
        }
        g.whole_run = true;
      } else {
        auto from = parse_moment(node(m, times[0]).text);
        auto until = times.size() > 1 ? parse_moment(node(m, times[1]).text) : std::nullopt;
        if (!from || (times.size() > 1 && !until)) {
          if (Diagnostic* d = error("WL1060", node(m, times[0]).span, "this is not a time of the calendar")) d->hint("write `2026-03-11 12:00`");
          return;
        }
        g.from = *from;
        g.until = until;
        if (!until && !from->has_time) {  // `at 2026-03-11` is the whole day
          g.until = MomentText{Date{from->date.days + 1}};
        }
        minutes.insert(from->minute);
        if (until) minutes.insert(until->minute);
        first = std::min(first, from->date);
        Date end = g.until ? (g.until->minute ? Date{g.until->date.days + 1} : g.until->date) : Date{from->date.days + 1};
        last = std::max(last, std::max(end, Date{from->date.days + 1}));
      }
      givens.push_back(std::move(g));
    }
  }
  bool nothing_given = first.days == INT32_MAX;
  if (nothing_given) {  // an expectation about figures alone
    first = date_of(2026, 1, 1);
    last = date_of(2026, 1, 2);
  }
  s.from = first;
  s.until = last;
  if (last.days - first.days > 3660) {
    if (Diagnostic* d = error("WL4020", n.text_span, "the times given lie more than ten years apart")) d->hint("a test looks at a few days or months");
    return;
  }
  s.step_seconds = 0;
  if (every) {
    ExpressionId step = elaborate(node(m, every).children[0], context);
    if (!step) return;
    if (pool_[step].type.dimension == Dimension{.time = 1})
      for (int32_t known : kSteps)
        if (pool_[step].value * 3600 == known) s.step_seconds = known;
    if (!s.step_seconds) {
      if (Diagnostic* d = error("WL4016", node(m, every).span, "the step of a test is 1, 5, 10, 15, 30 or 60 min")) d->hint("write for example `every 1 h`");
      return;
    }
  } else {
    s.moments = !whole_periods;
    for (int32_t known : kSteps)
      if (!s.step_seconds && std::all_of(minutes.begin(), minutes.end(), [&](int minute) { return minute * 60 % known == 0; })) s.step_seconds = known;
    for (const Given& g : givens)  // a price given every 30 min makes the moments half-hours
      if (series_index_.contains(g.series)) {
        int32_t native = program_.series[series_index_[g.series]].request.native_step_seconds;
        if (native && native < s.step_seconds && 3600 % native == 0) s.step_seconds = native;
      }
  }
  if (NodeId z = tree(m).child(id, NodeKind::ZoneText)) s.zone = node(m, z).text;
  else s.zone = zone_of(m, n.text_span, false).value_or("UTC");
  for (NodeId c : tree(m).children(id, NodeKind::Use))
    for (NodeId name : node(m, c).children)
      if (Symbol* used = find(node(m, name).text, m, Symbol::Kind::tariff)) s.sessions = s.sessions || is_for_sessions(*tariffs_[std::to_string(used->module) + "." + used->name]);
  s.moments = s.moments && !s.sessions;
  begin_settlement(std::move(s), m);
  if (!clock_) return;
  test_without_interval_ = !every;
  settlement_->given_attributes = std::move(attributes);
  for (NodeId c : tree(m).children(id, NodeKind::Use))
    for (NodeId name : node(m, c).children) apply_tariff(node(m, name).text, m, {}, {}, node(m, name).span);
  for (NodeId c : n.children)
    if (node(m, c).kind == NodeKind::Set) not_in_this_version(node(m, c).span, "`set` in a test");
  for (Given& g : givens) {
    std::string name = g.series == "power" ? "import" : g.series;
    uint32_t index = series_index_[name];
    Type type = program_.series[index].type;
    Context value_context = context;
    value_context.prices = type.tax;
    const bool is_flag = program_.series[index].request.yes_no;
    ExpressionId e = is_flag ? elaborate_flag(g.value_node, value_context) : elaborate_number(g.value_node, value_context);
    if (!e) continue;
    if (!pool_.is_constant(e)) {
      error("WL2044", g.span, "a given value is a fixed figure");
      continue;
    }
    Rational value = pool_[e].value;
    if ((name == "import" || name == "export") && value < 0) {
      if (Diagnostic* d = error("WL2047", g.span, "`" + g.series + "` is never negative")) d->hint("what flows back into the grid is `export`");
      continue;
    }
    Dimension want = g.series == "power" ? Dimension{.energy = 1, .time = -1} : type.dimension;
    bool as_power = type.dimension == Dimension{.energy = 1} && pool_[e].type.dimension == Dimension{.energy = 1, .time = -1};
    if (pool_[e].type.dimension != want && !as_power) {
      if (Diagnostic* d = error("WL3101", g.span, "`" + g.series + "` is " + dimension_words(want) + ", but this is " + dimension_words(pool_[e].type.dimension))) d->hint("give it in its own unit");
      continue;
    }
    if (as_power) value = value * settlement_->step_seconds / 3600;
    GivenValue given;
    given.series = index;
    given.value = value;
    if (g.whole_run) {
      given.from = clock_->begin;
      given.until = clock_->begin + int64_t{clock_->steps} * clock_->step_seconds;
    } else {
      auto instant = [&](const MomentText& moment) -> std::optional<Instant> {
        LocalSeconds local = int64_t{moment.date.days} * 86400 + moment.minute * 60;
        if (moment.has_offset) return local - moment.offset_seconds;
        if (moment.minute == 0) return clock_->zone.start_of_day(moment.date);
        LocalInstants instants = clock_->zone.instants_of(local);
        if (instants.count == 1) return instants.first;
        if (Diagnostic* d = error("WL2045", g.span, instants.count == 0 ? "this local time does not exist: the clock skips it" : "this local time occurs twice"))
          d->hint(instants.count == 0 ? "choose a time before or after the change" : "say which one with its offset: `2026-10-25 02:30+02:00`");
        return std::nullopt;
      };
      auto from = instant(g.from);
      auto until = g.until ? instant(*g.until) : std::optional<Instant>(from ? *from + settlement_->step_seconds : 0);
      if (!from || !until) continue;
      if ((*from - clock_->begin) % settlement_->step_seconds != 0) {
        error("WL2046", g.span, "this time lies inside an interval of " + std::to_string(settlement_->step_seconds / 60) + " min");
        continue;
      }
      given.from = *from;
      given.until = *until;
    }
    if (std::find(settlement_->series.begin(), settlement_->series.end(), index) == settlement_->series.end()) settlement_->series.push_back(index);
    settlement_->givens.push_back(given);
  }
  end_settlement();
  for (NodeId c : tree(m).children(id, NodeKind::Expect)) {
    const Node& expect = node(m, c);
    Context totals = context;
    totals.totals = true;
    totals.default_period = {};
    totals.as_of = settlement_->from;
    const Node& condition_node = node(m, expect.children[0]);
    ExpressionId condition = elaborate_boolean(expect.children[0], totals);
    if (wants_whole_periods_) {
      program_.settlements.pop_back();
      return elaborate_test(m, id, true);
    }
    if (!condition) continue;
    Expectation expectation;
    expectation.condition = condition;
    expectation.span = expect.span;
    if (condition_node.kind == NodeKind::Compare) {
      expectation.left = elaborate(condition_node.children[0], totals);
      const Node& right = node(m, condition_node.children[1]);
      if (expectation.left && pool_[expectation.left].type.kind == ValueKind::choice && right.kind == NodeKind::Name) expectation.right = choice_constant(pool_[expectation.left].type.choices, right.text, right.span);
      else expectation.right = elaborate(condition_node.children[1], totals);
    }
    const Period& grain = pool_[condition].grain.time;
    const Windows* windows = grain.unit == Period::Unit::none ? nullptr : windows_of(grain);
    if (windows && windows->size() > 1) {
      if (Diagnostic* d = error("WL4021", expect.span, "this has " + std::to_string(windows->size()) + " values in this test, one per " + period_name(grain))) d->hint("say which is meant: gather it with `max(…)`, `sum(…)`, or give one " + period_name(grain) + " only");
      continue;
    }
    settlement_->expects.push_back(expectation);
  }
}

// Every tariff of the script itself that no scenario or test looked at is walked once, over a year from its first day in force.
void Elaborator::elaborate_standalone() {
  uint32_t m = static_cast<uint32_t>(modules_.list.size()) - 1;
  std::vector<Symbol*> rest;
  for (Symbol& symbol : symbols_)
    if (symbol.kind == Symbol::Kind::tariff && symbol.module == m && !seen_tariffs_.contains(std::to_string(m) + "." + symbol.name)) rest.push_back(&symbol);
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
      if (is_for_sessions(*tariffs_[std::to_string(m) + "." + other->name]) == settlement_->sessions) apply_tariff(other->name, m, {}, {}, node(m, other->node).text_span);
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
      const char* what = symbol.kind == Symbol::Kind::contract   ? "a contract"
                         : symbol.kind == Symbol::Kind::service  ? "a service"
                         : symbol.kind == Symbol::Kind::dispatch ? "a dispatch"
                         : symbol.kind == Symbol::Kind::rule     ? "a rule"
                         : symbol.kind == Symbol::Kind::reform   ? "a reform"
                         : symbol.kind == Symbol::Kind::space    ? "a space"
                                                                  : nullptr;
      if (what)
        if (!said_.contains(std::string("WL2903") + what)) {
          said_.insert(std::string("WL2903") + what);
          diagnostics_.note("WL2903", node(m, symbol.node).text_span, "`" + symbol.name + "` is " + what + ": its syntax is checked, its meaning not yet in this version");
        }
    }
    check_unused();
  }
  program_.currencies = units_.currencies();
  if (program_.currencies.empty()) program_.currencies = {"XXX"};
}

TypedProgram elaborate_program(const Modules& modules, const CompileOptions& options, Diagnostics& diagnostics) {
  TypedProgram program;
  Elaborator(modules, program, diagnostics, options).run();
  return program;
}

}  // namespace wattlaw
