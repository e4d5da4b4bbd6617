// is_reserved_spelling: may a word not be a name? For those who write Wattlaw text from names of other people's.
#pragma once
#include <string_view>

namespace wattlaw {

// "up" -> true; "Up", "dag" -> false.
bool is_reserved_spelling(std::string_view word);

}  // namespace wattlaw
