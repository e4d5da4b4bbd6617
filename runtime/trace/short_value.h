// read_short_value: a decimal text of at most seven bytes at once, "3.125," as digits 3125, places 3. Longer ones are for read_decimal.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

namespace wattlaw {

// digits, at most one point, then `stop`, all within eight bytes.
struct ShortValue {
  uint32_t digits = 0, places = 0, length = 0;  // length without `stop`; 0: it is no such text
};

// Eight bytes must be readable. They are taken as one number: bytes that are no digit are found by carries, the point is squeezed out, and the digits, moved up
// so that the last of them is the highest byte, are added in pairs, fours and eights.
inline ShortValue read_short_value(const char* at, char stop) {
  constexpr uint64_t kZeros = 0x3030303030303030, kTops = 0x8080808080808080;
  uint64_t text;
  std::memcpy(&text, at, sizeof text);
  text ^= kZeros;
  uint64_t others = ((text + 0x7676767676767676) | text) & kTops;  // a byte above 9 carries into its top bit
  if (others == 0) return {};
  uint32_t length = static_cast<uint32_t>(std::countr_zero(others)) / 8, count = length, places = 0;
  if (length > 0 && at[length] == '.') {
    others &= others - 1;
    if (others == 0) return {};
    const uint64_t below = (uint64_t{1} << 8 * length) - 1;
    text = (text & below) | (text >> 8 & ~below);
    const uint32_t end = static_cast<uint32_t>(std::countr_zero(others)) / 8;
    places = end - length - 1;
    length = end, count = end - 1;
  }
  if (count == 0 || at[length] != stop) return {};
  text <<= 8 * (8 - count);
  text = text * 10 + (text >> 8);
  const uint64_t fours = (text & 0x000000FF000000FF) * 0x000F424000000064, rest = (text >> 16 & 0x000000FF000000FF) * 0x0000271000000001;
  return {static_cast<uint32_t>((fours + rest) >> 32), places, length};
}

}  // namespace wattlaw
