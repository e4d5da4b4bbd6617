// Plug-ins: when vehicles stand at a charger, and what they used on the road in between.
//   sessions.csv   vehicle,begins,ends[,soc][,target][,used [kWh]]
// soc: state of charge on arrival, a share (0.6 or 60%), in place of what is left after driving. target: what shall be in the battery at
// departure, a share. used: energy taken from the battery since the vehicle left.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/time/zone.h"

namespace wattlaw {

struct PlugIn {
  Instant begins = 0, ends = 0;        // [begins, ends)
  std::optional<double> soc, target;   // 0 … 1
  double used = 0;                     // kWh
  double driven = 0;                   // kWh of the trips since the vehicle left (trips.h)
  double taken() const { return used + driven; }
};

struct PlugIns {
  std::vector<std::vector<PlugIn>> of_vehicle;  // parallel to the ids asked for; ascending, without overlap
  std::string hash;
};

// Vehicles that never leave, `stationary[v]`, are plugged in from before `begin` to long after `end`. Failure WL6080: one has rows of its own.
Result<Ok> keep_plugged(PlugIns& plug_ins, const std::vector<std::string>& vehicles, const std::vector<bool>& stationary, Instant begin, Instant end);

// Failures WL6001 … as for any trace, WL6070 an unknown vehicle, WL6071 a row that ends before it begins, WL6072 two that overlap, WL6073 a
// share outside 0 … 1 or a negative use.
Result<PlugIns> read_plug_ins(const std::string& path, const std::string& shown, const Zone& zone, const std::vector<std::string>& vehicles);

}  // namespace wattlaw
