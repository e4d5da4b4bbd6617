// The time zone of a country that has only one.
#pragma once
#include <string>
#include <string_view>

namespace wattlaw {

// "NL" -> "Europe/Amsterdam"; empty where chargers of the country stand in several zones (ES, PT, US …) or it is not known here.
// Source: zone.tab of the IANA time zone database, 2026f; Büsingen, the other zone of DE, shows the time of Berlin.
std::string zone_of_country(std::string_view country);

}  // namespace wattlaw
