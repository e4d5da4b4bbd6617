// Tests: the givens of one site or session, and what is expected of the tariffs that are used.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

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
      // No length of an interval is said, so an energy is that of the whole time.
      const int64_t intervals = (*until - *from) / settlement_->step_seconds;
      if (!every && !as_power && type.extensive && intervals > 1) given.value /= intervals;
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

}  // namespace wattlaw
