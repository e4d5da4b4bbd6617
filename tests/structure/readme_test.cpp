// What the README promises exists, and what exists it mentions.
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
const std::set<std::string> kVerbs{"check", "fmt", "run", "test", "explain", "show", "import", "synthesize", "bench"};

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Readme, ItsVerbsExist) {
  const std::string readme = read_file(kRoot / "README.md");
  static const std::regex kCall("(?:^|[`/\\s])wattlaw ([a-z]+)\\b");
  std::set<std::string> called;
  for (std::sregex_iterator match(readme.begin(), readme.end(), kCall), end; match != end; ++match) called.insert((*match)[1]);
  for (const std::string& verb : kVerbs) EXPECT_TRUE(called.contains(verb)) << "the README does not show `wattlaw " << verb << "`";
}

TEST(Readme, CodeBlocksCallOnlyVerbsThatExist) {
  const std::string readme = read_file(kRoot / "README.md");
  static const std::regex kCommand("^\\s*(?:\\$ )?(?:build/|\\./build/)?wattlaw ([a-z]+)\\b");
  std::istringstream lines(readme);
  bool is_code = false;
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      is_code = !is_code;
    } else if (is_code && std::regex_search(line, match, kCommand)) {
      EXPECT_TRUE(kVerbs.contains(match[1])) << line;
    }
  }
}

TEST(Readme, EveryVerbHasItsFile) {
  const std::string command_line = read_file(kRoot / "compiler/command/command_line.cpp");
  static const std::regex kVerb("add_verb\\(line, \"([a-z]+)\"");
  std::set<std::string> built;
  for (std::sregex_iterator match(command_line.begin(), command_line.end(), kVerb), end; match != end; ++match) built.insert((*match)[1]);
  EXPECT_EQ(built, kVerbs);
  for (const std::string& verb : kVerbs)
    EXPECT_TRUE(fs::exists(kRoot / "compiler/command" / ((verb == "fmt" ? "format" : verb) + ".cpp"))) << verb;
}

}  // namespace
