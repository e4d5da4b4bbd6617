// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once
#include <cstddef>
#include <string_view>

namespace wattlaw {

// Bytes of the character that begins at `at` (1 to 4), or 0 if none does. `at` is inside the text.
size_t utf8_length(std::string_view text, size_t at);
// Where the text first is not UTF-8; npos if it is.
size_t find_broken_utf8(std::string_view text);

}  // namespace wattlaw
