// What drives, tapers and stands by: trips and moments between plug-ins, batteries that take less near full, chargers that draw power themselves.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "runtime/fleet/battery.h"
#include "runtime/fleet/simulate_fleet.h"
#include "runtime/fleet/trips.h"

namespace wattlaw {
namespace {

TEST(Taper, functionsWithoutALibraryAreCloseEnough) {
  for (double x = 0; x < 30; x += 0.01) EXPECT_NEAR(exp_of_minus(x), std::exp(-x), 1e-6) << x;
  for (double x = 1; x < 1e6; x *= 1.07) EXPECT_NEAR(log_of(x), std::log(x), 1e-8 * std::max(1.0, std::log(x))) << x;
}

// 40 kWh at 8 kW that taper from 80 % on: s' = 1 + (s_t - 1) exp((d + s - s_t) / (s_t - 1)), d = 0.2 in an hour at 8 kW.
// From 50 %: 70 %, below it all: 8 kW. From 75 %: 1 - 0.2 e^-0.75 = 0.905527, so 6,221.1 W. At 4 kW the taper is met at 90 %:
// from 75 % all 4 kW; from 85 %, d = 0.1: 1 - 0.1 e^-0.5 = 0.939347, so 3,573.9 W. From 90 % at 8 kW: 1 - 0.1 e^-1 = 0.963212, so 2,528.5 W.
TEST(Taper, takesLessNearFull) {
  const auto watts = [](double soc, double wish, double hours) { return along_taper(40 * soc, 40, 0.8, 8000, wish, 1.0, hours); };
  EXPECT_EQ(watts(0.5, 8000, 1), 8000);
  EXPECT_NEAR(watts(0.75, 8000, 1), 6221.1, 1);
  EXPECT_EQ(watts(0.75, 4000, 1), 4000);
  EXPECT_NEAR(watts(0.85, 4000, 1), 3573.9, 1);
  EXPECT_NEAR(watts(0.9, 8000, 1), 2528.5, 1);
  EXPECT_EQ(along_taper(39, 40, 1.0, 8000, 8000, 1.0, 1), 8000);  // none: what fits is cut down elsewhere
  // 30 to 32 kWh at 8 kW, then 0.2 x 40 / 8 h x ln(8 / 1) to 39 kWh: 0.25 + 2.07944.
  EXPECT_NEAR(hours_to_charge(30, 39, 40, 0.8, 8000, 1.0), 2.32944, 0.00001);
  EXPECT_EQ(hours_to_charge(30, 38, 40, 1.0, 8000, 1.0), 1.0);
}

// Whatever the step, the battery goes the same way: an hour at once is sixty minutes one after another.
TEST(Taper, doesNotDependOnTheStep) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  for (int round = 0; round < 300; ++round) {
    const double capacity = 20 + 60 * share(random), k = 0.5 + 0.45 * share(random), power = 2000 + 9000 * share(random), wish = power * (0.2 + 0.8 * share(random)), begin = capacity * share(random);
    double energy = begin;
    for (int minute = 0; minute < 60; ++minute) energy += along_taper(energy, capacity, k, power, wish, 0.92, 1.0 / 60) * 0.92 / 60000;
    EXPECT_NEAR(begin + along_taper(begin, capacity, k, power, wish, 0.92, 1.0) * 0.92 / 1000, energy, 0.002 * capacity);
    EXPECT_LT(energy, capacity);
  }
}

struct Policy : FleetPolicy {
  std::function<void(const int64_t* states, int64_t* outputs)> of;
  bool decide(uint32_t, uint32_t, const int64_t* states, int64_t* outputs) override {
    of(states, outputs);
    return true;
  }
};

struct Fleet {
  Clock clock;
  FleetVehicles vehicles;
  PlugIns plug_ins;
  FleetRequest request;
  Policy policy;

