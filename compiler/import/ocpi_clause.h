// write_ocpi_clause: the prices of one dimension -> the clause that a person would write for them.
//   two prices of ENERGY, the first from 9 to 18   ->   charge energy on delivered by first match {
//                                                         when 09:00 to 18:00 => 0.45 EUR/kWh
//                                                         otherwise => 0.30 EUR/kWh
//                                                       }
#pragma once
#include <string>
#include <vector>

#include "compiler/import/ocpi_selection.h"

namespace wattlaw {

struct OcpiClause {
  std::string text;                  // with its line end; empty: the tariff has no such dimension
  bool has_changing_blocks = false;  // blocks whose rates change with time, power …
  bool asks_rows = false;            // a condition is asked at the begin of each row of the session
};

// For TIME what is said of PARKING_TIME, and the other way round: of the two only the one in use last is counted in steps.
struct OcpiBeside {
  bool is_priced = false, is_counted = false;
};

const char* ocpi_label(OcpiDimension dimension);  // "parking"

// `prices` have no dates left; none: the dimension has no price for now.
OcpiClause write_ocpi_clause(OcpiDimension dimension, const std::vector<OcpiPrice>& prices, const std::string& currency, const OcpiBeside& beside);

}  // namespace wattlaw
