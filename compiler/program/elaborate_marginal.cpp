// marginal(import): what the next watt-hour of this interval costs under all applied tariffs, as a derivative of their lines. Rounding of
// lines is left out; what jumps (peaks, ladders) costs nothing at the margin and is told by a note.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kPerEnergy{.energy = -1, .money = 1};
}

bool Elaborator::reads_series(ExpressionId root, uint32_t series, std::map<uint32_t, bool>& known) const {
  if (const auto at = known.find(root.index); at != known.end()) return at->second;
  const Expression& e = pool_[root];
  bool reads = e.op == Op::series && e.index == series;
  for (ExpressionId operand : e.operands) reads = reads || reads_series(operand, series, known);
  return known[root.index] = reads;
}

// The derivative of an amount by the flow of an interval, as a price of that interval; invalid: 0. Sets margin.why where there is none.
ExpressionId Elaborator::marginal_of(ExpressionId id, Margin& margin) {
  if (!margin.why.empty() || !reads_series(id, margin.flow, margin.reads)) return {};
  if (const auto at = margin.known.find(id.index); at != margin.known.end()) return at->second;
  const Expression e = pool_[id];  // building moves the pool
  const Span span = e.span;
  const auto reads = [&](ExpressionId operand) { return reads_series(operand, margin.flow, margin.reads); };
  const auto or_zero = [&](ExpressionId value, const ExpressionId& like) { return value ? value : pool_.constant(0, pool_[like].type, span); };
  ExpressionId result;
  switch (e.op) {
    case Op::series: result = pool_.constant(1, number_type(), span); break;
    case Op::add: {
      std::vector<ExpressionId> terms;
      for (ExpressionId operand : e.operands)
        if (ExpressionId term = marginal_of(operand, margin)) terms.push_back(term);
      if (!terms.empty()) result = pool_.add(terms, span);
      break;
    }
    case Op::negate:
      if (ExpressionId of = marginal_of(e.operands[0], margin)) result = pool_.negate(of, span);
      break;
    case Op::multiply: {
      const auto with = std::count_if(e.operands.begin(), e.operands.end(), reads);
      if (with > 1) {
        margin.why = "its price depends on how much has flowed";
        break;
      }
      for (ExpressionId operand : e.operands) {
        ExpressionId factor = reads(operand) ? marginal_of(operand, margin) : operand;
        if (!factor) return margin.known[id.index] = {};
        result = result ? pool_.multiply(result, factor, span) : factor;
      }
      break;
    }
    case Op::divide:
    case Op::round:
      if (e.operands.size() > 1 && reads(e.operands[1])) {
        margin.why = "it is divided by what has flowed";
        break;
      }
      result = marginal_of(e.operands[0], margin);
      if (result && e.operands.size() > 1) result = divide(result, e.operands[1], span, span);
      break;
    case Op::select: {
      if (reads(e.operands[0])) {
        margin.jumps = true;  // a ladder's steps: the next watt-hour stays on its step
        break;
      }
      ExpressionId yes = marginal_of(e.operands[1], margin), no = marginal_of(e.operands[2], margin);
      if (yes || no) result = pool_.select(e.operands[0], or_zero(yes, yes ? yes : no), or_zero(no, yes ? yes : no), span);
      break;
    }
    case Op::aggregate: {
      if (e.fn != Aggregate::sum || e.take != 0) {
        margin.jumps = true;  // a peak: the next watt-hour need not raise it
        break;
      }
      if (e.operands.size() > 1 && reads(e.operands[1])) {
        margin.why = "whether it counts depends on how much has flowed";
        break;
      }
      result = marginal_of(e.operands[0], margin);
      if (result && e.operands.size() > 1) result = pool_.select(e.operands[1], result, pool_.constant(0, pool_[result].type, span), span);
      break;
    }
    case Op::dated: {
      Expression dated;
      dated.op = Op::dated;
      dated.dates = e.dates;
      dated.change = Change::at_step;
      dated.span = span;
      ExpressionId some;
      std::vector<ExpressionId> values;
      for (ExpressionId operand : e.operands) values.push_back(marginal_of(operand, margin)), some = values.back() ? values.back() : some;
      if (!some) break;
      dated.type = pool_[some].type;
      dated.grain = {EntityGrain::none, kInterval};
      for (ExpressionId value : values) {
        dated.operands.push_back(or_zero(value, some));
        if (pool_[dated.operands.back()].grain.entity != EntityGrain::none) dated.grain.entity = pool_[dated.operands.back()].grain.entity;
      }
      result = pool_.intern(std::move(dated));
      break;
    }
    case Op::minimum:
    case Op::maximum: margin.why = "blocks, minima and maxima depend on how much has flowed"; break;
    default: margin.why = "it depends on more than this interval"; break;
  }
  return margin.known[id.index] = result;
}

