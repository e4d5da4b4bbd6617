#include "runtime/synthesize/sessions.h"

#include <algorithm>

#include "runtime/synthesize/csv_output.h"
#include "runtime/synthesize/random_stream.h"

namespace wattlaw {
namespace {

constexpr uint32_t kMaxVehicles = 1'000'000;
constexpr uint64_t kSessionsBranch = uint64_t{1} << 41;
constexpr int64_t kChargerWatts = 11000;

}  // namespace

Status synthesize_sessions(const SessionsRequest& request, const Clock& clock) {
  if (request.vehicles == 0 || request.vehicles > kMaxVehicles)
    return Failure{"WL6060", std::to_string(request.vehicles) + " vehicles cannot be written", "choose 1 to " + std::to_string(kMaxVehicles) + " vehicles", "", 0, ""};
  Result<CsvOutput> opened = CsvOutput::create(request.file);
  if (!opened) return opened.failure();
  CsvOutput& out = *opened;
  out.add("session,vehicle,begins,ends,delivered [kWh],charging_time [s],parking_time [s]\n");
  const size_t digits = std::max<size_t>(4, std::to_string(request.vehicles).size());
  std::vector<Instant> starts;  // of the local days, one more than there are
  for (int32_t day = clock.first_date.days; day <= clock.end_date.days; ++day) starts.push_back(clock.zone.start_of_day(Date{day}));
  for (uint32_t vehicle = 0; vehicle < request.vehicles; ++vehicle) {
    RandomStream random(request.seed, kSessionsBranch + vehicle);
    const std::string number = std::to_string(vehicle + 1), id = "car_" + std::string(digits - number.size(), '0') + number;
    uint32_t sessions = 0;
    const int64_t weekday_permille = random.between(450, 850);
    for (size_t day = 0; day + 2 < starts.size(); ++day) {
      const bool is_weekend = weekday_of(Date{clock.first_date.days + static_cast<int32_t>(day)}) >= 5;
      const bool comes = random.happens(is_weekend ? weekday_permille / 2 : weekday_permille);
      const Instant begins = starts[day] + random.between(15 * 60, 21 * 60 + 30) * 60;
      const Instant ends = starts[day + 1] + random.between(5 * 60 + 30, 9 * 60) * 60;
      const int64_t watt_hours = std::min(random.between(4000, 40000), (ends - begins) * kChargerWatts / 3600);
      if (!comes) continue;
      out.add(id + "-" + std::to_string(++sessions) + "," + id + ",");
      out.add(print_iso(clock.zone, begins));
      out.add(',');
      out.add(print_iso(clock.zone, ends));
      out.add(',');
      out.add_decimal(watt_hours, 3);
      const int64_t charging = (watt_hours * 3600 + kChargerWatts - 1) / kChargerWatts;  // at once, at full power, to the second
      out.add("," + std::to_string(charging) + "," + std::to_string(ends - begins - charging) + "\n");
    }
  }
  return out.finish();
}

}  // namespace wattlaw
