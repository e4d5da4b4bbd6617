#include "runtime/trace/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "runtime/base/assert.h"
#include "runtime/number/rounding.h"
#include "runtime/trace/read_csv.h"
#include "runtime/trace/read_time.h"

namespace wattlaw {
namespace {

constexpr std::array kColumns = {"delivered", "returned", "charging_time", "parking_time", "power", "current", "duration", "energy"};
constexpr size_t kRead = 6;  // of them stand in the file; the others follow
constexpr int64_t kDaySeconds = 86400;

struct Unit {
  const char* name;
  Rational factor;
};

const std::vector<Unit>& units_of(SessionColumn column) {
  static const std::vector<Unit> energy = {{"kWh", 1}, {"Wh", Rational(1, 1000)}, {"MWh", 1000}}, time = {{"h", 1}, {"min", Rational(1, 60)}, {"s", Rational(1, 3600)}},
                                 power = {{"kW", 1}, {"W", Rational(1, 1000)}}, current = {{"A", 1}};
  switch (column) {
    case SessionColumn::delivered:
    case SessionColumn::returned:
    case SessionColumn::energy: return energy;
    case SessionColumn::power: return power;
    case SessionColumn::current: return current;
    default: return time;
  }
}

class SessionsReader {
 public:
  SessionsReader(CsvReader& csv, const Zone& zone) : csv_(csv), zone_(zone), times_(zone) {}
  Result<Ok> bind();
  Result<Sessions> read();

 private:
  Result<Instant> read_time(std::string_view text);
  Result<std::optional<Rational>> read_value(size_t column);
  Result<SessionRow> read_row();
  Failure refuse(const char* code, std::string message, std::string hint) const { return csv_.fail(code, std::move(message), std::move(hint)); }

  CsvReader& csv_;
  const Zone& zone_;
  TimeReader times_;
  size_t id_ = 0, begins_ = 0, ends_ = 0;
  std::array<int, kRead> fields_of_{};
  std::array<Rational, kRead> factors_;
  std::vector<std::string_view> fields_;
};

Result<Ok> SessionsReader::bind() {
  for (auto [name, field] : {std::pair{"session", &id_}, {"begins", &begins_}, {"ends", &ends_}}) {
    const int at = csv_.column_of(name);
    if (at < 0) return csv_.missing_column(name, "a row of sessions says whose it is and from when to when: session,begins,ends,delivered [kWh]");
    *field = static_cast<size_t>(at);
  }
  for (size_t i = 0; i < kRead; ++i) {
    fields_of_[i] = csv_.column_of(kColumns[i]);
    if (fields_of_[i] < 0) continue;
    const std::vector<Unit>& units = units_of(static_cast<SessionColumn>(i));
    const std::string& unit = csv_.columns()[static_cast<size_t>(fields_of_[i])].unit;
    const auto known = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return unit == u.name; });
    if (known == units.end() && !unit.empty()) return refuse("WL6008", fmt::format("`{}` cannot be in `{}`", kColumns[i], unit), fmt::format("write for example `{} [{}]`", kColumns[i], units[0].name));
    factors_[i] = known == units.end() ? Rational(1) : known->factor;
  }
  if (fields_of_[0] < 0) return csv_.missing_column("delivered", "the energy of a row, in kWh; 0 where the car was only parked");
  return Ok{};
}

Result<Instant> SessionsReader::read_time(std::string_view text) {
  const ReadTime time = times_.read(trim(text));
  const std::string shown = "`" + std::string(trim(text).substr(0, 40)) + "` ";
  switch (time.fault) {
    case TimeFault::none: break;
    case TimeFault::second_fraction: return refuse("WL6014", shown + "lies between two seconds", "rows begin and end on whole seconds");
    case TimeFault::skipped: return refuse("WL6016", shown + "does not exist in " + zone_.name() + ": clocks skip that hour", "write times with their offset, as 2026-03-29T03:00+02:00");
    case TimeFault::text:
    case TimeFault::no_such_day: return refuse("WL6014", shown + "is not a time", "write times as 2026-03-01T14:00+01:00");
  }
  if (time.is_repeated) return refuse("WL6015", shown + "occurs twice in " + zone_.name(), "write times with their offset, as 2026-10-25T02:30+02:00");
  return time.instant;
}

