#include "runtime/trace/records.h"

#include <algorithm>
#include <map>

#include "runtime/base/nearest_name.h"
#include "runtime/time/civil.h"
#include "runtime/trace/load_members.h"
#include "runtime/trace/read_csv.h"
#include "runtime/trace/read_time.h"

namespace wattlaw {
namespace {

Result<int64_t> read_field(const CsvReader& csv, TimeReader& times, const Zone& zone, const RecordQuestion::Field& field, std::string_view text) {
  const std::string shown = "`" + show_text(text) + "` ";
  if (field.is_day) {
    const auto date = parse_date(text);
    if (!date) return csv.fail("WL6014", shown + "is not a day", "write `" + field.column + "` as 2026-07-20");
    return int64_t{date->days};
  }
  const Result<Instant> moment = read_moment(times, zone, text);
  if (!moment) return csv.fail(moment.failure().code.c_str(), moment.failure().message, moment.failure().hint);
  return int64_t{*moment};
}

bool holds(const RecordQuestion::Comparison& comparison, const Record& record, int64_t day, Instant instant) {
  const auto value = [&](const RecordQuestion::Term& term) -> int64_t {
    switch (term.kind) {
      case RecordQuestion::Term::Kind::field: return record[term.field];
      case RecordQuestion::Term::Kind::step: return comparison.of_days ? day : instant + term.fixed;
      case RecordQuestion::Term::Kind::fixed: return term.fixed;
    }
    return 0;
  };
  const int64_t left = value(comparison.left), right = value(comparison.right);
  switch (comparison.op) {
    case RecordQuestion::Comparison::Op::equal: return left == right;
    case RecordQuestion::Comparison::Op::not_equal: return left != right;
    case RecordQuestion::Comparison::Op::less: return left < right;
    case RecordQuestion::Comparison::Op::less_equal: return left <= right;
  }
  return false;
}

}  // namespace

Result<RecordsRead> read_records(const std::string& path, const std::string& shown, const RecordQuestion& question, const Zone& zone, const std::vector<std::string>& members) {
  Result<CsvReader> csv = CsvReader::open(path, shown);
  if (!csv) return csv.failure();
  std::vector<size_t> columns;
  for (const RecordQuestion::Field& field : question.fields) {
    const int column = csv->column_of(field.column);
    if (column < 0) return csv->missing_column(field.column, "records of `" + question.kind + "` have a column for each field that is asked");
    columns.push_back(static_cast<size_t>(column));
  }
  const bool of_itself = question.of_member == question.kind;
  const int of_member = question.of_member.empty() ? -1 : csv->column_of(of_itself ? "id" : question.of_member);
  if (!question.of_member.empty() && of_member < 0 && !of_itself) return csv->missing_column(question.of_member, "records of `" + question.kind + "` have a column for each field that is asked");
  std::map<std::string_view, int64_t> numbers;
  for (size_t i = 0; i < members.size(); ++i) numbers.emplace(members[i], static_cast<int64_t>(i));
  RecordsRead read;
  TimeReader times(zone);
  std::string_view row;
  std::vector<std::string_view> fields;
  for (;;) {
    Result<bool> more = csv->next_row(row);
    if (!more) return more.failure();
    if (!*more) break;
    Result<Ok> split = csv->split(row, fields);
    if (!split) return split.failure();
    Record record;
    for (size_t i = 0; i < columns.size(); ++i) {
      Result<int64_t> value = read_field(*csv, times, zone, question.fields[i], trim(fields[columns[i]]));
      if (!value) return value.failure();
      record.push_back(*value);
    }
    if (of_member >= 0 || of_itself) {
      const std::string id = of_member >= 0 ? std::string(trim(fields[static_cast<size_t>(of_member)])) : numbered_id(question.kind, read.records.size() + 1);
      const auto known = numbers.find(id);
      if (known == numbers.end()) {
        const std::string near = nearest_name(id, members);
        return csv->fail("WL6070", "no " + question.of_member + " is called `" + show_text(id) + "`", near.empty() ? "name one that the data has" : "is `" + near + "` meant?");
      }
      record.push_back(known->second);
    }
    read.records.push_back(std::move(record));
  }
  read.hash = csv->hash();
  read.cut = csv->find_cut();
  return read;
}

ClockSeries answer(const RecordQuestion& question, const std::vector<Record>& records, const Clock& clock) {
  ClockSeries series;
  series.quantum = Quantum{1, 1};
  series.values.resize(clock.steps);
  for (uint32_t step = 0; step < clock.steps; ++step) {
    const int64_t day = clock.date_of_step(step).days;
    const Instant instant = clock.instant_of(step);
    const auto says_yes = [&](const Record& record) {
      return std::all_of(question.all_of.begin(), question.all_of.end(), [&](const auto& comparison) { return holds(comparison, record, day, instant); });
    };
    series.values[step] = std::any_of(records.begin(), records.end(), says_yes);
  }
  return series;
}

TileSeries answer_each(const RecordQuestion& question, const std::vector<Record>& records, const Clock& clock, uint32_t members) {
  TileSeries series = make_tile_series(members, clock.steps, 4, Quantum{1, 1});
  std::vector<std::vector<Record>> of_member(members);
  for (const Record& record : records) of_member[static_cast<size_t>(record.back())].push_back(record);
  for (uint32_t m = 0; m < members; ++m) {
    if (of_member[m].empty()) continue;
    const ClockSeries answers = answer(question, of_member[m], clock);
    for (uint32_t step = 0; step < clock.steps; ++step)
      if (answers.values[step] != 0) series.set(m, step, 1);
  }
  series.max = 1;
  return series;
}

}  // namespace wattlaw
