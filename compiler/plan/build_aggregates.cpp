// Aggregates: folded in the stage of their operand, finished in the stage of their own grain. And what walks windows in order:
// quotas, earlier windows, running surpluses.
#include <algorithm>
#include <numeric>

#include "compiler/plan/plan_builder.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;
using Fn = PlanAccumulator::Fn;

constexpr int kMostExactTaken = 10;
constexpr uint32_t kMostLagged = 4000;  // windows looked back on, one load each

const Rational kDivideQuantum(Integer(1), boost::multiprecision::pow(Integer(10), kDividePlaces));

bool is_fixed_window(const Period& period) { return period.unit == Unit::minutes || period.unit == Unit::hour; }

}  // namespace

struct PlanBuilder::FoldSite {
  uint32_t stage = 0, group = 0;
  Period fine, coarse;
  uint32_t condition = kNone;       // what differs between lanes
  std::vector<uint32_t> all, most;
};

uint32_t PlanBuilder::add_group(uint32_t stage, PlanGroup group) {
  auto& groups = plan.stages[stage].groups;
  for (uint32_t i = 0; i < groups.size(); ++i)
    if (groups[i].rows == group.rows && groups[i].row_of_index == group.row_of_index) return i;
  groups.push_back(std::move(group));
  return static_cast<uint32_t>(groups.size()) - 1;
}

PlanBuilder::FoldSite PlanBuilder::fold_site(const Expression& e) {
  FoldSite at;
  at.fine = program[e.operands[0]].grain.time;
  at.coarse = e.period;
  std::vector<ExpressionId> conjuncts;
  int fold_rank = 0;
  if (e.op == Op::previous) {  // over the same year
    at.fine = e.period;
    at.coarse = Period{Unit::year};
    at.coarse.start_day = e.period.start_day;
  } else {
    if (at.fine.unit == Unit::none && e.operands.size() > 1) at.fine = program[e.operands[1]].grain.time;
    if (at.fine.unit == Unit::none) at.fine = Period{Unit::interval};
    if (e.operands.size() > 1) conjuncts.push_back(e.operands[1]);
  }
  for (size_t i = 0; i < conjuncts.size(); ++i) {
    const Expression& filter = program[conjuncts[i]];
    if (filter.op != Op::logical_and || is_uniform(conjuncts[i])) continue;
    const ExpressionId first = filter.operands[0];
    conjuncts.insert(conjuncts.end(), filter.operands.begin() + 1, filter.operands.end());
    conjuncts[i--] = first;
  }
  for (const ExpressionId operand : e.operands)
    if (!is_uniform(operand) && !is_inline(operand)) fold_rank = std::max(fold_rank, rank(operand) + (program[operand].grain.time == at.fine ? 0 : 1));
  at.stage = open_stage(static_cast<uint32_t>(fold_rank), at.fine);

  std::vector<uint8_t> taken(axes.count(at.fine), 1);
  const auto restrict_to = [&](ExpressionId id) {
    const UniformColumn& column = *folded(id, at.fine);
    for (uint32_t i = 0; i < taken.size(); ++i) taken[i] &= column.at(i) != 0;
  };
  const auto also = [&](uint32_t node) { at.condition = at.condition == kNone ? node : binary(at.stage, PlanOp::logical_and, at.condition, node); };
  for (const ExpressionId id : conjuncts) {
    if (is_uniform(id)) restrict_to(id);
    else also(condition(at.stage, id));
  }
  if (is_uniform(e.operands[0])) {
    const UniformColumn& column = *folded(e.operands[0], at.fine);
    for (uint32_t i = 0; i < taken.size(); ++i) taken[i] &= !column.is_absent(i);
  } else if (const auto there = presence(at.stage, e.operands[0])) {
    also(*there);
  }
  if (at.condition != kNone) {  // decided after all?
    const PlanNode& node = plan.stages[at.stage].nodes[at.condition];
    if (node.op == PlanOp::constant) {
      if (node.value == 0) std::fill(taken.begin(), taken.end(), 0);
      at.condition = kNone;
    }
  }

  PlanGroup group;
  group.rows = axes.count(at.coarse);
  group.row_of_index = axes.map(at.fine, at.coarse);
  at.all.assign(group.rows, 0);
  at.most.assign(group.rows, 0);
  for (uint32_t i = 0; i < taken.size(); ++i) {
    ++at.all[group.row_of_index[i]];
    if (taken[i]) ++at.most[group.row_of_index[i]];
    else group.row_of_index[i] = group.rows;
  }
  at.group = add_group(at.stage, std::move(group));
  return at;
}

