#include "compiler/import/import_tariffs.h"

#include <fmt/format.h>

#include <map>

#include "compiler/import/datahub_pricelist.h"
#include "compiler/import/eltariff.h"
#include "compiler/import/fri_nettleie.h"
#include "compiler/import/ocpi.h"
#include "compiler/import/urdb.h"
#include "compiler/source/literate.h"
#include "runtime/time/zone.h"

namespace wattlaw {

const std::vector<ImportFormat>& import_formats() {
  static const std::vector<ImportFormat> formats = {
      {"fri-nettleie", "YAML of Norwegian grid tariffs, one file a network company", import_fri_nettleie},
      {"eltariff", "JSON of Swedish grid tariffs, answers of the Eltariff-API", import_eltariff},
      {"datahub-pricelist", "CSV of Danish retail prices, Energinet's DatahubPricelist", import_datahub_pricelist},
      {"urdb", "JSON of US rates, OpenEI Utility Rate Database, version 8; needs --zone", import_urdb, ZoneChoice::needed},
      {"ocpi", "JSON of public charging tariffs, OCPI 2.2.1 and 2.3.0", import_ocpi, ZoneChoice::possible},
  };
  return formats;
}

Status check_choices(const ImportFormat& format, const ImportChoices& choices) {
  const bool is_needed = format.zone == ZoneChoice::needed;
  if (choices.zone.empty() ? is_needed : format.zone == ZoneChoice::none) {
    Failure failure{"WL8012", is_needed ? fmt::format("files of `{}` name no time zone, and their hours are local", format.name)
                                        : fmt::format("`{}` knows the time zone of its tariffs", format.name)};
    failure.hint = is_needed ? "add that of the utility, for example `--zone America/Los_Angeles`" : "leave out `--zone`";
    return failure;
  }
  if (choices.zone.empty()) return Ok{};
  const Result<Zone> zone = Zone::load(choices.zone);
  return zone ? Status(Ok{}) : Status(zone.failure());
}

ImportedFiles import_tariffs(const ImportFormat& format, std::vector<ImportText> texts, const ImportChoices& choices) {
  ImportedFiles imported;
  std::map<std::string, std::string> path_of_name;
  for (ImportText& text : texts) {
    const uint32_t file = static_cast<uint32_t>(imported.files.size());
    const SourceFile& source = imported.files.emplace_back(source_from_text(text.path, std::move(text.text), file, imported.diagnostics));
    std::optional<ImportedScript> script = format.import(source, file, choices, imported.diagnostics);
    if (!script) continue;
    const auto [other, is_new] = path_of_name.emplace(script->name, text.path);
    if (!is_new)
      imported.diagnostics.error("WL8010", {file, 0, 0}, fmt::format("its script would be called `{}.watt`, like that of {}", script->name, other->second))
          .hint("rename one of the two files");
    imported.scripts.push_back(std::move(*script));
  }
  return imported;
}

}  // namespace wattlaw
