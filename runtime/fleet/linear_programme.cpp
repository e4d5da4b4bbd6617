#include "runtime/fleet/linear_programme.h"

#include <dlfcn.h>

#include <coin/Clp_C_Interface.h>
#include <numeric>

namespace wattlaw {
namespace {

// Clp and what it stands on take 4 ms to load, which every start of the program would pay; so it is loaded where it is called.
struct Clp {
  void* library = dlopen("libClp.so.1", RTLD_NOW | RTLD_LOCAL);
  template <typename Function>
  Function* find(const char* name) const { return library ? reinterpret_cast<Function*>(dlsym(library, name)) : nullptr; }
  decltype(&Clp_newModel) make = find<decltype(Clp_newModel)>("Clp_newModel");
  decltype(&Clp_deleteModel) drop = find<decltype(Clp_deleteModel)>("Clp_deleteModel");
  decltype(&Clp_setLogLevel) set_log_level = find<decltype(Clp_setLogLevel)>("Clp_setLogLevel");
  decltype(&Clp_loadProblem) load = find<decltype(Clp_loadProblem)>("Clp_loadProblem");
  decltype(&Clp_initialSolve) solve = find<decltype(Clp_initialSolve)>("Clp_initialSolve");
  decltype(&Clp_status) status = find<decltype(Clp_status)>("Clp_status");
  decltype(&Clp_objectiveValue) objective = find<decltype(Clp_objectiveValue)>("Clp_objectiveValue");
  bool is_there() const { return make && drop && set_log_level && load && solve && status && objective; }
};

}  // namespace

int LinearProgramme::column(double cost, double lo, double hi) {
  cost_.push_back(cost), lo_.push_back(lo), hi_.push_back(hi);
  return static_cast<int>(cost_.size()) - 1;
}

int LinearProgramme::row(double low, double high) {
  low_.push_back(low), high_.push_back(high);
  return static_cast<int>(low_.size()) - 1;
}

void LinearProgramme::set(int row, int column, double factor) { row_of_.push_back(row), column_of_.push_back(column), factor_.push_back(factor); }

Result<double> LinearProgramme::solve() const {
  if (cost_.empty()) return 0.0;
  static const Clp clp;
  if (!clp.is_there()) return Failure{"WL6077", "the linear programming library Clp cannot be loaded", "install it: apt-get install coinor-libclp1", "", 0, ""};
  // Column after column.
  std::vector<CoinBigIndex> start(cost_.size() + 1);
  for (const int column : column_of_) ++start[static_cast<size_t>(column) + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  std::vector<CoinBigIndex> next(start.begin(), start.end() - 1);
  std::vector<int> row(factor_.size());
  std::vector<double> factor(factor_.size());
  for (size_t i = 0; i < factor_.size(); ++i) {
    const auto to = static_cast<size_t>(next[static_cast<size_t>(column_of_[i])]++);
    row[to] = row_of_[i], factor[to] = factor_[i];
  }
  Clp_Simplex* model = clp.make();
  clp.set_log_level(model, 0);
  clp.load(model, static_cast<int>(cost_.size()), static_cast<int>(low_.size()), start.data(), row.data(), factor.data(), lo_.data(), hi_.data(), cost_.data(), low_.data(), high_.data());
  clp.solve(model);
  const bool is_optimal = clp.status(model) == 0;
  const double least = clp.objective(model);
  clp.drop(model);
  if (!is_optimal) return Failure{"WL6077", "a linear programme of " + std::to_string(low_.size()) + " rows has no solution that its solver vouches for", "bound a shorter period", "", 0, ""};
  return least;
}

}  // namespace wattlaw
