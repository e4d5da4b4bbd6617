#include "runtime/report/output_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

namespace wattlaw {
namespace {

namespace fs = std::filesystem;

constexpr char kMark[] = "run.json";  // what tells a folder that wattlaw wrote

Failure cannot(const std::string& what, const fs::path& path, const std::string& why) {
  Failure failure{"WL6203", fmt::format("the folder `{}` cannot be {}: {}", path.string(), what, why)};
  failure.hint = "name a folder below one that exists and that you may write to";
  failure.file = path.string();
  return failure;
}

// Nothing is lost by replacing what is not there, an empty folder, or an earlier result.
std::optional<Failure> check_replaceable(const fs::path& final_path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(final_path, error);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  if (status.type() == fs::file_type::none) return cannot("written", final_path, error.message());
  const bool is_folder = status.type() == fs::file_type::directory;
  if (is_folder && (fs::exists(final_path / kMark, error) || fs::is_empty(final_path, error))) return std::nullopt;
  Failure failure{"WL6202", fmt::format("`{}` is there already and {}", final_path.string(),
                                        is_folder ? fmt::format("holds no {}, so wattlaw did not write it", kMark) : "is no folder")};
  failure.hint = "name another folder, or move this one away";
  failure.file = final_path.string();
  return failure;
}

// A folder of a run that was killed: named for the final folder and for a process that is gone.
bool is_leftover(const std::string& name, const std::string& prefix) {
  if (name.compare(0, prefix.size(), prefix) != 0) return false;
  char* end = nullptr;
  const long process = std::strtol(name.c_str() + prefix.size(), &end, 10);
  if (process <= 0 || *end != '-') return false;
  return ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
}

void remove_leftovers(const fs::path& parent, const std::string& prefix) {
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error))
    if (is_leftover(entry->path().filename().string(), prefix)) leftovers.push_back(entry->path());
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, error);
}

int sync_path(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int result = ::fsync(descriptor) != 0 ? errno : 0;
  ::close(descriptor);
  return result == EINVAL ? 0 : result;  // a file system that cannot sync has nothing to promise
}

// Everything below the folder, then the folder itself; errno of the first failure.
int sync_folder(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->is_regular_file(error) && !entry->is_directory(error)) continue;
    if (const int failed = sync_path(entry->path(), O_RDONLY)) return failed;
  }
  return error ? error.value() : sync_path(folder, O_RDONLY | O_DIRECTORY);
}

// Puts `partial` in the place of the folder `final_path` in one step; what was there stands at `partial` afterwards.
int exchange_folders(const std::string& partial, const std::string& final_path) {
  if (::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, final_path.c_str(), RENAME_EXCHANGE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // This file system cannot exchange: the old result steps aside, and back if the new one cannot take its place.
  const std::string aside = partial + "-old";
  if (::rename(final_path.c_str(), aside.c_str()) != 0) return errno;
  if (::rename(partial.c_str(), final_path.c_str()) != 0) {
    const int failed = errno;
    ::rename(aside.c_str(), final_path.c_str());
    return failed;
  }
  return ::rename(aside.c_str(), partial.c_str()) != 0 ? errno : 0;
}

}  // namespace

std::string OutputFolder::partial_prefix(const std::string& final_path) { return "." + fs::path(final_path).filename().string() + ".partial-"; }

Result<OutputFolder> OutputFolder::create(const std::string& final_path) {
  std::error_code error;
  fs::path target = final_path.empty() ? fs::path() : fs::absolute(final_path, error).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "results/"
  if (final_path.empty() || error || !target.has_filename()) return cannot("created", final_path, "this names no folder");
  if (fs::is_symlink(target, error)) {
    const fs::path real = fs::canonical(target, error);
    if (error) return cannot("created", target, error.message());
    target = real;
  }
  if (const auto failure = check_replaceable(target)) return *failure;
  const fs::path parent = target.parent_path();
  fs::create_directories(parent, error);
  if (error) return cannot("created", parent, error.message());
  const std::string prefix = partial_prefix(target.string());
  remove_leftovers(parent, prefix);
  for (int attempt = 0;; ++attempt) {
    const std::string partial = (parent / fmt::format("{}{}-{}", prefix, ::getpid(), attempt)).string();
    if (::mkdir(partial.c_str(), 0777) == 0) {
      OutputFolder folder;
      folder.partial_ = partial;
      folder.final_ = target.string();
      return folder;
    }
    if (errno != EEXIST) return cannot("created", target, std::strerror(errno));
  }
}

OutputFolder::OutputFolder(OutputFolder&& other) noexcept : partial_(std::move(other.partial_)), final_(std::move(other.final_)) { other.partial_.clear(); }

OutputFolder::~OutputFolder() {
  std::error_code error;
  if (!partial_.empty()) fs::remove_all(partial_, error);
}

std::string OutputFolder::path_of(const std::string& file) const { return (fs::path(partial_) / file).string(); }

Status OutputFolder::commit() {
  if (const int failed = sync_folder(partial_)) return cannot("written", final_, std::strerror(failed));
  if (const auto failure = check_replaceable(final_)) return *failure;
  std::error_code error;
  const bool replaces = fs::exists(final_, error);
  const int failed = replaces ? exchange_folders(partial_, final_) : ::rename(partial_.c_str(), final_.c_str()) != 0 ? errno : 0;
  if (failed != 0) return cannot("put in its place", final_, std::strerror(failed));
  if (replaces) fs::remove_all(partial_, error);
  partial_.clear();
  sync_path(fs::path(final_).parent_path(), O_RDONLY | O_DIRECTORY);
  return Ok{};
}

}  // namespace wattlaw
