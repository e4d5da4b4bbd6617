#include "runtime/trace/read_csv.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/nearest_name.h"
#include "runtime/base/utf8.h"

namespace wattlaw {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;  // stays in the second-level cache
constexpr size_t kReadAhead = 64;                // bytes behind a block that may be read, not used

}  // namespace

CsvReader::CsvReader(CsvReader&& other) noexcept
    : file_(std::exchange(other.file_, -1)), shown_(std::move(other.shown_)), size_(other.size_), offset_(other.offset_),
      hashed_(other.hashed_), hash_(other.hash_), buffer_(std::move(other.buffer_)), at_(other.at_), end_(other.end_),
      filled_(other.filled_), row_(other.row_), separator_(other.separator_), columns_(std::move(other.columns_)),
      unquoted_(std::move(other.unquoted_)) {
  ends_with_digit_ = other.ends_with_digit_;
}

CsvReader::~CsvReader() {
  if (file_ >= 0) close(file_);
}

Failure CsvReader::fail(const char* code, std::string message, std::string hint) const {
  return {code, std::move(message), std::move(hint), shown_, row_, ""};
}

std::optional<Remark> CsvReader::find_cut() const {
  if (!ends_with_digit_) return std::nullopt;
  return Remark{true, fail("WL6037", "the last row ends with a digit and without a line end, so its last figure may have been cut off", "write the file again; a whole file ends with a line end")};
}

Result<CsvReader> CsvReader::open(const std::string& path, const std::string& shown) {
  CsvReader reader;
  reader.shown_ = shown;
  reader.file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (reader.file_ < 0) return reader.fail("WL6001", std::string("cannot be opened: ") + std::strerror(errno), "check the path and its permissions");
  struct stat facts {};
  if (fstat(reader.file_, &facts) != 0) return reader.fail("WL6001", std::string("cannot be read: ") + std::strerror(errno), "");
  if (S_ISDIR(facts.st_mode)) return reader.fail("WL6002", "is a directory, not a file", "name the CSV file itself");
  if (!S_ISREG(facts.st_mode)) return reader.fail("WL6002", "is a device or pipe, not a file", "write its content to a file first");
  reader.size_ = static_cast<uint64_t>(facts.st_size);
  if (reader.size_ == 0) return reader.fail("WL6003", "is empty", "a trace needs a header row and a row a step");
  reader.buffer_.resize(kBlockBytes + kReadAhead);
  reader.at_ = reader.end_ = reader.buffer_.data();
  Result<Ok> header = reader.read_header();
  if (!header) return header.failure();
  return reader;
}

