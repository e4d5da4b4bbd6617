#include "compiler/plan/optimum_policy.h"

#include <atomic>
#include <cmath>
#include <thread>

#include "compiler/interpret/interpret.h"
#include "runtime/number/rounding.h"

namespace wattlaw {
namespace {

class PlannedPolicy : public FleetPolicy {
 public:
  PlannedPolicy(const FleetVehicles& vehicles, double hours, std::vector<OptimumPlan> plans) : vehicles_(vehicles), hours_(hours), plans_(std::move(plans)) {}

  bool decide(uint32_t tile, uint32_t step, const int64_t* states, int64_t* outputs) override {
    for (uint32_t lane = 0; lane < kTileMembers; ++lane) {
      const uint32_t v = tile * kTileMembers + lane;
      outputs[lane] = v < plans_.size() ? watts(v, step, static_cast<double>(states[lane])) : 0;
    }
    return true;
  }

 private:
  // To the planned level from what is really there, so that what truncation leaves does not add up.
  int64_t watts(uint32_t v, uint32_t step, double stored) const {
    const OptimumPlan& plan = plans_[v];
    const int change = plan.change[step];
    if (change == 0) return 0;
    const double wanted = plan.level[step] * (vehicles_.capacity[v] * 1000.0 / plan.units) - stored;
    if (change > 0) return wanted <= 0.0 ? 0 : static_cast<int64_t>(std::ceil(wanted / (vehicles_.charge_efficiency[v] * hours_)));
    return wanted >= 0.0 ? 0 : static_cast<int64_t>(wanted * vehicles_.discharge_efficiency[v] / hours_);
  }

  const FleetVehicles& vehicles_;
  const double hours_;
  const std::vector<OptimumPlan> plans_;
};

int64_t billionths(const Rational& price) { return static_cast<int64_t>(numerator(round_to(price * 1'000'000'000, 1, RoundingMode::half_even))); }

}  // namespace

Result<Planned> plan_dispatch(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const FleetVehicles& vehicles, const PlugIns& plug_ins, unsigned threads) {
  const TypedDispatch& dispatch = *settlement.dispatch;
  const TypedDispatch::Optimum& optimum = *dispatch.optimum;
  const auto find_series = [&](const char* name) -> const TileSeries* {
    for (size_t i = 0; i < settlement.series.size(); ++i)
      if (program.series[settlement.series[i]].name == name) return &traces.member_series[i];
    return nullptr;
  };
  const std::vector<Rational>* site_of = nullptr;
  for (size_t i = 0; i < settlement.attributes.size(); ++i)
    if (program.attributes[settlement.attributes[i]].name == "vehicle.site") site_of = &traces.attributes[i];
  const TileSeries* house[] = {find_series("import"), find_series("export")};
  const std::vector<std::string>& ids = members_of(traces, EntityGrain::vehicle).ids;
  if (optimum.has_site) {
    std::vector<int64_t> of_site(members_of(traces, EntityGrain::site).size(), -1);
    for (uint32_t v = 0; v < vehicles.size(); ++v) {
      const auto site = static_cast<int64_t>(numerator((*site_of)[v]));
      if (site < 0) continue;
      int64_t& other = of_site[static_cast<size_t>(site)];
      if (other >= 0)
        return Failure{"WL6075", "`" + ids[static_cast<size_t>(other)] + "` and `" + ids[v] + "` stand at the same site, so the best for one depends on the other", "give each its own site, or compare a policy with `wattlaw run --bound`", "vehicles.csv", 0, ""};
      other = v;
    }
  }
  Interpreter interpreter(program, settlement, clock, traces);
  std::vector<OptimumPrices> prices(vehicles.size());
  for (uint32_t v = 0; v < vehicles.size(); ++v) {
    OptimumPrices& of = prices[v];
    const auto read = [&](ExpressionId id, std::vector<int64_t>& column, bool is_energy) {
      if (!id) return;
      column.resize(clock.steps);
      for (uint32_t step = 0; step < clock.steps; ++step) {
        const Value value = interpreter.evaluate(id, v, step);
        column[step] = is_energy ? static_cast<int64_t>(numerator(Rational(value.number * 1000))) : billionths(value.number);
      }
    };
    read(optimum.import_price, of.take, false), read(optimum.export_price, of.give, false);
    read(optimum.charge_price, of.charge, false), read(optimum.discharge_price, of.discharge, false);
    read(dispatch.reserve, of.floor, true), read(dispatch.ensured, of.ensured, true);
    of.has_ensured = optimum.ensures_target || dispatch.ensured;
    if (const auto& fault = interpreter.fault()) return Failure{fault->code, "the dispatch `" + dispatch.name + "`: " + fault->message + "; `" + ids[v] + "`", "", "", 0, ""};
    interpreter.forget_site(v);
    const Rational site = optimum.has_site ? (*site_of)[v] : Rational(-1);
    if (site < 0 || house[0] == nullptr) continue;
    of.house.resize(clock.steps);
    for (const int sign : {1, -1}) {
      const TileSeries* flow = house[sign > 0 ? 0 : 1];
      if (flow == nullptr || !flow->bytes) continue;
      const Rational scale = flow->quantum.value() * 1'000'000;  // thousandths of a Wh
      for (uint32_t step = 0; step < clock.steps; ++step) {
        const Rational energy = scale * flow->at(static_cast<uint32_t>(numerator(site)), step);
        of.house[step] += sign * static_cast<int64_t>(numerator(energy) / denominator(energy));
      }
    }
  }
  std::vector<OptimumPlan> plans(vehicles.size());
  std::atomic<uint32_t> next = 0;
  const auto work = [&] {
    for (uint32_t v = next++; v < vehicles.size(); v = next++)
      plans[v] = plan_optimum(clock, {vehicles.capacity[v], vehicles.stored[v], vehicles.target[v], vehicles.charge_efficiency[v], vehicles.discharge_efficiency[v], vehicles.charge_power[v], vehicles.discharge_power[v]},
                              plug_ins.of_vehicle[v], prices[v]);
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < std::min(threads, vehicles.size()); ++thread) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  Planned planned;
  for (const OptimumPlan& plan : plans) planned.cost += Rational(plan.cost, 1'000'000'000);
  planned.policy = std::make_unique<PlannedPolicy>(vehicles, clock.step_seconds / 3600.0, std::move(plans));
  return planned;
}

}  // namespace wattlaw
