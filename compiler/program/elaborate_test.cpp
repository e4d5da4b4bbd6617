// Tests: the givens of one site or session, and what is expected of the tariffs that are used.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

struct MomentText {
  Date date;
  int minute = 0;
  bool has_time = false, has_offset = false;
  int32_t offset_seconds = 0;
};

struct TestGiven {       // one value of one `given`
  NodeId value;
  std::string series;
  MomentText from;
  std::optional<MomentText> until;
  Span span;
  bool whole_run = false;
};

struct TestText {        // what a test gives, before its axis is known
  std::vector<TestGiven> givens;
  std::vector<std::pair<uint32_t, Rational>> attributes;
  std::vector<std::pair<Symbol*, NodeId>> records;  // kind and Given: `given cpp_event.day = 2026-07-20`
  std::set<int> minutes;  // of the local day, at which something begins or ends
  Date first{INT32_MAX}, last{INT32_MIN};
};

namespace {

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

// All that is given for a time is given for the same single interval: what is expected of intervals is expected of that one.
bool gives_one_moment(const Settlement& test) {
  std::optional<Instant> moment;
  for (const GivenValue& given : test.givens) {
    if (given.until - given.from != test.step_seconds || (moment && *moment != given.from)) return false;
    moment = given.from;
  }
  return moment.has_value() && !test.sessions;
}

}  // namespace

// `given NAME = VALUE at TIME [to TIME], …`; false after an error.
bool Elaborator::read_given(uint32_t m, NodeId id, Context& context, TestText& test) {
  const Node& given = node(m, id);
  if (names_surplus(given.text, m)) return true;  // of the run, not of a time
  if (const size_t dot = given.text.rfind('.'); dot != std::string::npos)
    if (Symbol* kind = find(given.text.substr(0, dot), m, Symbol::Kind::record); kind && !series_index_.contains(given.text)) {
      test.records.emplace_back(kind, id);
      return true;
    }
  for (NodeId v : given.children) {
    const Node& value = node(m, v);
    if (auto attribute = attribute_index_.find(given.text); attribute != attribute_index_.end()) {
      const Type& type = program_.attributes[attribute->second].type;
      ExpressionId e = type.kind == ValueKind::choice ? choice_constant(type.choices, node(m, value.children[0]).text, value.span) : elaborate(value.children[0], context);
      if (e && pool_.is_constant(e)) test.attributes.emplace_back(attribute->second, pool_[e].value);
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
      return false;
    }
    TestGiven g{value.children[0], given.text, {}, {}, value.span};
    std::vector<NodeId> times = tree(m).children(v, NodeKind::TimeStamp);
    if (times.empty()) {
      if (!series_index_.contains(given.text) || program_.series[series_index_[given.text]].type.extensive) {
        if (Diagnostic* d = error("WL2043", value.span, "`" + given.text + "` is given without a time")) d->hint("write `given " + given.text + " = … at 2026-03-11 12:00`");
        return false;
      }
      g.whole_run = true;
    } else {
      auto from = parse_moment(node(m, times[0]).text);
      auto until = times.size() > 1 ? parse_moment(node(m, times[1]).text) : std::nullopt;
      if (!from || (times.size() > 1 && !until)) {
        if (Diagnostic* d = error("WL1060", node(m, times[0]).span, "this is not a time of the calendar")) d->hint("write `2026-03-11 12:00`");
        return false;
      }
      g.from = *from;
      g.until = until;
      if (!until && !from->has_time) g.until = MomentText{Date{from->date.days + 1}};  // `at 2026-03-11` is the whole day
      test.minutes.insert(from->minute);
      if (until) test.minutes.insert(until->minute);
      test.first = std::min(test.first, from->date);
      const Date next{from->date.days + 1}, end = !g.until ? next : g.until->minute ? Date{g.until->date.days + 1} : g.until->date;
      test.last = std::max({test.last, end, next});
    }
    test.givens.push_back(std::move(g));
  }
  return true;
}

