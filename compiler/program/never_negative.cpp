// is_never_negative: which quantities cannot fall below 0 whatever the data say, so that a table or ladder may begin at 0.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

bool Elaborator::is_never_negative(ExpressionId id) const {
  const Expression& e = pool_[id];
  auto all = [&](size_t first) { return std::all_of(e.operands.begin() + static_cast<long>(first), e.operands.end(), [&](ExpressionId o) { return is_never_negative(o); }); };
  switch (e.op) {
    case Op::constant: return e.value >= 0;
    case Op::series: return is_register(program_.series[e.index].name) || program_.series[e.index].request.trace == kSessionTrace;
    case Op::window_days:
    case Op::window_share:
    case Op::absolute:
    case Op::root: return true;
    case Op::maximum: return std::any_of(e.operands.begin(), e.operands.end(), [&](ExpressionId o) { return is_never_negative(o); });
    case Op::add:
    case Op::multiply:
    case Op::minimum:
    case Op::dated:
    case Op::divide:
    case Op::round: return all(0);
    case Op::select: return all(1);
    case Op::aggregate:
    case Op::previous:
    case Op::over_members: return e.fn == Aggregate::count || e.fn == Aggregate::any || is_never_negative(e.operands[0]);
    case Op::running_surplus: return true;
    case Op::quota: return true;  // steps with a negative flow count as 0
    default: return false;
  }
}

}  // namespace wattlaw
