// Rounding and division: the barriers of law. One text for the interpreter (Rational) and the kernels (int128).
// Modes act on magnitudes, so payer and payee see the same figure (design: `half up` is half away from zero).
#pragma once
#include <cstdint>
#include <string_view>

#include "runtime/number/rational.h"

namespace wattlaw {

using Int128 = __int128;

enum class RoundingMode : uint8_t { half_up, half_even, up, down };
std::string_view rounding_mode_name(RoundingMode mode);  // "half up"

// The multiple of `quantum` (> 0) that `value` rounds to.
Rational round_to(const Rational& value, const Rational& quantum, RoundingMode mode);

// numerator / denominator rounded to a whole number. denominator != 0. Exact for all int128 except overflow of -2^127 / -1,
// which sets *fault. noexcept: called from kernels.
Int128 round_divide(Int128 numerator, Int128 denominator, RoundingMode mode, bool* fault) noexcept;

// Division by a run-time value: 12 decimal places of the canonical unit, half even (language.md section 4).
inline constexpr int kDividePlaces = 12;
Rational divide_rounded(const Rational& numerator, const Rational& denominator);  // denominator != 0

// Square root of value >= 0, rounded to a multiple of `quantum` > 0 exactly as if the real root had been rounded.
Rational root_rounded(const Rational& value, const Rational& quantum, RoundingMode mode);

}  // namespace wattlaw
