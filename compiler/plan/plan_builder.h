// Inside of build_plan: expressions -> stages. Only compiler/plan/*.cpp include it.
//
// Rank. Expressions of one grain that need a closed coarser or finer value stand in a later stage of that grain: leaves have rank 0; an
// aggregate is folded in the stage of its operand and known one rank later; a value of another grain is read one rank later.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "compiler/plan/settle.h"
#include "compiler/plan/uniform_column.h"

namespace wattlaw {

struct Lane {  // a value within a stage
  uint32_t node = kNone;
  Quantum quantum;
};

// Values that one kind of members has of another (of_holder, over_members), found by earlier passes; by expression.
using GivenColumns = std::map<uint32_t, ValueColumn>;

struct StoredColumn {
  uint32_t array = kNone;
  Quantum quantum;
  Int128 low = 0, high = 0;
  bool is_boolean = false;
};

// An aggregate's accumulators, and what is known of how many values each window takes.
struct Folded {
  uint32_t array = kNone;
  Quantum quantum;
  Int128 low = 0, high = 0;         // of one value (sums: of the window's sum)
  Int128 identity = 0;              // maximum, minimum, largest, smallest: what stands there if nothing was folded
  std::vector<uint32_t> all, most;  // a window: values there are; those the uniform part of the filter leaves
  bool is_dynamic = false;          // lanes differ in what is left
  uint32_t counts = kNone;          // array, made when wanted
  Period fine;
};

class PlanBuilder {
 public:
  // Lanes are the members of kind `lanes`.
  PlanBuilder(const TypedProgram& program, const Settlement& settlement, Axes& axes, UniformFolder& folder, const Traces& traces, EntityGrain lanes,
              const GivenColumns& given);

  ~PlanBuilder();

  // The stored column of a site expression; `presence` also its nothing flags if it can be nothing.
  PlanOutput output(ExpressionId id, bool presence);
  // Lanes in which two exceptions of one clause hold at once and neither gives way raise a fault.
  void watch_exceptions(const TypedClause& clause);
  // Cuts segments, chooses widths and order. After it the builder is spent. `stepwise`: each step is a block, so that somebody may stand
  // between one and the next; steps of `order` behind blocked_steps cannot be had so.
  Plan finish(bool stepwise = false);
  std::string why;  // not empty: the whole settlement goes to the interpreter

  // ---- used across the builder's files ----
  // nodes
  uint32_t add_node(uint32_t stage, PlanNode node);
  uint32_t constant(uint32_t stage, Int128 value);
  uint32_t truth(uint32_t stage, bool value);
  uint32_t binary(uint32_t stage, PlanOp op, uint32_t a, uint32_t b);
  uint32_t choose(uint32_t stage, uint32_t condition, uint32_t yes, uint32_t no);
  uint32_t invert(uint32_t stage, uint32_t condition);
  uint32_t load(uint32_t stage, uint32_t array, Access access, Int128 low, Int128 high, bool is_boolean = false, uint32_t element = 0);
  uint32_t round_quotient(uint32_t stage, uint32_t a, uint32_t b, RoundingMode mode);
  // lanes
  Lane lane(uint32_t stage, ExpressionId id);                  // nothing reads as 0
  uint32_t condition(uint32_t stage, ExpressionId id);         // 1 bit
  std::optional<uint32_t> presence(uint32_t stage, ExpressionId id);  // nullopt: always there
  Lane number(uint32_t stage, ExpressionId id);                // a boolean as 0 / 1
  Lane scaled(uint32_t stage, Lane lane, const Quantum& quantum);
  Lane sum(uint32_t stage, Lane a, Lane b);
  Lane product(uint32_t stage, Lane a, Lane b);
  Lane either(uint32_t stage, uint32_t condition, Lane yes, Lane no);
  Lane uniform(uint32_t stage, const UniformColumn& column, bool is_boolean = false);  // column at the stage's grain
  Lane rounded(uint32_t stage, Lane a, std::optional<Lane> b, const Rational& quantum, RoundingMode mode);
  Lane read_column(uint32_t stage, ExpressionId id, Access access = Access::own, uint32_t lag = 0);
  // building
  int rank(ExpressionId id);
  bool is_uniform(ExpressionId id) const;
  bool is_inline(ExpressionId id);                             // attributes and what is made of them alone
  uint32_t open_stage(uint32_t rank, const Period& grain);
  const StoredColumn& column(ExpressionId id);
  uint32_t presence_column(ExpressionId id);
  uint32_t presence_mask(uint32_t series_index);
  uint32_t uniform_array(const UniformColumn& column, bool is_boolean);
  uint32_t map_array(const Period& fine, const Period& coarse);
  uint32_t scratch(std::string name, uint8_t bits, uint32_t rows, uint32_t elements = 1);
  const UniformColumn* folded(ExpressionId id, const Period& grain);
  void give_up(std::string reason) { if (why.empty()) why = std::move(reason); }

