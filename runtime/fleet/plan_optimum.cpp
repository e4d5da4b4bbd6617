#include "runtime/fleet/plan_optimum.h"

#include <algorithm>
#include <cmath>

#include "runtime/number/wide_integer.h"

namespace wattlaw {
namespace {

constexpr uint32_t kFewest = 300, kMost = 600;
constexpr int64_t kMissing = 1'000'000'000'000'000;  // for a unit that is missing: before any cost

// What happens at the begin of an interval: the vehicle leaves with so much, or comes back.
struct Event {
  enum class Kind : uint8_t { departure, drive, arrival_with } kind;
  double energy;                       // kWh: to be there, used, or there on arrival
};

struct Grid {
  uint32_t units;
  double unit;                         // kWh
  int up, down;                        // the most units that an interval charges, discharges
};

// The grid on which a full interval comes nearest to what the plug gives.
Grid make_grid(const OptimumVehicle& v, double hours) {
  const double in = v.charge_power / 1000.0 * hours * v.charge_efficiency, out = v.discharge_power / 1000.0 * hours / v.discharge_efficiency;
  Grid best{};
  double least = 1e9;
  for (uint32_t units = kFewest; units <= kMost; ++units) {
    const double unit = v.capacity / units;
    const auto lost = [&](double energy) { return energy <= 0.0 ? 0.0 : (energy / unit - std::floor(energy / unit + 1e-9)) / (energy / unit); };
    const double all = lost(in) + lost(out);
    if (all >= least - 1e-9) continue;
    least = all;
    best = {units, unit, static_cast<int>(std::floor(in / unit + 1e-9)), static_cast<int>(std::floor(out / unit + 1e-9))};
  }
  return best;
}

int64_t at(const std::vector<int64_t>& column, uint32_t step) { return column.empty() ? 0 : column[step]; }

// Billionths: price a kWh × thousandths of a Wh, to the nearest.
int64_t times(int64_t price, int64_t milliwatthours) {
  const Int128 product = static_cast<Int128>(price) * milliwatthours;
  return static_cast<int64_t>((product >= 0 ? product + 500'000 : product - 500'000) / 1'000'000);
}

class Planner {
 public:
  Planner(const Clock& clock, const OptimumVehicle& vehicle, const std::vector<PlugIn>& plug_ins, const OptimumPrices& prices)
      : clock_(clock), vehicle_(vehicle), plug_ins_(plug_ins), prices_(prices), grid_(make_grid(vehicle, clock.step_seconds / 3600.0)), events_(clock.steps + 1), moves_(clock.steps) {}
  OptimumPlan plan();

 private:
  int level_of(double energy) const { return std::clamp(static_cast<int>(std::floor(energy / grid_.unit + 1e-9)), 0, static_cast<int>(grid_.units)); }
  void lay_out();
  void through_event(const Event& event, std::vector<int64_t>& value) const;
  int after(const Event& event, int level) const;
  int64_t cost(uint32_t step, int change) const;

