#include "runtime/fleet/trips.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "runtime/base/nearest_name.h"
#include "runtime/trace/load_members.h"
#include "runtime/trace/read_csv.h"
#include "runtime/trace/read_time.h"

namespace wattlaw {
namespace {

struct Column {
  const std::vector<std::string>* texts = nullptr;  // null: the file has none
  Failure refuse(const MemberTable& table, size_t row, Failure failure) const {
    failure.file = table.shown, failure.row = table.rows[row];
    return failure;
  }
};

Column column_of(const MemberTable& table, const std::string& name) {
  for (size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].first == name) return {&table.texts[i]};
  return {};
}

Result<std::vector<Instant>> moments_of(const MemberTable& table, const Column& column, const Zone& zone) {
  TimeReader times(zone);
  std::vector<Instant> moments;
  for (size_t row = 0; row < table.ids.size(); ++row) {
    Result<Instant> moment = read_moment(times, zone, (*column.texts)[row]);
    if (!moment) return column.refuse(table, row, moment.failure());
    moments.push_back(*moment);
  }
  return moments;
}

// A figure that is not negative; nothing where the field is empty.
Result<std::optional<double>> figure_of(const MemberTable& table, const char* name, const Column& column, size_t row) {
  if (column.texts == nullptr || (*column.texts)[row].empty()) return std::optional<double>();
  const std::string& text = (*column.texts)[row];
  Decimal check;
  const std::optional<Rational> value = read_decimal(text, false, check) == DecimalFault::none ? parse_decimal(text) : std::nullopt;
  if (!value) return column.refuse(table, row, {"WL6017", std::string("`") + name + "`: `" + show_text(text) + "` stands where a number should be", "write the number out in digits; an unknown value is an empty field", "", 0, ""});
  if (*value < 0) return column.refuse(table, row, {"WL6073", std::string("`") + name + "` is negative", "what a vehicle used on the road is a positive amount", "", 0, ""});
  return std::optional<double>(value->convert_to<double>());
}

}  // namespace

Result<Trips> read_trips(const std::string& path, const std::string& shown, const Zone& zone, const std::vector<std::string>& vehicles, const std::vector<double>& consumption, Instant from,
                        PlugIns& plug_ins) {
  Result<MemberTable> read = read_member_table(path, shown, "trip", {});
  if (!read) return read.failure();
  const MemberTable& table = *read;
  const Column vehicle = column_of(table, "vehicle"), begins = column_of(table, "begins"), ends = column_of(table, "ends"), distance = column_of(table, "distance"), energy = column_of(table, "energy");
  for (const auto& [name, column] : {std::pair{"vehicle", &vehicle}, {"begins", &begins}})
    if (column->texts == nullptr) return Failure{"WL6007", std::string("has no column `") + name + "`", "a row says which vehicle drives, and when it begins: vehicle,begins,distance", shown, 1, ""};
  for (const auto& [name, unit] : table.columns)
    for (const auto& [own, wanted] : {std::pair{"distance", "km"}, {"energy", "kWh"}})
      if (name == own && !unit.empty() && unit != wanted) return Failure{"WL6022", "`" + name + " [" + show_text(unit) + "]` is not in " + wanted, "`" + name + "` is read in " + wanted, shown, 1, ""};
  Result<std::vector<Instant>> moments = moments_of(table, begins, zone);
  if (!moments) return moments.failure();
  Trips trips;
  trips.hash = table.hash;
  for (size_t row = 0; row < table.ids.size(); ++row) {
    const std::string& id = (*vehicle.texts)[row];
    const auto at = std::lower_bound(vehicles.begin(), vehicles.end(), id);
    if (at == vehicles.end() || *at != id) {
      const std::string near = nearest_name(id, vehicles);
      return vehicle.refuse(table, row, {"WL6070", "no vehicle is called `" + show_text(id) + "`", near.empty() ? "add it to vehicles.csv" : "is `" + show_text(near) + "` meant? else add it to vehicles.csv", "", 0, ""});
    }
    Trip trip{static_cast<uint32_t>(at - vehicles.begin()), (*moments)[row], 0};
    const auto taken = figure_of(table, "energy", energy, row), driven = figure_of(table, "distance", distance, row);
    if (!taken) return taken.failure();
    if (!driven) return driven.failure();
    trip.energy = *taken ? **taken : driven->value_or(0.0) * consumption[trip.vehicle];
    trips.all.push_back(trip);
  }
  // Vehicle by vehicle in the order of time: when the one before is back, and between which plug-ins it lies.
  std::vector<uint32_t> order(trips.all.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return std::pair(trips.all[a].vehicle, trips.all[a].begins) < std::pair(trips.all[b].vehicle, trips.all[b].begins); });
  TimeReader times(zone);
  uint32_t last = UINT32_MAX;
  Instant back = 0;
  for (const uint32_t row : order) {
    const Trip& trip = trips.all[row];
    const auto refuse = [&](const std::string& what, const std::string& hint) { return begins.refuse(table, row, {"WL6079", "`" + vehicles[trip.vehicle] + "` " + what, hint, "", 0, print_instant(zone, trip.begins)}); };
    if (last == trip.vehicle && trip.begins < back) return refuse("has not come back from the trip before, until " + print_instant(zone, back), "let the trips of a vehicle follow each other in time");
    Instant end = trip.begins + 1;
    if (ends.texts != nullptr && !(*ends.texts)[row].empty()) {
      const Result<Instant> read_end = read_moment(times, zone, (*ends.texts)[row]);
      if (!read_end) return ends.refuse(table, row, read_end.failure());
      if (*read_end < trip.begins) return ends.refuse(table, row, {"WL6071", "this trip ends before it begins", "times are local, or carry their offset; check which of the two is the begin", "", 0, ""});
      end = std::max(*read_end, end);
    }
    std::vector<PlugIn>& stays = plug_ins.of_vehicle[trip.vehicle];
    const auto next = std::partition_point(stays.begin(), stays.end(), [&](const PlugIn& stay) { return stay.ends <= trip.begins; });
    if (next != stays.end() && next->begins < end) return refuse("is plugged in at " + print_instant(zone, std::max(next->begins, trip.begins)) + ", during this trip", "a trip begins when the vehicle has left its charger and ends before it is plugged in again: see sessions.csv");
    if (next != stays.end() && trip.begins >= from) next->driven += trip.energy;
    last = trip.vehicle, back = end;
  }
  return trips;
}

Result<std::vector<Instant>> read_moments(const std::string& path, const std::string& shown, const std::string& kind, const std::string& column, const Zone& zone) {
  Result<MemberTable> table = read_member_table(path, shown, kind, {});
  if (!table) return table.failure();
  const Column found = column_of(*table, column);
  if (found.texts == nullptr) return Failure{"WL6042", "has no column `" + column + "`", "add it, with times as 2026-03-01T14:00+01:00", shown, 1, ""};
  return moments_of(*table, found, zone);
}

}  // namespace wattlaw
