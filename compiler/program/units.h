// Units: text such as `NOK/kWh` or `EUR/MW/h` -> dimension, currency and factor to the canonical unit.
//   `øre/kWh` -> {money 1, energy -1}, DKK, 1/100
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/program/typed_program.h"

namespace wattlaw {

struct UnitMeaning {
  Dimension dimension;
  uint16_t currency = 0;
  Rational factor = 1;
};

Dimension operator+(const Dimension& a, const Dimension& b);
Dimension operator-(const Dimension& a, const Dimension& b);
bool is_plain(const Dimension& d);  // a pure number

class Units {
 public:
  // Index of a declared currency; declares it when `declare`.
  std::optional<uint16_t> currency(const std::string& name) const;
  uint16_t declare_currency(const std::string& name);
  void declare_unit(const std::string& name, const UnitMeaning& meaning) { declared_[name] = meaning; }
  // nullopt: some atom is unknown; `unknown` then names it.
  std::optional<UnitMeaning> parse(std::string_view text, std::string* unknown) const;
  const std::vector<std::string>& currencies() const { return currencies_; }
  std::vector<std::string> known_names() const;
  static bool is_iso_currency(const std::string& name);

 private:
  std::optional<UnitMeaning> atom(const std::string& name) const;
  std::vector<std::string> currencies_;
  std::map<std::string, UnitMeaning> declared_;
};

// What a dimension is called in a sentence: "energy", "power", "money per energy", "money per month", "a plain number".
std::string dimension_words(const Dimension& dimension);

}  // namespace wattlaw
