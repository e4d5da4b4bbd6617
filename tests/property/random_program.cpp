#include "tests/property/random_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace wattlaw {

namespace {

class ScriptWriter {
 public:
  explicit ScriptWriter(uint64_t seed) : random_(seed) {}
  std::string write();

 private:
  std::string decimal(int low, int high, int places) {
    int value = random_.between(low, high);
    int scale = 1;
    for (int i = 0; i < places; ++i) scale *= 10;
    if (!places) return fmt::format("{}", value);
    return fmt::format("{}{}.{:0{}}", value < 0 ? "-" : "", std::abs(value) / scale, std::abs(value) % scale, places);
  }
  std::string positive_rate() { return decimal(0, 99999, random_.between(1, 5)) + " NOK/kWh"; }
  std::string pick(std::initializer_list<const char*> words) { return *(words.begin() + random_.below(static_cast<int>(words.size()))); }
  std::string window() {
    int a = random_.below(23), b = random_.between(a + 1, 24);
    return fmt::format("{:02}:00 to {:02}:00", a, b);
  }
  std::string wrapping_window() { return fmt::format("{:02}:00 to {:02}:00", random_.between(18, 23), random_.between(1, 8)); }
  std::string bands();
  std::string time_condition();
  std::string site_condition();
  std::string condition();
  std::string flow();
  std::string rate();
  std::string table_of_numbers();
  std::string limits();
  std::string amendment(const std::string& tariff, int clauses);
  std::string shows(const std::vector<int>& clauses);
  std::string peak();
  std::string clause(int index);
  std::string by_first_bands(const std::function<std::string()>& value);  // "by Bands0 { … }"
  std::string rounding();
  std::string headers();
  Random random_;
  std::vector<std::pair<std::string, std::vector<std::string>>> bands_;
  std::vector<std::string> peaks_;
  bool prices_incl_ = false, is_carried_ = false;
  std::string basis_;  // " before vat" of the tariff's limits
  int step_minutes_ = 60;
  bool has_own_months_ = false;  // some tariff bills from another day than the first
  bool in_proportion_ = false;   // its blocks meet Bands0 in proportion
  bool is_netted_ = false;  // the tariff that is written nets import against export
};

std::string ScriptWriter::bands() {
  std::string text;
  int count = random_.between(1, 2);
  for (int i = 0; i < count; ++i) {
    std::string name = fmt::format("Bands{}", i);
    std::vector<std::string> classes = {"first_band", "other_band"};
    std::string first;
    switch (random_.below(5)) {
      case 0: first = window(); break;
      case 1: first = "workdays " + window(); break;
      case 2: first = "workdays " + window() + " excluding holidays of norway"; break;
      case 3: first = wrapping_window(); break;
      default: first = "Friday to Sunday " + wrapping_window() + pick({" of the same day", " into the next day"}); break;
    }
    if (random_.one_in(3)) {
      classes = {"morning", "evening", "other_band"};
      text += fmt::format("bands {} {{ morning = 06:00 to 10:00  evening = workdays 16:00 to {:02}:00  other_band = otherwise }}\n", name, random_.between(17, 24));
    } else {
      text += fmt::format("bands {} {{ first_band = {}  other_band = otherwise }}\n", name, first);
    }
    bands_.emplace_back(name, classes);
  }
  return text;
}

std::string ScriptWriter::time_condition() {
  const auto& [name, classes] = bands_[random_.below(static_cast<int>(bands_.size()))];
  switch (random_.below(5)) {
    case 0: return name + " is " + classes[random_.below(static_cast<int>(classes.size()))];
    case 1: return name + " is not " + classes[0];
    case 2: return "weekends " + window();
    case 3: return "market.spot " + pick({"<", ">=", ">"}) + " " + decimal(-20, 200, 2) + " NOK/kWh";
    default: return name + " is " + classes[0] + pick({" or ", " and "}) + "market.spot > 0 NOK/kWh";
  }
}

std::string ScriptWriter::site_condition() {
  switch (random_.below(4)) {
    case 0: return "site.zone is " + pick({"north", "south", "coast"});
    case 1: return "site.solar";
    case 2: return "site.limit " + pick({"<", "<=", ">"}) + " " + decimal(10, 90, 1) + " kW";
    default: return "not site.solar and site.zone in { north, coast }";
  }
}

std::string ScriptWriter::condition() {
  switch (random_.below(4)) {
    case 0: return site_condition();
    case 1: return time_condition() + " and " + site_condition();
    case 2: return "import > " + decimal(0, 3000, 3) + " kWh";
    default: return time_condition();
  }
}

std::string ScriptWriter::flow() {
  if (is_netted_ && random_.one_in(3)) return "net_import";
  switch (random_.below(9)) {
    case 0: return "export";
    case 1: return "(import - export)";
    case 2: return "max(import - " + decimal(0, 4000, 3) + " kWh, 0 kWh)";
    case 3: return "min(import, " + decimal(0, 4000, 3) + " kWh)";
    case 4: return "abs(import - export)";
    case 5: return "(import beyond " + decimal(0, 3000, 3) + " kWh)";
    case 6: return random_.one_in(2) ? "(import within first " + decimal(0, 300, 0) + " kWh per month)" : "(import beyond first " + decimal(0, 90, 1) + " kWh per day)";
    default: return "import";
  }
}

std::string ScriptWriter::rate() {
  const auto& [name, classes] = bands_[random_.below(static_cast<int>(bands_.size()))];
  std::string table = "by " + name + " { ";
  for (const std::string& c : classes) table += c + " => " + positive_rate() + "  ";
  table += "}";
  switch (random_.below(16)) {
    case 14: return "levy + " + decimal(0, 999, 4) + " EUR/kWh";
    case 15: return "max(market.spot, " + decimal(0, 999, 4) + " EUR/kWh)";
    case 11: return table_of_numbers();
    case 12: return "(market.spot beyond " + decimal(0, 150, 2) + " NOK/kWh)";
    case 13: return "by collect " + pick({"sum", "min", "max"}) + " { when " + time_condition() + " => " + positive_rate() + "  when " + condition() + " => " + positive_rate() + "  otherwise => levy }";
    case 0: return "market.spot";
    case 1: return "market.spot * " + decimal(1, 300, 2) + " + " + positive_rate();
    case 2: return "levy";
    case 3: return "min(market.spot * " + decimal(50, 300, 2) + ", " + positive_rate() + ")";
    case 4: return "by site.zone { north => " + positive_rate() + "  otherwise => " + positive_rate() + " }";
    case 5: return table + " + levy";
    case 6: return "by first match { when " + condition() + " => " + positive_rate() + "  when " + time_condition() + " => market.spot  otherwise => levy }";
    case 7: return "25% of market.spot";
    case 8: return "(market.spot rounded to 0.01 NOK/kWh half even)";
    case 9: return "levy / " + decimal(11, 99, 1);
    default: return table;
  }
}

// The rate by a number that differs between intervals, months or sites, and one that divides, where only some sites may.
std::string ScriptWriter::table_of_numbers() {
  switch (random_.below(5)) {
    case 0: return "by sum(import) per month { from 0 kWh => " + positive_rate() + "  above " + decimal(1, 2000, 1) + " kWh => " + positive_rate() + " }";
    case 1: return "by market.spot { from -9 NOK/kWh => " + positive_rate() + "  above " + decimal(0, 150, 2) + " NOK/kWh => " + positive_rate() + "  otherwise => levy }";
    case 2: return "(by market.spot linearly { at 0 NOK/kWh => " + positive_rate() + "  at " + decimal(1, 3, 0) + " NOK/kWh => " + positive_rate() + " } rounded to 0.0001 NOK/kWh half even)";
    case 3: return "(by site.limit { up to 5 kW => " + positive_rate() + "  otherwise => " + positive_rate() + " })";
    default: return "by first match { when site.limit > 0 kW => (" + decimal(1, 99, 1) + " NOK/kWh * 1 kW / site.limit) rounded to 0.0001 NOK/kWh half up  otherwise => levy }";
  }
}

std::string ScriptWriter::peak() {
  std::string inner = pick({"power", "mean(power) per hour", "max(power) per hour"});
  std::string where = random_.one_in(3) ? " where " + time_condition() : "";
  bool bare = inner == "power";
  if (!bare && !where.empty() && step_minutes_ < 60) where.clear();  // the condition would change within the hour
  switch (random_.below(9)) {
    case 0: return "max(" + inner + where + ") per month";
    case 1: return fmt::format("mean(largest {} of max({}{}) per day) per month", random_.between(1, 6), inner, where);
    case 2: return fmt::format("sum(smallest {} of max(power) per day) per month", random_.between(1, 4));
    case 3: return "mean(power" + std::string(random_.one_in(2) ? " where " + time_condition() : "") + ") per month";
    case 4: return "max(by Bands0 { " + bands_[0].second[0] + " => 100%  " + (bands_[0].second.size() == 3 ? bands_[0].second[1] + " => 75%  " : "") + "other_band => 50% } * power) per month";
    case 5: return "max(sum(import) per day) per month / 24 h";
    case 6: return "max(net_power) per month";
    case 7: return "min(max(power) per day) per month + 0.5 * site.limit";
    default: return fmt::format("mean(largest {} of power{}) per month", random_.between(2, 12), where);
  }
}

std::string ScriptWriter::by_first_bands(const std::function<std::string()>& value) {
  std::string table = "by Bands0 { ";
  for (const std::string& c : bands_[0].second) table += c + " => " + value() + "  ";
  return table + "}";
}

std::string ScriptWriter::rounding() {
  std::string mode = pick({"half up", "half even", "up", "down"}), quantum = pick({"0.01", "0.001", "1", "0.05"});
  switch (random_.below(5)) {
    case 0: return "rounding none";
    case 1: return "rounding " + quantum + " NOK " + mode + " per bill";
    default: return "rounding " + quantum + " NOK " + mode + " per line";
  }
}

std::string ScriptWriter::headers() {
  std::string text = "  change within period: " + pick({"by days", "at start", "at end"}) + "\n  partial periods " + (is_carried_ ? pick({"in full", "none"}) : pick({"prorated by days", "in full", "none"})) + "\n  history none\n";
  in_proportion_ = random_.one_in(4);
  text += in_proportion_ ? "  blocks in proportion by Bands0\n" : "  blocks chronologically\n";
  if (random_.one_in(4)) text += fmt::format("  billing month starts {}\n", random_.between(2, 28)), has_own_months_ = true;
  return text;
}

std::string ScriptWriter::clause(int i) {
  std::string word = random_.one_in(5) ? "credit" : "charge", label = fmt::format("c{}", i), text;
  int kind = random_.below(19);
  std::string p = peaks_[random_.below(static_cast<int>(peaks_.size()))];
  if (kind <= 4) {
    text = word + " " + label + " on " + flow() + " at " + rate();
    if (random_.one_in(3)) text += " when " + condition();
    if (random_.one_in(4)) text += "\n      except relief when " + site_condition() + " => " + positive_rate();
    if (random_.one_in(6)) text += "\n      except never when " + condition() + " => 0 NOK/kWh overrides " + (text.find("except relief") != std::string::npos ? "relief" : "");
    if (text.ends_with("overrides ")) text.resize(text.size() - 10);
    if (random_.one_in(5)) text += " in force from 2026-03-" + fmt::format("{:02}", random_.between(1, 28));
    if (random_.one_in(6)) text += (random_.one_in(3) ? " at least " : " at most ") + decimal(0, 9000, 1) + " NOK";
  } else if (kind == 5) {
    text = fmt::format("{} {} on max({}, 0 kW) in steps {{ from 0 kW => {} NOK per year  from {} kW => {} NOK per year  above {} kW => {} NOK per month }}", word, label, p, random_.between(0, 3000),
                       decimal(5, 30, 1), random_.between(0, 9000), decimal(31, 90, 1), random_.between(1, 900));
    text = word + " " + label + " on max(" + p + ", 0 kW) in steps { from 0 kW => " + decimal(0, 300000, 2) + " NOK per year  from " + decimal(5, 30, 1) + " kW => " + decimal(0, 900000, 2) +
           " NOK per year  above " + decimal(31, 90, 1) + " kW => " + decimal(0, 900000, 2) + " NOK per year }";
  } else if (kind == 6) {
    text = word + " " + label + " on " + p + " at " + decimal(0, 99999, 3) + " NOK/kW" + (random_.one_in(3) ? " when " + site_condition() : "");
  } else if (kind == 7) {
    text = word + " " + label + " of " + pick({"1200.50 NOK per year", "31.37 NOK per month", "0.79 NOK per day", "site.limit * 3.333 NOK/kW/month", "12 NOK for each month"});
    if (random_.one_in(3)) text += " except small when " + site_condition() + " => 7 NOK" + (text.find("for each") != std::string::npos ? "" : text.find("day") != std::string::npos ? " per day" : " per month");
  } else if (kind == 8) {
    text = word + " " + label + " on " + pick({"import", "export"}) + " in blocks per " + pick({"month", "day", "year"}) + " { first " + decimal(1, 90, 0) + " kWh => " + positive_rate() + "  next " +
           decimal(1, 2000, 1) + " kWh => " + positive_rate() + "  rest => " + positive_rate() + " }";
  } else if (kind == 9) {
    const auto block_rate = [&] { return in_proportion_ ? by_first_bands([&] { return positive_rate(); }) : rate(); };
    text = word + " " + label + " on import in blocks per " + pick({"month", "day"}) + " { first " + decimal(1, 900, 1) + " kWh => " + block_rate() + "  rest => " + block_rate() + " }";
  } else if (kind == 10) {
    text = word + " " + label + " on max(max(power) per month) over " + pick({"previous 2 months", "this and previous 2 months", "same year"}) + " at " + decimal(0, 9999, 2) + " NOK/kW";
  } else if (kind == 11) {
    text = word + " " + label + " on sum(" + pick({"import", "export", "abs(import - export)"}) + " where " + condition() + ") per month at " + positive_rate();
  } else if (kind == 12) {
    text = word + " " + label + " of (by site.zone { north => " + decimal(0, 9999, 2) + " NOK per month  otherwise => " + decimal(0, 9999, 2) + " NOK per month })";
  } else if (kind == 13) {
    text = word + " " + label + " on max(power) per Bands0 per month " + by_first_bands([&] { return decimal(0, 9999, 2) + " NOK/kW"; });
  } else if (kind == 14) {
    text = word + " " + label + " on (power at time of max(market.spot) per month) at " + decimal(0, 9999, 2) + " NOK/kW";
  } else if (kind == 15) {
    text = word + " " + label + " on max(mean(power) per rolling " + pick({"120", "180"}) + " min) per month at " + decimal(0, 9999, 2) + " NOK/kW";
  } else if (kind == 16) {
    text = word + " " + label + " on import " + pick({"within", "beyond"}) + " first " + decimal(1, 9, 0) + " h per day of Cheap starting 12:00 at " + positive_rate() + (random_.one_in(2) ? " when Cheap" : "");
  } else if (kind == 17) {
    text = word + " " + label + " on max(power) per year at " + decimal(0, 9999, 2) + " NOK/kW" + pick({"", " per year"});
  } else {
    text = word + " " + label + " on sum(import) per month / hours(all) per month at " + decimal(0, 99999, 3) + " NOK/kW";
  }
  return "  " + text + "\n";
}

// What stands below the clauses: bounds of the bill and the tax, which some prices hold already.
std::string ScriptWriter::limits() {
  std::string text;
  const bool is_taxed = random_.one_in(2);
  const std::string basis = is_taxed ? pick({" before vat", " incl vat"}) : "";
  basis_ = basis;
  if (random_.one_in(4)) text += "  minimum " + decimal(0, 90000, 2) + " NOK per month" + basis + "\n";
  else if (random_.one_in(6)) text += "  minimum " + decimal(0, 90000, 2) + " NOK" + basis + " for each year\n";
  if (random_.one_in(5)) text += "  maximum " + decimal(1000, 90000, 2) + " NOK per month" + basis + "\n";
  const std::string tax = !is_taxed ? "" : "  tax vat at " + pick({"25%", "20%", "8.5%"}) + " on all to State" + (basis == " incl vat" && random_.one_in(2) ? " when " + site_condition() : "") + "\n";
  // What is paid is known below the tax, unless the prices contain it.
  if (basis == " incl vat" && !prices_incl_) text = tax + text;
  else text += tax;
  return text;
}

std::string ScriptWriter::amendment(const std::string& tariff, int clauses) {
  std::string text = fmt::format("amend {} from 2026-{:02}-{:02} {{\n", tariff, random_.between(2, 4), random_.between(1, 28));
  if (random_.one_in(3)) text += fmt::format("  let Peak{} = {}\n", random_.below(static_cast<int>(peaks_.size())), peak());
  if (random_.one_in(4) && (basis_.empty() || (basis_ == " incl vat" && !prices_incl_))) text += "  " + pick({"minimum", "minimum", "maximum"}) + " " + decimal(0, 90000, 2) + " NOK per month" + basis_ + "\n";
  return text + (random_.one_in(2) ? clause(random_.below(clauses)) : "  charge c0 on import at " + rate() + "\n") + "}\n";
}

// Answers: sums over the run and by month, over all sites, of what the tariffs charge.
std::string ScriptWriter::shows(const std::vector<int>& clauses) {
  std::string text;
  const int tariff = random_.below(static_cast<int>(clauses.size()));
  const std::string name = fmt::format("T{}", tariff), line = fmt::format("{}.c{}", name, random_.below(clauses[static_cast<size_t>(tariff)]));
  if (!has_own_months_ && random_.one_in(2)) text += "  show sum(bill) over all as \"paid\"\n";
  if (random_.one_in(3)) text += "  show " + pick({"sum", "max", "min", "mean"}) + "(" + line + ") over all as \"a line\"\n";
  if (random_.one_in(3)) text += "  show " + pick({"sum", "max"}) + "(" + name + ") per month over all as \"by month\"\n";
  if (random_.one_in(4)) text += "  show count(site where " + name + " > " + decimal(0, 90000, 2) + " NOK) as \"many\"\n";
  if (random_.one_in(6)) text += "  show sum(import * (import / 1 kWh) ^ 8) per day over all as \"many digits\"\n";
  return text;
}

std::string ScriptWriter::write() {
  step_minutes_ = std::vector<int>{60, 60, 30, 15}[random_.below(4)];
  std::string text = "import std.calendar.norway\ncurrency NOK, EUR\n" + rounding() + "\n";
  text += "exchange 1 EUR { from 2025-01-01 is " + decimal(1000, 1299, 2) + " NOK  from 2026-03-" + fmt::format("{:02}", random_.between(1, 31)) + " is " + decimal(100000, 129999, 4) + " NOK }\n";
  text += "trace market { spot: NOK/kWh  every 1 h }\nattribute site.zone: one of north, south, coast = south\nattribute site.limit: kW = 5 kW\nattribute site.solar: yes_no = false\n";
  text += bands();
  text += "parameter levy: NOK/kWh { from 2025-01-01 is " + decimal(0, 9999, 4) + "  from 2026-03-" + fmt::format("{:02}", random_.between(1, 31)) + " is " + decimal(0, 99999, 5) + " }\n";
  int tariffs = random_.between(1, 3);
  std::string applied, amendments;
  std::vector<int> counts;  // of clauses
  for (int t = 0; t < tariffs; ++t) {
    std::string name = fmt::format("T{}", t);
    is_netted_ = random_.one_in(12);
    is_carried_ = !is_netted_ && random_.one_in(5);
    prices_incl_ = random_.one_in(3);
    text += "tariff " + name + " from Consumer to DistributionOperator {\n  prices " + (prices_incl_ ? "incl" : "ex") + " vat\n" + headers();
    if (is_netted_) text += "  net import against export per " + pick({"month", "day", "hour"}) + "\n";
    if (is_carried_) text += "  net import against export per Bands0, month carry surplus until " + pick({"31 March", "10 April"}) + pick({"", " then at 0.0371 NOK/kWh"}) + " where a band ends " + pick({"kept", "lost"}) + "\n";
    text += "  let Cheap = market.spot < " + decimal(0, 99, 2) + " NOK/kWh\n";
    peaks_.clear();
    int lets = random_.between(1, 3);
    for (int i = 0; i < lets; ++i) {
      text += fmt::format("  let Peak{} = {}\n", i, peak());
      peaks_.push_back(fmt::format("Peak{}", i));
    }
    int clauses = random_.between(1, 5);
    for (int i = 0; i < clauses; ++i) text += clause(i);
    if (!is_carried_ && random_.one_in(4))
      text += "  credit spent on export at " + positive_rate() + " against c0" + pick({" surplus at 40%", " carry surplus until 31 March", " carry surplus until 10 April then at 60%", has_own_months_ ? " carry surplus until 1 April" : " carry surplus until 1 April then at 0.0371 NOK/kWh",
                                                                                         " from the next bill carry surplus until 10 April then at 100%"}) + "\n";
    if (is_carried_) text += "  charge netted on net_import " + by_first_bands([&] { return positive_rate(); }) + "\n";
    text += limits();
    text += "}\n";
    if (random_.one_in(2)) amendments += amendment(name, clauses);
    counts.push_back(clauses);
    applied += (t ? ", " : "") + name;
  }
  text += amendments;
  int first = random_.between(1, 28), days = random_.one_in(6) ? random_.between(9, 45) : random_.between(2, 9);
  Date from = date_of(2026, random_.between(2, 4), first);
  text += fmt::format("scenario Case {{\n  period {} to {} every {} min\n  data \"none\"\n  apply {} to every site{}\n{}}}\n", print_date(from), print_date(Date{from.days + days}), step_minutes_, applied,
                      random_.one_in(4) ? " where " + site_condition() : "", shows(counts));
  return text;
}

}  // namespace

