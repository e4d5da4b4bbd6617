// The standard library as it is embedded in the binary (stdlib/embed.cmake writes the definition).
#pragma once
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

namespace wattlaw {

struct StandardModule {
  std::string_view name;  // "std.calendar.norway"
  std::string_view path;  // "stdlib/calendar/norway.watt", for positions in messages
  std::string_view text;
};

std::span<const StandardModule> standard_library();

}  // namespace wattlaw
