#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "compiler/import/fri_nettleie.h"
#include "compiler/import/script_text.h"

namespace wattlaw {
namespace {

constexpr std::array kCustomerClasses = {"household", "holiday_home", "small_business"};
constexpr std::array kCustomerWords = {"households", "holiday homes", "small businesses"};
constexpr std::array kCustomerNames = {"Homes", "Cabins", "Business"};
constexpr std::array kPeaks = {"mean(largest 3 of max(mean(power) per hour) per day) per month", "max(mean(power) per hour) per month"};
constexpr std::array kMethodWords = {
    "the mean of the month's three highest hours, on three different days",
    "the month's highest hour",
    "the main fuse, a column `fuse` of sites.csv",
    "the demand that the company bills, a column `billed_demand` of sites.csv (five highest weekly peaks of twelve months, weighted by season)",
    "the demand that the company bills, a column `billed_demand` of sites.csv (how it is measured, the source does not know)",
};

// Price sheets of one area and the same customers, each from the day on which the one before ends.
struct Lineage {
  std::string name;
  std::vector<const NettleieSheet*> sheets;
};

std::string join_words(const std::vector<std::string>& words, std::string_view last_separator) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? std::string(last_separator) : ", ";
    text += words[i];
  }
  return text;
}

template <size_t N>
std::vector<std::string> customers_of(const NettleieSheet& sheet, const std::array<const char*, N>& words) {
  std::vector<std::string> found;
  for (size_t i = 0; i < N; ++i)
    if (sheet.customers[i]) found.push_back(words[i]);
  return found;
}

std::vector<Lineage> lineages_of(const NettleieFile& file) {
  std::vector<const NettleieSheet*> sheets;
  for (const NettleieSheet& sheet : file.sheets) sheets.push_back(&sheet);
  std::stable_sort(sheets.begin(), sheets.end(), [](const auto* a, const auto* b) { return a->from < b->from; });
  std::vector<Lineage> lineages;
  for (const NettleieSheet* sheet : sheets) {
    const auto follows = [sheet](const Lineage& lineage) {
      const NettleieSheet& last = *lineage.sheets.back();
      return last.area == sheet->area && last.customers == sheet->customers && last.until == sheet->from;
    };
    const auto found = std::find_if(lineages.begin(), lineages.end(), follows);
    if (found != lineages.end()) found->sheets.push_back(sheet);
    else lineages.push_back({"", {sheet}});
  }
  return lineages;
}

// `Elvia`; where a file holds several: with the customers, and where that is not enough, with the month it begins.
void name_lineages(const NettleieFile& file, std::vector<Lineage>& lineages) {
  const auto count_names = [&lineages] {
    std::map<std::string, int> counts;
    for (const Lineage& lineage : lineages) ++counts[lineage.name];
    return counts;
  };
  for (Lineage& lineage : lineages) lineage.name = tariff_name(file.stem + " " + lineage.sheets[0]->area);
  std::map<std::string, int> counts = count_names();
  for (Lineage& lineage : lineages) {
    const NettleieSheet& first = *lineage.sheets[0];
    if (counts[lineage.name] > 1) lineage.name += first.customers.all() ? "All" : fmt::format("{}", fmt::join(customers_of(first, kCustomerNames), ""));
  }
  counts = count_names();
  for (Lineage& lineage : lineages) {
    if (counts[lineage.name] == 1) continue;
    const std::string month = print_date(lineage.sheets[0]->from).substr(0, 7);
    lineage.name += fmt::format("_{}_{}", month.substr(0, 4), month.substr(5));
  }
}

class NettleieWriter {
 public:
  explicit NettleieWriter(const NettleieFile& file) : file_(file), lineages_(lineages_of(file)) { name_lineages(file, lineages_); }

  ImportedScript write() {
    for (const Lineage& lineage : lineages_)
      for (const NettleieSheet* sheet : lineage.sheets) add_bands(*sheet);
    std::string text = heading() + declarations();
    for (const Lineage& lineage : lineages_) {
      text += tariff(lineage);
      for (size_t i = 1; i < lineage.sheets.size(); ++i) text += amendment(lineage, i);
    }
    return {label_name(file_.stem, "imported"), lay_out_script(text), lineages_.size(), file_.sheets.size()};
  }