Result<std::optional<Rational>> SessionsReader::read_value(size_t column) {
  if (fields_of_[column] < 0) return std::optional<Rational>();
  const std::string_view text = trim(fields_[static_cast<size_t>(fields_of_[column])]);
  if (text.empty()) return std::optional<Rational>();
  Decimal value;
  if (read_decimal(text, csv_.separator() == ';', value) != DecimalFault::none)
    return refuse("WL6017", fmt::format("`{}`: `{}` stands where a number should be", kColumns[column], text.substr(0, 40)), "write the number out in digits; an unknown value is an empty field");
  Rational number(value.digits);
  for (int i = 0; i < value.places; ++i) number /= 10;
  if (number < 0)
    return refuse("WL6052", fmt::format("`{}`: `{}` is negative", kColumns[column], text.substr(0, 40)), "what a car gives back stands in the column `returned`, as a positive amount");
  return std::optional<Rational>(number * factors_[column]);
}

Result<SessionRow> SessionsReader::read_row() {
  SessionRow row;
  auto begins = read_time(fields_[begins_]);
  if (!begins) return begins.failure();
  auto ends = read_time(fields_[ends_]);
  if (!ends) return ends.failure();
  row.begins = *begins;
  row.ends = *ends;
  if (row.ends < row.begins) return refuse("WL6051", "this row ends before it begins", "times are local, or carry their offset; check which of the two is the begin");
  std::array<std::optional<Rational>, kRead> values;
  for (size_t i = 0; i < kRead; ++i) {
    auto value = read_value(i);
    if (!value) return value.failure();
    values[i] = std::move(*value);
  }
  row.delivered = values[0].value_or(0);
  row.returned = values[1].value_or(0);
  row.charging_time = values[2];
  row.parking_time = values[3];
  row.power = values[4];
  row.current = values[5];
  return row;
}

Result<Sessions> SessionsReader::read() {
  Sessions sessions;
  std::unordered_set<std::string> seen;
  std::string_view text;
  for (;;) {
    auto more = csv_.next_row(text);
    if (!more) return more.failure();
    if (!*more) break;
    if (auto split = csv_.split(text, fields_); !split) return split.failure();
    auto row = read_row();
    if (!row) return row.failure();
    const std::string id(trim(fields_[id_]));
    if (id.empty()) return refuse("WL6050", "this row names no session", "each row begins with the id of its session");
    if (sessions.ids.empty() || sessions.ids.back() != id) {
      if (!seen.insert(id).second) return refuse("WL6050", "rows of `" + id + "` stand apart", "let all rows of a session follow each other");
      sessions.ids.push_back(id);
    } else if (row->begins < sessions.rows.back().ends) {
      return refuse("WL6051", "this row of `" + id + "` begins before the last one ended", "let the rows of a session follow each other in time");
    }
    row->session = static_cast<uint32_t>(sessions.ids.size()) - 1;
    sessions.rows.push_back(std::move(*row));
  }
  return sessions;
}

}  // namespace

std::optional<SessionColumn> session_column_named(const std::string& name) {
  for (size_t i = 0; i < kColumns.size(); ++i)
    if (name == kColumns[i]) return static_cast<SessionColumn>(i);
  return std::nullopt;
}

Result<Sessions> read_sessions(const std::string& path, const std::string& shown, const Zone& zone, Date from, Date until) {
  auto csv = CsvReader::open(path, shown);
  if (!csv) return csv.failure();
  SessionsReader reader(*csv, zone);
  if (auto bound = reader.bind(); !bound) return bound.failure();
  auto all = reader.read();
  if (!all) return all.failure();
  const Instant begin = zone.start_of_day(from), end = zone.start_of_day(until);
  Sessions kept;
  kept.hash = csv->hash();
  for (size_t i = 0; i < all->rows.size();) {
    size_t next = i;
    while (next < all->rows.size() && all->rows[next].session == all->rows[i].session) ++next;
    const Instant ended = all->rows[next - 1].ends;
    if (ended >= begin && ended < end) {
      kept.ids.push_back(all->ids[all->rows[i].session]);
      for (size_t r = i; r < next; ++r) {
        kept.rows.push_back(std::move(all->rows[r]));
        kept.rows.back().session = static_cast<uint32_t>(kept.ids.size()) - 1;
      }
    } else {
      ++kept.left_out;
    }
    i = next;
  }
  if (kept.rows.empty())
    return Failure{"WL6053", kept.left_out == 0 ? "there is no session" : fmt::format("none of {} sessions ends from {} until {}", kept.left_out, print_date(from), print_date(until)),
                   "a session is billed in the period in which it ends; choose that period", shown, 0, ""};
  return kept;
}

