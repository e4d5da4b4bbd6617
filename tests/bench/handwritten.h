// The same work by hand: tiles of 32 members, -O3 for this machine. What the compiler's kernels are measured against, and checked with.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wattlaw::by_hand {

struct Readings {
  const int32_t* import;
  const int32_t* other;                       // export, or null
  uint32_t tiles, steps;
  const std::vector<uint32_t>* month_ends;    // step behind the last of each month
  const std::vector<int32_t>* price;          // mantissas, by step
  const std::vector<uint8_t>* band;           // 0, 1, 2 by step
};

int64_t sum_all(const int32_t* values, std::size_t count);

// [month][tile * 32 + lane]
struct Spot { std::vector<int64_t> energy, cost; };
Spot spot_bill(const Readings& readings);

struct Bands { std::vector<int64_t> energy[3], cost, exported; std::vector<int32_t> peak; };
Bands bands_bill(const Readings& readings);

// Sum of the three highest daily peaks of hourly energy, by month.
std::vector<int64_t> three_peaks(const Readings& readings, const std::vector<uint32_t>& day_ends, uint32_t steps_per_hour);

}  // namespace wattlaw::by_hand
