// Pieces of Wattlaw text that every importer needs: names, figures, quoted text, and the layout of the whole.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "runtime/number/rational.h"
#include "runtime/time/civil.h"

namespace wattlaw {

// "area-lega" -> "AreaLega": the name of a tariff. Letters of any alphabet stay; what is neither letter nor digit parts words; a month or day of
// the week, which cannot be a name, becomes "MayTariff".
std::string tariff_name(std::string_view words);
// "Høylast - vinter" -> "høylast_vinter": the name of a clause or band, never a reserved word. `fallback` if nothing is left.
std::string label_name(std::string_view words, std::string_view fallback);
// `name` if no earlier one is called so, else `name_2`, `name_3` …; appended to `taken`.
std::string unique_name(std::string name, std::vector<std::string>& taken);

// 20990/100000 -> "0.2099". Exact: imported figures are decimals.
std::string decimal_text(const Rational& value);
// 6/5 -> "1.20": an amount of money has two places at least.
std::string money_text(const Rational& value);
// In quotes: what cannot stand between quotes is written as ' or a space.
std::string quoted_text(std::string_view text);
// On one line, for a comment.
std::string one_line(std::string_view text);
// "in force from 2025-01-01 until 2026-01-01"
std::string in_force_text(Date from, const std::optional<Date>& until);

// The one layout of `wattlaw fmt`. That the text can be parsed is the importer's promise.
std::string lay_out_script(const std::string& text);

}  // namespace wattlaw
