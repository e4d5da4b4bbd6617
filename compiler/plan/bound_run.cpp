#include "compiler/plan/bound_run.h"

#include <algorithm>
#include <set>

#include "compiler/interpret/interpret.h"

namespace wattlaw {
namespace {

bool depends_on_state(const TypedProgram& program, ExpressionId root, std::set<uint32_t>& seen) {
  if (!seen.insert(root.index).second) return false;
  const Expression& e = program[root];
  if (e.op == Op::series && program.series[e.index].source == SeriesSource::state) return true;
  return std::any_of(e.operands.begin(), e.operands.end(), [&](ExpressionId operand) { return depends_on_state(program, operand, seen); });
}

bool is_known_before(const TypedProgram& program, ExpressionId id) {
  std::set<uint32_t> seen;
  return id && !depends_on_state(program, id, seen);
}

const TileSeries* find_series(const TypedProgram& program, const Settlement& settlement, const Traces& traces, const char* name) {
  for (size_t i = 0; i < settlement.series.size(); ++i)
    if (program.series[settlement.series[i]].name == name) return &traces.member_series[i];
  return nullptr;
}

// kWh that the rest of each site takes; of sites without files nothing.
std::vector<std::vector<double>> read_houses(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces) {
  std::vector<std::vector<double>> houses(members_of(traces, EntityGrain::site).size(), std::vector<double>(clock.steps));
  for (const auto& [name, sign] : {std::pair{"import", 1.0}, std::pair{"export", -1.0}}) {
    const TileSeries* flow = find_series(program, settlement, traces, name);
    if (flow == nullptr || !flow->bytes) continue;
    const double scale = flow->quantum.value().convert_to<double>() * sign;
    for (uint32_t site = 0; site < houses.size(); ++site)
      for (uint32_t step = 0; step < clock.steps; ++step) houses[site][step] += scale * static_cast<double>(flow->at(site, step));
  }
  return houses;
}

}  // namespace

Result<BoundOfRun> bound_run(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const FleetVehicles& vehicles, const PlugIns& plug_ins,
                             const std::vector<GroupLimit>& limits, const FleetSeries& moved) {
  const TypedDispatch& dispatch = *settlement.dispatch;
  const TypedDispatch::Optimum& prices = *dispatch.bound;
  const double hours = clock.step_seconds / 3600.0;
  BoundOfRun of;
  BoundRequest request;
  request.clock = &clock, request.vehicles = &vehicles, request.plug_ins = &plug_ins, request.moved = &moved;
  request.physics_seconds = settlement.physics_seconds > 0 ? settlement.physics_seconds : clock.step_seconds;
  request.site_of.assign(vehicles.size(), UINT32_MAX);
  for (size_t i = 0; prices.has_site && i < settlement.attributes.size(); ++i)
    if (program.attributes[settlement.attributes[i]].name == "vehicle.site")
      for (uint32_t v = 0; v < vehicles.size(); ++v)
        if (const Rational& site = traces.attributes[i][v]; site >= 0) request.site_of[v] = static_cast<uint32_t>(numerator(site));
  for (size_t i = 0; i < limits.size(); ++i) {
    if (is_known_before(program, dispatch.limits[i].cap)) request.limits.push_back({limits[i].group_of, limits[i].nets, std::vector<std::vector<double>>(limits[i].groups)});
    else of.leaves_out_limit = true;
  }
  if (auto fits = check_bound_size(request); !fits) return fits.failure();

  Interpreter interpreter(program, settlement, clock, traces);
  const auto read = [&](ExpressionId id, uint32_t v) {
    std::vector<double> column;
    for (uint32_t step = 0; id && step < clock.steps; ++step) column.push_back(interpreter.evaluate(id, v, step).number.convert_to<double>());
    return column;
  };
  if (prices.has_site) request.house = read_houses(program, settlement, clock, traces), request.of_site.resize(request.house.size());
  const bool keeps = is_known_before(program, dispatch.reserve), ensures = is_known_before(program, dispatch.ensured);
  of.leaves_out_limit = of.leaves_out_limit || (dispatch.reserve && !keeps);
  request.of_vehicle.resize(vehicles.size());
  if (keeps) request.reserve.resize(vehicles.size());
  if (ensures) request.wanted.resize(vehicles.size());
  for (uint32_t v = 0; v < vehicles.size(); ++v) {
    request.of_vehicle[v].charge = read(prices.charge_price, v), request.of_vehicle[v].discharge = read(prices.discharge_price, v);
    if (const uint32_t site = request.site_of[v]; site != UINT32_MAX && request.of_site[site].take.empty() && request.of_site[site].give.empty())
      request.of_site[site].take = read(prices.import_price, v), request.of_site[site].give = read(prices.export_price, v);
    if (keeps) request.reserve[v] = read(dispatch.reserve, v);
    if (ensures) request.wanted[v] = read(dispatch.ensured, v);
    for (size_t i = 0, seen = 0; i < limits.size(); ++i) {
      if (!is_known_before(program, dispatch.limits[i].cap)) continue;
      BoundLimit& limit = request.limits[seen++];
      const uint32_t group = limit.group_of[v];
      if (group == UINT32_MAX || !limit.room[group].empty()) continue;  // the cap of its first vehicle counts
      limit.room[group] = read(dispatch.limits[i].cap, v);
      for (uint32_t step = 0; step < clock.steps; ++step) {
        double& room = limit.room[group][step];
        room *= hours;
        for (const auto& [flow, sign] : {std::pair{limits[i].import, 1.0}, std::pair{limits[i].export_, -1.0}})
          if (flow != nullptr && flow->bytes) room -= sign * flow->quantum.value().convert_to<double>() * static_cast<double>(flow->at(group, step));
      }
    }
    if (const auto& fault = interpreter.fault()) return Failure{fault->code, "the dispatch `" + dispatch.name + "`: " + fault->message, "", "", 0, ""};
    interpreter.forget_site(v);
  }
  auto cost = bound_cost(request);
  if (!cost) return cost.failure();
  of.cost = *cost;
  return of;
}

}  // namespace wattlaw
