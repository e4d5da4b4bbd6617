// Allowances: `Q within first B per P`, `Q beyond first B per P`, `X beyond Y`.
#include "compiler/program/elaborator.h"

namespace wattlaw {

// What a bound is per: "year" of `10000 kWh per year`, `3000 kWh/year`, and of a parameter or attribute that is declared so.
std::string Elaborator::last_unit(NodeId id, const Context& context) {
  const auto after_slash = [](const std::string& unit) { return unit.find('/') == std::string::npos ? std::string() : unit.substr(unit.rfind('/') + 1); };
  const Node& n = node(context.module, id);
  if (NodeId per = tree(context.module).child(id, NodeKind::PerUnit)) return node(context.module, per).text;
  if (n.kind == NodeKind::Quantity) {
    NodeId unit = tree(context.module).child(id, NodeKind::Unit);
    return unit ? after_slash(node(context.module, unit).text) : std::string();
  }
  if (n.kind != NodeKind::Name) return {};
  if (auto attribute = attribute_index_.find(n.text); attribute != attribute_index_.end()) return after_slash(program_.attributes[attribute->second].request.unit);
  auto of = [&](uint32_t module, NodeId declaration) {
    NodeId type = tree(module).child(declaration, NodeKind::Type);
    return type ? after_slash(type_of(type, module).unit_text) : std::string();
  };
  if (Symbol* symbol = find(n.text, context.module, Symbol::Kind::parameter)) return of(symbol->module, symbol->node);
  return {};
}

// `Q within first B per P`, `Q beyond first B per P`: the part of a flow inside or outside an allowance. `X beyond Y`: the excess.
ExpressionId Elaborator::elaborate_quota(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  ExpressionId flow = elaborate_number(n.children[0], context);
  if (!flow) return {};
  bool first = n.text.ends_with("first");
  bool beyond = n.text.starts_with("beyond");
  Period window = context.default_period;
  ExpressionId counted;
  NodeId starting;
  for (size_t i = 2; i < n.children.size(); ++i) {
    const Node& c = node(context.module, n.children[i]);
    if (c.kind == NodeKind::Counted) {  // hours in which something holds, instead of the flow itself
      counted = elaborate_boolean(c.children[0], context);
      if (!counted) return {};
    }
    if (c.kind == NodeKind::Starting) starting = n.children[i];
  }
  const Dimension measure = counted ? Dimension{.time = 1} : pool_[flow].type.dimension;
  // `5000 kWh per month`: the unit `per month` is the window.
  const Node& bound_node = node(context.module, n.children[1]);
  ExpressionId bound = elaborate_number(n.children[1], context);
  if (!bound) return {};
  Dimension d = pool_[bound].type.dimension;
  auto windowed = [&](const Dimension& per, const Period& period) {
    if (d + per != measure) return false;
    Expression e = pool_[pool_.multiply(bound, pool_.constant(1, number_type(per), bound_node.span), bound_node.span)];
    e.type = counted ? number_type(measure, 0, true) : pool_[flow].type;
    bound = pool_.intern(std::move(e));
    window = period;
    return true;
  };
  // A bound per year is a twelfth of it per month as a unit, but as an allowance it is that of the year.
  const Period billing = context.tariff ? context.tariff->headers.billing : kMonth;
  Period period = billing;
  if (d + Dimension{.month = 1} == measure) {
    const std::string per = last_unit(n.children[1], context);
    const int months = per == "year" || per == "a" ? 12 : per == "quarter" ? 3 : 1;
    period.unit = months == 12 ? Period::Unit::year : months == 3 ? Period::Unit::quarter : billing.unit;
    if (months > 1) {
      Expression whole = pool_[pool_.multiply(bound, pool_.constant(months, number_type(), bound_node.span), bound_node.span)];
      whole.type = pool_[bound].type;
      bound = pool_.intern(std::move(whole));
    }
  }
  bool said = windowed({.month = 1}, period) || windowed({.day = 1}, Period{Period::Unit::day});
  if (!said && d != measure) {
    if (!counted) same_kind(flow, bound, n.span, "compared with");
    else if (Diagnostic* diagnostic = error("WL3327", bound_node.span, "hours are counted here, but the allowance is " + dimension_words(d))) diagnostic->hint("write for example `within first 6 h per day of …`");
    return {};
  }
  if (starting) {
    const Node& s = node(context.module, starting);
    if (window.unit != Period::Unit::day || s.text.size() != 5 || s.text[2] != ':') {
      if (Diagnostic* diagnostic = error("WL3325", s.span, "no " + period_name(window) + " starts here")) diagnostic->hint("an allowance per day starts at a time: `per day starting 12:00`");
      return {};
    }
    window.start_minute = static_cast<uint16_t>(std::atoi(s.text.c_str()) * 60 + std::atoi(s.text.c_str() + 3));
  }
  if (!first) {
    if (counted) {
      if (Diagnostic* diagnostic = error("WL3327", n.span, "hours are counted by an allowance only")) diagnostic->hint("write `within first 6 h per day of …`");
      return {};
    }
    if (!comparable_grain(flow, bound, n.span)) return {};
    if (!beyond) return pool_.make(Op::minimum, pool_[flow].type, {flow, bound}, n.span);
    ExpressionId excess = pool_.subtract(flow, bound, n.span);
    return pool_.make(Op::maximum, pool_[excess].type, {excess, pool_.constant(0, pool_[excess].type, n.span)}, n.span);
  }
  if (pool_[flow].grain.time != kInterval || !pool_[flow].type.extensive) {
    if (Diagnostic* diagnostic = error("WL3320", n.span, "an allowance runs over a flow, which exists in every interval")) diagnostic->hint("write it on `import` or `export`: `import within first 5000 kWh per month`");
    return {};
  }
  if (pool_[bound].grain.time.unit != Period::Unit::none && !nests_in(window, pool_[bound].grain.time)) {
    error("WL3321", n.span, "the bound of the allowance changes within its " + period_name(window));
    return {};
  }
  return pool_.quota(flow, bound, counted, beyond, window, n.span);
}

}  // namespace wattlaw
