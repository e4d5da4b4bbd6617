// Expressions at their grain: ranks, stages, columns between stages.
#include <algorithm>
#include <cstring>

#include "compiler/interpret/interpret.h"
#include "compiler/plan/plan_builder.h"
#include "compiler/plan/slot_sums.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

constexpr size_t kMostStageNodes = 500;      // LLVM's time grows faster than a function
constexpr int kMostRank = 200;

bool is_stateful(Op op) { return op == Op::quota || op == Op::running_surplus || op == Op::previous; }

void append(std::vector<uint8_t>& bytes, Int128 value, uint8_t bits) {
  const size_t at = bytes.size();
  bytes.resize(at + bits / 8);
  std::memcpy(bytes.data() + at, &value, bits / 8);  // little endian
}

}  // namespace

PlanBuilder::PlanBuilder(const TypedProgram& p, const Settlement& s, Axes& a, UniformFolder& f, const Traces& t, EntityGrain l, const GivenColumns& g)
    : program(p), settlement(s), axes(a), folder(f), traces(t), lanes(l), members(members_of(t, l).size()), given(g), ranks_(p.expressions.size(), -1), inline_(p.expressions.size(), -1) {
  plan.tiles = (members + kTileMembers - 1) / kTileMembers;
  plan.fault_array = scratch("fault", 32, 1);
  plan.arrays[plan.fault_array].initialise = true;
  plan.arrays[plan.fault_array].initial = {0};
  slots = std::make_unique<SlotSums>();
}

PlanBuilder::~PlanBuilder() = default;

bool PlanBuilder::is_uniform(ExpressionId id) const { return program[id].grain.entity == EntityGrain::none; }

bool PlanBuilder::is_inline(ExpressionId id) {
  if (inline_[id.index] >= 0) return inline_[id.index];
  const Expression& e = program[id];
  bool is = e.grain.entity == lanes && e.grain.time.unit == Unit::none;
  switch (e.op) {
    case Op::aggregate:
    case Op::quota:
    case Op::previous:
    case Op::running_surplus:
    case Op::dated:
    case Op::divide:
    case Op::round:
    case Op::root: is = false; break;
    default: break;
  }
  if (!is_from_elsewhere(e.op))  // these are read in, whatever they were made of
    for (const ExpressionId operand : e.operands)
      if (is && !is_uniform(operand)) is = is_inline(operand);
  inline_[id.index] = is;
  return is;
}

int PlanBuilder::rank(ExpressionId id) {
  int& known = ranks_[id.index];
  if (known >= 0) return known;
  const Expression& e = program[id];
  if (is_uniform(id) || is_inline(id) || is_from_elsewhere(e.op)) return known = 0;
  Period at = e.grain.time;
  const bool folds = e.op == Op::aggregate && !e.period.rolling;
  if (e.op == Op::aggregate) {
    at = program[e.operands[0]].grain.time;
    if (at.unit == Unit::none && e.operands.size() > 1) at = program[e.operands[1]].grain.time;
    if (at.unit == Unit::none) at = Period{Unit::interval};
  }
  int highest = 0;
  for (const ExpressionId operand : e.operands) {
    if (is_uniform(operand) || is_inline(operand)) continue;
    highest = std::max(highest, rank(operand) + (program[operand].grain.time == at ? 0 : 1));
  }
  if (folds || e.op == Op::aggregate || e.op == Op::previous) ++highest;
  if (highest > kMostRank) give_up("values are nested too deep");
  return known = highest;
}

uint32_t PlanBuilder::open_stage(uint32_t rank, const Period& grain) {
  for (auto& [known_rank, known_grain, stage] : current_) {
    if (known_rank != rank || !(known_grain == grain)) continue;
    const PlanStage& open = plan.stages[stage];
    uint32_t width = 0;  // of the accumulators kept in registers
    for (const PlanAccumulator& accumulator : open.accumulators) width += plan.arrays[accumulator.array].bits / 32;
    const bool is_full = open.nodes.size() > kMostStageNodes || (grain.unit == Unit::interval && width >= 12);
    if (!is_full) return stage;
    stage = static_cast<uint32_t>(plan.stages.size());
    break;
  }
  const uint32_t stage = static_cast<uint32_t>(plan.stages.size());
  if (std::none_of(current_.begin(), current_.end(), [&](const auto& open) { return std::get<2>(open) == stage; })) current_.emplace_back(rank, grain, stage);
  PlanStage made;
  made.grain = grain;
  made.rank = rank;
  made.count = axes.count(grain);
  plan.stages.push_back(std::move(made));
  memo.emplace_back();
  known_nodes.emplace_back();
  return stage;
}