  Fleet(int days, int32_t step_seconds, uint32_t count, int64_t watts) {
    clock = *make_clock(*Zone::load("UTC"), date_of(2026, 1, 1), Date{date_of(2026, 1, 1).days + days}, step_seconds);
    vehicles.capacity.assign(count, 40), vehicles.charge_efficiency.assign(count, 1), vehicles.discharge_efficiency.assign(count, 1);
    vehicles.charge_power.assign(count, 4000), vehicles.discharge_power.assign(count, 4000), vehicles.stored.assign(count, 20), vehicles.target.assign(count, 40);
    plug_ins.of_vehicle.resize(count);
    request.clock = &clock, request.vehicles = &vehicles, request.plug_ins = &plug_ins, request.physics_seconds = step_seconds;
    policy.of = [watts](const int64_t*, int64_t* outputs) { std::fill_n(outputs, 32, watts); };
  }
  Instant hour(double h) const { return clock.begin + static_cast<int64_t>(h * 3600); }
  void ask(uint32_t vehicle, double h, double taken = 0) {
    request.moments.resize(vehicles.size());
    request.moments[vehicle].push_back({hour(h), taken, request.answers++});
  }
};

// 20 kWh, 4 kW from 0:00 to 3:45 in steps of a quarter of an hour: at 3:40 the last step that is over ended at 3:30, so 34 kWh. It leaves with
// 35. A trip at 7:00 takes 15, one at 9:00 25 of which 5 are not there; at noon nothing is. It comes back at 18:00 and has 24 kWh at midnight.
TEST(Trips, takeWhatIsThere) {
  Fleet fleet(1, 3600, 1, 4000);
  fleet.request.physics_seconds = 900;
  fleet.plug_ins.of_vehicle[0] = {{fleet.hour(0), fleet.hour(3.75), {}, 0.8, 0}, {fleet.hour(18), fleet.hour(30), {}, {}, 0}};
  fleet.ask(0, -1), fleet.ask(0, 3.0 + 40.0 / 60), fleet.ask(0, 7, 15), fleet.ask(0, 9, 25), fleet.ask(0, 12), fleet.ask(0, 18), fleet.ask(0, 40);
  const FleetResult result = simulate_fleet(fleet.request, fleet.policy, 1);
  const int64_t stored[] = {20000, 34000, 35000, 20000, 0, 0, 24000};
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(result.moments[i].stored, stored[i]) << i;
  EXPECT_EQ(result.moments[2].missing, 0.0);
  EXPECT_EQ(result.moments[3].missing, 5.0);
  EXPECT_EQ(result.counts.ran_dry, 1u);
  EXPECT_EQ(result.counts.missed, 0u);  // 35 kWh are more than 80 % of 40
  EXPECT_EQ(result.series.stored.at(0, 6), 35000);
  EXPECT_EQ(result.series.stored.at(0, 7), 20000);
  EXPECT_EQ(result.series.stored.at(0, 23), 24000);
}

// It leaves at 6:00 full, and the trip begins at that moment: the departure is judged first.
TEST(Trips, beginAfterTheDeparture) {
  Fleet fleet(1, 3600, 1, 4000);
  fleet.plug_ins.of_vehicle[0] = {{fleet.hour(0), fleet.hour(6), {}, {}, 0}};
  fleet.ask(0, 6, 10);
  const FleetResult result = simulate_fleet(fleet.request, fleet.policy, 1);
  EXPECT_EQ(result.counts.missed, 0u);
  EXPECT_EQ(result.moments[0].stored, 40000);
  EXPECT_EQ(result.series.stored.at(0, 5), 40000);
  EXPECT_EQ(result.series.stored.at(0, 6), 30000);
}

// Two cars of 40, in two tiles, stand at one site whose rest takes 1 kWh an hour and from noon on gives 10: the meter has seen 9 kWh of import
// after each of the hours before noon, then 2 of export. What counts are the hours before 6:00 alone, then all; a new window begins at 18:00.
TEST(SiteTotals, areOfTheMeter) {
  Fleet fleet(1, 3600, 40, 0);
  for (auto& stays : fleet.plug_ins.of_vehicle) stays = {{fleet.hour(0), fleet.hour(24), {}, {}, 0}};
  std::fill(fleet.vehicles.capacity.begin(), fleet.vehicles.capacity.end(), 400.0);
  TileSeries taken = make_tile_series(2, 24, 4, {1, 1000}), given = make_tile_series(2, 24, 4, {1, 1000});
  for (uint32_t step = 0; step < 24; ++step) step < 12 ? taken.set(1, step, 1000) : given.set(1, step, 10000);
  fleet.request.rest.site_of.assign(40, 0);
  fleet.request.rest.site_of[3] = fleet.request.rest.site_of[37] = 1, fleet.request.rest.site_of[5] = UINT32_MAX;
  fleet.request.rest.import = &taken, fleet.request.rest.export_ = &given, fleet.request.rest.sites = 2;
  std::vector<uint32_t> windows(24, 0), whole(24, 0);
  std::fill(windows.begin() + 18, windows.end(), 1);
  std::vector<uint8_t> early(24, 0);
  std::fill_n(early.begin(), 6, 1);
  fleet.request.site_totals = {{false, windows, {}}, {false, whole, early}, {true, windows, {}}};
  fleet.request.states = {{FleetState::Kind::metered, 0}, {FleetState::Kind::metered, 1}, {FleetState::Kind::metered, 2}};
  std::array<std::vector<int64_t>, 3> seen;  // of vehicle 37, then of 5, which stands nowhere
  int64_t nowhere = 0;
  struct Watch : FleetPolicy {
    std::function<void(uint32_t, uint32_t, const int64_t*, int64_t*)> of;
    bool decide(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) override {
      of(tile, step, states, outputs);
      return true;
    }
  } watch;
  watch.of = [&](uint32_t tile, uint32_t, const int64_t* states, int64_t* outputs) {
    std::fill_n(outputs, 32, 4000);
    for (size_t k = 0; k < 3; ++k) {
      if (tile == 1) seen[k].push_back(states[k * 32 + 5]);
      else nowhere += states[k * 32 + 5];
    }
  };
  simulate_fleet(fleet.request, watch, 1);
  for (int step = 0; step < 24; ++step) {
    const size_t at = static_cast<size_t>(step);
    EXPECT_EQ(seen[0][at], step <= 12 ? 9000 * step : step < 18 ? 9000 * 12 : 0) << step;
    EXPECT_EQ(seen[1][at], 9000 * std::min(step, 6)) << step;
    EXPECT_EQ(seen[2][at], step < 12 ? 0 : step < 18 ? 2000 * (step - 12) : 2000 * (step - 18)) << step;
  }
  EXPECT_EQ(nowhere, 0);
}

// 100 W from 6:00 to 18:00 are 1,200 Wh at the plug; nothing of it is in the battery. 3 kW of discharge give 2.9 kW then.
TEST(Standby, isMetered) {
  for (const int64_t watts : {int64_t{0}, int64_t{-3000}}) {
    Fleet fleet(1, 3600, 1, watts);
    fleet.vehicles.standby = {100};
    fleet.plug_ins.of_vehicle[0] = {{fleet.hour(6), fleet.hour(18), {}, {}, 0}};
    const FleetResult result = simulate_fleet(fleet.request, fleet.policy, 1);
    int64_t charged = 0, discharged = 0;
    for (uint32_t step = 0; step < 24; ++step) charged += result.series.charged.at(0, step), discharged += result.series.discharge.at(0, step);
    // 20 kWh last for 6 hours and 40 minutes: 6 x 2.9 kWh, then 2 kW less 0.1; five hours of standby.
    EXPECT_EQ(charged, watts == 0 ? 1200 : 500);
    EXPECT_EQ(discharged, watts == 0 ? 0 : 6 * 2900 + 1900);
    EXPECT_EQ(result.series.stored.at(0, 23), watts == 0 ? 20000 : 0);
  }
}

// What a charger draws itself leaves less of a limit: 6 kW for two cars of which each stands by with 200 W are 5.6 kW.
TEST(Standby, countsInALimit) {
  Fleet fleet(1, 3600, 2, 4000);
  fleet.vehicles.standby = {200, 200};
  for (auto& stays : fleet.plug_ins.of_vehicle) stays = {{fleet.hour(0), fleet.hour(24), {}, {}, 0}};
  fleet.request.limits = {GroupLimit{{0, 0}, 1, 1, true, SharingRule::equal, SharingOrder::laxity, nullptr, nullptr}};
  fleet.request.outputs = 2;
  fleet.policy.of = [](const int64_t*, int64_t* outputs) { std::fill_n(outputs, 32, 4000), std::fill_n(outputs + 32, 32, 6000); };
  const FleetResult result = simulate_fleet(fleet.request, fleet.policy, 1);
  EXPECT_EQ(result.series.charged.at(0, 0), 3000);
  EXPECT_EQ(result.series.charged.at(1, 0), 3000);
}

// Whatever the taper, what an `ensure` can reach at full power it reaches to within a watt-hour, and it begins no more than an interval early.
TEST(Taper, isKnownToWhatADepartureNeeds) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  int begun_late = 0;
  for (int round = 0; round < 200; ++round) {
    Fleet fleet(2, round % 2 ? 900 : 3600, 1, 0);
    fleet.request.physics_seconds = round % 3 ? fleet.clock.step_seconds : 60;
    fleet.vehicles.taper_from = {0.5 + 0.5 * share(random)};
    fleet.vehicles.stored = {40 * share(random)};
    fleet.vehicles.charge_efficiency = {0.85 + 0.15 * share(random)};
    const double target = share(random) < 0.3 ? 40.0 : 40 * share(random), needs = hours_to_charge(fleet.vehicles.stored[0], target, 40, fleet.vehicles.taper_from[0], 4000, fleet.vehicles.charge_efficiency[0]);
    const double interval = fleet.clock.step_seconds / 3600.0, stay = std::ceil((needs + 0.1) / interval) * interval + 2;
    if (stay > 40) continue;
    fleet.plug_ins.of_vehicle[0] = {{fleet.hour(1), fleet.hour(1 + stay), {}, {}, 0}};
    fleet.request.outputs = 2, fleet.request.ensured = 1;
    fleet.policy.of = [&](const int64_t*, int64_t* outputs) { std::fill_n(outputs, 32, 0), std::fill_n(outputs + 32, 32, static_cast<int64_t>(target * 1000)); };
    const FleetResult result = simulate_fleet(fleet.request, fleet.policy, 1);
    EXPECT_EQ(result.counts.missed, 0u) << round << " " << target << " from " << fleet.vehicles.stored[0] << " taper " << fleet.vehicles.taper_from[0];
    if (needs > 0.1) begun_late += result.series.charged.at(0, static_cast<uint32_t>(1.0 / interval)) == 0;
    if (needs > 0.1) {
      EXPECT_EQ(result.series.charged.at(0, static_cast<uint32_t>(1.0 / interval)), 0) << round;
    }
  }
  EXPECT_GT(begun_late, 50);
}

