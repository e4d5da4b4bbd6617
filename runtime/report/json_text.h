// JSON text by hand: ledgers are streamed, and a dependency would cost more than these lines.
#pragma once
#include <string>
#include <string_view>

#include "runtime/report/report.h"

namespace wattlaw {

// Appends "text" quoted and escaped. Bytes that are no UTF-8 become U+FFFD, so the file is valid whatever a trace calls its members.
void append_json(std::string& out, std::string_view text);
std::string json_text(std::string_view text);

// `"language_version": …, … "answers": […]`: the members of the object that holds the run's facts, each line indented by `indent`.
std::string facts_json(const RunFacts& facts, const std::string& indent);

}  // namespace wattlaw