 private:
  // ---- the head of the file

  std::string heading() const {
    std::string text = fmt::format("# {}: grid tariffs, imported from fri-nettleie, {}.yml of {} (CC BY 4.0).\n", one_line(file_.company), one_line(file_.stem), file_.updated);
    if (!file_.company_ids.empty()) text += fmt::format("# Company {}.\n", one_line(fmt::format("{}", fmt::join(file_.company_ids, ", "))));
    if (!file_.grid_areas.empty()) text += fmt::format("# Grid areas {}.\n", one_line(fmt::format("{}", fmt::join(file_.grid_areas, ", "))));
    text += "# The company's own pages:\n";
    for (const std::string& page : file_.pages) text += fmt::format("#   {}\n", one_line(page));
    for (const std::string& line : methods()) text += fmt::format("# Capacity by {}.\n", line);
    text += "# Prices are without taxes: those stand in std.tax.norway. The source says nothing of rounding. Use it with\n";
    std::vector<std::string> names;
    for (const Lineage& lineage : lineages_) names.push_back(lineage.name);
    return text + fmt::format("#   apply {}, EnergyTaxes to every site\n", fmt::join(names, ", "));
  }

  std::vector<std::string> methods() const {
    std::vector<std::string> lines;
    for (const NettleieSheet& sheet : file_.sheets) {
      if (sheet.steps.size() < 2) continue;
      const std::string line = kMethodWords[static_cast<size_t>(sheet.method)];
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
    }
    return lines;
  }

  std::string declarations() const {
    std::string text = "import std.calendar.norway\n";
    if (reads_customer()) text += "import std.customer.norway\n";
    text += "\ncurrency NOK\nrounding 0.01 NOK half up per line\n";
    for (const auto& [body, name] : bands_) text += fmt::format("\nbands {} {{\n{}}}\n", name, body);
    return text;
  }

  bool reads_customer() const {
    return std::any_of(file_.sheets.begin(), file_.sheets.end(), [](const NettleieSheet& sheet) {
      return !sheet.customers.all() || (sheet.steps.size() > 1 && sheet.method >= DemandMethod::fuse);
    });
  }

  // ---- bands: one for all price sheets that part time alike

  static std::vector<std::string> band_names(const NettleieSheet& sheet) {
    std::vector<std::string> names;
    for (const NettleieException& exception : sheet.exceptions) unique_name(label_name(exception.name, "band"), names);
    unique_name("base", names);
    return names;
  }

  static std::string bands_body(const NettleieSheet& sheet) {
    const std::vector<std::string> names = band_names(sheet);
    std::string body;
    for (size_t i = 0; i < sheet.exceptions.size(); ++i) body += fmt::format("  {} = {}\n", names[i], sheet.exceptions[i].time_set);
    return body + fmt::format("  {} = otherwise\n", names.back());
  }

  void add_bands(const NettleieSheet& sheet) {
    if (sheet.exceptions.empty() || !bands_of(sheet).empty()) return;
    const std::string month = print_date(sheet.from).substr(0, 7);
    const std::string name = bands_.empty() ? "Load" : fmt::format("Load_{}_{}", month.substr(0, 4), month.substr(5));
    bands_.emplace_back(bands_body(sheet), unique_name(name, band_set_names_));
  }

  std::string bands_of(const NettleieSheet& sheet) const {
    const std::string body = bands_body(sheet);
    const auto found = std::find_if(bands_.begin(), bands_.end(), [&](const auto& bands) { return bands.first == body; });
    return found == bands_.end() ? "" : found->second;
  }

  // ---- tariffs and amendments

