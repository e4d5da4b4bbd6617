// CsvOutput: a large text file written through one buffer into NAME.partial and renamed when it is whole.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/time/clock.h"

namespace wattlaw {

class CsvOutput {
 public:
  // Creates the folder of `path` if it is not there. Failure WL6061.
  static Result<CsvOutput> create(const std::string& path);
  CsvOutput(CsvOutput&& other) noexcept;
  CsvOutput& operator=(CsvOutput&&) = delete;
  ~CsvOutput();  // without finish() nothing remains

  void add(std::string_view text) {
    if (used_ + text.size() > buffer_.size()) flush();
    if (text.size() > buffer_.size()) return write_all(text.data(), text.size());
    text.copy(buffer_.data() + used_, text.size());
    used_ += text.size();
  }
  void add(char c) { add(std::string_view(&c, 1)); }
  void add_number(int64_t value);
  void add_decimal(int64_t mantissa, int places);  // add_decimal(-150, 5) is -0.00150
  Status finish();

 private:
  CsvOutput() = default;
  void flush();
  void write_all(const char* bytes, size_t size);

  int file_ = -1, error_ = 0;
  std::string path_;
  std::vector<char> buffer_;
  size_t used_ = 0;
};

// "2026-03-01T14:00+01:00"
std::string print_iso(const Zone& zone, Instant instant);

}  // namespace wattlaw
