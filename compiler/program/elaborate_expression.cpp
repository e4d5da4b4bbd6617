// Expressions: syntax -> typed, unit- and grain-checked, exact. Aggregates and tables have files of their own.
#include <algorithm>
#include <utility>

#include "compiler/program/elaborator.h"
#include "runtime/base/assert.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

const Type kNumber = number_type();

std::string tax_words(TaxState tax) { return tax == TaxState::ex ? "ex vat" : "incl vat"; }

}  // namespace

ExpressionId Elaborator::elaborate(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  switch (n.kind) {
    case NodeKind::Number: {
      auto value = literal(n.text, n.span);
      return value ? pool_.constant(*value, kNumber, n.span) : ExpressionId{};
    }
    case NodeKind::Quantity: return elaborate_quantity(id, context);
    case NodeKind::Boolean: return pool_.boolean(n.text == "true", n.span);
    case NodeKind::DateLiteral: {
      auto date = parse_date(n.text);
      if (!date) {
        if (Diagnostic* d = error("WL1060", n.span, "`" + n.text + "` is not a day of the calendar")) d->hint("dates are written year-month-day, `2026-07-01`");
        return {};
      }
      Type type;
      type.kind = ValueKind::date;
      return pool_.constant(date->days, type, n.span);
    }
    case NodeKind::Name: return elaborate_name(id, context);
    case NodeKind::And:
    case NodeKind::Or: {
      if (context.rule && !context.tariff && !context.names_of) return elaborate_rule_logic(id, context);
      std::vector<ExpressionId> parts;
      for (NodeId c : n.children) {
        ExpressionId e = elaborate_boolean(c, context);
        if (!e) return {};
        if (!parts.empty() && !comparable_grain(parts[0], e, n.span)) return {};
        parts.push_back(e);
      }
      return pool_.make(n.kind == NodeKind::And ? Op::logical_and : Op::logical_or, boolean_type(), parts, n.span);
    }
    case NodeKind::Not: {
      ExpressionId e = elaborate_boolean(n.children[0], context);
      return e ? pool_.negation(e, n.span) : e;
    }
    case NodeKind::Compare: return elaborate_compare(id, context);
    case NodeKind::IsTest: return elaborate_is(id, context);
    case NodeKind::InSet:
    case NodeKind::InRange: return elaborate_in(id, context);
    case NodeKind::Sum: return elaborate_sum(id, context);
    case NodeKind::Product: return elaborate_product(id, context);
    case NodeKind::Power: return elaborate_power(id, context);
    case NodeKind::Negate: {
      ExpressionId e = elaborate_number(n.children[0], context);
      return e ? pool_.negate(e, n.span) : e;
    }
    case NodeKind::QuotaTail: return elaborate_quota(id, context);
    case NodeKind::RoundedTo: return elaborate_rounded(id, context);
    case NodeKind::WithTax: return elaborate_with_tax(id, context);
    case NodeKind::Call: return elaborate_call(id, context);
    case NodeKind::Table: return elaborate_table(id, context).value;
    case NodeKind::TimeSet:
    case NodeKind::DaySet:
    case NodeKind::TimeWindow:
    case NodeKind::MonthSet: return elaborate_time_set(id, context);
    case NodeKind::Extreme:
      if (Diagnostic* d = error("WL3310", n.span, "`" + n.text + " … of` gives several values; say what becomes of them"))
        d->hint("write for example `mean(" + text_of(n.span) + ") per month`");
      return {};
    case NodeKind::AtTimeOf: return elaborate_at_time(id, context);
    case NodeKind::Under: not_in_this_version(n.span, "`under` another scenario"); return {};
    case NodeKind::Allocate: not_in_this_version(n.span, "`allocate`"); return {};
    case NodeKind::None: not_in_this_version(n.span, "`none` as a value"); return {};
    case NodeKind::InstantLiteral: not_in_this_version(n.span, "a moment as a value"); return {};
    case NodeKind::YearDay:
      if (Diagnostic* d = error("WL3111", n.span, "`" + n.text + "` is a day of every year, not a number")) d->hint("a season is written `15 April to 30 September`");
      return {};
    case NodeKind::StringLiteral: error("WL3112", n.span, "text stands where a number or a condition is meant"); return {};
    default: WATTLAW_ASSERT(false, "every kind of expression has its case"); return {};
  }
}

