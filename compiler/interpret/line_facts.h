// What a line says beside its amount, computed by the interpreter for interpreted and compiled runs alike: the rate that held for
// everybody, exceptions that contradict each other, and the text of a fault.
#pragma once
#include <optional>
#include <string>

#include "compiler/interpret/interpret.h"

namespace wattlaw {

// Fills LineColumns::rate and rate_unit: one rate where it is the same for every site, and at every step of the window at which a version
// of the clause is in scope. Where the scope differs from site to site, its dates alone are asked.
void fill_rates(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, Ledger& ledger);

// Two exceptions that hold at once and that no third one which holds overrides (WL7103): the first step in the window at which that happens.
std::optional<Fault> find_conflict(Interpreter& interpreter, const TypedClause& clause, uint32_t site, uint32_t window);

// "Elvia.energy"
std::string clause_name(const TypedClause& clause);
// "`Elvia.energy` for home_0007 in 2026-03: a division by zero at 2026-03-11 14:00+01:00"
Failure describe_fault(const TypedProgram& program, const Fault& fault, const TypedClause& clause, const std::string& member, const std::string& period, const Clock& clock);
// Where a person wrote `outer`, and within it what failed.
std::vector<TextPlace> places_of(const TypedProgram& program, Span outer, ExpressionId failed);

}  // namespace wattlaw
