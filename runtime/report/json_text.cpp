#include "runtime/report/json_text.h"

#include <fmt/format.h>

namespace wattlaw {
namespace {

// Bytes of the well-formed UTF-8 sequence at the start of `text`; 0 if there is none.
size_t sequence_length(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  const size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  const bool too_long = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
  const bool no_character = (lead == 0xed && at(1) >= 0xa0) || (lead == 0xf4 && at(1) >= 0x90);
  return too_long || no_character ? 0 : length;
}

template <class Pairs>
std::string object_of(const Pairs& pairs, const std::string& indent) {
  std::string out = "{";
  for (size_t i = 0; i < pairs.size(); ++i)
    out += fmt::format("{}\n{}  {}: {}", i == 0 ? "" : ",", indent, json_text(pairs[i].first), json_text(pairs[i].second));
  return out + (pairs.empty() ? "}" : "\n" + indent + "}");
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    const char c = text.front();
    if (length == 0)
      out += "\xef\xbf\xbd";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

std::string facts_json(const RunFacts& facts, const std::string& indent) {
  std::string out;
  const auto add = [&](const char* key, const std::string& value) { out += fmt::format("{}\"{}\": {},\n", indent, key, value); };
  add("language_version", json_text(facts.language_version));
  add("scenario", json_text(facts.scenario));
  add("period", json_text(facts.period));
  add("zone", json_text(facts.zone));
  add("step", json_text(facts.step));
  add("zone_data", json_text(facts.zone_data));
  add("members", fmt::format("{}", facts.members));
  add("intervals", fmt::format("{}", facts.intervals));
  add("scripts", object_of(facts.script_hashes, indent));
  add("traces", object_of(facts.trace_hashes, indent));
  std::string notes, answers;
  for (const std::string& note : facts.notes) notes += (notes.empty() ? "" : ", ") + json_text(note);
  for (const RunFacts::Answer& answer : facts.answers)
    answers += fmt::format("{}\n{}  {{\"label\": {}, \"value\": {}}}", answers.empty() ? "" : ",", indent, json_text(answer.label), json_text(answer.value));
  add("notes", "[" + notes + "]");
  out += fmt::format("{}\"answers\": [{}]", indent, answers.empty() ? "" : answers + "\n" + indent);
  return out;
}

}  // namespace wattlaw
