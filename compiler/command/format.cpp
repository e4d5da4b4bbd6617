#include "compiler/command/format.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "compiler/source/literate.h"
#include "compiler/syntax/format_source.h"
#include "compiler/syntax/parse_source.h"

namespace wattlaw {
namespace {

std::optional<std::string> read_text(const std::string& path) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string text;
  char block[1 << 16];
  ssize_t size;
  while ((size = read(file, block, sizeof block)) > 0) text.append(block, static_cast<size_t>(size));
  close(file);
  if (size < 0) return std::nullopt;
  return text;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    ssize_t size = write(file, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

// Writes a sibling file and renames it over `path`. What went wrong, or empty.
std::string replace_text(const std::string& path, std::string_view text) {
  std::error_code error;
  std::filesystem::path target = std::filesystem::canonical(path, error);  // a link keeps pointing to the file that changes
  if (error) return error.message();
  struct stat status;
  if (stat(target.c_str(), &status) != 0) return std::strerror(errno);
  std::string temporary = (target.parent_path() / fmt::format(".{}.partial-XXXXXX", target.filename().string())).string();
  int file = mkstemp(temporary.data());
  if (file < 0) return std::strerror(errno);
  // Another owner's file may refuse chown; then it becomes ours, as with any editor.
  [[maybe_unused]] int owned = fchown(file, status.st_uid, status.st_gid);
  int failed = fchmod(file, status.st_mode & 07777) != 0 || !write_all(file, text) || fsync(file) != 0 ? errno : 0;
  if (close(file) != 0 && failed == 0) failed = errno;
  if (failed == 0 && std::rename(temporary.c_str(), target.c_str()) != 0) failed = errno;
  if (failed == 0) return "";
  unlink(temporary.c_str());
  return std::strerror(failed);
}

struct Formatted {
  SourceFiles files;
  Diagnostics diagnostics;
  std::optional<std::string> text;
};

Formatted format_text(const std::string& path, std::string text) {
  Formatted formatted;
  const SourceFile& source = formatted.files.emplace_back(source_from_text(path, std::move(text), 0, formatted.diagnostics));
  SyntaxTree tree = parse_source(source, 0, formatted.diagnostics);
  if (!formatted.diagnostics.has_errors()) formatted.text = format_source(source, tree, formatted.diagnostics);
  return formatted;
}

struct FormatCounts {
  size_t formatted = 0, unchanged = 0, different = 0;
};

int format_file(const Console& console, const FormatOptions& options, const std::string& path, FormatCounts& counts) {
  if (std::string problem = script_problem(path); !problem.empty()) {
    complain(problem);
    return kSourceError;
  }
  std::optional<std::string> text = read_text(path);
  if (!text) {
    complain(fmt::format("`{}` cannot be read: {}", path, std::strerror(errno)));
    return kSourceError;
  }
  Formatted formatted = format_text(path, *text);
  if (!formatted.text) {
    report_diagnostics(console, formatted.diagnostics, formatted.files);
    return kSourceError;
  }
  if (options.to_stdout) {
    print_out(*formatted.text);
    return kOk;
  }
  if (*formatted.text == *text) {
    ++counts.unchanged;
    return kOk;
  }
  if (options.check) {
    ++counts.different;
    print_out(path + "\n");
    return kFailed;
  }
  if (std::string problem = replace_text(path, *formatted.text); !problem.empty()) {
    complain(fmt::format("`{}` cannot be written: {}", path, problem));
    return kDataError;
  }
  ++counts.formatted;
  print_out(fmt::format("formatted {}\n", path));
  return kOk;
}

}  // namespace

int format_files(const Console& console, const FormatOptions& options) {
  int code = kOk;
  FormatCounts counts;
  for (const std::string& path : options.files) code = std::max(code, format_file(console, options, path, counts));
  if (options.check && counts.different > 0)
    complain(fmt::format("{} not in the one layout; `wattlaw fmt` rewrites {}",
                         counts.different == 1 ? "1 file is" : fmt::format("{} files are", counts.different),
                         counts.different == 1 ? "it" : "them"));
  return code;
}

}  // namespace wattlaw
