#include "runtime/trace/read_keyed_series.h"

#include <algorithm>

#include "runtime/base/nearest_name.h"
#include "runtime/trace/read_csv.h"

namespace wattlaw {
namespace {

constexpr uint32_t kNoRow = UINT32_MAX;

size_t cell_count(const std::vector<TraceKey>& keys) {
  size_t count = 1;
  for (const TraceKey& key : keys) count *= key.values.size();
  return count;
}

// "month 3, DayType weekend, hour 7"
std::string words_of_cell(const std::vector<TraceKey>& keys, size_t cell) {
  std::string words;
  size_t rest = cell;
  for (size_t i = keys.size(); i-- > 0; rest /= keys[i].values.size())
    words = keys[i].column + " " + keys[i].values[rest % keys[i].values.size()][0] + (words.empty() ? "" : ", ") + words;
  return words;
}

class KeyedReader {
 public:
  KeyedReader(CsvReader& csv, const std::vector<const SeriesRequest*>& requests) : csv_(csv), requests_(requests), keys_(requests[0]->keys) {}

  Result<Ok> find_columns();
  Result<Ok> read_rows();
  Result<ClockSeries> series_of(size_t request, const Clock& clock) const;

 private:
  Result<Ok> read_row(const std::vector<std::string_view>& fields);
  size_t cell_of_step(uint32_t step) const;

