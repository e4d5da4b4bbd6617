#include "compiler/program/build_expression.h"

#include <algorithm>

#include "compiler/program/units.h"
#include "runtime/base/assert.h"

namespace wattlaw {

namespace {

// Coarseness of a kind of period; larger is coarser.
int rank_of(const Period& period) {
  switch (period.unit) {
    case Period::Unit::interval: return 0;
    case Period::Unit::minutes: return 1;
    case Period::Unit::hour: return 2;
    case Period::Unit::day: return 3;
    case Period::Unit::week: return 4;
    case Period::Unit::month: return 5;
    case Period::Unit::quarter: return 6;
    case Period::Unit::year:
    case Period::Unit::session: return 7;
    case Period::Unit::none: return 8;
  }
  return 8;
}

void mix(uint64_t& hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ull + (hash << 6) + (hash >> 2);
}

uint64_t hash_of(const Expression& e) {
  uint64_t hash = static_cast<uint64_t>(e.op) * 1099511628211ull;
  for (ExpressionId id : e.operands) mix(hash, id.index);
  mix(hash, e.index);
  mix(hash, boost::multiprecision::hash_value(e.value));
  mix(hash, static_cast<uint64_t>(e.period.unit) * 31 + e.period.count + e.period.start_minute * 7 + e.period.start_day * 131);
  for (Date date : e.dates) mix(hash, static_cast<uint64_t>(date.days));
  mix(hash, static_cast<uint64_t>(e.fn) + 16 * static_cast<uint64_t>(e.change) + 256 * e.beyond + static_cast<uint64_t>(e.take) * 65537 + e.count);
  return hash;
}

bool same(const Expression& a, const Expression& b) {
  return a.op == b.op && a.type == b.type && a.grain == b.grain && a.operands == b.operands && a.index == b.index && a.value == b.value &&
         a.period == b.period && a.dates == b.dates && a.change == b.change && a.share == b.share && a.fn == b.fn && a.rounding == b.rounding &&
         a.history == b.history && a.take == b.take && a.count == b.count && a.include_this == b.include_this && a.same_year == b.same_year &&
         a.beyond == b.beyond && a.of == b.of;
}

}  // namespace

bool nests_in(const Period& fine, const Period& coarse) {
  if (fine == coarse || coarse.unit == Period::Unit::none || fine.unit == Period::Unit::interval) return true;
  if (fine.rolling) return true;  // one window ends with every step
  if (coarse.rolling) return false;
  if (fine.unit == Period::Unit::session || coarse.unit == Period::Unit::session) return false;  // a session is made of intervals alone
  if (rank_of(fine) >= rank_of(coarse)) {
    return fine.unit == Period::Unit::minutes && coarse.unit == Period::Unit::minutes && coarse.count % fine.count == 0;
  }
  if (fine.unit == Period::Unit::minutes) {
    if (60 % fine.count != 0) return false;
    if (coarse.unit == Period::Unit::minutes) return coarse.count % fine.count == 0;
  }
  if (rank_of(fine) <= 2) return coarse.start_minute % 60 == 0 || (fine.unit == Period::Unit::minutes && coarse.start_minute % fine.count == 0);
  if (fine.unit == Period::Unit::day) return fine.start_minute == 0;
  if (fine.unit == Period::Unit::week) return false;
  return fine.start_day == coarse.start_day;
}

Period finer(const Period& a, const Period& b) { return rank_of(a) <= rank_of(b) ? a : b; }
// Kinds of members have been made one by `align`.
Grain finer(const Grain& a, const Grain& b) { return {std::max(a.entity, b.entity), finer(a.time, b.time)}; }

Type number_type(Dimension dimension, uint16_t currency, bool extensive, TaxState tax) {
  Type type;
  type.dimension = dimension;
  type.currency = dimension.money ? currency : 0;
  type.extensive = extensive;
  type.tax = dimension.money ? tax : TaxState::unsaid;
  return type;
}

bool ExpressionPool::fold(Expression& e) {
  if (e.operands.empty()) return false;
  for (ExpressionId id : e.operands)
    if (!id || !is_constant(id)) return false;
  auto v = [&](size_t i) -> const Rational& { return (*this)[e.operands[i]].value; };
  Rational result;
  switch (e.op) {
    case Op::add:
      for (size_t i = 0; i < e.operands.size(); ++i) result += v(i);
      break;
    case Op::multiply:
      result = 1;
      for (size_t i = 0; i < e.operands.size(); ++i) result *= v(i);
      break;
    case Op::negate: result = -v(0); break;
    case Op::absolute: result = v(0) < 0 ? Rational(-v(0)) : v(0); break;
    case Op::minimum:
      result = v(0);
      for (size_t i = 1; i < e.operands.size(); ++i) result = std::min(result, v(i));
      break;
    case Op::maximum:
      result = v(0);
      for (size_t i = 1; i < e.operands.size(); ++i) result = std::max(result, v(i));
      break;
    case Op::less: result = v(0) < v(1); break;
    case Op::less_equal: result = v(0) <= v(1); break;
    case Op::equal: result = v(0) == v(1); break;
    case Op::logical_not: result = v(0) == 0; break;
    case Op::logical_and:
      result = 1;
      for (size_t i = 0; i < e.operands.size(); ++i) result = result != 0 && v(i) != 0 ? 1 : 0;
      break;
    case Op::logical_or:
      for (size_t i = 0; i < e.operands.size(); ++i) result = result != 0 || v(i) != 0 ? 1 : 0;
      break;
    case Op::select: result = v(0) != 0 ? v(1) : v(2); break;
    case Op::round: result = round_to(e.operands.size() == 2 ? Rational(v(0) / v(1)) : v(0), e.value, e.rounding); break;
    case Op::root:
      if (v(0) < 0) return false;
      result = root_rounded(v(0), e.value, e.rounding);
      break;
    default: return false;
  }
  Expression folded;
  folded.op = Op::constant;
  folded.type = e.type;
  folded.span = e.span;
  folded.value = result;
  e = std::move(folded);
  return true;
}

ExpressionId ExpressionPool::intern(Expression e) {
  for (ExpressionId id : e.operands) WATTLAW_ASSERT(id.index < program_.expressions.size(), "operands exist before their users");
  bool zero_divisor = e.op == Op::round && e.operands.size() == 2 && is_constant(e.operands[1]) && (*this)[e.operands[1]].value == 0;
  if (!zero_divisor) fold(e);
  uint64_t hash = hash_of(e);
  auto [first, last] = known_.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (same(program_.expressions[it->second], e)) return {it->second};
  auto index = static_cast<uint32_t>(program_.expressions.size());
  program_.expressions.push_back(std::move(e));
  known_.emplace(hash, index);
  return {index};
}

ExpressionId ExpressionPool::constant(const Rational& value, Type type, Span span) {
  Expression e;
  e.op = Op::constant;
  e.type = type;
  e.value = value;
  e.span = span;
  return intern(std::move(e));
}

void ExpressionPool::align(std::vector<ExpressionId>& operands, Span span) {
  EntityGrain first = EntityGrain::none;
  for (ExpressionId id : operands) {
    const EntityGrain entity = id ? (*this)[id].grain.entity : EntityGrain::none;
    if (entity == EntityGrain::none || entity == first) continue;
    if (first != EntityGrain::none) return relate(operands, span);
    first = entity;
  }
}

ExpressionId ExpressionPool::make(Op op, Type type, std::vector<ExpressionId> operands, Span span) {
  align(operands, span);
  Expression e;
  e.op = op;
  e.type = type;
  e.span = span;
  for (ExpressionId id : operands)
    if (id) e.grain = finer(e.grain, (*this)[id].grain);
  e.operands = std::move(operands);
  return intern(std::move(e));
}

ExpressionId ExpressionPool::add(std::vector<ExpressionId> terms, Span span) {
  WATTLAW_ASSERT(!terms.empty(), "a sum has terms");
  Type type = (*this)[terms[0]].type;
  for (ExpressionId id : terms) {
    type.extensive = type.extensive || (*this)[id].type.extensive;
    if (type.tax == TaxState::unsaid) type.tax = (*this)[id].type.tax;
  }
  std::erase_if(terms, [&](ExpressionId id) { return is_constant(id) && (*this)[id].value == 0; });
  if (terms.empty()) return constant(0, type, span);
  if (terms.size() == 1 && (*this)[terms[0]].type == type) return terms[0];
  if (terms.size() == 1) terms.push_back(constant(0, type, span));
  return make(Op::add, type, std::move(terms), span);
}

ExpressionId ExpressionPool::negate(ExpressionId a, Span span) {
  if ((*this)[a].op == Op::negate) return (*this)[a].operands[0];
  return make(Op::negate, (*this)[a].type, {a}, span);
}

ExpressionId ExpressionPool::multiply(ExpressionId a, ExpressionId b, Span span) {
  const Type &x = (*this)[a].type, &y = (*this)[b].type;
  Dimension d{static_cast<int8_t>(x.dimension.energy + y.dimension.energy), static_cast<int8_t>(x.dimension.time + y.dimension.time),
              static_cast<int8_t>(x.dimension.money + y.dimension.money), static_cast<int8_t>(x.dimension.month + y.dimension.month),
              static_cast<int8_t>(x.dimension.day + y.dimension.day), static_cast<int8_t>(x.dimension.current + y.dimension.current),
              static_cast<int8_t>(x.dimension.temperature + y.dimension.temperature),
              static_cast<int8_t>(x.dimension.frequency + y.dimension.frequency), static_cast<int8_t>(x.dimension.distance + y.dimension.distance)};
  Type type = number_type(d, x.dimension.money ? x.currency : y.currency, x.extensive || y.extensive, x.dimension.money ? x.tax : y.tax);
  type.estimate = x.estimate || y.estimate;
  auto is_one = [&](ExpressionId id) { return is_constant(id) && (*this)[id].value == 1; };
  if (is_one(a) && y == type) return b;
  if (is_one(b) && x == type) return a;
  return make(Op::multiply, type, {a, b}, span);
}

ExpressionId ExpressionPool::both(ExpressionId a, ExpressionId b, Span span) {
  if (!a) return b;
  if (!b) return a;
  for (auto [x, y] : {std::pair{a, b}, std::pair{b, a}})
    if (is_constant(x)) return (*this)[x].value != 0 ? y : x;
  return a == b ? a : make(Op::logical_and, boolean_type(), {a, b}, span);
}

ExpressionId ExpressionPool::either(std::vector<ExpressionId> conditions, Span span) {
  if (conditions.size() == 1) return conditions[0];
  for (ExpressionId id : conditions)
    if (is_constant(id) && (*this)[id].value != 0) return id;
  return make(Op::logical_or, boolean_type(), std::move(conditions), span);
}

ExpressionId ExpressionPool::negation(ExpressionId a, Span span) {
  if ((*this)[a].op == Op::logical_not) return (*this)[a].operands[0];
  return make(Op::logical_not, boolean_type(), {a}, span);
}

ExpressionId ExpressionPool::select(ExpressionId condition, ExpressionId yes, ExpressionId no, Span span) {
  if (is_constant(condition)) return (*this)[condition].value != 0 ? yes : no;
  if (yes == no) return yes;
  Type type = (*this)[yes].type;
  const Type& other = (*this)[no].type;
  type.extensive = type.extensive || other.extensive;
  if (type.tax == TaxState::unsaid) type.tax = other.tax;
  if (is_plain(type.dimension) && type.kind == ValueKind::number) type.dimension = other.dimension;
  return make(Op::select, type, {condition, yes, no}, span);
}

ExpressionId ExpressionPool::aggregate(Aggregate fn, ExpressionId operand, ExpressionId filter, const Period& period, Span span, int take) {
  Expression e;
  e.op = Op::aggregate;
  e.fn = fn;
  e.take = take;
  e.period = period;
  e.span = span;
  e.operands = {operand};
  if (filter) e.operands.push_back(filter);
  align(e.operands, span);
  const Expression& x = (*this)[e.operands[0]];
  e.type = x.type;
  e.grain.entity = x.grain.entity;
  if (filter) e.grain.entity = std::max(e.grain.entity, (*this)[e.operands[1]].grain.entity);
  if (fn == Aggregate::count) e.type = number_type();
  if (fn == Aggregate::any) e.type = boolean_type();
  e.grain.time = period;
  return intern(std::move(e));
}

ExpressionId ExpressionPool::quota(ExpressionId flow, ExpressionId bound, ExpressionId counted, bool beyond, const Period& period, Span span) {
  Expression e;
  e.op = Op::quota;
  e.period = period;
  e.beyond = beyond;
  e.span = span;
  e.type = (*this)[flow].type;
  e.operands = {flow, bound};
  if (counted) e.operands.push_back(counted);
  align(e.operands, span);
  e.grain = {EntityGrain::none, kInterval};
  for (ExpressionId id : e.operands) e.grain.entity = std::max(e.grain.entity, (*this)[id].grain.entity);
  return intern(std::move(e));
}

ExpressionId ExpressionPool::in_force(std::optional<Date> from, std::optional<Date> until, Span span) {
  if (!from && !until) return {};
  Expression e;
  e.op = Op::dated;
  e.type = boolean_type();
  e.grain = {EntityGrain::none, kInterval};
  e.span = span;
  e.change = Change::at_step;
  // Operand i holds from dates[i]; before dates[0] operand 0 holds, so the first date is the beginning of time.
  ExpressionId no = boolean(false, span), yes = boolean(true, span);
  if (from) {
    e.dates = {Date{INT32_MIN / 2}, *from};
    e.operands = {no, yes};
  } else {
    e.dates = {Date{INT32_MIN / 2}};
    e.operands = {yes};
  }
  if (until) {
    e.dates.push_back(*until);
    e.operands.push_back(no);
  }
  return intern(std::move(e));
}

}  // namespace wattlaw
