#include "runtime/report/file_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace wattlaw {

FileWriter::FileWriter(std::string path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) error_ = errno;
  buffer_.reserve(kBufferBytes + kBufferBytes / 8);
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void FileWriter::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && error_ == 0) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<size_t>(written));
    else if (errno != EINTR)
      error_ = errno;
  }
  buffer_.clear();
}

Status FileWriter::finish() {
  flush();
  // Network file systems report a full disk only here.
  if (descriptor_ >= 0 && ::close(descriptor_) != 0 && error_ == 0) error_ = errno;
  descriptor_ = -1;
  if (error_ == 0) return Ok{};
  Failure failure{"WL6201", fmt::format("`{}` cannot be written: {}", path_, std::strerror(error_))};
  failure.hint = error_ == ENOSPC ? "free some space on the disk, or write to another folder" : "write to a folder that exists and that you may write to";
  failure.file = path_;
  return failure;
}

}  // namespace wattlaw