std::optional<Rational> Elaborator::literal(const std::string& text, Span span) {
  constexpr size_t kMostDigits = 30;
  auto value = text.size() <= kMostDigits + 1 ? parse_decimal(text) : std::nullopt;
  if (!value)
    if (Diagnostic* d = error("WL3123", span, "this figure has " + std::to_string(text.size() - (text.find('.') != std::string::npos)) + " digits")) d->hint("figures of law have at most 30 digits");
  return value;
}

ExpressionId Elaborator::elaborate_number(NodeId id, Context& context) {
  ExpressionId e = elaborate(id, context);
  if (!e || pool_[e].type.kind == ValueKind::number) return e;
  const Node& n = node(context.module, id);
  if (Diagnostic* d = error("WL3103", n.span, "a number is meant here, but `" + text_of(n.span) + "` is " + (pool_[e].type.kind == ValueKind::boolean ? "a condition" : "a name of a class")))
    d->hint("a condition becomes a number in a table: `by first match { when … => 1  otherwise => 0 }`");
  return {};
}

ExpressionId Elaborator::elaborate_boolean(NodeId id, Context& context) {
  ExpressionId e = elaborate(id, context);
  if (!e || pool_[e].type.kind == ValueKind::boolean) return e;
  const Node& n = node(context.module, id);
  if (Diagnostic* d = error("WL3104", n.span, "a condition is meant here, but `" + text_of(n.span) + "` is " + dimension_words(pool_[e].type.dimension)))
    d->hint("compare it, for example `" + text_of(n.span) + " > 0" + (unit_of(e).empty() ? "" : " " + unit_of(e)) + "`");
  return {};
}

ExpressionId Elaborator::elaborate_flag(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  if (n.text == "yes" || n.text == "true") return pool_.constant(1, number_type(), n.span);
  if (n.text == "no" || n.text == "false") return pool_.constant(0, number_type(), n.span);
  if (Diagnostic* d = error("WL3128", n.span, "`yes` or `no` is meant here, not `" + text_of(n.span) + "`")) d->hint("write `yes` or `no`");
  return {};
}

ExpressionId Elaborator::elaborate_quantity(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  auto value = literal(n.text, n.span);
  if (!value) return {};
  UnitMeaning unit;
  TaxState tax = context.prices;
  for (NodeId c : n.children) {
    const Node& child = node(context.module, c);
    if (child.kind == NodeKind::TaxState) tax = child.text == "ex" ? TaxState::ex : TaxState::incl;
    if (child.kind != NodeKind::Unit && child.kind != NodeKind::PerUnit) continue;
    if (child.kind == NodeKind::PerUnit && child.text == "session" && settlement_ && settlement_->sessions) continue;  // of each, as all amounts here are
    std::string unknown;
    auto meaning = units_.parse(child.text, &unknown);
    if (!meaning && unknown.size() > 1 && unknown[0] == '_' && unknown.find_first_not_of("0123456789", 1) == std::string::npos) {
      if (Diagnostic* d = error("WL1021", {n.span.file, n.span.begin, child.span.begin + static_cast<uint32_t>(unknown.size())}, "digits are not grouped by `_`")) d->hint("write `" + n.text + unknown.substr(1) + "`");
      return {};
    }
    if (!meaning) {
      std::string near = nearest_name(unknown, units_.known_names());
      if (Diagnostic* d = error("WL2020", child.span, "no unit is called `" + unknown + "`"))
        d->hint(Units::is_iso_currency(unknown) ? "declare the currency: `currency " + unknown + "`"
                : (unknown == "kr" || unknown == "€" || unknown == "$" || unknown == "£") && !units_.currencies().empty()
                    ? "write the currency by its code: `" + units_.currencies().front() + "`"
                : unknown == "ore" ? "the letter is `ø` or `ö`: `øre`, `öre`"
                : unknown == "øre" || unknown == "öre" || unknown == "ct" || unknown == "cent"
                    ? "declare the currency that `" + unknown + "` is a hundredth of, for example `currency NOK`"
                : near.empty() ? "declare it, for example `unit p = 0.01 GBP`"
                               : "did you mean `" + near + "`?");
      return {};
    }
    if (child.kind == NodeKind::Unit) {
      unit = *meaning;
    } else {
      unit.dimension = unit.dimension - meaning->dimension;
      unit.factor /= meaning->factor;
      if (meaning->dimension.money) unit.currency = meaning->currency;
    }
  }
  Type type = number_type(unit.dimension, unit.currency, unit.dimension == Dimension{.energy = 1} || unit.dimension == Dimension{.money = 1}, tax);
  return pool_.constant(*value * unit.factor, type, n.span);
}

