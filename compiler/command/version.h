// The version of the language this binary speaks, recorded in every result.
#pragma once

namespace wattlaw {

inline constexpr char kLanguageVersion[] = "0.1";

}  // namespace wattlaw
