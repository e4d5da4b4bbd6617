#include "runtime/fleet/linear_programme.h"

#include <coin/ClpSimplex.hpp>
#include <coin/ClpSolve.hpp>

namespace wattlaw {

int LinearProgramme::column(double cost, double lo, double hi) {
  cost_.push_back(cost), lo_.push_back(lo), hi_.push_back(hi);
  return static_cast<int>(cost_.size()) - 1;
}

int LinearProgramme::row(double low, double high) {
  low_.push_back(low), high_.push_back(high);
  return static_cast<int>(low_.size()) - 1;
}

void LinearProgramme::set(int row, int column, double factor) { row_of_.push_back(row), column_of_.push_back(column), factor_.push_back(factor); }

std::optional<double> LinearProgramme::solve() const {
  if (cost_.empty()) return 0.0;
  ClpSimplex model;
  model.setLogLevel(0);
  CoinPackedMatrix matrix(true, row_of_.data(), column_of_.data(), factor_.data(), static_cast<CoinBigIndex>(factor_.size()));
  matrix.setDimensions(static_cast<int>(low_.size()), static_cast<int>(cost_.size()));
  model.loadProblem(matrix, lo_.data(), hi_.data(), cost_.data(), low_.data(), high_.data());
  ClpSolve how;
  how.setSolveType(ClpSolve::useDual);
  how.setPresolveType(ClpSolve::presolveOn);
  model.initialSolve(how);
  if (model.status() != 0) return std::nullopt;
  return model.objectiveValue();
}

}  // namespace wattlaw
