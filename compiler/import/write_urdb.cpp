#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include "compiler/import/script_text.h"
#include "compiler/import/urdb.h"
#include "compiler/import/urdb_bands.h"

namespace wattlaw {
namespace {

enum class Price : uint8_t { buy, sell };  // what a tier costs, or what is paid for export

Rational price_of(const UrdbTier& tier, Price kind) { return kind == Price::sell ? tier.sell : tier.price(); }

// How a figure of `max` is written: `10` -> `10 kWh/day * (days(all) per month)`.
struct Bound {
  std::string unit, factor;
};
const Bound kKilowatts{"kW", ""};

// `# ` before each line; lines of a comment are about as long as those of the standard library.
std::string comment(const std::string& text) {
  constexpr size_t kLongest = 120;
  std::string lines, line;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (!line.empty() && line.size() + end - at > kLongest) lines += "#" + std::exchange(line, "") + "\n";
    line += " " + text.substr(at, end - at);
    at = end + 1;
  }
  return line.empty() ? lines : lines + "#" + line + "\n";
}

// Months of equal values as seasons: the values stand for periods.
template <typename Value>
UrdbTable season_table(const std::array<Value, 12>& of_month, const std::function<Rational(const Value&)>& order) {
  UrdbSchedule schedule;
  std::vector<Value> values;
  std::vector<Rational> prices;
  for (size_t month = 0; month < 12; ++month) {
    const auto found = std::find(values.begin(), values.end(), of_month[month]);
    const size_t period = static_cast<size_t>(found - values.begin());
    if (found == values.end()) {
      values.push_back(of_month[month]);
      prices.push_back(order(of_month[month]));
    }
    schedule.weekday[month].fill(period);
    schedule.weekend[month].fill(period);
  }
  UrdbSame same;
  for (size_t period = 0; period < values.size(); ++period) same.push_back(period);
  return urdb_table(schedule, same, prices, true, "", "");
}

// ---- the script of one file; band sets of equal text are declared once

class UrdbWriter {
 public:
  explicit UrdbWriter(const UrdbFile& file) : file_(file) {}

  ImportedScript write() {
    name_tariffs();
    std::string tariffs;
    for (size_t i = 0; i < file_.rates.size(); ++i) tariffs += tariff(file_.rates[i], names_[i]);
    return {label_name(file_.stem, "imported"), lay_out_script(heading() + declarations() + tariffs), file_.rates.size(), file_.rates.size()};
  }

 private:
  // "Schedule TOU-R" -> "ScheduleTouR": words in capitals would run together.
  static std::string tariff_word(const std::string& name) {
    std::string words = name;
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    for (size_t i = 1; i < words.size(); ++i)
      if (is_capital(words[i]) && std::isalpha(static_cast<unsigned char>(name[i - 1]))) words[i] = static_cast<char>(words[i] - 'A' + 'a');
    return tariff_name(words);
  }

  // A rate of which the file holds several sheets gets the month in which each begins.
  void name_tariffs() {
    std::map<std::string, int> counts;
    for (const UrdbRate& rate : file_.rates) ++counts[tariff_word(rate.name)];
    std::vector<std::string> taken;
    for (const UrdbRate& rate : file_.rates) {
      std::string name = tariff_word(rate.name);
      const std::string day = rate.from ? print_date(*rate.from) : "";
      if (counts[name] > 1 && rate.from) name += fmt::format("_{}_{}", day.substr(0, 4), day.substr(5, 2));
      names_.push_back(unique_name(name, taken));
    }
  }

  std::string heading() const {
    std::vector<std::string> utilities;
    for (const UrdbRate& rate : file_.rates)
      if (std::find(utilities.begin(), utilities.end(), rate.utility) == utilities.end()) utilities.push_back(rate.utility);
    return comment(one_line(fmt::format("{}: imported from the OpenEI Utility Rate Database, {}.json.", fmt::join(utilities, ", "), file_.stem))) +
           comment("The database names no holidays: weekdays are Monday to Friday, whatever day it is. It names no taxes, no rounding and no time zone, which was "
                   "chosen at the import. Names of bands are the importer's: the database numbers its periods.") +
           (names_.size() == 1 ? "# Use it with\n" : "# A customer has one of the rates:\n") + fmt::format("#   apply {} to every site\n", names_[0]);
  }