uint32_t PlanBuilder::scratch(std::string name, uint8_t bits, uint32_t rows, uint32_t elements) {
  PlanArray array;
  array.name = std::move(name);
  array.bits = bits;
  array.rows = rows;
  array.elements = elements;
  plan.arrays.push_back(std::move(array));
  return static_cast<uint32_t>(plan.arrays.size()) - 1;
}

uint32_t PlanBuilder::uniform_array(const UniformColumn& column, bool is_boolean) {
  const auto [low, high] = std::minmax_element(column.values.begin(), column.values.end());
  PlanArray array;
  array.kind = PlanArray::Kind::uniform;
  array.name = is_boolean ? "truth" : "uniform";
  array.bits = is_boolean ? 32 : bits_for(*low, *high);
  array.rows = column.count;
  array.data.reserve(size_t{column.count} * array.bits / 8);
  for (uint32_t i = 0; i < column.count; ++i) append(array.data, is_boolean ? Int128{column.at(i) != 0} : column.at(i), array.bits);
  std::vector<uint8_t> key = array.data;
  key.push_back(array.bits);
  const auto [at, is_new] = uniform_by_bytes_.try_emplace(std::move(key), static_cast<uint32_t>(plan.arrays.size()));
  if (is_new) plan.arrays.push_back(std::move(array));
  return at->second;
}

uint32_t PlanBuilder::map_array(const Period& fine, const Period& coarse) {
  for (const auto& [from, to, array] : map_arrays)
    if (from == fine && to == coarse) return array;
  const std::vector<uint32_t>& map = axes.map(fine, coarse);
  PlanArray array;
  array.kind = PlanArray::Kind::uniform;
  array.name = period_name(fine) + " to " + period_name(coarse);
  array.bits = 32;
  array.rows = static_cast<uint32_t>(map.size());
  for (const uint32_t window : map) append(array.data, window, 32);
  plan.arrays.push_back(std::move(array));
  map_arrays.emplace_back(fine, coarse, static_cast<uint32_t>(plan.arrays.size()) - 1);
  return static_cast<uint32_t>(plan.arrays.size()) - 1;
}

const UniformColumn* PlanBuilder::folded(ExpressionId id, const Period& grain) {
  static const UniformColumn zero = constant_column(0);
  const UniformColumn* column = folder.fold(id);
  if (!column) {
    give_up(folder.why);
    return &zero;
  }
  const Period& own = program[id].grain.time;
  if (own == grain || (column->is_constant() && column->absent.empty())) return column;
  static thread_local UniformColumn spread;
  spread = spread_column(*column, axes.map(grain, own));
  return &spread;
}

Lane PlanBuilder::lane(uint32_t stage, ExpressionId id) {
  if (const auto at = memo[stage].find(id.index); at != memo[stage].end()) return at->second;
  const Expression& e = program[id];
  const bool is_boolean = e.type.kind == ValueKind::boolean;
  Lane made;
  if (!why.empty()) {
    made = {is_boolean ? truth(stage, false) : constant(stage, 0), {}};
  } else if (is_uniform(id)) {
    made = uniform(stage, *folded(id, plan.stages[stage].grain), is_boolean);
  } else if (is_inline(id)) {
    made = build(stage, id);
  } else {
    // A value has one home: the first stage of its rank and grain that needs it. Later stages read its column, so that whoever reads
    // it at a rank in between finds it written. Steps are computed again instead: their columns are as long as the readings.
    const bool same_grain = e.grain.time == plan.stages[stage].grain;
    const bool is_again = e.grain.time.unit == Unit::interval && !is_stateful(e.op);
    const bool is_home = rank(id) == static_cast<int>(plan.stages[stage].rank) && !home.count(id.index);
    if (same_grain && (is_home || is_again)) {
      if (is_home) home[id.index] = stage;
      made = build(stage, id);
    } else {
      made = read_column(stage, id);
    }
  }
  memo[stage][id.index] = made;
  return made;
}

