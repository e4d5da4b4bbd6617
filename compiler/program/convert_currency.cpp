// Money of one currency in another: `exchange 1 EUR = 7.46 DKK`. Only expressions and answers convert; a line stays in its clause's currency.
#include <algorithm>
#include <deque>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
}

void Elaborator::declare_exchange(uint32_t module, NodeId id) {
  const Node& n = node(module, id);
  Context context;
  context.module = module;
  std::vector<ExpressionId> sides = {elaborate_number(n.children[0], context)};
  for (NodeKind kind : {NodeKind::Value, NodeKind::DatedValue})
    for (NodeId value : tree(module).children(id, kind)) sides.push_back(elaborate_number(node(module, value).children[0], context));
  for (ExpressionId side : sides)
    if (!side) return;
  for (size_t i = 0; i < sides.size(); ++i) {
    const Expression& side = pool_[sides[i]];
    if (side.type.dimension == kMoney && (i > 0 || pool_.is_constant(sides[i])) && (!pool_.is_constant(sides[i]) || side.value > 0)) continue;
    if (Diagnostic* d = error("WL3124", side.span, "an exchange is between two amounts of money above zero")) d->hint("write for example `exchange 1 EUR = 7.46 DKK`");
    return;
  }
  const auto currency = [&](size_t i) { return pool_[sides[i]].type.currency; };
  for (size_t i = 2; i < sides.size(); ++i)
    if (currency(i) != currency(1)) {
      if (Diagnostic* d = error("WL3124", pool_[sides[i]].span, "this is " + program_.currencies[currency(i)] + ", but the value before it is " + program_.currencies[currency(1)])) d->hint("an exchange is between two currencies");
      return;
    }
  if (currency(0) == currency(1)) {
    if (Diagnostic* d = error("WL3124", n.span, "this exchanges " + program_.currencies[currency(0)] + " for itself")) d->hint("write two currencies, for example `exchange 1 EUR = 7.46 DKK`");
    return;
  }
  for (const Exchange& other : exchanges_)
    if (std::minmax(other.from, other.to) == std::minmax(currency(0), currency(1))) {
      if (Diagnostic* d = error("WL3126", n.span, program_.currencies[currency(0)] + " and " + program_.currencies[currency(1)] + " are exchanged twice"))
        d->label(node(other.module, other.node).span, "declared here as well").hint("declare it once; what changes with time is written `exchange 1 EUR { from 2026-01-01 is 7.46 DKK }`");
      return;
    }
  exchanges_.push_back({currency(0), currency(1), module, id, pool_[sides[0]].value});
}

// The fewest exchanges that lead from one currency to the other; of equals those that are declared first.
std::optional<std::vector<std::pair<const Exchange*, bool>>> Elaborator::exchange_route(uint16_t from, uint16_t to) const {
  struct Reached {
    uint16_t currency;
    std::vector<std::pair<const Exchange*, bool>> route;
  };
  std::deque<Reached> open = {{from, {}}};
  std::set<uint16_t> seen = {from};
  while (!open.empty()) {
    Reached at = std::move(open.front());
    open.pop_front();
    if (at.currency == to) return at.route;
    for (const Exchange& exchange : exchanges_) {
      const bool forth = exchange.from == at.currency;
      const uint16_t next = forth ? exchange.to : exchange.from;
      if ((!forth && exchange.to != at.currency) || !seen.insert(next).second) continue;
      Reached further{next, at.route};
      further.route.emplace_back(&exchange, forth);
      open.push_back(std::move(further));
    }
  }
  return std::nullopt;
}

