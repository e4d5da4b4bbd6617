#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "compiler/import/datahub_pricelist.h"
#include "compiler/import/script_text.h"
#include "compiler/import/time_words.h"

namespace wattlaw {
namespace {

constexpr char kEnerginet[] = "5790000432752";  // GLN of the transmission operator

// Classes of the day, cheapest first: each with its price and hours.
struct DayClasses {
  std::vector<std::pair<Rational, HourSet>> list;

  explicit DayClasses(const std::array<Rational, 24>& by_hour) {
    std::map<Rational, HourSet> hours_of;
    for (size_t hour = 0; hour < 24; ++hour) hours_of[by_hour[hour]].set(hour);
    list.assign(hours_of.begin(), hours_of.end());
  }

  // Low, high and peak load, as Danish price sheets have it; with more prices the hour in which each begins.
  std::vector<std::string> names() const {
    if (list.size() == 2) return {"low", "high"};
    if (list.size() == 3) return {"low", "high", "peak"};
    std::vector<std::string> names;
    for (const auto& [price, hours] : list) names.push_back(fmt::format("from_{:02}", hour_runs(hours)[0].first / 60));
    return names;
  }

  std::string bands_body() const {
    std::string body;
    const std::vector<std::string> labels = names();
    for (size_t i = 0; i < list.size(); ++i) body += fmt::format("{} = {}\n", labels[i], windows_text(hour_runs(list[i].second), false));
    return body;
  }
};

class DatahubWriter {
 public:
  explicit DatahubWriter(const DatahubFile& file) : file_(file) {}

  ImportedScript write() {
    name_charges();
    const std::string bands = bands_text();  // before the tariffs, which name them
    std::string tariffs;
    size_t versions = 0;
    for (size_t i = 0; i < file_.charges.size(); ++i) {
      tariffs += tariff(file_.charges[i], names_[i]);
      versions += file_.charges[i].prices.size();
    }
    return {label_name(file_.stem, "imported"), lay_out_script(heading() + bands + tariffs), file_.charges.size(), versions};
  }

 private:
  // "N1 A/S - 131" and "CD" -> "N1_CD"; a charge that has a gap begins anew with its month.
  void name_charges() {
    std::map<std::string, int> counts;
    for (const DatahubCharge& charge : file_.charges) ++counts[short_name(charge)];
    std::vector<std::string> taken;
    for (const DatahubCharge& charge : file_.charges) {
      std::string name = short_name(charge);
      const std::string day = print_date(charge.prices[0].from);
      if (counts[name] > 1) name += fmt::format("_{}_{}", day.substr(0, 4), day.substr(5, 2));
      names_.push_back(unique_name(name, taken));
    }
  }

  static std::string short_name(const DatahubCharge& charge) {
    std::string owner = charge.owner.substr(0, charge.owner.rfind(" - "));
    if (const size_t at = owner.find(" A/S"); at != std::string::npos) owner.erase(at, 4);
    return tariff_name(owner) + "_" + tariff_name("T" + charge.code).substr(1);
  }

  std::string heading() const {
    return fmt::format("# Prices of the Danish electricity retail market, imported from DatahubPricelist, {}.csv (Energinet, energidataservice.dk).\n"
                       "# A customer has several of them. The list says nothing of rounding.\n#   apply {} to every site\n"
                       "import std.calendar.denmark\n\ncurrency DKK\nrounding 0.01 DKK half up per line\n",
                       one_line(file_.stem), fmt::join(names_, ", "));
  }

  std::string bands_text() {
    std::string text;
    std::vector<std::string> taken;
    for (size_t i = 0; i < file_.charges.size(); ++i)
      for (const DatahubPrices& prices : file_.charges[i].prices) {
        const DayClasses classes(prices.by_hour);
        if (classes.list.size() == 1 || bands_.contains(classes.bands_body())) continue;
        const std::string name = unique_name(names_[i] + "_hours", taken);
        bands_.emplace(classes.bands_body(), name);
        text += fmt::format("\nbands {} {{\n{}}}\n", name, classes.bands_body());
      }
    return text;
  }

  std::string tariff(const DatahubCharge& charge, const std::string& name) const {
    const char* payee = charge.is_tax ? "State" : charge.gln == kEnerginet ? "TransmissionOperator" : "DistributionOperator";
    std::string text = "\n";
    if (!charge.description.empty()) text += "# " + one_line(charge.description) + "\n";
    text += fmt::format("tariff {} from Consumer to {} {{\n{}{}\nprices ex vat\n{}", name, payee, cite(charge, charge.prices[0]),
                        in_force_text(charge.prices[0].from, charge.prices.back().until), clause(charge, charge.prices[0]));
    if (charge.has_vat) text += "tax vat at 25% on all to State\n";
    text += "}\n";
    for (size_t i = 1; i < charge.prices.size(); ++i)
      text += fmt::format("\namend {} from {} {{\n{}{}}}\n", name, print_date(charge.prices[i].from), cite(charge, charge.prices[i]), clause(charge, charge.prices[i]));
    return text;
  }

  std::string cite(const DatahubCharge& charge, const DatahubPrices& prices) const {
    return fmt::format("cite {}\n", quoted_text(fmt::format("{}, {} {}, {}; DatahubPricelist, {}.csv, row {}", charge.owner, charge.is_subscription ? "D01" : "D03",
                                                           charge.code, prices.note, file_.stem, prices.row)));
  }

  std::string clause(const DatahubCharge& charge, const DatahubPrices& prices) const {
    const DayClasses classes(prices.by_hour);
    if (charge.is_subscription) return fmt::format("charge subscription of {} DKK per {}\n", decimal_text(prices.by_hour[0]), charge.per);
    const std::string flow = charge.is_feed_in ? "feed_in on export" : "energy on import";
    if (classes.list.size() == 1) return fmt::format("charge {} at {} DKK/kWh\n", flow, decimal_text(prices.by_hour[0]));
    std::string rows;
    const std::vector<std::string> names = classes.names();
    for (size_t i = 0; i < names.size(); ++i) rows += fmt::format("{} => {} DKK/kWh{}", names[i], decimal_text(classes.list[i].first), names.size() > 3 ? "\n" : "   ");
    return fmt::format("charge {} by {} {{{}{}}}\n", flow, bands_.at(classes.bands_body()), names.size() > 3 ? "\n" : " ", rows);
  }

  const DatahubFile& file_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> bands_;  // what stands between the braces -> name
};

}  // namespace

ImportedScript write_datahub_pricelist(const DatahubFile& file) { return DatahubWriter(file).write(); }

}  // namespace wattlaw