Folded& PlanBuilder::fold(ExpressionId id) {
  if (const auto at = folds.find(id.index); at != folds.end()) return at->second;
  const Expression& e = program[id];
  const FoldSite site = fold_site(e);
  Folded folded;
  folded.all = site.all, folded.most = site.most;
  folded.is_dynamic = site.condition != kNone;
  folded.fine = site.fine;
  const uint32_t rows = static_cast<uint32_t>(site.all.size());
  if (e.fn != Aggregate::count || e.take != 0) {
    const Lane of = number(site.stage, e.operands[0]);
    const PlanNode node = plan.stages[site.stage].nodes[of.node];
    const Int128 most = site.most.empty() ? 0 : *std::max_element(site.most.begin(), site.most.end());
    folded.quantum = of.quantum;
    folded.low = std::min<Int128>(node.low, 0), folded.high = std::max<Int128>(node.high, 0);
    PlanAccumulator accumulator;
    accumulator.operand = of.node;
    accumulator.condition = site.condition;
    accumulator.group = site.group;
    std::vector<Int128> initial{0};
    uint32_t elements = 1;
    Int128 low = folded.low, high = folded.high;
    if (e.take != 0) {
      accumulator.fn = e.take > 0 ? Fn::largest : Fn::smallest;
      accumulator.take = elements = static_cast<uint32_t>(std::abs(e.take));
      folded.identity = e.take > 0 ? --low : ++high;
      initial.assign(elements, folded.identity);
    } else if (e.fn == Aggregate::sum || e.fn == Aggregate::mean) {
      if (__builtin_mul_overflow(low, std::max<Int128>(most, 1), &low) || __builtin_mul_overflow(high, std::max<Int128>(most, 1), &high))
        give_up("a sum is too wide for the kernels");
      folded.low = low, folded.high = high;
    } else if (e.fn == Aggregate::first || e.fn == Aggregate::last) {
      accumulator.fn = e.fn == Aggregate::first ? Fn::first : Fn::last;
      if (e.fn == Aggregate::first) {
        accumulator.seen = scratch("seen", 32, rows);
        plan.arrays[accumulator.seen].initialise = true;
        plan.arrays[accumulator.seen].initial = {0};
      }
    } else {
      accumulator.fn = e.fn == Aggregate::minimum ? Fn::minimum : Fn::maximum;
      folded.identity = e.fn == Aggregate::minimum ? ++high : --low;
      initial = {folded.identity};
    }
    accumulator.array = folded.array = scratch("fold " + std::to_string(id.index), std::max(bits_for(low, high), node.bits), rows, elements);
    plan.arrays[folded.array].initialise = true;
    plan.arrays[folded.array].initial = initial;
    plan.stages[site.stage].accumulators.push_back(accumulator);
  }
  return folds.emplace(id.index, std::move(folded)).first->second;
}

// Array of how many values each lane took, for those who must know.
uint32_t PlanBuilder::fold_counts(ExpressionId id) {
  if (const auto at = folds.find(id.index); at != folds.end() && at->second.counts != kNone) return at->second.counts;
  const FoldSite site = fold_site(program[id]);
  PlanAccumulator accumulator;
  accumulator.operand = constant(site.stage, 1);
  accumulator.condition = site.condition;
  accumulator.group = site.group;
  accumulator.array = scratch("count " + std::to_string(id.index), 32, static_cast<uint32_t>(site.all.size()));
  plan.arrays[accumulator.array].initialise = true;
  plan.arrays[accumulator.array].initial = {0};
  plan.stages[site.stage].accumulators.push_back(accumulator);
  if (const auto at = folds.find(id.index); at != folds.end()) at->second.counts = accumulator.array;
  return accumulator.array;
}

