// ExpressionPool: makes expressions with their types and grains, folds constants, gives equal expressions one id.
// It never reports: the callers in elaborate_*.cpp have checked types before they build.
#pragma once
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "compiler/program/typed_program.h"

namespace wattlaw {

inline constexpr Period kNoTime{};
inline constexpr Period kInterval{Period::Unit::interval};
inline constexpr Period kMonth{Period::Unit::month};
inline constexpr Period kSession{Period::Unit::session};

// The finer of two times; they must be comparable (see nests_in).
Period finer(const Period& a, const Period& b);
Grain finer(const Grain& a, const Grain& b);
// Whether every window of `fine` lies in one window of `coarse`, by their kinds alone: interval < minutes < hour < day < month < year …
bool nests_in(const Period& fine, const Period& coarse);

Type number_type(Dimension dimension = {}, uint16_t currency = 0, bool extensive = false, TaxState tax = TaxState::unsaid);
inline Type boolean_type() { return {.kind = ValueKind::boolean}; }

class ExpressionPool {
 public:
  explicit ExpressionPool(TypedProgram& program) : program_(program) {}
  const Expression& operator[](ExpressionId id) const { return program_.expressions[id.index]; }

  ExpressionId intern(Expression expression);  // hash-consing, constant folding
  ExpressionId constant(const Rational& value, Type type, Span span);
  ExpressionId boolean(bool value, Span span) { return constant(value ? 1 : 0, boolean_type(), span); }
  // Operands of `make` decide the grain; the caller gives the type.
  ExpressionId make(Op op, Type type, std::vector<ExpressionId> operands, Span span);
  ExpressionId add(std::vector<ExpressionId> terms, Span span);
  ExpressionId subtract(ExpressionId a, ExpressionId b, Span span) { return add({a, negate(b, span)}, span); }
  ExpressionId negate(ExpressionId a, Span span);
  ExpressionId multiply(ExpressionId a, ExpressionId b, Span span);
  ExpressionId both(ExpressionId a, ExpressionId b, Span span);      // logical and; either may be invalid (= true)
  ExpressionId either(std::vector<ExpressionId> conditions, Span span);
  ExpressionId negation(ExpressionId a, Span span);
  ExpressionId select(ExpressionId condition, ExpressionId yes, ExpressionId no, Span span);
  ExpressionId aggregate(Aggregate fn, ExpressionId operand, ExpressionId filter, const Period& period, Span span, int take = 0);
  ExpressionId quota(ExpressionId flow, ExpressionId bound, ExpressionId counted, bool beyond, const Period& period, Span span);
  ExpressionId in_force(std::optional<Date> from, std::optional<Date> until, Span span);  // boolean at interval grain; invalid if always
  bool is_constant(ExpressionId id) const { return (*this)[id].op == Op::constant; }
  // Makes operands of several kinds of members values of the finest kind: a vehicle has what its site has. Set by the elaborator.
  std::function<void(std::vector<ExpressionId>& operands, Span span)> relate;

 private:
  bool fold(Expression& expression);
  void align(std::vector<ExpressionId>& operands, Span span);
  TypedProgram& program_;
  std::unordered_multimap<uint64_t, uint32_t> known_;
};

}  // namespace wattlaw