bool Elaborator::comparable_grain(ExpressionId a, ExpressionId b, Span span) {
  const Period &x = pool_[a].grain.time, &y = pool_[b].grain.time;
  if (nests_in(x, y) || nests_in(y, x)) return true;
  if (Diagnostic* d = error("WL3301", span, "one part exists per " + period_name(x) + " and the other per " + period_name(y) + ", and neither fits into the other"))
    d->label(pool_[a].span, "per " + period_name(x)).label(pool_[b].span, "per " + period_name(y)).hint("gather one of them over a period that both fit into");
  return false;
}

bool Elaborator::same_kind(ExpressionId a, ExpressionId b, Span span, const char* verb) {
  const Type &x = pool_[a].type, &y = pool_[b].type;
  if (x.dimension != y.dimension) {
    if (Diagnostic* d = error("WL3102", span, dimension_words(y.dimension) + " " + verb + " " + dimension_words(x.dimension))) {
      d->label(pool_[a].span, dimension_words(x.dimension)).label(pool_[b].span, dimension_words(y.dimension));
      Dimension difference = x.dimension - y.dimension;
      if (difference == Dimension{.time = -1}) d->hint("multiply the power by a duration, for example `* interval`");
      else if (difference == Dimension{.time = 1}) d->hint("divide the energy by a duration, or use `power`");
      else if (difference == Dimension{.month = 1} || difference == Dimension{.month = -1}) d->hint("one of them is per month or year; write both for the same period");
      else if (is_plain(x.dimension) || is_plain(y.dimension)) d->hint("a figure needs its unit, for example `" + std::string(is_plain(x.dimension) ? text_of(pool_[a].span) + " " + unit_of(b) : text_of(pool_[b].span) + " " + unit_of(a)) + "`");
    }
    return false;
  }
  if (x.dimension.money && x.currency != y.currency) {
    if (Diagnostic* d = error("WL3105", span, program_.currencies[y.currency] + " " + verb + " " + program_.currencies[x.currency]))
      d->label(pool_[a].span, program_.currencies[x.currency]).label(pool_[b].span, program_.currencies[y.currency]).hint("a line stays in its own currency; to convert in an expression, declare `exchange 1 " + program_.currencies[x.currency] + " = … " + program_.currencies[y.currency] + "`");
    return false;
  }
  if (x.dimension.money && x.tax != TaxState::unsaid && y.tax != TaxState::unsaid && x.tax != y.tax) {
    if (Diagnostic* d = error("WL3106", span, "a price " + tax_words(y.tax) + " " + verb + " a price " + tax_words(x.tax)))
      d->label(pool_[a].span, tax_words(x.tax)).label(pool_[b].span, tax_words(y.tax)).hint("convert one of them with `with vat` or `without vat`");
    return false;
  }
  return comparable_grain(a, b, span);
}