// Random trips, tapers and standbys: the battery stays within its bounds, and what was asked and taken is what is no longer there.
TEST(Trips, holdOnRandomRuns) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
    Fleet fleet(7, 900, 40, 0);
    fleet.request.physics_seconds = seed % 2 ? 900 : 60;
    fleet.request.moments.resize(40);
    for (uint32_t v = 0; v < 40; ++v) {
      fleet.vehicles.taper_from.push_back(v % 2 ? 1.0 : 0.6 + static_cast<double>(below(40)) / 100), fleet.vehicles.standby.push_back(static_cast<int32_t>(below(3) * 20));
      fleet.vehicles.charge_power[v] = static_cast<int32_t>(below(11001));
      for (int64_t at = below(36000); at < 7 * 86400;) {
        const int64_t stay = 60 + below(50000), away = 100 + below(30000);
        fleet.plug_ins.of_vehicle[v].push_back({fleet.clock.begin + at, fleet.clock.begin + at + stay, {}, {}, 0});
        fleet.request.moments[v].push_back({fleet.clock.begin + at + below(stay), 0, fleet.request.answers++});
        fleet.request.moments[v].push_back({fleet.clock.begin + at + stay + below(away), static_cast<double>(below(20000)) / 1000, fleet.request.answers++});
        at += stay + away;
      }
    }
    fleet.policy.of = [&](const int64_t*, int64_t* outputs) {
      for (int lane = 0; lane < 32; ++lane) outputs[lane] = (lane * 7919) % 24000 - 9000;
    };
    const FleetResult one = simulate_fleet(fleet.request, fleet.policy, 1), result = simulate_fleet(fleet.request, fleet.policy, 3);
    for (uint32_t v = 0; v < 40; ++v) {
      double net = 0, standby = 0, taken = 0;
      for (uint32_t step = 0; step < fleet.clock.steps; ++step) {
        const int64_t stored = result.series.stored.at(v, step);
        ASSERT_EQ(stored, one.series.stored.at(v, step));
        ASSERT_TRUE(stored >= 0 && stored <= 40000);
        ASSERT_LE(result.series.charged.at(v, step), (fleet.vehicles.charge_power[v] + fleet.vehicles.standby[v]) / 4 + 1);
        net += static_cast<double>(result.series.charged.at(v, step) - result.series.discharge.at(v, step));
      }
      const Instant end = fleet.clock.instant_of(fleet.clock.steps);
      for (const PlugIn& stay : fleet.plug_ins.of_vehicle[v]) {
        const int64_t seconds = fleet.request.physics_seconds, first = (stay.begins - fleet.clock.begin + seconds - 1) / seconds, last = (std::min(stay.ends, end) - fleet.clock.begin) / seconds;
        standby += static_cast<double>(std::max<int64_t>(last - first, 0) * seconds * fleet.vehicles.standby[v]) / 3600.0;
      }
      for (const FleetMoment& moment : fleet.request.moments[v]) {
        const MomentAnswer& answer = result.moments[moment.answer];
        ASSERT_TRUE(answer.stored >= 0 && answer.stored <= 40000);
        if (moment.at >= end) continue;
        taken += (moment.taken - answer.missing) * 1000;
        ASSERT_NEAR(answer.missing * 1000, std::max(moment.taken * 1000 - static_cast<double>(answer.stored), 0.0), 1.0);
      }
      // Registers are seen to end of interval; a plug-in seen within one begins to charge with the next but its charger stands by at once.
      ASSERT_NEAR(static_cast<double>(result.series.stored.at(v, fleet.clock.steps - 1)), 20000 + net - standby - taken, 3.0 + fleet.vehicles.standby[v] * 0.25) << seed << " " << v;
    }
  }
}

