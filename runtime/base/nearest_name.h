// nearest_names: the known names that a misspelt one may have meant, for "did you mean `Elvia`?".
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace wattlaw {

// Up to three, the nearest first, none if nothing is near: at most a third of the shorter word's letters differ (one in a short word), where
// a swap of neighbours is one difference and capitals instead of small letters half of one; capitals alone are always near. Never `name` itself.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& known);
// The nearest of them, or an empty text.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);
// "`import`, `export` or `power`"
std::string join_quoted(const std::vector<std::string>& words, std::string_view last_separator);

}  // namespace wattlaw
