#include "compiler/command/synthesize.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "runtime/synthesize/homes.h"
#include "runtime/synthesize/prices.h"
#include "runtime/synthesize/sessions.h"

namespace wattlaw {
namespace {

Status synthesize(const SynthesizeOptions& options, const Clock& clock) {
  if (options.what == "homes") {
    HomesRequest homes{options.count, options.seed, options.out, HomesRequest::Form::long_rows, options.tax_zones};
    if (options.wide) homes.form = HomesRequest::Form::wide;
    return synthesize_homes(homes, clock);
  }
  if (options.what == "prices") return synthesize_prices({options.currency, options.seed, options.out}, clock);
  return synthesize_sessions({options.count, options.seed, options.out}, clock);
}

}  // namespace

int synthesize_traces(const Console& console, const SynthesizeOptions& options) {
  std::optional<Date> from = parse_date(options.from), until = parse_date(options.until);
  if (!from || !until) {
    complain(fmt::format("`{}` is no date; write it as 2026-01-31", from ? options.until : options.from));
    return kSourceError;
  }
  bool is_folder = options.what == "homes";
  std::error_code error;
  if (!is_folder && std::filesystem::is_directory(options.out, error)) {
    complain(fmt::format("`{}` is a folder; name the file to write, e.g. `{}`", options.out,
                         (std::filesystem::path(options.out) / (options.what + ".csv")).string()));
    return kDataError;
  }
  Result<Zone> zone = Zone::load(options.zone);
  if (!zone) return report_failure(console, zone.failure());
  Result<Clock> clock = make_clock(std::move(*zone), *from, *until, options.step_minutes * 60);
  if (!clock) return report_failure(console, clock.failure());
  Status written = synthesize(options, *clock);
  if (!written) return report_failure(console, written.failure());
  std::string what = options.what == "prices" ? "prices" : count_text(options.count, is_folder ? "home" : "vehicle");
  print_out(fmt::format("wrote {} into {}: {} to {} every {} min, {}, seed {}\n", what, options.out, options.from, options.until,
                        options.step_minutes, options.zone, options.seed));
  return kOk;
}

}  // namespace wattlaw