  std::string declarations() const {
    std::string text = fmt::format("\ncalendar local_days {{ zone {} }}\n\ncurrency USD\nrounding 0.01 USD half up per bill\n", quoted_text(file_.zone));
    const auto has_meters = [](const UrdbRate& rate) { return rate.additional_meter.amount != 0; };
    if (std::any_of(file_.rates.begin(), file_.rates.end(), has_meters)) text += "\nattribute site.additional_meters: count = 0\n";
    for (const auto& [name, body] : sets_) text += fmt::format("\nbands {} {{\n{}}}\n", name, body);
    return text;
  }

  // The table with its band sets declared; a set that is there already keeps its name.
  UrdbTable declared(UrdbTable table) {
    for (size_t i = 0; i < table.sets.size(); ++i) {
      const auto there = std::find_if(sets_.begin(), sets_.end(), [&](const auto& set) { return set.second == table.bodies[i]; });
      if (there != sets_.end()) {
        table.sets[i] = there->first;
        continue;
      }
      table.sets[i] = unique_name(table.sets[i], set_names_);
      sets_.emplace_back(table.sets[i], table.bodies[i]);
    }
    return table;
  }

  // ---- a tariff

  std::string tariff(const UrdbRate& rate, const std::string& name) {
    std::string text = "\n";
    for (const std::string& remark : rate.remarks) text += comment(one_line(remark));
    text += fmt::format("tariff {} from Consumer to {} {{\ncite {}\n", name, rate.payee, quoted_text(citation(rate)));
    if (rate.from) text += in_force_text(*rate.from, rate.until) + "\n";
    if (rate.ratchet.months > 0) text += "history from import  # a run without earlier readings says `history none`\n";
    std::string clauses = energy(rate);  // declares the bands that a header names
    clauses += demand(rate);
    clauses += fees(rate);
    return text + blocks_header_ + "\n" + clauses + "}\n";
  }

  static std::string citation(const UrdbRate& rate) {
    std::string text = fmt::format("{}, {}", rate.utility, rate.name);
    if (!rate.source.empty()) text += ", " + rate.source;
    text += "; OpenEI URDB " + rate.label;
    return rate.uri.empty() ? text : text + ", " + rate.uri;
  }

  // ---- prices

  // " at 0.12 USD/kWh" or " by Season, Period { … }".
  static std::string priced(const UrdbTable& table, const std::function<std::string(const UrdbTimes&)>& value, const std::function<std::string(const UrdbTimes&)>& remark) {
    const auto same = [&](const UrdbTimes& times) { return value(times) == value(table.times[0]); };
    if (std::all_of(table.times.begin(), table.times.end(), same)) return value(table.times[0]);
    const bool long_rows = table.times.size() > 3 || table.sets.size() > 1 || std::any_of(table.times.begin(), table.times.end(), [&](const UrdbTimes& times) { return !remark(times).empty(); });
    std::string rows;
    for (const UrdbTimes& times : table.times) rows += fmt::format("{} => {}{}", times.keys, value(times), long_rows ? remark(times) + "\n" : "   ");
    return fmt::format("by {} {{{}{}}}", fmt::join(table.sets, ", "), long_rows ? "\n" : " ", rows);
  }

  static std::string no_remark(const UrdbTimes&) { return ""; }

  static const UrdbTier& tier_of(const UrdbStructure& structure, const UrdbTimes& times, size_t tier) {
    const UrdbTiers& tiers = structure.periods[times.period];
    return tiers[std::min(tier, tiers.size() - 1)];  // where a month has fewer tiers the last one goes on
  }

