#include "runtime/trace/load_traces.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>

#include "runtime/trace/load_members.h"
#include "runtime/trace/read_keyed_series.h"
#include "runtime/trace/read_series.h"
#include "runtime/trace/records.h"

// Failures of traces (texts and remedies: runtime/base/failure_codes.md)
//   WL6001 cannot be opened or read      WL6011 gap                         WL6021 unknown quality        WL6031 nothing to hold
//   WL6002 directory or device           WL6012 duplicate row               WL6022 unit does not fit      WL6032 a file name outside the data folder
//   WL6003 empty file                    WL6013 rows in disorder            WL6023 steps do not fit       WL6033 no file for a trace
//   WL6004 no rows                       WL6014 not a time                  WL6024 coarser amounts        WL6034 too large for memory
//   WL6005 row longer than 64 KiB        WL6015 repeated hour in disorder   WL6025 inexact mean           WL6040 attribute value not understood
//   WL6006 not CSV text                  WL6016 skipped local time          WL6026 nothing of the period  WL6041 members differ between files
//   WL6007 missing column                WL6017 not a number                WL6027 member without rows    WL6042 attribute without value
//   WL6008 two columns of one name       WL6018 out of range                WL6028 unknown member
//   WL6009 wrong number of fields        WL6019 finer than the quantum      WL6029 duplicate id
//   WL6010 broken quoting                WL6020 empty value                 WL6030 unusable id
//   WL6048 an id of two kinds
//   WL6045 no row for keys               WL6046 two rows for keys           WL6047 unknown key
//   WL6036 an id that is an account      WL6037 last figure cut off (warning)   WL6043 default holds, WL6044 series taken as none (notes)

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCutFilesTold = 3;  // a folder of files all written without a last line end is one habit

enum class Form : uint8_t { absent, long_rows, wide, member_files, clock, keyed, records };

struct FoundFile {
  Form form = Form::absent;
  std::string path, shown;
  std::string id_column;
};

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

class TraceLoader {
 public:
  TraceLoader(const TraceRequest& request, const Clock& clock, const Progress& progress, uint64_t memory_bytes)
      : request_(request), clock_(clock), progress_(progress), memory_bytes_(memory_bytes) {}
  Result<Traces> load();

 private:
  Result<FoundFile> find_file(const SeriesRequest& series) const;
  Result<Ok> find_members();
  Result<Ok> find_ids(size_t entity);
  Result<Ok> check_ids_apart() const;
  Result<Ok> add_ids_of(const FoundFile& found, std::vector<std::string>& ids) const;
  Result<std::vector<std::string>> list_folder(const FoundFile& found) const;
  Result<std::vector<std::string>> list_header(const FoundFile& found) const;
  Result<Ok> check_same_members(const std::string& entity, const std::vector<std::string>& ids, const FoundFile& found, const char* what) const;
  Result<Ok> check_memory() const;
  Result<Ok> plan_files();
  Result<Ok> read_keyed();
  void plan_columns(const FoundFile& found, const SeriesRequest& series, SeriesBuilder& builder);
  const std::vector<std::string>& ids_of(const std::string& entity) const { return *index_.at(entity).ids; }
  uint32_t members_of(const SeriesRequest& series) const { return series.per_member && !series.is_computed ? static_cast<uint32_t>(ids_of(series.entity).size()) : 0; }
  std::string folder(const std::string& name) const { return (fs::path(request_.data_folder) / name).string(); }

  const TraceRequest& request_;
  const Clock& clock_;
  const Progress& progress_;
  uint64_t memory_bytes_;
  std::vector<FoundFile> found_;                 // by series
  std::map<std::string, MemberTable> tables_;    // by entity
  std::map<std::string, MemberIndex> index_;     // by entity
  std::deque<SeriesBuilder> builders_;           // by series; addresses stay
  std::map<std::string, SeriesFile> files_;      // by path
  std::map<size_t, TileSeries> asked_of_each_;   // by series: questions about records of each member
  std::map<size_t, ClockSeries> keyed_;          // by series: tables and records
  Traces traces_;
};

