// OCPI: JSON of public charging tariffs, Tariff objects of OCPI 2.2.1 and 2.3.0 (github.com/ocpi/ocpi, module `tariffs`): one, a list of
// them, or the answer of an interface with them in `data`.
//   {"country_code": "NL", "party_id": "TNM", "id": "12", "currency": "EUR", "elements": [{"price_components": […], "restrictions": {…}}]}
//   ->   tariff TNM12 from Driver to ChargePointOperator for each session { … }
// Each dimension (ENERGY, TIME, PARKING_TIME, FLAT) takes its price from the first element that prices it and whose restrictions hold,
// so each becomes a clause of its own. Restrictions of energy so far become blocks of energy, dates become amendments. Prices of 2.2.1
// are without VAT; 2.3.0 says it in `tax_included`. Prices of reservations are left out with a warning (WL8008): a reservation is no
// session. Times of day are the chargers'; their zone is that of the country, or what the user says.
#pragma once
#include <array>
#include <vector>

#include "compiler/import/imported_script.h"
#include "compiler/import/time_words.h"
#include "runtime/number/rational.h"
#include "runtime/time/civil.h"

namespace wattlaw {

std::optional<ImportedScript> import_ocpi(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics);

// ---- one file as read

enum class OcpiDimension : uint8_t { energy, time, parking, flat };
inline constexpr std::array kOcpiDimensions = {OcpiDimension::energy, OcpiDimension::time, OcpiDimension::parking, OcpiDimension::flat};

// What a restriction bounds: energy so far in kWh, power in kW, current in A, time since plug-in in s, local date in days since 1970.
enum class OcpiBound : uint8_t { energy, power, current, duration, date };

struct OcpiRange {                        // [min, max)
  std::optional<Rational> min, max;
  bool is_open() const { return !min && !max; }
};

struct OcpiRestrictions {                 // all of them must hold
  WeekdaySet weekdays = WeekdaySet().set();
  std::pair<int, int> window = {0, 24 * 60};  // minutes of the local day; one that passes midnight ends before it begins
  std::array<OcpiRange, 5> ranges;        // by OcpiBound

  OcpiRange& range(OcpiBound bound) { return ranges[static_cast<size_t>(bound)]; }
  const OcpiRange& range(OcpiBound bound) const { return ranges[static_cast<size_t>(bound)]; }
};

// A price of one dimension, and when it holds: per kWh, per hour, or once.
struct OcpiPrice {
  Rational price;
  std::optional<Rational> vat_percent;
  int step = 1;                           // Wh or s; 1: not counted in steps
  OcpiRestrictions when;
  uint32_t place = 0;                     // DocumentId of the component
};

struct OcpiLimit {                        // of a whole session
  std::optional<Rational> before_tax, after_tax;
};

struct OcpiTariff {
  std::string country, party, id, type, url, updated;
  std::vector<std::string> texts;         // "en: Evenings are cheaper"
  std::optional<Date> from, until;
  bool prices_hold_tax = false, is_untaxed = false;
  OcpiLimit minimum, maximum;
  std::array<std::vector<OcpiPrice>, 4> prices;  // by OcpiDimension, in the order of the elements
  std::vector<std::string> reservations;  // elements that price reservations: "elements[2]"

  std::vector<OcpiPrice>& of(OcpiDimension dimension) { return prices[static_cast<size_t>(dimension)]; }
  const std::vector<OcpiPrice>& of(OcpiDimension dimension) const { return prices[static_cast<size_t>(dimension)]; }
};

struct OcpiFile {
  std::string stem, currency, zone;       // zone empty: no tariff asks what time it is
  bool zone_is_chosen = false;            // said by the user, not taken from the country
  std::vector<OcpiTariff> tariffs;
};

ImportedScript write_ocpi(const OcpiFile& file);

}  // namespace wattlaw
