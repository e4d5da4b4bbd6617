// Result<T>: a value, or the world's fault (a file, a trace, a full disk) told so that a person can act on it.
//   Result<Zone> zone = Zone::load("Europe/Oslo");  if (!zone) return zone.failure();
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wattlaw {

struct TextPlace {      // bytes [begin, end) of a file of the script, as the compiler numbers them
  uint32_t file = 0, begin = 0, end = 0;
};

struct Failure {
  std::string code;     // "WL6012"; see runtime/base/failure_codes.md for the list
  std::string message;  // lower case, no full stop: what was found
  std::string hint;     // what to do; may be empty
  std::string file;     // empty if no file is involved
  int64_t row = 0;      // 1-based line of the file; 0 if none
  std::string time;     // the trace's own time text, if one is involved
  std::vector<TextPlace> places;  // where the script asks for what failed: the clause, then the expression in it; empty if no script is involved
};

// What does not stop the work, but that a person ought to know; told like a failure.
struct Remark {
  bool is_warning = false;  // something may be wrong; else: a choice was made where the input says nothing
  Failure told;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Failure failure) : failure_(std::move(failure)) {}
  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Failure& failure() const { return *failure_; }

 private:
  std::optional<T> value_;
  std::optional<Failure> failure_;
};

struct Ok {};
using Status = Result<Ok>;

}  // namespace wattlaw