Result<FoundFile> TraceLoader::find_file(const SeriesRequest& series) const {
  FoundFile found;
  if (series.is_computed) return found;
  std::string name = series.question ? file_of_members(request_.data_folder, series.trace) : series.file.empty() ? series.trace + ".csv" : series.file;
  if (!series.file.empty()) {
    const fs::path relative(series.file);
    const bool climbs = std::any_of(relative.begin(), relative.end(), [](const fs::path& part) { return part == ".."; });
    if (relative.is_absolute() || climbs)
      return Failure{"WL6032", "`" + show_text(series.file) + "` of trace `" + series.trace + "` lies outside the data folder", "name a file below the data folder", "", 0, ""};
  }
  std::error_code error;
  if (!is_there(folder(name)) && series.file.empty() && series.per_member) {
    const std::string wide = series.trace + "." + series.column + ".csv";
    if (is_there(folder(wide))) return FoundFile{Form::wide, folder(wide), wide, ""};
    if (fs::is_directory(folder(series.trace), error)) return FoundFile{Form::member_files, folder(series.trace), series.trace, ""};
  }
  if (series.per_member && !series.file.empty() && fs::is_directory(folder(name), error)) return FoundFile{Form::member_files, folder(name), name, ""};
  found.path = folder(name);
  found.shown = name;
  if (!is_there(found.path)) {
    if (series.optional) return found;
    const std::string also = series.per_member && series.file.empty() ? ", " + series.trace + "." + series.column + ".csv or the folder " + series.trace + "/" : "";
    return Failure{"WL6033", "no data for `" + series.column + "` of trace `" + series.trace + "`: looked for " + name + also + " in " + request_.data_folder, "name the data folder with `--data FOLDER`", name, 0, ""};
  }
  found.form = series.question ? Form::records : series.keys.empty() ? Form::clock : Form::keyed;
  if (!series.per_member) return found;
  Result<CsvReader> reader = CsvReader::open(found.path, found.shown);
  if (!reader) return reader.failure();
  for (const std::string& id : {series.trace, std::string("id")})
    if (found.id_column.empty() && reader->column_of(id) >= 0) found.id_column = id;
  found.form = Form::long_rows;
  if (!found.id_column.empty()) return found;
  if (!series.file.empty()) {
    found.form = Form::wide;
    return found;
  }
  return reader->missing_column(series.trace, "the long form has the columns " + series.trace + ",time," + series.column);
}

