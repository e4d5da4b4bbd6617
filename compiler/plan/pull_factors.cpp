// pull_factors: sums of flow × factor in their normal form (slot_sums.h): expand, tell constant factors from prices, share slots.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "compiler/plan/slot_sums.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

constexpr size_t kMostTerms = 64;     // beyond, the sum is taken lane by lane
constexpr size_t kFewValues = 64;
const Period kSteps{Unit::interval};

bool has_few_values(const UniformColumn& column) { return column.values.size() <= kFewValues; }

}  // namespace

// Products whose sum an expression is; nullopt where the form does not help.
struct SlotExpansion {
  using Factor = PlanBuilder::SlotFactor;
  using Factors = std::vector<Factor>;
  PlanBuilder& builder;
  const Period& period;

  Factor one() const {
    Factor factor;
    factor.factor = constant_column(1);
    return factor;
  }

  std::optional<Factors> times(const Factors& a, const Factors& b) const {
    if (a.size() * b.size() > kMostTerms) return std::nullopt;
    Factors out;
    for (const Factor& x : a)
      for (const Factor& y : b) {
        if (x.flow && y.flow) return std::nullopt;
        Factor product = x;
        if (y.flow) product.flow = y.flow;
        product.outside.insert(product.outside.end(), y.outside.begin(), y.outside.end());
        product.prices.insert(product.prices.end(), y.prices.begin(), y.prices.end());
        std::sort(product.prices.begin(), product.prices.end());
        auto factor = multiply_columns(x.factor, y.factor);
        if (!factor || !has_few_values(*factor)) return std::nullopt;
        product.factor = std::move(*factor);
        if (product.factor.is_constant() && product.factor.values[0] == 0) continue;
        out.push_back(std::move(product));
      }
    return out;
  }

  static std::optional<Factors> plus(std::optional<Factors> a, const std::optional<Factors>& b) {
    if (!a || !b || a->size() + b->size() > kMostTerms) return std::nullopt;
    a->insert(a->end(), b->begin(), b->end());
    return a;
  }

  Factors of_column(UniformColumn column) const {
    Factor factor = one();
    factor.factor = std::move(column);
    if (factor.factor.is_constant() && factor.factor.values[0] == 0) return {};
    return {factor};
  }

  // The same for every window of the sum that a member has.
  bool is_outside(ExpressionId id) const {
    const Period& own = builder.program[id].grain.time;
    if (own.unit == Unit::interval) return false;
    if (own.unit == Unit::none || own == period) return true;
    return nests(builder.axes.windows(period), builder.axes.windows(own));
  }

  // 1 where a boolean holds (or does not), else 0.
  std::optional<Factors> truth(ExpressionId id, bool when) const {
    if (builder.is_uniform(id)) return of_column(truth_column(*builder.folded(id, kSteps), when));
    const Expression& e = builder.program[id];
    if (when && e.op == Op::logical_and && e.grain.time.unit == Unit::interval) {
      std::optional<Factors> all = Factors{one()};
      for (const ExpressionId operand : e.operands) {
        const auto next = truth(operand, true);
        if (!all || !next) return std::nullopt;
        all = times(*all, *next);
      }
      return all;
    }
    if (e.op == Op::logical_not) return truth(e.operands[0], !when);
    if (!is_outside(id)) return std::nullopt;
    Factor factor = one();
    factor.outside = {{id, when ? 1 : -1}};
    return Factors{factor};
  }

  std::optional<Factors> price(ExpressionId id) const {
    const UniformColumn column = *builder.folded(id, kSteps);
    if (has_few_values(column)) return of_column(column);
    const Expression& e = builder.program[id];
    if (const auto parts = compound(e)) return parts;
    Factor factor = one();
    factor.prices = {id.index};
    return Factors{factor};
  }

  std::optional<Factors> atom(ExpressionId id) const {
    if (builder.program[id].type.kind == ValueKind::boolean || builder.rank(id) > 0) return std::nullopt;
    Factor factor = one();
    factor.flow = id;
    return Factors{factor};
  }