Clock make_session_clock(Zone zone, const Sessions& sessions, Date from, Date until) {
  WATTLAW_ASSERT(!sessions.rows.empty(), "an axis has at least one row");
  Clock clock;
  clock.zone = std::move(zone);
  clock.first_date = from;
  clock.end_date = until;
  clock.begin = clock.zone.start_of_day(from);
  clock.steps = static_cast<uint32_t>(sessions.rows.size());
  clock.session_ids = sessions.ids;
  uint32_t session = UINT32_MAX;
  for (uint32_t step = 0; step < clock.steps; ++step) {
    const SessionRow& row = sessions.rows[step];
    if (row.session != session) clock.session_first_step.push_back(step);
    session = row.session;
    clock.row_begin.push_back(row.begins);
    const LocalSeconds local = clock.zone.local_of(row.begins);
    const int64_t day = local / kDaySeconds - (local % kDaySeconds < 0);
    clock.local_day.push_back(static_cast<int32_t>(day));
    clock.local_minute.push_back(static_cast<int16_t>((local - day * kDaySeconds) / 60));
  }
  return clock;
}

Result<ClockSeries> session_column(const Sessions& sessions, SessionColumn column) {
  std::vector<Rational> values;
  Rational before;
  Instant begin = 0;
  for (size_t i = 0; i < sessions.rows.size(); ++i) {
    const SessionRow& row = sessions.rows[i];
    if (i == 0 || sessions.rows[i - 1].session != row.session) {
      begin = row.begins;
      before = 0;
    }
    const Rational length(row.ends - row.begins, 3600);
    const bool flows = row.delivered > 0 || row.returned > 0;
    switch (column) {
      case SessionColumn::delivered: values.push_back(row.delivered); break;
      case SessionColumn::returned: values.push_back(row.returned); break;
      case SessionColumn::charging_time: values.push_back(row.charging_time.value_or(flows && !row.parking_time ? length : Rational(0))); break;
      case SessionColumn::parking_time: values.push_back(row.parking_time.value_or(!flows && !row.charging_time ? length : Rational(0))); break;
      // A mean over the row, to a watt: 4 kWh in 7 minutes are no finite decimal.
      case SessionColumn::power: values.push_back(row.power.value_or(length > 0 ? round_to(Rational(row.delivered / length), Rational(1, 1000), RoundingMode::half_even) : Rational(0))); break;
      case SessionColumn::current: values.push_back(row.current.value_or(0)); break;
      case SessionColumn::duration: values.push_back(Rational(row.begins - begin, 3600)); break;
      case SessionColumn::energy: values.push_back(before); break;
    }
    before += row.delivered;
  }
  ClockSeries series;
  std::optional<Quantum> quantum;
  for (const Rational& value : values)
    if (value != 0) quantum = quantum ? common_quantum(*quantum, Quantum::of(value)) : Quantum::of(value);
  series.quantum = quantum.value_or(Quantum{});
  for (const Rational& value : values) {
    const auto mantissa = mantissa_of(value, series.quantum);
    if (!mantissa || abs(*mantissa) > INT64_MAX)
      return Failure{"WL6018", fmt::format("the values of `{}` need more than 18 digits together", kColumns[static_cast<size_t>(column)]), "round the file", "sessions.csv", 0, ""};
    series.values.push_back(static_cast<int64_t>(*mantissa));
  }
  return series;
}

}  // namespace wattlaw