// What `every` says; without it the coarsest step that all times fit. 0 after an error.
int32_t Elaborator::step_of_test(uint32_t m, NodeId every, Context& context, const TestText& test) {
  if (every) {
    ExpressionId step = elaborate(node(m, every).children[0], context);
    if (!step) return 0;
    if (pool_[step].type.dimension == Dimension{.time = 1})
      for (int32_t known : kSteps)
        if (pool_[step].value * 3600 == known) return known;
    if (Diagnostic* d = error("WL4016", node(m, every).span, "the step of a test is 1, 5, 10, 15, 30 or 60 min")) d->hint("write for example `every 1 h`");
    return 0;
  }
  int32_t seconds = 0;
  for (int32_t known : kSteps)
    if (!seconds && std::all_of(test.minutes.begin(), test.minutes.end(), [&](int minute) { return minute * 60 % known == 0; })) seconds = known;
  for (const TestGiven& g : test.givens)  // a price given every 30 min makes the moments half-hours
    if (auto series = series_index_.find(g.series); series != series_index_.end()) {
      const int32_t native = program_.series[series->second].request.native_step_seconds;
      if (native && native < seconds && 3600 % native == 0) seconds = native;
    }
  return seconds;
}

std::optional<Instant> Elaborator::instant_of(const MomentText& moment, Span span) {
  const LocalSeconds local = int64_t{moment.date.days} * 86400 + moment.minute * 60;
  if (moment.has_offset) return local - moment.offset_seconds;
  if (moment.minute == 0) return clock_->zone.start_of_day(moment.date);
  const LocalInstants instants = clock_->zone.instants_of(local);
  if (instants.count == 1) return instants.first;
  if (Diagnostic* d = error("WL2045", span, instants.count == 0 ? "this local time does not exist: the clock skips it" : "this local time occurs twice"))
    d->hint(instants.count == 0 ? "choose a time before or after the change" : "say which one with its offset: `2026-10-25 02:30+02:00`");
  return std::nullopt;
}

// A given on the test's axis, in canonical units; nothing after an error.
std::optional<GivenValue> Elaborator::place_given(const TestGiven& g, Context context) {
  const std::string name = g.series == "power" ? "import" : g.series;
  const uint32_t index = series_index_[name];
  const SeriesDeclaration& series = program_.series[index];
  const Type type = series.type;
  context.prices = type.tax;
  ExpressionId e = series.request.yes_no ? elaborate_flag(g.value, context) : elaborate_number(g.value, context);
  if (!e) return std::nullopt;
  if (!pool_.is_constant(e)) {
    error("WL2044", g.span, "a given value is a fixed figure");
    return std::nullopt;
  }
  GivenValue given{.series = index, .value = pool_[e].value};
  if ((is_register(name) || series.request.trace == kSessionTrace) && given.value < 0) {
    if (Diagnostic* d = error("WL2047", g.span, "`" + g.series + "` is never negative")) d->hint("what flows back into the grid is `export`");
    return std::nullopt;
  }
  const Dimension power{.energy = 1, .time = -1}, want = g.series == "power" ? power : type.dimension;
  const bool as_power = type.dimension == Dimension{.energy = 1} && pool_[e].type.dimension == power;
  if (pool_[e].type.dimension != want && !as_power) {
    if (Diagnostic* d = error("WL3101", g.span, "`" + g.series + "` is " + dimension_words(want) + ", but this is " + dimension_words(pool_[e].type.dimension))) d->hint("give it in its own unit");
    return std::nullopt;
  }
  const int32_t step = settlement_->step_seconds;
  if (as_power) given.value = given.value * step / 3600;
  if (g.whole_run) {
    given.from = clock_->begin;
    given.until = clock_->begin + int64_t{clock_->steps} * step;
    return given;
  }
  auto from = instant_of(g.from, g.span);
  auto until = !g.until ? from : instant_of(*g.until, g.span);
  if (!from || !until) return std::nullopt;
  if ((*from - clock_->begin) % step != 0) {
    error("WL2046", g.span, "this time lies inside an interval of " + std::to_string(step / 60) + " min");
    return std::nullopt;
  }
  given.from = *from;
  given.until = g.until ? *until : *from + step;
  // Where no length of an interval is said, an energy is that of the whole time.
  const int64_t intervals = (given.until - given.from) / step;
  if (test_without_interval_ && !as_power && type.extensive && intervals > 1) given.value /= intervals;
  return given;
}

