#include "compiler/command/synthesize.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "runtime/report/output_folder.h"
#include "runtime/synthesize/fleet.h"
#include "runtime/synthesize/homes.h"
#include "runtime/synthesize/prices.h"
#include "runtime/synthesize/reserves.h"
#include "runtime/synthesize/sessions.h"

namespace wattlaw {
namespace {

// A folder is there whole or not at all: it is written beside its place and renamed.
Status synthesize_folder(const SynthesizeOptions& options, const Clock& clock) {
  Result<OutputFolder> folder = OutputFolder::create(options.out);
  if (!folder) return folder.failure();
  const std::string partial = std::filesystem::path(folder->path_of("sites.csv")).parent_path().string();
  HomesRequest homes{options.count, options.seed, partial, HomesRequest::Form::long_rows, options.tax_zones};
  if (options.wide) homes.form = HomesRequest::Form::wide;
  Status written = options.what == "fleet" ? synthesize_fleet({options.count, options.seed, partial, options.pool}, clock) : synthesize_homes(homes, clock);
  if (written) return folder->commit();
  Failure failure = written.failure();
  if (failure.file.starts_with(partial)) failure.file = options.out + failure.file.substr(partial.size());
  return failure;
}

Status synthesize(const SynthesizeOptions& options, const Clock& clock) {
  if (options.what == "homes" || options.what == "fleet") return synthesize_folder(options, clock);
  if (options.what == "prices") return synthesize_prices({options.currency, options.seed, options.out}, clock);
  if (options.what == "frequency") return synthesize_frequency({options.seed, options.out}, clock);
  if (options.what == "reserves") return synthesize_reserves({options.seed, options.out}, clock);
  return synthesize_sessions({options.count, options.seed, options.out}, clock);
}

}  // namespace

int synthesize_traces(const Console& console, const SynthesizeOptions& options) {
  std::optional<Date> from = parse_date(options.from), until = parse_date(options.until);
  if (!from || !until) {
    complain(fmt::format("`{}` is no date; write it as 2026-01-31", from ? options.until : options.from));
    return kSourceError;
  }
  const bool is_folder = options.what == "homes" || options.what == "fleet";
  std::error_code error;
  if (!is_folder && std::filesystem::is_directory(options.out, error)) {
    complain(fmt::format("`{}` is a folder; name the file to write, e.g. `{}`", options.out,
                         (std::filesystem::path(options.out) / (options.what + ".csv")).string()));
    return kDataError;
  }
  // What is there already may be the only copy of somebody's readings.
  const bool is_there = std::filesystem::exists(std::filesystem::symlink_status(options.out, error));
  if (is_there && !(is_folder && std::filesystem::is_directory(options.out, error) && std::filesystem::is_empty(options.out, error)))
    return report_failure(console, Failure{"WL6202", fmt::format("`{}` is there already", options.out), fmt::format("name another {}, or move this one away", is_folder ? "folder" : "file"), options.out, 0, ""});
  Result<Zone> zone = Zone::load(options.zone);
  if (!zone) return report_failure(console, zone.failure());
  Result<Clock> clock = make_clock(std::move(*zone), *from, *until, options.step_minutes * 60);
  if (!clock) return report_failure(console, clock.failure());
  Status written = synthesize(options, *clock);
  if (!written) return report_failure(console, written.failure());
  const bool is_counted = is_folder || options.what == "sessions";
  std::string what = !is_counted ? options.what == "reserves" ? "prices of reserves" : options.what : count_text(options.count, options.what == "homes" ? "home" : "vehicle");
  print_out(fmt::format("wrote {} into {}: {} to {} every {} min, {}, seed {}\n", what, options.out, options.from, options.until,
                        options.step_minutes, options.zone, options.seed));
  return kOk;
}

}  // namespace wattlaw