uint32_t PlanBuilder::condition(uint32_t stage, ExpressionId id) {
  const Lane made = lane(stage, id);
  const PlanNode& node = plan.stages[stage].nodes[made.node];
  return node.bits == 1 ? made.node : invert(stage, binary(stage, PlanOp::equal, made.node, constant(stage, 0)));
}

Lane PlanBuilder::number(uint32_t stage, ExpressionId id) {
  const Lane made = lane(stage, id);
  if (plan.stages[stage].nodes[made.node].bits != 1) return made;
  return {choose(stage, made.node, constant(stage, 1), constant(stage, 0)), {}};
}

const StoredColumn& PlanBuilder::column(ExpressionId id) {
  if (const auto at = stored.find(id.index); at != stored.end()) return at->second;
  const Expression& e = program[id];
  uint32_t stage;
  if (const auto at = home.find(id.index); at != home.end()) {
    stage = at->second;
  } else {
    stage = open_stage(static_cast<uint32_t>(rank(id)), e.grain.time);
    lane(stage, id);
    home.try_emplace(id.index, stage);
  }
  const Lane made = lane(stage, id);
  const PlanNode& node = plan.stages[stage].nodes[made.node];
  StoredColumn column;
  column.is_boolean = node.bits == 1;
  column.quantum = made.quantum;
  column.low = node.low, column.high = node.high;
  column.array = scratch("column of " + std::to_string(id.index), column.is_boolean ? 32 : bits_for(node.low, node.high), plan.stages[stage].count);
  plan.stages[stage].stores.push_back({made.node, column.array});
  return stored.emplace(id.index, std::move(column)).first->second;
}

Lane PlanBuilder::read_column(uint32_t stage, ExpressionId id, Access access, uint32_t lag) {
  const StoredColumn& column = this->column(id);
  const Period& own = program[id].grain.time;
  const Period grain = plan.stages[stage].grain;
  PlanNode node;
  node.op = PlanOp::load;
  node.array = column.array;
  node.access = access;
  node.lag = lag;
  node.low = column.low, node.high = column.high;
  node.bits = column.is_boolean ? 1 : plan.arrays[column.array].bits;
  node.origin = id;
  if (access == Access::own && !(own == grain)) {
    node.access = own.unit == Unit::none ? Access::first : Access::mapped;
    if (node.access == Access::mapped) node.map = map_array(grain, own);
  }
  return {add_node(stage, node), column.quantum};
}

