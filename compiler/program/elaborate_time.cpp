// Sets of local time and bands: `workdays 06:00 to 22:00 excluding holidays of norway`, and the proof that bands are complete and disjoint.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/program/calendar_words.h"
#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

// Edges of windows are multiples of it. The standalone walk has no step of its own, and rows of sessions begin at any minute.
int edge_minutes(const Settlement& settlement) {
  return settlement.kind == Settlement::Kind::standalone || settlement.sessions ? 1 : settlement.step_seconds / 60;
}

// "06:00" -> 360; -1 if it is no time of day (24:00 is one).
int minute_of(const std::string& text) {
  if (text.size() != 5) return -1;
  int hour = std::atoi(text.substr(0, 2).c_str()), minute = std::atoi(text.substr(3, 2).c_str());
  return hour > 24 || minute > 59 || (hour == 24 && minute != 0) ? -1 : hour * 60 + minute;
}

// Splits "A to B"; second is empty when there is no " to ".
std::pair<std::string, std::string> split_range(const std::string& text) {
  size_t to = text.find(" to ");
  return to == std::string::npos ? std::pair{text, std::string{}} : std::pair{text.substr(0, to), text.substr(to + 4)};
}

// "October" or "15 April" -> first (or last) day.
std::optional<TimeSet::MonthDay> month_day_of(const std::string& text, bool last) {
  size_t space = text.find(' ');
  if (space == std::string::npos) {
    int month = month_number(text);
    return month ? std::optional(TimeSet::MonthDay{month, last ? 31 : 1}) : std::nullopt;
  }
  int month = month_number(text.substr(space + 1)), day = std::atoi(text.c_str());
  return month && day >= 1 && day <= days_in_month(2024, month) ? std::optional(TimeSet::MonthDay{month, day}) : std::nullopt;
}

std::string print_minute(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

}  // namespace

std::optional<uint32_t> Elaborator::time_set_of(NodeId id, uint32_t module) {
  const Node& top = node(module, id);
  TimeSet set;
  std::vector<NodeId> parts = top.kind == NodeKind::TimeSet ? top.children : std::vector<NodeId>{id};
  bool good = true;
  auto bad = [&](Span span, const std::string& message, const std::string& hint) {
    if (Diagnostic* d = error("WL3401", span, message)) d->hint(hint);
    good = false;
  };
  auto day_set = [&](const Node& n, uint8_t& weekdays, std::vector<const HolidaySet*>& sets) -> bool {
    auto [from, to] = split_range(n.text);
    if (from == "workdays" || from == "weekdays") weekdays |= 0x1f;
    else if (from == "weekends") weekdays |= 0x60;
    else if (from == "holidays" || from == "days") {
      if (n.children.empty()) {
        bad(n.span, "`" + from + "` does not say whose", "name the set, for example `" + from + " of " + own_calendar(module) + "`");
        return false;
      }
      const Node& name = node(module, n.children[0]);
      if (HolidaySet* holidays = holidays_of(name.text, module, name.span)) sets.push_back(holidays);
      else good = false;
    } else if (int a = weekday_number(from); a >= 0) {
      int b = to.empty() ? a : weekday_number(to);
      for (int d = a;; d = (d + 1) % 7) {
        weekdays |= static_cast<uint8_t>(1u << d);
        if (d == b) break;
      }
    }
    return true;
  };
  uint8_t weekdays = 0;
  for (NodeId c : parts) {
    const Node& n = node(module, c);
    if (n.kind == NodeKind::DaySet) {
      day_set(n, weekdays, set.only_days);
      set.days_said = true;
    } else if (n.kind == NodeKind::TimeWindow) {
      auto [from, to] = split_range(n.text);
      TimeSet::Window window{minute_of(from), minute_of(to)};
      if (window.from_minute < 0 || window.to_minute < 0 || window.from_minute == 1440 || window.from_minute == window.to_minute) {
        bad(n.span, "`" + n.text + "` is no window of a day", "times run from 00:00 to 24:00, and a window has a length");
        continue;
      }
      NodeId said = tree(module).child(c, NodeKind::WindowDay);
      window.into_next_day = said && node(module, said).text == "next";
      bool wraps = window.from_minute > window.to_minute && window.to_minute != 0;
      if (window.from_minute > window.to_minute && window.to_minute == 0) window.to_minute = 1440;
      bool days_named = std::any_of(parts.begin(), parts.end(), [&](NodeId p) { return node(module, p).kind == NodeKind::DaySet || node(module, p).kind == NodeKind::Excluding; });
      if (wraps && days_named && !said) {
        bad(n.span, "`" + n.text + "` passes midnight, and days are named beside it: is the part after midnight of the same day or of the next?",
            "write `" + n.text + " of the same day` (the early hours of each named day too) or `" + n.text + " into the next day`");
        continue;
      }
      set.windows.push_back(window);
    } else if (n.kind == NodeKind::MonthSet) {
      auto [from, to] = split_range(n.text);
      auto first = month_day_of(from, false), last = month_day_of(to.empty() ? from : to, true);
      if (!first || !last) bad(n.span, "`" + n.text + "` is no season", "write `October to March` or `15 April to 30 September`");
      else set.seasons.push_back({*first, *last});
    } else if (n.kind == NodeKind::Excluding) {
      for (NodeId e : n.children) {
        const Node& x = node(module, e);
        if (x.kind == NodeKind::DaySet) {
          day_set(x, set.excluded_weekdays, set.excluded_days);
        } else if (HolidaySet* holidays = holidays_of(x.text, module, x.span)) {
          set.excluded_days.push_back(holidays);
        } else {
          good = false;
        }
      }
    }
  }
  if (!good) return std::nullopt;
  set.weekdays = set.days_said ? weekdays : 0x7f;
  std::string key = std::to_string(module) + ":" + text_of(top.span);
  if (auto it = time_set_index_.find(key); it != time_set_index_.end()) return it->second;
  uint32_t index = static_cast<uint32_t>(program_.time_sets.size());
  program_.time_sets.push_back(std::move(set));
  program_.time_set_texts.push_back(text_of(top.span));
  time_set_index_[key] = index;
  return index;
}

