#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "compiler/import/eltariff.h"
#include "compiler/import/script_text.h"

namespace wattlaw {
namespace {

using Kind = EltariffComponent::Kind;

class EltariffWriter {
 public:
  explicit EltariffWriter(const EltariffFile& file) : file_(file) {}

  ImportedScript write() {
    name_tariffs();
    std::string tariffs;
    for (size_t i = 0; i < file_.tariffs.size(); ++i) tariffs += tariff(file_.tariffs[i], names_[i]);
    return {label_name(file_.stem, "imported"), lay_out_script(heading() + declarations() + tariffs), file_.tariffs.size(), file_.tariffs.size()};
  }

 private:
  // A product that the file holds for several years gets the month in which each begins.
  void name_tariffs() {
    std::map<std::string, int> counts;
    for (const EltariffTariff& tariff : file_.tariffs) ++counts[tariff_name(tariff.name)];
    std::vector<std::string> taken;
    for (const EltariffTariff& tariff : file_.tariffs) {
      std::string name = tariff_name(tariff.name);
      if (counts[name] > 1) {
        const std::string day = print_date(tariff.valid.from);
        name += fmt::format("_{}_{}", day.substr(0, 4), day.substr(5, 2));
      }
      names_.push_back(unique_name(name, taken));
    }
  }

  std::string heading() const {
    std::vector<std::string> companies;
    for (const EltariffTariff& tariff : file_.tariffs)
      if (std::find(companies.begin(), companies.end(), tariff.company) == companies.end()) companies.push_back(tariff.company);
    return fmt::format("# {}: grid tariffs, imported from Eltariff-API, {}.json. The source says nothing of rounding.\n# A customer has one of them:\n", one_line(fmt::format("{}", fmt::join(companies, ", "))), one_line(file_.stem)) +
           fmt::format("#   apply {} to every site\n", names_[0]);
  }

  std::string declarations() const {
    std::string text;
    for (const EltariffCalendar& calendar : file_.calendars) {
      text += fmt::format("calendar {} {{\nzone {}\n", eltariff_calendar_name(file_.stem, calendar.reference), quoted_text(file_.zone));
      for (const Date& date : calendar.dates) text += holiday(date);
      text += "}\n";
    }
    if (file_.calendars.empty()) text += fmt::format("calendar {} {{\nzone {}\n}}\n", eltariff_calendar_name(file_.stem, "days"), quoted_text(file_.zone));
    text += fmt::format("\ncurrency {}\nrounding 0.01 {} half up per line\n", file_.currency, file_.currency);
    if (has_spot()) text += fmt::format("\ntrace market {{ spot: {}/kWh ex vat }}\n", file_.currency);
    for (const auto& [time_set, name] : bands_) text += fmt::format("\nbands {} {{\nactive = {}\nother = otherwise\n}}\n", name, time_set);
    return text;
  }

  bool has_spot() const {
    for (const EltariffTariff& tariff : file_.tariffs)
      for (const EltariffComponent& component : tariff.components)
        if (component.kind == Kind::spot) return true;
    return false;
  }

  // One day of one year.
  static std::string holiday(Date date) {
    std::string id = print_date(date);
    std::replace(id.begin(), id.end(), '-', '_');
    const YearMonthDay day = civil_of(date);
    const MonthSet month = MonthSet().set(static_cast<size_t>(day.month - 1));
    return fmt::format("holiday day_{} on {} {} from {} until {}\n", id, day.day, month_runs(month)[0], print_date(date), print_date(Date{date.days + 1}));
  }

  // `High is active`; empty for all times. Sets of time that are equal share their bands.
  std::string condition(const EltariffTimes& times) {
    if (times.time_set.empty()) return "";
    auto found = std::find_if(bands_.begin(), bands_.end(), [&](const auto& bands) { return bands.first == times.time_set; });
    if (found == bands_.end()) found = bands_.insert(bands_.end(), {times.time_set, unique_name(tariff_name(times.reference), band_names_)});
    return found->second + " is active";
  }

