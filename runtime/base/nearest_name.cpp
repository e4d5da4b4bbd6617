#include "runtime/base/nearest_name.h"

#include <algorithm>

namespace wattlaw {
namespace {

constexpr size_t kLongestWord = 64;

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

// Optimal string alignment distance in half edits: a swap of neighbours is one edit, a difference in case half of one.
size_t half_edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = 2 * i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = 2 * j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = a[i - 1] == b[j - 1] ? 0 : lower(a[i - 1]) == lower(b[j - 1]) ? 1 : 2;
      cost[i][j] = std::min({cost[i - 1][j] + 2, cost[i][j - 1] + 2, cost[i - 1][j - 1] + replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 2);
    }
  return cost[a.size()][b.size()];
}

bool differs_in_case_only(std::string_view a, std::string_view b) {
  return a != b && std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& known) {
  if (name.empty() || name.size() > kLongestWord) return {};
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLongestWord) continue;
    const size_t distance = differs_in_case_only(name, candidate) ? 1 : half_edits(name, candidate);
    if (distance > 0 && distance <= 2 * std::max<size_t>(1, std::min(name.size(), candidate.size()) / 3)) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string> words;
  for (size_t i = 0; i < near.size() && i < 3 && near[i].first <= near[0].first + 2; ++i) words.push_back(near[i].second);
  return words;
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  const std::vector<std::string> near = nearest_names(name, known);
  return near.empty() ? std::string() : near.front();
}

std::string join_quoted(const std::vector<std::string>& words, std::string_view last_separator) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? std::string(last_separator) : ", ";
    text += "`" + words[i] + "`";
  }
  return text;
}

}  // namespace wattlaw
