// RandomStream: splitmix64. The same numbers on every machine; integers only, so that no library's rounding can change a digit.
#pragma once
#include <cstdint>

namespace wattlaw {

class RandomStream {
 public:
  // Streams of one seed that differ in `branch` (a home, a day) are independent of each other and of how many there are.
  RandomStream(uint64_t seed, uint64_t branch) : state_(seed) { state_ = next() ^ (branch + 1) * 0xD1342543DE82EF95u; }
  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  // Even over [low, high], both inclusive.
  int64_t between(int64_t low, int64_t high) {
    const auto span = static_cast<uint64_t>(high - low) + 1;
    return low + static_cast<int64_t>(static_cast<uint64_t>(static_cast<unsigned __int128>(next()) * span >> 64));
  }
  // A bell around 0, never beyond 2 * spread: the sum of four even draws.
  int64_t bell(int64_t spread) { return (between(-spread, spread) + between(-spread, spread) + between(-spread, spread) + between(-spread, spread)) / 2; }
  bool happens(int64_t permille) { return between(0, 999) < permille; }

 private:
  uint64_t state_;
};

}  // namespace wattlaw
