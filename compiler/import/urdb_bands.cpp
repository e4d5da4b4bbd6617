#include "compiler/import/urdb_bands.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/import/script_text.h"

namespace wattlaw {
namespace {

using YearHours = std::array<UrdbDayHours, 12>;  // by month

constexpr size_t kJanuary = 0, kJuly = 6;

// ---- a set of hours in words

// Beside named days the hours of a night are those of the early morning and of the late evening.
MinuteWindows windows_of_one_day(const HourSet& hours) {
  MinuteWindows windows = hour_runs(hours);
  constexpr int kDay = 24 * 60;
  const auto night = std::find_if(windows.begin(), windows.end(), [](const auto& window) { return window.second < window.first || window.second > kDay; });
  if (night == windows.end()) return windows;
  const int begin = night->first, end = night->second % kDay;
  windows.erase(night);
  windows.insert(windows.begin(), {0, end});
  windows.emplace_back(begin, kDay);
  return windows;
}

std::string hours_text(const MonthSet& months, const UrdbDayHours& hours) {
  const std::vector<std::string> seasons = month_runs(months);
  if (hours.weekday == hours.weekend) return time_set_text(seasons, {}, hour_runs(hours.weekday));
  std::string text;
  for (const auto& [days, set] : {std::pair{"weekdays", hours.weekday}, std::pair{"weekends", hours.weekend}}) {
    if (set.none()) continue;
    text += (text.empty() ? "" : " or ") + time_set_text(seasons, {{days, ""}}, windows_of_one_day(set));
  }
  return text;
}

// Months of the same hours stand together, in the order of the year.
std::string year_text(const YearHours& hours) {
  std::string text;
  MonthSet written;
  for (size_t month = 0; month < 12; ++month) {
    if (written[month] || hours[month].none()) continue;
    MonthSet alike;
    for (size_t other = month; other < 12; ++other) alike[other] = hours[other] == hours[month];
    written |= alike;
    text += (text.empty() ? "" : " or ") + hours_text(alike, hours[month]);
  }
  return text;
}

// Terms and windows that a reader has to put together.
size_t parts_of(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), ',')) + static_cast<size_t>(std::count(text.begin(), text.end(), ':')) / 2 + (text.find("week") != std::string::npos);
}

// The one of most parts is what is left; of equals the last.
std::string bands_body(const std::vector<std::string>& names, const std::vector<std::string>& texts) {
  size_t otherwise = 0;
  for (size_t i = 0; i < texts.size(); ++i)
    if (parts_of(texts[i]) >= parts_of(texts[otherwise])) otherwise = i;
  std::string body;
  for (size_t i = 0; i < names.size(); ++i)
    if (i != otherwise) body += fmt::format("  {} = {}\n", names[i], texts[i]);
  return body + fmt::format("  {} = otherwise\n", names[otherwise]);
}

// ---- names

std::vector<std::string> level_names(size_t count) {
  if (count == 1) return {""};
  if (count == 2) return {"off_peak", "peak"};
  if (count == 3) return {"off_peak", "mid_peak", "peak"};
  if (count == 4) return {"super_off_peak", "off_peak", "mid_peak", "peak"};
  std::vector<std::string> names;
  for (size_t i = 1; i <= count; ++i) names.push_back(fmt::format("level_{}", i));
  return names;
}

// Summer holds July and winter January; what lies between is spring or autumn, or both.
std::vector<std::string> season_names(const std::vector<MonthSet>& seasons) {
  std::vector<std::string> names, taken;
  for (const MonthSet& months : seasons) {
    const MonthSet first_half = months & MonthSet(0b000000111111), second_half = months & MonthSet(0b111111000000);
    const char* name = months[kJuly] && months[kJanuary] ? "other_months"
                       : months[kJuly]                   ? "summer"
                       : months[kJanuary]                ? "winter"
                       : second_half.none()              ? "spring"
                       : first_half.none()               ? "autumn"
                                                         : "shoulder";
    names.push_back(unique_name(name, taken));
  }
  return names;
}

// Summer first, winter last, the rest between them as the year has them.
void order_seasons(std::vector<MonthSet>& seasons) {
  const auto place = [](const MonthSet& months) { return months[kJuly] ? 0 : months[kJanuary] ? 2 : 1; };
  std::stable_sort(seasons.begin(), seasons.end(), [&](const MonthSet& a, const MonthSet& b) { return place(a) < place(b); });
}

// ---- the schedule, with periods of equal numbers as one

class ScheduleParts {
 public:
  ScheduleParts(const UrdbSchedule& schedule, const UrdbSame& same, const std::vector<Rational>& price) : price_(price) {
    for (size_t month = 0; month < 12; ++month)
      for (size_t hour = 0; hour < 24; ++hour) {
        hours_[same[schedule.weekday[month][hour]]][month].weekday.set(hour);
        hours_[same[schedule.weekend[month][hour]]][month].weekend.set(hour);
      }
    for (size_t month = 0; month < 12; ++month) {
      const auto alike = std::find_if(seasons_.begin(), seasons_.end(), [&](const MonthSet& season) { return has_same_day(first_of(season), month); });
      if (alike != seasons_.end()) alike->set(month);
      else seasons_.push_back(MonthSet().set(month));
    }
    order_seasons(seasons_);
  }