  CsvReader& csv_;
  const std::vector<const SeriesRequest*>& requests_;
  const std::vector<TraceKey>& keys_;
  std::vector<size_t> key_fields_, value_fields_;
  std::vector<Rational> factors_;                // of the unit, by request
  std::vector<uint32_t> row_of_cell_;
  std::vector<std::vector<Decimal>> values_;     // [request][row]
};

Result<Ok> KeyedReader::find_columns() {
  for (const TraceKey& key : keys_) {
    const int field = csv_.column_of(key.column);
    if (field < 0) return csv_.missing_column(key.column, "a table has a column for each of its keys");
    key_fields_.push_back(static_cast<size_t>(field));
  }
  for (const SeriesRequest* request : requests_) {
    const int field = csv_.column_of(request->column);
    if (field < 0) return csv_.missing_column(request->column, "");
    const std::string& unit = csv_.columns()[static_cast<size_t>(field)].unit;
    const auto meaning = request->unit_meaning ? request->unit_meaning(unit.empty() ? request->unit : unit) : std::nullopt;
    if (!meaning || meaning->is_mean_power) return csv_.fail("WL6022", "`" + unit + "` of column `" + request->column + "` does not fit `" + request->unit + "`", "write the unit of the declaration, or one of the same kind");
    value_fields_.push_back(static_cast<size_t>(field));
    factors_.push_back(meaning->factor);
  }
  row_of_cell_.assign(cell_count(keys_), kNoRow);
  values_.resize(requests_.size());
  return Ok{};
}

Result<Ok> KeyedReader::read_row(const std::vector<std::string_view>& fields) {
  size_t cell = 0;
  for (size_t i = 0; i < keys_.size(); ++i) {
    const std::string text(trim(fields[key_fields_[i]]));
    const auto& values = keys_[i].values;
    const auto found = std::find_if(values.begin(), values.end(), [&](const auto& spellings) { return std::find(spellings.begin(), spellings.end(), text) != spellings.end(); });
    if (found == values.end()) {
      std::vector<std::string> known;
      for (const auto& spellings : values) known.insert(known.end(), spellings.begin(), spellings.end());
      const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
      const std::string near = is_number ? "" : nearest_name(text, known);
      return csv_.fail("WL6047", "`" + show_text(text) + "` is no `" + keys_[i].column + "`", near.empty() ? "its values are `" + values.front()[0] + "` to `" + values.back()[0] + "`" : "did you mean `" + near + "`?");
    }
    cell = cell * values.size() + static_cast<size_t>(found - values.begin());
  }
  if (row_of_cell_[cell] != kNoRow) return csv_.fail("WL6046", "there are two rows for " + words_of_cell(keys_, cell), "keep one of them");
  row_of_cell_[cell] = static_cast<uint32_t>(values_[0].size());
  for (size_t i = 0; i < requests_.size(); ++i) {
    const std::string_view text = trim(fields[value_fields_[i]]);
    Decimal value;
    const DecimalFault fault = read_decimal(text, csv_.separator() != ',', value);
    if (fault == DecimalFault::empty) return csv_.fail("WL6020", "`" + requests_[i]->column + "` has no value for " + words_of_cell(keys_, cell), "a table has a value in every row");
    if (fault != DecimalFault::none) return csv_.fail("WL6017", "`" + show_text(text) + "` is not a number", "write plain decimals of at most 18 digits");
    values_[i].push_back(value);
  }
  return Ok{};
}

Result<Ok> KeyedReader::read_rows() {
  std::string_view row;
  std::vector<std::string_view> fields;
  for (;;) {
    Result<bool> more = csv_.next_row(row);
    if (!more) return more.failure();
    if (!*more) break;
    Result<Ok> cut = csv_.split(row, fields);
    if (!cut) return cut;
    Result<Ok> read = read_row(fields);
    if (!read) return read;
  }
  if (values_[0].empty()) return csv_.fail("WL6004", "has a header but no rows", "it needs a row for each combination of keys");
  return Ok{};
}

size_t KeyedReader::cell_of_step(uint32_t step) const {
  size_t cell = 0;
  for (const TraceKey& key : keys_) cell = cell * key.values.size() + key.of_step[step];
  return cell;
}

Result<ClockSeries> KeyedReader::series_of(size_t request, const Clock& clock) const {
  int places = 0;
  for (const Decimal& value : values_[request]) places = std::max(places, value.places);
  ClockSeries series;
  Rational unit = factors_[request];
  for (int i = 0; i < places; ++i) unit /= 10;
  series.quantum = Quantum::of(unit);
  std::vector<int64_t> mantissas;
  for (const Decimal& value : values_[request]) {
    __int128 mantissa = value.digits;
    for (int i = value.places; i < places && mantissa < INT64_MAX && mantissa > INT64_MIN; ++i) mantissa *= 10;
    if (mantissa > INT64_MAX || mantissa < INT64_MIN) return csv_.fail("WL6018", "the values of `" + requests_[request]->column + "` need more than 18 digits together", "write them with fewer decimals");
    mantissas.push_back(static_cast<int64_t>(mantissa));
  }
  for (uint32_t step = 0; step < clock.steps; ++step) {
    const size_t cell = cell_of_step(step);
    if (row_of_cell_[cell] == kNoRow) {
      Failure failure = csv_.fail("WL6045", "has no row for " + words_of_cell(keys_, cell), "a table needs a row for each combination of keys that the run meets");
      failure.row = 0;
      failure.time = clock.print_step(step);
      return failure;
    }
    series.values.push_back(mantissas[row_of_cell_[cell]]);
  }
  return series;
}

}  // namespace

Result<KeyedRead> read_keyed_series(const std::string& path, const std::string& shown, const std::vector<const SeriesRequest*>& requests, const Clock& clock) {
  Result<CsvReader> csv = CsvReader::open(path, shown);
  if (!csv) return csv.failure();
  KeyedReader reader(*csv, requests);
  for (auto step : {&KeyedReader::find_columns, &KeyedReader::read_rows}) {
    Result<Ok> done = (reader.*step)();
    if (!done) return done.failure();
  }
  KeyedRead read{{}, csv->hash(), csv->find_cut()};
  for (size_t i = 0; i < requests.size(); ++i) {
    Result<ClockSeries> series = reader.series_of(i, clock);
    if (!series) return series.failure();
    read.series.push_back(std::move(*series));
  }
  return read;
}

}  // namespace wattlaw
