// Coverage: which clauses, rows, blocks, steps and exceptions were exercised by interpreted settlements; for `test --coverage`.
// A row counts when its condition held in a step in scope of a line that is there; a block when something fell into it; the base of a
// clause with exceptions when a step was in scope and no exception held. Items are told apart by where they stand in the text, so the
// same clause in several tests is one item.
#pragma once
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/interpret/interpret.h"

namespace wattlaw {

struct CoverageItem {
  enum class Kind : uint8_t { clause, row, exception, base } kind = Kind::clause;
  std::string name;   // "Elvia.energy", "Elvia.energy: row `day`"
  Span span;
  uint64_t hits = 0;  // lines for clauses; steps or windows for the rest
};

class Coverage {
 public:
  // Makes every item of the settlement known, with no hits.
  void declare(const Settlement& settlement);
  // Adds the hits of all sites of a settlement.
  void add(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces);
  std::vector<CoverageItem> items() const;      // in source order
  std::vector<CoverageItem> not_exercised() const;

 private:
  using Key = std::tuple<uint32_t, uint32_t, uint32_t, uint8_t, std::string>;  // file, begin, end, kind, name
  CoverageItem& item(CoverageItem::Kind kind, const Span& span, std::string name);
  void add_version(const TypedClause& clause, const ClauseVersion& version, Interpreter& interpreter, uint32_t site, uint32_t begin,
                   uint32_t end);
  std::map<Key, CoverageItem> items_;
};

}  // namespace wattlaw
