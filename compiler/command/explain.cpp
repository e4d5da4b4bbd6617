#include "compiler/command/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compiler/interpret/explain.h"

namespace wattlaw {
namespace {

struct WantedLine {
  uint32_t clause, window;
};

bool is_clause(const TypedClause& clause, const std::string& name) {
  return name.empty() || clause.name == name || clause.tariff == name || fmt::format("{}.{}", clause.tariff, clause.name) == name;
}

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Every line the options mean. When there is none, one sentence says which word is at fault and what it could have been.
std::vector<WantedLine> find_lines(const LoadedSettlement& loaded, EntityGrain kind, Interpreter& interpreter, const ExplainOptions& options) {
  std::vector<WantedLine> lines;
  std::vector<std::string> clauses, periods;
  bool clause_found = false;
  for (uint32_t c = 0; c < loaded.settlement->clauses.size(); ++c) {
    const TypedClause& clause = loaded.settlement->clauses[c];
    if (clause.entity != kind) continue;
    add_new(clauses, clause.name);
    add_new(clauses, fmt::format("{}.{}", clause.tariff, clause.name));
    if (!is_clause(clause, options.clause)) continue;
    clause_found = true;
    const Windows& windows = interpreter.windows(clause.billing);
    for (uint32_t window = 0; window < windows.size(); ++window) {
      std::string label = windows.label(window, loaded.clock);
      if (label == options.period) lines.push_back({c, window});
      add_new(periods, label);
    }
  }
  if (!lines.empty()) return lines;
  if (!clause_found) {
    complain(fmt::format("no clause is called `{}`; {}", options.clause, suggest_name(options.clause, clauses)));
  } else {
    complain(fmt::format("no billing period is called `{}`; {}", options.period, suggest_name(options.period, periods)));
  }
  return lines;
}

struct FoundMember {
  EntityGrain kind;
  uint32_t member;
};

// The member of that id, of whatever kind.
std::optional<FoundMember> find_member(const LoadedSettlement& loaded, const std::string& id) {
  std::vector<std::string> all;
  for (size_t kind = 0; kind < loaded.traces.members.size(); ++kind) {
    const std::vector<std::string>& ids = loaded.traces.members[kind].ids;
    if (const auto at = std::find(ids.begin(), ids.end(), id); at != ids.end()) return FoundMember{static_cast<EntityGrain>(kind + 1), static_cast<uint32_t>(at - ids.begin())};
    all.insert(all.end(), ids.begin(), ids.end());
  }
  complain(fmt::format("no site is called `{}`; {}", id, suggest_name(id, all)));
  return std::nullopt;
}

std::string text_of(const SourceFiles& files, Span span) {
  if (span.file >= files.size()) return "";
  const std::string& text = files[span.file].text;
  size_t begin = std::min<size_t>(span.begin, text.size());
  return text.substr(begin, std::max<size_t>(span.end, begin) - begin);
}

void print_explanations(const Console& console, const ExplainOptions& options, const std::vector<Explanation>& explanations) {
  std::string out, absent;
  for (const Explanation& explanation : explanations) {
    if (console.format == Format::json) {
      out += (out.empty() ? "" : ",\n") + write_explanation_json(explanation);
    } else if (!explanation.present && explanation.fault.empty() && options.clause.empty()) {
      absent += (absent.empty() ? "" : ", ") + explanation.clause;
    } else {
      out += (out.empty() ? "" : "\n") + write_explanation_text(explanation);
    }
  }
  if (console.format == Format::json) {
    print_out("{\"lines\": [\n" + out + "\n]}\n");
    return;
  }
  print_out(out);
  if (!absent.empty()) print_out(fmt::format("{}no line in this period: {}\n", out.empty() ? "" : "\n", absent));
}

}  // namespace

int explain_lines(const Console& console, const ExplainOptions& options) {
  LoadedSettlement loaded;
  SettlementRequest request = options.request;
  request.keeps_calls = true;
  if (int code = load_settlement(console, request, loaded); code != kOk) return code;
  const std::optional<FoundMember> found = find_member(loaded, options.site);
  if (!found) return kDataError;
  Interpreter interpreter(loaded.program(), *loaded.settlement, loaded.clock, loaded.traces);
  std::vector<WantedLine> lines = find_lines(loaded, found->kind, interpreter, options);
  if (lines.empty()) return kSourceError;
  const SourceFiles& files = loaded.compilation.modules.files;
  ExplainInputs inputs{loaded.program(), *loaded.settlement, loaded.clock, loaded.traces, interpreter,
                       [&files](Span span) { return text_of(files, span); }, loaded.calls ? &*loaded.calls : nullptr};
  std::vector<Explanation> explanations;
  bool has_fault = false;
  for (const WantedLine& line : lines) {
    explanations.push_back(explain(inputs, line.clause, found->member, line.window));
    has_fault |= !explanations.back().fault.empty();
  }
  print_explanations(console, options, explanations);
  for (const Remark& remark : loaded.traces.remarks)
    if (!remark.is_warning && !console.is_machine()) print_out(fmt::format("note[{}]: {}\n", remark.told.code, remark.told.message));
  return has_fault ? kDataError : kOk;
}

}  // namespace wattlaw
