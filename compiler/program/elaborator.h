// Elaborator: syntax trees -> TypedProgram. One class; its functions stand in a file for each topic, in the order of the declarations below:
// names and headers (resolve_names, declare_data, collect_tariffs), expressions (elaborate_expression, _names, _definitions, _aggregate,
// _look_back, _quota, _time, _table, hold_per_window), clauses (elaborate_clause, billing_periods, join_versions, _exceptions, _blocks,
// _netting, _session, _tax, _minimum, _tariff), runs (elaborate_settlement, _test), rules (elaborate_rule, _subject, _rate) and checks
// (check_exceptions, never_negative).
// Everything is elaborated for one settlement at a time: its step, period and applied tariffs are known, so windows, dated
// versions and totals are decided here and never again.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/program/build_expression.h"
#include "compiler/program/units.h"

namespace wattlaw {

struct Symbol {
  enum class Kind : uint8_t { currency, unit, role, actor, member, record, attribute, trace, calendar, bands, parameter, let, tariff,
                              contract, service, dispatch, rule, reform, scenario, space };
  Kind kind;
  uint32_t module;
  NodeId node;
  std::string name;
  bool used = false;
};
const char* symbol_kind_words(Symbol::Kind kind);  // "a tariff"

// One node of a tariff's text: the tariff itself or an amendment of it.
struct TariffPart {
  uint32_t module;
  NodeId node;
  std::optional<Date> from;
};

struct TariffHeaders {
  std::optional<Date> from, until;
  TaxState prices = TaxState::unsaid;
  std::optional<RoundingRule> rounding;
  Period billing = kMonth;
  std::string origin;                  // `origin accounting fifo`, `proportional`; empty: not said
  std::string read_day;                // `billing month starts on site.read_date`: the attribute
  Span read_day_span;
  std::optional<Change> change;
  std::optional<Share> partial;
  std::optional<History> history;
  std::string history_series;          // `history from import`: the meter's readings before the run
  NodeId blocks_meet_bands;            // BlocksMeetBands
  bool price_at_start = false;         // a session at the prices of its begin
  std::string covered;                 // `covers vehicle where …`: the kind of what it covers; empty: it does not say
  std::vector<NodeId> covers;
  std::vector<Citation> cites;
};

struct LabelVersion {                  // one text of a label (clause or let), in force for [from, until)
  uint32_t module;
  NodeId node;
  NodeId group_condition;              // expression of the enclosing `if C { … }`; conditions of outer groups are in `outer_groups`
  std::vector<NodeId> outer_groups;
  std::optional<Date> from, until;
};

struct TariffInfo {
  Symbol* symbol = nullptr;
  std::string key;                     // in tariffs_: "module.name", or "module.name/7" for those whose meters are read on the 7th
  std::vector<TariffPart> parts;       // the tariff, then its amendments by date
  TariffHeaders headers;
  std::string payer, payee;
  std::map<Date, std::vector<Citation>> amendment_cites;  // by the date an amendment begins
  std::vector<std::string> order;      // labels of clauses in order of first appearance; unnamed ones are "minimum", "maximum", "net"
  std::map<std::string, std::vector<LabelVersion>> clauses;
  std::map<std::string, std::vector<LabelVersion>> lets;
  std::vector<LabelVersion> limits;    // of a contract
};

struct Applied {                       // a tariff in a settlement
  EntityGrain entity = EntityGrain::site;  // whose lines it makes
  ExpressionId condition;              // (site, none) boolean; invalid: every site
  std::optional<Date> from;
  bool done = false, busy = false;
  std::vector<uint32_t> clauses;       // indices into Settlement::clauses, in the tariff's order
  std::vector<std::string> by_read_day;  // keys of the tariff as it is for those read on one day; `clauses` are then theirs
};

inline constexpr const char* kSessionTrace = "sessions";  // SeriesRequest::trace of what a session has

inline constexpr int32_t kSteps[] = {3600, 1800, 900, 600, 300, 60};  // seconds

struct BandSplit {                     // a value that exists for each class of a band set, and which class is looked at
  uint32_t bands, band;
};

struct RuleReading;  // of rules (rule_reading.h): what a norm is asked of, and what it has read

struct Context {
  uint32_t module = 0;
  const TariffInfo* tariff = nullptr;
  std::optional<Date> as_of;           // outside aggregates, in a whole-period amount: the date whose versions hold
  std::set<Date>* cut_dates = nullptr; // dates at which something read under `as_of` changes
  std::vector<ParameterUse>* parameters = nullptr;  // those that are read
  Period default_period = {};          // window of an aggregate that names none
  TaxState prices = TaxState::unsaid;  // of money literals
  bool totals = false;                 // tests and answers: a clause means the sum of its lines over the run …
  bool single_lines = false;           // … but its single lines inside an aggregate, which gathers them itself
  std::map<std::string, ExpressionId>* locals = nullptr;
  std::optional<BandSplit> split;      // the band set means this class of it: values that exist per band are those of the class
  EntityGrain each = EntityGrain::none;  // in a rule over settled data: whom it is asked of
  RuleReading* rule = nullptr;         // in a norm: the law of the day `as_of` is read
  std::optional<uint32_t> names_of;    // the module whose names are meant, if another than `module`: a rule's `where` speaks as the tariff does
  std::vector<ExpressionId>* dates_needed = nullptr;  // of a norm: told what has to be there for it to be decided
  std::optional<uint32_t>* splits_by = nullptr;  // where a value per band may stand: told the band set
};

// A tax contained in prices is handed on by who received them: no line of the tariff's payer.
inline bool is_handed_on(const TypedClause& clause, const TariffInfo& tariff) { return clause.kind == ClauseKind::tax && clause.payer != tariff.payer; }

struct Exchange {                      // 1 of `from` is `value` of `to`
  uint16_t from = 0, to = 0;
  uint32_t module = 0;
  NodeId node;
  Rational per = 1;                    // of `from`, as written on the left
};

struct TableResult {
  ExpressionId value;
  std::vector<RateRow> rows;
};

inline constexpr const char* kUnknownTariff = "";  // in `broken_`: a tariff is applied that nothing declares

struct RateCase {                      // one rate of a clause in force: the whole of it, or a block or step
  ExpressionId scope;                  // boolean: who has it and when; invalid: always
  ExpressionId rate;
  std::string key;                     // "from 5 kW"; empty: the clause has one rate
  Span span;
};

struct MomentText;  // of tests (elaborate_test.cpp)
struct TestGiven;
struct TestText;

class Elaborator {
 public:
  Elaborator(const Modules& modules, TypedProgram& program, Diagnostics& diagnostics, const CompileOptions& options);
  void run();