namespace {

Period fold_rows(const Expression& e) {
  if (e.op != Op::previous) return e.period;
  Period year{Unit::year};
  year.start_day = e.period.start_day;
  return year;
}

UniformColumn counts_column(const std::vector<uint32_t>& counts) {
  UniformColumn column;
  column.values.assign(counts.begin(), counts.end());
  column.count = static_cast<uint32_t>(counts.size());
  compact(column);
  const Int128 common = to_int128(numerator(column.quantum.value()));  // counts are compared and divided by as they are: in ones
  for (Int128& value : column.values) value *= common;
  column.quantum = {};
  return column;
}

// A row of a fold's array as seen from a stage.
uint32_t load_fold(PlanBuilder& builder, uint32_t stage, const Expression& e, uint32_t array, Int128 low, Int128 high, uint32_t element = 0) {
  const Period rows = fold_rows(e);
  const Period& grain = builder.plan.stages[stage].grain;
  PlanNode node;
  node.op = PlanOp::load;
  node.array = array;
  node.element = element;
  node.low = low, node.high = high;
  node.bits = builder.plan.arrays[array].bits;
  node.access = rows == grain ? Access::own : rows.unit == Unit::none ? Access::first : Access::mapped;
  if (node.access == Access::mapped) node.map = builder.map_array(grain, rows);
  return builder.add_node(stage, node);
}

}  // namespace

// Combines a few values: earlier windows, or those taken. `there`: nullopt where a value is always there.
Lane PlanBuilder::combine_values(uint32_t stage, const Expression& e, std::vector<Lane> values, std::vector<std::optional<uint32_t>> there, bool exact_mean,
                                 std::optional<uint32_t>& present) {
  const bool always = std::any_of(there.begin(), there.end(), [](const auto& is) { return !is; });
  Lane count{constant(stage, 0), {}};
  uint32_t has = truth(stage, false);
  const auto as_one = [&](const std::optional<uint32_t>& is) { return is ? choose(stage, *is, constant(stage, 1), constant(stage, 0)) : constant(stage, 1); };
  Lane result{constant(stage, 0), {}};
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t is = there[i] ? *there[i] : truth(stage, true);
    Lane value = values[i];
    count = sum(stage, count, {as_one(there[i]), {}});
    switch (e.fn) {
      case Aggregate::sum:
      case Aggregate::mean: result = sum(stage, result, either(stage, is, value, {constant(stage, 0), {}})); break;
      case Aggregate::maximum:
      case Aggregate::minimum: {
        const Quantum quantum = common_quantum(result.quantum, value.quantum);
        if (i == 0) result = value;
        const Lane a = i == 0 ? result : scaled(stage, result, quantum), b = i == 0 ? value : scaled(stage, value, quantum);
        const Lane better{binary(stage, e.fn == Aggregate::maximum ? PlanOp::maximum : PlanOp::minimum, a.node, b.node), b.quantum};
        result = either(stage, is, either(stage, has, better, b), i == 0 ? Lane{constant(stage, 0), {}} : a);
        break;
      }
      case Aggregate::any:
        value.node = invert(stage, binary(stage, PlanOp::equal, value.node, constant(stage, 0)));
        result = sum(stage, result, {as_one(binary(stage, PlanOp::logical_and, is, value.node)), {}});
        break;
      case Aggregate::first: result = either(stage, binary(stage, PlanOp::logical_and, is, invert(stage, has)), value, result); break;
      case Aggregate::last: result = either(stage, is, value, result); break;
      case Aggregate::count: break;
    }
    has = binary(stage, PlanOp::logical_or, has, is);
  }
  present = std::nullopt;
  if (!always && e.fn != Aggregate::count) present = has;
  if (e.fn == Aggregate::count) result = count;
  if (e.fn == Aggregate::any) result = {invert(stage, binary(stage, PlanOp::equal, result.node, constant(stage, 0))), {}};
  if (e.fn == Aggregate::mean && exact_mean) {
    Integer shared = 1;
    for (size_t n = 1; n <= values.size(); ++n) shared = lcm(shared, Integer(n));
    const PlanNode of = plan.stages[stage].nodes[count.node];
    Lane factor{constant(stage, 0), {}};
    for (size_t n = values.size(); n >= 1; --n)
      if (Int128(n) >= of.low && Int128(n) <= of.high)
        factor = either(stage, binary(stage, PlanOp::equal, count.node, constant(stage, Int128(n))), uniform(stage, constant_column(Rational(Integer(1), Integer(n)))), factor);
    result = product(stage, result, factor);
  } else if (e.fn == Aggregate::mean) {
    const uint32_t divisor = binary(stage, PlanOp::maximum, count.node, constant(stage, 1));
    result = rounded(stage, result, Lane{divisor, {}}, kDivideQuantum, RoundingMode::half_even);
  }
  return result;
}

