#include <gtest/gtest.h>

#include "runtime/number/integer_column.h"

namespace wattlaw {
namespace {

constexpr Int128 kWide = Int128{1} << 100;

std::vector<Int128> values_of(const IntegerColumn& column) {
  std::vector<Int128> values;
  for (size_t i = 0; i < column.size(); ++i) values.push_back(column[i]);
  return values;
}

TEST(integer_column, takes_eight_bytes_a_cell_while_they_do) {
  IntegerColumn column{1, -2, INT64_MAX, INT64_MIN};
  ASSERT_TRUE(column.narrow());
  EXPECT_EQ(column.narrow()[3], INT64_MIN);
  column.set(1, Int128{INT64_MAX} + 1);
  EXPECT_FALSE(column.narrow());
  EXPECT_TRUE(values_of(column) == (std::vector<Int128>{1, Int128{INT64_MAX} + 1, INT64_MAX, INT64_MIN}));
  EXPECT_TRUE((IntegerColumn{kWide, 1}).wide());
}

TEST(integer_column, has_no_memory_for_zeros) {
  IntegerColumn column(3);
  EXPECT_FALSE(column.narrow());
  EXPECT_FALSE(column.wide());
  EXPECT_TRUE(values_of(column) == std::vector<Int128>(3));
  column.set(2, 7);
  EXPECT_TRUE(values_of(column) == (std::vector<Int128>{0, 0, 7}));
  column.resize(4);
  EXPECT_TRUE(values_of(column) == (std::vector<Int128>{0, 0, 7, 0}));
  column.assign(2, kWide);
  EXPECT_TRUE(values_of(column) == (std::vector<Int128>{kWide, kWide}));
}

TEST(integer_column, shares_cells_until_one_changes) {
  for (const Int128 first : {Int128{5}, kWide}) {
    IntegerColumn column{first, 6}, copy = column;
    EXPECT_EQ(copy.narrow(), column.narrow());
    EXPECT_EQ(copy.wide(), column.wide());
    copy.set(1, 9);
    EXPECT_TRUE(column[1] == 6);
    EXPECT_TRUE(copy[1] == 9);
    EXPECT_TRUE(copy[0] == first);
  }
}

TEST(divide_by_common, finds_what_divides_all) {
  IntegerColumn column{-12, 0, 18, 30};
  EXPECT_EQ(column.divide_by_common(), 6);
  EXPECT_TRUE(values_of(column) == (std::vector<Int128>{-2, 0, 3, 5}));
  EXPECT_EQ(column.divide_by_common(), 1);
  EXPECT_EQ(IntegerColumn(2).divide_by_common(), 0);
  IntegerColumn wide{kWide * 3, -kWide * 2};
  EXPECT_EQ(wide.divide_by_common(), Integer(1) << 100);
  EXPECT_TRUE(values_of(wide) == (std::vector<Int128>{3, -2}));
  IntegerColumn least{INT64_MIN, 0, INT64_MIN};  // its magnitude is 2^63, one more than an int64 holds
  EXPECT_EQ(least.divide_by_common(), Integer(1) << 63);
  EXPECT_TRUE(values_of(least) == (std::vector<Int128>{-1, 0, -1}));
}

TEST(divide_by_common, leaves_the_columns_it_shared_cells_with) {
  IntegerColumn column{4, 8}, copy = column;
  EXPECT_EQ(copy.divide_by_common(), 4);
  EXPECT_TRUE(column[1] == 8);
  EXPECT_TRUE(copy[1] == 2);
}

TEST(subtract_scaled, is_exact_at_any_width) {
  // 3 × 10 - 7 × 4 = 2; -1 × 10 - 0 = -10
  const auto near = subtract_scaled({3, -1}, 10, {7, 0}, 4);
  ASSERT_TRUE(near && near->narrow());
  EXPECT_TRUE(values_of(*near) == (std::vector<Int128>{2, -10}));
  // A product leaves 64 bits, the difference of two such products may come back: it stays wide and right.
  const auto far = subtract_scaled({INT64_MAX, 1}, 1000, {INT64_MAX, 0}, 999);
  ASSERT_TRUE(far);
  EXPECT_TRUE(values_of(*far) == (std::vector<Int128>{INT64_MAX, 1000}));
  const auto mixed = subtract_scaled({kWide, 5}, 2, IntegerColumn(2), 3);
  ASSERT_TRUE(mixed);
  EXPECT_TRUE(values_of(*mixed) == (std::vector<Int128>{kWide * 2, 10}));
  EXPECT_FALSE(subtract_scaled({Int128{1} << 126}, 2, {0}, 1));
}

TEST(gcd128, acts_on_magnitudes) {
  EXPECT_TRUE(gcd128(0, -6) == 6);
  EXPECT_TRUE(gcd128(-6, 4) == 2);
  EXPECT_TRUE(gcd128(kWide * 9, kWide * -6) == kWide * 3);
}

}  // namespace
}  // namespace wattlaw