 private:
  // ---- resolve_names.cpp
  void declare_all();
  void declare_units();
  struct TypeMeaning {
    Type type;
    UnitMeaning unit;
    std::string unit_text;
    std::vector<std::string> choices;
    std::string names;                 // the kind of members it names
    bool yes_no = false, good = false;
  };
  TypeMeaning type_of(NodeId node, uint32_t module);
  void declare_attributes_and_traces();
  void declare_attribute(NodeId node, uint32_t module);
  void declare_fields(NodeId kind, uint32_t module);
  bool is_attribute(const std::string& name);          // usual_attributes.cpp
  bool declare_usual(const std::string& name);         // true: it is now
  AttributeDeclaration attribute_of(const std::string& name, EntityGrain entity, const TypeMeaning& meaning);
  // ---- elaborate_members.cpp: kinds of members, and what one has of another
  void declare_vehicles();
  std::optional<EntityGrain> entity_named(const std::string& word, uint32_t module);  // site, vehicle, pool …, or a kind of one's own
  std::vector<std::string> thing_words(uint32_t module);
  EntityGrain entity_of(const TariffInfo& tariff);       // whom it is for, if nobody says otherwise
  bool check_covers(const TariffInfo& tariff, EntityGrain entity, Span span);
  std::optional<std::vector<uint32_t>> way_to(EntityGrain from, EntityGrain to) const;  // attributes that name a `to` from a `from`
  uint32_t load_attribute(uint32_t index);
  ExpressionId of_holder(ExpressionId value, EntityGrain entity, Span span);   // what a member's site, pool … has, for the member; invalid: nothing says which
  void relate(std::vector<ExpressionId>& operands, Span span);
  bool make_of(EntityGrain entity, TypedClause& clause);
  ExpressionId tell_unrelated(EntityGrain of, EntityGrain into, Span span);
  ExpressionId count_members(EntityGrain of, ExpressionId condition, EntityGrain into, Span span);
  ExpressionId gathered(Aggregate fn, ExpressionId value, ExpressionId filter, EntityGrain into, int take, Span span);
  void declare_trace(NodeId node, uint32_t module);
  bool resolve_keys(uint32_t series);
  // ---- elaborate_exists.cpp
  ExpressionId elaborate_exists(NodeId call, Context& context);
  ExpressionId answers_to(RecordQuestion question, const std::string& name, EntityGrain entity, Span span);
  bool record_condition(NodeId condition, const Symbol& kind, RecordQuestion& question, const Context& context);
  std::optional<RecordQuestion::Term> record_term(NodeId id, const Symbol& kind, RecordQuestion& question, std::optional<bool>& is_day, const Context& context);
  void place_record(const Symbol& kind, uint32_t module, NodeId given);
  std::string field_type(const Symbol& kind, const std::string& field) const;
  std::vector<std::string> fields_of(const Symbol& kind) const;
  // ---- elaborate_moments.cpp
  bool runs_dispatch(const Settlement& settlement) const;
  bool is_charge_then(NodeId id, const Context& context);  // `soc at time of trip.begins`
  ExpressionId charge_then(NodeId id, Context& context);
  std::optional<ExpressionId> told_of_trip(const std::string& name, uint32_t module, Span span);
  std::optional<ExpressionId> compare_moments(NodeId id, Context& context);
  std::optional<std::string> day_field_of(const Symbol& kind) const;
  ExpressionId count_records(const Symbol& kind, EntityGrain of, ExpressionId condition, EntityGrain into, const Period& period, const Context& context, Span span);
  void declare_calendars();
  void collect_tariffs();
  void collect_clauses(TariffInfo& tariff, const TariffPart& part, const std::vector<NodeId>& children, std::vector<NodeId> groups);
  void read_headers(TariffInfo& tariff, const TariffPart& part, NodeId node);
  RoundingRule read_rounding(NodeId node, uint32_t module);
  Symbol* find(const std::string& name, uint32_t module, std::optional<Symbol::Kind> kind = {});
  std::optional<uint32_t> module_named(const std::string& name, uint32_t from) const;  // by its name, or by the word under which `from` imports it
  std::vector<std::string> names_in_scope(uint32_t module, std::optional<Symbol::Kind> kind = {});
  HolidaySet* holidays_of(const std::string& name, uint32_t module, Span span);
  std::string role_of(NodeId name, uint32_t module);
  bool is_member_role(const std::string& role, EntityGrain entity, uint32_t module);
  static bool is_kind(const Symbol& symbol, Symbol::Kind kind);
  std::string account_of(const std::string& role, Span span);
  std::optional<std::string> zone_of(uint32_t module, Span span, bool required);

