// ExactSum: a sum of int128 mantissas that never overflows; wide only once it must be.
#pragma once
#include "runtime/number/wide_integer.h"

namespace wattlaw {

struct ExactSum {
  Int128 near = 0;
  Integer far = 0;

  void add(Int128 value) {
    Int128 sum;
    if (__builtin_add_overflow(near, value, &sum)) {
      far += to_integer(near);
      sum = value;
    }
    near = sum;
  }
  void subtract(Int128 value) {
    Int128 difference;
    if (!__builtin_sub_overflow(near, value, &difference)) {
      near = difference;
      return;
    }
    far -= to_integer(value);
  }
  // Takes value * factor, whatever its size.
  void add_product(Int128 value, Int128 factor) {
    Int128 product;
    if (__builtin_mul_overflow(value, factor, &product))
      far += to_integer(value) * to_integer(factor);
    else
      add(product);
  }
  Integer total() const { return far + to_integer(near); }
};

}  // namespace wattlaw
