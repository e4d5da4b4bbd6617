// Slot sums, the normal form of sums of flow × uniform factor. Inside of build_plan only.
//
//   Σ_t flow[t]·w[t],  w = Σ_j c_j[t]·s_j[t]   with c_j of few values (rates, bands), s_j = 1 or a price
//   = Σ_cell Σ_j c_j[cell] · (Σ_{t in cell} flow[t]·s_j[t])
//
// A cell is a window × a class of all constant factors of all clauses. The bracket is a slot; what stands before it is table data.
// Factors that differ between members but not within the window (attributes, conditions on them) stand outside of the sum.
#pragma once
#include <vector>

#include "compiler/plan/plan_builder.h"

namespace wattlaw {

struct PlanBuilder::SlotSums {
  struct Term {                       // Σ over windows of `period` of factor × element
    uint32_t stage, slots;            // array of the element: flow × s_j
    UniformColumn factor;             // at interval grain, few values
    Period period;
    uint32_t out;                     // array [window][32]
  };
  struct Element {
    uint32_t stage, node, slots, accumulator;
  };
  std::vector<Element> elements;
  std::vector<Term> terms;
};

// A product in an expanded sum.
struct PlanBuilder::SlotFactor {
  ExpressionId flow;                                  // invalid: 1
  std::vector<std::pair<ExpressionId, int>> outside;  // 0: as a number; 1: where it holds; -1: where it does not
  std::vector<uint32_t> prices;                       // uniform expressions of many values
  UniformColumn factor;                               // of few values
};

}  // namespace wattlaw
