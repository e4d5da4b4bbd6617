#include "runtime/fleet/share_limit.h"

#include <algorithm>
#include <numeric>

namespace wattlaw {
namespace {

std::vector<size_t> in_order(size_t count, const auto& before) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), before);
  return order;
}

std::vector<int64_t> share_in_proportion(int64_t available, const std::vector<int64_t>& demand, int64_t total) {
  std::vector<int64_t> given(demand.size()), remainder(demand.size());
  int64_t rest = available;
  for (size_t i = 0; i < demand.size(); ++i) {
    const __int128 product = static_cast<__int128>(demand[i]) * available;
    given[i] = static_cast<int64_t>(product / total);
    remainder[i] = static_cast<int64_t>(product % total);
    rest -= given[i];
  }
  for (const size_t i : in_order(demand.size(), [&](size_t a, size_t b) { return remainder[a] > remainder[b]; })) {
    if (rest == 0) break;
    if (given[i] == demand[i]) continue;
    ++given[i];
    --rest;
  }
  return given;
}

// Water rises to one level in all who still ask for more.
std::vector<int64_t> share_equally(int64_t available, const std::vector<int64_t>& demand) {
  std::vector<int64_t> given(demand.size());
  const std::vector<size_t> order = in_order(demand.size(), [&](size_t a, size_t b) { return demand[a] < demand[b]; });
  size_t open = demand.size();
  int64_t rest = available, level = 0;
  for (const size_t i : order) {
    const int64_t fair = rest / static_cast<int64_t>(open);
    if (demand[i] > fair) {
      level = fair;
      break;
    }
    given[i] = demand[i];
    rest -= demand[i];
    --open;
  }
  if (open == 0) return given;
  int64_t odd = rest - level * static_cast<int64_t>(open);
  for (size_t i = 0; i < demand.size(); ++i) {
    if (demand[i] <= level) continue;
    given[i] = level + (odd > 0 ? 1 : 0);
    odd -= odd > 0;
  }
  return given;
}

std::vector<int64_t> share_in_order(int64_t available, const std::vector<int64_t>& demand, const std::vector<int64_t>& key) {
  std::vector<int64_t> given(demand.size());
  for (const size_t i : in_order(demand.size(), [&](size_t a, size_t b) { return key[a] < key[b]; })) {
    given[i] = std::min(demand[i], available);
    available -= given[i];
  }
  return given;
}

}  // namespace

std::vector<int64_t> share_limit(SharingRule rule, int64_t available, const std::vector<int64_t>& demand, const std::vector<int64_t>& key) {
  const int64_t total = std::accumulate(demand.begin(), demand.end(), int64_t{0});
  if (available >= total) return demand;
  if (available <= 0) return std::vector<int64_t>(demand.size());
  switch (rule) {
    case SharingRule::proportional: return share_in_proportion(available, demand, total);
    case SharingRule::equal: return share_equally(available, demand);
    case SharingRule::ordered: return share_in_order(available, demand, key);
  }
  return demand;
}

}  // namespace wattlaw