Lane PlanBuilder::build_aggregate(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  const Period grain = plan.stages[stage].grain;
  if (e.period.rolling) {
    const uint32_t minutes = e.period.unit == Unit::hour ? 60u * e.period.count : e.period.count;
    const uint32_t steps = std::max(1u, minutes * 60 / static_cast<uint32_t>(axes.clock.step_seconds));
    const ExpressionId operand = e.operands[0];
    const bool is_plain = e.operands.size() == 1 && e.take == 0 && program[operand].grain.time.unit == Unit::interval && !is_uniform(operand) &&
                          !presence(stage, operand) && steps <= kMostLagged;
    if (!is_plain) return build_interpreted(stage, id);
    std::vector<Lane> values;
    for (uint32_t lag = steps; lag-- > 0;) values.push_back(read_column(stage, operand, lag == 0 ? Access::own : Access::lagged, lag));
    std::optional<uint32_t> present;
    for (Lane& value : values)
      if (plan.stages[stage].nodes[value.node].bits == 1) value = {choose(stage, value.node, constant(stage, 1), constant(stage, 0)), {}};
    const Lane result = combine_values(stage, e, values, std::vector<std::optional<uint32_t>>(values.size()), true, present);
    if (steps == 1) return result;
    UniformColumn whole;
    whole.count = plan.stages[stage].count;
    for (uint32_t t = 0; t < whole.count; ++t) whole.values.push_back(t + 1 >= steps);
    compact(whole);
    const uint32_t is_whole = uniform(stage, whole, true).node;
    if (e.fn != Aggregate::count && home.count(id.index) && home.at(id.index) == stage) previous_presence[id.index] = is_whole;
    if (plan.stages[stage].nodes[result.node].bits == 1) return {binary(stage, PlanOp::logical_and, is_whole, result.node), {}};
    return either(stage, is_whole, result, {constant(stage, 0), {}});
  }
  if (e.take != 0 && (e.fn == Aggregate::first || e.fn == Aggregate::last)) return build_interpreted(stage, id);
  if (e.fn == Aggregate::sum && e.take == 0)
    if (const auto slot_sum = build_slot_sum(stage, id)) return *slot_sum;
  const Folded f = fold(id);
  const auto [fewest, highest] = std::minmax_element(f.most.begin(), f.most.end());
  const auto counts = [&]() -> Lane {
    if (f.is_dynamic) return {load_fold(*this, stage, e, fold_counts(id), 0, *highest), {}};
    UniformColumn column = counts_column(f.most);
    if (!(fold_rows(e) == grain)) column = spread_column(column, axes.map(grain, fold_rows(e)));
    return uniform(stage, column);
  };
  const auto one_over_all = [&] {
    std::vector<Rational> shares;
    for (const uint32_t all : f.all) shares.push_back(all == 0 ? Rational(0) : Rational(Integer(1), Integer(all)));
    UniformColumn column = *column_of(shares);
    column.count = static_cast<uint32_t>(shares.size());
    return uniform(stage, column);
  };
  if (e.take != 0) {
    std::vector<Lane> values;
    std::vector<std::optional<uint32_t>> there;
    const Int128 low = std::min(f.low, f.identity), high = std::max(f.high, f.identity);
    for (uint32_t i = 0; i < static_cast<uint32_t>(std::abs(e.take)); ++i) {
      const uint32_t value = load_fold(*this, stage, e, f.array, low, high, i);
      const uint32_t is = invert(stage, binary(stage, PlanOp::equal, value, constant(stage, f.identity)));
      const bool always = !f.is_dynamic && *fewest > i;
      // Bounded again: where the value is none, it counts as 0.
      uint32_t bounded = choose(stage, is, value, constant(stage, 0));
      bounded = binary(stage, PlanOp::maximum, bounded, constant(stage, f.low));
      bounded = binary(stage, PlanOp::minimum, bounded, constant(stage, f.high));
      values.push_back({bounded, f.quantum});
      there.push_back(always ? std::nullopt : std::optional(is));
    }
    std::optional<uint32_t> present;
    return combine_values(stage, e, values, there, std::abs(e.take) <= kMostExactTaken, present);
  }
  switch (e.fn) {
    case Aggregate::count: return counts();
    case Aggregate::sum:
    case Aggregate::first:
    case Aggregate::last: {
      const uint32_t value = load_fold(*this, stage, e, f.array, f.low, f.high);
      if (e.type.kind == ValueKind::boolean) return {invert(stage, binary(stage, PlanOp::equal, value, constant(stage, 0))), {}};
      return {value, f.quantum};
    }
    case Aggregate::maximum:
    case Aggregate::minimum:
    case Aggregate::any: {
      const bool always = !f.is_dynamic && *fewest > 0;
      uint32_t value = load_fold(*this, stage, e, f.array, std::min(f.low, f.identity), std::max(f.high, f.identity));
      if (always) plan.stages[stage].nodes[value].low = f.low, plan.stages[stage].nodes[value].high = f.high;
      else value = choose(stage, binary(stage, PlanOp::equal, value, constant(stage, f.identity)), constant(stage, 0), value);
      if (e.type.kind == ValueKind::boolean || e.fn == Aggregate::any) return {invert(stage, binary(stage, PlanOp::equal, value, constant(stage, 0))), {}};
      return {value, f.quantum};
    }
    case Aggregate::mean: {
      const Lane total{load_fold(*this, stage, e, f.array, f.low, f.high), f.quantum};
      const bool fixed = is_fixed_window(e.period) && e.op == Op::aggregate;
      const bool all_whole = f.all == f.most;
      if (fixed && all_whole && !f.is_dynamic) return product(stage, total, one_over_all());
      const Lane count = counts();
      const Lane divisor{binary(stage, PlanOp::maximum, count.node, constant(stage, 1)), {}};
      const Lane by_places = rounded(stage, total, divisor, kDivideQuantum, RoundingMode::half_even);
      if (!fixed) return by_places;
      UniformColumn all = counts_column(f.all);
      const uint32_t whole = binary(stage, PlanOp::equal, count.node, uniform(stage, all).node);
      return either(stage, whole, product(stage, total, one_over_all()), by_places);
    }
  }
  return {constant(stage, 0), {}};
}