ExpressionId Elaborator::elaborate_time_set(NodeId id, Context& context) {
  auto index = time_set_of(id, context.module);
  if (!index) return {};
  const Node& n = node(context.module, id);
  const int step_minutes = settlement_ ? edge_minutes(*settlement_) : 1;
  for (const TimeSet::Window& window : program_.time_sets[*index].windows)
    for (int edge : {window.from_minute, window.to_minute})
      if (step_minutes > 1 && edge % step_minutes != 0) {
        if (Diagnostic* d = error("WL3402", n.span, "the edge " + print_minute(edge) + " lies inside an interval of " + std::to_string(step_minutes) + " min of `" + settlement_->name + "`"))
          d->hint("use a finer step, so that every edge is the border of two intervals");
        return {};
      }
  Expression e;
  e.op = Op::in_time_set;
  e.index = *index;
  e.type = boolean_type();
  e.grain = {EntityGrain::none, kInterval};
  e.span = n.span;
  return pool_.intern(std::move(e));
}

std::optional<uint32_t> Elaborator::bands_of(Symbol& symbol) {
  if (auto it = bands_index_.find(&symbol); it != bands_index_.end()) return it->second == UINT32_MAX ? std::nullopt : std::optional(it->second);
  bands_index_[&symbol] = UINT32_MAX;
  BandsTable table;
  table.name = symbol.name;
  table.span = node(symbol.module, symbol.node).text_span;
  ChoiceSet choices{symbol.name, {}};
  bool good = true;
  for (NodeId c : node(symbol.module, symbol.node).children) {
    const Node& n = node(symbol.module, c);
    if (n.kind != NodeKind::Band) continue;
    if (std::find(choices.names.begin(), choices.names.end(), n.text) != choices.names.end()) {
      if (Diagnostic* d = error("WL2002", n.text_span, "the band `" + n.text + "` is declared twice")) d->hint("join the two with `or`");
      good = false;
      continue;
    }
    BandsTable::Class entry;
    std::function<void(NodeId)> take = [&](NodeId e) {
      const Node& x = node(symbol.module, e);
      if (x.kind == NodeKind::Otherwise) {
        entry.otherwise = true;
      } else if (x.kind == NodeKind::Or) {
        for (NodeId part : x.children) take(part);
      } else if (x.kind == NodeKind::TimeSet || x.kind == NodeKind::DaySet || x.kind == NodeKind::TimeWindow || x.kind == NodeKind::MonthSet) {
        auto set = time_set_of(e, symbol.module);
        if (set) entry.any_of.push_back(*set);
        else good = false;
      } else {
        if (Diagnostic* d = error("WL3403", x.span, "a band is a set of local time")) {
          const std::string text = text_of(x.span);
          const size_t dash = text.find('-');
          const bool span_of_days = dash != std::string::npos && weekday_number(text.substr(0, dash)) >= 0 && weekday_number(text.substr(dash + 1)) >= 0;
          d->hint(span_of_days ? "write `" + text.substr(0, dash) + " to " + text.substr(dash + 1) + "`" : "write days, months and windows, for example `workdays October to March 06:00 to 22:00`");
        }
        good = false;
      }
    };
    for (NodeId e : n.children) take(e);
    choices.names.push_back(n.text);
    if (entry.otherwise && std::any_of(table.classes.begin(), table.classes.end(), [](const BandsTable::Class& c) { return c.otherwise; })) {
      if (Diagnostic* d = error("WL3406", n.text_span, "two bands of `" + symbol.name + "` are `otherwise`")) d->hint("only one band can take what the others leave");
      good = false;
      continue;
    }
    table.classes.push_back(std::move(entry));
  }
  if (!good || table.classes.empty()) return std::nullopt;
  table.choices = static_cast<uint32_t>(program_.choice_sets.size());
  program_.choice_sets.push_back(std::move(choices));
  uint32_t index = static_cast<uint32_t>(program_.bands.size());
  program_.bands.push_back(std::move(table));
  bands_index_[&symbol] = index;
  return index;
}

