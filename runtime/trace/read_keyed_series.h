// Traces that are tables: a value for each combination of keys (month, class of day, hour), looked up for every step of the clock.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/trace/trace_request.h"

namespace wattlaw {

struct KeyedRead {
  std::vector<ClockSeries> series;  // parallel to `requests`; no reading is missing
  std::string hash;                 // of the file's bytes
  std::optional<Remark> cut;        // warning WL6037
};

// One file: a column for each key and for each of the requests, which have the same keys; rows in any order. All digits are kept.
// Failures: WL6045 no row for keys that a step has, WL6046 two rows for one combination, WL6047 a key that is none of its values,
// WL6007 missing column, WL6017 not a number, WL6020 no value, WL6022 unit, and those of CsvReader.
Result<KeyedRead> read_keyed_series(const std::string& path, const std::string& shown, const std::vector<const SeriesRequest*>& requests, const Clock& clock);

}  // namespace wattlaw
