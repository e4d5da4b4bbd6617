#include "runtime/fleet/plug_ins.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/base/nearest_name.h"
#include "runtime/trace/read_csv.h"
#include "runtime/trace/read_time.h"

namespace wattlaw {
namespace {

class PlugInReader {
 public:
  PlugInReader(CsvReader& csv, const Zone& zone, const std::vector<std::string>& vehicles) : csv_(csv), zone_(zone), times_(zone), vehicles_(vehicles) {}
  Result<PlugIns> read();

 private:
  Result<Ok> bind();
  Result<Instant> read_time(std::string_view text);
  Result<std::optional<double>> read_number(int field, const char* name);
  Result<std::optional<double>> read_share(int field, const char* name);
  Failure refuse(const char* code, std::string message, std::string hint) const { return csv_.fail(code, std::move(message), std::move(hint)); }

  CsvReader& csv_;
  const Zone& zone_;
  TimeReader times_;
  const std::vector<std::string>& vehicles_;
  int vehicle_ = -1, begins_ = -1, ends_ = -1, soc_ = -1, target_ = -1, used_ = -1;
  std::vector<std::string_view> fields_;
};

Result<Ok> PlugInReader::bind() {
  struct Wanted {
    const char* name;
    int* field;
    bool is_needed;
  };
  for (const Wanted& wanted : {Wanted{"vehicle", &vehicle_, true}, Wanted{"begins", &begins_, true}, Wanted{"ends", &ends_, true}, Wanted{"soc", &soc_, false},
                               Wanted{"target", &target_, false}, Wanted{"used", &used_, false}}) {
    *wanted.field = csv_.column_of(wanted.name);
    if (*wanted.field < 0 && wanted.is_needed) return csv_.missing_column(wanted.name, "a row says which vehicle stands at a charger, and from when to when: vehicle,begins,ends");
  }
  return Ok{};
}

Result<Instant> PlugInReader::read_time(std::string_view text) {
  Result<Instant> instant = read_moment(times_, zone_, trim(text));
  if (!instant) return refuse(instant.failure().code.c_str(), instant.failure().message, instant.failure().hint);
  return instant;
}

Result<std::optional<double>> PlugInReader::read_number(int field, const char* name) {
  if (field < 0) return std::optional<double>();
  std::string_view text = trim(fields_[static_cast<size_t>(field)]);
  if (text.empty()) return std::optional<double>();
  const bool is_percent = text.back() == '%';
  if (is_percent) text = trim(text.substr(0, text.size() - 1));
  Decimal value;
  if (read_decimal(text, csv_.separator() == ';', value) != DecimalFault::none)
    return refuse("WL6017", fmt::format("`{}`: `{}` stands where a number should be", name, show_text(text)), "write the number out in digits; an unknown value is an empty field");
  double number = static_cast<double>(value.digits), scale = is_percent ? 100.0 : 1.0;
  for (int i = 0; i < value.places; ++i) scale *= 10.0;
  return std::optional<double>(number / scale);
}

Result<std::optional<double>> PlugInReader::read_share(int field, const char* name) {
  auto share = read_number(field, name);
  if (share && *share && (**share < 0.0 || **share > 1.0))
    return refuse("WL6073", fmt::format("`{}`: `{}` is no share of a battery", name, show_text(trim(fields_[static_cast<size_t>(field)]))), "write 0.8 or 80%");
  return share;
}

Result<PlugIns> PlugInReader::read() {
  if (auto bound = bind(); !bound) return bound.failure();
  PlugIns all;
  all.of_vehicle.resize(vehicles_.size());
  std::string_view row;
  for (;;) {
    auto more = csv_.next_row(row);
    if (!more) return more.failure();
    if (!*more) break;
    if (auto split = csv_.split(row, fields_); !split) return split.failure();
    const std::string id(trim(fields_[static_cast<size_t>(vehicle_)]));
    const auto at = std::lower_bound(vehicles_.begin(), vehicles_.end(), id);
    if (at == vehicles_.end() || *at != id) {
      const std::string near = nearest_name(id, vehicles_);
      return refuse("WL6070", "no vehicle is called `" + show_text(id) + "`", near.empty() ? "add it to vehicles.csv" : "is `" + show_text(near) + "` meant? else add it to vehicles.csv");
    }
    PlugIn plug_in;
    auto begins = read_time(fields_[static_cast<size_t>(begins_)]);
    if (!begins) return begins.failure();
    auto ends = read_time(fields_[static_cast<size_t>(ends_)]);
    if (!ends) return ends.failure();
    plug_in.begins = *begins, plug_in.ends = *ends;
    if (plug_in.ends < plug_in.begins) return refuse("WL6071", "this row ends before it begins", "times are local, or carry their offset; check which of the two is the begin");
    for (auto [field, name, into] : {std::tuple{soc_, "soc", &plug_in.soc}, {target_, "target", &plug_in.target}}) {
      auto share = read_share(field, name);
      if (!share) return share.failure();
      *into = *share;
    }
    auto used = read_number(used_, "used");
    if (!used) return used.failure();
    plug_in.used = used->value_or(0.0);
    if (plug_in.used < 0.0) return refuse("WL6073", "`used` is negative", "what a vehicle used on the road is a positive amount");
    std::vector<PlugIn>& before = all.of_vehicle[static_cast<size_t>(at - vehicles_.begin())];
    if (!before.empty() && plug_in.begins < before.back().ends)
      return refuse("WL6072", "`" + id + "` is plugged in again at " + print_instant(zone_, plug_in.begins) + ", before it left at " + print_instant(zone_, before.back().ends),
                    "let the rows of a vehicle follow each other in time");
    before.push_back(plug_in);
  }
  all.hash = csv_.hash();
  return all;
}

}  // namespace

Result<PlugIns> read_plug_ins(const std::string& path, const std::string& shown, const Zone& zone, const std::vector<std::string>& vehicles) {
  auto csv = CsvReader::open(path, shown);
  if (!csv) return csv.failure();
  return PlugInReader(*csv, zone, vehicles).read();
}

Result<Ok> keep_plugged(PlugIns& plug_ins, const std::vector<std::string>& vehicles, const std::vector<bool>& stationary, Instant begin, Instant end) {
  constexpr Instant kDay = 86400;
  for (size_t v = 0; v < vehicles.size(); ++v) {
    if (!stationary[v]) continue;
    std::vector<PlugIn>& rows = plug_ins.of_vehicle[v];
    if (!rows.empty())
      return Failure{"WL6080", "`" + vehicles[v] + "` never leaves, as vehicles.csv says, and comes and goes in sessions.csv", "leave out its rows, or say `no` in the column `stationary`", "sessions.csv", 0, ""};
    rows.push_back({begin - kDay, end + kDay, {}, {}});
  }
  return Ok{};
}

}  // namespace wattlaw
