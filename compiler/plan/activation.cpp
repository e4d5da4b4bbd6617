#include "compiler/plan/activation.h"

#include <fmt/format.h>

#include <set>

#include "compiler/interpret/interpret.h"
#include "compiler/plan/uniform_column.h"
#include "runtime/fleet/gate.h"
#include "runtime/number/rounding.h"

namespace wattlaw {

Settlement in_steps_of_physics(const TypedProgram& program, const Settlement& settlement) {
  Settlement fine;
  fine.kind = settlement.kind;
  fine.name = settlement.name;
  fine.span = settlement.span;
  fine.zone = settlement.zone;
  fine.data_folder = settlement.data_folder;
  fine.from = settlement.from, fine.until = settlement.until, fine.history_from = settlement.history_from;
  fine.step_seconds = settlement.physics_seconds > 0 ? settlement.physics_seconds : settlement.step_seconds;
  std::set<uint32_t> series, seen;
  std::vector<ExpressionId> todo;
  for (const TypedDispatch::Offer& offer : settlement.dispatch->offers) todo.push_back(settlement.services[offer.service].activation);
  while (!todo.empty()) {
    const ExpressionId id = todo.back();
    todo.pop_back();
    if (!seen.insert(id.index).second) continue;
    if (program[id].op == Op::series) series.insert(program[id].index);
    todo.insert(todo.end(), program[id].operands.begin(), program[id].operands.end());
  }
  fine.series.assign(series.begin(), series.end());
  return fine;
}

Result<std::vector<std::vector<int64_t>>> find_activations(const TypedProgram& program, const Settlement& settlement, const Settlement& in_steps, const Clock& fine, const Traces& traces) {
  Axes axes{fine};
  UniformFolder folder(program, in_steps, axes, traces);
  std::vector<std::vector<int64_t>> found;
  for (const TypedDispatch::Offer& offer : settlement.dispatch->offers) {
    const TypedService& service = settlement.services[offer.service];
    const auto billionths = [](const Rational& share) { return static_cast<int64_t>(numerator(Rational(round_to(share, Rational(1, kBillion), RoundingMode::half_even) * kBillion))); };
    std::vector<int64_t>& activation = found.emplace_back(fine.steps);
    if (const UniformColumn* column = folder.fold(service.activation)) {
      std::vector<int64_t> values;  // of a dictionary each value is rounded once
      for (const Int128 value : column->values) values.push_back(billionths(Rational(to_integer(value) * column->quantum.numerator, column->quantum.denominator)));
      for (uint32_t step = 0; step < fine.steps; ++step) activation[step] = values.size() == 1 ? values[0] : column->index.empty() ? values[step] : values[column->index[step]];
      continue;
    }
    Interpreter interpreter(program, in_steps, fine, traces);
    for (uint32_t step = 0; step < fine.steps; ++step) {
      activation[step] = billionths(interpreter.evaluate(service.activation, 0, step).number);
      if (const auto& fault = interpreter.fault())
        return Failure{fault->code, fmt::format("the activation of `{}`: {}; at {}", service.symbol, fault->message, fine.print_step(step)), "", "", 0, ""};
    }
  }
  return found;
}

}  // namespace wattlaw