ExpressionId Elaborator::elaborate_compare(NodeId id, Context& context) {
  if (auto of_age = compare_age(id, context)) return *of_age;
  if (auto of_moments = compare_moments(id, context)) return *of_moments;
  const Node& n = node(context.module, id);
  const Node& right = node(context.module, n.children[1]);
  const bool of_then = is_charge_then(n.children[0], context) || is_charge_then(n.children[1], context);
  const bool of_charge = of_then || is_charge_level(n.children[0], context) || is_charge_level(n.children[1], context);
  ExpressionId a = of_charge ? stored_energy(n.children[0], context) : elaborate(n.children[0], context);
  if (!a) return {};
  if (pool_[a].type.kind == ValueKind::boolean && (n.text == "=" || n.text == "!=") && (right.text == "yes" || right.text == "no"))
    return (right.text == "yes") == (n.text == "=") ? a : pool_.negation(a, n.span);
  ExpressionId b = pool_[a].type.kind == ValueKind::choice && right.kind == NodeKind::Name ? choice_constant(pool_[a].type.choices, right.text, right.span)
                   : of_charge                                                               ? stored_energy(n.children[1], context)
                                                                                             : elaborate(n.children[1], context);
  if (!b) return {};
  const Type &x = pool_[a].type, &y = pool_[b].type;
  if (x.kind != y.kind) {
    if (Diagnostic* d = error("WL3107", n.span, "two things of different kind are compared")) d->hint("compare numbers with numbers and dates with dates");
    return {};
  }
  if (x.kind == ValueKind::number && !agree(a, b, context, n.span, "compared with")) return {};
  if (x.kind == ValueKind::date) {
    need_date(a, context, n.span);
    need_date(b, context, n.span);
    std::vector<ExpressionId> parts{a, b};
    if (!comparable_grain(a, b, n.span)) return {};
    relate(parts, n.span);
    a = parts[0], b = parts[1];
  }
  // A target is reached to within one watt-hour: batteries are not metered finer.
  const auto is_target = [](const Node& side) { return side.kind == NodeKind::Name && (side.text == "target" || side.text.ends_with("vehicle.target")); };
  if ((is_charge_level(n.children[0], context) && is_charge_level(n.children[1], context)) || (of_then && (is_target(node(context.module, n.children[0])) || is_target(right)))) {
    const bool level_first = of_then ? is_charge_then(n.children[0], context) : node(context.module, n.children[0]).text == "soc";
    ExpressionId& level = level_first ? a : b;
    level = pool_.add({level, pool_.constant(Rational(1, 1000), pool_[level].type, n.span)}, n.span);
  }
  if (x.kind == ValueKind::choice && n.text != "=" && n.text != "!=") {
    error("WL3108", n.span, "classes have no order, so `" + n.text + "` cannot compare them");
    return {};
  }
  if (n.text == "=") return pool_.make(Op::equal, boolean_type(), {a, b}, n.span);
  if (n.text == "!=") return pool_.negation(pool_.make(Op::equal, boolean_type(), {a, b}, n.span), n.span);
  if (n.text == "<") return pool_.make(Op::less, boolean_type(), {a, b}, n.span);
  if (n.text == "<=") return pool_.make(Op::less_equal, boolean_type(), {a, b}, n.span);
  if (n.text == ">") return pool_.make(Op::less, boolean_type(), {b, a}, n.span);
  return pool_.make(Op::less_equal, boolean_type(), {b, a}, n.span);
}

ExpressionId Elaborator::elaborate_is(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const Node& right = node(context.module, n.children[1]);
  if (context.rule && !context.tariff)
    if (auto of_subject = elaborate_subject_is(id, context)) return *of_subject;
  ExpressionId a = elaborate(n.children[0], context);
  if (!a) return {};
  ExpressionId b;
  if (pool_[a].type.kind == ValueKind::choice && right.kind == NodeKind::Name) b = choice_constant(pool_[a].type.choices, right.text, right.span);
  else if (pool_[a].type.kind == ValueKind::boolean && (right.text == "yes" || right.text == "no")) b = pool_.boolean(right.text == "yes", right.span);
  else if (pool_[a].type.kind == ValueKind::boolean && right.kind == NodeKind::Boolean) b = pool_.boolean(right.text == "true", right.span);
  else if (pool_[a].type.kind == ValueKind::member && right.kind == NodeKind::None) b = pool_.constant(-1, pool_[a].type, right.span);
  else if (pool_[a].type.kind == ValueKind::date && right.kind == NodeKind::None) b = no_date(right.span);
  else if (right.kind == NodeKind::Name || right.kind == NodeKind::None) {
    not_in_this_version(n.span, "`is` of anything but bands, choices and conditions");
    return {};
  } else {
    if (Diagnostic* d = error("WL3109", n.span, "`is` asks for a class by name")) d->hint("numbers are compared with `=`, `<` and so on");
    return {};
  }
  if (!b) return {};
  ExpressionId e = pool_.make(Op::equal, boolean_type(), {a, b}, n.span);
  return n.text == "is not" ? pool_.negation(e, n.span) : e;
}

ExpressionId Elaborator::elaborate_in(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  ExpressionId a = elaborate(n.children[0], context);
  if (!a) return {};
  ExpressionId result;
  if (n.kind == NodeKind::InRange) {
    ExpressionId low = elaborate_number(n.children[1], context), high = elaborate_number(n.children[2], context);
    if (!low || !high || !agree(a, low, context, n.span, "compared with") || !agree(a, high, context, n.span, "compared with")) return {};
    result = pool_.both(pool_.make(Op::less_equal, boolean_type(), {low, a}, n.span), pool_.make(Op::less_equal, boolean_type(), {a, high}, n.span), n.span);
  } else {
    std::vector<ExpressionId> any;
    for (size_t i = 1; i < n.children.size(); ++i) {
      const Node& member = node(context.module, n.children[i]);
      ExpressionId b = pool_[a].type.kind == ValueKind::choice && member.kind == NodeKind::Name ? choice_constant(pool_[a].type.choices, member.text, member.span) : elaborate(n.children[i], context);
      if (!b || (pool_[a].type.kind == ValueKind::number && !agree(a, b, context, n.span, "compared with"))) return {};
      any.push_back(pool_.make(Op::equal, boolean_type(), {a, b}, n.span));
    }
    result = pool_.either(any, n.span);
  }
  return n.text == "not in" ? pool_.negation(result, n.span) : result;
}