  // ---- elaborate_expression.cpp: invalid id after an error that has been reported
  ExpressionId elaborate(NodeId node, Context& context);
  ExpressionId elaborate_number(NodeId node, Context& context);  // must be a number
  ExpressionId elaborate_boolean(NodeId node, Context& context);
  ExpressionId elaborate_flag(NodeId node, Context& context);    // `yes`, `no`, `true`, `false` as the number 1 or 0
  std::optional<Rational> literal(const std::string& text, Span span);
  ExpressionId elaborate_quantity(NodeId node, Context& context);
  ExpressionId elaborate_name(NodeId node, Context& context);
  ExpressionId elaborate_let(const LabelVersion& version, const std::string& name, Context context);
  ExpressionId elaborate_lets(const std::vector<LabelVersion>& versions, const std::string& name, Context& context, Span span);
  ExpressionId elaborate_parameter(Symbol& symbol, Context& context, Span span);
  ExpressionId elaborate_compare(NodeId node, Context& context);
  bool is_charge_level(NodeId id, const Context& context) const;   // `soc`, `target`: compared as energy, so that nothing is divided
  ExpressionId stored_energy(NodeId id, Context& context);
  ExpressionId elaborate_is(NodeId node, Context& context);
  ExpressionId elaborate_in(NodeId node, Context& context);
  ExpressionId elaborate_sum(NodeId node, Context& context);
  ExpressionId elaborate_product(NodeId node, Context& context);
  ExpressionId divide(ExpressionId a, ExpressionId b, Span span, Span whole);
  ExpressionId elaborate_power(NodeId node, Context& context);
  ExpressionId elaborate_rounded(NodeId node, Context& context);
  ExpressionId elaborate_with_tax(NodeId node, Context& context);
  ExpressionId elaborate_time_set(NodeId node, Context& context);
  std::optional<uint32_t> time_set_of(NodeId node, uint32_t module);
  ExpressionId series(const std::string& name, Span span);
  ExpressionId reading(const std::string& name, const Context& context, Span span);  // energy as the tariff sees it: 0 before the run without history
  ExpressionId attribute(const std::string& name, Span span);
  ExpressionId band(uint32_t bands, Span span);
  std::optional<uint32_t> bands_of(Symbol& symbol);
  ExpressionId step_hours(Span span);
  ExpressionId choice_constant(uint32_t choice_set, const std::string& name, Span span);
  ExpressionId clause_value(const std::string& tariff, const std::string& label, Context& context, Span span);
  ExpressionId tariff_value(const std::string& tariff, Context& context, Span span);
  ExpressionId money_of(NodeId call, Context& context);  // received(T), paid(T): by the member whose lines they are
  ExpressionId total_over_run(ExpressionId line, Context& context, Span span);
  // Conditions and dates of a tariff under which a clause on other lines (tax, minimum, maximum) holds; `dates` takes those of change.
  struct LineScope {
    bool good = false;
    ExpressionId condition;            // of applied, `covers`, groups and `when`; invalid: always
    std::optional<Date> from, until;
  };
  LineScope line_scope(const TariffInfo& tariff, const Applied& applied, const LabelVersion& version, Context& context, std::set<Date>& dates);
  bool same_kind(ExpressionId a, ExpressionId b, Span span, const char* verb);  // dimensions, currencies, tax states, grains
  // As same_kind, but money in another currency is converted into that of `a` where an exchange says how.
  bool agree(ExpressionId a, ExpressionId& b, Context& context, Span span, const char* verb);
  bool add_up(std::vector<ExpressionId>& terms, Context& context, Span span);  // all in the first one's currency; false after an error
  // ---- convert_currency.cpp
  void declare_exchange(uint32_t module, NodeId id);
  std::optional<std::vector<std::pair<const Exchange*, bool>>> exchange_route(uint16_t from, uint16_t to) const;  // true: left to right
  ExpressionId convert(ExpressionId value, uint16_t currency, Context& context, Span span);
  ExpressionId exchange_factor(const Exchange& exchange, const Period& of, bool is_sum, Context& context, Span span);
  ExpressionId dated_figure(const std::vector<std::pair<Date, ExpressionId>>& versions, const std::string& name, Span declared, Context& context, Span span);
  // ---- elaborate_givens.cpp: what a scenario or a test gives in place of a figure or a trace
  void read_sets_and_givens(uint32_t module, NodeId of);
  void read_set(uint32_t module, NodeId id);
  void read_given_value(uint32_t module, NodeId id);
  ExpressionId given_value(const std::string& name);
  bool names_surplus(const std::string& name, uint32_t module);
  ExpressionId opening_balance(const TariffInfo& tariff, const Type& type, std::optional<BandSplit> split, Span span);
  void check_givens_read();
  bool comparable_grain(ExpressionId a, ExpressionId b, Span span);

  // ---- elaborate_aggregate.cpp
  ExpressionId elaborate_call(NodeId node, Context& context);
  ExpressionId elaborate_aggregate(Aggregate fn, NodeId node, Context& context);
  ExpressionId elaborate_quota(NodeId node, Context& context);
  std::string last_unit(NodeId quantity, const Context& context);
  ExpressionId elaborate_at_time(NodeId node, Context& context);
  void read_history(const TariffInfo& tariff, const Period& period, int count, Span span);  // count 0: the whole year
  ExpressionId elaborate_same_time(Aggregate fn, ExpressionId value, ExpressionId filter, NodeId suffix, bool has_more, Context& context, Span span);
  ExpressionId elaborate_previous(Aggregate fn, ExpressionId value, ExpressionId filter, int take, NodeId suffix, Context& context, Span span);
  std::optional<Period> period_of(NodeId node, Context& context, EntityGrain* per_member = nullptr);
  Period normalised(Period period) const;   // windows of one step are the interval

