// Checked int128 arithmetic and its text; conversions to and from Integer.
#pragma once
#include <string>

#include "runtime/number/rational.h"
#include "runtime/number/rounding.h"

namespace wattlaw {

std::string print_int128(Int128 value);
Integer to_integer(Int128 value);
bool fits_int128(const Integer& value);
Int128 to_int128(const Integer& value);  // fits_int128(value)
// Greatest common divisor of the magnitudes; of 0 and b it is |b|. Not both are among 0 and -2^127.
Int128 gcd128(Int128 a, Int128 b);

// A static scale: the value of one mantissa unit, numerator/denominator of the canonical unit (kWh, kW, h, major currency unit, 1).
struct Quantum {
  Integer numerator = 1, denominator = 1;  // reduced, both > 0
  Rational value() const { return Rational(numerator, denominator); }
  static Quantum of(const Rational& value);
  bool operator==(const Quantum&) const = default;
};
// The coarsest quantum of which both are whole multiples (rational gcd).
Quantum common_quantum(const Quantum& a, const Quantum& b);
// value / quantum when that is whole.
std::optional<Integer> mantissa_of(const Rational& value, const Quantum& quantum);

}  // namespace wattlaw
