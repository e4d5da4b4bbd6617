#include "runtime/number/wide_integer.h"

namespace wattlaw {

// Zero is a multiple of everything, so any quantum serves it: 1.
Quantum Quantum::of(const Rational& value) {
  if (value == 0) return {};
  return {abs(boost::multiprecision::numerator(value)), boost::multiprecision::denominator(value)};
}

// gcd(a/b, c/d) = gcd(a, c) / lcm(b, d) for reduced fractions, and is reduced itself.
Quantum common_quantum(const Quantum& a, const Quantum& b) {
  return {gcd(a.numerator, b.numerator), lcm(a.denominator, b.denominator)};
}

std::optional<Integer> mantissa_of(const Rational& value, const Quantum& quantum) {
  const Integer dividend = numerator(value) * quantum.denominator, divisor = denominator(value) * quantum.numerator;
  Integer quotient, remainder;
  divide_qr(dividend, divisor, quotient, remainder);
  if (remainder != 0) return std::nullopt;
  return quotient;
}

}  // namespace wattlaw
