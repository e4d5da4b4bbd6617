#include "compiler/source/find_modules.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "compiler/source/literate.h"
#include "compiler/source/standard_library.h"

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

class FindModules : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("wattlaw_find_modules_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static std::vector<std::string> names(const Modules& modules) {
    std::vector<std::string> names;
    for (const ModuleSource& module : modules.list) names.push_back(module.name);
    return names;
  }
  fs::path folder_;
  Diagnostics diagnostics_;
};

using Names = std::vector<std::string>;

TEST_F(FindModules, ImportsComeBeforeImporters) {
  write("a.watt", "import b\nimport c as d\nlet x = 1\n");
  write("b.watt", "import c\n");
  write("c.watt", "let y = 2\n");
  const Modules modules = find_modules((folder_ / "a.watt").string(), diagnostics_);
  EXPECT_FALSE(diagnostics_.has_errors());
  EXPECT_EQ(names(modules), (Names{"c", "b", "a"}));
  EXPECT_EQ(modules.list[2].imports, (std::vector<uint32_t>{1, 0}));
  EXPECT_EQ(modules.list[2].import_aliases, (Names{"", "d"}));
  EXPECT_EQ(modules.root, folder_.string());
}

TEST_F(FindModules, LooksUpwardsAsFarAsTheProjectFile) {
  write("norway/elvia.watt", "module norway.elvia\n");
  const std::string script = write("norway/reform.watt", "module norway.reform\nimport norway.elvia\n");
  EXPECT_EQ(names(find_modules(script, diagnostics_)), (Names{"norway.elvia", "norway.reform"}));
  EXPECT_FALSE(diagnostics_.has_errors());
  write("norway/wattlaw.json", "{}");  // now norway/ is the root, and norway/norway/elvia.watt does not exist
  find_modules(script, diagnostics_);
  ASSERT_TRUE(diagnostics_.has_errors());
  EXPECT_EQ(diagnostics_.all()[0].code, "WL1031");
  EXPECT_EQ(diagnostics_.all()[0].message, "no module is called `norway.elvia`");
}

TEST_F(FindModules, CyclesArePrinted) {
  write("a.watt", "import b\n");
  write("b.watt", "import a\n");
  find_modules((folder_ / "a.watt").string(), diagnostics_);
  ASSERT_EQ(diagnostics_.error_count(), 1u);
  EXPECT_EQ(diagnostics_.all()[0].message, "modules import one another in a circle: `a` imports `b` imports `a`");
}

TEST_F(FindModules, UnknownModulesComeWithTheNearestNames) {
  write("wattlaw.json", "{}");
  write("grid/elvia.watt", "let x = 1\n");
  find_modules(write("a.watt", "import grid.elvai\n"), diagnostics_);
  ASSERT_EQ(diagnostics_.error_count(), 1u);
  EXPECT_EQ(diagnostics_.all()[0].hints_, (Names{"did you mean `grid.elvia`?"}));
}

TEST_F(FindModules, ModuleLineMustAgreeWithTheImport) {
  write("b.watt", "module c\n");
  find_modules(write("a.watt", "import b\n"), diagnostics_);
  ASSERT_EQ(diagnostics_.error_count(), 1u);
  EXPECT_EQ(diagnostics_.all()[0].code, "WL1034");
}

TEST_F(FindModules, LinksOutOfTheFolderAreRefused) {
  const fs::path outside = folder_ / "outside";
  write("outside/secret.watt", "let x = 1\n");
  write("inside/wattlaw.json", "{}");
  const std::string script = write("inside/a.watt", "import b\n");
  fs::create_symlink(outside / "secret.watt", folder_ / "inside/b.watt");
  find_modules(script, diagnostics_);
  ASSERT_EQ(diagnostics_.error_count(), 1u);
  EXPECT_EQ(diagnostics_.all()[0].code, "WL1033");
}

TEST_F(FindModules, LiterateModulesAreFoundAndBlanked) {
  write("law.watt.md", "# Law\n\n```wattlaw\nlet x = 1\n```\nprose\n");
  const Modules modules = find_modules(write("a.watt", "import law\n"), diagnostics_);
  EXPECT_FALSE(diagnostics_.has_errors());
  const SourceFile& law = modules.files[modules.list[0].file];
  EXPECT_TRUE(law.literate);
  EXPECT_EQ(law.program_text, "     \n\n          \nlet x = 1\n   \n     \n");
  EXPECT_EQ(law.text.size(), law.program_text.size());
}

TEST_F(FindModules, MissingScriptsAndFolders) {
  find_modules((folder_ / "none.watt").string(), diagnostics_);
  find_modules(folder_.string(), diagnostics_);
  ASSERT_EQ(diagnostics_.error_count(), 2u);
  EXPECT_EQ(diagnostics_.all()[0].code, "WL1036");
  EXPECT_EQ(diagnostics_.all()[1].code, "WL1036");
}

TEST_F(FindModules, StandardModulesComeFromTheBinary) {
  ASSERT_FALSE(standard_library().empty());
  const std::string name(standard_library()[0].name);
  const Modules modules = modules_from_text("import " + name + "\n", "text.watt", diagnostics_);
  EXPECT_FALSE(diagnostics_.has_errors()) << diagnostics_.all()[0].message;
  EXPECT_EQ(modules.list.back().name, "text");
  EXPECT_EQ(modules.list[modules.list.back().imports.at(0)].name, name);
  modules_from_text("import other\n", "text.watt", diagnostics_);  // a text that is not on disk may import std only
  EXPECT_EQ(diagnostics_.error_count(), 1u);
}

TEST(SourceFile, LinesAndColumnsCountFromOneInCodePoints) {
  Diagnostics diagnostics;
  const SourceFile file = source_from_text("a.watt", "ø = 1\r\n\nlast", 0, diagnostics);
  EXPECT_EQ(file.line_of(0), 1u);
  EXPECT_EQ(file.column_of(3), 3u);  // ø is two bytes, so byte 3 is the third code point
  EXPECT_EQ(file.line_of(8), 2u);
  EXPECT_EQ(file.line_of(9), 3u);
  EXPECT_EQ(file.line_text(1), "ø = 1");
  EXPECT_EQ(file.line_text(3), "last");
  EXPECT_EQ(file.line_text(4), "");
}

}  // namespace
}  // namespace wattlaw
