// TraceRequest: what a program wants from the data folder; filled by the compiler, answered by load_traces.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/time/clock.h"
#include "runtime/trace/tile_series.h"

namespace wattlaw {

enum class Flow : uint8_t { extensive, intensive };               // energy is summed, a price is held or averaged
enum class MissingPolicy : uint8_t { error, hold, zero, skip };   // what the trace declaration says of gaps

// A key of a trace that is a table (`keyed by month, DayType, hour`): the file's column of that name, how each value is spelt in it, and
// which value a step of the clock has.
struct TraceKey {
  std::string column;                          // "month", "DayType", "hour"
  std::vector<std::vector<std::string>> values;  // [value]: its spellings, {"1", "January"}; the first is told in messages
  std::vector<uint32_t> of_step;               // [step of the clock]
};

// A question about records (`exists(cpp_event where cpp_event.day = today)`), asked at every step: is there a row of KIND.csv for which all
// comparisons hold?
struct RecordQuestion {
  struct Field {
    std::string column;
    bool is_day = true;                        // a local day; else an instant
  };
  // A field of the record, what the step has beside it (its local day, or the instant it begins, and so much later), or a fixed day or instant.
  struct Term {
    enum class Kind : uint8_t { field, step, fixed } kind = Kind::field;
    uint32_t field = 0;
    int64_t fixed = 0;                         // Date::days or Instant; of a step: seconds later
  };
  struct Comparison {
    enum class Op : uint8_t { equal, not_equal, less, less_equal } op = Op::equal;
    Term left, right;
    bool of_days = true;
  };
  std::string kind;                            // "cpp_event"
  std::vector<Field> fields;                   // those the comparisons read
  std::vector<Comparison> all_of;
  std::string of_member;                       // the column that names the member it is asked of (`booking.vehicle is vehicle`); the kind: each record is asked itself; empty: asked once
};

// One column of a trace, e.g. `import` of the built-in trace `site`, or `spot` of `trace market { spot: NOK/kWh ex vat every 1 h }`.
struct SeriesRequest {
  std::string trace, column;          // "site", "import"
  std::string entity = "site";        // whose series it is
  bool per_member = true;             // false: a clock series
  bool is_computed = false;           // no file gives it: it comes back without cells, and somebody else makes it
  std::string unit;                   // "kWh", "NOK/kWh": what the file's numbers mean unless its header says another
  // Value in canonical units of 1 of a unit spelled `text` in a header (kW for kWh columns is answered with is_mean_power), or nullopt if it does not fit the dimension.
  struct UnitMeaning { Rational factor; bool is_mean_power = false; };
  std::function<std::optional<UnitMeaning>(const std::string& text)> unit_meaning;
  Quantum quantum{1, 1000};           // finest value that may occur (per_member: 1 Wh unless redeclared); a finer file is an error
  bool quantum_free = false;          // clock series: keep all digits of the file, choose the quantum from them
  Flow flow = Flow::extensive;
  MissingPolicy missing = MissingPolicy::error;
  int32_t native_step_seconds = 0;    // what `every` of the trace says; 0: the file's own step, found from its rows
  std::string file;                   // from "file.csv"; empty: TRACE.csv in the data folder
  bool yes_no = false;                // `yes`, `no`, `true`, `false`, 1 or 0, kept as 1 and 0
  bool optional = false;              // export: absent column means 0
  std::optional<RecordQuestion> question;  // yes or no at every step, from the rows of a file of records
  std::vector<TraceKey> keys;         // a table instead of a column in time: the file has a row for each combination of keys
};

struct AttributeRequest {             // attribute site.tax_zone: one of south, north = south   <- sites.csv
  std::string entity, name;           // "site", "tax_zone"
  enum class Kind : uint8_t { number, choice, yes_no, date, member } kind = Kind::number;
  std::vector<std::string> choices;   // choice
  std::string names;                  // member: the entity whose members it names
  std::string unit;
  std::function<std::optional<SeriesRequest::UnitMeaning>(const std::string& text)> unit_meaning;
  std::optional<Rational> default_value;  // number in canonical units, choice index, 0/1, date days; member: -1, none
  bool used = true;
  bool is_quiet = false;              // its default is what is usual, and no file need say so
  bool instant = false;               // date: the file gives a moment in local time, of which the day is read
};

struct TraceRequest {
  std::string data_folder;
  std::vector<std::string> entities{"site"};
  std::vector<std::string> settled;   // those of them whose members have lines, whatever is read of them
  std::vector<SeriesRequest> series;
  std::vector<AttributeRequest> attributes;
  std::vector<std::string> accounts;  // of those who are no member: a member of such a name would pay itself (WL6036)
};

struct Members {
  std::vector<std::string> ids;       // ascending by bytes; ≤ 128 bytes, no control characters
  uint32_t size() const { return static_cast<uint32_t>(ids.size()); }
};

struct Traces {
  std::vector<Members> members;       // parallel to TraceRequest::entities
  // Parallel to TraceRequest::attributes, [member]: canonical numbers, choice index, 0/1, days, index of a member or -1. No row and no default
  // is a failure.
  std::vector<std::vector<Rational>> attributes;
  // Parallel to TraceRequest::series; exactly one of the two is filled for each.
  std::vector<TileSeries> member_series;
  std::vector<ClockSeries> clock_series;
  std::vector<std::pair<std::string, std::string>> file_hashes;  // path below the data folder, xxhash/FNV-1a 64 hex of the bytes
  // Warning WL6037 for each file whose last figure may be cut off. Notes WL6043 for each attribute that no file gives, WL6044 for an optional
  // series that no file gives.
  std::vector<Remark> remarks;
};

}  // namespace wattlaw
