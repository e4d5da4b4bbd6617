// TypedProgram: every name bound; kind, dimension, tax state and grain on every expression; every inexact step an explicit barrier.
// The waist between the front and the rest: the interpreter runs it, the plan is built from it. Nothing edits it after `elaborate`.
//
// Arithmetic. All numbers are exact rationals in canonical units (kWh, kW, h, major currency unit, month, local day, 1). Between two
// barriers (round, divide, root) everything is exact, so any order, width, thread or fusion gives the same digit. Only elaboration
// makes barriers; no later pass may move, merge or duplicate one.
//
// Grain. A value exists for an entity (none: one for everybody; site, vehicle …: one for each member of that kind) and a time
// (Period::Unit::none: one value; interval: one a step; minutes … year: one a window). A coarse value read at a finer time is the value of
// the window that holds it. Between kinds of members nothing is implied: `of_holder` and `over_members` say how one is read for another.
//
// Nothing. An aggregate over no interval is *nothing*. An aggregate skips operands that are nothing; everywhere else nothing is 0
// (false for booleans). So `largest 3 of (max(power where W) per day)` takes only days on which W occurs.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "compiler/diagnostic/diagnostic.h"
#include "runtime/fleet/fleet_state.h"
#include "runtime/fleet/share_limit.h"
#include "runtime/number/rounding.h"
#include "runtime/time/calendar.h"
#include "runtime/time/clock.h"
#include "runtime/trace/trace_request.h"

