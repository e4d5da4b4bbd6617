#include "compiler/plan/slot_sums.h"
namespace wattlaw {
std::optional<Lane> PlanBuilder::build_slot_sum(uint32_t, ExpressionId) { return std::nullopt; }
void PlanBuilder::finish_slots() {}
}  // namespace wattlaw
