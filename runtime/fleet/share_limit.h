// share_limit: how a group shares the watts that a limit leaves it. Whole watts; what is given adds up to the smaller of `available` and
// the sum of the demands, and nobody gets more than he asks for.
#pragma once
#include <cstdint>
#include <vector>

namespace wattlaw {

enum class SharingRule : uint8_t {
  proportional,        // to the demand; odd watts to the largest remainders, ties to the earlier member
  equal,               // everybody the same, what one does not need goes to the others; odd watts to the earlier members
  ordered,             // by key, smallest first, ties to the earlier member
};
enum class SharingOrder : uint8_t {
  laxity,              // who has the least time to spare
  departure, arrival,  // who leaves first, who came first
  remaining,           // who needs the longest to reach the target
};

// demand[i] >= 0. key: of `ordered`, as long as demand.
std::vector<int64_t> share_limit(SharingRule rule, int64_t available, const std::vector<int64_t>& demand, const std::vector<int64_t>& key);

}  // namespace wattlaw
