// The 12 x 24 schedules of URDB -> bands as a person would have written them: equal months become seasons, equal hours windows, and
// weekdays and weekends part only where they differ. URDB numbers its periods; the names are ours, by price and season.
//   period 0 in all hours but 1 on summer weekdays from 16 to 21   ->   bands Tou { peak = weekdays June to September 16:00 to 21:00   off_peak = otherwise }
#pragma once
#include <map>
#include <string>
#include <vector>

#include "compiler/import/urdb.h"

namespace wattlaw {

struct UrdbDayHours {
  HourSet weekday, weekend;
  bool none() const { return weekday.none() && weekend.none(); }
  bool operator==(const UrdbDayHours&) const = default;
};

// What holds at the same times: one band, or one combination of season and band.
struct UrdbTimes {
  std::string keys, name;        // keys of its row: "summer, peak"; name for a label: "summer_peak"
  size_t period = 0;             // one of the file's periods that hold here: all of them have the same tiers
  MonthSet months;
  std::string hours;             // of a table with one column: what the band is, "weekdays 16:00 to 21:00"
};

struct UrdbTable {
  std::vector<std::string> sets;       // band sets of the columns: none, {"Tou"}, {"Season"} or {"Season", "Period"}
  std::vector<std::string> bodies;     // what stands between the braces of each
  std::vector<UrdbTimes> times;        // complete and without overlap
  bool within_month = false;           // the last set changes within a month
};

// By period: the number that stands for it and those that are priced alike. Periods that no hour names are left out.
using UrdbSame = std::vector<size_t>;

// `price` orders the periods of a season, cheapest first. `tou` and `period` are the names of sets that change within a month.
UrdbTable urdb_table(const UrdbSchedule& schedule, const UrdbSame& same, const std::vector<Rational>& price, bool may_part_seasons, const std::string& tou, const std::string& period);

// Periods of equal prices are one where that leaves the bill as it is: not where each is netted by itself.
UrdbTable urdb_energy_table(const UrdbRate& rate);
// Each period has a peak of its own, so only those that no month has together are one, and those without a price.
UrdbTable urdb_demand_table(const UrdbStructure& demand);

}  // namespace wattlaw
