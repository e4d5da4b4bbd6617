// Slot sums, the normal form of sums of flow × uniform factor. Inside of build_plan only.
//
//   Σ_t flow[t]·w[t],  w = Σ_j c_j[t]·s_j[t]   with c_j of few values (rates, bands), s_j = 1 or a price
//   = Σ_cell Σ_j c_j[cell] · (Σ_{t in cell} flow[t]·s_j[t])
//
// A cell is a window × a class of all constant factors of all clauses. The bracket is a slot; what stands before it is table data.
#pragma once
#include <vector>

#include "compiler/plan/plan_builder.h"

namespace wattlaw {

struct PlanBuilder::SlotSums {
  struct Term {                       // one product of a slot column and a class-constant factor, summed over windows of `period`
    uint32_t stage, element;          // slot element of the stage: flow × s_j
    UniformColumn factor;             // at interval grain
    Period period;
    uint32_t out;                     // array [window][32]
  };
  struct Element {                    // of a stage
    uint32_t node;                    // flow × s_j
    Quantum quantum;
  };
  struct OfStage {
    uint32_t stage;
    std::vector<Element> elements;
  };
  std::vector<OfStage> stages;
  std::vector<Term> terms;
};

}  // namespace wattlaw