// One bit a lane and step: the reading is there. kNone where all are.
uint32_t PlanBuilder::presence_mask(uint32_t series_index) {
  const auto known = presence_masks.find(series_index);
  if (known != presence_masks.end()) return known->second;
  uint32_t& mask = presence_masks[series_index] = kNone;
  const auto at = std::find(settlement.series.begin(), settlement.series.end(), series_index);
  if (at == settlement.series.end()) return mask;
  const TileSeries& series = traces.member_series[at - settlement.series.begin()];
  const auto is_missing = [](const QualityRun& run) { return run.quality == Quality::missing; };
  if (std::none_of(series.quality.begin(), series.quality.end(), is_missing)) return mask;
  PlanArray array;
  array.kind = PlanArray::Kind::presence;
  array.name = program.series[series_index].name + " is there";
  array.bits = 32;
  array.rows = series.steps;
  array.tile_stride = size_t{series.steps} * 4;
  array.data.assign(size_t{plan.tiles} * array.tile_stride, 0xff);
  for (const QualityRun& run : series.quality)
    for (uint32_t step = run.first_step; is_missing(run) && step <= run.last_step && step < series.steps; ++step) {
      const uint32_t lane = run.member % kTileMembers;
      array.data[run.member / kTileMembers * array.tile_stride + size_t{step} * 4 + lane / 8] &= static_cast<uint8_t>(~(1u << lane % 8));
    }
  mask = static_cast<uint32_t>(plan.arrays.size());
  plan.arrays.push_back(std::move(array));
  return mask;
}

