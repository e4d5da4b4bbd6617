// print_value: a value of the law as a person reads it: "0.20 NOK", "4.2 kW", "yes", "south", "2026-03-01".
#pragma once
#include <string>

#include "compiler/interpret/interpret.h"

namespace wattlaw {

// `places`: at least so many decimals of a number (2 for money where `places` is negative). Longer than 12 places: rounded to 6, with a "~".
std::string print_value(const TypedProgram& program, const Type& type, const Value& value, int places = -1);

}  // namespace wattlaw
