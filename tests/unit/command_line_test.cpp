// The command line as a shell sees it: exit status, one clear line, formats that stay valid, and results that appear whole or not at all.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;
const std::string kWattlaw = std::string(WATTLAW_BINARY_DIR) + "/wattlaw";

constexpr char kScript[] = R"(role Network
role Consumer
actor Grid is Network
currency NOK
rounding 0.01 NOK half up per line

tariff Flat from Consumer to Network {
  prices ex vat
  charge energy on import at 0.50 NOK/kWh
}

scenario Winter {
  period 2026-01-01 to 2026-02-01 every 1 h
  zone "Europe/Oslo"
  data "traces"
  apply Flat to every site
  show sum(import) per month over all as "imported"
}

scenario Year {
  period 2026-01-01 to 2027-01-01 every 1 h
  zone "Europe/Oslo"
  data "year"
  apply Flat to every site
}

test "one kilowatt-hour" {
  use Flat
  given import = 1 kWh at 2026-01-15 12:00
  expect Flat.energy = 0.50 NOK
}
)";

// 744 hours of 1 kWh and 2 kWh: 372 NOK and 744 NOK.
std::string january_of_two_sites() {
  std::string csv = "site,time,import\n";
  for (int site = 1; site <= 2; ++site)
    for (int hour = 0; hour < 744; ++hour) {
      char row[64];
      std::snprintf(row, sizeof row, "home_%d,2026-01-%02dT%02d:00+01:00,%d\n", site, hour / 24 + 1, hour % 24, site);
      csv += row;
    }
  return csv;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Outcome {
  int exit = -1;
  std::string out, err;
};

struct Limits {
  rlim_t file_bytes = RLIM_INFINITY;
  std::string out_path;  // instead of a file of the test's
};

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "wattlaw-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    write("flat.watt", kScript);
    write("broken.watt", "tariff Flat from Consumer to {\n");
    write("traces/site.csv", january_of_two_sites());
    write("traces/sites.csv", "id\nhome_1\nhome_2\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& file, const std::string& text) {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file, std::ios::binary) << text;
  }

  pid_t start(const std::vector<std::string>& arguments, const Limits& limits = {}) {
    pid_t child = fork();
    if (child != 0) return child;
    if (chdir(folder_.c_str()) != 0) _exit(127);
    const std::string out = limits.out_path.empty() ? ".out" : limits.out_path;
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    dup2(open(".err", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    if (limits.file_bytes != RLIM_INFINITY) {
      signal(SIGXFSZ, SIG_IGN);  // the write fails instead of killing
      const rlimit limit{limits.file_bytes, limits.file_bytes};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    for (int handled : {SIGINT, SIGTERM, SIGHUP}) signal(handled, SIG_DFL);
    std::vector<char*> argv{const_cast<char*>(kWattlaw.c_str())};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(kWattlaw.c_str(), argv.data());
    _exit(127);
  }

  Outcome finish(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), read_file(folder_ / ".out"), read_file(folder_ / ".err")};
  }

  Outcome run(const std::vector<std::string>& arguments, const Limits& limits = {}) { return finish(start(arguments, limits)); }

  std::vector<std::string> names_in(const fs::path& below) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / below)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  bool has_partial(const fs::path& below) {
    if (!fs::exists(folder_ / below)) return false;
    std::vector<std::string> names = names_in(below);
    return std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.find(".partial-") != std::string::npos; });
  }

  fs::path folder_;
};

size_t count_lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST_F(CommandLine, BadUsageIsOneLineAndThree) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"chekc"}, "no verb is called `chekc`; did you mean `check`?"},
      {{"check"}, "FILE is required"},
      {{"check", "--fromat", "flat.watt"}, "`--fromat` is not an option; did you mean `--format`?"},
      {{"check", "--format", "xml", "flat.watt"}, "xml not in {text,json,sarif,github,junit}"},
      {{"run", "flat.watt", "--threads", "0"}, "--threads"},
      {{"run", "flat.watt", "two.watt"}, "`two.watt` is one argument too many"},
      {{"fmt", "--check", "--stdout", "flat.watt"}, "excludes"},
      {{"synthesize", "castles", "--out", "x"}, "castles not in {homes,fleet,prices,sessions,frequency,reserves}"},
      {{"synthesize", "homes", "--out", "x", "--from", "2026-02-30"}, "`2026-02-30` is no date"},
  };
  for (const auto& [arguments, expected] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit, 3) << arguments[0];
    EXPECT_NE(outcome.err.find(expected), std::string::npos) << outcome.err;
    EXPECT_EQ(count_lines(outcome.err), 1u) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(run({}).exit, 3);
}

