#include "runtime/trace/read_series.h"

#include <algorithm>
#include <cstring>

#include "runtime/trace/read_time.h"
#include "runtime/trace/short_value.h"

namespace wattlaw {
namespace {

constexpr uint64_t kProgressBytes = uint64_t{128} << 20;  // about a quarter of a second: told by bytes, as nothing here reads a clock
constexpr const char* kMissingHint = "write the row, or let the trace say what a gap means: `missing hold`, `missing zero` or `missing skip`";

DecimalFault read_flag(std::string_view text, Decimal& value) {
  if (text.empty()) return DecimalFault::empty;
  const bool yes = text == "yes" || text == "true" || text == "1";
  if (!yes && text != "no" && text != "false" && text != "0") return DecimalFault::text;
  value = {};
  value.digits = yes;
  return DecimalFault::none;
}

struct Sequence {  // of steps: one a member in the long form, else one
  Instant last = INT64_MIN;
  uint32_t next_slot = 0;
};

struct BoundColumn {
  const SeriesColumn* column;
  size_t field;
  ColumnScale scale;
};

class SeriesReader {
 public:
  SeriesReader(const SeriesFile& file, const MemberIndex& members, const Clock& clock, CsvReader& csv)
      : file_(file), members_(members), clock_(clock), csv_(csv), times_(clock.zone), is_long_(!file.id_column.empty()) {}
  Result<Ok> bind();
  Result<Ok> read(const Progress& progress);

 private:
  Result<Ok> read_row(std::string_view row);
  Result<Ok> put_values(uint32_t member, uint32_t slot);
  Result<Ok> fill_gap(Sequence& sequence, uint32_t member, uint32_t until_slot);
  Result<Ok> finish();
  Result<Ok> read_instant(std::string_view text, const Sequence& sequence, Instant& instant);
  Result<Ok> find_member(std::string_view text, uint32_t& member);
  Result<Ok> read_quality(std::string_view text, Quality& quality);
  Failure fail_put(PutFault fault, const BoundColumn& column, uint32_t member, uint32_t slot, std::string_view text) const;
  void prepare_plain_rows();
  void read_plain_rows();
  bool find_plain_member(const char*& at);
  bool read_plain_time(const char*& at, char stop, Instant& instant);
  bool read_plain_value(const char*& at, char stop, const BoundColumn& column, size_t cell);
  std::string name_of(uint32_t member) const { return "`" + (*members_.ids)[member] + "`"; }
  uint32_t member_of(const BoundColumn& column, uint32_t of_row) const { return is_long_ ? of_row : column.column->member; }

