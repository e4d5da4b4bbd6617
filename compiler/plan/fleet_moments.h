// fleet_moments: trips and other records that name a vehicle and a moment, on their way into the simulation and back.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "compiler/program/typed_program.h"
#include "runtime/fleet/simulate_fleet.h"

namespace wattlaw {

struct FleetMoments {
  std::vector<std::vector<FleetMoment>> of_vehicle;  // as FleetRequest has them; empty: there are none
  uint32_t answers = 0;
  struct Asked {                       // records of a kind, answered from `first` on, by id
    size_t attribute;                  // its place in Settlement::attributes
    uint32_t first;
  };
  std::vector<Asked> asked;
  std::vector<std::pair<std::string, std::string>> file_hashes;
};

// Reads trips.csv where trips take something or are asked about, and adds what they take to the plug-ins after them; and the moments of other
// records that the settlement asks about. Failures: those of read_trips and read_moments.
Result<FleetMoments> find_moments(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const std::string& data_folder, PlugIns& plug_ins);

// What the simulation found, into the attributes of the records.
void tell_moments(const TypedProgram& program, const Settlement& settlement, const FleetMoments& moments, const std::vector<MomentAnswer>& answers, Traces& traces);

}  // namespace wattlaw
