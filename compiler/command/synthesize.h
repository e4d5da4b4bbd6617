// synthesize: traces that look like the real thing and belong to nobody. `wattlaw synthesize homes|fleet|prices|sessions|frequency|reserves --out …`
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/command/console.h"

namespace wattlaw {

struct SynthesizeOptions {
  std::string what;                      // "homes", "fleet", "prices", "sessions"
  std::string out;                       // a folder for homes and fleet, a file for the others
  std::string from = "2026-01-01", until = "2027-01-01", zone = "Europe/Oslo";
  int step_minutes = 60;
  uint32_t count = 100;                  // homes, vehicles
  uint64_t seed = 1;
  bool wide = false;
  std::vector<std::string> tax_zones;
  std::string currency = "NOK";
  std::string pool;                      // fleet: all vehicles sell together under this name; empty: no such column
};

int synthesize_traces(const Console& console, const SynthesizeOptions& options);

}  // namespace wattlaw
