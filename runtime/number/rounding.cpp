#include "runtime/number/rounding.h"

#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

using Uint128 = unsigned __int128;

// Whether a magnitude quotient with this remainder goes one up. `order`: remainder against what is missing to the next whole (<0, 0, >0).
bool goes_up(RoundingMode mode, bool has_remainder, int order, bool quotient_is_odd) noexcept {
  switch (mode) {
    case RoundingMode::half_up: return order >= 0;
    case RoundingMode::half_even: return order > 0 || (order == 0 && quotient_is_odd);
    case RoundingMode::up: return has_remainder;
    case RoundingMode::down: return false;
  }
  return false;
}

Uint128 magnitude(Int128 value) noexcept { return value < 0 ? -static_cast<Uint128>(value) : static_cast<Uint128>(value); }

// a / b rounded to a whole number, a >= 0, b > 0.
Integer round_quotient(const Integer& a, const Integer& b, RoundingMode mode) {
  Integer quotient, remainder;
  divide_qr(a, b, quotient, remainder);
  const Integer missing = b - remainder;
  if (goes_up(mode, remainder != 0, remainder.compare(missing), bit_test(quotient, 0))) ++quotient;
  return quotient;
}

}  // namespace

std::string_view rounding_mode_name(RoundingMode mode) {
  switch (mode) {
    case RoundingMode::half_up: return "half up";
    case RoundingMode::half_even: return "half even";
    case RoundingMode::up: return "up";
    case RoundingMode::down: return "down";
  }
  return "";
}

Rational round_to(const Rational& value, const Rational& quantum, RoundingMode mode) {
  WATTLAW_ASSERT(quantum > 0, "a rounding unit is positive");
  const Rational steps = abs(value) / quantum;
  const Integer whole = round_quotient(numerator(steps), denominator(steps), mode);
  const Rational rounded = quantum * whole;
  return value < 0 ? Rational(-rounded) : rounded;
}

Int128 round_divide(Int128 numerator, Int128 denominator, RoundingMode mode, bool* fault) noexcept {
  if (denominator == 0) {
    *fault = true;
    return 0;
  }
  const bool negative = (numerator < 0) != (denominator < 0);
  const Uint128 a = magnitude(numerator), b = magnitude(denominator);
  Uint128 quotient = a / b;
  const Uint128 remainder = a - quotient * b, missing = b - remainder;
  const int order = remainder == missing ? 0 : remainder > missing ? 1 : -1;
  if (goes_up(mode, remainder != 0, order, quotient & 1)) ++quotient;
  if (!negative && quotient >> 127) {
    *fault = true;
    return 0;
  }
  return static_cast<Int128>(negative ? -quotient : quotient);
}

Rational divide_rounded(const Rational& numerator, const Rational& denominator) {
  WATTLAW_ASSERT(denominator != 0, "the divisor is not zero");
  static const Rational quantum(Integer(1), boost::multiprecision::pow(Integer(10), kDividePlaces));
  return round_to(numerator / denominator, quantum, RoundingMode::half_even);
}

Rational root_rounded(const Rational& value, const Rational& quantum, RoundingMode mode) {
  WATTLAW_ASSERT(value >= 0 && quantum > 0, "a root is taken of no negative value, in a positive unit");
  // root(value) / quantum = root(a / b). Its whole part is root(floor(a / b)); the rest is decided by comparing squares, never by digits.
  const Rational square = value / (quantum * quantum);
  const Integer a = numerator(square), b = denominator(square);
  Integer whole = sqrt(Integer(a / b));
  const Integer twice_middle = 2 * whole + 1;
  const int order = Integer(4 * a).compare(Integer(twice_middle * twice_middle * b));
  if (goes_up(mode, whole * whole * b != a, order, bit_test(whole, 0))) ++whole;
  return quantum * whole;
}

}  // namespace wattlaw