  std::optional<Factors> compound(const Expression& e) const {
    switch (e.op) {
      case Op::add: {
        std::optional<Factors> sum = Factors{};
        for (const ExpressionId operand : e.operands) sum = plus(std::move(sum), expand(operand));
        return sum;
      }
      case Op::negate: {
        const auto of = expand(e.operands[0]);
        return of ? times(*of, of_column(constant_column(-1))) : std::nullopt;
      }
      case Op::multiply: {
        std::optional<Factors> product = Factors{one()};
        for (const ExpressionId operand : e.operands) {
          const auto next = expand(operand);
          if (!product || !next) return std::nullopt;
          product = times(*product, *next);
        }
        return product;
      }
      case Op::select: {
        const auto when = truth(e.operands[0], true), otherwise = truth(e.operands[0], false);
        const auto yes = expand(e.operands[1]), no = expand(e.operands[2]);
        if (!when || !otherwise || !yes || !no) return std::nullopt;
        return plus(times(*when, *yes), times(*otherwise, *no));
      }
      default: return std::nullopt;
    }
  }

  std::optional<Factors> expand(ExpressionId id) const {
    if (builder.is_uniform(id)) return price(id);
    const Expression& e = builder.program[id];
    if (e.type.kind == ValueKind::boolean) return truth(id, true);
    if (is_outside(id)) {
      Factor factor = one();
      factor.outside = {{id, 0}};
      return Factors{factor};
    }
    if (const auto parts = compound(e)) return parts;
    return atom(id);
  }
};

namespace {

// Bounds of Σ factor × value over the windows, value anywhere in [low, high]; false: beyond 126 bits.
bool bound_sums(const UniformColumn& factor, Int128 low, Int128 high, const std::vector<uint32_t>& window, uint32_t windows, Int128& least, Int128& most) {
  std::vector<std::pair<Int128, Int128>> part;  // of each entry of the dictionary
  for (const Int128 value : factor.values) {
    Int128 a, b;
    if (__builtin_mul_overflow(value, low, &a) || __builtin_mul_overflow(value, high, &b)) return false;
    part.emplace_back(std::min(a, b), std::max(a, b));
  }
  std::vector<std::pair<Int128, Int128>> sums(windows);
  for (size_t t = 0; t < window.size(); ++t) {
    const auto& [a, b] = part[factor.is_constant() ? 0 : factor.index[t]];
    auto& [from, to] = sums[window[t]];
    if (__builtin_add_overflow(from, a, &from) || __builtin_add_overflow(to, b, &to)) return false;
  }
  least = most = 0;
  for (const auto& [from, to] : sums) least = std::min(least, from), most = std::max(most, to);
  return least > -(Int128{1} << 126) && most < (Int128{1} << 126);
}

bool same_column(const UniformColumn& a, const UniformColumn& b) { return a.values == b.values && a.index == b.index; }

std::optional<UniformColumn> sum_of_uniform(const UniformColumn& column, const std::vector<uint32_t>& window, uint32_t windows) {
  UniformColumn out;
  out.quantum = column.quantum;
  out.count = windows;
  out.values.assign(windows, 0);
  for (uint32_t t = 0; t < window.size(); ++t)
    if (__builtin_add_overflow(out.values[window[t]], column.at(t), &out.values[window[t]])) return std::nullopt;
  compact(out);
  return out;
}

}  // namespace