  const SeriesFile& file_;
  const MemberIndex& members_;
  const Clock& clock_;
  CsvReader& csv_;
  TimeReader times_;
  TimeAxis axis_;
  bool is_long_, comma_ = false;
  size_t time_field_ = 0, id_field_ = 0;
  int quality_field_ = -1;
  std::vector<BoundColumn> columns_;
  std::vector<Sequence> sequences_;
  std::vector<std::string_view> fields_;
  uint32_t present_ = 0;                // member of the last row
  std::vector<uint32_t> next_member_;   // the member whose row came after a member's, last time
  Instant first_seen_ = INT64_MAX, last_seen_ = INT64_MIN;
  bool any_inside_ = false, plain_ = false;
  enum class Role : uint8_t { skipped, id, time, value };
  struct Field { Role role = Role::skipped; uint32_t column = 0; };
  std::vector<Field> roles_;
};

Result<Ok> SeriesReader::bind() {
  comma_ = csv_.separator() != ',';
  const int time_field = csv_.column_of("time");
  if (time_field < 0) return csv_.missing_column("time", "");
  time_field_ = static_cast<size_t>(time_field);
  if (is_long_) {
    const int id_field = csv_.column_of(file_.id_column);
    if (id_field < 0) return csv_.missing_column(file_.id_column, "");
    id_field_ = static_cast<size_t>(id_field);
  }
  if (file_.has_quality) quality_field_ = csv_.column_of("quality");

  bool count_places = false;
  for (const SeriesColumn& column : file_.columns) count_places |= column.builder->is_quantum_free();
  Result<FileSurvey> survey = survey_file(file_, clock_.zone, count_places);
  if (!survey) return survey.failure();
  int32_t step = file_.native_step_seconds != 0 ? file_.native_step_seconds : survey->step_seconds;
  if (step == 0) step = clock_.step_seconds;
  Result<TimeAxis> axis = make_time_axis(clock_, step, survey->first);
  if (!axis) {
    Failure failure = axis.failure();
    failure.file = file_.shown;
    failure.row = 2;
    failure.time = print_instant(clock_.zone, survey->first);
    return failure;
  }
  axis_ = *axis;

  for (size_t i = 0; i < file_.columns.size(); ++i) {
    const SeriesColumn& column = file_.columns[i];
    const SeriesRequest& request = column.builder->request();
    const int field = csv_.column_of(column.name);
    if (field < 0 && request.optional) continue;
    if (field < 0) return csv_.missing_column(column.name, "");
    const std::string& unit = csv_.columns()[static_cast<size_t>(field)].unit;
    if (column.builder->is_quantum_free()) {
      Quantum decimals;
      for (int k = 0; k < survey->places[i]; ++k) decimals.denominator *= 10;
      const auto meaning = request.unit_meaning ? request.unit_meaning(unit.empty() ? request.unit : unit) : std::nullopt;
      if (meaning && !meaning->is_mean_power && meaning->factor > 0) column.builder->set_quantum(Quantum::of(decimals.value() * meaning->factor));
    }
    Result<ColumnScale> scale = make_column_scale(request, unit, column.builder->quantum(), axis_.file_step_seconds);
    Result<Ok> used = column.builder->use_axis(axis_);
    if (!scale || !used) {
      Failure failure = !scale ? scale.failure() : used.failure();
      failure.file = file_.shown;
      return failure;
    }
    columns_.push_back({&column, static_cast<size_t>(field), *scale});
  }
  sequences_.resize(is_long_ ? members_.ids->size() : 1);
  next_member_.resize(sequences_.size());
  for (uint32_t i = 0; i < next_member_.size(); ++i) next_member_[i] = i + 1 < next_member_.size() ? i + 1 : 0;
  prepare_plain_rows();
  return Ok{};
}

Result<Ok> SeriesReader::read_instant(std::string_view text, const Sequence& sequence, Instant& instant) {
  text = trim(text);
  const ReadTime time = times_.read(text);
  const auto refused = [&](const char* code, const std::string& what, std::string hint) {
    Failure failure = csv_.fail(code, "`" + show_text(text) + "` " + what, std::move(hint));
    failure.time = show_text(text);
    return failure;
  };
  switch (time.fault) {
    case TimeFault::none: break;
    case TimeFault::text: return refused("WL6014", "is not a time", "write times as 2026-03-01T14:00+01:00");
    case TimeFault::no_such_day: return refused("WL6014", "is on a day that no calendar has", "write times as 2026-03-01T14:00+01:00");
    case TimeFault::second_fraction: return refused("WL6014", "lies between two seconds", "rows begin on whole seconds");
    case TimeFault::skipped:
      return refused("WL6016", "does not exist in " + clock_.zone.name() + ": clocks skip that hour", "write times with their offset, as 2026-03-29T03:00+02:00");
  }
  instant = time.is_repeated && sequence.last >= time.instant ? time.second : time.instant;
  if (time.is_repeated && sequence.last != INT64_MIN && instant - sequence.last != axis_.file_step_seconds)
    return refused("WL6015", "comes twice in " + clock_.zone.name() + " and the rows of the repeated hour are not in order", "write times with their offset, as 2026-10-25T02:00+02:00");
  return Ok{};
}

Result<Ok> SeriesReader::find_member(std::string_view text, uint32_t& member) {
  text = trim(text);
  const auto found = members_.of.find(text);
  if (found == members_.of.end())
    return csv_.fail("WL6028", "`" + show_text(text) + "` is not among the members", "add it to " + file_.id_column + "s.csv or remove its rows");
  member = found->second;
  next_member_[present_] = member;
  present_ = member;
  return Ok{};
}

Result<Ok> SeriesReader::read_quality(std::string_view text, Quality& quality) {
  text = trim(text);
  constexpr std::string_view names[] = {"measured", "estimated", "substituted", "missing"};
  quality = Quality::measured;
  if (text.empty()) return Ok{};
  for (size_t i = 0; i < std::size(names); ++i)
    if (text == names[i]) {
      quality = static_cast<Quality>(i);
      return Ok{};
    }
  return csv_.fail("WL6021", "`" + show_text(text) + "` is not a quality", "the qualities are measured, estimated, substituted and missing");
}

Result<Ok> SeriesReader::read_row(std::string_view row) {
  Result<Ok> done = csv_.split(row, fields_);
  if (!done) return done;
  uint32_t member = 0;
  if (is_long_ && !(done = find_member(fields_[id_field_], member))) return done;
  Sequence& sequence = sequences_[member];
  Instant instant = 0;
  if (!(done = read_instant(fields_[time_field_], sequence, instant))) return done;
  const auto refused = [&](const char* code, std::string what, std::string hint) {
    Failure failure = csv_.fail(code, std::move(what), std::move(hint));
    failure.time = print_instant(clock_.zone, instant);
    return failure;
  };
  const std::string whose = is_long_ ? " of " + name_of(member) : "";
  if (instant == sequence.last) return refused("WL6012", "a second row" + whose + " for " + print_instant(clock_.zone, instant), "keep one row a step");
  if (instant < sequence.last)
    return refused("WL6013", "the row" + whose + " for " + print_instant(clock_.zone, instant) + " comes after that for " + print_instant(clock_.zone, sequence.last), "sort the rows by time");
  sequence.last = instant;
  first_seen_ = std::min(first_seen_, instant);
  last_seen_ = std::max(last_seen_, instant);
  uint32_t slot = 0;
  switch (axis_.place(instant, slot)) {
    case TimeAxis::Place::before:
    case TimeAxis::Place::after: return Ok{};
    case TimeAxis::Place::misaligned:
      return refused("WL6023", print_instant(clock_.zone, instant) + " does not begin a step of " + std::to_string(axis_.file_step_seconds / 60) + " min counted from " + print_instant(clock_.zone, axis_.origin),
                     "bring the rows to whole steps");
    case TimeAxis::Place::inside: break;
  }
  any_inside_ = true;
  if (slot > sequence.next_slot && !(done = fill_gap(sequence, member, slot))) return done;
  sequence.next_slot = slot + 1;
  return put_values(member, slot);
}

Result<Ok> SeriesReader::put_values(uint32_t row_member, uint32_t slot) {
  Quality quality = Quality::measured;
  if (quality_field_ >= 0) {
    Result<Ok> read = read_quality(fields_[static_cast<size_t>(quality_field_)], quality);
    if (!read) return read;
  }
  for (const BoundColumn& column : columns_) {
    const std::string_view text = fields_[column.field];
    const uint32_t member = member_of(column, row_member);
    SeriesBuilder& builder = *column.column->builder;
    Decimal value;
    const bool is_flag = column.column->builder->request().yes_no;
    const DecimalFault fault = is_flag ? read_flag(trim(text), value) : read_decimal(text, comma_, value);
    PutFault put = PutFault::none;
    const auto refused = [&](const char* code, const std::string& what, std::string hint) {
      Failure failure = csv_.fail(code, "`" + show_text(column.column->name) + "`: " + what, std::move(hint));
      failure.time = print_instant(clock_.zone, axis_.instant_of(slot));
      return failure;
    };
    const auto shown = [&] { return "`" + show_text(trim(text)) + "` "; };
    if (quality == Quality::missing || fault == DecimalFault::empty) put = builder.put_absent(member, slot, quality == Quality::missing);
    else if (fault == DecimalFault::exponent) return refused("WL6017", shown() + "has an exponent", "write the number out in digits");
    else if (fault == DecimalFault::too_long) return refused("WL6018", shown() + "has more than 18 digits", "a value has at most 18 digits");
    else if (fault == DecimalFault::text && is_flag) return refused("WL6017", shown() + "stands where yes or no should be", "write `yes` or `no`; an unknown value is an empty field");
    else if (fault == DecimalFault::text)
      return refused("WL6017", shown() + "stands where a number should be", !comma_ && text.find(',') != std::string_view::npos ? "a decimal comma needs `;` between the columns" : "an unknown value is an empty field");
    else put = builder.put(member, slot, value, column.scale, quality);
    if (put != PutFault::none) return fail_put(put, column, member, slot, trim(text));
  }
  return Ok{};
}

Failure SeriesReader::fail_put(PutFault fault, const BoundColumn& column, uint32_t member, uint32_t slot, std::string_view text) const {
  const SeriesRequest& request = column.column->builder->request();
  const std::string shown = "`" + show_text(text) + "`", whose = "`" + request.column + "`" + (request.per_member ? " of " + name_of(member) : "");
  Failure failure;
  switch (fault) {
    case PutFault::none: break;
    case PutFault::finer: {
      const Rational quantum = column.column->builder->quantum().value();
      const auto own = request.unit_meaning ? request.unit_meaning(request.unit) : std::nullopt;
      const std::string in_unit = print_decimal(own && own->factor > 0 ? Rational(quantum / own->factor) : quantum, 0, 18) + " " + request.unit;
      const std::string finest = column.scale.is_mean_power ? "0.000000001 of its unit" : in_unit == "0.001 kWh" ? "1 Wh" : in_unit;
      failure = csv_.fail("WL6019", whose + " " + shown + " is finer than " + finest,
                          column.scale.is_mean_power ? "write at most 9 decimals" : "round the file, or let the trace keep more digits: `trace " + request.trace + " { " + request.column + ": " + request.unit + " to 0.000001 " + request.unit + " }`");
      break;
    }
    case PutFault::out_of_range: failure = csv_.fail("WL6018", whose + " " + shown + " is out of range", "a value and its sum over a step must fit in 18 digits of the trace's resolution"); break;
    case PutFault::inexact_mean:
      failure = csv_.fail("WL6025", "the mean of " + whose + " over the scenario's step needs more digits than the trace keeps", "let the trace keep more digits, or give the scenario the file's step");
      break;
    case PutFault::gap: failure = csv_.fail("WL6020", whose + " has no value", kMissingHint); break;
    case PutFault::nothing_to_hold: failure = csv_.fail("WL6031", whose + " has no value and there is none before to hold", "begin the file with a value, or say `missing zero` or `missing skip`"); break;
    case PutFault::memory: failure = csv_.fail("WL6034", whose + " " + shown + " needs 8 bytes a value, more than memory allows for", "choose a shorter period or fewer members"); break;
  }
  failure.time = print_instant(clock_.zone, axis_.instant_of(slot));
  return failure;
}

Result<Ok> SeriesReader::fill_gap(Sequence& sequence, uint32_t row_member, uint32_t until_slot) {
  for (; sequence.next_slot < until_slot; ++sequence.next_slot)
    for (const BoundColumn& column : columns_) {
      const uint32_t member = member_of(column, row_member);
      const PutFault put = column.column->builder->put_absent(member, sequence.next_slot, false);
      if (put == PutFault::none) continue;
      if (put != PutFault::gap) return fail_put(put, column, member, sequence.next_slot, "");
      const std::string at = print_instant(clock_.zone, axis_.instant_of(sequence.next_slot));
      Failure failure = csv_.fail("WL6011", "no row" + (is_long_ ? " of " + name_of(member) : std::string()) + " for " + at, kMissingHint);
      if (until_slot - sequence.next_slot > 1) failure.message += " and " + std::to_string(until_slot - sequence.next_slot - 1) + " steps after it";
      failure.time = at;
      return failure;
    }
  return Ok{};
}

Result<Ok> SeriesReader::finish() {
  if (!any_inside_) {
    Failure failure = csv_.fail("WL6026", "covers " + print_instant(clock_.zone, first_seen_) + " to " + print_instant(clock_.zone, last_seen_) + ", nothing of the period " + print_instant(clock_.zone, clock_.begin) + " to " +
                                              print_instant(clock_.zone, clock_.instant_of(clock_.steps)),
                                "choose the scenario's period within the file, or bring a file of that period");
    failure.row = 0;
    return failure;
  }
  for (uint32_t i = 0; i < sequences_.size(); ++i) {
    if (sequences_[i].last == INT64_MIN) {
      Failure failure = csv_.fail("WL6027", name_of(i) + " has no rows", "every member needs its rows; remove it from " + file_.id_column + "s.csv if it has none");
      failure.row = 0;
      return failure;
    }
    Result<Ok> filled = fill_gap(sequences_[i], i, axis_.slots);
    if (!filled) return filled;
  }
  return Ok{};
}

// ---- plain rows: the perfect case, read without splitting. Whatever is not perfect goes to read_row, which also tells what is wrong ----

void SeriesReader::prepare_plain_rows() {
  roles_.assign(csv_.columns().size(), {});
  size_t last_key = time_field_;
  roles_[time_field_].role = Role::time;
  if (is_long_) {
    roles_[id_field_].role = Role::id;
    last_key = std::max(last_key, id_field_);
  }
  plain_ = axis_.is_direct() && quality_field_ < 0 && !(is_long_ && sequences_.empty());
  for (uint32_t i = 0; i < columns_.size(); ++i) {
    const BoundColumn& column = columns_[i];
    plain_ &= column.field > last_key && roles_[column.field].role == Role::skipped && !column.scale.is_mean_power && column.scale.power_of_ten >= 0 && !column.column->builder->request().yes_no &&
              column.scale.power_of_ten <= 9 && column.column->builder->request().per_member;
    roles_[column.field] = {Role::value, i};
  }
}

// Puts `at` behind the id if it is the last row's or the one that followed it before.
bool SeriesReader::find_plain_member(const char*& at) {
  for (uint32_t candidate : {present_, next_member_[present_]}) {
    const std::string& id = (*members_.ids)[candidate];
    if (static_cast<size_t>(csv_.end() - at) <= id.size() || std::memcmp(at, id.data(), id.size()) != 0 || at[id.size()] != csv_.separator()) continue;
    present_ = candidate;
    at += id.size();
    return true;
  }
  return false;
}

// A time on another day or with another offset than the last.
bool SeriesReader::read_plain_time(const char*& at, char stop, Instant& instant) {
  constexpr size_t kLongest = 32;
  const void* end = std::memchr(at, stop, std::min<size_t>(kLongest, static_cast<size_t>(csv_.end() - at)));
  if (end == nullptr) return false;
  const ReadTime time = times_.read(std::string_view(at, static_cast<size_t>(static_cast<const char*>(end) - at)));
  if (time.fault != TimeFault::none || time.is_repeated) return false;
  at = static_cast<const char*>(end);
  instant = time.instant;
  return true;
}

constexpr int64_t kPowersOfTen[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

// At most 9 digits in all and no sign but minus; anything longer is for read_decimal.
bool SeriesReader::read_plain_value(const char*& at, char stop, const BoundColumn& column, size_t cell) {
  uint64_t read = 0;  // wraps unseen where there are too many digits, which are counted
  ptrdiff_t places = 0;
  const char* p = at;
  const bool minus = *p == '-';
  if (const ShortValue value = read_short_value(p, stop); value.length > 0) {
    read = value.digits, places = value.places;
    p += value.length;
  } else {
    p += minus;
    const char* begin = p;
    for (unsigned digit; (digit = static_cast<unsigned char>(*p) - unsigned{'0'}) <= 9; ++p) read = read * 10 + digit;
    const ptrdiff_t count = p - begin;
    if (count == 0 || count > 9) return false;
    if (*p == '.' || (comma_ && *p == ',')) {
      const char* point = p++;
      for (unsigned digit; (digit = static_cast<unsigned char>(*p) - unsigned{'0'}) <= 9; ++p) read = read * 10 + digit;
      places = p - point - 1;
      if (count + places > 9) return false;
    }
    if (*p == '\r' && p[1] == '\n') ++p;
    if (*p != stop) return false;
  }
  if (places > column.scale.power_of_ten) return false;
  int64_t digits = static_cast<int64_t>(read) * kPowersOfTen[column.scale.power_of_ten - places];
  if (minus) digits = -digits;
  int32_t* cells = column.column->builder->narrow_cells();
  if (cells == nullptr || digits != static_cast<int32_t>(digits)) return false;
  cells[cell] = static_cast<int32_t>(digits);
  at = p;
  return true;
}

void SeriesReader::read_plain_rows() {
  const char *row = csv_.at(), *end = csv_.end();
  const char separator = csv_.separator();
  const size_t fields = roles_.size(), last_key = is_long_ ? std::max(time_field_, id_field_) : time_field_;
  int64_t rows = 0;
  while (row < end) {
    const char* at = row;
    Instant instant = 0;
    uint32_t slot = 0;
    const uint32_t before = present_;
    size_t field = 0;
    for (; field < fields; ++field) {
      const char stop = field + 1 == fields ? '\n' : separator;
      const Field& what = roles_[field];
      if (what.role == Role::value) {
        const BoundColumn& column = columns_[what.column];
        const size_t cell = column.column->builder->first_cell(member_of(column, present_)) + size_t{slot} * kTileMembers;
        if (!read_plain_value(at, stop, column, cell)) break;
      } else if (what.role == Role::id) {
        if (!find_plain_member(at)) break;
      } else if (what.role == Role::time) {
        if (!times_.read_again(at, stop, at, instant) && !read_plain_time(at, stop, instant)) break;
      } else {
        while (*at != stop && *at != '"' && *at != '\n') ++at;
        if (*at != stop) break;
      }
      ++at;
      // Once id and time are known, the row must be the next of its member.
      if (field == last_key) {
        const Sequence& sequence = sequences_[is_long_ ? present_ : 0];
        slot = sequence.next_slot;
        if (slot >= axis_.slots || instant != axis_.origin + int64_t{slot} * axis_.file_step_seconds || instant <= sequence.last) break;
      }
    }
    if (field < fields) {
      present_ = before;
      break;
    }
    Sequence& sequence = sequences_[is_long_ ? present_ : 0];
    sequence.last = instant;
    ++sequence.next_slot;
    first_seen_ = std::min(first_seen_, instant);
    last_seen_ = std::max(last_seen_, instant);
    any_inside_ = true;
    row = at;
    ++rows;
  }
  csv_.advance(row, rows);
}

Result<Ok> SeriesReader::read(const Progress& progress) {
  uint64_t told = kProgressBytes;
  std::string_view row;
  for (;;) {
    if (plain_) read_plain_rows();
    Result<bool> more = csv_.next_row(row);
    if (!more) return more.failure();
    if (!*more) break;
    Result<Ok> done = read_row(row);
    if (!done) return done;
    if (progress && csv_.bytes_done() > told) {
      told = csv_.bytes_done() + kProgressBytes;
      progress(file_.shown, csv_.bytes_done(), csv_.bytes_total());
    }
  }
  return finish();
}

}  // namespace

Result<SeriesRead> read_series(const SeriesFile& file, const MemberIndex& members, const Clock& clock, const Progress& progress) {
  Result<CsvReader> csv = CsvReader::open(file.path, file.shown);
  if (!csv) return csv.failure();
  SeriesReader reader(file, members, clock, *csv);
  Result<Ok> bound = reader.bind();
  if (!bound) return bound.failure();
  Result<Ok> read = reader.read(progress);
  if (!read) return read.failure();
  return SeriesRead{csv->hash(), csv->find_cut()};
}

}  // namespace wattlaw