  const Clock& clock_;
  const OptimumVehicle& vehicle_;
  const std::vector<PlugIn>& plug_ins_;
  const OptimumPrices& prices_;
  const Grid grid_;
  std::vector<std::vector<Event>> events_;  // before the interval; the last: after the run
  std::vector<uint8_t> moves_;
  double still_wanted_ = -1;           // of a stay that outlasts the run, and how many intervals it has left
  int64_t left_after_ = 0;
};

void Planner::lay_out() {
  for (const PlugIn& stay : plug_ins_) {
    if (stay.ends <= clock_.begin) continue;
    const int64_t begins = stay.begins - clock_.begin, ends = stay.ends - clock_.begin, seconds = clock_.step_seconds;
    const int64_t first = begins <= 0 ? 0 : (begins + seconds - 1) / seconds, end = ends / seconds;
    if (first >= clock_.steps) break;
    if (begins >= 0) events_[static_cast<size_t>(first)].push_back(stay.soc ? Event{Event::Kind::arrival_with, *stay.soc * vehicle_.capacity} : Event{Event::Kind::drive, stay.taken()});
    for (int64_t step = first; step < std::min<int64_t>(end, clock_.steps); ++step) moves_[static_cast<size_t>(step)] = 1;
    if (!prices_.has_ensured) continue;
    const auto last = static_cast<uint32_t>(std::clamp<int64_t>(end, 0, clock_.steps - 1));
    const double wanted = !prices_.ensured.empty() ? static_cast<double>(prices_.ensured[last]) / 1000.0 : stay.target ? *stay.target * vehicle_.capacity : vehicle_.target;
    if (end < clock_.steps) events_[static_cast<size_t>(std::max(end, first))].push_back({Event::Kind::departure, wanted});
    else still_wanted_ = wanted, left_after_ = end - clock_.steps;
  }
}

int Planner::after(const Event& event, int level) const {
  if (event.kind == Event::Kind::arrival_with) return level_of(event.energy);
  if (event.kind == Event::Kind::departure) return level;
  return std::max(level_of(level * grid_.unit - event.energy), 0);
}

// Backwards through what happens: the value before it from the value after it.
void Planner::through_event(const Event& event, std::vector<int64_t>& value) const {
  std::vector<int64_t> before(value.size());
  for (int level = 0; level <= static_cast<int>(grid_.units); ++level) {
    int64_t& here = before[static_cast<size_t>(level)];
    here = value[static_cast<size_t>(after(event, level))];
    double missing = 0;
    if (event.kind != Event::Kind::arrival_with) missing = std::ceil(event.energy / grid_.unit - 1e-9) - level;
    if (missing > 0) here += static_cast<int64_t>(missing) * kMissing;
  }
  value = std::move(before);
}

// What moving so many units in an interval adds to the site's cost, and to the vehicle's.
int64_t Planner::cost(uint32_t step, int change) const {
  if (change == 0) return 0;
  const double energy = std::abs(change) * grid_.unit * 1e6;  // thousandths of a Wh in the battery
  const int64_t plug = std::llround(change > 0 ? energy / vehicle_.charge_efficiency : energy * vehicle_.discharge_efficiency);
  const int64_t house = at(prices_.house, step), net = house + (change > 0 ? plug : -plug);
  const auto through_meter = [&](int64_t flow) { return flow >= 0 ? times(at(prices_.take, step), flow) : times(at(prices_.give, step), flow); };
  return through_meter(net) - through_meter(house) + times(at(change > 0 ? prices_.charge : prices_.discharge, step), plug);
}

OptimumPlan Planner::plan() {
  lay_out();
  const auto levels = static_cast<int>(grid_.units) + 1;
  std::vector<int64_t> value(static_cast<size_t>(levels)), next;
  if (still_wanted_ >= 0) {  // what can still be charged after the run need not be there at its end
    const double missing_from = std::ceil(still_wanted_ / grid_.unit - 1e-9) - static_cast<double>(left_after_) * grid_.up;
    for (int level = 0; level < levels; ++level)
      if (missing_from > level) value[static_cast<size_t>(level)] = static_cast<int64_t>(missing_from - level) * kMissing;
  }
  for (auto event = events_[clock_.steps].rbegin(); event != events_[clock_.steps].rend(); ++event) through_event(*event, value);
  std::vector<int16_t> choice(static_cast<size_t>(clock_.steps) * static_cast<size_t>(levels));
  const int up = std::min(grid_.up, levels - 1), down = std::min(grid_.down, levels - 1);
  for (uint32_t step = clock_.steps; step-- > 0;) {
    if (moves_[step]) {
      int16_t* chosen = choice.data() + size_t{step} * static_cast<size_t>(levels);
      next = value;  // nothing moves: of equal costs the smallest change, charging before discharging
      const int floor = static_cast<int>(std::ceil(static_cast<double>(at(prices_.floor, step)) / 1000.0 / grid_.unit - 1e-9));
      for (int size = 1; size <= std::max(up, down); ++size) {
        if (size <= up) {
          const int64_t price = cost(step, size);
          for (int level = 0; level + size < levels; ++level) {
            const int64_t there = value[static_cast<size_t>(level + size)] + price;
            const bool is_better = there < next[static_cast<size_t>(level)];
            next[static_cast<size_t>(level)] = is_better ? there : next[static_cast<size_t>(level)];
            chosen[level] = is_better ? static_cast<int16_t>(size) : chosen[level];
          }
        }
        if (size <= down) {
          const int64_t price = cost(step, -size);
          for (int level = std::max(size, floor + size); level < levels; ++level) {
            const int64_t there = value[static_cast<size_t>(level - size)] + price;
            const bool is_better = there < next[static_cast<size_t>(level)];
            next[static_cast<size_t>(level)] = is_better ? there : next[static_cast<size_t>(level)];
            chosen[level] = is_better ? static_cast<int16_t>(-size) : chosen[level];
          }
        }
      }
      value.swap(next);
    }
    for (auto event = events_[step].rbegin(); event != events_[step].rend(); ++event) through_event(*event, value);
  }
  OptimumPlan plan;
  plan.units = grid_.units;
  plan.level.resize(clock_.steps);
  plan.change.resize(clock_.steps);
  int level = level_of(vehicle_.stored);
  for (uint32_t step = 0; step < clock_.steps; ++step) {
    for (const Event& event : events_[step]) level = after(event, level);
    if (moves_[step]) {
      const int change = choice[size_t{step} * static_cast<size_t>(levels) + static_cast<size_t>(level)];
      plan.cost += cost(step, change);
      level += change;
      plan.change[step] = static_cast<int16_t>(change);
    }
    plan.level[step] = static_cast<int16_t>(level);
  }
  return plan;
}

}  // namespace

OptimumPlan plan_optimum(const Clock& clock, const OptimumVehicle& vehicle, const std::vector<PlugIn>& plug_ins, const OptimumPrices& prices) {
  return Planner(clock, vehicle, plug_ins, prices).plan();
}

}  // namespace wattlaw