namespace wattlaw {

struct ExpressionId {
  uint32_t index = UINT32_MAX;
  explicit operator bool() const { return index != UINT32_MAX; }
  bool operator==(const ExpressionId&) const = default;
};

// Exponents of the base dimensions. Power is energy/time; kVA counts as kW. Civil periods are their own: month and local day do not
// convert into each other or into hours. Canonical units: kWh, h, major currency unit, month, day, A, degC, Hz, km, 1.
struct Dimension {
  int8_t energy = 0, time = 0, money = 0, month = 0, day = 0, current = 0, temperature = 0, frequency = 0, distance = 0;
  bool operator==(const Dimension&) const = default;
};

enum class ValueKind : uint8_t { number, boolean, choice, date, member };
enum class TaxState : uint8_t { unsaid, ex, incl };  // of money and of money per something

struct Type {
  ValueKind kind = ValueKind::number;
  Dimension dimension;               // number
  uint16_t currency = 0;             // index into currencies; meaningful if dimension.money != 0
  TaxState tax = TaxState::unsaid;
  bool extensive = false;            // summed over time (kWh, money, hours of a period); intensive values are held
  bool estimate = false;
  uint32_t choices = UINT32_MAX;     // choice: index into choice_sets; member: an EntityGrain
  bool operator==(const Type&) const = default;
};

// An index into TypedProgram::entities. Those named here always exist; others (pool, charger, kinds of one's own) follow as they are declared.
enum class EntityGrain : uint8_t { none, site, vehicle };
struct Grain {
  EntityGrain entity = EntityGrain::none;
  Period time;                       // Unit::none: no time
  bool operator==(const Grain&) const = default;
};

enum class Op : uint8_t {
  // leaves
  constant,        // value (number; boolean 0/1; choice index; date: days)
  series,          // index -> series; grain (site|none, interval); energy is kWh of the step
  attribute,       // index -> attributes; grain (site, none)
  in_time_set,     // index -> time_sets; boolean, grain (none, interval): the step's local start time is in the set
  band,            // index -> bands; choice, grain (none, interval): the class of the step's local start time
  window_days,     // number [day]: local days of the whole window `period` (not cut by the run's ends); grain (none, period)
  window_share,    // number: share of the window's local days that the run covers; mode in `share`; grain (none, period)
  date_at,         // date: local date of the step (grain interval) or of the window's first covered step
  // arithmetic and logic; grain is the finest of the operands
  add, multiply,   // n >= 2 operands
  negate, absolute,
  minimum, maximum,// n >= 2 operands, pointwise
  less, less_equal, equal,        // 2 operands of one kind; boolean
  logical_not, logical_and, logical_or,  // n operands; the first operand that decides ends it
  select,          // condition, then, else (numbers, booleans, choices)
                   // What decides not to look does not fault: the other branch of select, operands of and/or behind the one that decides,
                   // an aggregate's values where its filter is false, versions of dated that are not in force, absent lines.
  linearly,        // operands: x, then constants x1 y1 x2 y2 … ascending in x: exact linear interpolation, ends held
  dated,           // n operands; operand i holds for local dates in [dates[i], dates[i+1]) (before dates[0]: operand 0). How a window
                   //   that contains one of the dates is treated: `change`. At interval grain: by the step's own date.
                   //   A coarser grain with at_step: as at_start. at_start / at_end ask the local date of the first / last covered step.
  // barriers
  divide,          // a / b rounded to 12 places half even; b == 0 is a fault (WL7101)
  round,           // a [/ b] rounded to `value` (quantum) by `rounding`: with two operands one rounding of the exact quotient
  root,            // square root of operands[0] rounded to `value` by `rounding`; a negative operand is a fault (WL7102)
  // over time
  aggregate,       // fn over the steps or windows of operands[0] (its own grain.time) within each window of `period`, where operands[1]
                   //   (optional boolean, same grain or coarser); `take` k > 0: only the k largest (k < 0: smallest) values, those there are.
                   //   An intensive operand of a coarser grain than its windows never occurs. Result grain (entity, period).
                   //   A fine window (week, day from noon) belongs to the coarse one in which its first covered step lies. An operand
                   //   without time (constant 1 h) has one value a window of the filter's grain, or a step if that has no time either.
                   //   Taken values stay chronological (first, last); among equals the earlier is taken. period.rolling: the steps of
                   //   the last `period` up to and with this one; nothing where that begins before the run; grain.time is that rolling
                   //   period, which has one window a step.
  quota,           // operands: flow (extensive, interval), bound, [boolean counted]. The running total of the flow from the start of each
                   //   window of `period`, chronologically; value: the part of this step's flow that lies below the bound (`beyond`
                   //   false) or above it. Counted absent: the flow counts itself; negative flow steps count as 0.
                   //   Bound may differ between steps only by window. A negative bound is 0.
                   //   Counted present: the bound is in h and the total counts the step's length where `counted` holds; of a counted step
                   //   the share min(room, step) / step lies below; a step that is not counted lies below as a whole while room > 0,
                   //   else above. So below + above = max(flow, 0) at every step.
  previous,        // fn over operands[0] (grain window `period`) in the `count` windows before this one (and this one if include_this);
                   //   same_year: over all windows of the same `year` window of this one, later ones too. Windows before the run: history.
                   //   `count` and include_this mean nothing then; the year begins on period.start_day of January. History unsaid and a
                   //   window before the run would be looked at: a fault (WL7104). mean: exact if count + include_this <= 10 or 0 < |take| <= 10
                   //   (never over the same year), else a divide.
  running_surplus, // operands: change [per window `period`], reset (boolean per window). S[w] = max(0, S[w-1] + change[w]), where S[w-1]
                   //   is taken as 0 if reset[w-1] holds or w is the first (then the opening balance `value`). Its grain.time is `period`.
                   //   `beyond`: not the balance but what it does not cover, max(0, -(S[w-1] + change[w])).
  // over entities
  over_members,    // fn over operands[0] for members of the kind `of` where operands[1] (optional). index: the attribute of theirs that names
                   //   the member at hand (its kind is grain.entity); UINT32_MAX: all members, grain.entity none. Order: members ascending.
                   //   mean is a divide (exact for |take| <= 10). No member, or none with a value: nothing.
  of_holder,       // operands[0] as it is for the member that attribute `index` of the member at hand names (`vehicle.site`); nothing if
                   //   it names none. Operand: the kind of the one named; grain.entity: the kind that has the attribute.
  allocate,        // operands: amount, weight. The amount (of the member that attribute `index` of the member at hand names, or with index
                   //   UINT32_MAX the same for all) is rounded to `value` by `rounding` and split over the members of that group by weight:
                   //   whole multiples of `value` by largest remainder, ties to the earlier member. No weight at all: in equal parts if
                   //   `beyond`, else a fault (WL7110) unless the amount is 0. A negative weight is a fault (WL7111).
  same_time,       // fn over operands[0] (interval) at the same local time of the `count` latest days before this one at which operands[1]
                   //   (optional, boolean, of everybody) holds. A day without that time (a clock change) is passed over, of a time that
                   //   occurs twice the first is meant. Fewer days are in the run, or one has no value: of those there are; none: nothing.
                   //   mean: exact if count <= 10, else a divide.
  origin,          // energy behind a site's meter by what it has borne (runtime/fleet/origin_account.h). operands, all per interval: import,
                   //   export; of the vehicles whose attribute `index` names the site: charged, discharged, stored, plugged, and their charge
                   //   and discharge efficiency; whether import bears the charge. `count`: which figure (OriginFlow); `beyond`: first in,
                   //   first out, else proportional. grain (site, interval).
};
enum class OriginFlow : uint8_t { taxed_export, final_use, taxed_final_use, losses, taxed_losses };
const char* op_name(Op op);
// What is read from other members or other days: kernels compute it between passes.
inline bool is_from_elsewhere(Op op) { return op == Op::over_members || op == Op::of_holder || op == Op::allocate || op == Op::same_time || op == Op::origin; }

enum class Aggregate : uint8_t { sum, maximum, minimum, mean, count, any, first, last };
// mean over fixed windows (minutes, hour) of steps, or of at most 10 taken values, is exact; over day and longer it is a `divide`:
// 12 places half even, one rounding of sum / number of values. count counts values (filter true) and is never nothing.
// Precisely: a mean is exact if 0 < |take| <= 10, or if `period` is minutes or hour, take is 0 and no value of the window is left out
// (by the filter or as nothing); otherwise that window's mean is a divide. count counts values that are not nothing, whatever they say;
// any is nothing over no value.

enum class Change : uint8_t { at_step, at_start, at_end, by_days };
// at_step: grain interval. at_start / at_end: the version in force on the window's first / last covered day. by_days: the sum over
// versions of value × local days of the window in that version ÷ all its local days (covered ones only where the run cuts it).

enum class Share : uint8_t { in_full, by_days, none };  // partial periods: 1; covered days / all days; 0 for a cut window

enum class History : uint8_t { unsaid, none };          // none: windows before the run do not exist

struct Expression {
  Op op = Op::constant;
  Type type;
  Grain grain;
  Span span;                           // where a person wrote it
  std::vector<ExpressionId> operands;
  uint32_t index = 0;                  // series, attribute, in_time_set, band
  Rational value;                      // constant; quantum of round and root; opening balance
  Period period;                       // aggregate, quota, previous, running_surplus, window_days, window_share
  std::vector<Date> dates;             // dated
  Change change = Change::at_step;
  Share share = Share::in_full;
  Aggregate fn = Aggregate::sum;
  RoundingMode rounding = RoundingMode::half_even;
  History history = History::unsaid;
  int32_t take = 0;
  uint32_t count = 0;
  bool include_this = false, same_year = false, beyond = false;
  EntityGrain of = EntityGrain::none;  // over_members
};

struct ChoiceSet {
  std::string name;                    // "Load", "site.tax_zone"
  std::vector<std::string> names;
};
struct BandsTable {                    // complete and disjoint over every settlement that uses it (check_bands)
  std::string name;
  uint32_t choices;                    // choice set; class i is names[i]
  struct Class {
    bool otherwise = false;
    std::vector<uint32_t> any_of;      // time sets joined by `or`
  };
  std::vector<Class> classes;
  Span span;
};
struct SeriesKey {                     // `keyed by month, DayType, hour`
  enum class Kind : uint8_t { month, weekday, hour, classes } kind = Kind::classes;
  std::string name;                    // "month", "DayType"
  uint32_t bands = 0;                  // classes: index of the band set
};
// Where the values of a series come from: a file; the simulation of the fleet, interval by interval (charge, discharge, plugged, soc, and
// the registers of the sites where vehicles charge); or, in a policy alone, what is known at the begin of the interval it decides.
enum class SeriesSource : uint8_t { file, simulated, state };
struct SeriesDeclaration {
  std::string name;                    // "import", "market.spot"
  EntityGrain entity = EntityGrain::none;
  SeriesSource source = SeriesSource::file;
  Type type;                           // energy columns are extensive
  std::vector<SeriesKey> keys;         // a table: one value for each combination of keys, not a column in time
  SeriesRequest request;               // what load_traces is asked
};
struct AttributeDeclaration {
  std::string name;                    // "site.tax_zone"
  EntityGrain entity = EntityGrain::site;
  Type type;
  AttributeRequest request;
  // What only a simulation tells of a record that names a vehicle and a moment: the Wh in the battery then (`soc at time of trip.begins`), or
  // whether there was what the trip took (`trip.served`).
  enum class Told : uint8_t { by_file, stored_then, served } told = Told::by_file;
  uint32_t of_vehicle = UINT32_MAX;    // the attribute that names the vehicle: `trip.vehicle`
  std::string moment;                  // the column: "begins"
};
struct Citation {
  std::string text;
  Span span;
};

struct ParameterUse {
  std::string name;                    // "consumption_tax"
  std::vector<Date> dates;             // its versions; empty if it has one value for all time
  std::vector<ExpressionId> values;    // constants or uniform values, parallel to dates (one if dates is empty)
};

// One version of a clause in time, kept for `explain`: everything here also sits inside the clause's amount.
struct TypedException {
  std::string label;
  ExpressionId condition;              // interval or window grain
  ExpressionId rate;                   // invalid: no money under this exception
  std::string overrides;               // label, may be empty
  std::vector<Citation> cites;
  Span span;
};
struct RateRow {                       // a row of the decision table, block or step, for explanations and coverage
  std::string key;                     // "day", "high, winter", "first 500 kWh", "from 2 kW"
  ExpressionId condition;              // table: row holds (interval or window grain). steps: the quantity is on this step
  ExpressionId quantity;               // blocks: what fell into the block (billing grain); else invalid
  ExpressionId rate;                   // at its own grain, in canonical units
  std::vector<Citation> cites;
  Span span;
};
struct ClauseVersion {
  std::optional<Date> from, until;     // in force for local dates in [from, until)
  ExpressionId scope;                  // boolean: `when`, `covers`, in force, assignment; invalid: always
  ExpressionId quantity;               // at its own grain (interval for flows); invalid for `of MONEY`
  ExpressionId rate;                   // at its own grain, exceptions applied; invalid for blocks and steps
  ExpressionId base_rate;              // without exceptions
  std::vector<RateRow> rows;
  std::vector<TypedException> exceptions;
  std::vector<Citation> cites;
  std::vector<ParameterUse> parameters; // that the rate or amount reads
  Span span;
};

enum class ClauseKind : uint8_t { charge, credit, pay, tax, minimum, maximum, rounding };
enum class RoundingGrain : uint8_t { none, line, row, bill };
struct RoundingRule {
  RoundingGrain grain = RoundingGrain::none;
  Rational quantum;                    // 0.01
  RoundingMode mode = RoundingMode::half_up;
  uint16_t currency = 0;               // of the quantum: that of the clause it rounds
  Span span;                           // where it is written
};

struct TypedClause {
  ClauseKind kind = ClauseKind::charge;
  std::string tariff, name;            // "Elvia", "energy"
  std::string payer, payee;            // roles; a credit has its tariff's ends exchanged, amount positive
  std::string payer_account, payee_account;  // actor that plays the role, else the role's name
  EntityGrain entity = EntityGrain::site;  // whose lines they are: one for each member of this kind and billing period
  bool payer_is_member = false, payee_is_member = false;  // the account is the member itself: Consumer of a site, VehicleOwner of a vehicle
  uint16_t currency = 0;
  TaxState tax = TaxState::unsaid;
  RoundingRule rounding;
  Period billing;                      // window of its lines
  ExpressionId present;                // boolean (entity, billing): there is a line
  ExpressionId quantity;               // (entity, billing); invalid if the line has none
  ExpressionId amount;                 // exact, (entity, billing); from payer to payee
  ExpressionId line;                   // what is posted: amount through the clause's rounding; == amount where nothing is rounded
  std::vector<ClauseVersion> versions;
  std::vector<Citation> cites;         // of the tariff, then of the clause
  Span span;
};

struct ShownAnswer {
  std::string label;
  ExpressionId value;
  ExpressionId condition;              // boolean, grain none or that of the value: where it fails, nothing is shown; invalid: always
  Span span;
};
struct Expectation {
  ExpressionId condition;              // boolean, grain none (a window value is allowed when the settlement has one such window)
  // For messages when a comparison fails: both sides as written.
  ExpressionId left, right;
  Span span;
};
struct GivenValue {                    // test … given import = 4.2 kWh at 2026-03-02 17:00 [to …]
  uint32_t series;                     // index into TypedProgram::series
  Rational value;                      // canonical units; power is turned into energy of the step
  Instant from, until;                 // [from, until) in steps
};

inline constexpr Date kNoDate{INT32_MIN / 2};  // of an attribute that names no day

// What must hold (language.md section 8). What declarations and tariffs say is read while the rule is elaborated, as of each date at which
// it changes, so a norm on them alone is a constant then (decide_rules). A norm over settled data keeps a condition with a grain.
enum class NormKind : uint8_t { require, forbid, warn };
struct ReadFigure {                    // what a norm read of the declarations: `rate(Grid.energy where Load is day)`, 0.40 NOK/kWh
  std::string text;                    // as it is written
  Type type;
  Rational value;
  std::string where;                   // a case in which it is so: "2026-01-05 06:00", "`site.kind` is home"; may be empty
  Span place;                          // of the clause, role or member that says it
  std::string shown = {};              // as its unit is declared: "60 %"; empty: in canonical units
};
struct NormVersion {                   // a norm on one subject, as the texts stand from a date on
  std::optional<Date> from, until;     // [from, until); no `from`: since the first text
  ExpressionId holds;                  // boolean; a constant where declarations alone decide; invalid: `undecided` says why not
  std::string undecided;
  std::vector<ReadFigure> figures;
  std::string text;                    // of `otherwise`, with what stands in braces filled in
};
struct TypedNorm {
  NormKind kind = NormKind::require;
  std::string subject;                 // "Elvia", the actor or the member that a rule is asked of; empty: the rule has none
  Span subject_place;
  std::vector<NormVersion> versions;   // by date, of those that concern the subject
  std::vector<Citation> cites;         // of the rule, then of the norm
  Span span;
};
// A norm over settled data: asked of each member of a kind (none: once) in each window of a period (none: of the whole run).
struct DataNorm {
  NormKind kind = NormKind::require;
  EntityGrain entity = EntityGrain::none;
  Period period;
  ExpressionId applies;                // boolean (entity, period); invalid: always
  ExpressionId holds;                  // boolean (entity, period)
  ExpressionId known;                  // boolean (entity, period): what it compares is there; where it is not, the norm is undecided; invalid: always
  ExpressionId due;                    // date (entity) of a deadline; where it has not come the norm does not apply
  std::vector<std::pair<std::string, ExpressionId>> values;  // what it compares, as written
  std::string text;                    // of `otherwise`; `{site}` stands for the member
  std::vector<Citation> cites;         // of the rule, then of the norm
  Span span;
};
struct TypedRule {
  std::string name, binds;             // binds: the role that has to keep it; may be empty
  std::vector<TypedNorm> norms;
  std::vector<DataNorm> on_data;       // of a rule that a run decides; it has no norms then
  Span span;
};

// What a market buys of vehicles: `service FCR_D_up { … }`.
struct TypedService {
  std::string symbol;                  // its name
  uint32_t module = 0;
  std::string buyer, seller;           // roles
  Rational minimum, step;              // [kW] of a bid; step 0: any whole watt
  Period per{.unit = Period::Unit::hour};  // of delivery
  Rational gate;                       // [h] before it begins that offers are made, a whole number of intervals
  Rational sustain;                    // [h] that the full power must last
  bool per_period = false;             // asked when what is sold rises, and not again while it does not
  Rational held = 1, opposite;         // power held per power sold, in its direction and in the other
  ExpressionId activation;             // number from -1 to 1 of what was accepted, + discharges; (none, interval), read in the steps of the physics
  bool up = false, down = false;       // it can discharge, charge
  ExpressionId price, energy_price, penalty;  // [money/kWh], (none, interval): of power held for an hour, of what was delivered, of what was missed
  ExpressionId otherwise_price;        // of power that was offered and not accepted, for an hour
  std::vector<Citation> cites;
  bool good = false;
  Span span;
};

// What vehicles do (language.md section 7). Expressions are of the vehicle, at the interval or coarser, and read the state at its begin.
struct TypedDispatch {
  std::string name;
  ExpressionId wish;                   // [kW] at the plug, + charges: the rows as a chain of selects, in whole watts (a barrier toward zero)
  ExpressionId reserve;                // [kWh] that discharging leaves in the battery, the greatest `keep`; invalid: none
  ExpressionId ensured;                // [kWh] in the battery at departure; invalid: nothing is ensured
  struct Limit {
    ExpressionId cap;                  // [kW], of the group, read for each vehicle in it
    EntityGrain group = EntityGrain::none;  // none: each vehicle by itself … or all of them
    std::vector<uint32_t> way;         // attributes from the vehicle to its group, `vehicle.site`, `site.feeder`; empty: all vehicles are one
    bool nets = false;                 // `net_power`: what is discharged leaves room; else `power`, what vehicles draw
    bool of_meter = false;             // what else flows through the meters of its sites counts
    SharingRule sharing = SharingRule::proportional;
    SharingOrder order = SharingOrder::laxity;  // of `ordered`
    Span span;
  };
  std::vector<Limit> limits;
  struct Offer {                       // `offer FCR_D_up from headroom while …`; services clear in this order
    uint32_t service = 0;              // Settlement::services
    ExpressionId most;                 // [kW] that a vehicle offers, 0 where it does not want to
    Span span;
  };
  std::vector<Offer> offers;
  ExpressionId follow;                 // [kW] that the vehicles of a pool give together, + discharges, read for each of them; invalid: none do
  struct Cap {                         // of contracts: `limit sum(discharge) per year <= 2000 kWh`
    ExpressionId left;                 // [kWh] that may still flow when an interval begins, in whole watt-hours
    bool of_discharge = true;          // else of charging
  };
  std::vector<Cap> caps;
  struct Optimum {                     // `minimise cost`: planned with hindsight. Prices are per energy at the plug, of the vehicle, at the interval; invalid: 0
    ExpressionId import_price, export_price;    // of the next energy through the site's meter: to take, what giving is worth
    ExpressionId charge_price, discharge_price; // that contracts add for the vehicle's own flows; negative: they pay
    bool ensures_target = false;       // `ensure target by departure`; else `ensured`, which reads no state, as `reserve`
    bool has_site = false;             // the prices of the site count
  };
  std::optional<Optimum> optimum;      // then there are no rows
  std::optional<Optimum> bound;        // prices that a bound of the cost is found for, where one is asked for (CompileOptions)
  std::vector<std::string> left_out_of_bound;  // clauses that are more than prices and can only add to the cost: "Grid.power"
  struct Cheapest {                    // `charge in cheapest 4 h until departure by PRICE`
    ExpressionId hours;                // [h], of the vehicle or the same for all, no time
    ExpressionId price;                // the same for all, (none, interval)
  };
  std::vector<Cheapest> cheapest;
  struct Total {                       // `sum(discharge) so far this year`
    bool of_discharge = false;
    Period period;
  };
  std::vector<Total> totals;
  struct SiteTotal {                   // what `marginal` asks of the running month: through the meter of the vehicle's site
    bool of_export = false;
    Period period;
    ExpressionId counts;               // boolean (none, interval); invalid: every interval counts
    Period peak_of;                    // the most that any such window of the period has seen so far; unit none: all of them together
  };
  std::vector<SiteTotal> site_totals;
  struct State {                       // what the expressions read that only the simulation knows; index: into cheapest, totals or site_totals
    uint32_t series = 0;               // TypedProgram::series, source `state`
    FleetState state;
  };
  std::vector<State> states;
  std::vector<Citation> cites;
  Span span;
};

struct GivenRecord {                   // test … given cpp_event.day = 2026-07-20, 2026-07-21: the first value of each field is the first record's
  std::string kind, column;
  std::vector<int64_t> values;         // Date::days or Instant
};

// A run: one scenario, one test, or `check`'s walk through every tariff (kind standalone, no data).
struct Settlement {
  enum class Kind : uint8_t { scenario, test, standalone } kind = Kind::scenario;
  std::string name;
  Span span;
  Date from, until;                    // whole local days that are settled
  Date history_from;                   // <= from: the first day that is read, for look-backs with `history from`; the clock begins here
  int32_t step_seconds = 3600;
  std::string zone;
  std::string data_folder;             // relative to the script's folder
  bool timeless = false;               // answers of figures alone: no period, the latest texts hold
  bool sessions = false;               // an axis of sessions: each row of a session is a step, each session a window (make_session_clock)
  bool moments = false;                // test without `every`: amounts at moments; whole-period clauses make no line (reference: tests)
  std::vector<TypedClause> clauses;    // a clause stands after every clause its amount reads
  std::optional<TypedDispatch> dispatch;  // what the vehicles do; without it their meters are files
  std::vector<TypedService> services;  // those that something names
  int32_t physics_seconds = 0;         // of the simulation; 0: one step
  std::vector<ShownAnswer> shows;
  std::vector<TypedRule> rules;        // those that the scenario checks
  std::vector<Expectation> expects;
  std::vector<GivenValue> givens;
  std::vector<GivenRecord> given_records;
  std::vector<std::pair<uint32_t, Rational>> given_attributes;  // attribute index -> value for the test's one site
  std::vector<uint32_t> series, attributes;  // those that are read
  std::vector<uint32_t> read_days;     // attributes: the day on which each one's bills begin (`billing month starts on site.read_date`)
};

struct EntityDeclaration {
  std::string name;                    // "site", "vehicle", "pool"
};

struct TypedProgram {
  std::deque<Expression> expressions;  // hash-consed: equal expressions have one id; operands stand before their users
  std::vector<std::string> currencies; // "NOK"
  std::vector<EntityDeclaration> entities{{""}, {"site"}, {"vehicle"}};  // by EntityGrain
  std::vector<ChoiceSet> choice_sets;
  std::vector<BandsTable> bands;
  std::deque<HolidaySet> holidays;     // stable addresses: TimeSet points into it
  std::vector<TimeSet> time_sets;
  std::vector<std::string> time_set_texts;  // as written
  std::vector<SeriesDeclaration> series;
  std::vector<AttributeDeclaration> attributes;
  std::vector<Settlement> settlements; // scenarios and tests in source order, then the standalone one
  std::string root;                    // folder of the script, for data paths
  const Expression& operator[](ExpressionId id) const { return expressions[id.index]; }
};

// Registers of a site's meters: built in, energy of each interval, never negative.
inline constexpr const char* kRegisters[] = {"import", "export", "vehicle_import", "vehicle_export", "controllable_import"};
inline bool is_register(const std::string& series) { return std::find(std::begin(kRegisters), std::end(kRegisters), series) != std::end(kRegisters); }

inline const std::string& entity_name(const TypedProgram& program, EntityGrain entity) { return program.entities[static_cast<size_t>(entity)].name; }
inline const Members& members_of(const Traces& traces, EntityGrain entity) { return traces.members[static_cast<size_t>(entity) - 1]; }

// The class of a band set at a step's local start; the number of classes if none holds.
uint32_t class_of_step(const TypedProgram& program, uint32_t bands, const Clock& clock, uint32_t step);
// "kWh", "NOK/kWh", "NOK", "h": the canonical unit of a type, for messages, ledgers and reports.
std::string unit_text(const TypedProgram& program, const Type& type);
// Prints the program, one expression a line by id, clauses with their expressions: `show program`.
std::string print_program(const TypedProgram& program);

}  // namespace wattlaw
