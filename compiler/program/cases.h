// Cases: every combination of local time, day and attributes of a site under which expressions that read nothing else can stand.
//   Cases cases(program, from, until);  cases.read(rate);
//   cases.visit_each([&](const Case& c) { … cases.value(rate, c) … });
// Exact where it says it is: time is looked at on every day and at every edge of a window, a number attribute at, just below and just
// above every constant that it is compared with. What reads anything else is not decidable here.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "compiler/program/typed_program.h"

namespace wattlaw {

struct Case {
  std::map<uint32_t, Rational> leaves;   // expression -> its value
  std::string moment;                    // "2026-01-05 06:00"; empty: the time of day does not matter
};

class Cases {
 public:
  Cases(const TypedProgram& program, Date from, Date until) : program_(program), from_(from), until_(until) {}
  void read(ExpressionId id);
  bool is_decidable() const { return !other_; }
  ExpressionId other() const { return other_; }  // the first thing read that is neither local time nor such an attribute
  // Until `visit` says false. False: there are more cases than are looked at.
  bool visit_each(const std::function<bool(const Case&)>& visit) const;
  // None after a division by zero and for what is not decidable.
  std::optional<Rational> value(ExpressionId id, const Case& in) const;
  std::string words(const Case& in) const;  // "`site.kind` is home, on 2026-01-05 06:00"

 private:
  void read_comparison(const Expression& expression);
  std::set<int> edge_minutes() const;
  Rational leaf_at(uint32_t leaf, Date day, int minute) const;
  std::vector<Case> moments() const;
  std::vector<Rational> domain(uint32_t attribute) const;

  const TypedProgram& program_;
  Date from_, until_;
  std::set<uint32_t> attributes_, times_;
  std::map<uint32_t, std::set<Rational>> bounds_;  // number attribute -> what it is compared with
  ExpressionId other_;
};

}  // namespace wattlaw
