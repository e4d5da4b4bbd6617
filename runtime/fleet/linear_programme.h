// LinearProgramme: minimise cost · x, lo <= x <= hi, low <= A x <= high, with sparse A. The solver is Clp.
#pragma once
#include <vector>

#include "runtime/base/result.h"

namespace wattlaw {

class LinearProgramme {
 public:
  static constexpr double kFree = 1e300;
  int column(double cost, double lo, double hi);
  int row(double low, double high);
  void set(int row, int column, double factor);  // once for each pair
  void add_cost(int column, double cost) { cost_[static_cast<size_t>(column)] += cost; }
  double most(int column) const { return hi_[static_cast<size_t>(column)]; }
  // The least cost. Failures: WL6077 the solver is not installed, or finds none: infeasible, unbounded, or lost in its digits.
  Result<double> solve() const;

 private:
  std::vector<double> cost_, lo_, hi_, low_, high_, factor_;
  std::vector<int> row_of_, column_of_;
};

}  // namespace wattlaw
