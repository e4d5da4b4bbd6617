#include "compiler/command/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/import/import_tariffs.h"
#include "runtime/report/output_folder.h"

namespace wattlaw {
namespace {

const ImportFormat& format_called(const std::string& name) {
  const std::vector<ImportFormat>& formats = import_formats();
  return *std::find_if(formats.begin(), formats.end(), [&](const ImportFormat& format) { return format.name == name; });
}

// Scripts are edited by hand once they are there, so an import never replaces any.
Status check_fresh(const std::string& out) {
  std::error_code error;
  if (!std::filesystem::exists(out, error) || std::filesystem::is_empty(out, error)) return Ok{};
  Failure failure{"WL8011", fmt::format("`{}` is there already, and scripts in it may have been edited by hand", out)};
  failure.hint = "name a new folder, and compare the two";
  failure.file = out;
  return failure;
}

Result<ImportText> read_text(const std::string& path) {
  Failure failure{"WL6001", script_problem(path)};
  failure.file = path;
  if (!failure.message.empty()) return failure;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (in) return ImportText{path, text.str()};
  failure.message = fmt::format("`{}` cannot be read", path);
  return failure;
}

Status write_scripts(const ImportedFiles& imported, const std::string& out) {
  Result<OutputFolder> folder = OutputFolder::create(out);
  if (!folder) return folder.failure();
  for (const ImportedScript& script : imported.scripts) {
    std::ofstream file(folder->path_of(script.name + ".watt"), std::ios::binary);
    file << script.text;
    file.close();
    if (file) continue;
    Failure failure{"WL6201", fmt::format("`{}.watt` cannot be written", script.name)};
    failure.file = out;
    return failure;
  }
  return folder->commit();
}

int report_import(const Console& console, const ImportedFiles& imported) {
  const bool failed = imported.diagnostics.has_errors();
  const bool refused = failed || (console.strict && imported.diagnostics.warning_count() > 0);
  const std::string text = render_diagnostics(console, imported.diagnostics, imported.files, !console.is_machine() && console.color_err());
  if (console.is_machine()) print_out(text);
  else print_err(text);
  if (!refused) return kOk;
  complain(fmt::format("{}{}; nothing was written", count_text(failed ? imported.diagnostics.error_count() : imported.diagnostics.warning_count(), failed ? "error" : "warning"),
                       failed ? "" : " and --strict was asked for"));
  return failed ? kDataError : kWarnings;
}

}  // namespace

int import_files(const Console& console, const ImportOptions& options) {
  const ImportFormat& format = format_called(options.format);
  if (const Status chosen = check_choices(format, options.choices); !chosen) return report_failure(console, chosen.failure());
  if (const Status fresh = check_fresh(options.out); !fresh) return report_failure(console, fresh.failure());
  std::vector<ImportText> texts;
  for (const std::string& path : options.files) {
    Result<ImportText> text = read_text(path);
    if (!text) return report_failure(console, text.failure());
    texts.push_back(std::move(*text));
  }
  const ImportedFiles imported = import_tariffs(format, std::move(texts), options.choices);
  if (const int code = report_import(console, imported); code != kOk) return code;
  if (const Status written = write_scripts(imported, options.out); !written) return report_failure(console, written.failure());
  size_t tariffs = 0, versions = 0;
  for (const ImportedScript& script : imported.scripts) {
    tariffs += script.tariffs;
    versions += script.versions;
  }
  if (!console.is_machine())
    print_out(fmt::format("imported {}: {} with {}, written to {}\n", count_text(imported.scripts.size(), "file"), count_text(tariffs, "tariff"),
                          count_text(versions, "price sheet"), options.out));
  return kOk;
}

}  // namespace wattlaw
