// TileSeries: one quantity of every member at every step, as integers in tiles of 32 members: [member / 32][step][member % 32].
// A lane of a vector register is a member, so prices and the calendar are uniform scalars of a step. Lanes past the last member are 0.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/number/wide_integer.h"

namespace wattlaw {

inline constexpr uint32_t kTileMembers = 32;

enum class Quality : uint8_t { measured, estimated, substituted, missing };

struct QualityRun {  // sparse: only what is not `measured`
  uint32_t member, first_step, last_step;  // inclusive
  Quality quality;
};

struct TileSeries {
  uint32_t members = 0, steps = 0;
  uint8_t width = 4;           // bytes per value, with a sign: 1, 2, 4 or 8
  Quantum quantum;             // value of 1 in the canonical unit (energy: 1/1000 kWh)
  std::shared_ptr<uint8_t[]> bytes;  // 64-byte aligned, tiles() * steps * 32 * width
  int64_t min = 0, max = 0;    // over all members and steps
  std::vector<QualityRun> quality;   // by member, then step

  uint32_t tiles() const { return (members + kTileMembers - 1) / kTileMembers; }
  size_t index(uint32_t member, uint32_t step) const {
    return (size_t{member / kTileMembers} * steps + step) * kTileMembers + member % kTileMembers;
  }
  int64_t at(uint32_t member, uint32_t step) const { return cell(index(member, step)); }
  int64_t cell(size_t index) const {
    switch (width) {
      case 1: return reinterpret_cast<const int8_t*>(bytes.get())[index];
      case 2: return reinterpret_cast<const int16_t*>(bytes.get())[index];
      case 4: return reinterpret_cast<const int32_t*>(bytes.get())[index];
      default: return reinterpret_cast<const int64_t*>(bytes.get())[index];
    }
  }
  void set(uint32_t member, uint32_t step, int64_t value);  // fits the width
  Quality quality_at(uint32_t member, uint32_t step) const;
};
// The least width that holds values from -most - 1 to most.
inline uint8_t width_for(int64_t most) { return most <= INT8_MAX ? 1 : most <= INT16_MAX ? 2 : most <= INT32_MAX ? 4 : 8; }
// Zeroed, huge-page advised.
TileSeries make_tile_series(uint32_t members, uint32_t steps, uint8_t width, Quantum quantum);

// One value a step for everybody: prices, signals. Mantissas at `quantum`.
struct ClockSeries {
  Quantum quantum;
  std::vector<int64_t> values;
  std::vector<QualityRun> quality;  // member is 0
};

}  // namespace wattlaw
