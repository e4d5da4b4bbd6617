// Rational: unbounded exact numbers. The oracle (compiler/interpret), constants and clock columns compute in them; kernels never do.
#pragma once
#include <boost/multiprecision/cpp_int.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace wattlaw {

using Integer = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

// "12.50" -> 25/2. Digits with at most one point, an optional leading minus; anything else is nullopt.
std::optional<Rational> parse_decimal(std::string_view text);
// Exact text where the value has one of at most `max_places` decimals, else rounded half even to them and marked with a leading "~".
std::string print_decimal(const Rational& value, int min_places, int max_places);
// Exactly `places` decimals, rounded half even; `group` puts a thin thousands separator (U+202F is not used: a plain "," in English text).
std::string print_fixed(const Rational& value, int places, bool group);

}  // namespace wattlaw
