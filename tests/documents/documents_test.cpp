// What the documents say is what the program does: every block of the language's reference, every command of the README and of the
// examples' READMEs, every kept trace that a README says how to make, every figure to two places that it quotes.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = WATTLAW_SOURCE_DIR;
const fs::path kPrograms = WATTLAW_BINARY_DIR;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// A fenced block: "```wattlaw-error WL2020" has the mark "wattlaw-error WL2020"; line counts from 1 and is the fence's.
struct Block {
  std::string mark, text;
  int line = 0;
};

struct Document {
  std::vector<Block> blocks;
  std::string prose;  // all the rest
};

Document read_document(const fs::path& path) {
  Document document;
  std::istringstream lines(read_file(path));
  bool is_block = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("```")) {
      is_block = !is_block;
      if (is_block) document.blocks.push_back({line.substr(3), "", number});
    } else {
      (is_block ? document.blocks.back().text : document.prose) += line + "\n";
    }
  }
  EXPECT_FALSE(is_block) << path << ": a block is not closed";
  return document;
}

struct Outcome {
  int exit = -1;
  std::string output;
};

class Documents : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "wattlaw-documents-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    work_ = name;
  }
  void TearDown() override { fs::remove_all(work_); }

  // A command as a reader types it into a shell.
  Outcome run(const std::string& command, const fs::path& folder) {
    const std::string line = "cd '" + folder.string() + "' && PATH='" + kPrograms.string() + "':\"$PATH\" && { " + command + " ; } >'" + (work_ / ".output").string() + "' 2>&1 </dev/null";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(work_ / ".output")};
  }

  void expect_accepted(const Block& block) {
    write_file(work_ / "block.watt", block.text);
    const Outcome check = run("wattlaw check block.watt", work_);
    EXPECT_EQ(check.exit, 0) << "line " << block.line << "\n" << check.output;
    if (!std::regex_search(block.text, std::regex("(^|\n)test \""))) return;
    const Outcome test = run("wattlaw test block.watt", work_);
    EXPECT_EQ(test.exit, 0) << "line " << block.line << "\n" << test.output;
  }

  void expect_refused(const Block& block, const std::string& code) {
    write_file(work_ / "block.watt", block.text);
    const Outcome check = run("wattlaw check --format json block.watt", work_);
    EXPECT_EQ(check.exit, 3) << "line " << block.line;
    ASSERT_TRUE(nlohmann::json::accept(check.output)) << check.output;
    std::set<std::string> codes;
    const nlohmann::json said = nlohmann::json::parse(check.output);
    for (const nlohmann::json& diagnostic : said["diagnostics"])
      if (diagnostic["severity"] == "error") codes.insert(diagnostic["code"]);
    EXPECT_EQ(codes, std::set<std::string>{code}) << "line " << block.line << "\n" << check.output;
  }

  fs::path work_;
};

TEST_F(Documents, EveryBlockOfTheReferenceIsTakenOrRefusedAsItSays) {
  const Document reference = read_document(kRoot / "grammar/reference.md");
  static const std::regex kRefused("wattlaw-error (WL[0-9]{4})");
  int accepted = 0, refused = 0;
  std::smatch match;
  for (const Block& block : reference.blocks) {
    if (block.mark == "wattlaw") {
      expect_accepted(block), ++accepted;
    } else if (std::regex_match(block.mark, match, kRefused)) {
      expect_refused(block, match[1]), ++refused;
    } else {
      ADD_FAILURE() << "line " << block.line << ": a block marked `" << block.mark << "`; mark it `wattlaw` or `wattlaw-error CODE`";
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, 0);
}

// Every section of the reference that presents a construct shows it.
TEST_F(Documents, EverySectionOfTheReferenceHasABlock) {
  static const std::set<std::string> kWithoutConstruct{"How text is written", "Sets of local time", "Tariffs", "What may not go unsaid", "Data"};
  std::istringstream lines(read_file(kRoot / "grammar/reference.md"));
  std::string section;
  bool has_block = true;
  const auto close = [&] { EXPECT_TRUE(has_block || kWithoutConstruct.contains(section)) << "section `" << section << "` has no example"; };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) close(), section = line.substr(3), has_block = false;
    if (line.starts_with("```wattlaw")) has_block = true;
  }
  close();
}

// Commands in order: lines of unmarked blocks and inline code that begin with `wattlaw ` and name a verb and something to do it to.
std::vector<std::string> commands_of(const fs::path& path) {
  static const std::regex kInline("`(wattlaw [a-z]+ [^`]+)`");
  std::vector<std::string> commands;
  std::istringstream lines(read_file(path));
  bool is_block = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) is_block = !is_block;
    else if (is_block && (line.starts_with("wattlaw ") || line.starts_with("rm "))) commands.push_back(line);
    if (is_block) continue;
    for (std::sregex_iterator match(line.begin(), line.end(), kInline), end; match != end; ++match) commands.push_back((*match)[1]);
  }
  return commands;
}

