// load_traces: files of a data folder -> aligned, complete or flagged, unit-checked integer columns on the run's clock.
// Member series come as  long   TRACE.csv            site,time,import,export[,quality]
//                        wide   TRACE.import.csv     time,home_0001,home_0002,…        (one column a member)
//                        files  TRACE/ID.csv         time,import,export                (one file a member)
// Clock series: TRACE.csv with time and a column a series. Attributes: sites.csv (id,…). Units may stand in headers: `import [kWh]`.
// Times: ISO 8601 with offset or Z, or local time without offset (the repeated hour in order; else a failure), decimal point or comma
// (`;`-separated), quoted fields. A column of mean kW becomes Wh by a register that carries the remainder.
// A coarser file is held if intensive, refused if extensive; a finer one is averaged or summed.
// Failures (codes WL60xx) name file, row and time: gap, duplicate, disorder, out of range, finer than the quantum, truncated last row,
// a text where a number should be, a missing column (with the nearest name), a directory for a file, an unknown member in sites.csv.
#pragma once
#include <functional>
#include <string>

#include "runtime/trace/trace_request.h"

namespace wattlaw {

// Told at most ten times a second for files that take over one: path, bytes done, bytes in all.
using Progress = std::function<void(const std::string& what, uint64_t done, uint64_t total)>;

// What member series may take before a run is refused with figures; a command passes 75 % of the machine's memory.
inline constexpr uint64_t kDefaultTraceMemory = uint64_t{4} << 30;

Result<Traces> load_traces(const TraceRequest& request, const Clock& clock, const Progress& progress, uint64_t memory_bytes = kDefaultTraceMemory);

}  // namespace wattlaw
