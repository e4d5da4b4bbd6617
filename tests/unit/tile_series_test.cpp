#include "runtime/trace/tile_series.h"

#include <gtest/gtest.h>

namespace wattlaw {
namespace {

TEST(TileSeries, lays_32_members_beside_each_other) {
  // member 33 is lane 1 of tile 1: (1 * 10 steps + 7) * 32 + 1 = 545
  const TileSeries series = make_tile_series(40, 10, 4, Quantum{1, 1000});
  EXPECT_EQ(series.tiles(), 2u);
  EXPECT_EQ(series.index(33, 7), 545u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(series.bytes.get()) % 64, 0u);
  for (uint32_t step = 0; step < 10; ++step) EXPECT_EQ(series.at(39, step), 0);
}

TEST(TileSeries, keeps_values_of_both_widths) {
  TileSeries narrow = make_tile_series(1, 2, 4, {}), wide = make_tile_series(1, 2, 8, {});
  narrow.set(0, 1, -2147483648LL);
  wide.set(0, 1, 2147483648LL);
  EXPECT_EQ(narrow.at(0, 1), -2147483648LL);
  EXPECT_EQ(wide.at(0, 1), 2147483648LL);
  EXPECT_EQ(narrow.at(0, 0), 0);
}

TEST(TileSeries, large_series_are_zero_and_writable_to_the_last_cell) {
  // 64 members x 10,000 steps x 4 bytes = 2.56 MB, past the size from which memory is mapped.
  TileSeries series = make_tile_series(64, 10000, 4, {});
  EXPECT_EQ(series.at(63, 9999), 0);
  series.set(63, 9999, 7);
  EXPECT_EQ(series.at(63, 9999), 7);
}

TEST(TileSeries, quality_comes_from_the_run_that_covers_the_step) {
  TileSeries series = make_tile_series(3, 100, 4, {});
  series.quality = {{0, 10, 19, Quality::estimated}, {1, 0, 0, Quality::missing}, {1, 5, 6, Quality::substituted}};
  EXPECT_EQ(series.quality_at(0, 9), Quality::measured);
  EXPECT_EQ(series.quality_at(0, 10), Quality::estimated);
  EXPECT_EQ(series.quality_at(0, 19), Quality::estimated);
  EXPECT_EQ(series.quality_at(0, 20), Quality::measured);
  EXPECT_EQ(series.quality_at(1, 0), Quality::missing);
  EXPECT_EQ(series.quality_at(1, 1), Quality::measured);
  EXPECT_EQ(series.quality_at(1, 6), Quality::substituted);
  EXPECT_EQ(series.quality_at(2, 5), Quality::measured);
}

}  // namespace
}  // namespace wattlaw