TEST_F(Documents, EveryCommandOfTheReadmeRuns) {
  const Document readme = read_document(kRoot / "README.md");
  for (const char* folder : {"examples", "stdlib"}) fs::copy(kRoot / folder, work_ / folder, fs::copy_options::recursive);
  const char* sheets = "tests/golden/import";  // price sheets to import
  fs::create_directories(work_ / sheets);
  fs::copy(kRoot / sheets, work_ / sheets, fs::copy_options::recursive);
  int scripts = 0;
  for (const Block& block : readme.blocks)
    if (block.mark == "wattlaw") write_file(work_ / "first.watt", block.text), ++scripts;
  ASSERT_EQ(scripts, 1) << "the README says `Save this as first.watt` of one block";
  const std::vector<std::string> commands = commands_of(kRoot / "README.md");
  EXPECT_GE(commands.size(), 4u);
  for (const std::string& command : commands) {
    // What is measured takes a while; that there is such a benchmark is asked instead.
    const bool measures = command.starts_with("wattlaw bench");
    const Outcome outcome = run(command + (measures ? " --benchmark_list_tests" : ""), work_);
    EXPECT_EQ(outcome.exit, 0) << command << "\n" << outcome.output;
    EXPECT_EQ(outcome.output.find("Failed to match"), std::string::npos) << command << "\n" << outcome.output;
  }
}

// Numbers of a text without the commas of thousands, "1,745,479.82" as 1745479.82.
std::vector<std::string> numbers_in(std::string text) {
  for (int times = 0; times < 2; ++times) text = std::regex_replace(text, std::regex("([0-9]),([0-9]{3})"), "$1$2");
  static const std::regex kNumber("[0-9]+(?:\\.[0-9]+)?");
  std::vector<std::string> numbers;
  for (std::sregex_iterator match(text.begin(), text.end(), kNumber), end; match != end; ++match) numbers.push_back(match->str());
  return numbers;
}

std::string to_two_places(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// What a README says is the answer: its figures to two places.
std::set<std::string> quoted_figures(const std::string& prose) {
  std::set<std::string> figures;
  for (const std::string& number : numbers_in(prose.substr(std::min(prose.find("**Answer"), prose.size()))))
    if (number.size() > 3 && number[number.size() - 3] == '.') figures.insert(number);
  return figures;
}

// What each site pays under each tariff, and all of them together.
void add_totals(const fs::path& ledger, std::set<std::string>& figures) {
  std::map<std::string, double> totals;
  std::istringstream lines(read_file(ledger));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') cells.emplace_back();
      else cells.back() += c;
    }
    ASSERT_EQ(cells.size(), 13u) << line;
    const std::string &site = cells[1], &tariff = cells[2], &payer = cells[4], &payee = cells[5], &amount = cells[10];
    for (const auto& [end, sign] : {std::pair(payer, 1), {payee, -1}})
      if (end == site) for (const std::string& key : {tariff, site, tariff + "/" + site}) totals[key] += sign * std::stod(amount);
  }
  for (const auto& [key, total] : totals) figures.insert(to_two_places(total));
}

// Paths named after --out, in the folder where the command runs.
std::string out_of(const std::string& command) {
  static const std::regex kOut(" --out ([^ ]+)");
  std::smatch match;
  return std::regex_search(command, match, kOut) ? match[1].str() : "";
}

// What the tests of a script hold: they pass, or the README's command fails.
std::string expectations_of(const fs::path& script) {
  std::istringstream lines(read_file(script));
  std::string line, all;
  while (std::getline(lines, line))
    if (line.starts_with("  expect ")) all += line.substr(line.find('=')) + "\n";
  return all;
}

class Examples : public Documents {
 protected:
  // Runs what the README says in a copy of the tree; the traces that it says how to make are made anew.
  void run_readme(const std::string& name) {
    const fs::path original = kRoot / "examples" / name, copy = work_ / "examples" / name;
    fs::create_directories(work_ / "examples");
    fs::copy(original, copy, fs::copy_options::recursive);
    const std::vector<std::string> commands = commands_of(original / "README.md");
    EXPECT_FALSE(commands.empty());
    std::string said;
    for (const std::string& command : commands) {
      const fs::path folder = command.find("examples/") != std::string::npos ? work_ : copy;
      if (command.starts_with("rm ")) {
        std::istringstream words(command.substr(3));
        for (std::string path; words >> path;) fs::remove(folder / path);
        continue;
      }
      if (command.starts_with("wattlaw synthesize")) fs::remove_all(folder / out_of(command));
      const size_t note = command.find("# ends with status ");
      const Outcome outcome = run(command.substr(0, note), folder);
      EXPECT_EQ(outcome.exit, note == std::string::npos ? 0 : std::atoi(command.c_str() + note + 19)) << command << "\n" << outcome.output;
      said += outcome.output;
      if (command.starts_with("wattlaw test ")) said += expectations_of(folder / command.substr(13));  // of a script alone
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(original)) {
      const fs::path relative = fs::relative(entry.path(), original);
      if (!entry.is_regular_file()) continue;
      EXPECT_EQ(read_file(entry.path()), read_file(copy / relative)) << relative << " is not what the README's commands make";
    }
    std::set<std::string> known;
    for (const std::string& number : numbers_in(said)) known.insert(to_two_places(std::stod(number)));
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(work_))
      if (entry.path().filename() == "ledger.csv") add_totals(entry.path(), known);
    for (const std::string& figure : quoted_figures(read_document(original / "README.md").prose))
      EXPECT_TRUE(known.contains(figure)) << "examples/" << name << "/README.md quotes " << figure << ", which neither a command of it says nor a ledger sums to";
  }
};

TEST_F(Examples, EveryReadmeIsTrue) {
  int readmes = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(kRoot / "examples")) {
    if (!entry.is_directory()) continue;
    SCOPED_TRACE(entry.path().filename().string());
    EXPECT_TRUE(fs::exists(entry.path() / "README.md"));
    EXPECT_TRUE(fs::exists(entry.path() / "case.txt")) << "an example is a golden, too: case.txt has its commands, expected/ what they say";
    run_readme(entry.path().filename().string());
    ++readmes;
  }
  EXPECT_GT(readmes, 0);
}

}  // namespace