  UrdbTable table(bool may_part_seasons, const std::string& tou, const std::string& period) const {
    if (hours_.size() == 1) return {{}, {}, {{"", "", hours_.begin()->first, MonthSet().set(), ""}}, false};
    const bool within_month = std::any_of(seasons_.begin(), seasons_.end(), [&](const MonthSet& season) { return periods_of(season).size() > 1; });
    if (!within_month) return one_set("Season", false);
    if (may_part_seasons && seasons_.size() > 1 && seasons_have_equal_hours()) return two_sets(period);
    return one_set(tou, true);
  }

 private:
  static size_t first_of(const MonthSet& season) {
    size_t month = 0;
    while (!season[month]) ++month;
    return month;
  }

  bool has_same_day(size_t month, size_t other) const {
    return std::all_of(hours_.begin(), hours_.end(), [&](const auto& entry) { return entry.second[month] == entry.second[other]; });
  }

  // Cheapest first.
  std::vector<size_t> periods_of(const MonthSet& season) const {
    std::vector<size_t> periods;
    for (const auto& [period, hours] : hours_)
      if (!hours[first_of(season)].none()) periods.push_back(period);
    std::stable_sort(periods.begin(), periods.end(), [&](size_t a, size_t b) { return price_[a] < price_[b]; });
    return periods;
  }

  MonthSet months_of(size_t period) const {
    MonthSet months;
    for (size_t month = 0; month < 12; ++month) months[month] = !hours_.at(period)[month].none();
    return months;
  }

  // The rank in the season that tells most periods apart.
  std::string level_of(size_t period) const {
    std::string level;
    size_t most = 0;
    for (const MonthSet& season : seasons_) {
      const std::vector<size_t> periods = periods_of(season);
      const auto at = std::find(periods.begin(), periods.end(), period);
      if (at == periods.end() || periods.size() <= most) continue;
      most = periods.size();
      level = level_names(most)[static_cast<size_t>(at - periods.begin())];
    }
    return level;
  }

  std::string name_of(size_t period, const std::vector<std::string>& names_of_seasons) const {
    std::string name = season_of(months_of(period), names_of_seasons);
    const std::string level = level_of(period);
    if (name.empty() && level.empty()) return "base";
    return name + (name.empty() || level.empty() ? "" : "_") + level;
  }

  // What holds in all of the year but summer is winter's, though a spring may be told apart in it; and the other way round.
  std::string season_of(const MonthSet& months, const std::vector<std::string>& names) const {
    if (months.all()) return "";
    for (size_t i = 0; i < seasons_.size(); ++i)
      if (months == seasons_[i]) return names[i];
    return months[kJuly] == months[kJanuary] ? "" : months[kJuly] ? "summer" : "winter";
  }

  // Season by season, dearest first.
  UrdbTable one_set(const std::string& set, bool within_month) const {
    std::vector<size_t> order;
    for (const MonthSet& season : seasons_) {
      const std::vector<size_t> periods = periods_of(season);
      for (auto period = periods.rbegin(); period != periods.rend(); ++period)
        if (std::find(order.begin(), order.end(), *period) == order.end()) order.push_back(*period);
    }
    UrdbTable table{{set}, {}, {}, within_month};
    std::vector<std::string> names, texts;
    const std::vector<std::string> names_of_seasons = season_names(seasons_);
    for (size_t period : order) {
      const std::string name = unique_name(name_of(period, names_of_seasons), names);
      texts.push_back(year_text(hours_.at(period)));
      table.times.push_back({name, name, period, months_of(period), texts.back()});
    }
    table.bodies = {bands_body(names, texts)};
    return table;
  }

  // ---- the same hours in every season

  std::vector<UrdbDayHours> day_of(const MonthSet& season) const {
    std::vector<UrdbDayHours> day;
    for (size_t period : periods_of(season)) day.push_back(hours_.at(period)[first_of(season)]);
    std::sort(day.begin(), day.end(), [](const UrdbDayHours& a, const UrdbDayHours& b) {
      return std::pair(a.weekday.to_ulong(), a.weekend.to_ulong()) < std::pair(b.weekday.to_ulong(), b.weekend.to_ulong());
    });
    return day;
  }

  bool seasons_have_equal_hours() const {
    return std::all_of(seasons_.begin(), seasons_.end(), [&](const MonthSet& season) { return day_of(season) == day_of(seasons_[0]); });
  }

  size_t period_at(const MonthSet& season, const UrdbDayHours& hours) const {
    const auto found = std::find_if(hours_.begin(), hours_.end(), [&](const auto& entry) { return entry.second[first_of(season)] == hours; });
    return found->first;
  }

