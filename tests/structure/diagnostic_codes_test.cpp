// Every code that can be told is listed with its meaning, and some golden or unit test has seen it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = WATTLAW_SOURCE_DIR;

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::set<std::string> codes_in(const std::string& text, const std::regex& pattern) {
  std::set<std::string> codes;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) codes.insert((*match)[1]);
  return codes;
}

std::set<std::string> codes_below(const char* folder, const std::regex& pattern, const std::set<std::string>& endings) {
  std::set<std::string> codes;
  if (!fs::exists(kRoot / folder)) return codes;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name == "codes.def" || !endings.contains(entry.path().extension().string())) continue;
    codes.merge(codes_in(read_file(entry.path()), pattern));
  }
  return codes;
}

// In sources a code is a literal of its own: "WL6003". Comments that mention one do not tell it.
std::set<std::string> told() {
  static const std::regex kLiteral("\"(WL[0-9]{4})\"");
  std::set<std::string> codes = codes_below("runtime", kLiteral, {".cpp", ".h"});
  codes.merge(codes_below("compiler", kLiteral, {".cpp", ".h"}));
  return codes;
}

std::set<std::string> listed() {
  static const std::regex kEntry("(WL[0-9]{4})");
  return codes_in(read_file(kRoot / "compiler/diagnostic/codes.def"), kEntry);
}

TEST(DiagnosticCodes, EveryToldCodeIsListed) {
  const std::set<std::string> known = listed();
  for (const std::string& code : told()) EXPECT_TRUE(known.contains(code)) << code << " is not in compiler/diagnostic/codes.def";
}

TEST(DiagnosticCodes, EveryListedCodeIsTold) {
  const std::set<std::string> used = told();
  for (const std::string& code : listed()) EXPECT_TRUE(used.contains(code)) << code << " is listed, but nothing tells it";
}

TEST(DiagnosticCodes, EveryToldCodeIsSeenByATest) {
  static const std::regex kMention("(WL[0-9]{4})");
  std::set<std::string> seen = codes_below("tests/golden", kMention, {".watt", ".txt", ".json", ".xml", ".sarif", ".md"});
  seen.merge(codes_below("tests/unit", kMention, {".cpp"}));
  seen.merge(codes_below("tests/property", kMention, {".cpp"}));
  for (const std::string& code : told()) EXPECT_TRUE(seen.contains(code)) << code << " is seen by no golden and no test";
}

}  // namespace
