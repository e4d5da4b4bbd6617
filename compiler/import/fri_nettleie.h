// fri-nettleie: YAML of Norwegian grid tariffs (github.com/kraftsystemet/fri-nettleie, CC BY 4.0). One file holds the price sheets of
// one network company, each for some customer groups and some time:
//   tariffer: [{kundegrupper: [husholdning], gyldig_fra: '2026-07-01', fastledd: {…}, energiledd: {grunnpris: 16.99, unntak: […]}}]
//   ->   tariff Elvia from Consumer to DistributionOperator { … }   amend Elvia from 2026-07-01 { … }
// Prices are without taxes; `grunnpris` and `pris` of `unntak` are øre/kWh, `pris` of `terskler` NOK a year for who is on that step.
// Meaning of the fields: tariff-eksempel.yml of that repository. Sheets of one area and the same customers that follow one another
// become one tariff and its amendments. Two sheets, or two exceptions, that hold at the same time are refused (WL8006).
#pragma once
#include <vector>

#include "compiler/import/imported_script.h"
#include "compiler/import/time_words.h"
#include "runtime/number/rational.h"
#include "runtime/time/civil.h"

namespace wattlaw {

std::optional<ImportedScript> import_fri_nettleie(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics);

// ---- one file as read

enum class DemandMethod : uint8_t {
  three_daily_peaks,     // TRE_DØGNMAX_MND: mean of the three highest hours of the month, on different days
  monthly_peak,          // MND_MAX: the highest hour of the month
  fuse,                  // OV_TREFASE: thresholds are amperes of the main fuse
  five_weighted_weekly,  // FEM_VEKTET_ÅR: five highest weekly peaks of twelve months, weighted by season
  unknown,               // UKJENT: the source does not know
};

struct NettleieStep {
  Rational threshold;     // kW, or A
  Rational nok_per_year;
};

struct NettleieException {
  std::string name, time_set;  // "Høylast", "workdays 06:00 to 22:00 excluding holidays of norway"
  Rational ore_per_kwh;
};

struct NettleieSheet {
  size_t index = 0;                // its place in `tariffer`
  std::string area;                // `navn`; may be empty
  std::bitset<3> customers;        // household, holiday home, small business
  Date from;
  std::optional<Date> until;
  DemandMethod method = DemandMethod::unknown;
  bool includes_threshold = true;  // who is exactly on a threshold is on the step above
  std::vector<NettleieStep> steps;
  Rational ore_per_kwh;
  std::vector<NettleieException> exceptions;
};

struct NettleieFile {
  std::string stem, company, updated;  // "elvia", "Elvia AS", "2026-06-05"
  std::vector<std::string> pages, grid_areas, company_ids;
  std::vector<NettleieSheet> sheets;
};

std::optional<NettleieFile> read_fri_nettleie(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);
ImportedScript write_fri_nettleie(const NettleieFile& file);

}  // namespace wattlaw