std::optional<Lane> PlanBuilder::build_slot_sum(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  if (program[e.operands[0]].grain.time.unit != Unit::interval || is_uniform(e.operands[0]) || e.type.kind != ValueKind::number) return std::nullopt;
  if (e.period.unit == Unit::interval || e.period.unit == Unit::minutes || e.period.unit == Unit::hour || e.period.unit == Unit::day)
    return std::nullopt;  // windows so short would cut all slots to pieces
  const SlotExpansion expansion{*this, e.period};
  auto factors = expansion.expand(e.operands[0]);
  if (factors && e.operands.size() > 1) {
    const auto where = expansion.truth(e.operands[1], true);
    factors = where ? expansion.times(*factors, *where) : std::nullopt;
  }
  if (!factors || !why.empty()) return std::nullopt;
  // Equal products are one.
  std::vector<SlotFactor> merged;
  for (SlotFactor& factor : *factors) {
    const auto at = std::find_if(merged.begin(), merged.end(), [&](const SlotFactor& other) {
      return other.flow == factor.flow && other.outside == factor.outside && other.prices == factor.prices;
    });
    if (at == merged.end()) {
      merged.push_back(std::move(factor));
      continue;
    }
    auto both = add_columns(at->factor, factor.factor);
    if (!both || !has_few_values(*both)) return std::nullopt;
    at->factor = std::move(*both);
  }
  const std::vector<uint32_t>& window = axes.map(kSteps, e.period);
  const uint32_t windows = axes.count(e.period);
  struct Part {
    const SlotFactor* factor;
    std::optional<UniformColumn> price, total;  // total: there is no flow
  };
  std::vector<Part> parts;
  for (const SlotFactor& factor : merged) {
    Part part{&factor, {}, {}};
    for (const uint32_t price : factor.prices) {
      const UniformColumn column = *folded({price}, kSteps);
      part.price = part.price ? multiply_columns(*part.price, column) : column;
      if (!part.price) return std::nullopt;
    }
    if (!factor.flow) {
      const auto whole = part.price ? multiply_columns(factor.factor, *part.price) : factor.factor;
      part.total = whole ? sum_of_uniform(*whole, window, windows) : std::nullopt;
      if (!part.total) return std::nullopt;
    }
    for (const Int128 value : factor.factor.values)
      if (value < INT64_MIN || value > INT64_MAX) return std::nullopt;
    parts.push_back(std::move(part));
  }
  Lane result{constant(stage, 0), {}};
  for (const Part& part : parts) {
    Lane value;
    if (part.total) {
      value = uniform(stage, *part.total);
    } else {
      const uint32_t at = open_stage(0, kSteps);
      Lane element = number(at, part.factor->flow);
      if (part.price) element = product(at, element, uniform(at, *part.price));
      const PlanNode node = plan.stages[at].nodes[element.node];
      Int128 least, most, low, high;
      if (node.checked || !bound_sums(part.factor->factor, node.low, node.high, window, windows, least, most) ||
          !bound_sums(constant_column(1), std::min<Int128>(node.low, 0), std::max<Int128>(node.high, 0), window, windows, low, high))
        return std::nullopt;
      auto known = std::find_if(slots->elements.begin(), slots->elements.end(), [&](const auto& other) { return other.stage == at && other.node == element.node; });
      if (known == slots->elements.end()) {
        PlanAccumulator accumulator;
        accumulator.operand = element.node;
        accumulator.group = kNone;  // cells are known when all terms are
        accumulator.array = scratch("slots", std::max(bits_for(low, high), node.bits), 0);
        plan.arrays[accumulator.array].initialise = true;
        plan.arrays[accumulator.array].initial = {0};
        slots->elements.push_back({at, element.node, accumulator.array, static_cast<uint32_t>(plan.stages[at].accumulators.size())});
        plan.stages[at].accumulators.push_back(accumulator);
        known = std::prev(slots->elements.end());
      } else if (const uint8_t bits = bits_for(low, high); bits > plan.arrays[known->slots].bits) {
        plan.arrays[known->slots].bits = bits;
      }
      // The same weighing of the same slots is done once: sums that differ by a constant differ in their quantum alone.
      const uint32_t of_slots = known->slots;
      const auto same = std::find_if(slots->terms.begin(), slots->terms.end(), [&](const auto& other) {
        return other.slots == of_slots && other.period == e.period && same_column(other.factor, part.factor->factor);
      });
      const uint32_t out = same != slots->terms.end() ? same->out : scratch("gathered", std::max<uint8_t>(bits_for(least, most), 64), windows);
      if (same == slots->terms.end()) slots->terms.push_back({at, of_slots, part.factor->factor, e.period, out});
      value = {load(stage, out, Access::own, least, most), Quantum::of(element.quantum.value() * part.factor->factor.quantum.value())};
    }
    for (const auto& [outside, mode] : part.factor->outside)
      if (mode == 0) value = product(stage, value, number(stage, outside));
    // Conditions come last: they keep out the faults of what they exclude.
    for (const auto& [outside, mode] : part.factor->outside) {
      if (mode > 0) value = either(stage, condition(stage, outside), value, {constant(stage, 0), {}});
      if (mode < 0) value = either(stage, condition(stage, outside), {constant(stage, 0), {}}, value);
    }
    result = sum(stage, result, value);
  }
  return result;
}