  // ---- hold_per_window.cpp
  ExpressionId held_per(ExpressionId id, const Period& period);  // as a value per window; invalid if it changes within one
  bool is_same_within(ExpressionId condition, const Period& period);
  std::optional<std::vector<uint32_t>> same_within(const Windows& windows, const std::function<uint32_t(uint32_t)>& of_step);
  ExpressionId by_window(const std::vector<uint32_t>& of_window, const std::vector<ExpressionId>& choices, const Period& period, Span span);
  ExpressionId in_windows(const std::vector<bool>& which, const Period& period, Span span);  // boolean, grain (none, period)
  uint32_t class_at(uint32_t bands, uint32_t step) const;
  std::vector<std::vector<bool>> band_windows(uint32_t bands, const Windows& windows);       // [class][window]: the band occurs

  // ---- elaborate_table.cpp
  TableResult elaborate_table(NodeId node, Context& context);
  ExpressionId key_condition(NodeId key, ExpressionId column, Context& context);

  // ---- elaborate_clause.cpp, elaborate_blocks.cpp
  struct VersionParts {                // one version of one clause
    ClauseVersion version;
    ExpressionId amount;               // exact, at billing grain
    ExpressionId quantity;             // at billing grain
    ExpressionId present;
    std::vector<ExpressionId> row_amounts;  // under `rounding … per row`: what each row of the table comes to
    uint16_t currency = 0;
    bool flow = false;
    Period due;                        // whole: the period the amount belongs to, the billing window or a longer one whose last bill holds it
  };
  void elaborate_clause(TariffInfo& tariff, Applied& applied, const std::string& label);
  std::optional<VersionParts> elaborate_version(TariffInfo& tariff, Applied& applied, const LabelVersion& version, std::optional<Date> as_of,
                                                std::set<Date>* cut_dates);
  bool elaborate_pricing(VersionParts& parts, NodeId clause, ExpressionId quantity, ExpressionId filter, Context& context, const TariffInfo& tariff);
  std::optional<bool> elaborate_of_records(VersionParts& parts, const LabelVersion& version, const TariffInfo& tariff, const Applied& applied, ExpressionId filter, Context context);
  const Symbol* of_record_kind(const LabelVersion& version);
  ExpressionId as_at_start(ExpressionId condition, const Period& session);
  bool hold_per_flow(VersionParts& parts, const Period& flow, ExpressionId& rate, ExpressionId& scope);
  bool count_in_steps(VersionParts& parts, NodeId counted, ExpressionId quantity, TariffInfo& tariff, Context& context);
  ExpressionId in_use(ExpressionId quantity, ExpressionId scope, Span span);  // boolean: where it flows and is priced
  ExpressionId in_use_beside(NodeId together, const Type& type, TariffInfo& tariff, Context& context);
  ExpressionId rate_in_use_last(const ClauseVersion& version, ExpressionId used, const Period& billing, Span span);
  bool elaborate_split(VersionParts& parts, NodeId clause, NodeId quantity, uint32_t bands, ExpressionId filter, Context& context, const TariffInfo& tariff);
  std::optional<uint32_t> split_class(uint32_t bands, Context& context, Span span);  // the class a value per band is looked at in
  bool elaborate_blocks(VersionParts& parts, NodeId blocks, ExpressionId quantity, ExpressionId filter, Context& context, const TariffInfo& tariff);
  struct Block {
    NodeId row;
    ExpressionId lower, upper, rate;  // upper is invalid in the last block
  };
  bool elaborate_blocks_in_proportion(VersionParts& parts, NodeId blocks, ExpressionId quantity, ExpressionId filter, const std::vector<Block>& rows, const Period& window, Context& context,
                                      const TariffInfo& tariff);
  bool elaborate_steps(VersionParts& parts, NodeId steps, ExpressionId quantity, Context& context, const TariffInfo& tariff);
  bool elaborate_amount_of(VersionParts& parts, NodeId of, NodeId clause, ExpressionId condition, Context& context, const TariffInfo& tariff);
  ExpressionId apply_exceptions(VersionParts& parts, NodeId clause, ExpressionId base, Context& context, ExpressionId* extra_scope);
  ExpressionId per_billing(ExpressionId amount, const Period& billing, const TariffInfo& tariff, Span span);  // NOK per year -> NOK
  bool join_versions(TariffInfo& tariff, Applied& applied, const std::string& label, std::vector<std::pair<LabelVersion, VersionParts>>& whole, std::vector<ExpressionId>& amounts,
                     std::vector<ExpressionId>& quantities, std::vector<ExpressionId>& presents);
  void finish_clause(TariffInfo& tariff, Applied& applied, TypedClause clause, const std::vector<std::pair<LabelVersion, VersionParts>>& versions);
  void elaborate_tax(TariffInfo& tariff, Applied& applied, const std::string& label);
  struct Netting {
    std::optional<uint32_t> bands;
    std::vector<ExpressionId> shortfall, surplus;                     // by class of `bands`, or one; surplus only if it is carried
    std::vector<bool> true_up;                                        // by billing window: the bank is emptied with this bill
    ExpressionId price;                                               // what is paid for it then; invalid: nothing
    NodeId day, clause;                                               // of the true-up, of the credit, in `module`
    uint32_t module = 0;
    Span span;
  };
  struct LimitText {
    ExpressionId bound, total, condition;
    Period due;  // the lines of which period are compared; in its last bill
    const LabelVersion* version = nullptr;
  };
  std::optional<LimitText> limit_text(TariffInfo& tariff, Applied& applied, const std::string& label, const LabelVersion& version, Context context, std::set<Date>& dates);
  ExpressionId with_contained_tax(ExpressionId bound, const TariffInfo& tariff, const std::string& label, Context& context, std::set<Date>& dates, Span span);
  ExpressionId join_by_date(const std::map<Date, ExpressionId>& by_date, Change change, const Period& period, Span span);
  void elaborate_limit_clause(TariffInfo& tariff, Applied& applied, const std::string& label);  // minimum, maximum
  void elaborate_net(TariffInfo& tariff);
  void elaborate_true_up(TariffInfo& tariff, Applied& applied);
  // ---- elaborate_against.cpp: a credit that may pay certain lines only, and what is left of it
  struct CreditUse {
    NodeId against, carry, at_once;
    bool from_next = false;
  };
  std::optional<CreditUse> credit_use(const TariffInfo& tariff, const std::string& label);
  ExpressionId payable_lines(const TariffInfo& tariff, const Applied& applied, uint32_t module, NodeId against, ExpressionId earned);
  bool carry_credit(TariffInfo& tariff, const CreditUse& use, const LabelVersion& version, ExpressionId earned, ExpressionId due, TypedClause& clause);
  bool spend_against(TariffInfo& tariff, Applied& applied, const std::string& label, TypedClause& clause);
  bool begins_with_a_bill(const TariffInfo& tariff, Span span);
  Date begin_of(const TariffInfo& tariff) const;  // the first day of the run on which it holds
  ExpressionId flow_under(const TariffInfo& tariff, const char* flow, Context& context, Span span);
  ExpressionId with_opening(ExpressionId change, ExpressionId opening, Date begin, const Period& billing, Span span);
  ExpressionId elaborate_share(NodeId id, uint32_t module, TariffInfo& tariff);
  void pay_unspent(TariffInfo& tariff, Applied& applied);
  ExpressionId net_surplus(const Netting& spending, const TariffInfo& tariff);
  ExpressionId net_import(const TariffInfo& tariff, Context& context, Span span);
  std::optional<std::vector<bool>> true_up_windows(NodeId day, uint32_t module, const Windows& windows);
  void add_bill_rounding(TariffInfo& tariff, Applied& applied);
  ExpressionId round_line(ExpressionId amount, const RoundingRule& rule, Span span);
  RoundingRule rounding_of(const TariffInfo& tariff, const LabelVersion& version);
  // `of`: the period that the amount belongs to; none: the billing period.
  bool check_changes(const TariffInfo& tariff, const std::set<Date>& dates, NodeId node, uint32_t module, const std::string& label, Period of = {});
  bool check_partial(const TariffInfo& tariff, NodeId node, uint32_t module, const std::string& label, Period of = {});
  ExpressionId settled(const Period& period, Span span);  // boolean per window: in the run, not in the history before it; invalid: all are
  ExpressionId in_every(ExpressionId value, const Period& period, Span span);  // a longer value as one of each window
  ExpressionId last_bill_of(const Period& period, const Period& billing, Span span);  // boolean per bill: the period ends with it

