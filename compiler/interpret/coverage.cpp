#include "compiler/interpret/coverage.h"

#include <fmt/format.h>

#include "compiler/interpret/line_facts.h"

namespace wattlaw {
namespace {

using Kind = CoverageItem::Kind;

std::string row_name(const TypedClause& clause, const RateRow& row) { return fmt::format("{}: row `{}`", clause_name(clause), row.key); }
std::string exception_name(const TypedClause& clause, const TypedException& exception) {
  return fmt::format("{}: exception `{}`", clause_name(clause), exception.label);
}
std::string base_name(const TypedClause& clause) { return clause_name(clause) + ": base"; }

}  // namespace

CoverageItem& Coverage::item(Kind kind, const Span& span, std::string name) {
  const Key key{span.file, span.begin, span.end, static_cast<uint8_t>(kind), name};
  return items_.try_emplace(key, CoverageItem{kind, std::move(name), span, 0}).first->second;
}

void Coverage::declare(const Settlement& settlement) {
  for (const TypedClause& clause : settlement.clauses) {
    if (clause.kind == ClauseKind::rounding) continue;  // nobody writes that line
    item(Kind::clause, clause.span, clause_name(clause));
    for (const ClauseVersion& version : clause.versions) {
      for (const RateRow& row : version.rows) item(Kind::row, row.span, row_name(clause, row));
      for (const TypedException& exception : version.exceptions) item(Kind::exception, exception.span, exception_name(clause, exception));
      if (!version.exceptions.empty()) item(Kind::base, version.span, base_name(clause));
    }
  }
}

void Coverage::add_version(const TypedClause& clause, const ClauseVersion& version, Interpreter& interpreter, uint32_t site, uint32_t begin,
                           uint32_t end) {
  for (uint32_t step = begin; step < end && !interpreter.fault(); ++step) {
    const auto holds = [&](ExpressionId id) { return interpreter.evaluate(id, site, step).number != 0; };
    if (version.scope && !holds(version.scope)) continue;
    // A row on which nothing fell shows nothing: a wrong figure in it would go unseen.
    const bool nothing_fell = version.quantity && interpreter.evaluate(version.quantity, site, step).number == 0;
    for (const RateRow& row : version.rows)
      if (row.quantity ? holds(row.quantity) : !nothing_fell && (!row.condition || holds(row.condition))) ++item(Kind::row, row.span, row_name(clause, row)).hits;
    if (version.exceptions.empty()) continue;
    bool excepted = false;
    for (const TypedException& exception : version.exceptions) {
      if (!holds(exception.condition)) continue;
      excepted = true;
      ++item(Kind::exception, exception.span, exception_name(clause, exception)).hits;
    }
    if (!excepted) ++item(Kind::base, version.span, base_name(clause)).hits;
  }
}

void Coverage::add(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces) {
  declare(settlement);
  auto interpreter = std::make_unique<Interpreter>(program, settlement, clock, traces);
  for (const TypedClause& clause : settlement.clauses) {
    if (clause.kind == ClauseKind::rounding) continue;
    // A clause whose data the test does not give is not exercised; the others are.
    if (interpreter->fault()) interpreter = std::make_unique<Interpreter>(program, settlement, clock, traces);
    const Windows& windows = interpreter->windows(clause.billing);
    for (uint32_t site = 0; site < members_of(traces, clause.entity).size(); ++site)
      for (uint32_t window = 0; window < windows.size(); ++window) {
        if (interpreter->evaluate(clause.present, site, windows.first_step[window]).number == 0) continue;
        ++item(Kind::clause, clause.span, clause_name(clause)).hits;
        for (const ClauseVersion& version : clause.versions)
          add_version(clause, version, *interpreter, site, windows.first_step[window], windows.first_step[window + 1]);
      }
  }
}

std::vector<CoverageItem> Coverage::items() const {
  std::vector<CoverageItem> all;
  for (const auto& [key, item] : items_) all.push_back(item);
  return all;
}

std::vector<CoverageItem> Coverage::not_exercised() const {
  std::vector<CoverageItem> left;
  for (const auto& [key, item] : items_)
    if (item.hits == 0) left.push_back(item);
  return left;
}

}  // namespace wattlaw
