#include "compiler/plan/fleet_moments.h"

#include <algorithm>
#include <filesystem>

#include "runtime/fleet/trips.h"
#include "runtime/trace/load_members.h"

namespace wattlaw {
namespace {

using Told = AttributeDeclaration::Told;

size_t place_of(const Settlement& settlement, uint32_t attribute) {
  return static_cast<size_t>(std::find(settlement.attributes.begin(), settlement.attributes.end(), attribute) - settlement.attributes.begin());
}

// A file that says what trips take, or vehicles of which it is known what a kilometre takes.
Result<bool> do_trips_drive(const std::string& path, const std::string& shown, const std::vector<double>& consumption) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  if (std::any_of(consumption.begin(), consumption.end(), [](double each) { return each > 0; })) return true;
  Result<MemberTable> table = read_member_table(path, shown, "trip", {});
  if (!table) return table.failure();
  return std::any_of(table->columns.begin(), table->columns.end(), [](const auto& column) { return column.first == "energy"; });
}

}  // namespace

Result<FleetMoments> find_moments(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const std::string& data_folder, PlugIns& plug_ins) {
  FleetMoments moments;
  std::vector<double> consumption;
  bool asks_trips = false;
  for (size_t i = 0; i < settlement.attributes.size(); ++i) {
    const AttributeDeclaration& attribute = program.attributes[settlement.attributes[i]];
    if (attribute.name == "vehicle.consumption")
      for (const Rational& each : traces.attributes[i]) consumption.push_back(each.convert_to<double>());
    asks_trips = asks_trips || attribute.told == Told::served;
  }
  const std::vector<std::string>& vehicles = members_of(traces, EntityGrain::vehicle).ids;
  const auto add = [&](uint32_t vehicle, FleetMoment moment) {
    moments.of_vehicle.resize(vehicles.size());
    moments.of_vehicle[vehicle].push_back(moment);
  };
  uint32_t first_trip = 0;
  const std::string trips_file = file_of_members(data_folder, "trip"), path = data_folder + "/" + trips_file;
  Result<bool> drive = do_trips_drive(path, trips_file, consumption);
  if (!drive) return drive.failure();
  for (size_t i = 0; i < settlement.attributes.size(); ++i) {  // what is asked at a moment is asked before a trip of that moment takes anything
    const AttributeDeclaration& attribute = program.attributes[settlement.attributes[i]];
    if (attribute.told != Told::stored_then) continue;
    const std::string file = file_of_members(data_folder, attribute.request.entity);
    Result<std::vector<Instant>> instants = read_moments(data_folder + "/" + file, file, attribute.request.entity, attribute.moment, clock.zone);
    if (!instants) return instants.failure();
    const std::vector<Rational>& vehicle_of = traces.attributes[place_of(settlement, attribute.of_vehicle)];
    moments.asked.push_back({i, moments.answers});
    for (size_t record = 0; record < instants->size(); ++record, ++moments.answers) {
      if (vehicle_of[record] < 0)
        return Failure{"WL6040", "`vehicle` of `" + members_of(traces, attribute.entity).ids[record] + "` is empty, and what was in its battery is asked", "name the vehicle", file, 0, ""};
      add(static_cast<uint32_t>(numerator(vehicle_of[record])), {(*instants)[record], 0, moments.answers});
    }
  }
  if (*drive || asks_trips) {
    Result<Trips> trips = read_trips(path, trips_file, clock.zone, vehicles, consumption, clock.begin, plug_ins);
    if (!trips) return trips.failure();
    first_trip = moments.answers;
    for (const Trip& trip : trips->all) add(trip.vehicle, {trip.begins, trip.energy, moments.answers++});
    moments.file_hashes.emplace_back(trips_file, trips->hash);
  }
  for (size_t i = 0; i < settlement.attributes.size(); ++i)
    if (program.attributes[settlement.attributes[i]].told == Told::served) moments.asked.push_back({i, first_trip});
  for (std::vector<FleetMoment>& of_vehicle : moments.of_vehicle)
    std::stable_sort(of_vehicle.begin(), of_vehicle.end(), [](const FleetMoment& a, const FleetMoment& b) { return a.at < b.at; });
  return moments;
}

void tell_moments(const TypedProgram& program, const Settlement& settlement, const FleetMoments& moments, const std::vector<MomentAnswer>& answers, Traces& traces) {
  for (const FleetMoments::Asked& asked : moments.asked) {
    std::vector<Rational>& told = traces.attributes[asked.attribute];
    const bool of_trips = program.attributes[settlement.attributes[asked.attribute]].told == Told::served;
    constexpr double kWattHour = 0.001;  // a trip is served to within one
    for (size_t record = 0; record < told.size(); ++record) {
      const MomentAnswer& answer = answers[asked.first + record];
      told[record] = of_trips ? Rational(answer.missing <= kWattHour) : Rational(answer.stored, 1000);
    }
  }
}

}  // namespace wattlaw