  // ---- elaborate_settlement.cpp
  void elaborate_scenario(Symbol& symbol, std::optional<Date> history_from = {});
  void elaborate_show(uint32_t module, NodeId id);
  // ---- elaborate_test.cpp
  bool read_given(uint32_t module, NodeId given, Context& context, TestText& test);
  int32_t step_of_test(uint32_t module, NodeId every, Context& context, const TestText& test);
  std::optional<Instant> instant_of(const MomentText& moment, Span span);
  std::optional<GivenValue> place_given(const TestGiven& given, Context context);
  void elaborate_test(uint32_t module, NodeId node, bool whole_periods = false);
  // ---- elaborate_settlement.cpp
  void elaborate_standalone();
  bool is_for_sessions(const TariffInfo& tariff) const { return tariff.headers.billing.unit == Period::Unit::session; }
  void note_unpriced(const TariffInfo& tariff);
  void begin_settlement(Settlement settlement, uint32_t module, std::optional<Date> history_from = {});
  void keep_cheapest(const std::vector<std::string>& keys, Span span);
  void end_settlement();
  void apply_tariff(const std::string& name, EntityGrain entity, uint32_t module, ExpressionId condition, std::optional<Date> from, Span span);
  void require_tariff(const std::string& name);          // elaborate it now if it is applied
  // ---- elaborate_origin.cpp: what energy has borne on its way through batteries
  ExpressionId elaborate_taxed(NodeId call, Context& context);
  ExpressionId origin_flow(const TariffInfo& tariff, const TypedClause& clause, OriginFlow flow, Span span);
  const TypedClause* borne_clause(NodeId name, const TariffInfo*& tariff, Context& context);
  ExpressionId when_charged(const TypedClause& clause, Span span);
  // ---- elaborate_read_day.cpp: bills that begin on the day on which each one's meter is read
  void require_by_read_day(const std::string& key);
  ExpressionId tell_read_days(const TariffInfo& tariff, Span span);
  ExpressionId sum_of_lines(const std::vector<std::string>& keys, const TariffInfo& tariff, const std::string& label, Context& context, Span span);
  ExpressionId value_by_read_day(const TariffInfo& tariff, const std::string& label, Context& context, Span span);
  TariffInfo* tariff_named(const std::string& name, uint32_t module, Span span);
  const Windows* windows_of(const Period& period);        // over the settlement's clock

