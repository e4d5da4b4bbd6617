// Eltariff: JSON of Swedish grid tariffs, the answer to `GET /tariffs` of the Eltariff-API (RISE, github.com/RI-SE/Eltariff-API,
// specification 0.2 and 0.3):
//   {"tariffs": [{"name": "Max 63A", "validPeriod": {…}, "fixedPrice": {…}, "energyPrice": {…}, "powerPrice": {…}}], "calendarPatterns": […]}
//   ->   tariff Max63A from Consumer to DistributionOperator { … }
// Every price component becomes a clause; prices are written without VAT, and VAT as the tax that the two prices of each component
// agree on. Days that the file lists by date become a calendar. Refused (WL8008): cost functions other than the sum of components,
// dynamic power prices, peaks by week, billing periods other than a month, tariffs of production.
#pragma once
#include <vector>

#include "compiler/import/imported_script.h"
#include "compiler/import/time_words.h"
#include "runtime/number/rational.h"
#include "runtime/time/civil.h"

namespace wattlaw {

std::optional<ImportedScript> import_eltariff(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics);

// ---- one file as read

struct EltariffPeriod {
  Date from, until;
  auto operator<=>(const EltariffPeriod&) const = default;
};

// A set of local time with the name by which the file refers to it; empty text: all times.
struct EltariffTimes {
  std::string reference, time_set;
};

// The share of the peak that is measured in `times`: factor 1/2 for `peak(low)/2`.
struct EltariffPeakTerm {
  EltariffTimes times;
  Rational factor = 1;
};

struct EltariffComponent {
  enum class Kind : uint8_t { fee, energy, spot, power } kind = Kind::fee;
  std::string name, reference;
  EltariffPeriod valid;
  Rational price_ex_vat;                  // a multiplier of the spot price for Kind::spot
  std::string per;                        // of a fee: "year", "month", "day"
  EltariffTimes times;                    // of energy
  std::vector<EltariffPeakTerm> peaks;    // of power: the greatest of them
  std::string window;                     // "hour", "15 min": what power is the mean of
  bool peak_per_day = false;              // the highest of each day; else of the whole month
  int peak_count = 1;                     // the mean of so many
};

struct EltariffTariff {
  std::string name, description, company, product, updated;
  EltariffPeriod valid;
  std::vector<EltariffComponent> components;
  Rational vat_percent;
};

struct EltariffCalendar {
  std::string reference;
  std::vector<Date> dates;
};

struct EltariffFile {
  std::string stem, zone, currency;
  std::vector<EltariffCalendar> calendars;
  std::vector<EltariffTariff> tariffs;
};

// The name of a calendar in the script: "goteborg_holidays".
std::string eltariff_calendar_name(const std::string& stem, const std::string& reference);
ImportedScript write_eltariff(const EltariffFile& file);

}  // namespace wattlaw