std::optional<uint32_t> PlanBuilder::presence(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  const Period grain = plan.stages[stage].grain;
  if (is_uniform(id)) {
    const UniformColumn column = *folded(id, grain);
    if (column.absent.empty()) return std::nullopt;
    UniformColumn there;
    there.count = plan.stages[stage].count;
    for (uint32_t i = 0; i < there.count; ++i) there.values.push_back(!column.is_absent(i));
    compact(there);
    return uniform(stage, there, true).node;
  }
  if (e.op == Op::series) {
    const uint32_t mask = presence_mask(e.index);
    if (mask == kNone) return std::nullopt;
    return load(stage, mask, Access::own, 0, 1, true);
  }
  if (is_from_elsewhere(e.op)) lane(stage, id);  // read in, with what is nothing
  const auto known = presence_arrays.find(id.index);
  const bool is_here = home.count(id.index) && home.at(id.index) == stage;
  if (known != presence_arrays.end() && (!is_here || plan.arrays[known->second].kind == PlanArray::Kind::input)) {
    PlanNode node;
    node.op = PlanOp::load;
    node.array = known->second;
    node.bits = 1, node.high = 1;
    node.access = e.grain.time == grain ? Access::own : e.grain.time.unit == Unit::none ? Access::first : Access::mapped;
    if (node.access == Access::mapped) node.map = map_array(grain, e.grain.time);
    return add_node(stage, node);
  }
  const bool is_fold = (e.op == Op::aggregate && !e.period.rolling && !(e.take != 0 && (e.fn == Aggregate::first || e.fn == Aggregate::last))) ||
                       (e.op == Op::previous && e.same_year && e.take == 0);
  if (is_fold) {
    if (e.fn == Aggregate::count) return std::nullopt;
    const FoldSite site = fold_site(e);
    if (site.condition != kNone) {
      const uint32_t count = load_fold(*this, stage, e, fold_counts(id), 0, site.most.empty() ? 0 : *std::max_element(site.most.begin(), site.most.end()));
      return binary(stage, PlanOp::less, constant(stage, 0), count);
    }
    if (std::find(site.most.begin(), site.most.end(), 0u) == site.most.end()) return std::nullopt;
    UniformColumn column = truth_column(counts_column(site.most), true);
    if (!(fold_rows(e) == grain)) column = spread_column(column, axes.map(grain, fold_rows(e)));
    column.count = plan.stages[stage].count;
    return uniform(stage, column, true).node;
  }
  if (e.op != Op::aggregate && e.op != Op::previous) return std::nullopt;
  // Known where it is computed; elsewhere by a column of its own.
  column(id);
  const uint32_t stage_of = home.at(id.index);
  if (presence_arrays.count(id.index) && stage_of != stage) return presence(stage, id);
  const auto at = previous_presence.find(id.index);
  if (at == previous_presence.end() || !at->second) return std::nullopt;
  if (stage_of == stage) return *at->second;
  presence_arrays[id.index] = scratch("presence of " + std::to_string(id.index), 32, plan.stages[stage_of].count);
  plan.stages[stage_of].stores.push_back({*at->second, presence_arrays[id.index]});
  return presence(stage, id);
}

uint32_t PlanBuilder::presence_column(ExpressionId id) {
  if (const auto at = presence_arrays.find(id.index); at != presence_arrays.end()) return at->second;
  column(id);
  const uint32_t stage = home.at(id.index);
  const auto there = presence(stage, id);
  if (!there) return kNone;
  if (const auto at = presence_arrays.find(id.index); at != presence_arrays.end()) return at->second;
  const uint32_t array = scratch("presence of " + std::to_string(id.index), 32, plan.stages[stage].count);
  plan.stages[stage].stores.push_back({*there, array});
  return presence_arrays[id.index] = array;
}