// ---- from files

struct Files {
  PlugIns plug_ins;
  std::vector<std::string> vehicles{"car_1", "car_2"};
  Zone zone = *Zone::load("Europe/Copenhagen");
  Result<Trips> trips(const std::string& text, Instant from = 0) {
    const std::string path = (std::filesystem::temp_directory_path() / "wattlaw_trips_test.csv").string();
    std::ofstream(path) << text;
    plug_ins.of_vehicle.assign(2, {});
    plug_ins.of_vehicle[0] = {{1767286800, 1767330000, {}, {}, 0}, {1767373200, 1767416400, {}, {}, 0}};  // 2026-01-01 and 02, 18:00 to 06:00
    return read_trips(path, "trips.csv", zone, vehicles, {0.2, 0.0}, from, plug_ins);
  }
};

TEST(Trips, areRead) {
  Files files;
  const auto trips = files.trips("vehicle,begins,ends,distance [km],energy [kWh]\ncar_1,2026-01-02T07:30,2026-01-02T08:00,50,\ncar_2,2026-01-02T07:30,,50,\ncar_1,2026-01-02T16:00,2026-01-02T18:00,50,12.5\n");
  ASSERT_TRUE(trips) << trips.failure().message;
  ASSERT_EQ(trips->all.size(), 3u);
  EXPECT_EQ(trips->all[0].energy, 10.0);   // 50 km at 0.2 kWh/km
  EXPECT_EQ(trips->all[1].energy, 0.0);    // nobody knows what that car uses
  EXPECT_EQ(trips->all[2].energy, 12.5);
  EXPECT_EQ(files.plug_ins.of_vehicle[0][0].driven, 0.0);
  EXPECT_EQ(files.plug_ins.of_vehicle[0][1].driven, 22.5);
}

