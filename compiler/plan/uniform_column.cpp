#include "compiler/plan/uniform_column.h"

#include <algorithm>
#include <unordered_map>

#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

constexpr size_t kMostDictionary = 64;     // distinct values that make a dictionary worth it
constexpr size_t kMostPairs = 1 << 14;     // pairs of two dictionaries that are combined once, not index by index

struct HashInt128 {
  size_t operator()(Int128 v) const { return std::hash<uint64_t>()(static_cast<uint64_t>(v) * 0x9E3779B97F4A7C15u ^ static_cast<uint64_t>(v >> 64)); }
};

void make_dictionary(UniformColumn& column) {
  if (!column.index.empty() || column.values.size() <= 1) return;
  std::unordered_map<Int128, uint32_t, HashInt128> known;
  std::vector<Int128> values;
  std::vector<uint32_t> index(column.values.size());
  for (size_t i = 0; i < column.values.size(); ++i) {
    if (i > 0 && column.values[i] == column.values[i - 1]) {
      index[i] = index[i - 1];
      continue;
    }
    const auto [at, is_new] = known.try_emplace(column.values[i], static_cast<uint32_t>(values.size()));
    if (is_new) values.push_back(column.values[i]);
    if (values.size() > kMostDictionary) return;
    index[i] = at->second;
  }
  column.values = std::move(values);
  column.index = std::move(index);
  if (column.values.size() == 1) column.index.clear();
}

// Drops values that no index names, so that an unused branch of a table leaves no trace in the quantum.
void drop_unused(UniformColumn& column) {
  if (column.index.empty()) return;
  std::vector<uint32_t> renamed(column.values.size(), UINT32_MAX);
  std::vector<Int128> values;
  for (uint32_t& i : column.index) {
    if (renamed[i] == UINT32_MAX) {
      uint32_t same = 0;
      while (same < values.size() && values[same] != column.values[i]) ++same;
      if (same == values.size()) values.push_back(column.values[i]);
      renamed[i] = same;
    }
    i = renamed[i];
  }
  column.values = std::move(values);
  if (column.values.size() == 1) column.index.clear();
}

// f over two columns, once a pair of dictionary entries or once an index.
template <class F>
bool combine(const UniformColumn& a, const UniformColumn& b, UniformColumn& out, F f) {
  out.count = std::max(a.count, b.count);
  const size_t na = a.values.size(), nb = b.values.size();
  const bool few = (na == 1 || !a.index.empty()) && (nb == 1 || !b.index.empty()) && na * nb <= kMostPairs;
  if (!few) {
    out.values.resize(out.count);
    for (uint32_t i = 0; i < out.count; ++i)
      if (!f(a.at(i), b.at(i), out.values[i])) return false;
    return true;
  }
  std::vector<uint32_t> place(na * nb, UINT32_MAX);
  const auto entry = [&](size_t i, size_t j, uint32_t& at) {
    uint32_t& known = place[i * nb + j];
    if (known == UINT32_MAX) {
      Int128 value;
      if (!f(a.values[i], b.values[j], value)) return false;
      known = static_cast<uint32_t>(out.values.size());
      out.values.push_back(value);
    }
    at = known;
    return true;
  };
  uint32_t at = 0;
  if (na == 1 && nb == 1) return entry(0, 0, at);
  out.index.resize(out.count);
  size_t last_i = SIZE_MAX, last_j = SIZE_MAX;
  for (uint32_t t = 0; t < out.count; ++t) {
    const size_t i = na == 1 ? 0 : a.index[t], j = nb == 1 ? 0 : b.index[t];
    if (i != last_i || j != last_j) {
      if (!entry(i, j, at)) return false;
      last_i = i, last_j = j;
    }
    out.index[t] = at;
  }
  return true;
}

std::optional<Int128> narrow(const Integer& value) {
  if (!fits_int128(value)) return std::nullopt;
  return to_int128(value);
}

// Whole multiples of the common quantum that one unit of each side is.
struct Scales {
  Quantum quantum;
  Int128 a, b;
};
std::optional<Scales> scales_of(const Quantum& a, const Quantum& b) {
  const Quantum common = common_quantum(a, b);
  const auto x = narrow(*mantissa_of(a.value(), common)), y = narrow(*mantissa_of(b.value(), common));
  if (!x || !y) return std::nullopt;
  return Scales{common, *x, *y};
}

}  // namespace