TEST_F(CommandLine, HelpEndsWithAnExample) {
  for (const char* verb : {"check", "fmt", "run", "test", "explain", "show", "synthesize", "bench"}) {
    const Outcome outcome = run({verb, "--help"});
    EXPECT_EQ(outcome.exit, 0) << verb;
    EXPECT_NE(outcome.out.find("example:\n  wattlaw " + std::string(verb) + " "), std::string::npos) << outcome.out;
  }
  EXPECT_EQ(run({"--version"}).out.rfind("wattlaw, language ", 0), 0u);
}

TEST_F(CommandLine, AScriptThatIsNotThereOrAFolder) {
  for (const std::string verb : {"check", "fmt", "run", "test"}) {
    const Outcome missing = run({verb, "nothere.watt"}), folder = run({verb, "traces"});
    EXPECT_EQ(missing.exit, 3) << verb;
    EXPECT_EQ(missing.err, "wattlaw: no file is called `nothere.watt`\n");
    EXPECT_EQ(folder.exit, 3) << verb;
    EXPECT_EQ(folder.err, "wattlaw: `traces` is a folder; name the script inside it\n");
  }
}

TEST_F(CommandLine, MachineFormatsAreValidWhateverIsWrong) {
  for (const std::string file : {"broken.watt", "nothere.watt", "flat.watt"}) {
    const int expected = file == "flat.watt" ? 0 : 3;
    for (const std::string format : {"json", "sarif"}) {
      const Outcome outcome = run({"check", "--format", format, file});
      EXPECT_EQ(outcome.exit, expected) << file;
      EXPECT_TRUE(nlohmann::json::accept(outcome.out)) << file << " " << format << "\n" << outcome.out;
    }
    const Outcome junit = run({"check", "--format", "junit", file});
    EXPECT_EQ(junit.out.rfind("<?xml", 0), 0u) << junit.out;
    EXPECT_NE(junit.out.find("</testsuite"), std::string::npos);
    const Outcome github = run({"check", "--format", "github", file});
    EXPECT_EQ(github.out.rfind("::error file=", 0) == 0, file != "flat.watt") << github.out;
    const Outcome tests = run({"test", "--format", "json", file});
    EXPECT_EQ(tests.exit, expected);
    EXPECT_TRUE(nlohmann::json::accept(tests.out)) << tests.out;
  }
  EXPECT_TRUE(nlohmann::json::accept(run({"run", "--format", "json", "broken.watt"}).out));
  const Outcome no_data = run({"run", "--format", "json", "flat.watt", "--scenario", "Winter", "--data", "nowhere"});
  EXPECT_EQ(no_data.exit, 4);
  EXPECT_TRUE(nlohmann::json::accept(no_data.out)) << no_data.out;
}

TEST_F(CommandLine, CheckCountsWhatItRead) {
  const Outcome outcome = run({"check", "flat.watt"});
  EXPECT_EQ(outcome.exit, 0);
  EXPECT_EQ(outcome.out, "checked 1 tariff, 2 scenarios, 1 test: no errors\n");
}

