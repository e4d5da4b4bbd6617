#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/import/ocpi.h"
#include "compiler/import/ocpi_clause.h"
#include "compiler/import/script_text.h"

namespace wattlaw {
namespace {

// From `from` on, until the next one begins; the first has no date of its own.
struct Period {
  std::optional<Date> from;
  std::array<OcpiClause, 4> clauses;  // by OcpiDimension

  const OcpiClause& of(OcpiDimension dimension) const { return clauses[static_cast<size_t>(dimension)]; }
};

constexpr std::array kInBill = {OcpiDimension::flat, OcpiDimension::energy, OcpiDimension::time, OcpiDimension::parking};

class OcpiWriter {
 public:
  explicit OcpiWriter(const OcpiFile& file) : file_(file) {}

  ImportedScript write() {
    std::string tariffs;
    std::vector<std::string> names;
    size_t versions = 0;
    for (const OcpiTariff& one : file_.tariffs) {
      const std::vector<Period> periods = periods_of(one);
      const std::string name = unique_name(name_of(one), names);
      versions += periods.size();
      tariffs += tariff(one, name, periods);
    }
    return {label_name(file_.stem, "imported"), lay_out_script(heading(names.front()) + declarations() + tariffs), file_.tariffs.size(), versions};
  }

 private:
  std::string heading(const std::string& example) const {
    return fmt::format("# Public charging tariffs, imported from OCPI, {}.json. The source says nothing of rounding.\n# A scenario applies one of them:\n#   apply {} to every session\n",
                       one_line(file_.stem), example);
  }

  // An id of digits says little without the party that gave it.
  static std::string name_of(const OcpiTariff& one) {
    const bool is_number = std::isdigit(static_cast<unsigned char>(one.id[0]));
    return tariff_name(is_number ? one.party + " " + one.id : one.id);
  }

  std::string declarations() const {
    std::string text;
    if (!file_.zone.empty()) {
      const char* source = file_.zone_is_chosen ? "as chosen" : "the only one of its country";
      text += fmt::format("calendar {} {{\nzone {}  # {}: an OCPI tariff names none\n}}\n", label_name(file_.stem + " days", "days"), quoted_text(file_.zone), source);
    }
    return text + fmt::format("\ncurrency {}\nrounding 0.01 {} half up per line\n", file_.currency, file_.currency);
  }

  // ---- prices by date

  std::vector<Period> periods_of(const OcpiTariff& tariff) const {
    std::set<Rational> cuts;
    for (OcpiDimension dimension : kOcpiDimensions)
      for (const Rational& cut : bounds_of(tariff.of(dimension), OcpiBound::date)) cuts.insert(cut);
    std::vector<std::optional<Rational>> edges = {std::nullopt};
    edges.insert(edges.end(), cuts.begin(), cuts.end());
    edges.push_back(std::nullopt);
    std::vector<Period> periods;
    for (size_t i = 0; i + 1 < edges.size(); ++i) {
      Period period;
      if (edges[i]) period.from = Date{static_cast<int32_t>(numerator(*edges[i]))};
      OcpiTariff within = tariff;  // its prices in the period
      for (std::vector<OcpiPrice>& prices : within.prices) prices = prices_within(prices, OcpiBound::date, edges[i], edges[i + 1]);
      for (OcpiDimension dimension : kOcpiDimensions)
        if (!tariff.of(dimension).empty()) period.clauses[static_cast<size_t>(dimension)] = write_ocpi_clause(dimension, within.of(dimension), file_.currency, beside(within, dimension));
      periods.push_back(std::move(period));
    }
    return periods;
  }

  static OcpiBeside beside(const OcpiTariff& tariff, OcpiDimension dimension) {
    if (dimension != OcpiDimension::time && dimension != OcpiDimension::parking) return {};
    const std::vector<OcpiPrice>& others = tariff.of(dimension == OcpiDimension::time ? OcpiDimension::parking : OcpiDimension::time);
    return {!others.empty(), std::any_of(others.begin(), others.end(), [](const OcpiPrice& price) { return price.step > 1; })};
  }

  // ---- one tariff

  std::string tariff(const OcpiTariff& one, const std::string& name, const std::vector<Period>& periods) const {
    std::string text = comment(one, periods) + fmt::format("tariff {} from Driver to ChargePointOperator for each session {{\n", name);
    text += fmt::format("cite {}\n", quoted_text(fmt::format("OCPI tariff {}*{} {}, {}.json, last updated {}", one.country, one.party, one.id, file_.stem, one.updated)));
    if (one.from || one.until) text += in_force_text(one.from.value_or(date_of(2000, 1, 1)), one.until) + (one.from ? "\n" : "  # the source names no beginning\n");
    text += fmt::format("prices {} vat\nprice by time\n", one.prices_hold_tax ? "incl" : "ex");
    if (any_clause(periods, &OcpiClause::has_changing_blocks)) text += "blocks chronologically\n";
    text += "\n";
    for (OcpiDimension dimension : kInBill) text += periods[0].of(dimension).text;
    text += limits_and_taxes(one) + "}\n";
    for (size_t i = 1; i < periods.size(); ++i) text += amendment(name, periods[i], periods[i - 1]);
    return text;
  }

