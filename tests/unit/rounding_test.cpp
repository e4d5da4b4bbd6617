#include "runtime/number/rounding.h"

#include <gtest/gtest.h>

#include <random>

#include "runtime/number/wide_integer.h"

namespace wattlaw {
namespace {

constexpr RoundingMode kModes[] = {RoundingMode::half_up, RoundingMode::half_even, RoundingMode::up, RoundingMode::down};
constexpr Int128 kMost = static_cast<Int128>((static_cast<unsigned __int128>(1) << 127) - 1), kLeast = -kMost - 1;

Rational fraction(long a, long b) { return Rational(Integer(a), Integer(b)); }

TEST(round_to, acts_on_magnitudes) {
  struct Row {
    long tenths;
    long half_up, half_even, up, down;
  };
  for (const Row& row : {Row{24, 2, 2, 3, 2}, Row{25, 3, 2, 3, 2}, Row{26, 3, 3, 3, 2}, Row{35, 4, 4, 4, 3}, Row{30, 3, 3, 3, 3}, Row{0, 0, 0, 0, 0}}) {
    for (const long sign : {1, -1}) {
      const Rational value = fraction(sign * row.tenths, 10);
      EXPECT_EQ(round_to(value, 1, RoundingMode::half_up), sign * row.half_up) << value;
      EXPECT_EQ(round_to(value, 1, RoundingMode::half_even), sign * row.half_even) << value;
      EXPECT_EQ(round_to(value, 1, RoundingMode::up), sign * row.up) << value;
      EXPECT_EQ(round_to(value, 1, RoundingMode::down), sign * row.down) << value;
    }
  }
  // 1.13 to a quarter: 4.52 quarters, so 5 quarters half up and 4 down.
  EXPECT_EQ(round_to(fraction(113, 100), fraction(1, 4), RoundingMode::half_up), fraction(5, 4));
  EXPECT_EQ(round_to(fraction(113, 100), fraction(1, 4), RoundingMode::down), fraction(1, 1));
}

// Random numerators and denominators of all sizes, ties made on purpose; the oracle is round_to over unbounded fractions.
TEST(round_divide, agrees_with_exact_fractions) {
  std::mt19937_64 random(20261122);
  const auto draw = [&]() {
    const auto bits = static_cast<unsigned __int128>(random()) << 64 | random();
    return static_cast<Int128>(bits) >> (random() % 127);
  };
  for (int i = 0; i < 100000; ++i) {
    Int128 numerator = draw(), denominator = draw();
    if (denominator == 0) denominator = 1;
    if (i % 4 == 0) {  // a tie: an odd multiple of half the denominator
      denominator = (draw() >> 64) * 2;
      if (denominator == 0) denominator = 2;
      numerator = denominator / 2 * ((draw() >> 66) * 2 + 1);
    }
    if (numerator == kLeast && denominator == -1) continue;
    const RoundingMode mode = kModes[random() % 4];
    bool fault = false;
    const Int128 rounded = round_divide(numerator, denominator, mode, &fault);
    const Rational exact = round_to(Rational(to_integer(numerator)) / Rational(to_integer(denominator)), 1, mode);
    ASSERT_EQ(Rational(to_integer(rounded)), exact)
        << print_int128(numerator) << " / " << print_int128(denominator) << " " << rounding_mode_name(mode);
    ASSERT_FALSE(fault);
  }
}

TEST(round_divide, holds_at_the_ends_of_the_range) {
  for (const RoundingMode mode : kModes) {
    bool fault = false;
    EXPECT_EQ(round_divide(kMost, 1, mode, &fault), kMost);
    EXPECT_EQ(round_divide(kMost, -1, mode, &fault), -kMost);
    EXPECT_EQ(round_divide(kLeast, 1, mode, &fault), kLeast);
    EXPECT_EQ(round_divide(kLeast, kLeast, mode, &fault), 1);
    EXPECT_EQ(round_divide(kMost, kMost, mode, &fault), 1);
    EXPECT_FALSE(fault);
    round_divide(kLeast, -1, mode, &fault);
    EXPECT_TRUE(fault);
  }
  bool fault = false;
  // 2^127 - 1 over 2^127: just below one.
  EXPECT_EQ(round_divide(kMost, kLeast, RoundingMode::half_up, &fault), -1);
  EXPECT_EQ(round_divide(kMost, kLeast, RoundingMode::down, &fault), 0);
  EXPECT_FALSE(fault);
  EXPECT_EQ(round_divide(1, 0, RoundingMode::down, &fault), 0);
  EXPECT_TRUE(fault);
}

TEST(divide_rounded, keeps_twelve_places_half_even) {
  EXPECT_EQ(divide_rounded(1, 3), *parse_decimal("0.333333333333"));
  EXPECT_EQ(divide_rounded(-2, 3), *parse_decimal("-0.666666666667"));
  // 0.0000000000005 lies half way to 10^-12 and goes to the even 0; three times that goes to 2 * 10^-12.
  EXPECT_EQ(divide_rounded(5, Rational(Integer(10000000000000))), 0);
  EXPECT_EQ(divide_rounded(15, Rational(Integer(10000000000000))), *parse_decimal("0.000000000002"));
}

TEST(root_rounded, rounds_as_if_the_real_root_were_known) {
  // 1.41421356237309504880…
  EXPECT_EQ(root_rounded(2, fraction(1, 100), RoundingMode::half_up), fraction(141, 100));
  EXPECT_EQ(root_rounded(2, fraction(1, 100), RoundingMode::up), fraction(142, 100));
  EXPECT_EQ(root_rounded(2, Rational(Integer(1), Integer("10000000000000000000")), RoundingMode::half_even), *parse_decimal("1.414213562373095048" "8"));
  EXPECT_EQ(root_rounded(0, 1, RoundingMode::up), 0);
  EXPECT_EQ(root_rounded(fraction(9, 4), fraction(1, 2), RoundingMode::up), fraction(3, 2));  // exact: nothing to round up
  // root(2.25) = 1.5: a tie between 1 and 2.
  EXPECT_EQ(root_rounded(fraction(9, 4), 1, RoundingMode::half_up), 2);
  EXPECT_EQ(root_rounded(fraction(9, 4), 1, RoundingMode::half_even), 2);
  EXPECT_EQ(root_rounded(fraction(25, 4), 1, RoundingMode::half_even), 2);  // 2.5 goes to the even 2
  EXPECT_EQ(root_rounded(fraction(25, 4), 1, RoundingMode::half_up), 3);
  EXPECT_EQ(root_rounded(fraction(25, 4), 1, RoundingMode::down), 2);
}

// The result r is right if (r - q)^2 < x < (r + q)^2 with the mode's own bounds; checked by squares alone.
TEST(root_rounded, is_within_its_bounds_for_random_values) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const Rational value(Integer(random()), Integer(random() % 100000 + 1)), quantum(Integer(random() % 50 + 1), Integer(random() % 1000 + 1));
    const Rational down = root_rounded(value, quantum, RoundingMode::down), up = root_rounded(value, quantum, RoundingMode::up);
    const Rational near = root_rounded(value, quantum, RoundingMode::half_up);
    ASSERT_LE(down * down, value);
    ASSERT_GE(up * up, value);
    ASSERT_TRUE(up == down + quantum || (up == down && up * up == value));
    const Rational middle = down + quantum / 2;
    ASSERT_EQ(near, middle * middle <= value ? Rational(down + quantum) : down);
  }
}

}  // namespace
}  // namespace wattlaw
