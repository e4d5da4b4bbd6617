// Exact numbers as text for files: a decimal where one exists, else a fraction "a/b". The hot path of a ledger's rows.
#pragma once
#include <string>

#include "runtime/number/wide_integer.h"

namespace wattlaw {

// "12.5", "1/3".
std::string print_exact(const Rational& value, int min_places);
// "1,234".
inline std::string group_digits(uint64_t value) { return print_fixed(Rational(Integer(value)), 0, true); }

// Prints mantissas of one quantum. A decimal quantum needs no fractions: digits, then the point.
class MantissaPrinter {
 public:
  MantissaPrinter(const Quantum& quantum, int min_places);
  void append(std::string& out, Int128 mantissa) const;

 private:
  Quantum quantum_;
  int min_places_;
  int places_ = -1;     // decimals of the quantum; -1 if it is no short decimal
  Int128 factor_ = 1;   // mantissa * factor_ is the value in units of 10^-places_
};

}  // namespace wattlaw