TEST(Trips, tellWhatIsWrong) {
  const std::pair<const char*, const char*> bad[] = {
      {"car_3,2026-01-02T07:30,,1", "WL6070"},
      {"car_1,2026-01-02T07:30,2026-01-02T07:00,1", "WL6071"},
      {"car_1,2026-01-02T05:30,,1", "WL6079"},                                     // it is plugged in until 6:00
      {"car_1,2026-01-02T17:30,2026-01-02T18:30,1", "WL6079"},                     // and again from 18:00 on
      {"car_1,2026-01-02T07:30,2026-01-02T09:00,1\ncar_1,2026-01-02T08:30,,1", "WL6079"},
      {"car_1,2026-01-02T07:30,,far", "WL6017"}, {"car_1,2026-01-02T07:30,,-1", "WL6073"}, {"car_1,soon,,1", "WL6014"}};
  for (const auto& [row, code] : bad) {
    Files files;
    const auto trips = files.trips(std::string("vehicle,begins,ends,distance\n") + row + "\n");
    ASSERT_FALSE(trips) << row;
    EXPECT_EQ(trips.failure().code, code) << trips.failure().message;
  }
  Files files;
  EXPECT_EQ(files.trips("vehicle,begins,distance [m]\ncar_2,2026-01-02T07:30,50\n").failure().code, "WL6022");
  EXPECT_EQ(files.trips("vehicle,distance\ncar_2,50\n").failure().code, "WL6007");
}

}  // namespace
}  // namespace wattlaw