const Windows& Axes::windows(const Period& period) {
  for (const auto& [known, windows] : windows_)
    if (known == period) return windows;
  Period cut = period;
  if (period.rolling) cut = Period{Period::Unit::interval};
  auto made = make_windows(clock, cut);
  if (!made) {
    if (!failure) failure = made.failure();
    made = make_windows(clock, Period{});
  }
  windows_.emplace_back(period, std::move(*made));
  return windows_.back().second;
}

const std::vector<uint32_t>& Axes::map(const Period& fine, const Period& coarse) {
  for (const auto& [key, map] : maps_)
    if (key.first == fine && key.second == coarse) return map;
  const Windows &from = windows(fine), &to = windows(coarse);
  std::vector<uint32_t> made(from.size());
  for (uint32_t i = 0; i < from.size(); ++i) made[i] = to.window_of_step[from.first_step[i]];
  maps_.emplace_back(std::pair(fine, coarse), std::move(made));
  return maps_.back().second;
}

UniformColumn constant_column(const Rational& value) {
  UniformColumn column;
  column.quantum = Quantum::of(value);
  column.values = {value > 0 ? 1 : value < 0 ? -1 : 0};
  return column;
}

std::optional<UniformColumn> column_of(const std::vector<Rational>& values) {
  UniformColumn column;
  column.count = static_cast<uint32_t>(values.size());
  bool any = false;
  for (const Rational& value : values)
    if (value != 0) column.quantum = any ? common_quantum(column.quantum, Quantum::of(value)) : Quantum::of(value), any = true;
  for (const Rational& value : values) {
    const auto mantissa = narrow(*mantissa_of(value, column.quantum));
    if (!mantissa) return std::nullopt;
    column.values.push_back(*mantissa);
  }
  compact(column);
  return column;
}

void compact(UniformColumn& column) {
  make_dictionary(column);
  drop_unused(column);
  Int128 divisor = 0;
  for (const Int128 value : column.values) {
    divisor = gcd128(divisor, value);
    if (divisor == 1) return;
  }
  if (divisor == 0) {
    column.quantum = {};
    return;
  }
  for (Int128& value : column.values) value /= divisor;
  column.quantum = Quantum::of(column.quantum.value() * Rational(to_integer(divisor)));
}

UniformColumn spread_column(const UniformColumn& column, const std::vector<uint32_t>& map) {
  UniformColumn out;
  out.quantum = column.quantum;
  out.count = static_cast<uint32_t>(map.size());
  out.values = column.values;
  if (!column.is_constant()) {
    out.index.resize(map.size());
    for (size_t i = 0; i < map.size(); ++i) out.index[i] = column.index.empty() ? map[i] : column.index[map[i]];
  }
  if (!column.absent.empty()) {
    out.absent.resize(map.size());
    for (size_t i = 0; i < map.size(); ++i) out.absent[i] = column.absent[map[i]];
  }
  return out;
}

std::optional<UniformColumn> add_columns(const UniformColumn& a, const UniformColumn& b) {
  const auto scales = scales_of(a.quantum, b.quantum);
  if (!scales) return std::nullopt;
  UniformColumn out;
  out.quantum = scales->quantum;
  const bool fits = combine(a, b, out, [&](Int128 x, Int128 y, Int128& sum) {
    return !__builtin_mul_overflow(x, scales->a, &x) && !__builtin_mul_overflow(y, scales->b, &y) && !__builtin_add_overflow(x, y, &sum);
  });
  if (!fits) return std::nullopt;
  compact(out);
  return out;
}

std::optional<UniformColumn> multiply_columns(const UniformColumn& a, const UniformColumn& b) {
  UniformColumn out;
  out.quantum = Quantum::of(a.quantum.value() * b.quantum.value());
  if (!combine(a, b, out, [](Int128 x, Int128 y, Int128& product) { return !__builtin_mul_overflow(x, y, &product); })) return std::nullopt;
  compact(out);
  return out;
}

UniformColumn truth_column(const UniformColumn& a, bool when) {
  UniformColumn out;
  combine(a, constant_column(0), out, [&](Int128 x, Int128, Int128& is) { return is = (x != 0) == when, true; });
  compact(out);
  return out;
}

}  // namespace wattlaw
