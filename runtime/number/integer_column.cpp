#include "runtime/number/integer_column.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "runtime/base/assert.h"

namespace wattlaw {
namespace {

bool fits_int64(Int128 value) { return value >= INT64_MIN && value <= INT64_MAX; }

// Arrays whose cells are not written yet: make_shared<T[]>(n) would write zeros into each.
template <class T>
std::shared_ptr<T[]> make_cells(size_t size) {
  return std::shared_ptr<T[]>(new T[size]);
}

template <class T>
using Magnitude = std::make_unsigned_t<T>;

template <class T>
Magnitude<T> magnitude(T value) {
  return value < 0 ? -static_cast<Magnitude<T>>(value) : static_cast<Magnitude<T>>(value);
}

// Greatest common divisor of all cells; stops as soon as it is 1.
template <class T>
Magnitude<T> common_divisor(const T* cells, size_t size) {
  Magnitude<T> divisor = 0;
  for (size_t i = 0; i < size && divisor != 1; ++i) {
    const Magnitude<T> cell = magnitude(cells[i]);
    if (cell != 0 && (divisor == 0 || cell % divisor != 0)) divisor = std::gcd(divisor, cell);
  }
  return divisor;
}

template <class T>
void divide_cells(T* cells, size_t size, Magnitude<T> divisor) {
  for (size_t i = 0; i < size; ++i) {
    const auto quotient = static_cast<T>(magnitude(cells[i]) / divisor);
    cells[i] = cells[i] < 0 ? -quotient : quotient;
  }
}

// False: a product or a difference leaves T.
template <class T>
bool subtract_cells(const IntegerColumn& a, T x, const IntegerColumn& b, T y, T* out) {
  const int64_t *near_a = a.narrow(), *near_b = b.narrow();
  bool overflows = false;
  for (size_t i = 0; i < a.size(); ++i) {
    const T of_a = near_a ? T{near_a[i]} : static_cast<T>(a[i]), of_b = near_b ? T{near_b[i]} : static_cast<T>(b[i]);
    T left, right;
    overflows |= __builtin_mul_overflow(of_a, x, &left) | __builtin_mul_overflow(of_b, y, &right) | __builtin_sub_overflow(left, right, &out[i]);
  }
  return !overflows;
}

}  // namespace

IntegerColumn::IntegerColumn(const std::vector<Int128>& values) : size_(values.size()) {
  if (values.empty()) return;
  if (std::all_of(values.begin(), values.end(), fits_int64)) {
    narrow_ = make_cells<int64_t>(size_);
    std::transform(values.begin(), values.end(), narrow_.get(), [](Int128 value) { return static_cast<int64_t>(value); });
  } else {
    wide_ = make_cells<Int128>(size_);
    std::copy(values.begin(), values.end(), wide_.get());
  }
}

IntegerColumn IntegerColumn::unwritten(size_t size, bool is_wide) {
  IntegerColumn column(size);
  if (is_wide) column.wide_ = make_cells<Int128>(size);
  else column.narrow_ = make_cells<int64_t>(size);
  return column;
}

int64_t* IntegerColumn::narrow_cells() {
  WATTLAW_ASSERT(!wide_, "a column of wide cells has no narrow ones");
  if (narrow_ && narrow_.use_count() == 1) return narrow_.get();
  auto own = make_cells<int64_t>(size_);
  if (narrow_) std::copy_n(narrow_.get(), size_, own.get());
  else std::fill_n(own.get(), size_, 0);
  narrow_ = std::move(own);
  return narrow_.get();
}

Int128* IntegerColumn::wide_cells() {
  if (wide_ && wide_.use_count() == 1) return wide_.get();
  auto own = make_cells<Int128>(size_);
  for (size_t i = 0; i < size_; ++i) own[i] = (*this)[i];
  wide_ = std::move(own);
  narrow_.reset();
  return wide_.get();
}

void IntegerColumn::set(size_t cell, Int128 value) {
  if (wide_ || !fits_int64(value)) wide_cells()[cell] = value;
  else narrow_cells()[cell] = static_cast<int64_t>(value);
}

void IntegerColumn::assign(size_t size, Int128 value) {
  if (value == 0) {
    *this = IntegerColumn(size);
    return;
  }
  *this = unwritten(size, !fits_int64(value));
  if (wide_) std::fill_n(wide_.get(), size, value);
  else std::fill_n(narrow_.get(), size, static_cast<int64_t>(value));
}

void IntegerColumn::resize(size_t size) {
  IntegerColumn resized(size);
  const size_t kept = std::min(size, size_);
  if (wide_) std::copy_n(wide_.get(), kept, resized.wide_cells());
  else if (narrow_) std::copy_n(narrow_.get(), kept, resized.narrow_cells());
  *this = std::move(resized);
}

Integer IntegerColumn::divide_by_common() {
  if (narrow_) {
    const uint64_t divisor = common_divisor(narrow_.get(), size_);
    if (divisor > 1) divide_cells(narrow_cells(), size_, divisor);
    return divisor;
  }
  if (!wide_) return 0;
  const unsigned __int128 divisor = common_divisor(wide_.get(), size_);
  if (divisor > 1) divide_cells(wide_cells(), size_, divisor);
  return Integer(divisor);
}

std::optional<IntegerColumn> subtract_scaled(const IntegerColumn& a, Int128 x, const IntegerColumn& b, Int128 y) {
  WATTLAW_ASSERT(a.size() == b.size(), "columns that are subtracted have the same cells");
  if (!a.wide() && !b.wide() && fits_int64(x) && fits_int64(y)) {
    IntegerColumn out = IntegerColumn::unwritten(a.size(), false);
    if (subtract_cells(a, static_cast<int64_t>(x), b, static_cast<int64_t>(y), out.narrow_cells())) return out;
  }
  IntegerColumn out = IntegerColumn::unwritten(a.size(), true);
  if (!subtract_cells(a, x, b, y, out.wide_cells())) return std::nullopt;
  return out;
}

}  // namespace wattlaw
