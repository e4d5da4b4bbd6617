// FileWriter: bytes into a file through a large buffer. The first failure is kept and told by finish(); later bytes are dropped.
#pragma once
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace wattlaw {

class FileWriter {
 public:
  explicit FileWriter(std::string path);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();
  // The buffer to append a row to; call row_done() after each.
  std::string& buffer() { return buffer_; }
  void row_done() {
    if (buffer_.size() >= kBufferBytes) flush();
  }
  Status finish();  // failure WL6201: the path and what the system says

 private:
  static constexpr size_t kBufferBytes = size_t{1} << 20;
  void flush();
  std::string path_, buffer_;
  int descriptor_ = -1;
  int error_ = 0;  // errno of the first failure
};

}  // namespace wattlaw