  // ---- elaborate_dispatch.cpp: what vehicles do
  void elaborate_dispatch(uint32_t module, NodeId use);
  void read_physics(uint32_t module, NodeId physics);
  void settle_what_moves();
  ExpressionId fleet_state(FleetState::Kind kind, uint32_t index, Span span);
  std::optional<ExpressionId> dispatch_name(const std::string& name, Span span);
  ExpressionId running_total(NodeId call, const std::string& flow, const std::string& period, Context& context);
  bool is_known_ahead(ExpressionId root, Span span);
  ExpressionId rounded_down_or_up(ExpressionId value, const Rational& quantum, RoundingMode mode, Span span);
  ExpressionId for_each_vehicle(ExpressionId value, Span span);
  ExpressionId dispatch_action(NodeId action, Context& context);
  ExpressionId dispatch_reserve(NodeId entry, Context& context);
  bool dispatch_limit(NodeId entry, Context& context);
  void load_vehicle();                 // the attributes that the physics needs
  ExpressionId flowed_so_far(bool of_discharge, const Period& period, Span span);
  ExpressionId flowed_since_begin(const std::string& flow, Context& context, Span span);
  // ---- elaborate_contract_limit.cpp
  struct FlowLimit {
    bool of_discharge = true;
    NodeId period, most;
  };
  std::optional<FlowLimit> flow_limit(uint32_t module, NodeId limit);
  ExpressionId covered_by(const TariffInfo& tariff, const Applied& applied, Context context, bool& good);
  ExpressionId bound_by(const TariffInfo& contract, const Applied& applied, const LabelVersion& limit, Context context, bool& good);
  bool contract_caps(Context context);
  void check_contract_limits();
  // ---- elaborate_optimum.cpp
  bool reads_state(ExpressionId root, std::set<uint32_t>& seen) const;
  enum class OnJump : uint8_t { tell, refuse, accept };  // of peaks and steps, which cost nothing at the margin
  ExpressionId price_of_flow(const char* flow, EntityGrain entity, bool as_cost, OnJump on_jump, Span span, Context context, bool& good, const std::vector<std::string>& left_out = {});
  bool elaborate_optimum(uint32_t module, NodeId id, Context& context);
  // ---- elaborate_bound.cpp
  struct Unpriced {
    std::string why;                   // empty: it is a price of each interval's energy, or does not depend on energy
    bool only_jumps = false;           // beside a price it has a peak or a step
    bool only_adds = false;            // what is more than a price is never negative for who pays
  };
  Unpriced find_unpriced(const TypedClause& clause);
  enum class Jumps : uint8_t { none, add, lower };  // what peaks and steps, which `marginal_of` leaves out, do to an amount
  Jumps jumps_of(ExpressionId id, bool is_cost, uint32_t flow, std::map<uint32_t, bool>& reads) const;
  void elaborate_bound(Span span, const Context& context);
  // ---- elaborate_counted.cpp: for each whole number of a range
  std::optional<int> whole_number(NodeId id, Context& context);
  ExpressionId elaborate_counted(NodeId call, NodeId argument, Context& context);
  // ---- elaborate_service.cpp: what vehicles sell
  std::optional<uint32_t> service_named(const std::string& name, uint32_t module, Span span);
  TypedService elaborate_service(const Symbol& symbol);
  struct Range {
    std::optional<Rational> least, most;
  };
  Range range_of(ExpressionId id) const;
  std::optional<Rational> figure_of_service(NodeId id, const Dimension& dimension, const char* example, Context& context);
  bool price_of_service(const Symbol& symbol, NodeId entry, TypedService& service, Context& context);
  bool dispatch_offer(NodeId entry, Context& context);
  ExpressionId service_series(uint32_t service, const char* what, Span span);
  ExpressionId service_money(uint32_t service, bool is_penalty, Span span);
  ExpressionId not_accepted(uint32_t service, Span span);
  bool is_service_call(const Node& n, uint32_t module);
  ExpressionId elaborate_service_call(NodeId call, Context& context);
  std::optional<ExpressionId> offered_name(const std::string& name, Context& context, Span span);
  std::optional<ExpressionId> power_name(const std::string& name, Context& context, Span span);
  bool dispatch_follow(NodeId entry, Context& context);
  void settle_services();
  // ---- elaborate_marginal.cpp: the price of the next watt-hour
  ExpressionId elaborate_marginal(NodeId call, Context& context);
  struct Margin {
    uint32_t flow = 0;                 // series
    std::map<uint32_t, ExpressionId> known;
    std::map<uint32_t, bool> reads;
    std::string why;                   // not empty: there is no such price
    bool jumps = false;                // something was left out
    bool may_run = false;              // a dispatch knows what has flowed in the period at hand
    std::map<uint32_t, ExpressionId> so_far;
  };
  bool reads_series(ExpressionId root, uint32_t series, std::map<uint32_t, bool>& known) const;
  ExpressionId marginal_of(ExpressionId amount, Margin& margin);
  ExpressionId running(ExpressionId value, Margin& margin);  // as if its period closed when the interval begins; invalid: nobody knows
  void level(std::vector<ExpressionId>& operands, Span span);
  ExpressionId has_flowed(const Period& period, ExpressionId counts, Margin& margin, Span span);
  std::optional<uint32_t> site_total(const Period& period, ExpressionId counts, const Period& peak_of, Margin& margin, Span span);
  bool is_share_of_flow(ExpressionId value, Margin& margin);
  ExpressionId marginal_of_peak(const Expression& peak, Margin& margin);
  ExpressionId peak_so_far(const Expression& peak, Margin& margin);
  ExpressionId elaborate_so_far(NodeId call, Context& context);
  ExpressionId next_step(ExpressionId amount, Margin& margin, Span span);
  ExpressionId elaborate_allocated(NodeId allocated, ExpressionId amount, ExpressionId scope, EntityGrain entity, const RoundingRule& rule, const Period& billing, Context& context);

