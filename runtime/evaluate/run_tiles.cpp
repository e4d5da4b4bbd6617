#include "runtime/evaluate/run_tiles.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

namespace wattlaw {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// One lump of memory for a thread's scratch arrays.
struct Scratch {
  std::unique_ptr<void, decltype(&std::free)> memory{nullptr, std::free};
  std::vector<void*> arrays;
};

Scratch make_scratch(const Program& program) {
  size_t total = 0;
  for (const ProgramArray& array : program.arrays)
    if (array.kind == ProgramArray::Kind::per_thread) total += aligned(array.bytes);
  const size_t alignment = total >= kHugePage ? kHugePage : kAlignment;
  total = std::max((total + alignment - 1) / alignment * alignment, alignment);
  Scratch scratch;
  scratch.memory.reset(std::aligned_alloc(alignment, total));
  if (alignment == kHugePage) madvise(scratch.memory.get(), total, MADV_HUGEPAGE);
  auto* at = static_cast<uint8_t*>(scratch.memory.get());
  std::memset(at, 0, total);
  for (const ProgramArray& array : program.arrays) {
    scratch.arrays.push_back(array.kind == ProgramArray::Kind::per_thread ? at : nullptr);
    if (array.kind == ProgramArray::Kind::per_thread) at += aligned(array.bytes);
  }
  return scratch;
}

template <class T>
void fill(void* memory, size_t bytes, const std::vector<Int128>& initial) {
  T* at = static_cast<T*>(memory);
  const size_t count = bytes / sizeof(T);
  if (initial.size() == 1 && initial[0] == 0) {
    std::memset(memory, 0, bytes);
    return;
  }
  size_t i = 0;
  while (i < count)
    for (const Int128 value : initial) {
      const size_t end = std::min(i + kTileLanes, count);
      std::fill(at + i, at + end, static_cast<T>(value));
      i = end;
    }
}

void begin_tile(const Program& program, uint32_t tile, Scratch& scratch) {
  for (size_t i = 0; i < program.arrays.size(); ++i) {
    const ProgramArray& array = program.arrays[i];
    if (array.kind != ProgramArray::Kind::per_thread) {
      scratch.arrays[i] = const_cast<uint8_t*>(array.base) + array.tile_stride * tile;
    } else if (array.initialise) {
      if (array.element_bytes == 4) fill<int32_t>(scratch.arrays[i], array.bytes, array.initial);
      else if (array.element_bytes == 8) fill<int64_t>(scratch.arrays[i], array.bytes, array.initial);
      else fill<Int128>(scratch.arrays[i], array.bytes, array.initial);
    }
  }
}

void run_step(const ProgramStep& step, uint32_t block, void* const* arrays) {
  const uint32_t first = block == 0 ? 0 : step.block_ends[block - 1], last = step.block_ends[block];
  if (first == last) return;
  if (step.stage) step.stage(arrays, first, last);
  else step.gather(static_cast<const uint8_t*>(arrays[step.slots]) + step.slots_offset, static_cast<const int64_t*>(arrays[step.table]), arrays[step.out], first, last);
}

}  // namespace

void run_tiles(const Program& program, unsigned threads, const TileDone& done) {
  threads = std::clamp(threads, 1u, std::max(program.tiles, 1u));
  const auto work = [&](unsigned thread) {
    Scratch scratch = make_scratch(program);
    const uint32_t begin = static_cast<uint64_t>(program.tiles) * thread / threads, end = static_cast<uint64_t>(program.tiles) * (thread + 1) / threads;
    for (uint32_t tile = begin; tile < end; ++tile) {
      begin_tile(program, tile, scratch);
      for (uint32_t block = 0; block < program.blocks; ++block)
        for (uint32_t i = 0; i < program.blocked_steps; ++i) run_step(program.steps[i], block, scratch.arrays.data());
      for (uint32_t i = program.blocked_steps; i < program.steps.size(); ++i) run_step(program.steps[i], 0, scratch.arrays.data());
      done(tile, thread, scratch.arrays.data());
    }
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
  work(0);
  for (std::thread& other : others) other.join();
}

}  // namespace wattlaw
