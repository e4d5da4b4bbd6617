#include "runtime/fleet/origin_account.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace wattlaw {
namespace {

// Two vehicles, random hours: they charge, discharge, drive; what the site draws follows from that and a load of whole kilowatt-hours.
struct Home {
  std::mt19937 random{7};
  std::vector<OriginAccount::Efficiency> efficiencies{{Rational(9, 10), Rational(9, 10)}, {Rational(1), Rational(8, 10)}};
  std::vector<Rational> stored{0, 0};
  std::vector<bool> away{false, false};

  int64_t up_to(int64_t most) { return std::uniform_int_distribution<int64_t>(0, most)(random); }

  OriginInterval hour(bool borne, int64_t generated) {
    OriginInterval interval;
    interval.borne = borne;
    Rational net = up_to(5) - generated;
    for (size_t v = 0; v < stored.size(); ++v) {
      OriginInterval::OfVehicle vehicle;
      if (away[v]) stored[v] -= std::min(stored[v], Rational(up_to(3)));  // it comes back with what it did not drive
      away[v] = up_to(4) == 0;
      vehicle.plugged = true;
      if (up_to(1) == 0) vehicle.charged = up_to(10);
      else vehicle.discharged = std::min(Rational(up_to(10)), Rational(stored[v] * efficiencies[v].discharge));
      stored[v] += vehicle.charged * efficiencies[v].charge - vehicle.discharged / efficiencies[v].discharge;
      vehicle.stored = stored[v];
      net += vehicle.charged - vehicle.discharged;
      if (away[v]) vehicle.plugged = false;  // leaves at once: whatever it does while plugged is in this hour
      interval.vehicles.push_back(vehicle);
    }
    interval.import = std::max(net, Rational(0)), interval.exported = std::max(Rational(-net), Rational(0));
    return interval;
  }
};

// Everything that is drawn bears the charge and nothing is generated: each kilowatt-hour has borne it once, and what is given back bears it
// again elsewhere. What came in is used, lost, or still there.
TEST(OriginAccount, keepsEveryKilowattHour) {
  for (const bool fifo : {true, false}) {
    Home home;
    OriginAccount account(fifo, home.efficiencies);
    Rational drawn, used, lost, given_back;
    const Rational rounding(1, 1000000);  // of shares
    for (int hour = 0; hour < 400; ++hour) {
      const OriginInterval interval = home.hour(true, 0);
      const OriginFlows flows = account.flow(interval);
      drawn += interval.import, used += flows.final_use, lost += flows.losses, given_back += interval.exported;
      EXPECT_LE(abs(flows.taxed_losses - flows.losses), rounding) << hour;
      EXPECT_LE(abs(flows.taxed_final_use - flows.final_use - interval.exported), rounding) << hour;
      EXPECT_LE(abs(flows.taxed_export - interval.exported), rounding) << hour;
    }
    EXPECT_GT(given_back, 0);
    EXPECT_GT(lost, 0);
    EXPECT_LE(abs(drawn - used - lost - home.stored[0] - home.stored[1]), rounding);
  }
}

// Nothing bears the charge: nothing is taxed but what others use.
TEST(OriginAccount, taxesNothingThatIsFree) {
  Home home;
  OriginAccount account(true, home.efficiencies);
  for (int hour = 0; hour < 200; ++hour) {
    const OriginInterval interval = home.hour(false, hour % 3);
    const OriginFlows flows = account.flow(interval);
    EXPECT_EQ(flows.taxed_losses, 0);
    EXPECT_EQ(flows.taxed_export, 0);
    EXPECT_EQ(flows.taxed_final_use, interval.exported);
  }
}

// 10 kWh of the grid, then 10 kWh of the sun, without losses: the first 10 kWh out are those of the grid, or half of each.
TEST(OriginAccount, saysWhichFlowsOutFirst) {
  for (const bool fifo : {true, false}) {
    OriginAccount account(fifo, {{1, 1}});
    account.flow({10, 0, true, {{10, 0, 10, true}}});
    account.flow({0, 0, true, {{10, 0, 20, true}}});
    EXPECT_EQ(account.flow({0, 10, true, {{0, 10, 10, true}}}).taxed_export, fifo ? Rational(10) : Rational(5));
    EXPECT_EQ(account.flow({0, 10, true, {{0, 10, 0, true}}}).taxed_export, fifo ? Rational(0) : Rational(5));
  }
}

// What a battery held at first is of unknown origin: it is neither used nor lost here.
TEST(OriginAccount, leavesOutWhatItDoesNotKnow) {
  OriginAccount account(true, {{1, Rational(1, 2)}});
  const OriginFlows flows = account.flow({0, 5, true, {{0, 5, 10, true}}});  // 10 of 20 kWh leave it
  EXPECT_EQ(flows.final_use, 0);
  EXPECT_EQ(flows.losses, 0);
  EXPECT_EQ(flows.taxed_export, 0);
}

}  // namespace
}  // namespace wattlaw
