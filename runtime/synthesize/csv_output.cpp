#include "runtime/synthesize/csv_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

namespace wattlaw {

Result<CsvOutput> CsvOutput::create(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return Failure{"WL6061", "the folder cannot be made: " + error.message(), "choose a folder that may be written", folder.string(), 0, ""};
  CsvOutput output;
  output.path_ = path;
  output.file_ = open((path + ".partial").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (output.file_ < 0) return Failure{"WL6061", std::string("cannot be written: ") + std::strerror(errno), "choose a folder that may be written", path, 0, ""};
  output.buffer_.resize(size_t{1} << 20);
  return output;
}

CsvOutput::CsvOutput(CsvOutput&& other) noexcept
    : file_(std::exchange(other.file_, -1)), error_(other.error_), path_(std::move(other.path_)), buffer_(std::move(other.buffer_)), used_(other.used_) {}

CsvOutput::~CsvOutput() {
  if (file_ < 0) return;
  close(file_);
  unlink((path_ + ".partial").c_str());
}

void CsvOutput::write_all(const char* bytes, size_t size) {
  while (size > 0 && error_ == 0) {
    const ssize_t put = write(file_, bytes, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      error_ = errno;
      return;
    }
    bytes += put;
    size -= static_cast<size_t>(put);
  }
}

void CsvOutput::flush() {
  write_all(buffer_.data(), used_);
  used_ = 0;
}

void CsvOutput::add_number(int64_t value) {
  char text[24];
  add(std::string_view(text, static_cast<size_t>(std::to_chars(text, text + sizeof text, value).ptr - text)));
}

void CsvOutput::add_decimal(int64_t mantissa, int places) {
  char text[48];
  char* at = text + sizeof text;
  uint64_t rest = mantissa < 0 ? 0 - static_cast<uint64_t>(mantissa) : static_cast<uint64_t>(mantissa);
  for (int i = 0; rest > 0 || i <= places; ++i) {
    if (i == places && places > 0) *--at = '.';
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  if (mantissa < 0) *--at = '-';
  add(std::string_view(at, static_cast<size_t>(text + sizeof text - at)));
}

Status CsvOutput::finish() {
  flush();
  if (close(std::exchange(file_, -1)) != 0 && error_ == 0) error_ = errno;
  const std::string partial = path_ + ".partial";
  if (error_ == 0 && rename(partial.c_str(), path_.c_str()) != 0) error_ = errno;
  if (error_ == 0) return Ok{};
  unlink(partial.c_str());
  return Failure{"WL6062", std::string("cannot be written: ") + std::strerror(error_), "free some space or choose another folder", path_, 0, ""};
}

std::string print_iso(const Zone& zone, Instant instant) {
  const int32_t offset = zone.offset_at(instant);
  const LocalSeconds local = instant + offset;
  const int64_t day = local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
  const auto minute = static_cast<int>((local - day * 86400) / 60);
  const int east = (offset < 0 ? -offset : offset) / 60;
  std::string text = print_date(Date{static_cast<int32_t>(day)}) + "T00:00+00:00";
  const auto put = [&](size_t at, int value) {
    text[at] = static_cast<char>('0' + value / 10);
    text[at + 1] = static_cast<char>('0' + value % 10);
  };
  const size_t hour = text.size() - 11;
  put(hour, minute / 60);
  put(hour + 3, minute % 60);
  text[hour + 5] = offset < 0 ? '-' : '+';
  put(hour + 6, east / 60);
  put(hour + 9, east % 60);
  return text;
}

}  // namespace wattlaw
