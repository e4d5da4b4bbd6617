// `jump(Sheet, hours_of_use, 2500 h)` in a rule: how far apart the bills of a tariff are just below a bound and at it, for one and the same
// customer. Decided from the texts alone: where what decides is a ratio A / B (kilowatt-hours over kilowatts) and every clause charges on
// A or on B, the customer at the bound has A = bound × B, and both bills are so much per unit of B. It is compared with a share of the
// bill, so that the unit falls out.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"

namespace wattlaw {

namespace {

// A condition of a clause with the ratio at the bound, or just below it; none: it asks something else.
std::optional<bool> holds_at(const TypedProgram& program, ExpressionId id, ExpressionId ratio, const Rational& bound, bool from_bound) {
  const Expression& e = program[id];
  const auto is_constant = [&](size_t i) { return program[e.operands[i]].op == Op::constant; };
  switch (e.op) {
    case Op::constant: return e.value != 0;
    case Op::logical_not:
      if (const auto inner = holds_at(program, e.operands[0], ratio, bound, from_bound)) return !*inner;
      return std::nullopt;
    case Op::logical_and:
    case Op::logical_or: {
      bool result = e.op == Op::logical_and;
      for (const ExpressionId part : e.operands) {
        const auto inner = holds_at(program, part, ratio, bound, from_bound);
        if (!inner) return std::nullopt;
        result = e.op == Op::logical_and ? result && *inner : result || *inner;
      }
      return result;
    }
    case Op::less:
    case Op::less_equal:
      if (e.operands[0] == ratio && is_constant(1)) {
        const Rational& other = program[e.operands[1]].value;
        if (other != bound) return bound < other;
        return from_bound ? e.op == Op::less_equal : true;
      }
      if (e.operands[1] == ratio && is_constant(0)) {
        const Rational& other = program[e.operands[0]].value;
        if (other != bound) return other < bound;
        return from_bound ? e.op == Op::less_equal : false;
      }
      return std::nullopt;
    default: return std::nullopt;
  }
}

// What is summed over the whole period, whether it is gathered here or line by line.
ExpressionId summed(const TypedProgram& program, ExpressionId id) {
  const Expression& e = program[id];
  return e.op == Op::aggregate && e.fn == Aggregate::sum && e.operands.size() == 1 && e.take == 0 ? e.operands[0] : id;
}

}  // namespace

// The bill of a customer with B = 1 and A = bound; none, and the reading says why, where it cannot be told.
std::optional<Rational> Elaborator::bill_at_bound(const TariffInfo& tariff, ExpressionId ratio, const Rational& bound, bool from_bound, Type& money, Context& context, Span span) {
  const ExpressionId above = summed(program_, pool_[ratio].operands[0]), below = pool_[ratio].operands[1];
  Rational bill = 0;
  for (const std::string& label : tariff.order)
    for (const LabelVersion& version : tariff.clauses.at(label)) {
      const Node& clause = node(version.module, version.node);
      if ((version.from && *context.as_of < *version.from) || (version.until && *version.until <= *context.as_of)) continue;
      for (const auto& date : {version.from, version.until})
        if (date) context.cut_dates->insert(*date);
      const auto cannot = [&](const std::string& why) {
        if (Diagnostic* d = error("WL4407", span, "how far apart the bills are cannot be told: `" + tariff.symbol->name + "." + label + "` " + why))
          d->label(clause.span, "here").hint("`jump` looks at tariffs whose clauses charge on the two quantities of the ratio alone, at one rate each");
        return std::optional<Rational>();
      };
      const NodeId on = tree(version.module).child(version.node, NodeKind::On);
      if ((clause.kind != NodeKind::Charge && clause.kind != NodeKind::Credit) || !on) return cannot("is no charge on a quantity");
      Context inner = context;
      inner.module = version.module;
      inner.tariff = &tariff;
      inner.rule = nullptr;
      inner.default_period = tariff.headers.billing;
      const ExpressionId quantity = elaborate(node(version.module, on).children[0], inner);
      if (!quantity) return std::nullopt;
      const std::vector<RateCase> rates = rates_of_version(const_cast<TariffInfo&>(tariff), version, context);
      if (rates.empty()) return std::nullopt;  // told
      if (rates.size() != 1 || !pool_.is_constant(rates[0].rate)) return cannot("has no single rate");
      const auto holds = rates[0].scope ? holds_at(program_, rates[0].scope, ratio, bound, from_bound) : std::optional(true);
      if (!holds) return cannot("holds under a condition that asks something else");
      const bool is_above = summed(program_, quantity) == above, is_below = quantity == below;
      if (!is_above && !is_below) return cannot("charges on a third quantity");
      if (!*holds) continue;
      money.currency = pool_[rates[0].rate].type.currency;
      money.tax = pool_[rates[0].rate].type.tax;
      const Rational charged = pool_[rates[0].rate].value * (is_above ? bound : Rational(1));
      bill += clause.kind == NodeKind::Credit ? Rational(-charged) : charged;
    }
  return bill;
}

ExpressionId Elaborator::elaborate_jump(NodeId call, Context& context) {
  const Node& n = node(context.module, call);
  RuleReading& reading = *context.rule;
  std::vector<NodeId> arguments = tree(context.module).children(call, NodeKind::Argument);
  for (NodeId& argument : arguments) argument = node(context.module, argument).children[0];
  if (arguments.size() != 3 || node(context.module, arguments[0]).kind != NodeKind::Name) {
    if (Diagnostic* d = error("WL3312", n.span, "`jump` takes a tariff, what decides which of its prices hold, and the bound")) d->hint("write `jump(Sheet, hours_of_use, 2500 h) <= 5% of Sheet`");
    return {};
  }
  const Node& name = node(context.module, arguments[0]);
  TariffInfo* tariff = tariff_meant(name.text, context, name.span);
  if (!tariff) return {};
  Context inner = context;
  inner.rule = nullptr;
  inner.tariff = tariff;  // a definition of the tariff, or of its module
  inner.default_period = tariff->headers.billing;
  const ExpressionId ratio = elaborate_number(arguments[1], inner), bound = elaborate_number(arguments[2], context);
  if (!ratio || !bound || !same_kind(ratio, bound, n.span, "compared with")) return {};
  if (pool_[ratio].op != Op::divide || !pool_.is_constant(bound) || pool_[bound].value <= 0) {
    if (Diagnostic* d = error("WL4407", node(context.module, arguments[1]).span, "`jump` looks along a ratio of two quantities, to a bound above zero")) d->hint("for example kilowatt-hours of the year over its highest power, and `2500 h`");
    return {};
  }
  Type money = number_type({.money = 1});
  const auto below = bill_at_bound(*tariff, ratio, pool_[bound].value, false, money, context, n.span);
  const auto at = below ? bill_at_bound(*tariff, ratio, pool_[bound].value, true, money, context, n.span) : std::nullopt;
  if (!at) return {};
  const Rational apart = *at < *below ? Rational(*below - *at) : Rational(*at - *below);
  reading.jumps = tariff->symbol->name;
  reading.bill = pool_.constant(*at, money, n.span);
  const std::string per = " for each " + unit_text(program_, pool_[pool_[ratio].operands[1]].type);
  reading.figures.push_back({"bill just below", money, *below, per.substr(1), n.span});
  reading.figures.push_back({"bill at the bound", money, *at, per.substr(1), n.span});
  return pool_.constant(apart, money, n.span);
}

}  // namespace wattlaw
