// Records: rows of KIND.csv with days and instants, such as the events of a critical peak tariff; and questions about them at every step.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/trace/tile_series.h"
#include "runtime/trace/trace_request.h"

namespace wattlaw {

using Record = std::vector<int64_t>;  // parallel to RecordQuestion::fields: Date::days or Instant; then the member, where it is asked of one

struct RecordsRead {
  std::vector<Record> records;  // none is an answer: nothing happened
  std::string hash;             // of the file's bytes
  std::optional<Remark> cut;    // warning WL6037
};

// Times without offset are local in `zone`. members: of the kind that `of_member` names. Failures WL6007, WL6014, WL6015, WL6016, WL6070 and
// those of CsvReader.
Result<RecordsRead> read_records(const std::string& path, const std::string& shown, const RecordQuestion& question, const Zone& zone, const std::vector<std::string>& members);

// 1 at each step for which some record answers yes, else 0.
ClockSeries answer(const RecordQuestion& question, const std::vector<Record>& records, const Clock& clock);
// The same for each of so many members, by the records that name it.
TileSeries answer_each(const RecordQuestion& question, const std::vector<Record>& records, const Clock& clock, uint32_t members);

}  // namespace wattlaw
