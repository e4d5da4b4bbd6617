#include <algorithm>

#include "runtime/number/rounding.h"

namespace wattlaw {
namespace {

// No figure of law is longer; the bound keeps a corrupt file from costing quadratic time.
constexpr size_t kLongestDecimal = 1000;
constexpr uint64_t kChunk = 1'000'000'000'000'000'000ULL;  // digits are gathered 18 at a time before the wide multiplication

Integer power_of_ten(int exponent) { return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent)); }

// Decimal places after which `denominator` (of a reduced fraction) ends; nullopt if it never does or needs more than `max_places`.
std::optional<int> exact_places(Integer denominator, int max_places) {
  int twos = 0, fives = 0;
  while (denominator % 2 == 0) denominator /= 2, ++twos;
  while (denominator % 5 == 0) denominator /= 5, ++fives;
  const int places = std::max(twos, fives);
  if (denominator != 1 || places > max_places) return std::nullopt;
  return places;
}

// `magnitude` / 10^places as digits with a point.
std::string print_scaled(const Integer& magnitude, int places, bool group) {
  std::string digits = magnitude.str();
  const auto wanted = static_cast<size_t>(places);
  if (digits.size() <= wanted) digits.insert(0, wanted + 1 - digits.size(), '0');
  size_t whole = digits.size() - wanted;
  if (places > 0) digits.insert(whole, 1, '.');
  if (group)
    while (whole > 3) digits.insert(whole -= 3, 1, ',');
  return digits;
}

std::string print_rounded(const Rational& value, int places, bool group) {
  const Integer scale = power_of_ten(places);
  const Rational rounded = round_to(value, Rational(Integer(1), scale), RoundingMode::half_even);
  const Integer mantissa = numerator(Rational(rounded * scale));
  return (mantissa < 0 ? "-" : "") + print_scaled(abs(mantissa), places, group);
}

}  // namespace

std::optional<Rational> parse_decimal(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > kLongestDecimal) return std::nullopt;
  Integer mantissa = 0;
  uint64_t chunk = 0, chunk_scale = 1;
  int places = 0, digits = 0;
  bool after_point = false;
  for (const char c : text) {
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    if (chunk_scale == kChunk) {
      mantissa = mantissa * kChunk + chunk;
      chunk = 0;
      chunk_scale = 1;
    }
    chunk = chunk * 10 + static_cast<uint64_t>(c - '0');
    chunk_scale *= 10;
    ++digits;
    places += after_point;
  }
  if (digits == 0) return std::nullopt;
  mantissa = mantissa * chunk_scale + chunk;
  if (negative) mantissa = -mantissa;
  return Rational(mantissa, power_of_ten(places));
}

std::string print_decimal(const Rational& value, int min_places, int max_places) {
  const std::optional<int> places = exact_places(denominator(value), max_places);
  if (places) return print_rounded(value, std::max(*places, min_places), false);
  return "~" + print_rounded(value, max_places, false);
}

std::string print_fixed(const Rational& value, int places, bool group) { return print_rounded(value, places, group); }

}  // namespace wattlaw
