// nearest_declared: the known name a person probably meant, for "did you mean `Elvia`?".
#pragma once
#include <algorithm>
#include <string>
#include <vector>

namespace wattlaw {

// Edit distance with transpositions; a name is near if it differs in at most a third of its letters (at least one).
inline std::string nearest_declared(const std::string& name, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    size_t n = name.size(), m = candidate.size();
    if ((n > m ? n - m : m - n) >= best_distance) continue;
    std::vector<std::vector<size_t>> d(n + 1, std::vector<size_t>(m + 1));
    for (size_t i = 0; i <= n; ++i) d[i][0] = i;
    for (size_t j = 0; j <= m; ++j) d[0][j] = j;
    for (size_t i = 1; i <= n; ++i)
      for (size_t j = 1; j <= m; ++j) {
        auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
        bool equal = lower(name[i - 1]) == lower(candidate[j - 1]);
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (equal ? 0 : 1)});
        if (i > 1 && j > 1 && name[i - 1] == candidate[j - 2] && name[i - 2] == candidate[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    if (d[n][m] < best_distance && candidate != name) {
      best_distance = d[n][m];
      best = candidate;
    }
  }
  return best;
}

}  // namespace wattlaw
