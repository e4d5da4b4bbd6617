// sort_diagnostics: the order in which every rendering lists diagnostics: file, then position, then as they were found.
#pragma once
#include <vector>

#include "compiler/diagnostic/diagnostic.h"

namespace wattlaw {

std::vector<const Diagnostic*> sort_diagnostics(const Diagnostics& diagnostics);
const char* severity_word(Severity severity);

}  // namespace wattlaw