  // ---- elaborate_rule.cpp
  void elaborate_checks(uint32_t module, NodeId scenario, std::optional<Date> from, std::optional<Date> until);
  void elaborate_check(Symbol& rule, Span checked, std::optional<Date> from, std::optional<Date> until);
  void elaborate_review(Symbol& symbol);
  void elaborate_figures(Symbol& symbol);
  void elaborate_unchecked_rules(uint32_t module);
  TypedRule elaborate_rule(Symbol& rule, std::optional<Date> from, std::optional<Date> until);
  void say_of_data(const Symbol& rule, const Node& say, const std::string& word, Context context, TypedRule& typed);
  bool elaborate_data_rule(const Symbol& rule, TypedRule& typed);  // false: it is none
  // ---- elaborate_dates.cpp
  ExpressionId no_date(Span span);
  bool divides(ExpressionId id) const;
  bool is_asked_for(ExpressionId needed, NodeId condition, Context& context);
  ExpressionId elaborate_date_sum(NodeId sum, ExpressionId first, Context& context);
  ExpressionId date_by_day(const std::function<Date(Date today)>& of, Context& context, Span span);
  std::optional<ExpressionId> compare_age(NodeId compare, Context& context);
  void need_date(ExpressionId date, Context& context, Span span);
  bool elaborate_deadline(NodeId norm, ExpressionId& applies, ExpressionId& holds, ExpressionId& due, Context& context);
  bool has_met_deadline(NodeId norm, Context& context, NormVersion& version);
  // ---- elaborate_penalty.cpp
  bool add_penalty(const Symbol& rule, const TypedRule& typed, Context context);
  std::optional<DataNorm> elaborate_data_norm(const Symbol& rule, NodeId norm, EntityGrain entity, const Period& period, ExpressionId applies, Context context);
  ExpressionId asked_per(ExpressionId value, EntityGrain entity, const Period& period, Span span);
  TypedNorm elaborate_norm(const Symbol& rule, NodeId norm, const RuleReading& subject, std::optional<Date> from, std::optional<Date> until);
  std::optional<NormVersion> read_norm(const Symbol& rule, NodeId norm, RuleReading reading, Date as_of, std::set<Date>& dates);  // none: it concerns nothing then
  struct Answer {
    ExpressionId value;
    std::string undecided;             // why it is neither
    bool yes = false, no = false;
  };
  std::optional<Answer> decide_condition(NodeId condition, Context& context);
  ExpressionId elaborate_rule_logic(NodeId id, Context& context);
  bool read_conditions(uint32_t module, NodeId norm, Context& context, NormVersion& version);
  bool may_say(const std::string& kind, const std::string& field) const;
  std::string fill_text(const Symbol& rule, Context& context);
  void warn_of_status();

  // ---- elaborate_subject.cpp: whom and what a rule is asked of
  std::vector<RuleReading> subjects_of(const Symbol& rule);
  std::vector<const Symbol*> things_called(const std::string& word);
  std::vector<Symbol*> tariffs_in_view(uint32_t module);
  bool plays(const Symbol& actor, const std::string& role, Context& context);  // at `as_of`, by itself or by what the role is
  bool is_role_of(const std::string& role, const std::string& wanted, uint32_t module);
  std::optional<ExpressionId> elaborate_subject_is(NodeId is, Context& context);
  std::optional<ExpressionId> elaborate_subject_name(NodeId name, Context& context);
  ExpressionId value_in_type(std::pair<uint32_t, NodeId> value, const TypeMeaning& meaning, const std::string& name);
  std::optional<TypeMeaning> built_in_field(const std::string& name) const;
  ExpressionId field_of_subject(const std::string& field, Context& context, Span span);
  std::optional<std::pair<uint32_t, NodeId>> value_of_field(const std::string& field, Context& context);
  Symbol* actor_in_field(const std::string& field, Context& context);

  // ---- elaborate_rate.cpp: meta-rules read tariffs
  std::optional<ExpressionId> elaborate_meta_call(NodeId call, Context& context);
  struct ClauseName {
    TariffInfo* tariff = nullptr;
    std::string label;
  };
  TariffInfo* tariff_meant(const std::string& name, Context& context, Span span);
  bool is_tariff_of_rule(const std::string& name, const Context& context) const;
  std::optional<ClauseName> clause_named(NodeId name, Context& context);
  std::vector<RateCase> rates_in_force(const ClauseName& clause, Context& context);
  std::vector<RateCase> rates_of_version(TariffInfo& tariff, const LabelVersion& version, Context context);
  std::vector<RateCase> rates_of_rows(NodeId rows, ExpressionId scope, Context& context);
  std::vector<RateCase> rates_of_bounds(NodeId table, const TableResult& result, ExpressionId scope, Context& context);
  ExpressionId scope_in_force(const TariffInfo& tariff, const LabelVersion& version, Context& context);
  struct RatesFound {
    std::map<Rational, std::pair<std::string, Span>> by_value;  // with the case in which it is first found
    Type type;
  };
  bool find_rates(const ClauseName& clause, const RateCase& rate, ExpressionId where, Context& context, RatesFound& found);
  ExpressionId elaborate_rate(NodeId call, NodeId whole, Context& context, std::optional<Aggregate> of_several);
  ExpressionId elaborate_rate_now(NodeId call, Context& context);
  ExpressionId elaborate_ladder(NodeId call, Context& context);
  static bool is_meta_function(const std::string& name);
  // ---- elaborate_price_display.cpp: what a price list says, in which order
  ExpressionId elaborate_priced(NodeId call, Context& context);
  ExpressionId elaborate_every_clause(NodeId call, Context& context);
  ExpressionId elaborate_in_order(NodeId call, Context& context);
  // ---- elaborate_jump.cpp: how far apart two bills are on both sides of a bound
  ExpressionId elaborate_jump(NodeId call, Context& context);
  std::optional<Rational> bill_at_bound(const TariffInfo& tariff, ExpressionId ratio, const Rational& bound, bool from_bound, Type& money, Context& context, Span span);
  std::optional<std::vector<NodeId>> names_of_display(NodeId call, size_t least, const char* example, Context& context);
  std::vector<const LabelVersion*> charges_in_force(const TariffInfo& tariff, Context& context);
  bool is_on(const LabelVersion& charge, const TariffInfo& tariff, const std::string& quantity);
  std::optional<ExpressionId> elaborate_count(NodeId call, Context& context);
  bool reads_name(uint32_t module, NodeId node, const TariffInfo& tariff, const std::string& name, int depth = 0);