// Ids of TRACE/ID.csv, ascending.
Result<std::vector<std::string>> TraceLoader::list_folder(const FoundFile& found) const {
  std::vector<std::string> ids;
  std::error_code error;
  for (fs::directory_iterator at(found.path, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".csv") {
      ids.push_back(at->path().stem().string());
      if (std::optional<Failure> bad = check_id(ids.back(), request_.accounts)) {
        bad->file = found.shown + "/" + show_text(at->path().filename().string());
        return *bad;
      }
    }
  if (error) return Failure{"WL6001", "cannot be listed: " + error.message(), "", found.shown, 0, ""};
  if (ids.empty()) return Failure{"WL6033", "holds no file ID.csv", "the folder has one CSV file a member", found.shown, 0, ""};
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Ids of a wide header, in its order.
Result<std::vector<std::string>> TraceLoader::list_header(const FoundFile& found) const {
  Result<CsvReader> reader = CsvReader::open(found.path, found.shown);
  if (!reader) return reader.failure();
  if (reader->column_of("time") < 0) return reader->missing_column("time", "");
  std::vector<std::string> ids;
  for (const CsvColumn& column : reader->columns())
    if (column.name != "time" && !column.name.empty()) {
      ids.push_back(column.name);
      if (std::optional<Failure> bad = check_id(column.name, request_.accounts)) return reader->fail(bad->code.c_str(), bad->message, bad->hint);
    }
  if (ids.empty()) return reader->fail("WL6007", "has no column but `time`", "the wide form has one column a member");
  return ids;
}

Result<Ok> TraceLoader::add_ids_of(const FoundFile& found, std::vector<std::string>& ids) const {
  if (found.form == Form::absent || found.form == Form::clock || found.form == Form::keyed || found.form == Form::records) return Ok{};
  Result<std::vector<std::string>> more = found.form == Form::long_rows      ? collect_ids(found.path, found.shown, found.id_column, request_.accounts)
                                          : found.form == Form::member_files ? list_folder(found)
                                                                             : list_header(found);
  if (!more) return more.failure();
  ids.insert(ids.end(), more->begin(), more->end());
  return Ok{};
}

// The members of one kind: those of its table, else those that its meters or the members of another kind name.
Result<Ok> TraceLoader::find_ids(size_t entity) {
  const std::string& name = request_.entities[entity];
  std::vector<std::string>& ids = traces_.members[entity].ids;
  if (const auto table = tables_.find(name); table != tables_.end()) {
    ids = table->second.ids;
    return Ok{};
  }
  std::vector<std::string> paths;
  for (size_t i = 0; i < found_.size(); ++i) {
    if (!request_.series[i].per_member || request_.series[i].entity != name || std::find(paths.begin(), paths.end(), found_[i].path) != paths.end()) continue;
    paths.push_back(found_[i].path);
    Result<Ok> added = add_ids_of(found_[i], ids);
    if (!added) return added;
  }
  for (const AttributeRequest& attribute : request_.attributes) {
    const auto table = tables_.find(attribute.entity);
    if (!ids.empty() || attribute.kind != AttributeRequest::Kind::member || attribute.names != name || table == tables_.end()) continue;
    for (size_t column = 0; column < table->second.columns.size(); ++column)
      if (table->second.columns[column].first == attribute.name)
        for (const std::string& id : table->second.texts[column])
          if (!id.empty()) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return Ok{};
}

// Accounts are named by ids, so no two kinds may share one.
Result<Ok> TraceLoader::check_ids_apart() const {
  std::map<std::string_view, const std::string*> kind_of;
  for (size_t entity = 0; entity < request_.entities.size(); ++entity)
    for (const std::string& id : traces_.members[entity].ids) {
      const auto [known, is_new] = kind_of.emplace(id, &request_.entities[entity]);
      if (!is_new)
        return Failure{"WL6048", "`" + show_text(id) + "` names a " + *known->second + " and a " + request_.entities[entity], "accounts are named by ids: give one of them another id", plural_of(request_.entities[entity]) + ".csv", 0, ""};
    }
  return Ok{};
}

Result<Ok> TraceLoader::find_members() {
  for (const std::string& entity : request_.entities) {
    const auto is_asked = [&](const std::string& other) { return other == entity; };
    const bool wanted = std::find(request_.settled.begin(), request_.settled.end(), entity) != request_.settled.end() ||
                        std::any_of(request_.series.begin(), request_.series.end(), [&](const SeriesRequest& series) { return (series.per_member || (series.question && !series.question->of_member.empty())) && is_asked(series.entity); }) ||
                        std::any_of(request_.attributes.begin(), request_.attributes.end(), [&](const AttributeRequest& attribute) { return is_asked(attribute.entity) || attribute.names == entity; });
    const std::string name = file_of_members(request_.data_folder, entity);
    if (!wanted || !is_there(folder(name))) continue;
    Result<MemberTable> table = read_member_table(folder(name), name, entity, request_.accounts);
    if (!table) return table.failure();
    if (table->cut) traces_.remarks.push_back(*table->cut);
    traces_.file_hashes.emplace_back(name, table->hash);
    tables_.emplace(entity, std::move(*table));
  }
  traces_.members.resize(request_.entities.size());
  for (size_t entity = 0; entity < request_.entities.size(); ++entity) {
    if (Result<Ok> found = find_ids(entity); !found) return found;
    MemberIndex& index = index_[request_.entities[entity]];
    index.ids = &traces_.members[entity].ids;
    for (uint32_t i = 0; i < index.ids->size(); ++i) index.of.emplace((*index.ids)[i], i);
  }
  if (Result<Ok> apart = check_ids_apart(); !apart) return apart;
  for (const AttributeRequest& attribute : request_.attributes) {
    const auto table = tables_.find(attribute.entity);
    const MemberTable* rows = table == tables_.end() ? nullptr : &table->second;
    const auto named = index_.find(attribute.names);
    std::vector<std::string> others;
    for (const AttributeRequest& other : request_.attributes)
      if (other.entity == attribute.entity && other.name != attribute.name) others.push_back(other.name);
    Result<std::vector<Rational>> values = read_attribute(attribute, rows, ids_of(attribute.entity), named == index_.end() ? nullptr : &named->second, others);
    if (!values) return values.failure();
    if (auto note = note_default(attribute, rows, ids_of(attribute.entity).size())) traces_.remarks.push_back(std::move(*note));
    traces_.attributes.push_back(std::move(*values));
  }
  return Ok{};
}

Result<Ok> TraceLoader::check_memory() const {
  uint64_t count = 0;
  unsigned __int128 bytes = 0;
  std::string members;
  for (const SeriesRequest& series : request_.series) {
    if (!series.per_member) continue;
    ++count;
    const uint64_t lanes = (uint64_t{members_of(series)} + kTileMembers - 1) / kTileMembers * kTileMembers;
    bytes += static_cast<unsigned __int128>(lanes) * clock_.steps * 4;
  }
  if (bytes <= memory_bytes_) return Ok{};
  uint64_t all = 0;
  for (const Members& of_kind : traces_.members) all += of_kind.size();
  const auto mebibytes = [](unsigned __int128 size) { return std::to_string(static_cast<uint64_t>(size >> 20)) + " MiB"; };
  return Failure{"WL6034", std::to_string(all) + " members x " + std::to_string(clock_.steps) + " steps x " + std::to_string(count) + " series x 4 bytes are " + mebibytes(bytes) + ", more than the " + mebibytes(memory_bytes_) + " allowed",
                 "choose a shorter period, a coarser step or fewer members", "", 0, ""};
}

Result<Ok> TraceLoader::check_same_members(const std::string& entity, const std::vector<std::string>& ids, const FoundFile& found, const char* what) const {
  const MemberIndex& index = index_.at(entity);
  for (const std::string& id : ids)
    if (index.of.count(id) == 0) return Failure{"WL6028", std::string(what) + " `" + show_text(id) + "` is not among the members", "add it to the table of members or remove its data", found.shown, 0, ""};
  if (ids.size() == index.ids->size()) return Ok{};
  std::vector<std::string> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& id : *index.ids)
    if (!std::binary_search(sorted.begin(), sorted.end(), id)) return Failure{"WL6027", "`" + show_text(id) + "` has no " + what, "every member needs its data; remove it from the table of members if it has none", found.shown, 0, ""};
  return Ok{};
}

void TraceLoader::plan_columns(const FoundFile& found, const SeriesRequest& series, SeriesBuilder& builder) {
  const auto file_of = [&](const std::string& path, const std::string& shown) -> SeriesFile& {
    SeriesFile& file = files_[path];
    file.path = path;
    file.shown = shown;
    file.entity = series.entity;
    if (series.native_step_seconds != 0) file.native_step_seconds = series.native_step_seconds;
    return file;
  };
  const std::vector<std::string>& ids = ids_of(series.entity);
  if (found.form == Form::wide) {
    SeriesFile& file = file_of(found.path, found.shown);
    file.has_quality = false;
    for (uint32_t i = 0; i < ids.size(); ++i) file.columns.push_back({ids[i], &builder, i});
  } else if (found.form == Form::member_files) {
    for (uint32_t i = 0; i < ids.size(); ++i)
      file_of((fs::path(found.path) / (ids[i] + ".csv")).string(), found.shown + "/" + ids[i] + ".csv").columns.push_back({series.column, &builder, i});
  } else if (found.form != Form::absent && found.form != Form::keyed && found.form != Form::records) {
    SeriesFile& file = file_of(found.path, found.shown);
    file.id_column = found.id_column;
    file.columns.push_back({series.column, &builder, 0});
  }
}

Result<Ok> TraceLoader::plan_files() {
  for (size_t i = 0; i < request_.series.size(); ++i) {
    const SeriesRequest& series = request_.series[i];
    builders_.emplace_back(series, clock_, members_of(series), memory_bytes_);
    if (!builders_.back().has_memory()) return Failure{"WL6034", "`" + series.column + "` of trace `" + series.trace + "` found no memory", "choose a shorter period or fewer members", "", 0, ""};
    if (found_[i].form == Form::wide || found_[i].form == Form::member_files) {
      Result<std::vector<std::string>> ids = found_[i].form == Form::wide ? list_header(found_[i]) : list_folder(found_[i]);
      if (!ids) return ids.failure();
      Result<Ok> same = check_same_members(series.entity, *ids, found_[i], found_[i].form == Form::wide ? "column" : "file");
      if (!same) return same;
    }
    plan_columns(found_[i], series, builders_.back());
  }
  return Ok{};
}

// Tables: those of one file are read together. Records: a file is read for each question about it.
Result<Ok> TraceLoader::read_keyed() {
  std::map<std::string, std::vector<size_t>> of_file;
  for (size_t i = 0; i < found_.size(); ++i) {
    if (found_[i].form != Form::records) continue;
    Result<RecordsRead> read = read_records(found_[i].path, found_[i].shown, *request_.series[i].question, clock_.zone, ids_of(request_.series[i].entity));
    if (!read) return read.failure();
    const std::pair<std::string, std::string> hash{found_[i].shown, read->hash};
    if (std::find(traces_.file_hashes.begin(), traces_.file_hashes.end(), hash) == traces_.file_hashes.end()) traces_.file_hashes.push_back(hash);
    if (read->cut) traces_.remarks.push_back(*read->cut);
    const RecordQuestion& question = *request_.series[i].question;
    if (question.of_member.empty()) keyed_[i] = answer(question, read->records, clock_);
    else asked_of_each_[i] = answer_each(question, read->records, clock_, static_cast<uint32_t>(ids_of(request_.series[i].entity).size()));
  }
  for (size_t i = 0; i < found_.size(); ++i)
    if (found_[i].form == Form::keyed) of_file[found_[i].path].push_back(i);
  for (const auto& [path, indices] : of_file) {
    std::vector<const SeriesRequest*> requests;
    for (size_t i : indices) requests.push_back(&request_.series[i]);
    Result<KeyedRead> read = read_keyed_series(path, found_[indices[0]].shown, requests, clock_);
    if (!read) return read.failure();
    traces_.file_hashes.emplace_back(found_[indices[0]].shown, read->hash);
    if (read->cut) traces_.remarks.push_back(*read->cut);
    for (size_t k = 0; k < indices.size(); ++k) keyed_[indices[k]] = std::move(read->series[k]);
  }
  return Ok{};
}

Result<Traces> TraceLoader::load() {
  for (const SeriesRequest& series : request_.series) {
    Result<FoundFile> found = find_file(series);
    if (!found) return found.failure();
    found_.push_back(std::move(*found));
  }
  for (auto step : {&TraceLoader::find_members, &TraceLoader::plan_files, &TraceLoader::read_keyed}) {
    Result<Ok> done = (this->*step)();
    if (done && step == &TraceLoader::find_members) done = check_memory();
    if (!done) return done.failure();
  }
  size_t cut_files = 0;
  for (const auto& [path, file] : files_) {
    Result<SeriesRead> read = read_series(file, index_.at(file.entity), clock_, progress_);
    if (!read) return read.failure();
    traces_.file_hashes.emplace_back(file.shown, read->hash);
    if (read->cut && ++cut_files <= kCutFilesTold) traces_.remarks.push_back(*read->cut);
  }
  if (cut_files > kCutFilesTold)
    traces_.remarks.push_back({true, Failure{"WL6037", std::to_string(cut_files - kCutFilesTold) + " more files end with a digit and without a line end", "a whole file ends with a line end", "", 0, ""}});
  std::sort(traces_.file_hashes.begin(), traces_.file_hashes.end());
  for (size_t i = 0; i < request_.series.size(); ++i) {
    if (const auto asked = asked_of_each_.find(i); asked != asked_of_each_.end()) {
      traces_.member_series.push_back(std::move(asked->second));
      traces_.clock_series.emplace_back();
      continue;
    }
    if (const auto keyed = keyed_.find(i); keyed != keyed_.end()) {
      traces_.member_series.emplace_back();
      traces_.clock_series.push_back(std::move(keyed->second));
      continue;
    }
    const bool per_member = request_.series[i].per_member;
    if (!builders_[i].is_given() && !request_.series[i].is_computed)
      traces_.remarks.push_back({false, Failure{"WL6044", "no file gives `" + request_.series[i].column + "` of `" + request_.series[i].trace + "`, so all of it is taken as none",
                                                "add the column `" + request_.series[i].column + "` if there is any", "", 0, ""}});
    traces_.member_series.push_back(per_member ? builders_[i].finish_member_series() : TileSeries{});
    traces_.clock_series.push_back(per_member ? ClockSeries{} : builders_[i].finish_clock_series());
  }
  return std::move(traces_);
}

}  // namespace

Result<Traces> load_traces(const TraceRequest& request, const Clock& clock, const Progress& progress, uint64_t memory_bytes) {
  return TraceLoader(request, clock, progress, memory_bytes).load();
}

}  // namespace wattlaw