ExpressionId Elaborator::band(uint32_t bands, Span span) {
  check_bands(bands);
  Expression e;
  e.op = Op::band;
  e.index = bands;
  e.type.kind = ValueKind::choice;
  e.type.choices = program_.bands[bands].choices;
  e.grain = {EntityGrain::none, kInterval};
  e.span = span;
  return pool_.intern(std::move(e));
}

// Complete and disjoint over the settlement's local days: one class, and only one, for every minute. Days that agree in weekday,
// season and holidays agree in everything, so each such kind of day is looked at once, at the minutes where something can change.
void Elaborator::check_bands(uint32_t bands) {
  if (!settlement_ || !bands_checked_.insert(bands).second) return;
  const BandsTable& table = program_.bands[bands];
  const ChoiceSet& choices = program_.choice_sets[table.choices];
  std::set<int> minutes = {0};
  const int step_minutes = edge_minutes(*settlement_);
  bool has_otherwise = false;
  for (const BandsTable::Class& entry : table.classes) {
    has_otherwise = has_otherwise || entry.otherwise;
    for (uint32_t set : entry.any_of)
      for (const TimeSet::Window& window : program_.time_sets[set].windows)
        for (int edge : {window.from_minute, window.to_minute}) {
          if (edge < 1440) minutes.insert(edge);
          if (edge % step_minutes != 0)
            if (Diagnostic* d = error("WL3402", table.span, "the edge " + print_minute(edge) + " of `" + table.name + "` lies inside an interval of " + std::to_string(step_minutes) + " min of `" + settlement_->name + "`"))
              d->hint("use a finer step, so that every edge is the border of two intervals");
        }
  }
  std::set<std::vector<bool>> seen;
  std::vector<bool> used(table.classes.size());
  for (Date day = settlement_->from; day < settlement_->until; ++day.days) {
    // The fingerprint: membership of every set at every minute that matters.
    std::vector<bool> fingerprint;
    for (const BandsTable::Class& entry : table.classes)
      for (uint32_t set : entry.any_of)
        for (int minute : minutes) fingerprint.push_back(program_.time_sets[set].contains(day, minute));
    if (!seen.insert(fingerprint).second) continue;
    for (int minute : minutes) {
      std::vector<size_t> in;
      for (size_t i = 0; i < table.classes.size(); ++i)
        if (std::any_of(table.classes[i].any_of.begin(), table.classes[i].any_of.end(), [&](uint32_t set) { return program_.time_sets[set].contains(day, minute); })) in.push_back(i);
      std::string when = std::string(kWeekdayNames[weekday_of(day)]) + " " + print_date(day) + " " + print_minute(minute);
      if (in.empty() && !has_otherwise) {
        if (Diagnostic* d = error("WL3404", table.span, "no band of `" + table.name + "` holds on " + when)) d->hint("add the band that is missing, or give one of them `= otherwise`");
        return;
      }
      if (in.size() > 1) {
        if (Diagnostic* d = error("WL3405", table.span, "two bands of `" + table.name + "` hold on " + when + ": `" + choices.names[in[0]] + "` and `" + choices.names[in[1]] + "`"))
          d->hint("take the time out of one of them, for example with `excluding`");
        return;
      }
      if (in.empty()) {
        for (size_t i = 0; i < table.classes.size(); ++i)
          if (table.classes[i].otherwise) used[i] = true;
      } else {
        used[in[0]] = true;
      }
    }
  }
  if (settlement_->kind == Settlement::Kind::test) return;
  for (size_t i = 0; i < used.size(); ++i)
    if (!used[i] && settlement_->until.days - settlement_->from.days >= 365)
      if (Diagnostic* d = warning("WL3490", table.span, "the band `" + choices.names[i] + "` of `" + table.name + "` never occurs in `" + settlement_->name + "`")) d->hint("it may be a slip in its days or hours");
}

}  // namespace wattlaw
