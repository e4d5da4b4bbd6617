#include "compiler/program/units.h"

#include <array>

namespace wattlaw {

namespace {

constexpr Dimension kEnergy{.energy = 1}, kPower{.energy = 1, .time = -1}, kTime{.time = 1}, kMonth{.month = 1}, kDay{.day = 1},
    kCurrent{.current = 1}, kTemperature{.temperature = 1}, kFrequency{.frequency = 1}, kDistance{.distance = 1}, kNumber{};

struct BuiltIn {
  const char* name;
  Dimension dimension;
  int64_t numerator, denominator;
};
// Canonical units: kWh, h (power is kW), month, local day, A, degC, Hz, km. kVA is billed where kW is and counts as it.
constexpr BuiltIn kBuiltIn[] = {
    {"Wh", kEnergy, 1, 1000}, {"kWh", kEnergy, 1, 1}, {"MWh", kEnergy, 1000, 1}, {"GWh", kEnergy, 1000000, 1}, {"TWh", kEnergy, 1000000000, 1},
    {"W", kPower, 1, 1000}, {"kW", kPower, 1, 1}, {"MW", kPower, 1000, 1}, {"GW", kPower, 1000000, 1}, {"TW", kPower, 1000000000, 1},
    {"VA", kPower, 1, 1000}, {"kVA", kPower, 1, 1}, {"MVA", kPower, 1000, 1}, {"kvar", kPower, 1, 1},
    {"s", kTime, 1, 3600}, {"min", kTime, 1, 60}, {"minute", kTime, 1, 60}, {"minutes", kTime, 1, 60}, {"h", kTime, 1, 1}, {"hour", kTime, 1, 1}, {"hours", kTime, 1, 1},
    {"day", kDay, 1, 1}, {"days", kDay, 1, 1}, {"week", kDay, 7, 1}, {"weeks", kDay, 7, 1},
    {"month", kMonth, 1, 1}, {"months", kMonth, 1, 1}, {"quarter", kMonth, 3, 1}, {"quarters", kMonth, 3, 1},
    {"year", kMonth, 12, 1}, {"years", kMonth, 12, 1}, {"calendar_year", kMonth, 12, 1},
    {"A", kCurrent, 1, 1}, {"V", {.energy = 1, .time = -1, .current = -1}, 1, 1000}, {"Hz", kFrequency, 1, 1},
    {"km", kDistance, 1, 1}, {"m", kDistance, 1, 1000}, {"degC", kTemperature, 1, 1}, {"°C", kTemperature, 1, 1}, {"%", kNumber, 1, 100}, {"count", kNumber, 1, 1}, {"number", kNumber, 1, 1},
};

// Minor units belong to whichever of these currencies the script declares.
struct Minor {
  const char* name;
  std::array<const char*, 4> currencies;
};
constexpr Minor kMinor[] = {
    {"øre", {"DKK", "NOK", nullptr, nullptr}}, {"öre", {"SEK", nullptr, nullptr, nullptr}}, {"ct", {"EUR", nullptr, nullptr, nullptr}},
    {"cent", {"EUR", "USD", "AUD", nullptr}}, {"aurar", {"ISK", nullptr, nullptr, nullptr}}, {"pence", {"GBP", nullptr, nullptr, nullptr}},
};

constexpr const char* kIsoCurrencies[] = {"EUR", "DKK", "NOK", "SEK", "ISK", "GBP", "USD", "AUD", "CHF", "PLN", "CZK", "HUF", "RON", "JPY",
                                          "CAD", "NZD", "CNY", "KRW", "INR", "SGD", "BRL", "ZAR", "TRY", "BGN"};

}  // namespace

Dimension operator+(const Dimension& a, const Dimension& b) {
  auto s = [](int8_t x, int8_t y) { return static_cast<int8_t>(x + y); };
  return {s(a.energy, b.energy), s(a.time, b.time), s(a.money, b.money), s(a.month, b.month), s(a.day, b.day),
          s(a.current, b.current), s(a.temperature, b.temperature), s(a.frequency, b.frequency), s(a.distance, b.distance)};
}
Dimension operator-(const Dimension& a, const Dimension& b) {
  auto s = [](int8_t x, int8_t y) { return static_cast<int8_t>(x - y); };
  return {s(a.energy, b.energy), s(a.time, b.time), s(a.money, b.money), s(a.month, b.month), s(a.day, b.day),
          s(a.current, b.current), s(a.temperature, b.temperature), s(a.frequency, b.frequency), s(a.distance, b.distance)};
}
bool is_plain(const Dimension& d) { return d == Dimension{}; }

std::optional<uint16_t> Units::currency(const std::string& name) const {
  for (size_t i = 0; i < currencies_.size(); ++i)
    if (currencies_[i] == name) return static_cast<uint16_t>(i);
  return std::nullopt;
}

uint16_t Units::declare_currency(const std::string& name) {
  if (auto known = currency(name)) return *known;
  currencies_.push_back(name);
  return static_cast<uint16_t>(currencies_.size() - 1);
}

bool Units::is_iso_currency(const std::string& name) {
  for (const char* iso : kIsoCurrencies)
    if (name == iso) return true;
  return false;
}

std::optional<UnitMeaning> Units::atom(const std::string& name) const {
  if (auto it = declared_.find(name); it != declared_.end()) return it->second;
  if (auto c = currency(name)) return UnitMeaning{{.money = 1}, *c, 1};
  for (const BuiltIn& unit : kBuiltIn)
    if (name == unit.name) return UnitMeaning{unit.dimension, 0, Rational(unit.numerator, unit.denominator)};
  for (const Minor& minor : kMinor) {
    if (name != minor.name) continue;
    std::optional<uint16_t> found;
    for (const char* major : minor.currencies)
      if (major)
        if (auto c = currency(major)) {
          if (found) return std::nullopt;
          found = c;
        }
    if (found) return UnitMeaning{{.money = 1}, *found, Rational(1, 100)};
  }
  return std::nullopt;
}

std::optional<UnitMeaning> Units::parse(std::string_view text, std::string* unknown) const {
  UnitMeaning result;
  bool first = true;
  while (!text.empty() || first) {
    size_t slash = text.find('/');
    std::string name(text.substr(0, slash));
    text = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
    int exponent = 1;
    if (size_t caret = name.find('^'); caret != std::string::npos && caret + 1 < name.size()) {
      exponent = name[caret + 1] - '0';
      name.resize(caret);
    }
    auto meaning = atom(name);
    if (!meaning && name == "1") meaning = UnitMeaning{};
    if (!meaning) {
      if (unknown) *unknown = name;
      return std::nullopt;
    }
    for (int i = 0; i < exponent; ++i) {
      result.dimension = first ? result.dimension + meaning->dimension : result.dimension - meaning->dimension;
      if (first) result.factor *= meaning->factor;
      else result.factor /= meaning->factor;
    }
    if (meaning->dimension.money != 0) result.currency = meaning->currency;
    first = false;
    if (slash == std::string_view::npos) break;
  }
  return result;
}

std::vector<std::string> Units::known_names() const {
  std::vector<std::string> names = currencies_;
  for (const auto& [name, meaning] : declared_) names.push_back(name);
  for (const BuiltIn& unit : kBuiltIn) names.push_back(unit.name);
  return names;
}

std::string dimension_words(const Dimension& dimension) {
  if (is_plain(dimension)) return "a plain number";
  Dimension rest = dimension;
  std::string over, under;
  auto take = [&](int8_t& exponent, const char* word) {
    for (; exponent > 0; --exponent) over += (over.empty() ? "" : " times ") + std::string(word);
    for (; exponent < 0; ++exponent) under += " per " + std::string(word);
  };
  if (rest.energy == 1 && rest.time == -1) {
    over = "power";
    rest.energy = rest.time = 0;
  } else if (rest.energy == -1 && rest.time == 1) {
    under = " per power";
    rest.energy = rest.time = 0;
  }
  take(rest.money, "money");
  take(rest.energy, "energy");
  take(rest.time, "hour");
  take(rest.current, "current");
  take(rest.temperature, "temperature");
  take(rest.frequency, "frequency");
  take(rest.distance, "distance");
  take(rest.month, "month");
  take(rest.day, "day");
  if (over == "money" && under.starts_with(" per power")) return "money" + under;
  return (over.empty() ? "a number" : over) + under;
}

}  // namespace wattlaw
