// URDB: JSON of US rates from the OpenEI Utility Rate Database, version 8, detail=full (openei.org/services/doc/rest/util_rates/?version=8):
//   {"items": [{"utility": "…", "name": "…", "energyratestructure": [[{"max": 500, "rate": 0.12}, {"rate": 0.15}]], "energyweekdayschedule": […]}]}
//   ->   tariff … from Consumer to EnergySupplier { charge energy on import in blocks per month { first 500 kWh => … rest => … } }
// Every rate becomes a tariff. Its periods are numbered and their 12 x 24 schedules say where each holds; they become named bands.
// URDB names no time zone: the user chooses it. What it leaves open and engines settle in different ways is told (WL8009) with the
// other reading; what would change the bill and cannot be written is refused (WL8008).
#pragma once
#include <array>
#include <vector>

#include "compiler/import/imported_script.h"
#include "compiler/import/time_words.h"
#include "runtime/number/rational.h"
#include "runtime/time/civil.h"

namespace wattlaw {

std::optional<ImportedScript> import_urdb(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics);

// ---- one file as read

struct UrdbTier {
  std::optional<Rational> max;   // cumulative, in the unit of the ladder; absent: without end
  Rational rate, adjustment;     // USD/kWh or USD/kW; both are paid
  Rational sell;                 // USD/kWh of export
  auto price() const { return Rational(rate + adjustment); }
  bool operator==(const UrdbTier&) const = default;
};
using UrdbTiers = std::vector<UrdbTier>;
using UrdbHours = std::array<std::array<size_t, 24>, 12>;  // period by month and hour of the local day

struct UrdbSchedule {
  UrdbHours weekday{}, weekend{};
};

// Periods of numbers, each with its tiers. A month by month structure has one period in all hours of a month.
struct UrdbStructure {
  std::vector<UrdbTiers> periods;
  UrdbSchedule schedule;
};

enum class UrdbEnergyUnit : uint8_t { kwh, kwh_daily, kwh_per_kw, kwh_per_kw_daily };  // of `max`: per month, per day, per kW of demand
enum class UrdbMetering : uint8_t { unsaid, net_metering, net_billing, net_billing_hourly, buy_all_sell_all };

struct UrdbRatchet {
  std::array<Rational, 12> share{};  // of the demand of the month that is looked at
  int months = 0;                    // how many months before the billed one; 0: no ratchet
};

struct UrdbFee {
  Rational amount;
  std::string per = "month";  // "month", "day", "year"
};

struct UrdbRate {
  std::string name, utility, label, uri, source;
  std::string payee;                     // role of the payee
  std::optional<Date> from, until;
  std::vector<std::string> remarks;      // sentences for the head of the tariff
  std::optional<UrdbStructure> energy, flat_demand, tou_demand;
  UrdbEnergyUnit energy_unit = UrdbEnergyUnit::kwh;
  UrdbMetering metering = UrdbMetering::unsaid;
  std::array<Rational, 12> fuel{};       // USD/kWh on top, by month
  int demand_minutes = 15;
  UrdbRatchet ratchet;                   // of the flat demand
  UrdbFee fixed, additional_meter, minimum;
};

struct UrdbFile {
  std::string stem, zone;
  std::vector<UrdbRate> rates;
};

std::optional<UrdbFile> read_urdb(const SourceFile& source, uint32_t file, const std::string& zone, Diagnostics& diagnostics);
ImportedScript write_urdb(const UrdbFile& file);

// Whether two periods of the schedule hold in one month, and so meet in one bill.
bool has_several_periods_a_month(const UrdbSchedule& schedule);

}  // namespace wattlaw
