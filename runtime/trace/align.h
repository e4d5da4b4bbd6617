// Alignment: the steps of a file -> the steps of the run's clock, and the texts of a column -> mantissas at the series' quantum.
//   file 15 min, clock 1 h, extensive: four slots are summed     file 1 h, clock 15 min, intensive: one slot is held for four steps
// A slot is a step of the file. Values of a member arrive in ascending slots without holes: what is not there is put_absent().
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/number/rounding.h"
#include "runtime/trace/read_csv.h"
#include "runtime/trace/trace_request.h"

namespace wattlaw {

struct TimeAxis {
  const Clock* clock = nullptr;
  Instant origin = 0;              // begin of slot 0
  int32_t file_step_seconds = 3600;
  bool is_daily = false;           // a slot is a local day, 23 to 25 hours long
  uint32_t slots = 0;              // that touch the period
  uint32_t slots_per_step = 1;     // > 1: the file is finer
  uint32_t steps_per_slot = 1;     // > 1: the file is coarser

  enum class Place : uint8_t { before, inside, after, misaligned };
  Place place(Instant instant, uint32_t& slot) const;
  Instant instant_of(uint32_t slot) const;
  // The steps of the clock that a slot covers or lies in, cut to the clock.
  void steps_of(uint32_t slot, uint32_t& first, uint32_t& end) const;
  bool is_direct() const { return slots_per_step == 1 && steps_per_slot == 1 && !is_daily; }
};
// `first` is the instant of any row of the file. Failure WL6023 if neither step divides the other or they begin apart.
Result<TimeAxis> make_time_axis(const Clock& clock, int32_t file_step_seconds, Instant first);

// How a column's text becomes a mantissa: mantissa = digits * 10^-places * numerator / denominator.
struct ColumnScale {
  Int128 numerator = 1, denominator = 1;
  int power_of_ten = 0;        // numerator / denominator is 10^power_of_ten; -1 if it is no such power
  bool is_mean_power = false;  // then digits are brought to 9 places and the quotient's remainder is carried
};
// `unit` is the header's, or empty for the request's own. Failure WL6022 if it does not fit.
Result<ColumnScale> make_column_scale(const SeriesRequest& request, const std::string& unit, const Quantum& quantum, int32_t file_step_seconds);

enum class PutFault : uint8_t { none, finer, out_of_range, inexact_mean, gap, nothing_to_hold, memory };

// One series of a request while its files are read.
class SeriesBuilder {
 public:
  SeriesBuilder(const SeriesRequest& request, const Clock& clock, uint32_t members, uint64_t memory_bound);
  const SeriesRequest& request() const { return *request_; }
  bool is_quantum_free() const { return request_->quantum_free && is_clock_series_; }
  const Quantum& quantum() const { return quantum_; }
  void set_quantum(Quantum quantum) { quantum_ = std::move(quantum); }
  bool is_given() const { return axis_.clock != nullptr; }  // some file has its column
  bool has_memory() const { return cells_ != nullptr; }

  // Failure WL6024 for a coarser extensive file.
  Result<Ok> use_axis(const TimeAxis& axis);
  PutFault put(uint32_t member, uint32_t slot, const Decimal& value, const ColumnScale& scale, Quality quality);
  // Nothing stands at the slot. `said`: by a quality `missing`, which is a fact and not a gap.
  PutFault put_absent(uint32_t member, uint32_t slot, bool said);

  // The cell of (member, step) for a reader that has the mantissa; null if the cells are 8 bytes wide.
  int32_t* narrow_cells() { return width_ == 4 ? reinterpret_cast<int32_t*>(cells_) : nullptr; }
  size_t first_cell(uint32_t member) const { return is_clock_series_ ? 0 : size_t{member / kTileMembers} * steps_ * kTileMembers + member % kTileMembers; }

  TileSeries finish_member_series();
  ClockSeries finish_clock_series();

 private:
  int64_t cell(uint32_t member, uint32_t step) const;
  bool store(uint32_t member, uint32_t step, int64_t value);  // false: no memory to widen
  PutFault put_mantissa(uint32_t member, uint32_t slot, int64_t mantissa);
  void mark(uint32_t member, uint32_t slot, Quality quality);
  bool widen();
  void settle_quality();

  const SeriesRequest* request_;
  TimeAxis axis_;
  Quantum quantum_;
  uint32_t members_, steps_;
  bool is_clock_series_;
  uint64_t memory_bound_;
  uint8_t width_ = 4;
  uint8_t* cells_ = nullptr;     // of tiles_ or line_
  TileSeries tiles_;
  std::vector<int64_t> line_;
  std::vector<int64_t> carry_;   // per member: what mean power left below one mantissa unit
  std::vector<int64_t> held_;    // per member: last value, where the file is finer
  std::vector<uint8_t> cell_lacks_slot_;  // per member: the present step has a missing slot
  std::vector<QualityRun> quality_;
};

}  // namespace wattlaw
