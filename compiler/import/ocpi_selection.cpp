#include "compiler/import/ocpi_selection.h"

#include <algorithm>

namespace wattlaw {
namespace {

constexpr int kDayMinutes = 24 * 60;
using WeekMinutes = std::bitset<7 * kDayMinutes>;

WeekMinutes minutes_of(const OcpiRestrictions& when) {
  WeekMinutes minutes;
  const auto [begin, end] = when.window;
  for (int day = 0; day < 7; ++day) {
    if (!when.weekdays[static_cast<size_t>(day)]) continue;
    for (int minute = 0; minute < kDayMinutes; ++minute) {
      const bool inside = begin < end ? minute >= begin && minute < end : minute >= begin || minute < end;
      if (inside) minutes.set(static_cast<size_t>(day * kDayMinutes + minute));
    }
  }
  return minutes;
}

bool holds_between(const OcpiRange& range, const std::optional<Rational>& from, const std::optional<Rational>& until) {
  return (!range.min || (from && *range.min <= *from)) && (!range.max || (until && *until <= *range.max));
}

// The ranges between bounds, of all kinds at once, numbered like the digits of a number: the first kind counts fastest.
class RangeGrid {
 public:
  explicit RangeGrid(const std::vector<OcpiPrice>& prices) {
    for (size_t kind = 0; kind < bounds_.size(); ++kind) bounds_[kind] = bounds_of(prices, static_cast<OcpiBound>(kind));
  }

  size_t size() const {
    size_t size = 1;
    for (const std::vector<Rational>& bounds : bounds_) size = std::min(size * (bounds.size() + 1), kMostOcpiRanges + 1);
    return size;
  }

  bool holds(const OcpiRestrictions& when, size_t cell) const {
    for (size_t kind = 0; kind < bounds_.size(); ++kind) {
      const std::vector<Rational>& bounds = bounds_[kind];
      const size_t at = cell % (bounds.size() + 1);
      cell /= bounds.size() + 1;
      const std::optional<Rational> from = at > 0 ? std::optional(bounds[at - 1]) : std::nullopt, until = at < bounds.size() ? std::optional(bounds[at]) : std::nullopt;
      if (!holds_between(when.ranges[kind], from, until)) return false;
    }
    return true;
  }

 private:
  std::array<std::vector<Rational>, std::tuple_size_v<decltype(OcpiRestrictions::ranges)>> bounds_;
};

}  // namespace

std::vector<Rational> bounds_of(const std::vector<OcpiPrice>& prices, OcpiBound bound) {
  std::vector<Rational> bounds;
  for (const OcpiPrice& price : prices)
    for (const std::optional<Rational>& end : {price.when.range(bound).min, price.when.range(bound).max})
      if (end) bounds.push_back(*end);
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  return bounds;
}

std::vector<OcpiPrice> prices_within(const std::vector<OcpiPrice>& prices, OcpiBound bound, const std::optional<Rational>& from, const std::optional<Rational>& until) {
  std::vector<OcpiPrice> within;
  for (OcpiPrice price : prices) {
    if (!holds_between(price.when.range(bound), from, until)) continue;
    price.when.range(bound) = {};
    within.push_back(std::move(price));
  }
  return within;
}

size_t count_ranges(const std::vector<OcpiPrice>& prices) { return RangeGrid(prices).size(); }

OcpiSelection select_prices(const std::vector<OcpiPrice>& prices) {
  const RangeGrid grid(prices);
  std::vector<WeekMinutes> taken(grid.size());
  OcpiSelection selection;
  for (const OcpiPrice& price : prices) {
    const WeekMinutes minutes = minutes_of(price.when);
    bool is_reached = false;
    for (size_t cell = 0; cell < taken.size(); ++cell) {
      if (!grid.holds(price.when, cell)) continue;
      is_reached = is_reached || (minutes & ~taken[cell]).any();
      taken[cell] |= minutes;
    }
    if (is_reached) selection.prices.push_back(price);
  }
  selection.is_complete = std::all_of(taken.begin(), taken.end(), [](const WeekMinutes& minutes) { return minutes.all(); });
  return selection;
}

}  // namespace wattlaw
