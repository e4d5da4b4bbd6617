// The one order in which lines are visited, written and read: billing axis, period, kind of member, member, then the clauses as applied,
// so that a member's bill of a month stands together. Cells whose line is not there are left out.
#pragma once
#include "runtime/ledger/ledger.h"

namespace wattlaw {

inline uint32_t period_count(const Ledger& ledger, const LineColumns& line) {
  return static_cast<uint32_t>(ledger.axes[line.axis].labels.size());
}

// A line without a quantity, and one whose amounts were never rounded, may leave the column out.
inline Int128 cell_or_zero(const IntegerColumn& column, size_t cell) { return cell < column.size() ? column[cell] : 0; }

inline const std::optional<Rational>* rate_of(const LineColumns& line, uint32_t period) {
  return period < line.rate.size() && line.rate[period] ? &line.rate[period] : nullptr;
}

// visit(line index, period, member, cell)
template <class Visit>
void for_each_cell(const Ledger& ledger, Visit&& visit) {
  for (uint32_t axis = 0; axis < ledger.axes.size(); ++axis) {
    std::vector<std::vector<uint32_t>> of_set(ledger.members.size());
    for (uint32_t line = 0; line < ledger.lines.size(); ++line)
      if (ledger.lines[line].axis == axis) of_set[ledger.lines[line].set].push_back(line);
    for (uint32_t period = 0; period < ledger.axes[axis].labels.size(); ++period)
      for (uint32_t set = 0; set < of_set.size(); ++set) {
        const auto members = of_set[set].empty() ? 0 : static_cast<uint32_t>(ledger.members[set].ids.size());
        for (uint32_t member = 0; member < members; ++member) {
          const size_t cell = size_t{period} * members + member;
          for (const uint32_t line : of_set[set])
            if (ledger.lines[line].present[cell] != 0) visit(line, period, member, cell);
        }
      }
  }
}

}  // namespace wattlaw