  std::string tier_price(const UrdbStructure& structure, const UrdbTable& table, size_t tier, Price kind, const char* unit) const {
    const auto value = [&](const UrdbTimes& times) { return fmt::format("{} {}", decimal_text(price_of(tier_of(structure, times, tier), kind)), unit); };
    const auto remark = [&](const UrdbTimes& times) {
      const UrdbTier& one = tier_of(structure, times, tier);
      return kind == Price::buy && one.adjustment != 0 ? fmt::format("  # {} and an adjustment of {}", decimal_text(one.rate), decimal_text(one.adjustment)) : "";
    };
    return priced(table, value, remark);
  }

  static size_t most_tiers(const UrdbStructure& structure, const UrdbTable& table) {
    size_t most = 1;
    for (const UrdbTimes& times : table.times) most = std::max(most, structure.periods[times.period].size());
    return most;
  }

  // " at …", " by … { … }" or " in blocks per month { … }", with definitions of bounds that the season changes before it.
  struct Pricing {
    std::string definitions, text;
  };

  Pricing pricing(const UrdbStructure& structure, const UrdbTable& table, Price kind, const char* unit, const Bound& bound) {
    const size_t count = most_tiers(structure, table);
    const auto rate = [&](size_t tier) { return tier_price(structure, table, tier, kind, unit); };
    bool same = true;
    for (size_t tier = 1; tier < count; ++tier)
      for (const UrdbTimes& times : table.times) same = same && price_of(tier_of(structure, times, tier), kind) == price_of(tier_of(structure, times, 0), kind);
    if (same) return {"", one_price(rate(0))};
    Pricing result;
    for (size_t tier = 0; tier + 1 < count; ++tier) {
      const std::string word = tier == 0 ? "first" : "next";
      result.text += fmt::format("{} {} => {}\n", word, bound_text(structure, tier, bound, result.definitions), rate(tier));
    }
    result.text = fmt::format(" in blocks per month {{\n{}rest => {}\n}}", result.text, rate(count - 1));
    return result;
  }

  static std::string one_price(const std::string& price) { return (price.starts_with("by ") ? " " : " at ") + price; }

  // How much the tier holds: one figure, or one for each season.
  std::string bound_text(const UrdbStructure& structure, size_t tier, const Bound& bound, std::string& definitions) {
    std::array<Rational, 12> sizes;
    Rational any = 0;
    for (size_t month = 0; month < 12; ++month) {
      const UrdbTiers& tiers = structure.periods[structure.schedule.weekday[month][0]];
      sizes[month] = tier < tiers.size() && tiers[tier].max ? Rational(*tiers[tier].max - (tier == 0 ? Rational(0) : *tiers[tier - 1].max)) : Rational(0);
      any = std::max(any, sizes[month]);
    }
    for (Rational& size : sizes)
      if (size == 0) size = any;  // this month has fewer tiers, and one price on both sides
    const UrdbTable table = declared(season_table<Rational>(sizes, [](const Rational& size) { return size; }));
    const auto size_of = [&](const UrdbTimes& times) { return decimal_text(sizes[first_month(times)]) + " " + bound.unit; };
    if (table.times.size() == 1) return size_of(table.times[0]) + bound.factor;
    const std::string name = unique_name(tier == 0 ? "FirstBlock" : "NextBlock", labels_), sizes_text = priced(table, size_of, no_remark);
    definitions += fmt::format("let {} = {}\n", name, bound.factor.empty() ? sizes_text : "(" + sizes_text + ")" + bound.factor);
    return name;
  }

  static size_t first_month(const UrdbTimes& times) {
    size_t month = 0;
    while (!times.months[month]) ++month;
    return month;
  }

  // ---- energy

