// Sessions: what happened at chargers, from plug-in to plug-out, as rows of metered intervals, session after session.
//   sessions.csv   session,begins,ends,delivered [kWh][,returned][,charging_time [h]][,parking_time [h]][,power [kW]][,current [A]]
// A row is one interval of a session, or a whole session; rows of a session stand together, in order of time, without overlap. What a file
// reports is the quantity; the row's begin decides which price holds. What it leaves out follows from the row: the length counts as
// charging time if energy flowed and as parking time if none did; the power is the energy by the length.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/number/wide_integer.h"
#include "runtime/time/clock.h"
#include "runtime/trace/tile_series.h"

namespace wattlaw {

struct SessionRow {
  uint32_t session = 0;        // index into Sessions::ids
  Instant begins = 0, ends = 0;
  Rational delivered, returned;                        // kWh, to the car and from it, neither negative
  std::optional<Rational> charging_time, parking_time;  // h
  std::optional<Rational> power, current;               // kW, A
};

struct Sessions {
  std::vector<std::string> ids;
  std::vector<SessionRow> rows;
  uint32_t left_out = 0;       // sessions that end outside the period
  std::string hash;            // of the file
};

// The columns that a tariff may read; h, kW, A and kWh.
enum class SessionColumn : uint8_t { delivered, returned, charging_time, parking_time, power, current, duration, energy };
std::optional<SessionColumn> session_column_named(const std::string& name);

// Those sessions of the file that end in local days [from, until): a session is billed where it ends. Failures WL6003 … as for any trace,
// WL6050 rows of a session apart or out of order, WL6051 a row that ends before it begins or begins before the last one ended, WL6052 a
// negative quantity, WL6053 no session at all.
Result<Sessions> read_sessions(const std::string& path, const std::string& shown, const Zone& zone, Date from, Date until);

// The axis on which each row is a step and each session a window. Needs at least one row.
Clock make_session_clock(Zone zone, const Sessions& sessions, Date from, Date until);

// One value a row. duration: hours from the session's begin to the row's; energy: what was delivered before the row.
Result<ClockSeries> session_column(const Sessions& sessions, SessionColumn column);

}  // namespace wattlaw
