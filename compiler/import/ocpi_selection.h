// Which prices of a dimension can ever hold: OCPI takes the first whose restrictions do. Decided over every minute of the week and
// every range between two bounds, so that a price that is never reached and a time without a price are found, not guessed.
#pragma once
#include "compiler/import/ocpi.h"

namespace wattlaw {

struct OcpiSelection {
  std::vector<OcpiPrice> prices;  // those that are reached, in order
  bool is_complete = false;       // at any time one of them holds: the last one is all the rest
};

inline constexpr size_t kMostOcpiRanges = 4096;

// Ranges between the bounds of all restrictions together; more than kMostOcpiRanges are refused by the reader.
size_t count_ranges(const std::vector<OcpiPrice>& prices);
OcpiSelection select_prices(const std::vector<OcpiPrice>& prices);

// The bounds that restrictions of one kind name, in rising order.
std::vector<Rational> bounds_of(const std::vector<OcpiPrice>& prices, OcpiBound bound);
// The prices that hold in a range without a bound of that kind inside it, freed of that restriction. nullopt: from the beginning, without end.
std::vector<OcpiPrice> prices_within(const std::vector<OcpiPrice>& prices, OcpiBound bound, const std::optional<Rational>& from, const std::optional<Rational>& until);

}  // namespace wattlaw