Lane PlanBuilder::build(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  switch (e.op) {
    case Op::constant:
    case Op::in_time_set:
    case Op::band:
    case Op::window_days:
    case Op::window_share:
    case Op::date_at: break;  // uniform
    case Op::over_members:
    case Op::of_holder:
    case Op::allocate:
    case Op::same_time:
    case Op::origin: return build_given(stage, id);
    case Op::series:
    case Op::attribute: return build_leaf(stage, id);
    case Op::add:
    case Op::multiply: {
      Lane result = number(stage, e.operands[0]);
      for (size_t i = 1; i < e.operands.size(); ++i) {
        const Lane next = number(stage, e.operands[i]);
        result = e.op == Op::add ? sum(stage, result, next) : product(stage, result, next);
      }
      return result;
    }
    case Op::negate:
    case Op::absolute: {
      const Lane of = number(stage, e.operands[0]);
      const Lane negative = product(stage, of, {constant(stage, -1), {}});
      return e.op == Op::negate ? negative : Lane{binary(stage, PlanOp::maximum, of.node, negative.node), of.quantum};
    }
    case Op::minimum:
    case Op::maximum: {
      Lane result = number(stage, e.operands[0]);
      for (size_t i = 1; i < e.operands.size(); ++i) {
        const Lane next = number(stage, e.operands[i]);
        const Quantum quantum = common_quantum(result.quantum, next.quantum);
        const uint32_t a = scaled(stage, result, quantum).node, b = scaled(stage, next, quantum).node;
        result = {binary(stage, e.op == Op::minimum ? PlanOp::minimum : PlanOp::maximum, a, b), quantum};
      }
      return result;
    }
    case Op::less:
    case Op::less_equal:
    case Op::equal: return build_compare(stage, e);
    case Op::logical_not: return {invert(stage, condition(stage, e.operands[0])), {}};
    case Op::logical_and:
    case Op::logical_or: {
      uint32_t result = condition(stage, e.operands[0]);
      for (size_t i = 1; i < e.operands.size(); ++i)
        result = binary(stage, e.op == Op::logical_and ? PlanOp::logical_and : PlanOp::logical_or, result, condition(stage, e.operands[i]));
      return {result, {}};
    }
    case Op::select: {
      const uint32_t when = condition(stage, e.operands[0]);
      const Lane yes = lane(stage, e.operands[1]), no = lane(stage, e.operands[2]);
      if (e.type.kind == ValueKind::boolean) {
        const uint32_t a = condition(stage, e.operands[1]), b = condition(stage, e.operands[2]);
        return {choose(stage, when, a, b), {}};
      }
      return either(stage, when, yes, no);
    }
    case Op::linearly: return build_linearly(stage, e);
    case Op::dated: return build_dated(stage, e);
    case Op::divide: return rounded(stage, number(stage, e.operands[0]), number(stage, e.operands[1]),
                                    Rational(Integer(1), boost::multiprecision::pow(Integer(10), kDividePlaces)), RoundingMode::half_even);
    case Op::round: {
      const Lane of = number(stage, e.operands[0]);
      std::optional<Lane> by;
      if (e.operands.size() > 1) by = number(stage, e.operands[1]);
      return rounded(stage, of, by, e.value, e.rounding);
    }
    case Op::root: return build_root(stage, e);
    case Op::aggregate: return build_aggregate(stage, id);
    case Op::quota: return build_quota(stage, id);
    case Op::previous: return build_previous(stage, id);
    case Op::running_surplus: return build_surplus(stage, id);
  }
  give_up("an expression of no member");
  return {constant(stage, 0), {}};
}

namespace {

// Lanes of 32 attribute values a tile; lanes past the last member are 0.
PlanArray attribute_array(const std::string& name, const std::vector<Rational>& values, uint32_t tiles, Quantum& quantum, Int128& low, Int128& high, bool& fits) {
  const auto column = column_of(values);
  fits = column.has_value();
  PlanArray array;
  array.kind = PlanArray::Kind::input;
  array.name = name;
  array.rows = 1;
  low = high = 0;
  if (!fits) return array;
  quantum = column->quantum;
  for (const Int128 value : column->values) low = std::min(low, value), high = std::max(high, value);
  array.bits = bits_for(low, high);
  for (uint32_t lane = 0; lane < tiles * kTileMembers; ++lane) append(array.data, lane < values.size() ? column->at(lane) : 0, array.bits);
  array.tile_stride = size_t{kTileMembers} * array.bits / 8;
  return array;
}

}  // namespace

