#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/interpret/explain.h"

namespace wattlaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kWidth = 84;  // of the head line, whose amount is on the right

size_t count_columns(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string pad(const std::string& text, size_t width) { return text + std::string(width - std::min(width, count_columns(text)), ' '); }

std::string join(const std::vector<std::string>& texts, const char* between) { return fmt::format("{}", fmt::join(texts, between)); }

void write_parts(std::string& out, const Explanation& e) {
  size_t label = 0, quantity = 0;
  for (const ExplainedPart& part : e.parts) {
    label = std::max(label, count_columns(part.label));
    quantity = std::max(quantity, count_columns(part.quantity));
  }
  for (const ExplainedPart& part : e.parts) {
    out += "  " + (label ? pad(part.label, label + 2) : "") + std::string(quantity - count_columns(part.quantity), ' ') + part.quantity;
    if (!part.rate.empty()) out += (part.money.empty() ? " at " : " × ") + part.rate;
    out += part.money.empty() ? "\n" : " = " + part.money + "\n";
  }
  if (!e.step.empty()) out += "  " + e.step + "\n";
}

void write_derivation(std::string& out, const std::vector<DerivedStep>& steps) {
  for (const DerivedStep& step : steps) {
    const std::string line = std::string(2 + 2 * step.depth, ' ') + step.what;
    const size_t used = count_columns(line) + count_columns(step.value);
    out += line + (step.value.empty() ? "" : std::string(used + 2 > kWidth ? 2 : kWidth - used, ' ') + step.value) + "\n";
  }
}

void write_sum(std::string& out, const Explanation& e) {
  if (!e.adjusted.empty()) out += fmt::format("  the parts make {}; limits, shares of the period or changes within it make it {}\n", e.adjusted, e.exact);
  if (e.rounding.empty() && e.residue == "0")
    out += fmt::format("  sum {}, not rounded\n", e.exact);
  else if (e.rounding.empty())
    out += fmt::format("  sum {}, posted {} (residue {})\n", e.exact, e.amount, e.residue);
  else
    out += fmt::format("  sum {}, rounded to {}: {} (residue {})\n", e.exact, e.rounding, e.amount, e.residue);
}

void write_peak(std::string& out, const ExplainedPeak& peak) {
  out += fmt::format("  `{}`{}\n", peak.what, peak.taken.empty() ? ": there is no value" : "");
  size_t width = 0;
  for (const ExplainedFact& fact : peak.taken) width = std::max(width, count_columns(fact.what));
  for (const ExplainedFact& fact : peak.taken) out += fmt::format("    {}  {}\n", pad(fact.what, width), fact.value);
  for (const ExplainedFact& fact : peak.passed_over)
    out += fmt::format("    {}  {} does not count: that day counts already\n", pad(fact.what, width), fact.value);
  if (peak.one_a_day) out += "    one value a day counts, its highest\n";
}

void write_exception(std::string& out, const ExplainedException& exception) {
  out += fmt::format("  exception `{}` ", exception.label);
  if (exception.applied_steps == 0)
    out += "did not apply";
  else if (exception.applied_steps == exception.steps)
    out += "applied";
  else
    out += fmt::format("applied in {} of {} steps", exception.applied_steps, exception.steps);
  if (!exception.condition.empty()) out += fmt::format(": `{}`", exception.condition);
  for (const ExplainedFact& fact : exception.facts) out += fmt::format("; {} is {}", fact.what, fact.value);
  out += "\n";
  for (const std::string& cite : exception.cites) out += fmt::format("    \"{}\"\n", cite);
}

Json facts_json(const std::vector<ExplainedFact>& facts) {
  Json list = Json::array();
  for (const ExplainedFact& fact : facts) list.push_back({{"what", fact.what}, {"value", fact.value}});
  return list;
}

}  // namespace

std::string write_explanation_text(const Explanation& e) {
  const std::string head = fmt::format("{} · {} · {}", e.clause, e.member, e.period);
  const std::string amount = e.present ? e.amount : "no line";
  const size_t used = count_columns(head) + count_columns(amount);
  std::string out = head + std::string(used + 2 > kWidth ? 2 : kWidth - used, ' ') + amount + "\n";
  if (!e.fault.empty()) return out + "  cannot be computed: " + e.fault + "\n";
  out += fmt::format("  paid by {} to {}\n", e.payer, e.payee);
  if (!e.present) out += "  no step of this period is in the clause's scope\n";
  write_parts(out, e);
  write_derivation(out, e.derivation);
  for (const ExplainedFact& line : e.on_lines) out += fmt::format("  on {}  {}\n", line.what, line.value);
  if (e.present) write_sum(out, e);
  for (const ExplainedPeak& peak : e.peaks) write_peak(out, peak);
  for (const ExplainedVersion& version : e.versions) {
    std::vector<std::string> said;
    if (!version.in_force.empty()) said.push_back("in force " + version.in_force);
    for (const std::string& cite : version.cites) said.push_back("\"" + cite + "\"");
    if (!said.empty()) out += "  " + join(said, " · ") + "\n";
    if (!version.parameters.empty()) out += "  parameters: " + join(version.parameters, ", ") + "\n";
  }
  for (const ExplainedException& exception : e.exceptions) write_exception(out, exception);
  return out;
}

std::string write_explanation_json(const Explanation& e) {
  Json json = {{"clause", e.clause}, {"member", e.member}, {"period", e.period}, {"present", e.present}, {"payer", e.payer}, {"payee", e.payee}};
  if (!e.fault.empty()) json["fault"] = e.fault;
  if (e.present) json.update({{"amount", e.amount}, {"exact", e.exact}, {"rounding", e.rounding}, {"residue", e.residue}});
  if (!e.step.empty()) json["step"] = e.step;
  if (!e.adjusted.empty()) json["parts_make"] = e.adjusted;
  json["parts"] = Json::array();
  for (const ExplainedPart& part : e.parts)
    json["parts"].push_back({{"label", part.label}, {"quantity", part.quantity}, {"rate", part.rate}, {"money", part.money}});
  if (!e.derivation.empty()) {
    json["derivation"] = Json::array();
    for (const DerivedStep& step : e.derivation) json["derivation"].push_back({{"depth", step.depth}, {"what", step.what}, {"value", step.value}});
  }
  json["on_lines"] = facts_json(e.on_lines);
  json["peaks"] = Json::array();
  for (const ExplainedPeak& peak : e.peaks)
    json["peaks"].push_back({{"what", peak.what}, {"taken", facts_json(peak.taken)}, {"passed_over", facts_json(peak.passed_over)}, {"one_a_day", peak.one_a_day}});
  json["versions"] = Json::array();
  for (const ExplainedVersion& version : e.versions)
    json["versions"].push_back({{"in_force", version.in_force}, {"cites", version.cites}, {"parameters", version.parameters}});
  json["exceptions"] = Json::array();
  for (const ExplainedException& x : e.exceptions)
    json["exceptions"].push_back({{"label", x.label}, {"condition", x.condition}, {"applied_steps", x.applied_steps}, {"steps", x.steps},
                                  {"facts", facts_json(x.facts)}, {"cites", x.cites}});
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string explain_line(const ExplainInputs& inputs, uint32_t clause, uint32_t site, uint32_t window) {
  return write_explanation_text(explain(inputs, clause, site, window));
}

}  // namespace wattlaw
