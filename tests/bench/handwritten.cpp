#include "tests/bench/handwritten.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstddef>

namespace wattlaw::by_hand {
namespace {

// Vectors of 8 members; the 64-bit halves apart, because the processors that g++ 12 knows multiply 4 at a time.
using Narrow = int32_t __attribute__((vector_size(32)));
using Half = int32_t __attribute__((vector_size(16)));
using Quad = int64_t __attribute__((vector_size(32)));
using std::size_t;
constexpr uint32_t kLanes = 32, kChunk = 8;

struct Wide {
  Quad low{}, high{};
};

Narrow load(const int32_t* at) {
  Narrow value;
  __builtin_memcpy(&value, at, sizeof value);
  return value;
}
void store(int64_t* at, const Wide& value) { __builtin_memcpy(at, &value, sizeof value); }

Wide widen(Narrow value) {
  Half low, high;
  __builtin_memcpy(&low, &value, sizeof low);
  __builtin_memcpy(&high, reinterpret_cast<const char*>(&value) + sizeof low, sizeof high);
  return {__builtin_convertvector(low, Quad), __builtin_convertvector(high, Quad)};
}

// Products of the low 32 bits of each.
Quad times(Quad a, Quad b) {
#ifdef __AVX2__
  return reinterpret_cast<Quad>(_mm256_mul_epi32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#else
  return a * b;
#endif
}

void add_product(Wide& sum, Narrow value, Quad factor) {
  const Wide wide = widen(value);
  sum.low += times(wide.low, factor);
  sum.high += times(wide.high, factor);
}
void add(Wide& sum, Narrow value) {
  const Wide wide = widen(value);
  sum.low += wide.low;
  sum.high += wide.high;
}

}  // namespace

int64_t sum_all(const int32_t* values, size_t count) {
  Narrow part[8] = {};
  int64_t total = 0;
  size_t i = 0;
  for (; i + 64 <= count; i += 64)
    for (int k = 0; k < 8; ++k) part[k] += load(values + i + k * 8);
  for (const Narrow& of : part)
    for (int k = 0; k < 8; ++k) total += of[k];
  for (; i < count; ++i) total += values[i];
  return total;
}

Spot spot_bill(const Readings& r) {
  const size_t members = size_t{r.tiles} * kLanes;
  Spot out;
  out.energy.resize(r.month_ends->size() * members);
  out.cost = out.energy;
  const int32_t* price = r.price->data();
  for (uint32_t tile = 0; tile < r.tiles; ++tile) {
    const int32_t* base = r.import + size_t{tile} * r.steps * kLanes;
    uint32_t step = 0;
    for (size_t month = 0; month < r.month_ends->size(); ++month) {
      const uint32_t end = (*r.month_ends)[month];
      Wide cost[4] = {};
      Narrow energy[4] = {};
      for (; step < end; ++step) {
        const Quad p = Quad{} + price[step];
        for (uint32_t c = 0; c < 4; ++c) {
          const Narrow e = load(base + size_t{step} * kLanes + c * kChunk);
          energy[c] += e;
          add_product(cost[c], e, p);
        }
      }
      for (uint32_t c = 0; c < 4; ++c) {
        store(&out.cost[month * members + tile * kLanes + c * kChunk], cost[c]);
        store(&out.energy[month * members + tile * kLanes + c * kChunk], widen(energy[c]));
      }
    }
  }
  return out;
}

Bands bands_bill(const Readings& r) {
  const size_t members = size_t{r.tiles} * kLanes;
  Bands out;
  out.cost.resize(r.month_ends->size() * members);
  out.exported = out.cost;
  for (auto& energy : out.energy) energy = out.cost;
  out.peak.resize(out.cost.size());
  const int32_t* price = r.price->data();
  const uint8_t* band = r.band->data();
  for (uint32_t tile = 0; tile < r.tiles; ++tile) {
    const int32_t *import = r.import + size_t{tile} * r.steps * kLanes, *other = r.other + size_t{tile} * r.steps * kLanes;
    uint32_t step = 0;
    for (size_t month = 0; month < r.month_ends->size(); ++month) {
      const uint32_t end = (*r.month_ends)[month];
      Wide energy[3][4] = {};
      Wide cost[4] = {};
      Narrow exported[4] = {}, peak[4] = {};
      while (step < end) {
        uint32_t run = step + 1;  // steps of one band
        while (run < end && band[run] == band[step]) ++run;
        Narrow part[4] = {};
        const uint8_t which = band[step];
        for (; step < run; ++step) {
          const Quad p = Quad{} + price[step];
          for (uint32_t c = 0; c < 4; ++c) {
            const Narrow e = load(import + size_t{step} * kLanes + c * kChunk);
            part[c] += e;
            peak[c] = peak[c] > e ? peak[c] : e;
            exported[c] += load(other + size_t{step} * kLanes + c * kChunk);
            add_product(cost[c], e, p);
          }
        }
        for (uint32_t c = 0; c < 4; ++c) add(energy[which][c], part[c]);
      }
      for (uint32_t c = 0; c < 4; ++c) {
        const size_t at = month * members + tile * kLanes + c * kChunk;
        for (int b = 0; b < 3; ++b) store(&out.energy[b][at], energy[b][c]);
        store(&out.cost[at], cost[c]);
        store(&out.exported[at], widen(exported[c]));
        __builtin_memcpy(&out.peak[at], &peak[c], sizeof peak[c]);
      }
    }
  }
  return out;
}

std::vector<int64_t> three_peaks(const Readings& r, const std::vector<uint32_t>& day_ends, uint32_t steps_per_hour) {
  const size_t members = size_t{r.tiles} * kLanes;
  std::vector<int64_t> out(r.month_ends->size() * members);
  for (uint32_t tile = 0; tile < r.tiles; ++tile) {
    const int32_t* base = r.import + size_t{tile} * r.steps * kLanes;
    uint32_t step = 0;
    size_t day = 0;
    for (size_t month = 0; month < r.month_ends->size(); ++month) {
      Narrow best[3][4] = {};
      for (; day < day_ends.size() && day_ends[day] <= (*r.month_ends)[month]; ++day) {
        Narrow highest[4] = {};
        for (; step < day_ends[day]; step += steps_per_hour) {
          for (uint32_t c = 0; c < 4; ++c) {
            Narrow hour = {};
            for (uint32_t k = 0; k < steps_per_hour; ++k) hour += load(base + size_t{step + k} * kLanes + c * kChunk);
            highest[c] = highest[c] > hour ? highest[c] : hour;
          }
        }
        for (uint32_t c = 0; c < 4; ++c) {
          Narrow value = highest[c];
          for (auto& held : best) {
            const Narrow higher = held[c] > value ? held[c] : value;
            value = held[c] > value ? value : held[c];
            held[c] = higher;
          }
        }
      }
      for (uint32_t c = 0; c < 4; ++c)
        store(&out[month * members + tile * kLanes + c * kChunk], widen(best[0][c] + best[1][c] + best[2][c]));
    }
  }
  return out;
}

}  // namespace wattlaw::by_hand