// Per step: the state is the running total at the end of the step before.
Lane PlanBuilder::build_quota(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  const Windows& windows = axes.windows(e.period);
  const bool by_hours = e.operands.size() > 2;
  const Lane zero{constant(stage, 0), {}};
  Lane flow = number(stage, e.operands[0]);
  flow.node = binary(stage, PlanOp::maximum, flow.node, zero.node);
  UniformColumn starts;
  starts.count = axes.clock.steps;
  Int128 longest = 0;
  for (uint32_t w = 0; w < windows.size(); ++w) longest = std::max<Int128>(longest, windows.first_step[w + 1] - windows.first_step[w]);
  for (uint32_t t = 0; t < starts.count; ++t) starts.values.push_back(windows.first_step[windows.window_of_step[t]] == t);
  compact(starts);
  const Rational step_hours(axes.clock.step_seconds, 3600);
  Lane bound = number(stage, e.operands[1]);
  const Quantum unit = by_hours ? Quantum::of(step_hours) : flow.quantum;
  const Int128 most = by_hours ? Int128{1} : plan.stages[stage].nodes[flow.node].high;
  const uint32_t state = scratch("running total of " + std::to_string(id.index), bits_for(0, most * longest), 1);
  plan.arrays[state].initialise = true;
  plan.arrays[state].initial = {0};
  Lane before{choose(stage, uniform(stage, starts, true).node, zero.node, load(stage, state, Access::first, 0, most * longest)), unit};
  const Lane negative = product(stage, before, {constant(stage, -1), {}});
  Lane room = sum(stage, bound, negative);
  room.node = binary(stage, PlanOp::maximum, room.node, zero.node);
  Lane below, step{flow.node, flow.quantum};
  const Quantum shared = common_quantum(flow.quantum, room.quantum);
  if (!by_hours) {
    below = {binary(stage, PlanOp::minimum, scaled(stage, flow, shared).node, scaled(stage, room, shared).node), shared};
  } else {
    const uint32_t counted = condition(stage, e.operands[2]);
    const Lane hours = uniform(stage, constant_column(step_hours));
    const Quantum of_room = common_quantum(room.quantum, hours.quantum);
    const uint32_t fits = binary(stage, PlanOp::less_equal, scaled(stage, hours, of_room).node, scaled(stage, room, of_room).node);
    const Lane part = product(stage, product(stage, flow, room), uniform(stage, constant_column(1 / step_hours)));
    const uint32_t is_open = binary(stage, PlanOp::less, zero.node, room.node);
    below = either(stage, counted, either(stage, fits, flow, part), either(stage, is_open, flow, zero));
    step = {choose(stage, counted, constant(stage, 1), zero.node), unit};
  }
  const uint32_t after = binary(stage, PlanOp::add, before.node, step.node);
  plan.stages[stage].stores.push_back({after, state, true});
  if (!e.beyond) return below;
  return sum(stage, flow, product(stage, below, {constant(stage, -1), {}}));
}