// Cells of a stage: the coarsest cut of time on which all its factors and windows are constant.
void PlanBuilder::finish_slots() {
  std::set<uint32_t> stages;
  for (const auto& element : slots->elements) stages.insert(element.stage);
  for (const uint32_t stage : stages) {
    const uint32_t steps = axes.clock.steps;
    std::vector<uint32_t> cell(steps, 0);
    uint32_t cells = 1;
    const auto refine = [&](const auto& class_of) {
      std::map<std::pair<uint32_t, uint32_t>, uint32_t> known;
      std::pair<uint32_t, uint32_t> last{UINT32_MAX, UINT32_MAX};
      uint32_t at = 0;
      for (uint32_t t = 0; t < steps; ++t) {
        const std::pair<uint32_t, uint32_t> key{cell[t], class_of(t)};
        if (key != last) at = known.try_emplace(key, static_cast<uint32_t>(known.size())).first->second, last = key;
        cell[t] = at;
      }
      cells = static_cast<uint32_t>(known.size());
    };
    std::vector<const UniformColumn*> cut;
    std::vector<Period> cut_periods;
    for (const auto& term : slots->terms) {
      if (term.stage != stage) continue;
      if (std::find(cut_periods.begin(), cut_periods.end(), term.period) == cut_periods.end()) {
        cut_periods.push_back(term.period);
        const std::vector<uint32_t>& map = axes.map(kSteps, term.period);
        refine([&](uint32_t t) { return map[t]; });
      }
      if (term.factor.is_constant() || std::any_of(cut.begin(), cut.end(), [&](const UniformColumn* other) { return other->index == term.factor.index; })) continue;
      cut.push_back(&term.factor);
      refine([&](uint32_t t) { return term.factor.index[t]; });
    }
    PlanGroup group;
    group.rows = cells;
    group.row_of_index = cell;
    const uint32_t group_index = add_group(stage, std::move(group));
    for (const auto& element : slots->elements) {
      if (element.stage != stage) continue;
      plan.arrays[element.slots].rows = cells;
      plan.stages[stage].accumulators[element.accumulator].group = group_index;
    }
    std::vector<uint32_t> first_step(cells, UINT32_MAX);
    for (uint32_t t = 0; t < steps; ++t)
      if (first_step[cell[t]] == UINT32_MAX) first_step[cell[t]] = t;
    struct Made {
      const UniformColumn* factor;
      Period period;
      uint32_t table;
    };
    std::vector<Made> made;
    for (const auto& term : slots->terms) {
      if (term.stage != stage) continue;
      const uint32_t windows = axes.count(term.period);
      auto at = std::find_if(made.begin(), made.end(), [&](const Made& other) { return other.period == term.period && same_column(*other.factor, term.factor); });
      if (at == made.end()) {
        const std::vector<uint32_t>& map = axes.map(kSteps, term.period);
        std::vector<std::map<int64_t, std::vector<int64_t>>> groups(windows);
        for (uint32_t c = 0; c < cells; ++c) {
          const int64_t factor = static_cast<int64_t>(term.factor.at(first_step[c]));
          if (factor != 0) groups[map[first_step[c]]][factor].push_back(c);
        }
        std::vector<int64_t> words(windows);
        for (uint32_t w = 0; w < windows; ++w) {
          words[w] = static_cast<int64_t>(words.size());
          words.push_back(static_cast<int64_t>(groups[w].size()));
          for (const auto& [factor, rows] : groups[w]) {
            words.push_back(factor);
            words.push_back(static_cast<int64_t>(rows.size()));
            words.insert(words.end(), rows.begin(), rows.end());
          }
        }
        PlanArray table;
        table.kind = PlanArray::Kind::uniform;
        table.name = "rates";
        table.bits = 64;
        table.rows = static_cast<uint32_t>(words.size());
        table.data.resize(words.size() * 8);
        std::memcpy(table.data.data(), words.data(), table.data.size());
        made.push_back({&term.factor, term.period, static_cast<uint32_t>(plan.arrays.size())});
        plan.arrays.push_back(std::move(table));
        at = std::prev(made.end());
      }
      plan.gathers.push_back({term.slots, 0, at->table, term.out, windows});
    }
  }
}

}  // namespace wattlaw
