// Trips: what vehicles take from their batteries on the road, and moments at which somebody asks what is in them.
//   trips.csv   [id,]vehicle,begins[,ends][,distance [km]][,energy [kWh]]
// A trip takes `energy`, or its distance at the consumption of its vehicle, from the battery when it begins. It begins and ends between two
// plug-ins. A trip that says neither, of a vehicle whose consumption nobody knows, takes nothing.
#pragma once
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/fleet/plug_ins.h"

namespace wattlaw {

struct Trip {
  uint32_t vehicle = 0;
  Instant begins = 0;
  double energy = 0;                   // kWh
};
struct Trips {
  std::vector<Trip> all;               // rows by id, as the members of a kind of records are
  std::string hash;
};

// consumption: kWh/km, by vehicle. Adds what is driven between plug-ins to them, of trips that begin at `from` or later. Failures WL6001 … as for any file, WL6070 an unknown vehicle,
// WL6014 … a time that is none, WL6017 a figure that is none, WL6022
// one in another unit, WL6079 a trip of a vehicle that is plugged in, or that has not come back from another.
Result<Trips> read_trips(const std::string& path, const std::string& shown, const Zone& zone, const std::vector<std::string>& vehicles, const std::vector<double>& consumption, Instant from,
                        PlugIns& plug_ins);

// When each record of a kind begins or whatever `column` says, by id. Failures as above; WL6042 there is no such column.
Result<std::vector<Instant>> read_moments(const std::string& path, const std::string& shown, const std::string& kind, const std::string& column, const Zone& zone);

}  // namespace wattlaw
