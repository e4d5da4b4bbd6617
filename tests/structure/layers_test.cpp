// The house has floors: includes only climb down, and the three libraries with heavy headers stay in their own folders.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = WATTLAW_SOURCE_DIR;

struct SourceText {
  std::string path;  // "compiler/plan/settle.cpp"
  std::vector<std::string> includes;
};

std::vector<SourceText> sources() {
  static const std::regex kInclude("^\\s*#\\s*include\\s+[<\"]([^>\"]+)[>\"]");
  std::vector<SourceText> found;
  for (const char* top : {"runtime", "compiler"})
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / top)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp" && extension != ".def") continue;
      SourceText source{fs::relative(entry.path(), kRoot).generic_string(), {}};
      std::ifstream in(entry.path());
      std::smatch match;
      for (std::string line; std::getline(in, line);)
        if (std::regex_search(line, match, kInclude)) source.includes.push_back(match[1]);
      found.push_back(std::move(source));
    }
  return found;
}

// Floors from the ground up. A file's own entry stands before its folder's: diagnostic.h and the texts of source/ lie below the parser,
// what renders diagnostics and finds modules above; load_jit and compiled_plan are only the plain door to the library that holds lowering
// and jit; compile.h says what is asked of the pipeline, compile.cpp runs it.
const std::vector<std::string> kFloors[] = {
    {"runtime/base/"},
    {"runtime/number/"},
    {"runtime/time/"},
    {"runtime/trace/"},
    {"runtime/synthesize/", "runtime/fleet/", "runtime/abi/"},
    {"runtime/ledger/"},
    {"runtime/evaluate/"},
    {"runtime/report/"},
    {"compiler/diagnostic/diagnostic.h"},
    {"compiler/source/source_file.", "compiler/source/literate.", "compiler/source/standard_library."},
    {"compiler/diagnostic/"},
    {"compiler/syntax/"},
    {"compiler/source/"},
    {"compiler/program/", "compiler/compile.h"},
    {"compiler/interpret/"},
    {"compiler/plan/", "compiler/jit/load_jit.", "compiler/jit/compiled_plan."},
    {"compiler/lowering/"},
    {"compiler/jit/"},
    {"compiler/compile.", "compiler/import/"},
    {"compiler/command/"},
};

// The floor of the longest prefix that fits; -1: none.
int floor_of(const std::string& path) {
  int floor = -1;
  size_t longest = 0;
  for (size_t i = 0; i < std::size(kFloors); ++i)
    for (const std::string& prefix : kFloors[i])
      if (path.starts_with(prefix) && prefix.size() > longest) {
        longest = prefix.size();
        floor = static_cast<int>(i);
      }
  return floor;
}

TEST(Layers, EveryFileStandsOnAFloor) {
  for (const SourceText& source : sources()) EXPECT_GE(floor_of(source.path), 0) << source.path;
}

TEST(Layers, IncludesOnlyClimbDown) {
  for (const SourceText& source : sources())
    for (const std::string& include : source.includes) {
      if (!include.starts_with("runtime/") && !include.starts_with("compiler/")) continue;
      EXPECT_LE(floor_of(include), floor_of(source.path)) << source.path << " includes " << include;
    }
}

void expect_only_in(const std::regex& headers, const std::regex& allowed, const char* what) {
  for (const SourceText& source : sources())
    for (const std::string& include : source.includes)
      EXPECT_TRUE(!std::regex_search(include, headers) || std::regex_search(source.path, allowed))
          << source.path << " includes " << include << ": " << what;
}

TEST(Layers, HeavyHeadersStayAtHome) {
  // A file that includes LLJIT takes 6 s to compile, a plain one 0.4 s.
  expect_only_in(std::regex("antlr4|^Wattlaw(Lexer|Parser)"), std::regex("^compiler/syntax/(.*\\.cpp|build_tree\\.h)$"),
                 "ANTLR belongs to compiler/syntax/*.cpp and to build_tree.h, which they share");
  expect_only_in(std::regex("^compiler/syntax/build_tree\\.h$"), std::regex("^compiler/syntax/.*\\.cpp$"), "this header shows ANTLR and is private to compiler/syntax/*.cpp");
  expect_only_in(std::regex("^llvm/ExecutionEngine/"), std::regex("^compiler/jit/.*\\.cpp$"), "ORC belongs to compiler/jit/*.cpp");
  expect_only_in(std::regex("^llvm"), std::regex("^compiler/(lowering|jit)/"), "LLVM belongs to compiler/lowering and compiler/jit");
  expect_only_in(std::regex("^yaml-cpp/"), std::regex("^compiler/import/read_yaml\\.cpp$"), "yaml-cpp belongs to compiler/import/read_yaml.cpp");
  expect_only_in(std::regex("^CLI/"), std::regex("^compiler/command/.*\\.cpp$"), "CLI11 belongs to compiler/command/*.cpp");
}

// Files that include one another in a circle have no order to be read in.
TEST(Layers, NoFileIncludesItself) {
  std::map<std::string, std::vector<std::string>> includes;
  for (SourceText& source : sources()) includes[source.path] = std::move(source.includes);
  std::map<std::string, int> state;  // 1: on the path, 2: done
  std::vector<std::pair<std::string, size_t>> path;
  for (const auto& [start, ignored] : includes) {
    if (state[start] == 0) path.push_back({start, 0});
    while (!path.empty()) {
      auto& [file, next] = path.back();
      state[file] = 1;
      if (next == includes[file].size()) {
        state[file] = 2;
        path.pop_back();
        continue;
      }
      const std::string include = includes[file][next++];
      if (!includes.contains(include)) continue;
      EXPECT_NE(state[include], 1) << file << " includes " << include << ", which leads back to it";
      if (state[include] == 0) path.push_back({include, 0});
    }
  }
}

}  // namespace
