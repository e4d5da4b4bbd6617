// The barriers as kernels call them: the same functions the interpreter uses, with faults as a flag.
#include "runtime/abi/program.h"
#include "runtime/number/wide_integer.h"

namespace wattlaw {
namespace {

void call_round_quotient(const Int128* dividend, const Int128* divisor, int32_t mode, Int128* out, int32_t* fault) noexcept {
  bool is_fault = false;
  *out = round_divide(*dividend, *divisor, static_cast<RoundingMode>(mode), &is_fault);
  if (is_fault) *fault |= 1;
}

void call_root(const Int128* operand, const RootSpec* spec, Int128* out, int32_t* fault) noexcept {
  *out = 0;
  if (*operand < 0) {
    *fault |= 1;
    return;
  }
  const Rational root = root_rounded(Rational(to_integer(*operand)) * spec->operand_quantum, spec->quantum, spec->rounding) / spec->quantum;
  if (fits_int128(numerator(root))) *out = to_int128(numerator(root));
  else *fault |= 1;
}

}  // namespace

RuntimeCalls runtime_calls() { return {call_round_quotient, call_root}; }

}  // namespace wattlaw