std::string random_script(uint64_t seed) { return ScriptWriter(seed).write(); }

Traces random_traces(const TypedProgram& program, const Settlement& settlement, const Clock& clock, uint64_t seed) {
  Random random(seed ^ 0x5eedull);
  Traces traces;
  for (size_t entity = 1; entity < program.entities.size(); ++entity) {
    const int members = random.one_in(12) ? random.between(30, 40) : random.between(1, 3);
    traces.members.emplace_back();
    for (int i = 0; i < members; ++i) traces.members.back().ids.push_back(fmt::format("{}_{:04}", program.entities[entity].name, i));
  }
  for (uint32_t index : settlement.series) {
    const SeriesRequest& request = program.series[index].request;
    if (request.per_member) {
      const uint32_t members = members_of(traces, program.series[index].entity).size();
      bool huge = random.one_in(8);
      TileSeries series = make_tile_series(members, clock.steps, huge ? 8 : 4, Quantum{1, 1000});
      for (uint32_t m = 0; m < members; ++m) {
        int style = random.below(5);
        for (uint32_t s = 0; s < clock.steps; ++s) {
          int64_t value = style == 0 ? 0 : style == 1 ? 1000 : style == 2 ? random.below(200) : style == 3 ? (random.one_in(9) ? random.below(25000) : random.below(900)) : random.below(6000);
          if (huge && random.one_in(50)) value = 5'000'000'000 + random.below(1000);
          series.set(m, s, value);
          series.min = std::min(series.min, value);
          series.max = std::max(series.max, value);
        }
      }
      traces.member_series.push_back(std::move(series));
      traces.clock_series.emplace_back();
    } else {
      ClockSeries series;
      int places = random.between(2, 6);
      series.quantum = Quantum::of(Rational(1, boost::multiprecision::pow(Integer(10), static_cast<unsigned>(places))));
      int64_t scale = 1;
      for (int i = 0; i < places; ++i) scale *= 10;
      for (uint32_t s = 0; s < clock.steps; ++s) series.values.push_back(static_cast<int64_t>(random.next() % static_cast<uint64_t>(3 * scale)) - scale / 4);
      traces.clock_series.push_back(std::move(series));
      traces.member_series.emplace_back();
    }
  }
  for (uint32_t index : settlement.attributes) {
    const AttributeDeclaration& declaration = program.attributes[index];
    std::vector<Rational> values;
    for (uint32_t m = 0; m < members_of(traces, declaration.entity).size(); ++m) {
      if (declaration.request.kind == AttributeRequest::Kind::member) {
        const auto count = static_cast<int>(members_of(traces, static_cast<EntityGrain>(declaration.type.choices)).size());
        values.emplace_back(random.one_in(8) ? -1 : random.below(count));
        continue;
      }
      if (declaration.request.kind == AttributeRequest::Kind::number) values.emplace_back(random.one_in(6) ? 0 : random.between(0, 120), 10);
      else if (declaration.request.kind == AttributeRequest::Kind::choice) values.emplace_back(random.below(static_cast<int>(declaration.request.choices.size())));
      else values.emplace_back(random.below(2));
    }
    traces.attributes.push_back(std::move(values));
  }
  return traces;
}

}  // namespace wattlaw
