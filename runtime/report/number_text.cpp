#include "runtime/report/number_text.h"

#include <charconv>

namespace wattlaw {
namespace {

constexpr int kMostPlaces = 36;      // 10^36 and a factor fit 128 bits
constexpr int kMostDecimals = 60;    // a longer decimal is told better by its fraction

void append_digits(std::string& out, unsigned __int128 value) {
  if (value >> 64) {
    out += to_integer(static_cast<Int128>(value)).str();  // below 2^127: the caller prints magnitudes of int128 products
    return;
  }
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<uint64_t>(value)).ptr;
  out.append(digits, end);
}

}  // namespace

std::string print_exact(const Rational& value, int min_places) {
  std::string text = print_decimal(value, min_places, kMostDecimals);
  if (text[0] != '~') return text;
  return numerator(value).str() + "/" + denominator(value).str();
}

MantissaPrinter::MantissaPrinter(const Quantum& quantum, int min_places) : quantum_(quantum), min_places_(min_places) {
  Integer scale = 1;
  for (int places = 0; places <= kMostPlaces; ++places, scale *= 10) {
    if (scale % quantum.denominator != 0) continue;
    const Integer factor = scale / quantum.denominator * quantum.numerator;
    if (!fits_int128(factor)) return;
    places_ = places;
    factor_ = to_int128(factor);
    return;
  }
}

void MantissaPrinter::append(std::string& out, Int128 mantissa) const {
  Int128 scaled;
  constexpr Int128 kLeast = static_cast<Int128>(static_cast<unsigned __int128>(1) << 127);
  if (places_ < 0 || __builtin_mul_overflow(mantissa, factor_, &scaled) || scaled == kLeast) {
    out += print_exact(Rational(to_integer(mantissa) * quantum_.numerator, quantum_.denominator), min_places_);
    return;
  }
  if (scaled < 0) out += '-';
  const size_t start = out.size();
  append_digits(out, static_cast<unsigned __int128>(scaled < 0 ? -scaled : scaled));
  const size_t digits = out.size() - start, places = static_cast<size_t>(places_);
  if (digits <= places) out.insert(start, places + 1 - digits, '0');
  size_t shown = places;
  const size_t wanted = static_cast<size_t>(min_places_);
  while (shown > wanted && out.back() == '0') out.pop_back(), --shown;
  if (shown > 0) out.insert(out.size() - shown, 1, '.');
  if (shown < wanted) {
    if (shown == 0) out += '.';
    out.append(wanted - shown, '0');
  }
}

}  // namespace wattlaw
