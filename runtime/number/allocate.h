// allocate: splits an amount by weights into whole quanta that add up to it: largest remainder, ties to the earlier one.
#pragma once
#include <optional>
#include <vector>

#include "runtime/number/rational.h"

namespace wattlaw {

// `quanta` whole quanta, of either sign; weights not negative. All weights 0: equal parts if `equally`, else nothing comes back unless there
// is nothing to split.
std::optional<std::vector<Integer>> allocate(const Integer& quanta, const std::vector<Rational>& weights, bool equally);

}  // namespace wattlaw
