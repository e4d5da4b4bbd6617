#include <gtest/gtest.h>

#include "runtime/number/wide_integer.h"

namespace wattlaw {
namespace {

Rational fraction(long a, long b) { return Rational(Integer(a), Integer(b)); }

TEST(print_int128, prints_the_whole_range) {
  const auto most = static_cast<Int128>((static_cast<unsigned __int128>(1) << 127) - 1);
  EXPECT_EQ(print_int128(0), "0");
  EXPECT_EQ(print_int128(-42), "-42");
  EXPECT_EQ(print_int128(most), "170141183460469231731687303715884105727");
  EXPECT_EQ(print_int128(-most - 1), "-170141183460469231731687303715884105728");
}

TEST(int128, converts_both_ways_at_the_edges) {
  const auto most = static_cast<Int128>((static_cast<unsigned __int128>(1) << 127) - 1);
  for (const Int128 value : {Int128{0}, Int128{-1}, Int128{1} << 64, -(Int128{1} << 64), (Int128{1} << 64) - 1, most, -most, -most - 1}) {
    EXPECT_EQ(to_integer(value).str(), print_int128(value));
    EXPECT_TRUE(to_int128(to_integer(value)) == value);
  }
  EXPECT_TRUE(fits_int128(to_integer(most)));
  EXPECT_FALSE(fits_int128(to_integer(most) + 1));
  EXPECT_TRUE(fits_int128(to_integer(-most) - 1));
  EXPECT_FALSE(fits_int128(to_integer(-most) - 2));
}

TEST(quantum, is_the_reduced_magnitude) {
  EXPECT_EQ(Quantum::of(fraction(2, 2000)), (Quantum{1, 1000}));
  EXPECT_EQ(Quantum::of(fraction(-3, 4)), (Quantum{3, 4}));
  EXPECT_EQ(Quantum::of(0), (Quantum{1, 1}));
}

TEST(common_quantum, is_the_rational_gcd) {
  EXPECT_EQ(common_quantum({1, 100}, {1, 4}), (Quantum{1, 100}));
  // 3/10 and 1/4 are 6/20 and 5/20: the coarsest unit of both is 1/20.
  EXPECT_EQ(common_quantum({3, 10}, {1, 4}), (Quantum{1, 20}));
  // 6 and 4 are multiples of 2.
  EXPECT_EQ(common_quantum({6, 1}, {4, 1}), (Quantum{2, 1}));
  const Quantum both = common_quantum({7, 12}, {5, 18});
  EXPECT_TRUE(mantissa_of(fraction(7, 12), both) && mantissa_of(fraction(5, 18), both));
}

TEST(mantissa_of, is_there_only_for_whole_multiples) {
  EXPECT_EQ(mantissa_of(fraction(5, 4), {1, 100}), Integer(125));
  EXPECT_EQ(mantissa_of(fraction(-5, 4), {1, 100}), Integer(-125));
  EXPECT_EQ(mantissa_of(fraction(1, 3), {1, 100}), std::nullopt);
  EXPECT_EQ(mantissa_of(0, {7, 3}), Integer(0));
}

}  // namespace
}  // namespace wattlaw