// How many of the right currency one of the left is, a plain number. `of`: how often the converted value exists; `is_sum`: it is money, no price.
ExpressionId Elaborator::exchange_factor(const Exchange& exchange, const Period& of, bool is_sum, Context& context, Span span) {
  const Node& n = node(exchange.module, exchange.node);
  const std::string name = "exchange of " + program_.currencies[exchange.from] + " for " + program_.currencies[exchange.to];
  Context inner;
  inner.module = exchange.module;
  const auto factor_of = [&](NodeId value) -> ExpressionId {
    ExpressionId amount = elaborate_number(node(exchange.module, value).children[0], inner);
    if (!amount) return {};
    Expression factor = pool_[pool_.multiply(amount, pool_.constant(1 / exchange.per, number_type({.money = -1}), n.span), n.span)];
    factor.type = number_type();
    return pool_.intern(std::move(factor));
  };
  if (NodeId value = tree(exchange.module).child(exchange.node, NodeKind::Value)) {
    ExpressionId factor = factor_of(value);
    if (!factor || !is_sum || nests_in(of, pool_[factor].grain.time)) return factor;
    if (Diagnostic* d = error("WL3127", span, "the " + name + " changes within the " + (of.unit == Period::Unit::none ? "run" : period_name(of)) + " whose money is converted")) d->label(n.span, "said here").hint("convert the price of each interval, before it is summed");
    return {};
  }
  std::vector<std::pair<Date, ExpressionId>> versions;
  for (NodeId value : tree(exchange.module).children(exchange.node, NodeKind::DatedValue)) {
    auto date = parse_date(node(exchange.module, value).text);
    ExpressionId factor = factor_of(value);
    if (!date || !factor) return {};
    if (!versions.empty() && *date <= versions.back().first) {
      if (Diagnostic* d = error("WL4002", node(exchange.module, value).span, "the " + name + " has two values from " + print_date(*date) + (*date < versions.back().first ? ", out of order" : "")))
        d->hint("list the values by date; each holds until the next one begins");
      return {};
    }
    versions.emplace_back(*date, factor);
  }
  if (!context.totals || of == kInterval) {
    Context at_step = context;
    if (context.totals) at_step.as_of.reset();
    return dated_figure(versions, name, n.span, at_step, span);
  }
  // A total of the run: as of its begin, unless a value begins within it.
  Context begin = context;
  begin.as_of = settlement_->from;
  begin.cut_dates = nullptr;
  if (of.unit == Period::Unit::none) {
    for (const auto& [date, factor] : versions)
      if (is_sum && settlement_->from < date && date < settlement_->until) {
        if (Diagnostic* d = error("WL3127", span, "the " + name + " changes on " + print_date(date) + ", within the run whose money is converted")) d->label(n.span, "said here").hint("convert period by period: `sum(…) per month`");
        return {};
      }
    return dated_figure(versions, name, n.span, begin, span);
  }
  if (!dated_figure(versions, name, n.span, begin, span)) return {};
  Expression e;  // the money of a period: on its last day
  e.op = Op::dated;
  e.change = Change::at_end;
  e.span = span;
  e.type = number_type();
  e.grain = {EntityGrain::none, of};
  for (const auto& [date, factor] : versions) {
    e.dates.push_back(date);
    e.operands.push_back(factor);
  }
  return e.operands.size() == 1 ? e.operands[0] : pool_.intern(std::move(e));
}

ExpressionId Elaborator::convert(ExpressionId value, uint16_t currency, Context& context, Span span) {
  const auto route = exchange_route(pool_[value].type.currency, currency);
  if (!route) return {};
  for (const auto& [exchange, forth] : *route) {
    const Type type = pool_[value].type;
    ExpressionId factor = exchange_factor(*exchange, pool_[value].grain.time, type.extensive, context, span);
    if (!factor) return {};
    ExpressionId product = forth ? pool_.multiply(value, factor, span) : divide(value, factor, span, span);
    if (!product) return {};
    Expression converted = pool_[product];
    converted.type = type;
    converted.type.currency = forth ? exchange->to : exchange->from;
    value = pool_.intern(std::move(converted));
  }
  return value;
}

bool Elaborator::agree(ExpressionId a, ExpressionId& b, Context& context, Span span, const char* verb) {
  const Type x = pool_[a].type, y = pool_[b].type;
  if (x.kind == ValueKind::number && x.dimension == y.dimension && x.dimension.money == 1 && x.currency != y.currency && exchange_route(y.currency, x.currency)) {
    b = convert(b, x.currency, context, span);
    if (!b) return false;
  }
  return same_kind(a, b, span, verb);
}

bool Elaborator::add_up(std::vector<ExpressionId>& terms, Context& context, Span span) {
  for (ExpressionId& term : terms)
    if (!agree(terms[0], term, context, span, "added to")) return false;
  return true;
}

}  // namespace wattlaw