ExpressionId Elaborator::elaborate_sum(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  std::vector<ExpressionId> terms;
  for (size_t i = 0; i < n.children.size(); ++i) {
    if (i == 0) {
      const ExpressionId first = elaborate(n.children[0], context);
      if (first && pool_[first].type.kind == ValueKind::date) return elaborate_date_sum(id, first, context);
      if (!first) return {};
    }
    ExpressionId e = elaborate_number(n.children[i], context);
    if (!e) return {};
    char sign = i == 0 ? '+' : i - 1 < n.text.size() ? n.text[i - 1] : '+';
    if (!terms.empty() && !agree(terms[0], e, context, n.span, sign == '-' ? "subtracted from" : "added to")) return {};
    terms.push_back(sign == '-' ? pool_.negate(e, n.span) : e);
  }
  return pool_.add(terms, n.span);
}

ExpressionId Elaborator::divide(ExpressionId a, ExpressionId b, Span span, Span whole) {
  const Expression& y = pool_[b];
  Type inverse = number_type(Dimension{} - y.type.dimension, y.type.currency);
  if (y.op == Op::constant) {
    if (y.value == 0) {
      error("WL3115", span, "this divides by zero");
      return {};
    }
    return pool_.multiply(a, pool_.constant(1 / y.value, inverse, span), whole);
  }
  if (y.op == Op::dated && y.change == Change::at_step) {  // each version of a dated figure is a constant: exact
    Expression e = y;
    bool constant = true;
    for (ExpressionId& operand : e.operands) {
      constant = constant && pool_.is_constant(operand) && pool_[operand].value != 0;
      if (constant) operand = pool_.constant(1 / pool_[operand].value, inverse, span);
    }
    e.type = inverse;
    if (constant) return pool_.multiply(a, pool_.intern(std::move(e)), whole);
  }
  const Type &x = pool_[a].type;
  Type type = number_type(x.dimension - y.type.dimension, x.dimension.money ? x.currency : y.type.currency, false, x.dimension.money ? x.tax : y.type.tax);
  type.extensive = x.extensive && !y.type.extensive;
  return pool_.make(Op::divide, type, {a, b}, whole);
}

ExpressionId Elaborator::elaborate_product(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  ExpressionId result = elaborate_number(n.children[0], context);
  for (size_t i = 1; result && i < n.children.size(); ++i) {
    ExpressionId e = elaborate_number(n.children[i], context);
    if (!e || !comparable_grain(result, e, n.span)) return {};
    char sign = i - 1 < n.text.size() ? n.text[i - 1] : '*';
    const Node& factor = node(context.module, n.children[i]);
    Span so_far{n.span.file, n.span.begin, factor.span.end};
    if (sign == '/') {
      result = divide(result, e, factor.span, so_far);
      continue;
    }
    if (pool_[result].type.dimension.money && pool_[e].type.dimension.money && pool_[result].type.dimension + pool_[e].type.dimension == Dimension{.money = 2}) {
      error("WL3116", n.span, "money is multiplied by money");
      return {};
    }
    if (pool_[result].op == Op::divide)
      if (Diagnostic* d = warning("WL3190", n.span, "the quotient is rounded to 12 places before it is multiplied")) d->hint("write the multiplication first: `a * c / b`");
    result = pool_.multiply(result, e, so_far);
  }
  return result;
}

ExpressionId Elaborator::elaborate_power(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  ExpressionId base = elaborate_number(n.children[0], context), exponent = elaborate_number(n.children[1], context);
  if (!base || !exponent) return {};
  const Expression& e = pool_[exponent];
  const bool is_figure = pool_.is_constant(base) && is_plain(pool_[base].type.dimension);  // exact however often: (1 + r) ^ 14
  if (e.op != Op::constant || !is_plain(e.type.dimension) || denominator(e.value) != 1 || e.value < (is_figure ? 0 : 1) || e.value > (is_figure ? 200 : 8)) {
    if (Diagnostic* d = error("WL3117", n.span, "an exponent in law is a whole number from 1 to 8")) d->hint(is_figure ? "of a figure it may go up to 200" : "what cannot be exact belongs into a report, not into a bill");
    return {};
  }
  if (e.value == 0) return pool_.constant(1, pool_[base].type, n.span);
  ExpressionId result = base;
  for (int i = 1; i < static_cast<int>(e.value); ++i) result = pool_.multiply(result, base, n.span);
  return result;
}

