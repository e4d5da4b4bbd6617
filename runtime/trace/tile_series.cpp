#include "runtime/trace/tile_series.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

// From here on a mapping of its own pays: pages arrive zeroed when first touched, 2 MiB at a time.
constexpr size_t kMapFromBytes = size_t{1} << 20;

std::shared_ptr<uint8_t[]> make_zeroed_bytes(size_t size) {
  if (size < kMapFromBytes) {
    const size_t rounded = (std::max<size_t>(size, 1) + 63) / 64 * 64;
    auto* bytes = static_cast<uint8_t*>(std::aligned_alloc(64, rounded));
    if (bytes == nullptr) return nullptr;
    std::memset(bytes, 0, rounded);
    return {bytes, [](uint8_t* pointer) { std::free(pointer); }};
  }
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  madvise(mapped, size, MADV_HUGEPAGE);  // a refusal costs speed only
  return {static_cast<uint8_t*>(mapped), [size](uint8_t* pointer) { munmap(pointer, size); }};
}

}  // namespace

void TileSeries::set(uint32_t member, uint32_t step, int64_t value) {
  const auto put = [&]<typename Cell>(Cell* cells) {
    WATTLAW_ASSERT(value == static_cast<Cell>(value), "the value fits the width");
    cells[index(member, step)] = static_cast<Cell>(value);
  };
  switch (width) {
    case 1: return put(reinterpret_cast<int8_t*>(bytes.get()));
    case 2: return put(reinterpret_cast<int16_t*>(bytes.get()));
    case 4: return put(reinterpret_cast<int32_t*>(bytes.get()));
    default: return put(reinterpret_cast<int64_t*>(bytes.get()));
  }
}

Quality TileSeries::quality_at(uint32_t member, uint32_t step) const {
  // The last run that begins at or before (member, step); runs of a member do not overlap.
  auto after = std::upper_bound(quality.begin(), quality.end(), std::pair(member, step),
                                [](const auto& at, const QualityRun& run) { return at < std::pair(run.member, run.first_step); });
  if (after == quality.begin()) return Quality::measured;
  const QualityRun& run = *std::prev(after);
  return run.member == member && step <= run.last_step ? run.quality : Quality::measured;
}

TileSeries make_tile_series(uint32_t members, uint32_t steps, uint8_t width, Quantum quantum) {
  TileSeries series;
  series.members = members;
  series.steps = steps;
  series.width = width;
  series.quantum = std::move(quantum);
  series.bytes = make_zeroed_bytes(size_t{series.tiles()} * steps * kTileMembers * width);
  return series;
}

}  // namespace wattlaw