  std::string tariff(const Lineage& lineage) const {
    const NettleieSheet& first = *lineage.sheets[0];
    std::string text = fmt::format("\ntariff {} from Consumer to DistributionOperator {{\n", lineage.name);
    text += fmt::format("cite {}\n", quoted_text(fmt::format("{}, {}", file_.company, file_.pages.empty() ? "" : file_.pages[0])));
    text += cite(first) + in_force_text(first.from, lineage.sheets.back()->until) + "\n";
    if (!first.customers.all()) {
      std::vector<std::string> conditions;
      for (const std::string& customer : customers_of(first, kCustomerClasses)) conditions.push_back("site.customer is " + customer);
      text += fmt::format("covers site where {}\n", fmt::join(conditions, " or "));
    }
    return text + "prices ex vat\n\n" + energy(first) + "\n" + peak(first, nullptr) + capacity(first) + "}\n";
  }

  std::string amendment(const Lineage& lineage, size_t index) const {
    const NettleieSheet& sheet = *lineage.sheets[index];
    return fmt::format("\namend {} from {} {{\n", lineage.name, print_date(sheet.from)) + cite(sheet) + energy(sheet) +
           peak(sheet, lineage.sheets[index - 1]) + capacity(sheet) + "}\n";
  }

  std::string cite(const NettleieSheet& sheet) const {
    return fmt::format("cite {}\n", quoted_text(fmt::format("fri-nettleie (CC BY 4.0), {}.yml of {}, tariffer[{}]", file_.stem, file_.updated, sheet.index)));
  }

  std::string energy(const NettleieSheet& sheet) const {
    if (sheet.exceptions.empty()) return fmt::format("charge energy on import at {}\n", per_kwh(sheet.ore_per_kwh));
    const std::vector<std::string> names = band_names(sheet);
    std::string rows;
    for (size_t i = 0; i < sheet.exceptions.size(); ++i) rows += fmt::format("{} => {}   ", names[i], per_kwh(sheet.exceptions[i].ore_per_kwh));
    rows += fmt::format("{} => {}", names.back(), per_kwh(sheet.ore_per_kwh));
    return fmt::format("charge energy on import by {} {{ {} }}\n", bands_of(sheet), rows);
  }

  // Prices stand in NOK: a script that also uses a neighbour's currency could not tell whose øre are meant.
  static std::string per_kwh(const Rational& ore) { return decimal_text(ore / 100) + " NOK/kWh"; }

  static std::string peak_of(const NettleieSheet& sheet) {
    const bool is_metered = sheet.method <= DemandMethod::monthly_peak && sheet.steps.size() > 1;
    return is_metered ? kPeaks[static_cast<size_t>(sheet.method)] : "";
  }

  static std::string peak(const NettleieSheet& sheet, const NettleieSheet* before) {
    const std::string definition = peak_of(sheet);
    if (definition.empty() || (before != nullptr && peak_of(*before) == definition)) return "";
    return fmt::format("let Peak = {}\n", definition);
  }

  static std::string capacity(const NettleieSheet& sheet) {
    if (sheet.steps.size() == 1) return fmt::format("charge capacity of {} NOK per year\n", decimal_text(sheet.steps[0].nok_per_year));
    const bool by_fuse = sheet.method == DemandMethod::fuse;
    std::string rows;
    for (const NettleieStep& step : sheet.steps)
      rows += fmt::format("  {} {} {} => {} NOK per year\n", sheet.includes_threshold || step.threshold == 0 ? "from" : "above", decimal_text(step.threshold),
                          by_fuse ? "A" : "kW", decimal_text(step.nok_per_year));
    // An attribute may hold a slip below zero, and a ladder must say what it is then: what it is at zero.
    if (by_fuse) return fmt::format("charge capacity of (by max(site.fuse, 0 A) {{\n{}}})\n", rows);
    return fmt::format("charge capacity on {} in steps {{\n{}}}\n", peak_of(sheet).empty() ? "max(site.billed_demand, 0 kW)" : "Peak", rows);
  }

  const NettleieFile& file_;
  std::vector<Lineage> lineages_;
  std::vector<std::pair<std::string, std::string>> bands_;  // what stands between the braces, and the name
  std::vector<std::string> band_set_names_;
};

}  // namespace

ImportedScript write_fri_nettleie(const NettleieFile& file) { return NettleieWriter(file).write(); }

}  // namespace wattlaw
