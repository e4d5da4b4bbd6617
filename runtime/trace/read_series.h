// read_series: the rows of one file -> the cells of its series. Long, wide, one-file-a-member and clock files differ only in their columns:
//   long   site,time,import,export[,quality]   a sequence of steps for each member, told apart by the id column
//   other  time,…                              one sequence of steps; a column belongs to a fixed member or to the clock
#pragma once
#include <string>
#include <vector>

#include "runtime/trace/align.h"
#include "runtime/trace/load_members.h"
#include "runtime/trace/load_traces.h"

namespace wattlaw {

struct SeriesColumn {
  std::string name;            // in the header
  SeriesBuilder* builder = nullptr;
  uint32_t member = 0;         // ignored in the long form
};

struct SeriesFile {
  std::string path, shown;
  std::string entity = "site"; // whose columns they are
  std::string id_column;       // empty: not the long form
  bool has_quality = true;     // a column `quality` qualifies the row (not in the wide form, where it may be a member)
  std::vector<SeriesColumn> columns;
  int32_t native_step_seconds = 0;
};

// What is known of a file before its values are read.
struct FileSurvey {
  Instant first = 0;                 // instant of the first row
  int32_t step_seconds = 0;          // smallest distance of rows of one member near the file's beginning; 0 if there is one row only
  std::vector<int> places;           // per SeriesColumn: most decimals, if asked for
};
Result<FileSurvey> survey_file(const SeriesFile& file, const Zone& zone, bool count_places);
// All ids of a long file, unsorted, each once, checked by check_id.
Result<std::vector<std::string>> collect_ids(const std::string& path, const std::string& shown, const std::string& id_column, const std::vector<std::string>& accounts);
// Failure WL6030 for an empty id, one longer than 128 bytes, one with control characters or no UTF-8; WL6036 for one that is an account.
std::optional<Failure> check_id(std::string_view id, const std::vector<std::string>& accounts);

struct SeriesRead {
  std::string hash;
  std::optional<Remark> cut;   // WL6037
};
Result<SeriesRead> read_series(const SeriesFile& file, const MemberIndex& members, const Clock& clock, const Progress& progress);

}  // namespace wattlaw
