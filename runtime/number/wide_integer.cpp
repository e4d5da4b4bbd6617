#include "runtime/number/wide_integer.h"

#include <algorithm>
#include <numeric>

#include "runtime/base/assert.h"

namespace wattlaw {

std::string print_int128(Int128 value) {
  unsigned __int128 rest = value < 0 ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  std::string text;
  do text += static_cast<char>('0' + static_cast<int>(rest % 10));
  while ((rest /= 10) != 0);
  if (value < 0) text += '-';
  std::reverse(text.begin(), text.end());
  return text;
}

Integer to_integer(Int128 value) {
  const auto bits = static_cast<unsigned __int128>(value);
  const unsigned __int128 size = value < 0 ? -bits : bits;
  Integer result = static_cast<uint64_t>(size >> 64);
  result <<= 64;
  result |= static_cast<uint64_t>(size);
  return value < 0 ? Integer(-result) : result;
}

bool fits_int128(const Integer& value) {
  static const Integer limit = Integer(1) << 127;
  return value < limit && value >= -limit;
}

Int128 to_int128(const Integer& value) {
  WATTLAW_ASSERT(fits_int128(value), "the value was checked to fit 128 bits");
  const Integer size = abs(value);
  const auto high = static_cast<uint64_t>(size >> 64), low = static_cast<uint64_t>(size & UINT64_MAX);
  const unsigned __int128 bits = static_cast<unsigned __int128>(high) << 64 | low;
  return static_cast<Int128>(value < 0 ? -bits : bits);
}

Int128 gcd128(Int128 a, Int128 b) {
  const auto magnitude = [](Int128 value) { return value < 0 ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value); };
  return static_cast<Int128>(std::gcd(magnitude(a), magnitude(b)));
}

}  // namespace wattlaw
