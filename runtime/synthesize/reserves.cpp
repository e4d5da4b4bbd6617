#include "runtime/synthesize/reserves.h"

#include <algorithm>

#include "runtime/synthesize/csv_output.h"
#include "runtime/synthesize/random_stream.h"

namespace wattlaw {
namespace {

constexpr uint64_t kFrequencyBranch = (uint64_t{1} << 41) + 1, kReservesBranch = (uint64_t{1} << 41) + 2;
constexpr int64_t kLeftAfterAMinute = 766;                    // permille
constexpr int64_t kSpreadOfOne = 1114;                        // permille: of the bell that keeps the deviation at one standard deviation
// Reserves that charge are dear at night, those that discharge in the evening.
constexpr int64_t kUpShape[24] = {700, 650, 620, 620, 650, 800, 1050, 1200, 1150, 1000, 950, 900, 880, 880, 920, 1000, 1200, 1450, 1500, 1400, 1200, 1000, 900, 800};
constexpr int64_t kDownShape[24] = {1400, 1500, 1550, 1550, 1450, 1200, 950, 800, 780, 800, 850, 900, 950, 980, 950, 900, 800, 700, 680, 700, 800, 950, 1100, 1250};

}  // namespace

Status synthesize_frequency(const ReservesRequest& request, const Clock& clock) {
  Result<CsvOutput> opened = CsvOutput::create(request.file);
  if (!opened) return opened.failure();
  CsvOutput& out = *opened;
  out.add("time,frequency [Hz]\n");
  RandomStream random(request.seed, kFrequencyBranch);
  int64_t micro = 0, deviation = 33, dip = 0;  // uHz, mHz, mHz
  int64_t hour_seen = -1;
  for (uint32_t step = 0; step < clock.steps; ++step) {
    const int64_t hour = (clock.instant_of(step) - clock.begin) / 3600;
    if (hour != hour_seen) {
      hour_seen = hour;
      deviation = std::clamp<int64_t>(33 + (deviation - 33) * 8 / 10 + random.bell(9), 14, 90);
    }
    for (int32_t minute = 0; minute < std::max(clock.step_seconds / 60, 1); ++minute) {
      micro = micro * kLeftAfterAMinute / 1000 + random.bell(deviation * kSpreadOfOne);
      dip = dip * 800 / 1000;
      if (random.between(0, 29'999) == 0) dip = -random.between(150, 400);
    }
    out.add(print_iso(clock.zone, clock.instant_of(step)));
    out.add(',');
    out.add_decimal(50'000 + micro / 1000 + dip, 3);
    out.add('\n');
  }
  return out.finish();
}

Status synthesize_reserves(const ReservesRequest& request, const Clock& clock) {
  Result<CsvOutput> opened = CsvOutput::create(request.file);
  if (!opened) return opened.failure();
  CsvOutput& out = *opened;
  out.add("time,fcr_n [EUR/MW/h],fcr_d_up [EUR/MW/h],fcr_d_down [EUR/MW/h]\n");
  RandomStream random(request.seed, kReservesBranch);
  int64_t wander[3] = {}, hour_seen = -1;  // permille
  constexpr int64_t kMeanCents[3] = {2200, 1100, 900};
  for (uint32_t step = 0; step < clock.steps; ++step) {
    const int64_t hour = (clock.instant_of(step) - clock.begin) / 3600;
    if (hour == hour_seen) continue;
    hour_seen = hour;
    out.add(print_iso(clock.zone, clock.instant_of(step)));
    const int local_hour = clock.local_minute[step] / 60;
    for (int product = 0; product < 3; ++product) {
      wander[product] = wander[product] * 985 / 1000 + random.bell(110);
      const int64_t up = kUpShape[local_hour], down = kDownShape[local_hour];
      const int64_t shape = product == 0 ? (up + down) / 2 : product == 1 ? up : down;
      out.add(',');
      out.add_decimal(std::max<int64_t>(kMeanCents[product] * shape / 1000 * std::max<int64_t>(1000 + wander[product], 60) / 1000, 1), 2);
    }
    out.add('\n');
  }
  return out.finish();
}

}  // namespace wattlaw