  UrdbTable two_sets(const std::string& period_set) const {
    std::vector<UrdbDayHours> day = day_of(seasons_[0]);
    const auto price_of = [&](const UrdbDayHours& hours) {
      Rational sum = 0;
      for (const MonthSet& season : seasons_) sum += price_[period_at(season, hours)];
      return sum;
    };
    std::stable_sort(day.begin(), day.end(), [&](const UrdbDayHours& a, const UrdbDayHours& b) { return price_of(a) > price_of(b); });
    std::vector<std::string> levels = level_names(day.size()), day_texts, season_texts;
    std::reverse(levels.begin(), levels.end());
    const std::vector<std::string> seasons = season_names(seasons_);
    for (const UrdbDayHours& hours : day) day_texts.push_back(hours_text(MonthSet().set(), hours));
    for (const MonthSet& season : seasons_) season_texts.push_back(time_set_text(month_runs(season), {}, {}));
    UrdbTable table{{"Season", period_set}, {bands_body(seasons, season_texts), bands_body(levels, day_texts)}, {}, true};
    std::vector<UrdbTimes> in_any;
    for (size_t s = 0; s < seasons_.size(); ++s)
      for (size_t k = 0; k < day.size(); ++k) {
        const size_t period = period_at(seasons_[s], day[k]);
        const bool always = std::all_of(seasons_.begin(), seasons_.end(), [&](const MonthSet& season) { return period_at(season, day[k]) == period; });
        if (!always) table.times.push_back({seasons[s] + ", " + levels[k], seasons[s] + "_" + levels[k], period, seasons_[s], ""});
        else if (s == 0) in_any.push_back({"any, " + levels[k], levels[k], period, MonthSet().set(), ""});
      }
    table.times.insert(table.times.end(), in_any.begin(), in_any.end());
    return table;
  }

  const std::vector<Rational>& price_;
  std::map<size_t, YearHours> hours_;
  std::vector<MonthSet> seasons_;
};

}  // namespace

UrdbTable urdb_table(const UrdbSchedule& schedule, const UrdbSame& same, const std::vector<Rational>& price, bool may_part_seasons, const std::string& tou, const std::string& period) {
  return ScheduleParts(schedule, same, price).table(may_part_seasons, tou, period);
}

namespace {

MonthSet months_with(const UrdbSchedule& schedule, size_t period) {
  MonthSet months;
  for (size_t month = 0; month < 12; ++month)
    for (size_t hour = 0; hour < 24; ++hour) months[month] = months[month] || schedule.weekday[month][hour] == period || schedule.weekend[month][hour] == period;
  return months;
}

bool is_free(const UrdbTiers& tiers) {
  return std::all_of(tiers.begin(), tiers.end(), [](const UrdbTier& tier) { return tier.price() == 0; });
}

// Periods of equal tiers are one: all of them, or only those that no month has together.
UrdbSame equal_periods(const UrdbStructure& structure, bool even_within_month, bool free_as_one) {
  UrdbSame same;
  std::map<size_t, MonthSet> months;  // of each that stands for itself and others
  for (size_t period = 0; period < structure.periods.size(); ++period) {
    const UrdbTiers& tiers = structure.periods[period];
    const MonthSet own = months_with(structure.schedule, period);
    const auto found = std::find_if(months.begin(), months.end(), [&](const auto& entry) {
      const UrdbTiers& other = structure.periods[entry.first];
      return (free_as_one && is_free(tiers) && is_free(other)) || (tiers == other && (even_within_month || (entry.second & own).none()));
    });
    same.push_back(found == months.end() ? period : found->first);
    months[same.back()] |= own;
  }
  return same;
}

std::vector<Rational> first_prices(const UrdbStructure& structure) {
  std::vector<Rational> prices;
  for (const UrdbTiers& tiers : structure.periods) prices.push_back(tiers[0].price());
  return prices;
}

}  // namespace

UrdbTable urdb_energy_table(const UrdbRate& rate) {
  const bool netted = rate.metering == UrdbMetering::net_metering;
  return urdb_table(rate.energy->schedule, equal_periods(*rate.energy, !netted, false), first_prices(*rate.energy), true, "Tou", "Period");
}

UrdbTable urdb_demand_table(const UrdbStructure& demand) {
  return urdb_table(demand.schedule, equal_periods(demand, false, true), first_prices(demand), false, "DemandTou", "DemandPeriod");
}

bool has_several_periods_a_month(const UrdbSchedule& schedule) {
  for (size_t month = 0; month < 12; ++month)
    for (size_t hour = 0; hour < 24; ++hour)
      if (schedule.weekday[month][hour] != schedule.weekday[month][0] || schedule.weekend[month][hour] != schedule.weekday[month][0]) return true;
  return false;
}

}  // namespace wattlaw
