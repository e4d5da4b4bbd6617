// nearest_words: which known words a misspelt one may have meant, for hints.
//   "tarif", {"tariff", "test"}   ->   {"tariff"}
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace wattlaw {

// At most three, nearest first; one edit for every three letters is tolerated. Case counts as half a difference.
std::vector<std::string> nearest_words(std::string_view word, const std::vector<std::string>& known);
// {"a", "b"}, " or "   ->   "`a` or `b`"
std::string join_quoted(const std::vector<std::string>& words, std::string_view last_separator);

}  // namespace wattlaw
