// Vehicles at chargers: batteries, sharing, plug-ins and the loop, by hand figures and by what must hold on random runs.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>

#include "runtime/fleet/battery.h"
#include "runtime/fleet/bound_cost.h"
#include "runtime/fleet/gate.h"
#include "runtime/fleet/plan_optimum.h"
#include "runtime/fleet/plug_ins.h"
#include "runtime/fleet/share_limit.h"
#include "runtime/fleet/simulate_fleet.h"
#include "runtime/number/allocate.h"

namespace wattlaw {
namespace {

Batteries<1> one(double energy, double capacity, double in, double out, int32_t watts) {
  Batteries<1> b;
  b.energy[0] = energy, b.capacity[0] = capacity, b.charge_efficiency[0] = in, b.discharge_efficiency[0] = out;
  b.charge_power[0] = b.discharge_power[0] = watts;
  return b;
}

// 10 kW for an hour at 50 %: 5 kWh go in. 5 kW at the plug for half an hour at 50 % take 5 kWh out. At 39.5 of 40 kWh an hour at 50 %
// takes 1 kW; at 1 kWh an hour at 50 % gives 0.5 kW. More than the charger gives is cut: 12 kW to 10.
TEST(Battery, chargesAndDischargesAtThePlug) {
  int32_t applied = 0, set = 10000;
  Batteries<1> b = one(10, 40, 0.5, 0.5, 10000);
  step_batteries(b, rates_for(b, 1.0), &set, &applied);
  EXPECT_EQ(applied, 10000);
  EXPECT_EQ(b.energy[0], 15.0);
  set = -5000;
  step_batteries(b, rates_for(b, 0.5), &set, &applied);
  EXPECT_EQ(applied, -5000);
  EXPECT_EQ(b.energy[0], 10.0);
  set = 12000;
  b = one(39.5, 40, 0.5, 0.5, 10000);
  step_batteries(b, rates_for(b, 1.0), &set, &applied);
  EXPECT_EQ(applied, 1000);
  EXPECT_EQ(b.energy[0], 40.0);
  set = -12000;
  b = one(1, 40, 0.5, 0.5, 10000);
  step_batteries(b, rates_for(b, 1.0), &set, &applied);
  EXPECT_EQ(applied, -500);
  EXPECT_EQ(b.energy[0], 0.0);
}

// A lane of a tile is bit for bit a vehicle alone; energy stays within bounds; what goes in and out is what the battery gains and loses.
TEST(Battery, laneIsAVehicleAlone) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  Batteries<32> tile;
  std::vector<Batteries<1>> alone;
  for (uint32_t i = 0; i < 32; ++i) {
    const double capacity = 20.0 + 60.0 * share(random);
    alone.push_back(one(capacity * share(random), capacity, 0.8 + 0.2 * share(random), 0.8 + 0.2 * share(random), static_cast<int32_t>(3000 + 8000 * share(random))));
    tile.energy[i] = alone[i].energy[0], tile.capacity[i] = capacity;
    tile.charge_efficiency[i] = alone[i].charge_efficiency[0], tile.discharge_efficiency[i] = alone[i].discharge_efficiency[0];
    tile.charge_power[i] = tile.discharge_power[i] = alone[i].charge_power[0];
  }
  for (int step = 0; step < 500; ++step) {
    int32_t set[32], applied[32];
    for (int32_t& watts : set) watts = static_cast<int32_t>(24000 * share(random)) - 12000;
    const Batteries<32> before = tile;
    step_batteries(tile, rates_for(tile, 1.0 / 12.0), set, applied);
    for (uint32_t i = 0; i < 32; ++i) {
      int32_t single = 0;
      step_batteries(alone[i], rates_for(alone[i], 1.0 / 12.0), &set[i], &single);
      ASSERT_EQ(single, applied[i]);
      ASSERT_EQ(alone[i].energy[0], tile.energy[i]);
      ASSERT_GE(tile.energy[i], 0.0);
      ASSERT_LE(tile.energy[i], tile.capacity[i]);
      ASSERT_LE(std::abs(applied[i]), std::abs(set[i]));
      const double watts = applied[i], gained = watts > 0 ? watts / 12000.0 * tile.charge_efficiency[i] : watts / 12000.0 / tile.discharge_efficiency[i];
      ASSERT_NEAR(tile.energy[i] - before.energy[i], gained, 1e-12);
    }
  }
}

// 100 W for 100 s are 10,000 J = 2 Wh and 2,800 J left; seven such readings are 70,000 J = 19 Wh and 1,600 J.
TEST(Meter, carriesWhatIsLeft) {
  int64_t joules = 0, sum = 0;
  EXPECT_EQ(read_register(joules, 10000), 2);
  EXPECT_EQ(joules, 2800);
  for (int i = 0; i < 6; ++i) sum += read_register(joules, 10000);
  EXPECT_EQ(sum + 2, 19);
  EXPECT_EQ(joules, 1600);
}

ServiceOffer symmetric(int64_t held, int64_t minimum) {
  ServiceOffer service;
  service.up = service.down = true;
  service.minimum = minimum, service.step = minimum;
  service.sustain_hours = 1;
  service.held_per_sold = held, service.held_denominator = 100;
  return service;
}

// 40 kWh at 50 % and 11 kW that last an hour: 20 kWh either way are more than 11, so the power decides: 11,000 W / 1.2 = 9,166.67 W, down to
// whole watts (row G22).
TEST(Gate, G22_holdsMoreThanItSells) { EXPECT_EQ(offer_of(symmetric(120, 100'000), {11'000, 11'000, 20'000, 20'000}), 9'166); }

// Of 5 kWh for an hour there are 5,000 W, whatever the charger gives.
TEST(Gate, energyLasts) {
  EXPECT_EQ(offer_of(symmetric(100, 1), {11'000, 11'000, 5'000, 20'000}), 5'000);
  EXPECT_EQ(offer_of(symmetric(100, 1), {11'000, 11'000, 20'000, 4'000}), 4'000);
  EXPECT_EQ(offer_of(symmetric(100, 1), {11'000, 0, 20'000, 20'000}), 0);
}

// Row G21: cars of 19.2, 11.5, 7.2, 50 and 100 kW until they reach 0.1 MW together: 100 / 19.2 = 5.2, 8.7, 13.9, 2, 1.
TEST(Gate, G21_carsToReachTheLeastBid) {
  const std::pair<int64_t, size_t> cars[] = {{19'200, 6}, {11'500, 9}, {7'200, 14}, {50'000, 2}, {100'000, 1}};
  const ServiceOffer service = symmetric(100, 100'000);
  for (const auto& [watts, count] : cars) {
    const auto sold = [&](size_t n) {
      const std::vector<int64_t> accepted = clear_bid(service, std::vector<int64_t>(n, watts));
      return std::accumulate(accepted.begin(), accepted.end(), int64_t{0});
    };
    EXPECT_EQ(sold(count - 1), 0) << watts;
    EXPECT_EQ(sold(count), 100'000) << watts;
  }
}

// 10 MW from 5:00 to 12:00, 5 until 14:00, 10 until 18:00 (fleet.md 3.3): 10 MW / 3 = 3.33 MWh are asked at 5:00 and, where less is there, at 14:00
// again. Who goes on does so with no less than it could sell anew, and never with more than it sold.
TEST(Gate, newPeriodBeginsWhereMoreIsSold) {
  ServiceOffer service;
  service.up = true, service.sustain_hours = 1.0 / 3, service.minimum = service.step = 100'000, service.per_period = true;
  const auto anew = [&](int64_t most, double energy) { return std::vector<int64_t>{std::min(most, offer_of(service, {10'000'000, 10'000'000, energy, 0}))}; };
  EXPECT_EQ(anew(10'000'000, 3'333'334)[0], 10'000'000);
  EXPECT_EQ(anew(10'000'000, 3'330'000)[0], 9'990'000);
  int64_t before = 0, sold = 0, periods = 0;
  std::vector<int64_t> hours;
  for (int hour = 5; hour < 18; ++hour) {
    const int64_t most = hour < 12 || hour >= 14 ? 10'000'000 : 5'000'000;
    const double energy = hour < 7 ? 3'500'000 : 2'700'000;  // 0.8 MWh were activated at 6:30
    const std::vector<int64_t> strict = anew(most, energy), going_on{std::min(most, before)};
    sold = clear_bid(service, offers_that_count(service, strict, going_on))[0];
    periods += sold > before;
    hours.push_back(sold / 100'000);
    before = sold;
  }
  EXPECT_EQ(hours, (std::vector<int64_t>{100, 100, 100, 100, 100, 100, 100, 50, 50, 81, 81, 81, 81}));
  EXPECT_EQ(periods, 2);  // at 5:00 and at 14:00
}

// FCR-D up at 8 kW of 10: 20 % of it stays to charge with. What is left discharges 2 kW, charges 8.4 kW; energy for 20 minutes is spoken for.
TEST(Gate, promisesAreKept) {
  ServiceOffer service;
  service.up = true;
  service.opposite_per_sold = 20, service.opposite_denominator = 100;
  service.sustain_hours = 1.0 / 3;
  Headroom headroom{10'000, 10'000, 12'000, 12'000};
  promise(service, 8'000, headroom);
  EXPECT_EQ(headroom.discharge_power, 2'000);
  EXPECT_EQ(headroom.charge_power, 8'400);
  EXPECT_NEAR(headroom.energy_out, 12'000 - 8'000 / 3.0, 1e-6);
}

// fleet.md 3.2: a car of 10 kW whose 40 kWh may go from 20 to 80 %, at 50 %: 12 kWh either way. FCR-N: 10 / 1.34 = 7.46 kW, for an hour 7.46 of 12 kWh.
// FCR-D both ways: each holds 20 % of itself in the other's direction, so 1.2 times what is sold is 10 kW: 8.33 kW, for 20 minutes 2.78 of 12 kWh. A watt
// more up leaves 10,000 - 8,334 = 1,666 W to discharge, five times which are 8,330 W down.
TEST(Gate, limitedEnergyBothWays) {
  const Headroom whole{10'000, 10'000, 12'000, 12'000};
  EXPECT_EQ(offer_of(symmetric(134, 100'000), whole), 7'462);
  ServiceOffer up, down;
  up.up = down.down = true;
  up.sustain_hours = down.sustain_hours = 1.0 / 3;
  up.opposite_per_sold = down.opposite_per_sold = 20, up.opposite_denominator = down.opposite_denominator = 100;
  for (const auto& [sold_up, sold_down] : {std::pair<int64_t, int64_t>{8'333, 8'333}, {8'334, 8'330}, {10'000, 0}}) {
    Headroom headroom = whole;
    ASSERT_GE(offer_of(up, headroom), sold_up);
    promise(up, sold_up, headroom);
    EXPECT_EQ(offer_of(down, headroom), sold_down) << sold_up;
  }
}

TEST(ShareLimit, byHand) {
  using Shares = std::vector<int64_t>;
  EXPECT_EQ(share_limit(SharingRule::equal, 9, {5, 1, 9}, {}), (Shares{4, 1, 4}));
  EXPECT_EQ(share_limit(SharingRule::equal, 10, {5, 1, 9}, {}), (Shares{5, 1, 4}));                // the odd watt to the earlier one
  EXPECT_EQ(share_limit(SharingRule::proportional, 10, {5, 5, 5}, {}), (Shares{4, 3, 3}));         // remainders alike: the earlier one
  EXPECT_EQ(share_limit(SharingRule::proportional, 10, {30, 10, 20}, {}), (Shares{5, 2, 3}));      // 5, 1.67, 3.33
  EXPECT_EQ(share_limit(SharingRule::ordered, 10, {7, 7, 7}, {3, 1, 2}), (Shares{0, 7, 3}));
  EXPECT_EQ(share_limit(SharingRule::equal, -5, {7, 7}, {}), (Shares{0, 0}));
  EXPECT_EQ(share_limit(SharingRule::equal, 50, {7, 7}, {}), (Shares{7, 7}));
}

TEST(ShareLimit, givesAllThereIsAndNobodyTooMuch) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int64_t> demand(1 + random() % 12), key(demand.size());
    for (int64_t& watts : demand) watts = static_cast<int64_t>(random() % 11000);
    for (int64_t& k : key) k = static_cast<int64_t>(random() % 5);
    const int64_t total = std::accumulate(demand.begin(), demand.end(), int64_t{0}), available = static_cast<int64_t>(random() % 50000);
    for (const SharingRule rule : {SharingRule::proportional, SharingRule::equal, SharingRule::ordered}) {
      const std::vector<int64_t> given = share_limit(rule, available, demand, key);
      ASSERT_EQ(std::accumulate(given.begin(), given.end(), int64_t{0}), std::min(total, available));
      for (size_t i = 0; i < demand.size(); ++i) {
        ASSERT_GE(given[i], 0);
        ASSERT_LE(given[i], demand[i]);
        for (size_t j = 0; rule == SharingRule::equal && j < demand.size(); ++j)
          if (given[i] < demand[i]) ASSERT_LE(given[j], given[i] + 1);  // nobody has more than one who asks for more
      }
    }
  }
}

// 100 by 1:1:1 are 34, 33, 33; a debt is split as what is due; no weight at all is equal parts only if that is said.
TEST(Allocate, partsAddUp) {
  EXPECT_EQ(*allocate(100, {1, 1, 1}, false), (std::vector<Integer>{34, 33, 33}));
  EXPECT_EQ(*allocate(-100, {1, 1, 1}, false), (std::vector<Integer>{-34, -33, -33}));
  EXPECT_EQ(*allocate(10, {0, Rational(1, 3), Rational(2, 3)}, false), (std::vector<Integer>{0, 3, 7}));
  EXPECT_FALSE(allocate(10, {0, 0}, false));
  EXPECT_EQ(*allocate(0, {0, 0}, false), (std::vector<Integer>{0, 0}));
  EXPECT_EQ(*allocate(5, {0, 0}, true), (std::vector<Integer>{3, 2}));
}

// ---- the loop

struct Fleet {
  Clock clock;
  FleetVehicles vehicles;
  PlugIns plug_ins;
  FleetRequest request;

  Fleet(int days, int32_t step_seconds, uint32_t count) {
    clock = *make_clock(*Zone::load("UTC"), date_of(2026, 1, 1), Date{date_of(2026, 1, 1).days + days}, step_seconds);
    for (uint32_t v = 0; v < count; ++v) {
      vehicles.capacity.push_back(40), vehicles.charge_efficiency.push_back(1), vehicles.discharge_efficiency.push_back(1);
      vehicles.charge_power.push_back(4000), vehicles.discharge_power.push_back(4000);
      vehicles.stored.push_back(20), vehicles.target.push_back(40);
    }
    plug_ins.of_vehicle.resize(count);
    request.clock = &clock, request.vehicles = &vehicles, request.plug_ins = &plug_ins, request.physics_seconds = step_seconds;
  }
  Instant hour(double h) const { return clock.begin + static_cast<int64_t>(h * 3600); }
  int64_t charged(const FleetResult& result, uint32_t vehicle, uint32_t step) const { return result.series.charged.at(vehicle, step); }
};

// The plan is never dearer than a schedule drawn at random that keeps to the same law: levels of its own grid, powers of the plug, what a
// drive takes and what a departure wants. And its cost is that of its own changes, priced here once more.
TEST(PlanOptimum, noScheduleIsCheaper) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
    Fleet fleet(2, 3600, 1);
    const OptimumVehicle car{40, 20, 32, 0.9, 0.95, 7000, 5000};
    OptimumPrices prices;
    prices.has_ensured = true;
    for (uint32_t step = 0; step < fleet.clock.steps; ++step) {
      prices.take.push_back(below(400'000'000)), prices.give.push_back(below(300'000'000)), prices.house.push_back((below(4000) - 1500) * 1000);
      prices.discharge.push_back(seed % 2 ? 20'000'000 : 0), prices.floor.push_back(8000);
    }
    for (uint32_t step = 0; step < fleet.clock.steps; ++step) prices.give[step] = std::min(prices.give[step], prices.take[step]);
    const std::vector<PlugIn> stays = {{fleet.hour(0), fleet.hour(12), {}, {}, 0}, {fleet.hour(15), fleet.hour(30), {}, {}, 9.0}, {fleet.hour(33), fleet.hour(60), {}, {}, 5.0}};
    const OptimumPlan plan = plan_optimum(fleet.clock, car, stays, prices);
    const double unit = car.capacity / plan.units;
    const auto cost = [&](uint32_t step, int change) {
      const double plug = change > 0 ? change * unit / 0.9 : change * unit * 0.95, house = static_cast<double>(prices.house[step]) / 1e6;
      const auto meter = [&](double net) { return net * static_cast<double>(net >= 0 ? prices.take[step] : prices.give[step]); };
      return meter(house + plug) - meter(house) + (change < 0 ? -plug * static_cast<double>(prices.discharge[step]) : 0);
    };
    const int up = static_cast<int>(7.0 * 0.9 / unit + 1e-9), down = static_cast<int>(5.0 / 0.95 / unit + 1e-9);
    const auto moves = [](uint32_t step) { return step < 12 || (step >= 15 && step < 30) || step >= 33; };
    double planned = 0;
    for (uint32_t step = 0; step < fleet.clock.steps; ++step) {
      EXPECT_LE(plan.change[step], up);
      EXPECT_GE(plan.change[step], -down);
      if (!moves(step)) EXPECT_EQ(plan.change[step], 0);
      if (plan.change[step] < 0) EXPECT_GE(plan.level[step] * unit, 8.0 - 1e-9);
      planned += cost(step, plan.change[step]);
    }
    EXPECT_NEAR(planned, static_cast<double>(plan.cost), 1000.0);
    EXPECT_GE(plan.level[11] * unit, 32 - 1e-6);
    EXPECT_GE(plan.level[29] * unit, 32 - 1e-6);
    int lawful = 0;
    for (int trial = 0; trial < 400; ++trial) {
      int level = static_cast<int>(20 / unit + 1e-9);
      double drawn = 0;
      bool is_lawful = true;
      for (uint32_t step = 0; step < fleet.clock.steps; ++step) {
        if (step == 15) level = static_cast<int>((level * unit - 9.0) / unit + 1e-9);
        if (step == 33) level = static_cast<int>((level * unit - 5.0) / unit + 1e-9);
        int change = 0;
        if (moves(step)) {
          change = step == 10 || step == 11 || step > 24 ? up : static_cast<int>(below(up + down + 1)) - down;
          change = std::min(change, static_cast<int>(plan.units) - level);
          if (change < 0 && (level + change) * unit < 8.0) change = 0;
        }
        level += change;
        drawn += cost(step, change);
        if ((step == 11 || step == 29) && level * unit < 32 - 1e-6) is_lawful = false;
      }
      lawful += is_lawful;
      if (is_lawful) EXPECT_GE(drawn, planned - 1000.0) << "seed " << seed;
    }
    EXPECT_GT(lawful, 20);
  }
}

struct Policy : FleetPolicy {
  std::function<void(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs)> of;
  bool decide(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) override {
    of(tile, step, states, outputs);
    return true;
  }
};

// What a bound is asked of a run: one price for what a site takes, one for what it gives.
BoundRequest bound_of(const Fleet& fleet, const FleetResult& result, std::vector<double> take, std::vector<double> give) {
  BoundRequest bound;
  bound.clock = &fleet.clock, bound.vehicles = &fleet.vehicles, bound.plug_ins = &fleet.plug_ins, bound.moved = &result.series;
  bound.physics_seconds = fleet.clock.step_seconds;
  bound.site_of.assign(fleet.vehicles.size(), 0);
  bound.of_site.push_back({std::move(take), std::move(give), {}, {}});
  return bound;
}

// Two cars behind one fuse of 6 kW, here from 0:00 to 8:00 with 20 of 40 kWh each, at 4 kW. Both are full when they leave, as they charge
// whenever the fuse lets them: 40 kWh. Prices are 10 cent in the first four hours and 30 after: 6 kWh an hour is all that the fuse gives,
// so 24 kWh for 2.40 and 16 kWh for 4.80: 7.20. The order cannot change it. Without the fuse 32 kWh would be cheap: 3.20 + 2.40 = 5.60.
// With 10 cent in the last four hours instead of the first, who waits pays 5.60 without the fuse; the run pays 24 x 0.30 + 16 x 0.10 = 8.80.
// What registers carry is at most 2 Wh a car and 1 Wh an interval: below a cent.
TEST(BoundCost, ofTwoCarsBehindOneFuse) {
  Fleet fleet(1, 3600, 2);
  for (auto& stays : fleet.plug_ins.of_vehicle) stays = {{fleet.hour(0), fleet.hour(8), {}, {}, 0}};
  fleet.request.limits = {GroupLimit{{0, 0}, 1, 1, true, SharingRule::equal, SharingOrder::laxity, nullptr, nullptr}};
  fleet.request.outputs = 2;
  Policy policy;
  policy.of = [](uint32_t, uint32_t, const int64_t*, int64_t* outputs) {
    for (int lane = 0; lane < 32; ++lane) outputs[lane] = 4000, outputs[32 + lane] = 6000;
  };
  FleetResult result = simulate_fleet(fleet.request, policy, 1);
  std::vector<double> take(24, 0.30);
  std::fill_n(take.begin(), 4, 0.10);
  BoundRequest request = bound_of(fleet, result, take, {});
  request.limits = {{{0, 0}, true, {std::vector<double>(24, 6.0)}}};
  Result<CostBound> bound = bound_cost(request);
  ASSERT_TRUE(bound);
  EXPECT_NEAR(bound->run, 7.20, 0.01);
  EXPECT_NEAR(bound->least, 7.20, 0.01);
  EXPECT_LE(bound->least, bound->run + 1e-6);
  request.limits.clear();
  EXPECT_NEAR(bound_cost(request)->least, 5.60, 0.01);
  std::reverse(take.begin(), take.begin() + 8);
  request.of_site[0].take = take;
  bound = bound_cost(request);
  EXPECT_NEAR(bound->least, 5.60, 0.01);
  EXPECT_NEAR(bound->run, 8.80, 0.005);
}

// One car a site: no dearer than the plan that is exact on its grid, and within what the grid loses.
TEST(BoundCost, isCloseBelowThePlanOfOneCar) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
    Fleet fleet(2, 3600, 1);
    fleet.vehicles.target[0] = 32;
    fleet.vehicles.charge_efficiency[0] = 0.9, fleet.vehicles.discharge_efficiency[0] = 0.95;
    fleet.vehicles.charge_power[0] = 7000, fleet.vehicles.discharge_power[0] = 5000;
    OptimumPrices prices;
    prices.has_ensured = true;
    std::vector<double> take, give, house;
    for (uint32_t step = 0; step < fleet.clock.steps; ++step) {
      prices.take.push_back(100'000'000 + below(300'000'000)), prices.give.push_back(below(100'000'000)), prices.house.push_back((below(4000) - 1500) * 1000);
      prices.floor.push_back(8000), prices.discharge.push_back(seed % 2 ? 20'000'000 : 0);
      take.push_back(static_cast<double>(prices.take[step]) / 1e9), give.push_back(static_cast<double>(prices.give[step]) / 1e9), house.push_back(static_cast<double>(prices.house[step]) / 1e6);
    }
    fleet.plug_ins.of_vehicle[0] = {{fleet.hour(0), fleet.hour(12), {}, {}, 0}, {fleet.hour(15), fleet.hour(30), {}, {}, 9.0}, {fleet.hour(33), fleet.hour(40), {}, {}, 5.0}};
    const OptimumPlan plan = plan_optimum(fleet.clock, {40, 20, 32, 0.9, 0.95, 7000, 5000}, fleet.plug_ins.of_vehicle[0], prices);
    fleet.request.states = {{FleetState::Kind::stored, 0}};
    Policy policy;
    policy.of = [&](uint32_t, uint32_t step, const int64_t* states, int64_t* outputs) {
      const double missing = plan.level[step] * (40'000.0 / plan.units) - static_cast<double>(states[0]);
      std::fill_n(outputs, 32, 0);
      if (plan.change[step] > 0) outputs[0] = static_cast<int64_t>(std::ceil(std::max(missing, 0.0) / 0.9));
      if (plan.change[step] < 0) outputs[0] = static_cast<int64_t>(std::min(missing, 0.0) * 0.95);
    };
    const FleetResult result = simulate_fleet(fleet.request, policy, 1);
    BoundRequest request = bound_of(fleet, result, take, give);
    request.house = {house}, request.reserve = {std::vector<double>(fleet.clock.steps, 8.0)};
    request.of_vehicle.push_back({{}, {}, {}, std::vector<double>(fleet.clock.steps, seed % 2 ? 0.02 : 0.0)});
    const Result<CostBound> bound = bound_cost(request);
    ASSERT_TRUE(bound);
    EXPECT_LE(bound->least, bound->run + 1e-6) << "seed " << seed;
    EXPECT_NEAR(bound->least, bound->run, 0.10) << "seed " << seed;
  }
}

// From 18:00 to 06:00 with 20 of 40 kWh at 4 kW: five hours are needed, so it charges from 01:00 on and not before.
TEST(SimulateFleet, ensuresAsLateAsItCan) {
  Fleet fleet(2, 3600, 1);
  fleet.plug_ins.of_vehicle[0] = {{fleet.hour(18), fleet.hour(30), {}, {}, 0}};
  fleet.request.states = {{FleetState::Kind::target, 0}};
  fleet.request.outputs = 2;
  fleet.request.ensured = 1;
  Policy policy;
  policy.of = [](uint32_t, uint32_t, const int64_t* states, int64_t* outputs) {
    for (int lane = 0; lane < 32; ++lane) outputs[lane] = 0, outputs[32 + lane] = states[lane];
  };
  const FleetResult result = simulate_fleet(fleet.request, policy, 1);
  for (uint32_t step = 0; step < 48; ++step) EXPECT_EQ(fleet.charged(result, 0, step) > 0, step >= 25 && step < 30) << step;
  EXPECT_GE(result.series.stored.at(0, 29), 39999);
  EXPECT_EQ(result.counts.departures, 1u);
  EXPECT_EQ(result.counts.missed, 0u);
  EXPECT_EQ(result.series.departed.at(0, 29), 1);
}

// Four dear hours and eight cheap ones; three hours are wanted: the three cheapest, of equal prices the earliest.
TEST(SimulateFleet, choosesTheCheapestHours) {
  Fleet fleet(1, 3600, 1);
  fleet.plug_ins.of_vehicle[0] = {{fleet.hour(2), fleet.hour(14), {}, {}, 0}};
  CheapestHours hours{{3}, std::vector<Int128>(24, 50)};
  hours.price[5] = 10, hours.price[9] = 20, hours.price[1] = 1;  // hour 1 is before it arrives
  fleet.request.cheapest = {hours};
  fleet.request.states = {{FleetState::Kind::chosen, 0}};
  Policy policy;
  policy.of = [](uint32_t, uint32_t, const int64_t* states, int64_t* outputs) {
    for (int lane = 0; lane < 32; ++lane) outputs[lane] = states[lane] * 4000;
  };
  const FleetResult result = simulate_fleet(fleet.request, policy, 1);
  for (uint32_t step = 0; step < 24; ++step) EXPECT_EQ(fleet.charged(result, 0, step) > 0, step == 2 || step == 5 || step == 9) << step;
}

// Two cars of 4 kW behind 6 kW of which the house takes 1 kW: 5 kW are shared equally; one that gives back 1 kW leaves the other 4 kW.
TEST(SimulateFleet, sharesWhatALimitLeaves) {
  Fleet fleet(1, 3600, 2);
  for (auto& rows : fleet.plug_ins.of_vehicle) rows = {{fleet.hour(0), fleet.hour(24), {}, {}, 0}};
  TileSeries house = make_tile_series(1, 24, 4, {1, 1000});
  for (uint32_t step = 0; step < 24; ++step) house.set(0, step, 1000);
  GroupLimit limit;
  limit.group_of = {0, 0}, limit.groups = 1, limit.cap = 1, limit.sharing = SharingRule::equal, limit.import = &house;
  fleet.request.limits = {limit};
  fleet.request.outputs = 2;
  Policy policy;
  policy.of = [](uint32_t, uint32_t step, const int64_t*, int64_t* outputs) {
    for (int lane = 0; lane < 32; ++lane) outputs[lane] = 4000, outputs[32 + lane] = 6000;
    if (step == 1) outputs[0] = -1000;
  };
  const FleetResult result = simulate_fleet(fleet.request, policy, 1);
  EXPECT_EQ(fleet.charged(result, 0, 0), 2500);
  EXPECT_EQ(fleet.charged(result, 1, 0), 2500);
  EXPECT_EQ(result.series.discharge.at(0, 1), 1000);
  EXPECT_EQ(fleet.charged(result, 1, 1), 4000);
  EXPECT_GT(result.counts.bound, 0u);
}

// Random wishes, drives and limits: 0 <= energy <= capacity, power within limits, the meters within 1 Wh of what the battery gained, and
// the same for any number of threads.
TEST(SimulateFleet, holdsOnRandomRuns) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
    Fleet fleet(7, 900, 70);
    fleet.request.physics_seconds = seed % 2 ? 900 : 60;
    for (uint32_t v = 0; v < 70; ++v) {
      fleet.vehicles.charge_power[v] = static_cast<int32_t>(below(11001)), fleet.vehicles.discharge_power[v] = static_cast<int32_t>(below(11001));
      for (int64_t at = below(36000); at < 7 * 86400;) {
        const int64_t stay = 60 + below(50000);
        fleet.plug_ins.of_vehicle[v].push_back({fleet.clock.begin + at, fleet.clock.begin + at + stay, {}, {}, static_cast<double>(below(9000)) / 1000.0});
        at += stay + below(30000);
      }
    }
    GroupLimit limit;
    limit.groups = 9, limit.cap = 3, limit.sharing = static_cast<SharingRule>(seed % 3);
    for (uint32_t v = 0; v < 70; ++v) limit.group_of.push_back(v % 10 == 9 ? UINT32_MAX : v % 9);
    fleet.request.limits = {limit};
    fleet.request.states = {{FleetState::Kind::stored, 0}, {FleetState::Kind::target, 0}};
    fleet.request.outputs = 4, fleet.request.reserve = 1, fleet.request.ensured = 2;
    Policy policy;
    policy.of = [&](uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) {
      for (uint32_t lane = 0; lane < 32; ++lane) {
        const uint64_t mix = (seed * 1000003 + tile * 32 + lane) * 2654435761u + step * 40503u;
        outputs[lane] = static_cast<int64_t>(mix % 24000) - 12000, outputs[32 + lane] = 8000, outputs[64 + lane] = states[32 + lane], outputs[96 + lane] = 15000;
      }
    };
    const FleetResult one_thread = simulate_fleet(fleet.request, policy, 1), result = simulate_fleet(fleet.request, policy, 3);
    for (uint32_t v = 0; v < 70; ++v) {
      double in = 0, out = 0, used = 0;
      for (uint32_t step = 0; step < fleet.clock.steps; ++step) {
        const int64_t charged = result.series.charged.at(v, step), discharged = result.series.discharge.at(v, step), stored = result.series.stored.at(v, step);
        ASSERT_EQ(charged, one_thread.series.charged.at(v, step));
        ASSERT_EQ(stored, one_thread.series.stored.at(v, step));
        ASSERT_TRUE(stored >= 0 && stored <= 40000);
        ASSERT_LE(charged, fleet.vehicles.charge_power[v] / 4 + 1);
        ASSERT_LE(discharged, fleet.vehicles.discharge_power[v] / 4 + 1);
        in += static_cast<double>(charged), out += static_cast<double>(discharged);
      }
      for (const PlugIn& plug_in : fleet.plug_ins.of_vehicle[v]) used += plug_in.used * 1000.0;
      const double last = static_cast<double>(result.series.stored.at(v, fleet.clock.steps - 1));
      ASSERT_GE(last, 20000.0 + in - out - used - 3.0);  // what a drive used beyond the battery never was
      ASSERT_LE(in - out, 40000.0 - 0.0 + used + 2.0);
    }
  }
}

// ---- plug-ins from files

Result<PlugIns> read(const std::string& text) {
  const std::string path = (std::filesystem::temp_directory_path() / "wattlaw_plug_ins_test.csv").string();
  std::ofstream(path) << text;
  return read_plug_ins(path, "sessions.csv", *Zone::load("Europe/Copenhagen"), {"car_1", "car_2"});
}

TEST(PlugIns, areRead) {
  const auto all = read("vehicle,begins,ends,soc,target,used [kWh]\ncar_2,2026-01-01T18:00,2026-01-02T07:00Z,40%,0.9,\ncar_2,2026-01-02T18:00,2026-01-03T07:00,,,12.5\n");
  ASSERT_TRUE(all) << all.failure().message;
  ASSERT_EQ(all->of_vehicle[1].size(), 2u);
  EXPECT_EQ(all->of_vehicle[0].size(), 0u);
  EXPECT_EQ(*all->of_vehicle[1][0].soc, 0.4);
  EXPECT_EQ(*all->of_vehicle[1][0].target, 0.9);
  EXPECT_EQ(all->of_vehicle[1][0].ends - all->of_vehicle[1][0].begins, 14 * 3600);  // 17:00Z to 07:00Z
  EXPECT_EQ(all->of_vehicle[1][1].used, 12.5);
}

TEST(PlugIns, tellWhatIsWrong) {
  const std::pair<const char*, const char*> bad[] = {
      {"car_3,2026-01-01T18:00,2026-01-02T07:00,,", "WL6070"}, {"car_1,2026-01-02T18:00,2026-01-02T07:00,,", "WL6071"},
      {"car_1,2026-01-01T18:00,2026-01-03T07:00,,\ncar_1,2026-01-02T18:00,2026-01-04T07:00,,", "WL6072"}, {"car_1,2026-01-01T18:00,2026-01-02T07:00,1.2,", "WL6073"},
      {"car_1,2026-01-01T18:00,2026-01-02T07:00,,-3", "WL6073"}, {"car_1,2026-03-29T02:30,2026-03-29T07:00,,", "WL6016"}, {"car_1,2026-10-25T02:30,2026-10-25T07:00,,", "WL6015"},
      {"car_1,now,2026-10-25T07:00,,", "WL6014"}};
  for (const auto& [row, code] : bad) {
    const auto all = read(std::string("vehicle,begins,ends,soc,used\n") + row + "\n");
    ASSERT_FALSE(all) << row;
    EXPECT_EQ(all.failure().code, code) << all.failure().message;
  }
}

}  // namespace
}  // namespace wattlaw