  static bool any_clause(const std::vector<Period>& periods, bool OcpiClause::*property) {
    const auto has_it = [&](const OcpiClause& clause) { return clause.*property; };
    return std::any_of(periods.begin(), periods.end(), [&](const Period& period) { return std::any_of(period.clauses.begin(), period.clauses.end(), has_it); });
  }

  static std::string comment(const OcpiTariff& one, const std::vector<Period>& periods) {
    std::string text = fmt::format("\n# {}{}{}\n", one_line(one.id), one.type.empty() ? "" : ", ", one.type);
    for (const std::string& line : one.texts) text += "# " + one_line(line) + "\n";
    if (!one.url.empty()) text += "# " + one_line(one.url) + "\n";
    if (!one.reservations.empty()) text += fmt::format("# What a reservation costs stands in {} of the source and is left out: it is no session.\n", fmt::join(one.reservations, ", "));
    if (any_clause(periods, &OcpiClause::asks_rows)) text += "# Each row of a session has the price of its begin: where the price changes, a new row begins, as OCPI's charging periods do.\n";
    return text;
  }

  static std::string amendment(const std::string& name, const Period& period, const Period& before) {
    std::string clauses;
    for (OcpiDimension dimension : kInBill)
      if (period.of(dimension).text != before.of(dimension).text) clauses += period.of(dimension).text;
    return clauses.empty() ? "" : fmt::format("\namend {} from {} {{\n{}}}\n", name, print_date(*period.from), clauses);
  }

  // ---- limits and taxes

  // The dimensions that bear each rate of VAT; a price of zero bears none. Without a rate: none is stated.
  static std::map<std::optional<Rational>, std::vector<std::string>> labels_by_rate(const OcpiTariff& one) {
    std::map<std::optional<Rational>, std::vector<std::string>> labels;
    for (OcpiDimension dimension : kOcpiDimensions) {
      const std::vector<OcpiPrice>& prices = one.of(dimension);
      if (std::any_of(prices.begin(), prices.end(), [](const OcpiPrice& price) { return price.price != 0; })) labels[prices[0].vat_percent].push_back(ocpi_label(dimension));
    }
    return labels;
  }

  std::string limits_and_taxes(const OcpiTariff& one) const {
    const auto labels = labels_by_rate(one);
    std::string taxes;
    for (const auto& [rate, names] : labels) {
      if (!rate && !one.is_untaxed) taxes += labels.size() == 1 ? "# no VAT is stated\n" : fmt::format("# no VAT is stated for {}\n", fmt::join(names, ", "));
      if (!rate) continue;
      std::string suffix = labels.size() == 1 ? "" : "_" + decimal_text(*rate);
      std::replace(suffix.begin(), suffix.end(), '.', '_');
      taxes += fmt::format("tax vat{} at {}% on {} to State\n", suffix, decimal_text(*rate), labels.size() == 1 ? "all" : fmt::format("{}", fmt::join(names, ", ")));
    }
    if (one.is_untaxed) taxes = "# no tax applies\n";
    std::string above, below;
    for (const bool is_minimum : {true, false}) {
      const OcpiLimit& limit = is_minimum ? one.minimum : one.maximum;
      if (!limit.before_tax || (is_minimum && *limit.before_tax == 0 && limit.after_tax.value_or(0) == 0)) continue;
      const auto [amount, is_incl] = binding(limit, is_minimum, one, labels.size() == 1 ? labels.begin()->first.value_or(0) : Rational(0), labels.size() > 1);
      const bool is_taxed = taxes.find("tax vat") != std::string::npos;
      const std::string text = fmt::format("{} {} {} per session{}\n", is_minimum ? "minimum" : "maximum", money_text(amount), file_.currency, !is_taxed ? "" : is_incl ? " incl vat" : " before vat");
      // What is compared with the tax on top stands below the tax; a tax that is split out of the prices is split out of the limit as well.
      (is_incl && is_taxed && !one.prices_hold_tax ? below : above) += text;
    }
    return above + taxes + below;
  }

  // Both limits of OCPI hold, before tax and after it; where all prices bear one rate, one of the two is the stricter.
  static std::pair<Rational, bool> binding(const OcpiLimit& limit, bool is_minimum, const OcpiTariff& one, const Rational& rate, bool has_rates) {
    if (has_rates) return {*limit.before_tax, false};
    const Rational with_tax = *limit.before_tax * (100 + rate) / 100, after = limit.after_tax.value_or(with_tax);
    const bool is_rounded = after - with_tax <= Rational(1, 200) && with_tax - after <= Rational(1, 200);  // 0.61 beside 0.50 and 21 %
    const bool after_binds = !is_rounded && (is_minimum ? after > with_tax : after < with_tax);
    if (after_binds) return {after, true};
    return one.prices_hold_tax ? std::pair(with_tax, true) : std::pair(*limit.before_tax, false);
  }

  const OcpiFile& file_;
};

}  // namespace

ImportedScript write_ocpi(const OcpiFile& file) { return OcpiWriter(file).write(); }

}  // namespace wattlaw