ExpressionId Elaborator::elaborate_rounded(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const Node& inner = node(context.module, n.children[0]);
  bool is_root = inner.kind == NodeKind::Call && inner.text == "sqrt" && inner.children.size() == 1;
  ExpressionId value = is_root ? elaborate_number(node(context.module, inner.children[0]).children[0], context) : elaborate_number(n.children[0], context);
  ExpressionId quantum = elaborate_number(n.children[1], context);
  if (!value || !quantum) return {};
  Type type = pool_[value].type;
  if (is_root) {
    auto half = [](int8_t& exponent) { return exponent % 2 == 0 ? (exponent = static_cast<int8_t>(exponent / 2), true) : false; };
    Dimension& d = type.dimension;
    if (!half(d.energy) || !half(d.time) || !half(d.money) || !half(d.month) || !half(d.day) || !half(d.current) || !half(d.temperature) || !half(d.frequency) || !half(d.distance)) {
      error("WL3118", inner.span, "the square root of " + dimension_words(pool_[value].type.dimension) + " has no unit");
      return {};
    }
  }
  const Expression& q = pool_[quantum];
  if (q.op != Op::constant || q.value <= 0) {
    error("WL3119", node(context.module, n.children[1]).span, "a value is rounded to a fixed amount above zero");
    return {};
  }
  if (q.type.dimension != type.dimension) {
    if (Diagnostic* d = error("WL3102", n.span, dimension_words(type.dimension) + " rounded to " + dimension_words(q.type.dimension))) d->hint("give the amount to round to in the unit of what is rounded");
    return {};
  }
  Expression e;
  e.op = is_root ? Op::root : Op::round;
  e.type = type;
  e.grain = pool_[value].grain;
  e.span = n.span;
  e.value = q.value;
  e.rounding = n.text == "half even" ? RoundingMode::half_even : n.text == "up" ? RoundingMode::up : n.text == "down" ? RoundingMode::down : RoundingMode::half_up;
  e.operands = {value};
  if (!is_root && pool_[value].op == Op::divide) e.operands = pool_[value].operands;  // one rounding of the exact quotient
  return pool_.intern(std::move(e));
}

// `x with vat`: the rate is that of the tax clause of this name that the script or its imports declare.
ExpressionId Elaborator::elaborate_with_tax(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const std::string& tax = node(context.module, n.children[1]).text;
  ExpressionId value = elaborate_number(n.children[0], context);
  if (!value) return {};
  bool with = n.text == "with";
  TaxState now = pool_[value].type.tax;
  if (now == (with ? TaxState::incl : TaxState::ex)) {
    error("WL3120", n.span, std::string("this price is already ") + tax_words(now));
    return {};
  }
  ExpressionId rate;
  for (auto& [key, info] : tariffs_)
    if (auto it = info->clauses.find(tax); it != info->clauses.end() && node(it->second[0].module, it->second[0].node).kind == NodeKind::Tax) {
      const LabelVersion& v = it->second[0];
      NodeId at = tree(v.module).child(v.node, NodeKind::At);
      Context inner;
      inner.module = v.module;
      ExpressionId found = elaborate_number(node(v.module, at).children[0], inner);
      if (rate && found && rate != found) {
        if (Diagnostic* d = error("WL3121", n.span, "several taxes are called `" + tax + "`, with different rates")) d->hint("multiply by the rate that is meant, for example `* 125%`");
        return {};
      }
      if (found) rate = found;
    }
  if (!rate)
    if (Symbol* parameter = find(tax, context.module, Symbol::Kind::parameter)) rate = elaborate_parameter(*parameter, context, n.span);
  if (!rate) {
    if (Diagnostic* d = error("WL3122", n.span, "nothing says how high `" + tax + "` is")) d->hint("declare `parameter " + tax + ": % = 25%`, or a tariff with `tax " + tax + " at 25% on …`");
    return {};
  }
  ExpressionId factor = pool_.add({pool_.constant(1, number_type(), n.span), rate}, n.span);
  ExpressionId result = with ? pool_.multiply(value, factor, n.span) : divide(value, factor, n.span, n.span);
  if (!result) return {};
  Expression e = pool_[result];
  e.type.tax = with ? TaxState::incl : TaxState::ex;
  return pool_.intern(std::move(e));
}

}  // namespace wattlaw