Lane PlanBuilder::build_previous(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  const ExpressionId operand = e.operands[0];
  const bool is_plain = !is_uniform(operand) && program[operand].grain.time == e.period && e.grain.time == e.period;
  if (!is_plain) return build_interpreted(stage, id);
  if (e.same_year) {
    if (e.take != 0) return build_interpreted(stage, id);
    return build_aggregate(stage, id);
  }
  if ((e.history == History::unsaid && e.count > 0) || e.count > kMostLagged) {
    give_up("windows before the run are looked at");
    return {constant(stage, 0), {}};
  }
  const uint32_t count = plan.stages[stage].count;
  std::vector<Lane> values;
  std::vector<std::optional<uint32_t>> there;
  column(operand);
  const uint32_t presence_of = presence_column(operand);
  for (uint32_t lag = std::min(e.count, count - 1) + 1; lag-- > 0;) {
    if (lag == 0 && !e.include_this) break;
    Lane value = read_column(stage, operand, lag == 0 ? Access::own : Access::lagged, lag);
    if (plan.stages[stage].nodes[value.node].bits == 1) value = {choose(stage, value.node, constant(stage, 1), constant(stage, 0)), {}};
    std::optional<uint32_t> is;
    if (lag > 0) {
      UniformColumn inside;
      inside.count = count;
      for (uint32_t w = 0; w < count; ++w) inside.values.push_back(w >= lag);
      compact(inside);
      is = uniform(stage, inside, true).node;
    }
    if (presence_of != kNone) {
      PlanNode node;
      node.op = PlanOp::load;
      node.array = presence_of;
      node.access = lag == 0 ? Access::own : Access::lagged;
      node.lag = lag;
      node.bits = 1, node.high = 1;
      const uint32_t was = add_node(stage, node);
      is = is ? binary(stage, PlanOp::logical_and, *is, was) : was;
    }
    values.push_back(value);
    there.push_back(is);
  }
  if (e.take != 0) {
    if (e.fn == Aggregate::first || e.fn == Aggregate::last) return build_interpreted(stage, id);
    // An insertion into the best so far, value by value.
    const size_t take = static_cast<size_t>(std::abs(e.take));
    std::vector<Lane> best;
    std::vector<uint32_t> held;
    for (size_t i = 0; i < values.size(); ++i) {
      Lane value = values[i];
      uint32_t is = there[i] ? *there[i] : truth(stage, true);
      for (size_t k = 0; k < std::min(take, i + 1); ++k) {
        if (k == best.size()) {
          best.push_back(value);
          held.push_back(is);
          break;
        }
        const uint32_t better = binary(stage, PlanOp::logical_or, invert(stage, held[k]),
                                       e.take > 0 ? binary(stage, PlanOp::less, best[k].node, value.node) : binary(stage, PlanOp::less, value.node, best[k].node));
        const uint32_t swap = binary(stage, PlanOp::logical_and, is, better);
        const Lane out{choose(stage, swap, best[k].node, value.node), value.quantum};
        const uint32_t out_is = choose(stage, swap, held[k], is);
        best[k] = {choose(stage, swap, value.node, best[k].node), value.quantum};
        held[k] = choose(stage, swap, is, held[k]);
        value = out, is = out_is;
      }
    }
    values = best;
    there.assign(held.begin(), held.end());
  }
  std::optional<uint32_t> present;
  const bool exact = e.count + (e.include_this ? 1 : 0) <= kMostExactTaken || (e.take != 0 && std::abs(e.take) <= kMostExactTaken);
  const Lane result = combine_values(stage, e, values, there, exact, present);
  previous_presence[id.index] = values.empty() && e.fn != Aggregate::count ? std::optional(truth(stage, false)) : present;
  return result;
}

Lane PlanBuilder::build_surplus(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  const Lane zero{constant(stage, 0), {}};
  const Lane change = number(stage, e.operands[0]);
  const uint32_t reset = condition(stage, e.operands[1]);
  const Lane opening = uniform(stage, constant_column(e.value));
  const Quantum quantum = e.value == 0 ? change.quantum : common_quantum(change.quantum, opening.quantum);
  const uint32_t grows = scaled(stage, change, quantum).node;
  const auto first = mantissa_of(e.value, quantum);
  const Int128 start = first && fits_int128(*first) ? to_int128(*first) : 0;
  if (!first || !fits_int128(*first)) give_up("an opening balance is too wide");
  Int128 most = std::max<Int128>(plan.stages[stage].nodes[grows].high, 0);
  if (__builtin_mul_overflow(most, Int128{plan.stages[stage].count}, &most) || most > (Int128{1} << 125)) give_up("a running surplus is too wide");
  most += std::max<Int128>(start, 0);
  const Int128 least = std::min<Int128>(start, 0);
  const uint32_t balance = scratch("surplus of " + std::to_string(id.index), bits_for(least, most), 1);
  const uint32_t emptied = scratch("reset of " + std::to_string(id.index), 32, 1);
  for (const auto& [array, initial] : {std::pair(balance, start), std::pair(emptied, Int128{0})}) {
    plan.arrays[array].initialise = true;
    plan.arrays[array].initial = {initial};
  }
  const uint32_t was_reset = load(stage, emptied, Access::first, 0, 1, true);
  const uint32_t before = choose(stage, was_reset, zero.node, load(stage, balance, Access::first, least, most));
  const uint32_t sum = binary(stage, PlanOp::add, before, grows);
  uint32_t after = binary(stage, PlanOp::maximum, sum, zero.node);
  after = binary(stage, PlanOp::minimum, after, constant(stage, most));  // the bound the sum of all changes sets
  plan.stages[stage].stores.push_back({after, balance, true});
  plan.stages[stage].stores.push_back({reset, emptied, true});
  if (e.beyond) return {binary(stage, PlanOp::maximum, product(stage, {sum, quantum}, {constant(stage, -1), {}}).node, zero.node), quantum};
  return {after, quantum};
}

}  // namespace wattlaw