// Moves the unfinished row to the front and reads behind it; afterwards [at_, end_) holds complete rows.
Result<bool> CsvReader::refill() {
  char* start = buffer_.data();
  size_t kept = filled_ - static_cast<size_t>(end_ - start);
  std::memmove(start, end_, kept);
  at_ = end_ = start;
  filled_ = kept;
  while (filled_ < kBlockBytes) {
    const ssize_t got = pread(file_, start + filled_, kBlockBytes - filled_, static_cast<off_t>(offset_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("WL6001", std::string("cannot be read: ") + std::strerror(errno), "");
    if (got == 0) break;
    hash_.add(start + filled_, static_cast<size_t>(got));
    hashed_ += static_cast<uint64_t>(got);
    offset_ += static_cast<uint64_t>(got);
    filled_ += static_cast<size_t>(got);
  }
  if (filled_ == 0) return false;
  const bool at_end = filled_ < kBlockBytes;
  const void* last = memrchr(start, '\n', filled_);
  if (at_end && start[filled_ - 1] != '\n') {  // a last row without a line end is complete if its fields are
    ends_with_digit_ = start[filled_ - 1] >= '0' && start[filled_ - 1] <= '9';
    start[filled_++] = '\n';
    last = start + filled_ - 1;
  }
  end_ = last == nullptr ? start : static_cast<const char*>(last) + 1;
  if (start + filled_ - end_ > static_cast<ptrdiff_t>(kMaxRowBytes)) {
    row_ += std::count(at_, end_, '\n') + 1;
    return fail("WL6005", "the row is longer than 64 KiB", "with many members use the long form: site,time,import,export");
  }
  std::memset(start + filled_, 0, kReadAhead);
  return true;
}

Result<bool> CsvReader::next_row(std::string_view& row) {
  for (;;) {
    if (at_ == end_) {
      Result<bool> more = refill();
      if (!more || !*more) return more;
    }
    const auto* stop = static_cast<const char*>(std::memchr(at_, '\n', static_cast<size_t>(end_ - at_)));
    row = std::string_view(at_, static_cast<size_t>(stop - at_));
    at_ = stop + 1;
    ++row_;
    if (row.size() > kMaxRowBytes) return fail("WL6005", "the row is longer than 64 KiB", "with many members use the long form: site,time,import,export");
    if (!row.empty() && row.back() == '\r') row.remove_suffix(1);
    if (!row.empty()) return true;
  }
}

Result<Ok> CsvReader::read_header() {
  std::string_view row;
  Result<bool> found = next_row(row);
  if (!found) return found.failure();
  if (!*found) return fail("WL6003", "is empty", "a trace needs a header row and a row a step");
  if (row.starts_with("\x1f\x8b")) return fail("WL6006", "is compressed, not text", "unpack it with `gunzip` first");
  if (row.starts_with("\xff\xfe") || row.starts_with("\xfe\xff")) return fail("WL6006", "is UTF-16 text", "save it as UTF-8");
  if (row.starts_with("\xef\xbb\xbf")) row.remove_prefix(3);
  if (row.starts_with("PAR1")) return fail("WL6006", "is a Parquet file, not CSV", "write it as CSV");
  if (std::any_of(row.begin(), row.end(), [](char c) { return static_cast<unsigned char>(c) < 32 && c != '\t'; }))
    return fail("WL6006", "is not text: its first row has control characters", "a trace is a CSV file in UTF-8");
  const auto occurs = [&](char c) { return std::count(row.begin(), row.end(), c); };
  if (const size_t at = find_broken_utf8(row); at != std::string_view::npos)
    return fail("WL6006", "is not UTF-8: byte " + std::to_string(at + 1) + " of the header, in `" + show_text(row.substr(at > 8 ? at - 8 : 0)) + "`", "save it as UTF-8");
  separator_ = occurs(';') > occurs(',') ? ';' : occurs('\t') > occurs(',') ? '\t' : ',';
  columns_.assign(static_cast<size_t>(occurs(separator_)) + 1, {});
  std::vector<std::string_view> names;
  Result<Ok> cut = split(row, names);
  if (!cut && cut.failure().code != "WL6009") return cut;
  columns_.resize(names.size());  // separators inside quotes made the count above a bound only
  for (size_t i = 0; i < names.size(); ++i) {
    std::string_view name = trim(names[i]);
    const size_t open = name.rfind('[');
    if (open != std::string_view::npos && name.ends_with(']')) {
      columns_[i].unit = trim(name.substr(open + 1, name.size() - open - 2));
      name = trim(name.substr(0, open));
    }
    columns_[i].name = name;
  }
  std::vector<std::string> sorted;
  for (const CsvColumn& column : columns_) sorted.push_back(column.name);
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 1; i < sorted.size(); ++i)
    if (!sorted[i].empty() && sorted[i] == sorted[i - 1])
      return fail("WL6008", "two columns are called `" + show_text(sorted[i]) + "`", "rename one of them");
  return Ok{};
}

Result<Ok> CsvReader::split(std::string_view row, std::vector<std::string_view>& fields) {
  fields.clear();
  unquoted_.clear();
  const char *at = row.data(), *end = at + row.size();
  for (;;) {
    if (at < end && *at == '"') {
      std::string text;
      const char* from = ++at;
      for (;;) {
        const auto* quote = static_cast<const char*>(std::memchr(at, '"', static_cast<size_t>(end - at)));
        if (quote == nullptr) return fail("WL6010", "a quoted field does not end on its row", "close the quote; line breaks inside a field are not read");
        text.append(from, quote);
        if (quote + 1 == end || quote[1] != '"') {
          at = quote + 1;
          break;
        }
        text += '"';
        from = at = quote + 2;
      }
      if (at < end && *at != separator_) return fail("WL6010", "text follows a closing quote", "double a quote that belongs to the text");
      fields.push_back(unquoted_.emplace_back(std::move(text)));
    } else {
      const void* stop = std::memchr(at, separator_, static_cast<size_t>(end - at));
      const char* until = stop == nullptr ? end : static_cast<const char*>(stop);
      fields.emplace_back(at, static_cast<size_t>(until - at));
      at = until;
    }
    if (at == end) break;
    ++at;
  }
  if (fields.size() == columns_.size()) return Ok{};
  return fail("WL6009", "the row has " + std::to_string(fields.size()) + " fields, the header " + std::to_string(columns_.size()),
              fields.size() < columns_.size() ? "the file may have been cut off here; write it again" : "quote a field that contains the separator");
}

int CsvReader::column_of(std::string_view name) const {
  for (size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].name == name) return static_cast<int>(i);
  return -1;
}