  Lane build(uint32_t stage, ExpressionId id);
  Lane build_leaf(uint32_t stage, ExpressionId id);
  Lane build_compare(uint32_t stage, const Expression& e);
  Lane build_linearly(uint32_t stage, const Expression& e);
  Lane build_dated(uint32_t stage, const Expression& e);
  Lane build_root(uint32_t stage, const Expression& e);
  Lane build_interpreted(uint32_t stage, ExpressionId id);
  Lane build_given(uint32_t stage, ExpressionId id);
  Lane read_input(uint32_t stage, ExpressionId id, const std::vector<Int128>& mantissas, const Quantum& quantum, const std::vector<uint8_t>& nothing);
  Lane build_aggregate(uint32_t stage, ExpressionId id);
  Lane build_quota(uint32_t stage, ExpressionId id);
  Lane build_previous(uint32_t stage, ExpressionId id);
  Lane build_surplus(uint32_t stage, ExpressionId id);
  Folded& fold(ExpressionId id);
  uint32_t fold_counts(ExpressionId id);
  void watch_version(const ClauseVersion& version, const std::vector<std::vector<bool>>& gives_way);
  struct FoldSite;                                             // where and under which condition an aggregate is folded
  FoldSite fold_site(const Expression& e);
  uint32_t add_group(uint32_t stage, PlanGroup group);
  Lane combine_values(uint32_t stage, const Expression& e, std::vector<Lane> values, std::vector<std::optional<uint32_t>> there, bool exact_mean,
                      std::optional<uint32_t>& present);
  // pull_factors.cpp: the sum as slots × table; false: not of that form.
  std::optional<Lane> build_slot_sum(uint32_t stage, ExpressionId id);
  void finish_slots();

  const TypedProgram& program;
  const Settlement& settlement;
  Axes& axes;
  UniformFolder& folder;
  const Traces& traces;
  const EntityGrain lanes;
  const uint32_t members;                                      // of that kind
  const GivenColumns& given;
  Plan plan;

  struct SlotFactor;
  struct SlotSums;
  std::unique_ptr<SlotSums> slots;
  std::vector<std::map<uint32_t, Lane>> memo;                  // by stage
  std::vector<std::map<std::vector<Int128>, uint32_t>> known_nodes;
  std::map<uint32_t, uint32_t> home;                           // expression -> stage
  std::map<uint32_t, StoredColumn> stored;
  std::map<uint32_t, Folded> folds;
  std::map<uint32_t, uint32_t> presence_arrays;
  std::map<uint32_t, std::optional<uint32_t>> previous_presence;  // node in the home stage
  std::map<std::pair<uint32_t, size_t>, uint32_t> uniform_arrays;
  std::vector<std::tuple<Period, Period, uint32_t>> map_arrays;
  std::map<uint32_t, uint32_t> series_arrays, presence_masks;
  std::vector<std::tuple<uint32_t, Period, uint32_t>> current_;  // rank, grain -> open stage
  std::vector<int> ranks_;
  std::vector<int8_t> inline_;
  std::map<std::vector<uint8_t>, uint32_t> uniform_by_bytes_;
};

}  // namespace wattlaw