Lane PlanBuilder::build_leaf(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  if (e.op == Op::attribute) {
    const auto at = std::find(settlement.attributes.begin(), settlement.attributes.end(), e.index);
    if (at == settlement.attributes.end()) {
      give_up("an attribute is read that was not loaded");
      return {constant(stage, 0), {}};
    }
    const uint32_t key = UINT32_MAX - 1 - id.index;  // under its own id stands its column in a stage, if somebody wants one
    auto known = stored.find(key);
    if (known == stored.end()) {
      StoredColumn column;
      bool fits = true;
      PlanArray array = attribute_array(program.attributes[e.index].name, traces.attributes[at - settlement.attributes.begin()], plan.tiles,
                                        column.quantum, column.low, column.high, fits);
      if (!fits) give_up("an attribute is too wide");
      column.array = static_cast<uint32_t>(plan.arrays.size());
      plan.arrays.push_back(std::move(array));
      known = stored.emplace(key, column).first;
    }
    const StoredColumn& column = known->second;
    const uint32_t value = load(stage, column.array, Access::first, column.low, column.high);
    if (e.type.kind == ValueKind::boolean) return {invert(stage, binary(stage, PlanOp::equal, value, constant(stage, 0))), {}};
    return {value, column.quantum};
  }
  const auto at = std::find(settlement.series.begin(), settlement.series.end(), e.index);
  if (at == settlement.series.end()) {
    give_up("a series is read that was not loaded");
    return {constant(stage, 0), {}};
  }
  const uint32_t position = static_cast<uint32_t>(at - settlement.series.begin());
  const TileSeries& series = traces.member_series[position];
  auto [known, is_new] = series_arrays.try_emplace(e.index, static_cast<uint32_t>(plan.arrays.size()));
  if (is_new) {
    PlanArray array;
    array.kind = PlanArray::Kind::series;
    array.name = program.series[e.index].name;
    array.bits = series.width * 8;
    array.rows = series.steps;
    array.external = series.bytes.get();
    array.tile_stride = size_t{series.steps} * kTileMembers * series.width;
    array.served = position;
    plan.arrays.push_back(std::move(array));
  }
  const uint32_t value = load(stage, known->second, Access::own, std::min<Int128>(series.min, 0), std::max<Int128>(series.max, 0));
  const auto there = presence(stage, id);
  return {there ? choose(stage, *there, value, constant(stage, 0)) : value, series.quantum};
}

Lane PlanBuilder::build_dated(uint32_t stage, const Expression& e) {
  const Windows& windows = axes.windows(e.grain.time);
  const Clock& clock = axes.clock;
  std::vector<std::vector<Rational>> weight(e.operands.size(), std::vector<Rational>(windows.size()));
  for (uint32_t t = 0; t < windows.size(); ++t) {
    const Date begin = std::max(windows.nominal_begin[t], clock.first_date), end = std::min(windows.nominal_end[t], clock.end_date);
    if (e.change == Change::by_days && begin < end) {
      for (size_t i = 0; i < e.operands.size(); ++i) {
        const Date from = i == 0 ? begin : std::clamp(e.dates[i], begin, end);
        const Date until = i + 1 < e.dates.size() ? std::clamp(e.dates[i + 1], begin, end) : end;
        if (from < until) weight[i][t] = Rational(until.days - from.days, end.days - begin.days);
      }
      continue;
    }
    const Date date = clock.date_of_step(e.change == Change::at_end ? windows.first_step[t + 1] - 1 : windows.first_step[t]);
    size_t version = 0;
    while (version + 1 < e.operands.size() && version + 1 < e.dates.size() && e.dates[version + 1] <= date) ++version;
    weight[version][t] = 1;
  }
  const bool by_days = e.change == Change::by_days && e.type.kind != ValueKind::boolean;
  Lane result{e.type.kind == ValueKind::boolean ? truth(stage, false) : constant(stage, 0), {}};
  for (size_t i = 0; i < e.operands.size(); ++i) {
    auto column = column_of(weight[i]);
    if (!column) {
      give_up("the shares of a dated value are too wide");
      return result;
    }
    column->count = windows.size();
    if (column->is_constant() && column->values[0] == 0) continue;
    if (by_days) result = sum(stage, result, product(stage, number(stage, e.operands[i]), uniform(stage, *column)));
    else if (e.type.kind == ValueKind::boolean) result.node = choose(stage, uniform(stage, *column, true).node, condition(stage, e.operands[i]), result.node);
    else result = either(stage, uniform(stage, *column, true).node, number(stage, e.operands[i]), result);
  }
  return result;
}

