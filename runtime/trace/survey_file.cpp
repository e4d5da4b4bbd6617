#include <algorithm>

#include "runtime/base/utf8.h"
#include "runtime/trace/read_series.h"
#include "runtime/trace/read_time.h"

namespace wattlaw {
namespace {

constexpr uint64_t kSurveyBytes = uint64_t{64} << 20;  // enough for two steps of 1,000,000 members
constexpr int kSurveyedSteps = 1000;

}  // namespace

Result<FileSurvey> survey_file(const SeriesFile& file, const Zone& zone, bool count_places) {
  Result<CsvReader> opened = CsvReader::open(file.path, file.shown);
  if (!opened) return opened.failure();
  CsvReader& reader = *opened;
  FileSurvey survey;
  survey.places.assign(file.columns.size(), 0);
  const int time_field = reader.column_of("time");
  if (time_field < 0) return reader.missing_column("time", "");
  const int id_field = file.id_column.empty() ? -1 : reader.column_of(file.id_column);
  std::vector<int> fields_of;
  for (const SeriesColumn& column : file.columns) fields_of.push_back(reader.column_of(column.name));

  TimeReader times(zone);
  std::string first_id;
  bool any = false;
  Instant last = 0;
  int64_t step = 0;
  int steps = 0;
  std::string_view row;
  std::vector<std::string_view> fields;
  for (;;) {
    if (!count_places && (steps >= kSurveyedSteps || reader.bytes_done() > kSurveyBytes)) break;
    Result<bool> more = reader.next_row(row);
    if (!more) return more.failure();
    if (!*more) break;
    Result<Ok> cut = reader.split(row, fields);
    if (!cut && !any) return cut.failure();
    if (!cut) break;  // the reading of values tells it with its time
    for (size_t i = 0; count_places && i < fields_of.size(); ++i) {
      Decimal value;
      if (fields_of[i] >= 0 && read_decimal(fields[static_cast<size_t>(fields_of[i])], reader.separator() != ',', value) == DecimalFault::none)
        survey.places[i] = std::max(survey.places[i], value.places);
    }
    if (id_field >= 0 && any && fields[static_cast<size_t>(id_field)] != first_id) continue;
    ReadTime time = times.read(trim(fields[static_cast<size_t>(time_field)]));
    if (time.fault != TimeFault::none) {
      if (!any) {  // the first row decides the axis, so it is told here
        Failure failure = reader.fail("WL6014", "`" + show_text(fields[static_cast<size_t>(time_field)]) + "` is not a time of " + zone.name(), "write times as 2026-03-01T14:00+01:00");
        failure.time = show_text(fields[static_cast<size_t>(time_field)]);
        return failure;
      }
      if (!count_places) break;
      continue;
    }
    if (!any) {
      any = true;
      survey.first = time.instant;
      if (id_field >= 0) first_id = fields[static_cast<size_t>(id_field)];
    } else {
      const Instant instant = time.is_repeated && last >= time.instant ? time.second : time.instant;
      if (instant > last && (step == 0 || instant - last < step)) step = instant - last;
      if (instant != last) ++steps;
      last = instant;
      continue;
    }
    last = time.instant;
  }
  if (!any) {
    Failure failure = reader.fail("WL6004", "has a header but no rows", "a trace needs a row a step");
    failure.row = 0;
    return failure;
  }
  survey.step_seconds = static_cast<int32_t>(std::min<int64_t>(step, INT32_MAX));
  return survey;
}

std::optional<Failure> check_id(std::string_view id, const std::vector<std::string>& accounts) {
  const auto refused = [&](const char* what) { return Failure{"WL6030", "the id `" + show_text(id) + "` " + what, "an id has 1 to 128 bytes of UTF-8 and no control characters", "", 0, ""}; };
  if (id.empty()) return refused("is empty");
  if (id.size() > 128) return refused("is longer than 128 bytes");
  for (char c : id)
    if (static_cast<unsigned char>(c) < 32 || c == 127) return refused("has control characters");
  if (find_broken_utf8(id) != std::string_view::npos) return refused("is not UTF-8");
  if (std::find(accounts.begin(), accounts.end(), id) != accounts.end())
    return Failure{"WL6036", "the id `" + show_text(id) + "` is also the account of a role of the script, so it would pay itself", "give it another id", "", 0, ""};
  return std::nullopt;
}

Result<std::vector<std::string>> collect_ids(const std::string& path, const std::string& shown, const std::string& id_column, const std::vector<std::string>& accounts) {
  Result<CsvReader> opened = CsvReader::open(path, shown);
  if (!opened) return opened.failure();
  CsvReader& reader = *opened;
  const int id_field = reader.column_of(id_column);
  if (id_field < 0) return reader.missing_column(id_column, "");
  std::vector<std::string> ids;
  std::vector<uint32_t> next_of;  // the id that followed an id last time
  uint32_t present = 0;
  std::string_view row, id;
  std::vector<std::string_view> fields;
  std::unordered_map<std::string, uint32_t> index;
  for (;;) {
    Result<bool> more = reader.next_row(row);
    if (!more) return more.failure();
    if (!*more) break;
    if (id_field == 0 && row[0] != '"') {
      if (!ids.empty()) {
        const auto is_at_front = [&](const std::string& known) { return row.size() > known.size() && row[known.size()] == reader.separator() && row.starts_with(known); };
        if (is_at_front(ids[present])) continue;
        if (is_at_front(ids[next_of[present]])) {
          present = next_of[present];
          continue;
        }
      }
      id = row.substr(0, row.find(reader.separator()));
    } else {
      Result<Ok> cut = reader.split(row, fields);
      if (!cut) return cut.failure();
      id = fields[static_cast<size_t>(id_field)];
    }
    id = trim(id);
    const auto [entry, is_new] = index.try_emplace(std::string(id), static_cast<uint32_t>(ids.size()));
    if (is_new) {
      if (std::optional<Failure> bad = check_id(id, accounts)) return reader.fail(bad->code.c_str(), bad->message, bad->hint);
      ids.emplace_back(id);
      next_of.push_back(entry->second);
    }
    next_of[present] = entry->second;
    present = entry->second;
  }
  return ids;
}

}  // namespace wattlaw
