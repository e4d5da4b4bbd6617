// Settlements for the benchmarks: typed programs made by hand over a year of quarter-hours of 1,984 homes, in memory.
#pragma once
#include <string>
#include <vector>

#include "compiler/plan/settle.h"

namespace wattlaw {

struct BenchData {
  Clock clock;
  Traces traces;                      // import, export, spot
  std::vector<uint32_t> month_ends, day_ends;
  std::vector<int32_t> price;
  std::vector<uint8_t> band;          // of band set 0
};

// Import up to 6 kWh and export up to 4 kWh a quarter-hour from a fixed seed.
BenchData make_bench_data(uint32_t members);

struct BenchProgram {
  TypedProgram program;
  Settlement settlement;
};
BenchProgram spot_program(const BenchData& data);                   // (a) monthly spot bill
BenchProgram bands_program(const BenchData& data);                  // (d) three bands, spot, netting, monthly peak, two blocks
BenchProgram ladder_program(const BenchData& data);                 // mean of the three highest daily peaks, six steps
BenchProgram fused_program(const BenchData& data, int tariffs);     // bands and spot with a surcharge, each tariff with figures of its own

}  // namespace wattlaw