// A column that stands ready before the run: [window * members + member], `nothing` empty if it is always there.
Lane PlanBuilder::read_input(uint32_t stage, ExpressionId id, const std::vector<Int128>& mantissas, const Quantum& quantum, const std::vector<uint8_t>& nothing) {
  const Expression& e = program[id];
  const uint32_t key = UINT32_MAX - 1 - id.index, windows = axes.count(e.grain.time);
  auto known = stored.find(key);
  if (known == stored.end()) {
    const auto add_input = [&](uint8_t bits, const auto& value_of) {
      PlanArray array;
      array.kind = PlanArray::Kind::input;
      array.name = "given " + std::to_string(id.index);
      array.bits = bits;
      array.rows = windows;
      array.tile_stride = size_t{windows} * kTileMembers * bits / 8;
      for (uint32_t tile = 0; tile < plan.tiles; ++tile)
        for (uint32_t w = 0; w < windows; ++w)
          for (uint32_t lane = 0; lane < kTileMembers; ++lane) {
            const uint32_t member = tile * kTileMembers + lane;
            append(array.data, member < members ? value_of(size_t{w} * members + member) : Int128{0}, bits);
          }
      plan.arrays.push_back(std::move(array));
      return static_cast<uint32_t>(plan.arrays.size()) - 1;
    };
    StoredColumn column;
    column.quantum = quantum;
    for (const Int128 value : mantissas) column.low = std::min(column.low, value), column.high = std::max(column.high, value);
    column.array = add_input(bits_for(column.low, column.high), [&](size_t i) { return mantissas[i]; });
    if (std::find(nothing.begin(), nothing.end(), 1) != nothing.end()) presence_arrays[id.index] = add_input(32, [&](size_t i) { return Int128{!nothing[i]}; });
    known = stored.emplace(key, column).first;
  }
  const StoredColumn& column = known->second;
  const uint32_t value = load(stage, column.array, e.grain.time.unit == Unit::none ? Access::first : Access::own, column.low, column.high);
  if (e.type.kind == ValueKind::boolean) return {invert(stage, binary(stage, PlanOp::equal, value, constant(stage, 0))), {}};
  return {value, column.quantum};
}

// What no kernel computes: the interpreter does, before the run.
Lane PlanBuilder::build_interpreted(uint32_t stage, ExpressionId id) {
  const Expression& e = program[id];
  std::vector<Int128> mantissas;
  std::vector<uint8_t> nothing;
  Quantum quantum;
  if (!stored.contains(UINT32_MAX - 1 - id.index)) {
    Interpreter oracle(program, settlement, axes.clock, traces);
    const Windows& windows = axes.windows(e.grain.time);
    std::vector<Rational> values(size_t{windows.size()} * members);
    nothing.resize(values.size());
    for (uint32_t member = 0; member < members; ++member) {
      for (uint32_t w = 0; w < windows.size(); ++w) {
        const Value value = oracle.evaluate(id, member, windows.first_step[w]);
        values[size_t{w} * members + member] = value.number;
        nothing[size_t{w} * members + member] = value.nothing;
      }
      oracle.forget_site(member);
    }
    const auto column = column_of(values);
    if (oracle.fault() || !column) {
      give_up("a value that only the interpreter computes has a fault");
      return {constant(stage, 0), {}};
    }
    quantum = column->quantum;
    for (size_t i = 0; i < values.size(); ++i) mantissas.push_back(column->at(static_cast<uint32_t>(i)));
  }
  return read_input(stage, id, mantissas, quantum, nothing);
}

Lane PlanBuilder::build_given(uint32_t stage, ExpressionId id) {
  const auto found = given.find(id.index);
  if (found == given.end()) {
    give_up("what one member has of another is not known");
    return {constant(stage, 0), {}};
  }
  std::vector<Int128> mantissas(found->second.values.size());
  for (size_t i = 0; i < mantissas.size(); ++i) mantissas[i] = found->second.values[i];
  return read_input(stage, id, mantissas, found->second.quantum, found->second.nothing);
}

PlanOutput PlanBuilder::output(ExpressionId id, bool wants_presence) {
  PlanOutput out;
  out.expression = id;
  const StoredColumn column = this->column(id);
  out.array = column.array;
  out.quantum = column.quantum;
  out.rows = axes.count(program[id].grain.time);
  if (wants_presence) out.presence = presence_column(id);
  return out;
}

}  // namespace wattlaw
