// Exceptions that hold at the same time with no order between them. Decided here where conditions speak of bands, dates and
// attributes; what speaks of metered values is watched by the run, which names member and time (WL7103).
#include "compiler/program/cases.h"
#include "compiler/program/elaborator.h"

namespace wattlaw {

void Elaborator::check_exceptions(const std::vector<TypedException>& exceptions) {
  const auto ordered = [](const TypedException& a, const TypedException& b) { return a.overrides == b.label || b.overrides == a.label; };
  for (size_t i = 0; i < exceptions.size(); ++i)
    for (size_t j = i + 1; j < exceptions.size(); ++j) {
      const TypedException &first = exceptions[i], &second = exceptions[j];
      if (ordered(first, second)) continue;
      const ExpressionId both = pool_.both(first.condition, second.condition, second.span);
      if (pool_.is_constant(both) && pool_[both].value == 0) continue;
      Cases cases(program_, settlement_->from, settlement_->until);
      cases.read(both);
      if (!cases.is_decidable()) continue;
      cases.visit_each([&](const Case& in) {
        const auto holds = cases.value(both, in);
        if (!holds || *holds == 0) return true;
        if (Diagnostic* d = error("WL4301", second.span, "the exceptions `" + first.label + "` and `" + second.label + "` hold at the same time: " + cases.words(in)))
          d->label(first.span, "`" + first.label + "`").hint("say which one counts: `overrides " + first.label + "` after the stronger one, or let the conditions exclude each other");
        return false;
      });
    }
}

}  // namespace wattlaw
