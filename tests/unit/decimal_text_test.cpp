#include <gtest/gtest.h>

#include "runtime/number/rational.h"

namespace wattlaw {
namespace {

Rational fraction(long a, long b) { return Rational(Integer(a), Integer(b)); }

TEST(parse_decimal, reads_digits_with_one_point) {
  EXPECT_EQ(parse_decimal("12.50"), fraction(25, 2));
  EXPECT_EQ(parse_decimal("-0.001"), fraction(-1, 1000));
  EXPECT_EQ(parse_decimal("007"), fraction(7, 1));  // never octal
  EXPECT_EQ(parse_decimal("010"), fraction(10, 1));
  EXPECT_EQ(parse_decimal("0"), fraction(0, 1));
}

TEST(parse_decimal, keeps_every_digit) {
  // 40 digits: 10^39 + 1.
  EXPECT_EQ(parse_decimal("1" + std::string(38, '0') + "1"), Rational(boost::multiprecision::pow(Integer(10), 39) + 1));
  // 18 digits fill one chunk exactly, the 19th starts the next.
  EXPECT_EQ(parse_decimal("999999999999999999"), Rational(Integer(999999999999999999)));
  EXPECT_EQ(parse_decimal("1234567890123456789"), Rational(Integer(1234567890123456789)));
  EXPECT_EQ(parse_decimal("0.0000000000000000001"), Rational(Integer(1), boost::multiprecision::pow(Integer(10), 19)));
}

TEST(parse_decimal, refuses_everything_else) {
  for (const char* text : {"", "-", ".", "-.", "1..2", "1.2.3", "+1", " 1", "1 ", "1e3", "1,5", "--1", "0x10", "nan", "\xd9\xa1"})
    EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
  EXPECT_EQ(parse_decimal(std::string(1000000, '9')), std::nullopt);
}

TEST(print_decimal, is_exact_where_it_can_be) {
  EXPECT_EQ(print_decimal(fraction(25, 2), 0, 12), "12.5");
  EXPECT_EQ(print_decimal(fraction(25, 2), 2, 12), "12.50");
  EXPECT_EQ(print_decimal(fraction(-1, 8), 2, 12), "-0.125");
  EXPECT_EQ(print_decimal(fraction(0, 1), 2, 12), "0.00");
  EXPECT_EQ(print_decimal(fraction(3, 1), 0, 12), "3");
}

TEST(print_decimal, marks_a_rounded_value) {
  EXPECT_EQ(print_decimal(fraction(1, 3), 2, 6), "~0.333333");
  EXPECT_EQ(print_decimal(fraction(-2, 3), 2, 6), "~-0.666667");
  // 1/8 needs three places and two are allowed: 0.125 lies between 0.12 and 0.13, half even takes 0.12.
  EXPECT_EQ(print_decimal(fraction(1, 8), 0, 2), "~0.12");
}

TEST(print_fixed, rounds_half_even_and_groups) {
  EXPECT_EQ(print_fixed(fraction(1234567891, 1000), 2, true), "1,234,567.89");
  EXPECT_EQ(print_fixed(fraction(999, 1), 2, true), "999.00");
  EXPECT_EQ(print_fixed(fraction(1000, 1), 0, true), "1,000");
  EXPECT_EQ(print_fixed(fraction(-123456, 1), 0, true), "-123,456");
  EXPECT_EQ(print_fixed(fraction(5, 1000), 2, false), "0.00");
  EXPECT_EQ(print_fixed(fraction(15, 1000), 2, false), "0.02");
  EXPECT_EQ(print_fixed(fraction(-1, 1000), 2, false), "0.00");  // no minus before a zero
}

TEST(print_decimal, and_parse_decimal_agree) {
  for (long mantissa = -5000; mantissa <= 5000; mantissa += 7)
    EXPECT_EQ(parse_decimal(print_decimal(fraction(mantissa, 1000), 0, 12)), fraction(mantissa, 1000));
}

}  // namespace
}  // namespace wattlaw