TEST_F(CommandLine, AFailingTestIsOne) {
  write("wrong.watt", std::string(kScript) + "test \"two\" { use Flat given import = 2 kWh at 2026-01-15 12:00 expect Flat.energy = 0.50 NOK }\n");
  const Outcome outcome = run({"test", "wrong.watt"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_NE(outcome.out.find("ok      one kilowatt-hour\nFAILED  two\n"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("1.00 NOK"), std::string::npos);  // 2 kWh at 0.50 NOK/kWh
  EXPECT_NE(outcome.out.find("\n1 passed, 1 failed\n"), std::string::npos);
  EXPECT_EQ(run({"test", "wrong.watt", "--filter", "kilowatt"}).exit, 0);
  EXPECT_EQ(run({"test", "wrong.watt", "--filter", "no such test"}).exit, 1);
}

TEST_F(CommandLine, RunWritesAWholeResult) {
  const Outcome outcome = run({"run", "flat.watt", "--scenario", "Winter"});
  ASSERT_EQ(outcome.exit, 0) << outcome.err;
  EXPECT_EQ(names_in("results/Winter"), (std::vector<std::string>{"answers.csv", "ledger.csv", "run.json", "summary.json"}));
  EXPECT_NE(outcome.out.find("1,116.00"), std::string::npos) << outcome.out;  // 372 + 744
  const nlohmann::json facts = nlohmann::json::parse(read_file(folder_ / "results/Winter/run.json"));
  EXPECT_EQ(facts["scenario"], "Winter");
  EXPECT_EQ(facts["members"], 2);
  EXPECT_FALSE(has_partial("results"));
  // 744 h × (1 + 2) kWh
  EXPECT_EQ(read_file(folder_ / "results/Winter/answers.csv"), "label,period,member,value,unit\nimported,2026-01,,2232,kWh\n");
  // Again into the same folder, and by the interpreter: the same digits.
  ASSERT_EQ(run({"run", "flat.watt", "--scenario", "Winter", "--interpret", "--out", "again"}).exit, 0);
  ASSERT_EQ(run({"run", "flat.watt", "--scenario", "Winter", "--threads", "3"}).exit, 0);
  EXPECT_EQ(read_file(folder_ / "again/ledger.csv"), read_file(folder_ / "results/Winter/ledger.csv"));
  EXPECT_EQ(read_file(folder_ / "again/run.json"), read_file(folder_ / "results/Winter/run.json"));
}

TEST_F(CommandLine, RunNamesTheScenarios) {
  const Outcome none = run({"run", "flat.watt"});
  EXPECT_EQ(none.exit, 3);
  EXPECT_NE(none.err.find("2 scenarios; choose one with --scenario: `Winter`, `Year`"), std::string::npos) << none.err;
  const Outcome wrong = run({"run", "flat.watt", "--scenario", "Wintre"});
  EXPECT_EQ(wrong.exit, 3);
  EXPECT_NE(wrong.err.find("did you mean `Winter`?"), std::string::npos) << wrong.err;
}

TEST_F(CommandLine, OneSiteAlone) {
  const Outcome outcome = run({"run", "flat.watt", "--scenario", "Winter", "--only", "home_2", "--out", "two"});
  ASSERT_EQ(outcome.exit, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("744.00"), std::string::npos);
  const Outcome unknown = run({"run", "flat.watt", "--scenario", "Winter", "--only", "home_9"});
  EXPECT_EQ(unknown.exit, 4);
  EXPECT_NE(unknown.err.find("no site is called `home_9`"), std::string::npos);
}

TEST_F(CommandLine, ExplainNamesWhatIsNear) {
  const std::vector<std::string> base = {"explain", "flat.watt", "--scenario", "Winter"};
  auto explain = [&](const std::string& site, const std::string& period, const std::string& clause) {
    std::vector<std::string> arguments = base;
    for (const std::string& word : {std::string("--site"), site, std::string("--period"), period, std::string("--clause"), clause}) arguments.push_back(word);
    return run(arguments);
  };
  const Outcome good = explain("home_1", "2026-01", "energy");
  EXPECT_EQ(good.exit, 0) << good.err;
  EXPECT_NE(good.out.find("372.00 NOK"), std::string::npos) << good.out;
  EXPECT_NE(explain("hom_1", "2026-01", "energy").err.find("did you mean `home_1`?"), std::string::npos);
  EXPECT_NE(explain("home_1", "2026-10", "energy").err.find("did you mean `2026-01`?"), std::string::npos);
  EXPECT_NE(explain("home_1", "2026-01", "enrgy").err.find("did you mean `energy`?"), std::string::npos);
  EXPECT_EQ(explain("home_1", "2026-01", "Flat.energy").exit, 0);
}

TEST_F(CommandLine, AnOutputFolderThatCannotBe) {
  const Outcome under_file = run({"run", "flat.watt", "--scenario", "Winter", "--out", "flat.watt/results"});
  EXPECT_EQ(under_file.exit, 4);
  EXPECT_NE(under_file.err.find("flat.watt"), std::string::npos) << under_file.err;
  EXPECT_EQ(read_file(folder_ / "flat.watt"), kScript);
  write("mine/letter.txt", "keep me");
  const Outcome foreign = run({"run", "flat.watt", "--scenario", "Winter", "--out", "mine"});
  EXPECT_EQ(foreign.exit, 4);
  EXPECT_NE(foreign.err.find("WL6202"), std::string::npos) << foreign.err;
  EXPECT_EQ(names_in("mine"), std::vector<std::string>{"letter.txt"});
}

TEST_F(CommandLine, AFullDiskLeavesNothing) {
  // No file may grow past 100 bytes; a ledger's header alone is longer.
  const Outcome outcome = run({"run", "flat.watt", "--scenario", "Winter"}, {.file_bytes = 100, .out_path = "/dev/null"});
  EXPECT_EQ(outcome.exit, 4);
  EXPECT_FALSE(fs::exists(folder_ / "results")) << outcome.err;
  const Outcome no_room = run({"check", "flat.watt"}, {.out_path = "/dev/full"});
  EXPECT_EQ(no_room.exit, 4);
  EXPECT_NE(no_room.err.find("standard output could not be written: No space left on device"), std::string::npos) << no_room.err;
}

TEST_F(CommandLine, AnInterruptLeavesNothing) {
  ASSERT_EQ(run({"synthesize", "homes", "--count", "300", "--out", "year"}).exit, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t child = start({"run", "flat.watt", "--scenario", "Year", "--interpret"});
    for (int wait = 0; wait < 6000 && !has_partial("results"); ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(has_partial("results"));
    kill(child, signal);
    const Outcome outcome = finish(child);
    EXPECT_EQ(outcome.exit, 128 + signal);
    EXPECT_EQ(outcome.err, "wattlaw: interrupted, nothing was written\n");
    EXPECT_FALSE(fs::exists(folder_ / "results"));
  }
}

TEST_F(CommandLine, FormatReplacesInOneStepAndKeepsPermissions) {
  write("ugly.watt", "role    Consumer\nrole   Network\n");
  fs::permissions(folder_ / "ugly.watt", fs::perms::owner_all | fs::perms::group_read);
  const Outcome check = run({"fmt", "--check", "ugly.watt"});
  EXPECT_EQ(check.exit, 1);
  EXPECT_EQ(check.out, "ugly.watt\n");
  EXPECT_EQ(run({"fmt", "ugly.watt"}).exit, 0);
  EXPECT_EQ(read_file(folder_ / "ugly.watt"), run({"fmt", "--stdout", "ugly.watt"}).out);
  EXPECT_NE(read_file(folder_ / "ugly.watt").find("role Consumer\nrole Network\n"), std::string::npos);
  EXPECT_EQ(fs::status(folder_ / "ugly.watt").permissions(), fs::perms::owner_all | fs::perms::group_read);
  EXPECT_EQ(run({"fmt", "--check", "ugly.watt"}).exit, 0);
  struct stat before, after;
  ASSERT_EQ(stat((folder_ / "ugly.watt").c_str(), &before), 0);
  EXPECT_EQ(run({"fmt", "ugly.watt"}).out, "");
  ASSERT_EQ(stat((folder_ / "ugly.watt").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);  // what is in the layout already is not touched
  const Outcome broken = run({"fmt", "broken.watt"});
  EXPECT_EQ(broken.exit, 3);
  EXPECT_EQ(read_file(folder_ / "broken.watt"), "tariff Flat from Consumer to {\n");
}

}  // namespace