  std::string tariff(const EltariffTariff& tariff, const std::string& name) {
    std::string text = fmt::format("\n# {}{}\ntariff {} from Consumer to DistributionOperator {{\n", one_line(tariff.name),
                                   tariff.description.empty() ? "" : ": " + one_line(tariff.description), name);
    text += fmt::format("cite {}\n", quoted_text(fmt::format("{}, {}{}, Eltariff-API, {}.json of {}", tariff.company, tariff.name,
                                                             tariff.product.empty() ? "" : " (" + tariff.product + ")", file_.stem, tariff.updated)));
    text += in_force_text(tariff.valid.from, tariff.valid.until) + "\nprices ex vat\n\n";
    std::vector<std::string> labels = {"vat"};
    for (const EltariffComponent& component : tariff.components) {
      const std::string label = unique_name(label_name(component.name, "component"), labels);
      text += component.kind == Kind::power ? power(component, label, labels) : clause(component, label);
      if (component.reference == "tax") text += " to State";
      const bool is_shorter = component.valid.from > tariff.valid.from || component.valid.until < tariff.valid.until;
      if (is_shorter) text += " " + in_force_text(component.valid.from, component.valid.until);
      text += "\n";
    }
    if (tariff.vat_percent > 0) text += fmt::format("tax vat at {}% on all to State\n", decimal_text(tariff.vat_percent));
    return text + "}\n";
  }

  std::string clause(const EltariffComponent& component, const std::string& label) {
    const std::string price = decimal_text(component.price_ex_vat);
    if (component.kind == Kind::fee) return fmt::format("charge {} of {} {} per {}", label, price, file_.currency, component.per);
    const std::string rate = component.kind == Kind::spot ? fmt::format("{} * market.spot", price) : fmt::format("{} {}/kWh", price, file_.currency);
    const std::string when = condition(component.times);
    return fmt::format("charge {} on import at {}{}", label, rate, when.empty() ? "" : " when " + when);
  }

  std::string power(const EltariffComponent& component, const std::string& label, std::vector<std::string>& labels) {
    const std::string peak = unique_name("Peak", labels);
    const std::string period = component.peak_per_day ? "day" : "month";
    std::vector<std::string> terms;
    for (const EltariffPeakTerm& term : component.peaks) {
      const std::string where = condition(term.times);
      terms.push_back(fmt::format("{}max(mean(power{}) per {}) per {}", term.factor == 1 ? "" : decimal_text(term.factor) + " * ",
                                  where.empty() ? "" : " where " + where, component.window, period));
    }
    const std::string one = terms.size() == 1 ? terms[0] : fmt::format("max({})", fmt::join(terms, ", "));
    std::string definitions;
    if (!component.peak_per_day) {
      definitions = fmt::format("let {} = {}\n", peak, one);
    } else {
      const std::string day_peak = unique_name("DayPeak", labels);
      const std::string taken = component.peak_count == 1 ? fmt::format("max({})", day_peak) : fmt::format("mean(largest {} of {})", component.peak_count, day_peak);
      definitions = fmt::format("let {} = {}\nlet {} = {} per month\n", day_peak, one, peak, taken);
    }
    return definitions + fmt::format("charge {} on {} at {} {}/kW", label, peak, decimal_text(component.price_ex_vat), file_.currency);
  }

  const EltariffFile& file_;
  std::vector<std::string> names_, band_names_;
  std::vector<std::pair<std::string, std::string>> bands_;  // set of time, name
};

}  // namespace

std::string eltariff_calendar_name(const std::string& stem, const std::string& reference) { return label_name(stem + " " + reference, "days"); }

ImportedScript write_eltariff(const EltariffFile& file) { return EltariffWriter(file).write(); }

}  // namespace wattlaw