// The fields of a test's records; the first value of each field is the first record's.
void Elaborator::place_record(const Symbol& kind, uint32_t m, NodeId id) {
  const Node& given = node(m, id);
  const std::string field = given.text.substr(kind.name.size() + 1), type = field_type(kind, field);
  GivenRecord record{kind.name, field, {}};
  if (type != "date" && type != "instant") {
    if (Diagnostic* d = error("WL2042", given.text_span, type.empty() ? "`" + kind.name + "` has no field `" + field + "`" : "`" + given.text + "` is no day and no instant"))
      d->hint("declare it: `kind " + kind.name + " { " + field + ": date }`");
    return;
  }
  for (NodeId v : given.children) {
    const Node& value = node(m, node(m, v).children[0]);
    const auto moment = value.kind == NodeKind::DateLiteral || value.kind == NodeKind::InstantLiteral ? parse_moment(value.text) : std::nullopt;
    const bool is_day = type == "date";
    if (!moment || (is_day && moment->has_time) || node(m, v).children.size() > 1) {
      if (Diagnostic* d = error("WL2044", node(m, v).span, is_day ? "a day is meant here" : "an instant is meant here")) d->hint("write `given " + given.text + " = 2026-07-20" + (is_day ? "" : " 16:00") + "`");
      return;
    }
    const auto instant = is_day ? std::optional<Instant>(moment->date.days) : instant_of(*moment, value.span);
    if (!instant) return;
    record.values.push_back(*instant);
  }
  settlement_->given_records.push_back(std::move(record));
}

void Elaborator::elaborate_test(uint32_t m, NodeId id, bool whole_periods) {
  const Node& n = node(m, id);
  Context context;
  context.module = m;
  TestText test;
  for (NodeId c : tree(m).children(id, NodeKind::Given))
    if (!read_given(m, c, context, test)) return;
  if (test.first.days == INT32_MAX) {  // an expectation about figures alone
    test.first = date_of(2026, 1, 1);
    test.last = date_of(2026, 1, 2);
  }
  if (test.last.days - test.first.days > 3660) {
    if (Diagnostic* d = error("WL4020", n.text_span, "the times given lie more than ten years apart")) d->hint("a test looks at a few days or months");
    return;
  }
  const NodeId every = tree(m).child(id, NodeKind::Every);
  Settlement s;
  s.kind = Settlement::Kind::test;
  s.name = n.text;
  s.span = n.text_span;
  s.from = test.first;
  s.until = test.last;
  s.step_seconds = step_of_test(m, every, context, test);
  if (!s.step_seconds) return;
  if (NodeId z = tree(m).child(id, NodeKind::ZoneText)) s.zone = node(m, z).text;
  else s.zone = zone_of(m, n.text_span, false).value_or("UTC");
  for (NodeId c : tree(m).children(id, NodeKind::Use))
    for (NodeId name : node(m, c).children)
      if (Symbol* used = find(node(m, name).text, m, Symbol::Kind::tariff)) s.sessions = s.sessions || is_for_sessions(*tariffs_[std::to_string(used->module) + "." + used->name]);
  s.moments = !every && !whole_periods && !s.sessions;
  begin_settlement(std::move(s), m);
  if (!clock_) return;
  test_without_interval_ = !every;
  settlement_->given_attributes = std::move(test.attributes);
  for (const auto& [kind, given] : test.records) place_record(*kind, m, given);
  for (NodeId c : tree(m).children(id, NodeKind::Use))
    for (NodeId name : node(m, c).children) {
      const Symbol* used = find(node(m, name).text, m, Symbol::Kind::tariff);
      apply_tariff(node(m, name).text, used ? entity_of(*tariffs_[std::to_string(used->module) + "." + used->name]) : EntityGrain::site, m, {}, {}, node(m, name).span);
    }
  read_sets_and_givens(m, id);
  for (const TestGiven& g : test.givens) {
    auto given = place_given(g, context);
    if (!given) continue;
    if (std::find(settlement_->series.begin(), settlement_->series.end(), given->series) == settlement_->series.end()) settlement_->series.push_back(given->series);
    settlement_->givens.push_back(*given);
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
    const bool of_moment = grain == kInterval && gives_one_moment(*settlement_);
    if (windows && windows->size() > 1 && !of_moment) {
      if (Diagnostic* d = error("WL4021", expect.span, "this has " + std::to_string(windows->size()) + " values in this test, one per " + period_name(grain))) d->hint("say which is meant: gather it with `max(…)`, `sum(…)`, or give one " + period_name(grain) + " only");
      continue;
    }
    settlement_->expects.push_back(expectation);
  }
  check_givens_read();
}

}  // namespace wattlaw
