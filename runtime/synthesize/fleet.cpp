#include "runtime/synthesize/fleet.h"

#include <algorithm>
#include <array>

#include "runtime/synthesize/csv_output.h"
#include "runtime/synthesize/homes.h"
#include "runtime/synthesize/random_stream.h"

namespace wattlaw {
namespace {

constexpr uint32_t kMostVehicles = 100'000;
constexpr uint64_t kFleetBranch = uint64_t{1} << 42;

struct Model {
  int capacity_kwh, power_tenths;  // of a kW
};
constexpr std::array<Model, 4> kModels = {{{40, 66}, {58, 110}, {64, 110}, {77, 110}}};

std::string numbered(const char* kind, uint32_t index, size_t digits) {
  const std::string number = std::to_string(index + 1);
  return kind + std::string(digits - number.size(), '0') + number;
}

Status write_vehicles(const FleetSettings& settings, size_t digits) {
  Result<CsvOutput> out = CsvOutput::create(settings.folder + "/vehicles.csv");
  if (!out) return out.failure();
  out->add("id,site,capacity [kWh],charge_power [kW],discharge_power [kW],charge_efficiency [%],discharge_efficiency [%],soc [%],target [%]");
  out->add(settings.pool.empty() ? "\n" : ",pool\n");
  for (uint32_t v = 0; v < settings.vehicles; ++v) {
    RandomStream random(settings.seed, kFleetBranch + 2 * v);
    const Model& model = kModels[static_cast<size_t>(random.between(0, kModels.size() - 1))];
    out->add(numbered("car_", v, digits) + "," + numbered("home_", v, digits) + "," + std::to_string(model.capacity_kwh) + ",");
    out->add_decimal(model.power_tenths, 1);
    out->add(',');
    out->add_decimal(model.power_tenths, 1);
    out->add("," + std::to_string(random.between(90, 95)) + "," + std::to_string(random.between(90, 95)) + ",60,80" + (settings.pool.empty() ? "" : "," + settings.pool) + "\n");
  }
  return out->finish();
}

// A car comes home on most days; what it used grows with every day it was away.
Status write_sessions(const FleetSettings& settings, const Clock& clock, size_t digits) {
  Result<CsvOutput> out = CsvOutput::create(settings.folder + "/sessions.csv");
  if (!out) return out.failure();
  out->add("vehicle,begins,ends,used [kWh]\n");
  std::vector<Instant> starts;  // of the local days, one more than there are
  for (int32_t day = clock.first_date.days; day <= clock.end_date.days; ++day) starts.push_back(clock.zone.start_of_day(Date{day}));
  for (uint32_t v = 0; v < settings.vehicles; ++v) {
    RandomStream random(settings.seed, kFleetBranch + 2 * v + 1);
    const std::string id = numbered("car_", v, digits);
    const int64_t comes_permille = random.between(750, 980), usual_wh = random.between(4000, 12000);
    int64_t used = 0;
    for (size_t day = 0; day + 2 < starts.size(); ++day) {
      const bool is_weekend = weekday_of(Date{clock.first_date.days + static_cast<int32_t>(day)}) >= 5;
      used = std::min<int64_t>(used + std::max<int64_t>(usual_wh + random.bell(usual_wh), 500), 24000);
      const Instant begins = starts[day] + (is_weekend ? random.between(11 * 60, 20 * 60) : random.between(15 * 60 + 30, 20 * 60)) * 60;
      const Instant ends = starts[day + 1] + (is_weekend ? random.between(7 * 60, 10 * 60 + 30) : random.between(5 * 60 + 45, 8 * 60 + 30)) * 60;
      if (!random.happens(comes_permille)) continue;
      out->add(id + ",");
      out->add(print_iso(clock.zone, begins));
      out->add(',');
      out->add(print_iso(clock.zone, ends));
      out->add(',');
      out->add_decimal(used, 3);
      out->add('\n');
      used = 0;
    }
  }
  return out->finish();
}

}  // namespace

Status synthesize_fleet(const FleetSettings& settings, const Clock& clock) {
  if (settings.vehicles == 0 || settings.vehicles > kMostVehicles)
    return Failure{"WL6060", std::to_string(settings.vehicles) + " vehicles cannot be written", "choose 1 to " + std::to_string(kMostVehicles) + " vehicles", "", 0, ""};
  HomesRequest homes;
  homes.members = settings.vehicles;
  homes.seed = settings.seed;
  homes.folder = settings.folder;
  homes.has_cars = false;
  if (Status written = synthesize_homes(homes, clock); !written) return written;
  const size_t digits = std::max<size_t>(4, std::to_string(settings.vehicles).size());
  if (Status written = write_vehicles(settings, digits); !written) return written;
  return write_sessions(settings, clock, digits);
}

}  // namespace wattlaw
