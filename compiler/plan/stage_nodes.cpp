// Nodes with proven ranges, and lanes (nodes with a quantum) made of them.
#include <algorithm>
#include <cmath>

#include "compiler/plan/plan_builder.h"

namespace wattlaw {
namespace {

constexpr Int128 kMost = Int128{1} << 126;

struct Bounds {
  Int128 low, high;
  bool checked;
};

// Bounds that leave 126 bits are cut there; the node then looks out for overflow itself.
Bounds cut(Int128 low, Int128 high, bool overflowed) {
  if (overflowed || low < -kMost || high > kMost) return {-kMost, kMost, true};
  return {low, high, false};
}

Bounds bounds_of_sum(const PlanNode& a, const PlanNode& b) {
  Int128 low, high;
  const bool overflowed = __builtin_add_overflow(a.low, b.low, &low) | __builtin_add_overflow(a.high, b.high, &high);
  return cut(low, high, overflowed);
}

Bounds bounds_of_product(const PlanNode& a, const PlanNode& b) {
  Int128 corner[4];
  bool overflowed = __builtin_mul_overflow(a.low, b.low, &corner[0]);
  overflowed |= __builtin_mul_overflow(a.low, b.high, &corner[1]);
  overflowed |= __builtin_mul_overflow(a.high, b.low, &corner[2]);
  overflowed |= __builtin_mul_overflow(a.high, b.high, &corner[3]);
  return cut(*std::min_element(corner, corner + 4), *std::max_element(corner, corner + 4), overflowed);
}

}  // namespace

uint32_t PlanBuilder::add_node(uint32_t stage, PlanNode node) {
  std::vector<PlanNode>& nodes = plan.stages[stage].nodes;
  const std::vector<Int128> key{static_cast<int>(node.op), node.bits, node.a, node.b, node.c, node.array, node.element, static_cast<int>(node.access),
                                node.map, node.lag, node.root, node.value, static_cast<int>(node.rounding)};
  const auto [at, is_new] = known_nodes[stage].try_emplace(key, static_cast<uint32_t>(nodes.size()));
  if (is_new) nodes.push_back(std::move(node));
  return at->second;
}

uint32_t PlanBuilder::constant(uint32_t stage, Int128 value) {
  PlanNode node;
  node.op = PlanOp::constant;
  node.value = node.low = node.high = value;
  node.bits = bits_for(value, value);
  return add_node(stage, node);
}

uint32_t PlanBuilder::truth(uint32_t stage, bool value) {
  PlanNode node;
  node.op = PlanOp::constant;
  node.value = node.low = node.high = value;
  node.bits = 1;
  return add_node(stage, node);
}

uint32_t PlanBuilder::binary(uint32_t stage, PlanOp op, uint32_t ia, uint32_t ib) {
  const PlanNode a = plan.stages[stage].nodes[ia], b = plan.stages[stage].nodes[ib];
  const bool const_a = a.op == PlanOp::constant, const_b = b.op == PlanOp::constant;
  PlanNode node;
  node.op = op;
  node.a = ia, node.b = ib;
  switch (op) {
    case PlanOp::add: {
      if (const_a && a.value == 0) return ib;
      if (const_b && b.value == 0) return ia;
      const Bounds bounds = bounds_of_sum(a, b);
      node.low = bounds.low, node.high = bounds.high, node.checked = bounds.checked;
      break;
    }
    case PlanOp::multiply: {
      if ((const_a && a.value == 1) || (const_b && b.value == 0)) return ib;
      if ((const_b && b.value == 1) || (const_a && a.value == 0)) return ia;
      const Bounds bounds = bounds_of_product(a, b);
      node.low = bounds.low, node.high = bounds.high, node.checked = bounds.checked;
      break;
    }
    case PlanOp::minimum:
      if (ia == ib || a.high <= b.low) return ia;
      if (b.high <= a.low) return ib;
      node.low = std::min(a.low, b.low), node.high = std::min(a.high, b.high);
      break;
    case PlanOp::maximum:
      if (ia == ib || a.low >= b.high) return ia;
      if (b.low >= a.high) return ib;
      node.low = std::max(a.low, b.low), node.high = std::max(a.high, b.high);
      break;
    case PlanOp::less:
      if (a.high < b.low) return truth(stage, true);
      if (a.low >= b.high) return truth(stage, false);
      break;
    case PlanOp::less_equal:
      if (a.high <= b.low) return truth(stage, true);
      if (a.low > b.high) return truth(stage, false);
      break;
    case PlanOp::equal:
      if (a.high < b.low || b.high < a.low) return truth(stage, false);
      if (const_a && const_b) return truth(stage, a.value == b.value);
      break;
    case PlanOp::logical_and:
      if (const_a) return a.value != 0 ? ib : ia;
      if (const_b) return b.value != 0 ? ia : ib;
      if (ia == ib) return ia;
      break;
    case PlanOp::logical_or:
      if (const_a) return a.value != 0 ? ia : ib;
      if (const_b) return b.value != 0 ? ib : ia;
      if (ia == ib) return ia;
      break;
    default: break;
  }
  if (node.op == PlanOp::add || node.op == PlanOp::multiply || node.op == PlanOp::minimum || node.op == PlanOp::maximum) {
    node.bits = std::max({bits_for(node.low, node.high), a.bits, b.bits});
    // One instruction makes 64 bits of 32 × 32; the narrow product takes two, and is widened to be summed.
    if (op == PlanOp::multiply && !const_a && !const_b) node.bits = std::max<uint8_t>(node.bits, 64);
    if (const_a && const_b && !node.checked && node.low == node.high) return constant(stage, node.low);
  } else {
    node.bits = 1;
    node.high = 1;
  }
  return add_node(stage, node);
}

uint32_t PlanBuilder::choose(uint32_t stage, uint32_t condition, uint32_t yes, uint32_t no) {
  const auto& nodes = plan.stages[stage].nodes;
  if (nodes[condition].op == PlanOp::constant) return nodes[condition].value != 0 ? yes : no;
  if (yes == no) return yes;
  PlanNode node;
  node.op = PlanOp::select;
  node.a = condition, node.b = yes, node.c = no;
  node.low = std::min(nodes[yes].low, nodes[no].low), node.high = std::max(nodes[yes].high, nodes[no].high);
  node.bits = std::max(nodes[yes].bits, nodes[no].bits);
  return add_node(stage, node);
}

uint32_t PlanBuilder::invert(uint32_t stage, uint32_t condition) {
  const PlanNode& of = plan.stages[stage].nodes[condition];
  if (of.op == PlanOp::constant) return truth(stage, of.value == 0);
  if (of.op == PlanOp::logical_not) return of.a;
  PlanNode node;
  node.op = PlanOp::logical_not;
  node.bits = 1, node.high = 1;
  node.a = condition;
  return add_node(stage, node);
}

uint32_t PlanBuilder::load(uint32_t stage, uint32_t array, Access access, Int128 low, Int128 high, bool is_boolean, uint32_t element) {
  PlanNode node;
  node.op = PlanOp::load;
  node.array = array, node.access = access, node.element = element;
  node.low = low, node.high = high;
  node.bits = is_boolean ? 1 : std::max<uint8_t>(plan.arrays[array].bits, 32);
  return add_node(stage, node);
}

uint32_t PlanBuilder::round_quotient(uint32_t stage, uint32_t ia, uint32_t ib, RoundingMode mode) {
  const PlanNode a = plan.stages[stage].nodes[ia], b = plan.stages[stage].nodes[ib];
  if (b.op == PlanOp::constant && b.value == 1) return ia;
  PlanNode node;
  node.op = PlanOp::round_quotient;
  node.a = ia, node.b = ib, node.rounding = mode;
  Int128 most = std::max(a.high, -a.low);
  if (b.low > 0) most = most / b.low + 1;
  node.low = a.low >= 0 && b.low >= 0 ? 0 : -most;
  node.high = most;
  node.bits = bits_for(node.low, node.high);
  return add_node(stage, node);
}

Lane PlanBuilder::scaled(uint32_t stage, Lane lane, const Quantum& quantum) {
  if (lane.quantum == quantum) return lane;
  const auto factor = mantissa_of(lane.quantum.value(), quantum);
  if (!factor || !fits_int128(*factor)) {
    give_up("a number is too wide for the kernels");
    return {lane.node, quantum};
  }
  return {binary(stage, PlanOp::multiply, lane.node, constant(stage, to_int128(*factor))), quantum};
}

namespace {
bool is_zero(const PlanBuilder& builder, uint32_t stage, const Lane& lane) {
  const PlanNode& node = builder.plan.stages[stage].nodes[lane.node];
  return node.low == 0 && node.high == 0;
}
// Zero is a multiple of every quantum, so it asks for none.
Quantum shared_quantum(const PlanBuilder& builder, uint32_t stage, const Lane& a, const Lane& b) {
  if (is_zero(builder, stage, a)) return b.quantum;
  if (is_zero(builder, stage, b)) return a.quantum;
  return common_quantum(a.quantum, b.quantum);
}
}  // namespace

Lane PlanBuilder::sum(uint32_t stage, Lane a, Lane b) {
  if (is_zero(*this, stage, a)) return b;
  if (is_zero(*this, stage, b)) return a;
  const Quantum quantum = common_quantum(a.quantum, b.quantum);
  return {binary(stage, PlanOp::add, scaled(stage, a, quantum).node, scaled(stage, b, quantum).node), quantum};
}

Lane PlanBuilder::product(uint32_t stage, Lane a, Lane b) {
  return {binary(stage, PlanOp::multiply, a.node, b.node), Quantum::of(a.quantum.value() * b.quantum.value())};
}

Lane PlanBuilder::either(uint32_t stage, uint32_t condition, Lane yes, Lane no) {
  const auto& nodes = plan.stages[stage].nodes;
  if (nodes[condition].op == PlanOp::constant) return nodes[condition].value != 0 ? yes : no;
  const Quantum quantum = shared_quantum(*this, stage, yes, no);
  const auto at = [&](const Lane& lane) { return is_zero(*this, stage, lane) ? constant(stage, 0) : scaled(stage, lane, quantum).node; };
  const uint32_t a = at(yes), b = at(no);
  return {choose(stage, condition, a, b), quantum};
}

Lane PlanBuilder::uniform(uint32_t stage, const UniformColumn& column, bool is_boolean) {
  if (column.is_constant()) return {is_boolean ? truth(stage, column.values[0] != 0) : constant(stage, column.values[0]), column.quantum};
  const auto [low, high] = std::minmax_element(column.values.begin(), column.values.end());
  const uint32_t array = uniform_array(column, is_boolean);
  if (is_boolean) return {load(stage, array, Access::own, 0, 1, true), {}};
  return {load(stage, array, Access::own, *low, *high), column.quantum};
}

Lane PlanBuilder::rounded(uint32_t stage, Lane a, std::optional<Lane> b, const Rational& quantum, RoundingMode mode) {
  Rational ratio = a.quantum.value() / quantum;
  if (b) ratio /= b->quantum.value();
  const Integer up = numerator(ratio), down = denominator(ratio);
  if (!fits_int128(up) || !fits_int128(down)) {
    give_up("a rounding is too wide for the kernels");
    return a;
  }
  const uint32_t dividend = binary(stage, PlanOp::multiply, a.node, constant(stage, to_int128(up)));
  uint32_t divisor = constant(stage, to_int128(down));
  if (b) divisor = binary(stage, PlanOp::multiply, b->node, divisor);
  return {round_quotient(stage, dividend, divisor, mode), Quantum::of(quantum)};
}

Lane PlanBuilder::build_root(uint32_t stage, const Expression& e) {
  const Lane of = number(stage, e.operands[0]);
  PlanNode node;
  node.op = PlanOp::root;
  node.a = of.node;
  node.root = static_cast<uint32_t>(plan.roots.size());
  plan.roots.push_back({of.quantum.value(), e.value, e.rounding});
  const long double most = std::sqrt(static_cast<long double>(std::max<Int128>(plan.stages[stage].nodes[of.node].high, 0)) *
                                     of.quantum.value().convert_to<long double>()) / e.value.convert_to<long double>();
  node.high = most < 1e37L ? static_cast<Int128>(most * 1.0001L) + 2 : kMost;
  node.bits = bits_for(0, node.high);
  return {add_node(stage, node), Quantum::of(e.value)};
}

Lane PlanBuilder::build_linearly(uint32_t stage, const Expression& e) {
  const Lane x = number(stage, e.operands[0]);
  std::vector<Rational> points;
  for (size_t i = 1; i < e.operands.size(); ++i) {
    const UniformColumn* point = is_uniform(e.operands[i]) ? folder.fold(e.operands[i]) : nullptr;
    if (!point || !point->is_constant()) {
      give_up("a point of `linearly` is no constant");
      return x;
    }
    points.push_back(point->rational(0));
  }
  const auto fixed = [&](const Rational& value) { return uniform(stage, constant_column(value)); };
  const auto up_to = [&](const Rational& bound) {
    const Lane limit = fixed(bound);
    const Quantum quantum = shared_quantum(*this, stage, x, limit);
    return binary(stage, PlanOp::less_equal, scaled(stage, x, quantum).node, is_zero(*this, stage, limit) ? constant(stage, 0) : scaled(stage, limit, quantum).node);
  };
  Lane result = fixed(points.back());
  for (size_t i = points.size() - 2; i >= 2; i -= 2) {
    const Rational slope = (points[i + 1] - points[i - 1]) / (points[i] - points[i - 2]);
    const Lane piece = sum(stage, product(stage, x, fixed(slope)), fixed(points[i - 1] - slope * points[i - 2]));
    result = either(stage, up_to(points[i]), piece, result);
  }
  return either(stage, up_to(points[0]), fixed(points[1]), result);
}

Lane PlanBuilder::build_compare(uint32_t stage, const Expression& e) {
  if (program[e.operands[0]].type.kind == ValueKind::boolean && e.op == Op::equal) {
    const uint32_t a = condition(stage, e.operands[0]), b = condition(stage, e.operands[1]);
    return {choose(stage, a, b, invert(stage, b)), {}};
  }
  const Lane a = number(stage, e.operands[0]), b = number(stage, e.operands[1]);
  const Quantum quantum = shared_quantum(*this, stage, a, b);
  const auto at = [&](const Lane& lane) { return is_zero(*this, stage, lane) ? constant(stage, 0) : scaled(stage, lane, quantum).node; };
  const PlanOp op = e.op == Op::less ? PlanOp::less : e.op == Op::less_equal ? PlanOp::less_equal : PlanOp::equal;
  const uint32_t left = at(a), right = at(b);
  return {binary(stage, op, left, right), {}};
}

}  // namespace wattlaw
