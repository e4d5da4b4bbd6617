// Figures for each whole number of a range: `sum(saved / (1 + r) ^ n for n in 1..14)`, `min(n where … for n in 1..30)`.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
constexpr int kMostTerms = 1000;
}

// A bound of the range: a whole number.
std::optional<int> Elaborator::whole_number(NodeId id, Context& context) {
  ExpressionId e = elaborate_number(id, context);
  if (!e) return std::nullopt;
  const Expression& number = pool_[e];
  if (pool_.is_constant(e) && is_plain(number.type.dimension) && denominator(number.value) == 1 && number.value >= -1'000'000 && number.value <= 1'000'000) return static_cast<int>(number.value);
  if (Diagnostic* d = error("WL3336", node(context.module, id).span, "a range runs over whole numbers")) d->hint("write for example `for n in 1..14`; a `parameter` may be a bound");
  return std::nullopt;
}

ExpressionId Elaborator::elaborate_counted(NodeId call, NodeId argument, Context& context) {
  const Node& n = node(context.module, call);
  const Node& a = node(context.module, argument);
  const NodeId range = tree(context.module).child(argument, NodeKind::ForIn), where = tree(context.module).child(argument, NodeKind::Where);
  const Node& counter = node(context.module, range);
  const bool gathers = n.text == "sum" || n.text == "min" || n.text == "max" || n.text == "count";
  if (!gathers || n.children.size() != 1) {
    if (Diagnostic* d = error("WL3336", counter.span, "`for " + counter.text + " in …` stands in `sum`, `min`, `max` or `count` alone")) d->hint("write for example `sum(saved / (1 + r) ^ n for n in 1..14)`");
    return {};
  }
  const auto first = whole_number(counter.children[0], context), last = whole_number(counter.children[1], context);
  if (!first || !last) return {};
  if (*last - *first >= kMostTerms) {
    if (Diagnostic* d = error("WL3336", counter.span, "a range has at most " + std::to_string(kMostTerms) + " numbers")) d->hint("this one has " + std::to_string(*last - *first + 1));
    return {};
  }
  std::map<std::string, ExpressionId> locals;
  if (context.locals) locals = *context.locals;
  Context inner = context;
  inner.locals = &locals;
  std::vector<ExpressionId> terms;
  for (int i = *first; i <= *last; ++i) {
    locals[counter.text] = pool_.constant(i, number_type(), counter.text_span);
    ExpressionId holds = where ? elaborate_boolean(node(context.module, where).children[0], inner) : pool_.boolean(true, n.span);
    if (!holds) return {};
    if (!pool_.is_constant(holds)) {
      if (Diagnostic* d = error("WL3336", node(context.module, where).span, "which numbers count is decided by figures, not by readings")) d->hint("gather over time with `where` in an aggregate of its own");
      return {};
    }
    if (pool_[holds].value == 0) continue;
    ExpressionId term = n.text == "count" ? pool_.constant(1, number_type(), n.span) : elaborate_number(a.children[0], inner);
    if (!term || (!terms.empty() && !same_kind(terms[0], term, n.span, "beside"))) return {};
    terms.push_back(term);
  }
  if (n.text == "count") return pool_.constant(static_cast<int>(terms.size()), number_type(), n.span);
  if (terms.empty()) {
    if (Diagnostic* d = error("WL3336", n.span, "no number from " + std::to_string(*first) + " to " + std::to_string(*last) + " counts here")) d->hint(where ? "its `where` holds for none of them: take a longer range, or look at the figures" : "the first number of a range is its smallest");
    return {};
  }
  if (terms.size() == 1) return terms[0];
  if (n.text == "sum") return pool_.add(terms, n.span);
  return pool_.make(n.text == "min" ? Op::minimum : Op::maximum, pool_[terms[0]].type, terms, n.span);
}

}  // namespace wattlaw
