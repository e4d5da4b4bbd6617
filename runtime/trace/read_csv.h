// CsvReader: a file in blocks of complete rows, its header, its fields, its decimal texts. Knows nothing of series or time.
// Read with pread, never mapped: a file that is cut while it is read then ends early instead of killing the process.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/trace/hash_bytes.h"

namespace wattlaw {

inline constexpr size_t kMaxRowBytes = 64 * 1024;
inline constexpr int kMaxDigits = 18;  // 10^18 < 2^63

struct CsvColumn {
  std::string name, unit;  // `import [kWh]`; unit empty if the header names none
};

class CsvReader {
 public:
  // `path` is opened; `shown` is what failures call it. Reads the header.
  static Result<CsvReader> open(const std::string& path, const std::string& shown);
  CsvReader(CsvReader&& other) noexcept;
  CsvReader& operator=(CsvReader&&) = delete;
  ~CsvReader();

  const std::vector<CsvColumn>& columns() const { return columns_; }
  int column_of(std::string_view name) const;  // -1 if absent
  // Failure WL6007 with the nearest of the header's names.
  Failure missing_column(const std::string& name, const std::string& hint) const;
  char separator() const { return separator_; }
  const std::string& shown() const { return shown_; }
  uint64_t bytes_done() const { return hashed_; }
  uint64_t bytes_total() const { return size_; }
  std::string hash() const { return hash_.hex(); }  // of what was read so far

  // The next row that is not blank, without its line end; false at the end of the file.
  Result<bool> next_row(std::string_view& row);
  int64_t row() const { return row_; }  // 1-based line of the last row handed out
  // The fields of a row, as many as the header has; WL6009 and WL6010 otherwise. Views live until the next call.
  Result<Ok> split(std::string_view row, std::vector<std::string_view>& fields);

  // For a reader that walks the block itself: [at, end) are complete rows, each ended by '\n', with 64 readable bytes behind.
  const char* at() const { return at_; }
  const char* end() const { return end_; }
  void advance(const char* to, int64_t rows) { at_ = to; row_ += rows; }

  Failure fail(const char* code, std::string message, std::string hint) const;
  // Once the file is read to its end: warning WL6037 if its last row has no line end and ends with a digit.
  std::optional<Remark> find_cut() const;

 private:
  CsvReader() = default;
  Result<bool> refill();
  Result<Ok> read_header();

  int file_ = -1;
  std::string shown_;
  uint64_t size_ = 0, offset_ = 0, hashed_ = 0;
  HashBytes hash_;
  std::vector<char> buffer_;
  const char *at_ = nullptr, *end_ = nullptr;
  size_t filled_ = 0;  // bytes in the buffer; from end_ on they are the beginning of a row
  int64_t row_ = 0;
  bool ends_with_digit_ = false;  // and without a line end
  char separator_ = ',';
  std::vector<CsvColumn> columns_;
  std::deque<std::string> unquoted_;
};

// A decimal text: digits * 10^-places, at most 18 digits, trailing zeros after the point dropped.
struct Decimal {
  int64_t digits = 0;
  int places = 0;
};
enum class DecimalFault : uint8_t { none, empty, text, exponent, too_long };
// `comma`: a decimal comma is one, too.
DecimalFault read_decimal(std::string_view text, bool comma, Decimal& value);

std::string_view trim(std::string_view text);
// Text of a file in a message: at most 40 bytes, control characters and broken UTF-8 as `?`.
std::string show_text(std::string_view text);

}  // namespace wattlaw