  std::string energy(const UrdbRate& rate) {
    blocks_header_.clear();
    labels_ = {"energy", "sold", "fuel", "demand", "fixed", "additional_meters", "Peak", "Demand", "Share"};
    if (!rate.energy) return "";
    const UrdbTable table = declared(urdb_energy_table(rate));
    const Bound bound = energy_bound(rate.energy_unit);
    const Pricing price = pricing(*rate.energy, table, Price::buy, "USD/kWh", bound);
    const bool netted = rate.metering == UrdbMetering::net_metering, by_hour = rate.metering == UrdbMetering::net_billing_hourly;
    std::string text = (reads_demand(rate) ? demand_definitions(rate) : "") + price.definitions;
    if (netted) text += fmt::format("net import against export per {}month carry surplus until 31 December\n", table.within_month ? table.sets.back() + ", " : "");
    const std::string import = netted ? "net_import" : by_hour ? "(sum(import) per hour) beyond (sum(export) per hour)" : "import";
    text += fmt::format("charge energy on {}{}\n", import, price.text);
    text += fuel(rate, import);
    if (!netted) text += sold(rate, table, by_hour ? "(sum(export) per hour) beyond (sum(import) per hour)" : "export", bound);
    if (table.within_month && text.find(" in blocks ") != std::string::npos)
      blocks_header_ = rate.metering == UrdbMetering::unsaid ? fmt::format("blocks in proportion by {}\n", table.sets.back()) : "blocks chronologically\n";
    return text;
  }

  static Bound energy_bound(UrdbEnergyUnit unit) {
    switch (unit) {
      case UrdbEnergyUnit::kwh: return {"kWh", ""};
      case UrdbEnergyUnit::kwh_daily: return {"kWh/day", " * (days(all) per month)"};
      case UrdbEnergyUnit::kwh_per_kw: return {"kWh/kW", " * Demand"};
      case UrdbEnergyUnit::kwh_per_kw_daily: return {"kWh/kW/day", " * (days(all) per month) * Demand"};
    }
    return {};
  }

  std::string fuel(const UrdbRate& rate, const std::string& flow) {
    if (std::all_of(rate.fuel.begin(), rate.fuel.end(), [](const Rational& price) { return price == 0; })) return "";
    const UrdbTable table = declared(season_table<Rational>(rate.fuel, [](const Rational& price) { return price; }));
    const auto value = [&](const UrdbTimes& times) { return decimal_text(rate.fuel[first_month(times)]) + " USD/kWh"; };
    return fmt::format("charge fuel on {}{}\n", flow, one_price(priced(table, value, no_remark)));
  }

  std::string sold(const UrdbRate& rate, const UrdbTable& table, const std::string& flow, const Bound& bound) {
    const auto sells = [](const UrdbTier& tier) { return tier.sell != 0; };
    const auto any = [&](const UrdbTimes& times) { return std::any_of(rate.energy->periods[times.period].begin(), rate.energy->periods[times.period].end(), sells); };
    if (!std::any_of(table.times.begin(), table.times.end(), any)) return "";
    const Pricing price = pricing(*rate.energy, table, Price::sell, "USD/kWh", bound);
    const char* meters = rate.metering == UrdbMetering::buy_all_sell_all ? "# `import` is all that is used and `export` all that is generated: two meters.\n" : "";
    return meters + price.definitions + fmt::format("credit sold on {}{}\n", flow, price.text);
  }

  // ---- demand

  static std::string window_of(const UrdbRate& rate) { return rate.demand_minutes == 60 ? "hour" : fmt::format("{} min", rate.demand_minutes); }

  // Tiers of energy whose size depends on demand: defined before them.
  static bool reads_demand(const UrdbRate& rate) { return rate.energy && rate.energy_unit >= UrdbEnergyUnit::kwh_per_kw; }

  std::string demand_definitions(const UrdbRate& rate) {
    const std::string peak = fmt::format("max(mean(power) per {}) per month\n", window_of(rate));
    if (rate.ratchet.months == 0) return "let Demand = " + peak;
    const UrdbTable table = declared(season_table<Rational>(rate.ratchet.share, [](const Rational& share) { return share; }));
    const auto value = [&](const UrdbTimes& times) { return decimal_text(rate.ratchet.share[first_month(times)] * 100) + "%"; };
    const std::string share = priced(table, value, no_remark), previous = fmt::format("over previous {} months", rate.ratchet.months);
    if (!share.starts_with("by ")) return fmt::format("let Peak = {}let Demand = max(Peak, {} * (max(Peak) {}))\n", peak, share, previous);
    return fmt::format("let Peak = {}let Share = {}\nlet Demand = max(Peak, max(Share * Peak) {})\n", peak, share, previous);
  }

