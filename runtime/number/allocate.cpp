#include "runtime/number/allocate.h"

#include <algorithm>
#include <numeric>

namespace wattlaw {

std::optional<std::vector<Integer>> allocate(const Integer& quanta, const std::vector<Rational>& weights, bool equally) {
  std::vector<Integer> parts(weights.size());
  if (quanta == 0) return parts;
  std::vector<Rational> by = weights;
  Rational total = std::accumulate(by.begin(), by.end(), Rational(0));
  if (total == 0) {
    if (!equally || by.empty()) return std::nullopt;
    std::fill(by.begin(), by.end(), Rational(1));
    total = Rational(by.size());
  }
  // Modes act on magnitudes: what is owed is split as what is due.
  const Integer size = abs(quanta);
  std::vector<Rational> remainder(by.size());
  Integer rest = size;
  for (size_t i = 0; i < by.size(); ++i) {
    const Rational exact = Rational(size) * by[i] / total;
    parts[i] = numerator(exact) / denominator(exact);
    remainder[i] = exact - parts[i];
    rest -= parts[i];
  }
  std::vector<size_t> order(by.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return remainder[a] > remainder[b]; });
  for (const size_t i : order) {
    if (rest == 0) break;
    ++parts[i];
    --rest;
  }
  if (quanta < 0)
    for (Integer& part : parts) part = -part;
  return parts;
}

}  // namespace wattlaw
