// Random tariffs as text, with traces to settle them on: the same seed gives the same case on every machine.
#pragma once
#include <cstdint>
#include <string>

#include "compiler/compile.h"
#include "runtime/trace/trace_request.h"

namespace wattlaw {

// splitmix64: small, good enough to scatter cases, and the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  int below(int n) { return static_cast<int>(next() % static_cast<uint64_t>(n)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  bool one_in(int n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

std::string random_script(uint64_t seed);

// Sites, series and attributes for a compiled scenario: quiet homes, spiky ones, zero, constant and huge values.
Traces random_traces(const TypedProgram& program, const Settlement& settlement, const Clock& clock, uint64_t seed);

}  // namespace wattlaw
