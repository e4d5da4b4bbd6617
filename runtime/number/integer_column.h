// IntegerColumn: exact integers, one a cell. All of eight bytes while every value fits them, all of sixteen once one does not; a column of
// nothing but zeros takes no memory. Copies share their cells until one of them is changed.
#pragma once
#include <initializer_list>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/number/wide_integer.h"

namespace wattlaw {

class IntegerColumn {
 public:
  IntegerColumn() = default;
  explicit IntegerColumn(size_t size) : size_(size) {}  // zeros
  IntegerColumn(std::initializer_list<Int128> values) : IntegerColumn(std::vector<Int128>(values)) {}
  explicit IntegerColumn(const std::vector<Int128>& values);
  // Cells of no defined value, to be written at once through narrow_cells() or wide_cells().
  static IntegerColumn unwritten(size_t size, bool is_wide);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Int128 operator[](size_t cell) const { return narrow_ ? narrow_[cell] : wide_ ? wide_[cell] : 0; }

  void set(size_t cell, Int128 value);
  void assign(size_t size, Int128 value);
  void resize(size_t size);  // what is new is 0

  // Where the cells are, for loops over the whole column. At most one of the two is not null; both are for zeros.
  const int64_t* narrow() const { return narrow_.get(); }
  const Int128* wide() const { return wide_.get(); }
  // The same to write to, this column's own from here on.
  int64_t* narrow_cells();   // narrow(), or a column of zeros
  Int128* wide_cells();      // any

  // Divides every cell by the greatest whole number that divides all of them, and tells that number: 0 if all are 0.
  Integer divide_by_common();

 private:
  size_t size_ = 0;
  std::shared_ptr<int64_t[]> narrow_;
  std::shared_ptr<Int128[]> wide_;
};

// a × x - b × y, cell by cell. Nullopt: beyond 128 bits. Both are of one size.
std::optional<IntegerColumn> subtract_scaled(const IntegerColumn& a, Int128 x, const IntegerColumn& b, Int128 y);

}  // namespace wattlaw
