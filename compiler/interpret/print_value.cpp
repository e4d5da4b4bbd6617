#include "compiler/interpret/print_value.h"

#include <fmt/format.h>

namespace wattlaw {
namespace {

constexpr int kMaxPlaces = 12;       // of a figure that ends
constexpr int kRoundedPlaces = 6;    // of one that does not, such as a third

bool is_money(const Dimension& dimension) { return dimension == Dimension{.money = 1}; }

}  // namespace

std::string print_value(const TypedProgram& program, const Type& type, const Value& value, int places) {
  if (value.nothing) return "nothing";
  switch (type.kind) {
    case ValueKind::boolean: return value.number != 0 ? "yes" : "no";
    case ValueKind::date: return print_date(Date{static_cast<int32_t>(numerator(value.number))});
    case ValueKind::choice: {
      const auto index = static_cast<size_t>(numerator(value.number));
      if (type.choices < program.choice_sets.size() && index < program.choice_sets[type.choices].names.size())
        return program.choice_sets[type.choices].names[index];
      return fmt::format("choice {}", index);
    }
    case ValueKind::member:
    case ValueKind::number: break;
  }
  const std::string unit = unit_text(program, type);
  std::string number = print_decimal(value.number, places >= 0 ? places : is_money(type.dimension) ? 2 : 0, kMaxPlaces);
  if (number.front() == '~') number = "~" + print_fixed(value.number, kRoundedPlaces, false);
  return unit.empty() ? number : number + (unit.front() == '1' ? unit.substr(1) : " " + unit);
}

}  // namespace wattlaw