Failure CsvReader::missing_column(const std::string& name, const std::string& hint) const {
  std::vector<std::string> names;
  std::string listed;
  for (const CsvColumn& column : columns_) {
    names.push_back(column.name);
    if (names.size() <= 8) listed += (listed.empty() ? "`" : ", `") + show_text(column.name) + "`";
  }
  if (names.size() > 8) listed += ", …";
  const std::string nearest = nearest_name(name, names);
  Failure failure = fail("WL6007", "has no column `" + name + "`; its columns are " + listed, hint);
  if (!nearest.empty()) failure.hint = "is `" + show_text(nearest) + "` meant? rename it in the header" + (hint.empty() ? "" : "; " + hint);
  failure.row = 1;
  return failure;
}

DecimalFault read_decimal(std::string_view text, bool comma, Decimal& value) {
  text = trim(text);
  if (text.empty()) return DecimalFault::empty;
  const char *at = text.data(), *end = at + text.size();
  const bool minus = *at == '-';
  if (minus || *at == '+') ++at;
  int64_t digits = 0;
  int places = 0, count = 0, zeros = 0;  // zeros: trailing ones after the point, dropped unless a digit follows
  bool point = false, any = false;
  for (; at < end; ++at) {
    const unsigned digit = static_cast<unsigned char>(*at) - unsigned{'0'};
    if (digit > 9) {
      if (!point && (*at == '.' || (comma && *at == ','))) {
        point = true;
        continue;
      }
      return any && (*at == 'e' || *at == 'E') ? DecimalFault::exponent : DecimalFault::text;
    }
    any = true;
    if (point && digit == 0) {
      ++zeros;
      continue;
    }
    const int times = point ? zeros + 1 : 1;
    if (digits != 0 || digit != 0) count += digits == 0 ? 1 : times;
    if (count > kMaxDigits || (point && places + times > kMaxDigits)) return DecimalFault::too_long;
    for (int i = 0; i < times; ++i) digits *= 10;
    digits += digit;
    if (point) places += times;
    zeros = 0;
  }
  if (!any) return DecimalFault::text;
  value = {minus ? -digits : digits, places};
  return DecimalFault::none;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string show_text(std::string_view text) {
  constexpr size_t kShown = 40;
  std::string shown;
  for (size_t i = 0; i < text.size();) {
    if (shown.size() >= kShown) return shown + "…";
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = utf8_length(text, i);
    bool whole = length > 0 && lead >= 32 && lead != 127 && lead != '`';
    if (whole && lead == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) whole = false;  // C1 controls steer terminals
    if (whole) shown.append(text.substr(i, length));
    else shown += '?';
    i += whole ? length : 1;
  }
  return shown;
}

}  // namespace wattlaw
