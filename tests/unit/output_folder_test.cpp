#include "runtime/report/output_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

class output_folder : public testing::Test {
 protected:
  fs::path root = fs::temp_directory_path() / ("wattlaw_output_folder_test_" + std::to_string(::getpid()));
  std::string target = (root / "result").string();
  void SetUp() override { fs::create_directories(root); }
  void TearDown() override { fs::remove_all(root); }
  static void write(const fs::path& path, const char* text) { std::ofstream(path) << text; }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(root)) all.insert(entry.path().filename().string());
    return all;
  }
};

TEST_F(output_folder, appears_whole) {
  {
    Result<OutputFolder> folder = OutputFolder::create(target + "/");
    ASSERT_TRUE(folder);
    write(folder->path_of("run.json"), "{}");
    EXPECT_FALSE(fs::exists(target));
    ASSERT_TRUE(folder->commit());
  }
  EXPECT_TRUE(fs::exists(fs::path(target) / "run.json"));
  EXPECT_EQ(names(), (std::set<std::string>{"result"}));
}

TEST_F(output_folder, leaves_nothing_without_commit) {
  {
    Result<OutputFolder> folder = OutputFolder::create(target);
    ASSERT_TRUE(folder);
    write(folder->path_of("ledger.csv"), "half");
    EXPECT_EQ(names().size(), 1u);
    const OutputFolder moved = std::move(*folder);  // the moved-from owner removes nothing
    EXPECT_TRUE(fs::exists(moved.path_of("ledger.csv")));
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(output_folder, replaces_only_its_own) {
  for (const char* content : {"first", "second"}) {
    Result<OutputFolder> folder = OutputFolder::create(target);
    ASSERT_TRUE(folder);
    write(folder->path_of("run.json"), content);
    write(folder->path_of(content), "");
    ASSERT_TRUE(folder->commit());
  }
  EXPECT_TRUE(fs::exists(fs::path(target) / "second"));
  EXPECT_FALSE(fs::exists(fs::path(target) / "first"));
  EXPECT_EQ(names(), (std::set<std::string>{"result"}));

  const fs::path precious = root / "thesis";
  fs::create_directories(precious);
  write(precious / "chapter.tex", "years of work");
  const Result<OutputFolder> refused = OutputFolder::create(precious.string());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, "WL6202");
  EXPECT_TRUE(fs::exists(precious / "chapter.tex"));
  write(root / "file", "");
  EXPECT_EQ(OutputFolder::create((root / "file").string()).failure().code, "WL6202");
}

// What appears at the final path between create() and commit() is not overwritten either.
TEST_F(output_folder, checks_again_on_commit) {
  Result<OutputFolder> folder = OutputFolder::create(target);
  ASSERT_TRUE(folder);
  fs::create_directories(target);
  write(fs::path(target) / "chapter.tex", "years of work");
  const Status status = folder->commit();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.failure().code, "WL6202");
  EXPECT_TRUE(fs::exists(fs::path(target) / "chapter.tex"));
}

TEST_F(output_folder, removes_leftovers_of_killed_runs_only) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);  // from here on no process has this id
  const std::string prefix = OutputFolder::partial_prefix(target);
  EXPECT_EQ(prefix, ".result.partial-");
  const std::string dead = prefix + std::to_string(child) + "-0", alive = prefix + std::to_string(::getppid()) + "-0";
  for (const std::string& name : {dead, alive, prefix + "notes", std::string(".other.partial-") + std::to_string(child) + "-0"}) fs::create_directories(root / name);
  write(root / dead / "ledger.csv", "half");
  {
    const Result<OutputFolder> folder = OutputFolder::create(target);
    ASSERT_TRUE(folder);
  }
  EXPECT_FALSE(fs::exists(root / dead));
  EXPECT_TRUE(fs::exists(root / alive));
  EXPECT_TRUE(fs::exists(root / (prefix + "notes")));
  EXPECT_EQ(names().size(), 3u);
}

TEST_F(output_folder, follows_a_link_and_makes_parents) {
  fs::create_directories(root / "disk");
  fs::create_directory_symlink(root / "disk", root / "link");
  {
    Result<OutputFolder> folder = OutputFolder::create((root / "link").string());
    ASSERT_TRUE(folder);
    write(folder->path_of("run.json"), "{}");
    ASSERT_TRUE(folder->commit());
  }
  EXPECT_TRUE(fs::is_symlink(root / "link"));
  EXPECT_TRUE(fs::exists(root / "disk" / "run.json"));
  EXPECT_TRUE(OutputFolder::create((root / "a" / "b").string()));
  EXPECT_TRUE(fs::is_directory(root / "a"));
}

TEST_F(output_folder, fails_where_nothing_can_be_written) {
  for (const std::string& path : {std::string(), std::string("/"), std::string("/proc/wattlaw/result"), (root / std::string(300, 'x')).string()}) {
    const Result<OutputFolder> folder = OutputFolder::create(path);
    ASSERT_FALSE(folder) << path;
    EXPECT_EQ(folder.failure().code, "WL6203") << path;
  }
}

}  // namespace
}  // namespace wattlaw
