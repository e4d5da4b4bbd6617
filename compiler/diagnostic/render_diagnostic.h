// render_diagnostic: diagnostics as a person reads them (text) or a machine does (json, sarif, github, junit).
//   error[WL3102]: energy added to power
//     --> tariffs/flat.watt:14:22
//      |
//   14 |   charge = meter.energy + site.peak
//      |            ------------ ^ --------- power
//      |            energy
//      = in rule `energy_charge`, contract `Acme 2026`
//      = hint: multiply power by a duration
#pragma once
#include <string>

#include "compiler/diagnostic/diagnostic.h"
#include "compiler/source/source_file.h"

namespace wattlaw {

struct DiagnosticCode {
  const char* code;
  const char* meaning;  // one line, as in the reference's table of codes
};
extern const DiagnosticCode kDiagnosticCodes[];  // from codes.def, ends with {nullptr, nullptr}

std::string render_text(const Diagnostics& diagnostics, const SourceFiles& files, bool color);
std::string render_json(const Diagnostics& diagnostics, const SourceFiles& files);
std::string render_sarif(const Diagnostics& diagnostics, const SourceFiles& files);
std::string render_github(const Diagnostics& diagnostics, const SourceFiles& files);  // ::error file=…,line=…
std::string render_junit(const Diagnostics& diagnostics, const SourceFiles& files, const std::string& suite);

}  // namespace wattlaw