ExpressionId Elaborator::elaborate_marginal(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const NodeId argument = tree(context.module).child(id, NodeKind::Argument);
  const std::string flow = argument ? node(context.module, node(context.module, argument).children[0]).text : "";
  if (flow != "import" && flow != "export") {
    if (Diagnostic* d = error("WL4218", n.span, "the marginal price is that of `import` or of `export`")) d->hint("write `marginal(import)` or `marginal(export)`");
    return {};
  }
  if (!dispatch_) {
    if (Diagnostic* d = error("WL4218", n.span, "the marginal price is what a dispatch decides by")) d->hint("law names its own rates; write `rate(Tariff.clause)` in a rule");
    return {};
  }
  bool good = true;
  const ExpressionId price = price_of_flow(flow.c_str(), EntityGrain::site, flow == "import", OnJump::tell, n.span, context, good);  // of what is exported, what is received counts
  return !good ? ExpressionId{} : price ? price : pool_.constant(0, number_type(kPerEnergy, 0), n.span);
}

// `share of AMOUNT allocated by WEIGHT`: the amount of the pool, or of all, split over those whom the contract covers.
ExpressionId Elaborator::elaborate_allocated(NodeId allocated, ExpressionId amount, ExpressionId scope, EntityGrain entity, const RoundingRule& rule, const Period& billing, Context& context) {
  const Node& n = node(context.module, allocated);
  if (rule.grain == RoundingGrain::none) {
    if (Diagnostic* d = error("WL4131", n.span, "parts that add up to the amount need a smallest unit")) d->hint("write `rounding 0.01 " + own_currency() + " half up per line`");
    return {};
  }
  ExpressionId weight = elaborate_number(n.children[0], context);
  if (!weight) return {};
  if (pool_[weight].grain.time != billing && nests_in(pool_[weight].grain.time, billing) && pool_[weight].grain.time.unit != Period::Unit::none && pool_[weight].type.extensive)
    weight = pool_.aggregate(Aggregate::sum, weight, {}, billing, n.span);
  if (!(weight = of_holder(weight, entity, n.span))) return {};
  if (scope) {
    if (!(scope = of_holder(scope, entity, n.span))) return {};
    weight = pool_.select(scope, weight, pool_.constant(0, pool_[weight].type, n.span), n.span);
  }
  Expression e;
  e.op = Op::allocate;
  e.type = pool_[amount].type;
  e.index = UINT32_MAX;
  const EntityGrain from = pool_[amount].grain.entity;
  if (from == entity) {
    if (Diagnostic* d = error("WL4132", pool_[amount].span, "this is an amount of each " + entity_name(program_, entity) + " already, so nothing is left to split")) d->hint("split what belongs to several: `sum(…) per pool`, or `… over all`");
    return {};
  }
  if (from != EntityGrain::none) {
    const auto way = way_to(entity, from);
    if (!way || way->size() != 1) return tell_unrelated(entity, from, n.span);
    e.index = load_attribute(way->front());
  }
  e.grain = {entity, billing};
  e.value = rule.quantum;
  e.rounding = rule.mode;
  e.beyond = n.text == "equally";
  for (ExpressionId part : {amount, weight}) e.operands.push_back(pool_[part].grain.time == billing ? part : in_every(part, billing, n.span));
  e.span = n.span;
  return pool_.intern(std::move(e));
}

}  // namespace wattlaw
