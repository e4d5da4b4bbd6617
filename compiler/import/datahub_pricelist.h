// DatahubPricelist: CSV of the prices of the Danish retail market (Energinet, energidataservice.dk), one row for each charge and time:
//   ChargeOwner;GLN_Number;ChargeType;ChargeTypeCode;Note;…;ValidFrom;ValidTo;VATClass;Price1;…;Price24;…;TaxIndicator;ResolutionDuration
//   ->   tariff N1_CD from Consumer to DistributionOperator { charge energy on import by N1_CD_hours { low => … } }   amend …
// Prices are in DKK without VAT. D01 is a subscription, D03 a tariff per kWh; Price1 is the hour from 00:00, and alone it holds for all
// hours. A fee (D02) is due for an event that no meter knows: it is left out with a warning. VATClass D02 is taxed with 25 %, D01 is not.
#pragma once
#include <array>
#include <vector>

#include "compiler/import/imported_script.h"
#include "runtime/number/rational.h"
#include "runtime/time/civil.h"

namespace wattlaw {

std::optional<ImportedScript> import_datahub_pricelist(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics);

// ---- one file as read

struct DatahubPrices {
  Date from;
  std::optional<Date> until;
  std::string note;
  std::array<Rational, 24> by_hour;  // all equal for a flat price and a subscription
  size_t row = 0;                    // of the file, the header is row 1
};

// All prices of one charge, one after the other without a gap.
struct DatahubCharge {
  std::string owner, gln, code, description;
  bool is_subscription = false, is_tax = false, is_feed_in = false, has_vat = false;
  std::string per;  // of a subscription: "month", "day"
  std::vector<DatahubPrices> prices;
};

struct DatahubFile {
  std::string stem;
  std::vector<DatahubCharge> charges;
};

ImportedScript write_datahub_pricelist(const DatahubFile& file);

}  // namespace wattlaw