  // ---- check_declarations.cpp
  void check_declarations();
  void check_member(uint32_t module, NodeId member);
  void check_dates(uint32_t module, NodeId id);
  void check_zone(const std::string& name, Span span);
  void check_tax_name(uint32_t module, NodeId name);
  void check_role(uint32_t module, NodeId is);
  void check_circles(Symbol::Kind kind, NodeKind link);

  // ---- checks
  void check_bands(uint32_t bands);
  void check_table(NodeId node, const std::vector<ExpressionId>& columns, const std::vector<std::vector<ExpressionId>>& keys, const std::vector<NodeId>& rows, uint32_t module, bool first_match = false);
  void check_exceptions(const std::vector<TypedException>& exceptions);
  void check_unused();
  void check_options();  // of a scenario: tariffs that exclude or require one another by `applied` in their `covers`
  void check_exclusion(const std::string& key, const std::string& other, Span where);
  ExpressionId who_may_have(const std::string& key);
  bool is_never_negative(ExpressionId id) const;  // whatever the data say: import, export and what is made of them without subtraction
  bool refuse_modifiers(const LabelVersion& version, const std::vector<NodeKind>& understood);  // false after an error

  // ---- conveniences
  const SyntaxTree& tree(uint32_t module) const { return modules_.list[module].tree; }
  const Node& node(uint32_t module, NodeId id) const { return tree(module)[id]; }
  const Expression& operator[](ExpressionId id) const { return pool_[id]; }
  Diagnostic* error(const char* code, Span span, std::string message);    // null if the same was said at the same place
  Diagnostic* warning(const char* code, Span span, std::string message);
  void not_in_this_version(Span span, const std::string& what);
  std::string text_of(Span span) const;
  // For hints, in the words of the person's own script: its first currency (else NOK), a calendar it sees (else norway).
  std::string own_currency() const;
  std::string own_calendar(uint32_t module) const;
  std::string unit_of(ExpressionId id) const { return unit_text(program_, pool_[id].type); }

  const Modules& modules_;
  TypedProgram& program_;
  Diagnostics& diagnostics_;
  CompileOptions options_;
  ExpressionPool pool_;
  Units units_;
  std::deque<Symbol> symbols_;
  std::vector<std::map<std::string, Symbol*>> scopes_;               // by module
  std::map<std::string, std::unique_ptr<TariffInfo>> tariffs_;       // by "module.name"
  std::map<std::string, uint32_t> series_index_, attribute_index_;
  uint32_t built_in_attributes_ = 0;                                  // the first so many: a script may give them another default
  std::map<std::string, HolidaySet*> holiday_sets_;
  std::map<const Symbol*, uint32_t> bands_index_;
  std::map<std::string, uint32_t> time_set_index_;
  std::set<uint32_t> bands_checked_;
  struct LetMemo {
    ExpressionId value;
    std::optional<uint32_t> splits_by;
    bool reads_step = false;
    std::set<Date> cut_dates;
    std::vector<ParameterUse> parameters;
  };
  std::map<std::string, LetMemo> let_memo_;                          // of the settlement being elaborated
  // A test without `every` gives moments. Clauses of a whole period are left out of it, unless they are asked for and stay the same
  // however long the moments are: then the test is elaborated once more, with whole periods.
  std::set<std::string> whole_period_;                                // labels left out
  std::set<std::string> reads_step_length_;                           // labels whose amount depends on the length of an interval
  Date history_needed_;                                               // the first day that a look-back wants to read
  bool reads_step_ = false, wants_whole_periods_ = false, test_without_interval_ = false;
  std::set<std::string> seen_tariffs_;                                // walked by some settlement
  std::map<std::string, Diagnostic*> unknown_names_;                  // by module and name: a misspelt name is one mistake, however often it is read
  std::set<std::string> broken_;                                      // "Tariff.label" of clauses in error: what reads them says nothing more
  std::set<std::string> said_;                                       // diagnostics already given: code@file:begin
  std::vector<const void*> let_stack_;
  // The settlement being elaborated.
  Settlement* settlement_ = nullptr;
  std::map<uint32_t, Span> services_read_;                            // of the settlement: outside the dispatch
  TypedDispatch* dispatch_ = nullptr;                                 // being elaborated: names mean what is known when an interval begins
  uint32_t settlement_module_ = 0;
  std::optional<Clock> clock_;
  std::map<std::string, Windows> windows_;
  std::map<std::string, Applied> applied_;                           // by TariffInfo key
  std::vector<std::string> applied_order_, tariff_stack_;
  std::map<std::string, Netting> nettings_;                          // by TariffInfo key
  std::map<std::string, Netting> spendings_;                         // of a credit `against` lines, in money, by TariffInfo key
  struct Given {                                                     // of the settlement, in place of what is declared or read from a file
    uint32_t module = 0;
    NodeId value;                                                     // expression
    ExpressionId elaborated;                                          // of a trace or attribute
    Span span;
    std::string words;                                                // "`set` of `fee`"
    bool is_read = false;
  };
  std::map<const Symbol*, Given> set_parameters_;
  std::map<std::string, Given> given_values_;                        // by name of series or attribute
  std::map<std::string, Given> opening_balances_;                    // by TariffInfo key
  std::vector<Exchange> exchanges_;
  std::map<uint32_t, std::pair<uint32_t, NodeId>> keyed_by_;         // index of a series that is a table -> module and KeyedBy
  std::set<const Symbol*> rules_checked_;                            // by some scenario
  std::map<std::string, uint32_t> field_choices_;                    // "charger.access" -> choice set
};

}  // namespace wattlaw
