#include "compiler/source/find_modules.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "compiler/source/literate.h"
#include "compiler/source/standard_library.h"
#include "compiler/syntax/parse_source.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {
namespace {

namespace fs = std::filesystem;
constexpr uintmax_t kLargestFileBytes = 64u << 20;  // parse_source refuses far smaller ones with a better message
constexpr size_t kMostListedFiles = 5000;

bool is_inside(const fs::path& file, const fs::path& folder) {
  std::error_code failed;
  const fs::path real_file = fs::weakly_canonical(file, failed), real_folder = fs::weakly_canonical(folder, failed);
  const fs::path relative = real_file.lexically_relative(real_folder);
  return !relative.empty() && *relative.begin() != "..";
}

bool read_text(const fs::path& path, std::string& text) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed) || fs::file_size(path, failed) > kLargestFileBytes || failed) return false;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream buffer;
  buffer << in.rdbuf();
  text = buffer.str();
  return !in.bad() && in.is_open();
}

std::string shown_path(const fs::path& path) {
  std::error_code failed;
  const fs::path relative = fs::proximate(path, fs::current_path(failed), failed);
  return failed || relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

std::string module_name_of(const fs::path& relative) {
  std::string name = relative.generic_string();
  for (const std::string_view ending : {".watt.md", ".watt"})
    if (name.ends_with(ending)) {
      name.resize(name.size() - ending.size());
      break;
    }
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

class ModuleFinder {
 public:
  explicit ModuleFinder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void find_roots(const fs::path& script) {
    const fs::path folder = script.parent_path().empty() ? fs::path(".") : script.parent_path();
    std::error_code failed;
    fs::path at = fs::absolute(folder, failed).lexically_normal();
    for (fs::path up = at;; up = up.parent_path()) {
      if (fs::exists(up / "wattlaw.json", failed)) {
        roots_ = {up};
        return;
      }
      roots_.push_back(up);
      if (up == up.parent_path()) return;
    }
  }

  // Adds the module of a text and, before it, everything it imports. Returns its index in `list`, or none if it is part of a cycle.
  uint32_t add(std::string name, std::string path, std::string text) {
    const auto file = static_cast<uint32_t>(modules.files.size());
    modules.files.push_back(source_from_text(std::move(path), std::move(text), file, diagnostics_));
    ModuleSource module;
    module.file = file;
    module.tree = parse_source(modules.files[file], file, diagnostics_);
    const SyntaxTree& tree = module.tree;
    const NodeId heading = tree.child(tree.root, NodeKind::Module);
    module.name = name;
    if (heading) {
      if (!name.empty() && !open_.empty() && tree[heading].text != name)
        diagnostics_.error("WL1034", tree[heading].text_span, fmt::format("the file imported as `{}` calls itself `{}`", name, tree[heading].text)).hint(fmt::format("write `module {}`", name));
      else
        module.name = tree[heading].text;
    }
    if (module.name.empty()) module.name = "script";
    open_.push_back({module.name, file});
    for (const NodeId import : tree.children(tree.root, NodeKind::Import)) {
      const NodeId alias = tree.child(import, NodeKind::Alias);
      const uint32_t target = resolve(tree[import].text, tree[import].text_span);
      if (target == kNone) continue;
      module.imports.push_back(target);
      module.import_aliases.push_back(alias ? tree[alias].text : "");
    }
    open_.pop_back();
    modules.list.push_back(std::move(module));
    const auto index = static_cast<uint32_t>(modules.list.size() - 1);
    known_[modules.list.back().name] = index;
    return index;
  }

  Modules modules;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kDeepestImports = 200;
  struct Open {
    std::string name;
    uint32_t file;
  };

  uint32_t resolve(const std::string& name, Span where) {
    if (const auto found = known_.find(name); found != known_.end()) return found->second;
    const auto again = std::find_if(open_.begin(), open_.end(), [&](const Open& open) { return open.name == name; });
    if (again != open_.end()) {
      std::string path;
      for (auto at = again; at != open_.end(); ++at) path += "`" + at->name + "` imports ";
      diagnostics_.error("WL1032", where, fmt::format("modules import one another in a circle: {}`{}`", path, name)).hint("move what both need into a third module");
      return kNone;
    }
    if (open_.size() >= kDeepestImports) {
      diagnostics_.error("WL1035", where, "imports are nested more than 200 deep");
      return kNone;
    }
    if (name.starts_with("std.") || name == "std") return resolve_standard(name, where);
    std::string relative = name;
    std::replace(relative.begin(), relative.end(), '.', '/');
    for (const fs::path& root : roots_) {
      for (const char* ending : {".watt", ".watt.md"}) {
        const fs::path path = root / (relative + ending);
        std::error_code failed;
        if (!fs::exists(path, failed)) continue;
        if (!is_inside(path, root)) {
          diagnostics_.error("WL1033", where, fmt::format("`{}` leads out of the project folder", name)).note("a link in the folder points elsewhere");
          return kNone;
        }
        std::string text;
        if (!read_text(path, text)) {
          diagnostics_.error("WL1031", where, fmt::format("`{}` could not be read", shown_path(path)));
          return kNone;
        }
        return add(name, shown_path(path), std::move(text));
      }
    }
    report_unknown(name, where);
    return kNone;
  }

  uint32_t resolve_standard(const std::string& name, Span where) {
    for (const StandardModule& module : standard_library())
      if (module.name == name) return add(name, std::string(module.path), std::string(module.text));
    report_unknown(name, where);
    return kNone;
  }

  void report_unknown(const std::string& name, Span where) {
    std::vector<std::string> names;
    for (const StandardModule& module : standard_library()) names.emplace_back(module.name);
    if (!name.starts_with("std.") && !roots_.empty()) list_project_modules(names);
    Diagnostic& diagnostic = diagnostics_.error("WL1031", where, fmt::format("no module is called `{}`", name));
    const auto near = nearest_names(name, names);
    if (!near.empty()) diagnostic.hint("did you mean " + join_quoted(near, " or ") + "?");
    else diagnostic.hint(fmt::format("a module `a.b` is the file a/b.watt in the project folder"));
  }

  // Names of the files below the nearest root, for suggestions only.
  void list_project_modules(std::vector<std::string>& names) const {
    std::error_code failed;
    size_t seen = 0;
    for (fs::recursive_directory_iterator at(roots_.front(), fs::directory_options::skip_permission_denied, failed), end; !failed && at != end && seen < kMostListedFiles; at.increment(failed), ++seen) {
      const std::string file = at->path().filename().string();
      if (file.ends_with(".watt") || file.ends_with(".watt.md")) names.push_back(module_name_of(at->path().lexically_relative(roots_.front())));
    }
    std::sort(names.begin(), names.end());  // folders are listed in no fixed order
  }

  Diagnostics& diagnostics_;
  std::vector<fs::path> roots_;
  std::map<std::string, uint32_t> known_;
  std::vector<Open> open_;
};

}  // namespace

Modules find_modules(const std::string& script_path, Diagnostics& diagnostics) {
  ModuleFinder finder(diagnostics);
  const fs::path script(script_path);
  finder.modules.root = script.parent_path().empty() ? "." : script.parent_path().string();
  std::string text;
  if (!read_text(script, text)) {
    std::error_code failed;
    finder.modules.files.push_back(source_from_text(script_path, "", 0, diagnostics));
    Diagnostic& diagnostic = diagnostics.error("WL1036", {0, 0, 0}, fmt::format("`{}` {}", script_path, fs::exists(script, failed) ? "could not be read as a file" : "does not exist"));
    if (fs::is_directory(script, failed)) diagnostic.hint("give the path of a .watt or .watt.md file");
    return std::move(finder.modules);
  }
  finder.find_roots(script);
  finder.add(module_name_of(script.filename()), shown_path(script), std::move(text));
  return std::move(finder.modules);
}

Modules modules_from_text(std::string text, std::string shown, Diagnostics& diagnostics) {
  ModuleFinder finder(diagnostics);
  finder.modules.root = ".";
  const std::string name = module_name_of(fs::path(shown).filename());
  finder.add(name, std::move(shown), std::move(text));
  return std::move(finder.modules);
}

}  // namespace wattlaw
