#include "compiler/import/zone_of_country.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wattlaw {
namespace {

using CountryZone = std::pair<std::string_view, std::string_view>;

// Sorted by country. Territories with an ISO code of their own (Svalbard, Réunion) are not among them.
constexpr std::array kZones = std::to_array<CountryZone>({
    {"AD", "Europe/Andorra"},   {"AE", "Asia/Dubai"},        {"AL", "Europe/Tirane"},    {"AM", "Asia/Yerevan"},      {"AT", "Europe/Vienna"},
    {"AZ", "Asia/Baku"},        {"BA", "Europe/Sarajevo"},   {"BE", "Europe/Brussels"},  {"BG", "Europe/Sofia"},      {"BH", "Asia/Bahrain"},
    {"BY", "Europe/Minsk"},     {"CH", "Europe/Zurich"},     {"CR", "America/Costa_Rica"}, {"CZ", "Europe/Prague"},   {"DE", "Europe/Berlin"},
    {"DK", "Europe/Copenhagen"}, {"EE", "Europe/Tallinn"},   {"EG", "Africa/Cairo"},     {"FI", "Europe/Helsinki"},   {"FR", "Europe/Paris"},
    {"GB", "Europe/London"},    {"GE", "Asia/Tbilisi"},      {"GR", "Europe/Athens"},    {"HK", "Asia/Hong_Kong"},    {"HR", "Europe/Zagreb"},
    {"HU", "Europe/Budapest"},  {"IE", "Europe/Dublin"},     {"IL", "Asia/Jerusalem"},   {"IN", "Asia/Kolkata"},      {"IS", "Atlantic/Reykjavik"},
    {"IT", "Europe/Rome"},      {"JO", "Asia/Amman"},        {"JP", "Asia/Tokyo"},       {"KR", "Asia/Seoul"},        {"LI", "Europe/Vaduz"},
    {"LT", "Europe/Vilnius"},   {"LU", "Europe/Luxembourg"}, {"LV", "Europe/Riga"},      {"MA", "Africa/Casablanca"}, {"MC", "Europe/Monaco"},
    {"MD", "Europe/Chisinau"},  {"ME", "Europe/Podgorica"},  {"MK", "Europe/Skopje"},    {"MT", "Europe/Malta"},      {"NL", "Europe/Amsterdam"},
    {"NO", "Europe/Oslo"},      {"PL", "Europe/Warsaw"},     {"QA", "Asia/Qatar"},       {"RO", "Europe/Bucharest"},  {"RS", "Europe/Belgrade"},
    {"SA", "Asia/Riyadh"},      {"SE", "Europe/Stockholm"},  {"SG", "Asia/Singapore"},   {"SI", "Europe/Ljubljana"},  {"SK", "Europe/Bratislava"},
    {"SM", "Europe/San_Marino"}, {"TH", "Asia/Bangkok"},     {"TR", "Europe/Istanbul"},  {"TW", "Asia/Taipei"},       {"VA", "Europe/Vatican"},
    {"ZA", "Africa/Johannesburg"},
});
static_assert(std::is_sorted(kZones.begin(), kZones.end()));

}  // namespace

std::string zone_of_country(std::string_view country) {
  const auto found = std::lower_bound(kZones.begin(), kZones.end(), country, [](const CountryZone& entry, std::string_view key) { return entry.first < key; });
  return found != kZones.end() && found->first == country ? std::string(found->second) : "";
}

}  // namespace wattlaw