  std::string demand(const UrdbRate& rate) {
    std::string text;
    if (rate.flat_demand) {
      const UrdbTable table = declared(urdb_demand_table(*rate.flat_demand));
      const Pricing price = pricing(*rate.flat_demand, table, Price::buy, "USD/kW", kKilowatts);
      text += (reads_demand(rate) ? "" : demand_definitions(rate)) + price.definitions + fmt::format("charge demand on Demand{}\n", price.text);
    }
    return rate.tou_demand ? text + demand_by_period(rate) : text;
  }

  // Each period has its own peak; where a period does not occur in a month there is none, and no line.
  std::string demand_by_period(const UrdbRate& rate) {
    const UrdbStructure& demand = *rate.tou_demand;
    const auto is_free = [&](const UrdbTimes& times) {
      const UrdbTiers& tiers = demand.periods[times.period];
      return std::all_of(tiers.begin(), tiers.end(), [](const UrdbTier& tier) { return tier.price() == 0; });
    };
    UrdbTable table = urdb_demand_table(demand);
    std::erase_if(table.times, is_free);
    table = declared(in_bands_of_energy(rate, std::move(table)));
    const UrdbTable always{{}, {}, {{"", "", 0, MonthSet().set(), ""}}, false};
    std::string text;
    for (const UrdbTimes& times : table.times) {
      const std::string label = unique_name(times.name.empty() ? "demand_monthly" : "demand_" + times.name, labels_);
      const std::string where = table.sets.empty() ? "" : fmt::format(" where {} is {}", table.sets[0], times.keys);
      text += fmt::format("charge {} on max(mean(power) per {}{}) per month{}\n", label, window_of(rate), where,
                          pricing({{demand.periods[times.period]}, {}}, always, Price::buy, "USD/kW", kKilowatts).text);
    }
    return text;
  }

  // Demand periods that have the hours of energy periods are called as those.
  static UrdbTable in_bands_of_energy(const UrdbRate& rate, UrdbTable table) {
    if (!rate.energy || table.sets.empty()) return table;
    const UrdbTable energy = urdb_energy_table(rate);
    if (energy.sets.size() != 1) return table;
    UrdbTable renamed = table;
    renamed.sets = energy.sets;
    renamed.bodies = energy.bodies;
    for (UrdbTimes& times : renamed.times) {
      const auto found = std::find_if(energy.times.begin(), energy.times.end(), [&](const UrdbTimes& other) { return other.hours == times.hours; });
      if (found == energy.times.end()) return table;
      times.keys = times.name = found->name;
    }
    return renamed;
  }

  // ---- fees

  std::string fees(const UrdbRate& rate) const {
    std::string text;
    if (rate.fixed.amount != 0) text += fmt::format("charge fixed of {} USD per {}\n", decimal_text(rate.fixed.amount), rate.fixed.per);
    if (rate.additional_meter.amount != 0)
      text += fmt::format("charge additional_meters of {} USD per {} * site.additional_meters\n", decimal_text(rate.additional_meter.amount), rate.additional_meter.per);
    if (rate.minimum.amount == 0) return text;
    const std::string amount = decimal_text(rate.minimum.amount);
    if (rate.minimum.per == "day") return text + fmt::format("minimum {} USD/day * (days(all) per month)\n", amount);
    return text + (rate.minimum.per == "year" ? fmt::format("minimum {} USD for each year\n", amount) : fmt::format("minimum {} USD per month\n", amount));
  }

  const UrdbFile& file_;
  std::vector<std::string> names_, set_names_, labels_;  // labels of the tariff at hand
  std::vector<std::pair<std::string, std::string>> sets_;  // name, what stands between the braces
  std::string blocks_header_;                              // of the tariff at hand
};

}  // namespace

ImportedScript write_urdb(const UrdbFile& file) { return UrdbWriter(file).write(); }

}  // namespace wattlaw
