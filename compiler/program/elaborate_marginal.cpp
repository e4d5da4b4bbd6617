// marginal(import): what the next watt-hour of this interval costs under all applied tariffs, as a derivative of their lines. Rounding of
// lines is left out; what jumps (ladders, the mean of several peaks) costs nothing at the margin and is told by a note.
#include <algorithm>
#include <set>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kPerEnergy{.energy = -1, .money = 1};

// How long each window of minutes or hours is; days and longer are not always as long.
std::optional<Rational> hours_of_window(const Period& period) {
  if (period.unit == Period::Unit::minutes) return Rational(period.count, 60);
  if (period.unit == Period::Unit::hour) return Rational(period.count);
  return std::nullopt;
}

}  // namespace

// What has flowed through the meter of the site in the period at hand before this interval, where it counts.
ExpressionId Elaborator::has_flowed(const Period& period, ExpressionId counts, Margin& margin, Span span) {
  const auto index = site_total(period, counts, {}, margin, span);
  return index ? fleet_state(FleetState::Kind::metered, *index, span) : ExpressionId{};
}

// The total, or the peak, that the meters of sites keep for the dispatch; nothing: it is not one that they can.
std::optional<uint32_t> Elaborator::site_total(const Period& period, ExpressionId counts, const Period& peak_of, Margin& margin, Span span) {
  const std::string flow = program_.series[margin.flow].name;
  if (!margin.may_run || (flow != "import" && flow != "export")) return std::nullopt;
  for (const Period& window : {period, peak_of})
    if (window.rolling || window.unit == Period::Unit::session) return std::nullopt;
  if (counts && (pool_[counts].grain.entity != EntityGrain::none || reads_series(counts, margin.flow, margin.reads))) return std::nullopt;
  series("import", span), series("export", span);  // the rest of the site
  const auto same = [&](const TypedDispatch::SiteTotal& total) { return total.of_export == (flow == "export") && total.period == period && total.counts == counts && total.peak_of == peak_of; };
  std::vector<TypedDispatch::SiteTotal>& totals = dispatch_->site_totals;
  const auto at = std::find_if(totals.begin(), totals.end(), same);
  const auto index = static_cast<uint32_t>(at - totals.begin());
  if (at == totals.end()) totals.push_back({flow == "export", period, counts, peak_of});
  return index;
}

// Whether a value of a window is what flows in it, times a factor above 0: then windows compare as their energies do.
bool Elaborator::is_share_of_flow(ExpressionId value, Margin& margin) {
  const Expression& e = pool_[value];
  if (e.op == Op::series) return e.index == margin.flow;
  const auto is_factor = [&](ExpressionId id) { return pool_.is_constant(id) && pool_[id].value > 0; };
  if (e.op == Op::multiply) {
    const auto flows = std::count_if(e.operands.begin(), e.operands.end(), [&](ExpressionId id) { return !is_factor(id); });
    return flows == 1 && std::all_of(e.operands.begin(), e.operands.end(), [&](ExpressionId id) { return is_factor(id) || is_share_of_flow(id, margin); });
  }
  if (e.op == Op::divide) return is_share_of_flow(e.operands[0], margin) && is_factor(e.operands[1]);
  const bool is_whole = e.op == Op::aggregate && e.take == 0 && e.operands.size() == 1 && !e.period.rolling;
  return is_whole && (e.fn == Aggregate::sum || (e.fn == Aggregate::mean && hours_of_window(e.period))) && is_share_of_flow(e.operands[0], margin);
}

// A peak: what the next watt-hour adds to it where the rest of the site, by itself, reaches it in the window at hand; nothing elsewhere.
ExpressionId Elaborator::marginal_of_peak(const Expression& peak, Margin& margin) {
  const Period window = pool_[peak.operands[0]].grain.time;
  if (peak.fn != Aggregate::maximum || peak.take != 0 || peak.period.rolling || !is_share_of_flow(peak.operands[0], margin)) return {};
  const ExpressionId counts = peak.operands.size() > 1 ? peak.operands[1] : ExpressionId{};
  if (counts && pool_[counts].grain.time != kInterval && window != kInterval) return {};
  const auto index = site_total(peak.period, counts, window, margin, peak.span);
  const ExpressionId adds = index ? marginal_of(peak.operands[0], margin) : ExpressionId{};
  if (!adds) return {};
  ExpressionId raises = pool_.make(Op::equal, boolean_type(), {fleet_state(FleetState::Kind::raises, *index, peak.span), pool_.constant(1, number_type(), peak.span)}, peak.span);
  return pool_.select(raises, adds, pool_.constant(0, pool_[adds].type, peak.span), peak.span);
}

// What a site has beside what only its vehicles know of it: each for the vehicle.
void Elaborator::level(std::vector<ExpressionId>& operands, Span span) {
  const auto is_of = [&](EntityGrain entity) { return [&, entity](ExpressionId id) { return id && pool_[id].grain.entity == entity; }; };
  if (!std::any_of(operands.begin(), operands.end(), is_of(EntityGrain::vehicle))) return;
  for (ExpressionId& id : operands)
    if (is_of(EntityGrain::site)(id)) id = of_holder(id, EntityGrain::vehicle, span);
}

// A peak as it stands when the interval begins: the energy of its highest window so far, times what a watt-hour adds to such a value.
ExpressionId Elaborator::peak_so_far(const Expression& peak, Margin& margin) {
  const Period window = pool_[peak.operands[0]].grain.time;
  if (peak.fn != Aggregate::maximum || peak.take != 0 || peak.period.rolling || !is_share_of_flow(peak.operands[0], margin)) return {};
  const ExpressionId counts = peak.operands.size() > 1 ? peak.operands[1] : ExpressionId{};
  if (counts && pool_[counts].grain.time != kInterval && window != kInterval) return {};
  const auto index = site_total(peak.period, counts, window, margin, peak.span);
  const ExpressionId adds = index ? marginal_of(peak.operands[0], margin) : ExpressionId{};
  if (!adds) return {};
  std::vector<ExpressionId> factors{adds, fleet_state(FleetState::Kind::metered, *index, peak.span)};
  level(factors, peak.span);
  return pool_.multiply(factors[0], factors[1], peak.span);
}

ExpressionId Elaborator::running(ExpressionId id, Margin& margin) {
  if (!reads_series(id, margin.flow, margin.reads)) return id;
  if (const auto at = margin.so_far.find(id.index); at != margin.so_far.end()) return at->second;
  const Expression e = pool_[id];  // building moves the pool
  ExpressionId result;
  switch (e.op) {
    case Op::aggregate: {
      const Expression of = pool_[e.operands[0]];
      if (e.fn == Aggregate::sum && e.take == 0 && of.op == Op::series && of.index == margin.flow) result = has_flowed(e.period, e.operands.size() > 1 ? e.operands[1] : ExpressionId{}, margin, e.span);
      else result = peak_so_far(e, margin);
      break;
    }
    case Op::add:
    case Op::multiply:
    case Op::minimum:
    case Op::maximum:
    case Op::negate: {
      std::vector<ExpressionId> parts;
      for (ExpressionId operand : e.operands) {
        parts.push_back(running(operand, margin));
        if (!parts.back()) return margin.so_far[id.index] = {};
      }
      level(parts, e.span);
      result = e.op == Op::add ? pool_.add(parts, e.span) : e.op == Op::negate ? pool_.negate(parts[0], e.span) : e.op == Op::multiply ? parts[0] : pool_.make(e.op, e.type, parts, e.span);
      for (size_t i = 1; e.op == Op::multiply && i < parts.size(); ++i) result = pool_.multiply(result, parts[i], e.span);
      break;
    }
    default: break;
  }
  return margin.so_far[id.index] = result;
}

bool Elaborator::reads_series(ExpressionId root, uint32_t series, std::map<uint32_t, bool>& known) const {
  if (const auto at = known.find(root.index); at != known.end()) return at->second;
  const Expression& e = pool_[root];
  bool reads = e.op == Op::series && e.index == series;
  for (ExpressionId operand : e.operands) reads = reads || reads_series(operand, series, known);
  return known[root.index] = reads;
}

// The derivative of an amount by the flow of an interval, as a price of that interval; invalid: 0. Sets margin.why where there is none.
ExpressionId Elaborator::marginal_of(ExpressionId id, Margin& margin) {
  if (!margin.why.empty() || !reads_series(id, margin.flow, margin.reads)) return {};
  if (const auto at = margin.known.find(id.index); at != margin.known.end()) return at->second;
  const Expression e = pool_[id];  // building moves the pool
  const Span span = e.span;
  const auto reads = [&](ExpressionId operand) { return reads_series(operand, margin.flow, margin.reads); };
  const auto or_zero = [&](ExpressionId value, const ExpressionId& like) { return value ? value : pool_.constant(0, pool_[like].type, span); };
  ExpressionId result;
  switch (e.op) {
    case Op::series: result = pool_.constant(1, number_type(), span); break;
    case Op::add: {
      std::vector<ExpressionId> terms;
      for (ExpressionId operand : e.operands)
        if (ExpressionId term = marginal_of(operand, margin)) terms.push_back(term);
      level(terms, span);
      if (!terms.empty()) result = pool_.add(terms, span);
      break;
    }
    case Op::negate:
      if (ExpressionId of = marginal_of(e.operands[0], margin)) result = pool_.negate(of, span);
      break;
    case Op::multiply: {
      const auto with = std::count_if(e.operands.begin(), e.operands.end(), reads);
      if (with > 1) {
        margin.why = "its price depends on how much has flowed";
        break;
      }
      std::vector<ExpressionId> factors;
      for (ExpressionId operand : e.operands) {
        factors.push_back(reads(operand) ? marginal_of(operand, margin) : operand);
        if (!factors.back()) return margin.known[id.index] = {};
      }
      level(factors, span);
      for (ExpressionId factor : factors) result = result ? pool_.multiply(result, factor, span) : factor;
      break;
    }
    case Op::divide:
    case Op::round:
      if (e.operands.size() > 1 && reads(e.operands[1])) {
        margin.why = "it is divided by what has flowed";
        break;
      }
      result = marginal_of(e.operands[0], margin);
      if (result && e.operands.size() > 1) {
        std::vector<ExpressionId> parts{result, e.operands[1]};
        level(parts, span);
        result = divide(parts[0], parts[1], span, span);
      }
      break;
    case Op::select: {
      if (reads(e.operands[0])) {
        margin.jumps = true;  // a ladder's steps: the next watt-hour stays on its step
        break;
      }
      ExpressionId yes = marginal_of(e.operands[1], margin), no = marginal_of(e.operands[2], margin);
      if (!yes && !no) break;
      std::vector<ExpressionId> parts{e.operands[0], or_zero(yes, yes ? yes : no), or_zero(no, yes ? yes : no)};
      level(parts, span);
      result = pool_.select(parts[0], parts[1], parts[2], span);
      break;
    }
    case Op::aggregate: {
      if (e.fn == Aggregate::mean && e.take == 0 && e.operands.size() == 1 && hours_of_window(e.period)) {
        const ExpressionId of = marginal_of(e.operands[0], margin);
        if (of) result = pool_.multiply(of, pool_.constant(Rational(settlement_->step_seconds, 3600) / *hours_of_window(e.period), number_type(), span), span);
        break;
      }
      if (e.fn != Aggregate::sum || e.take != 0) {
        result = marginal_of_peak(e, margin);
        margin.jumps = margin.jumps || !result;
        break;
      }
      if (e.operands.size() > 1 && reads(e.operands[1])) {
        margin.why = "whether it counts depends on how much has flowed";
        break;
      }
      result = marginal_of(e.operands[0], margin);
      if (result && e.operands.size() > 1) {
        std::vector<ExpressionId> parts{e.operands[1], result};
        level(parts, span);
        result = pool_.select(parts[0], parts[1], pool_.constant(0, pool_[result].type, span), span);
      }
      break;
    }
    case Op::dated: {
      Expression dated;
      dated.op = Op::dated;
      dated.dates = e.dates;
      dated.change = Change::at_step;
      dated.span = span;
      ExpressionId some;
      std::vector<ExpressionId> values;
      for (ExpressionId operand : e.operands) values.push_back(marginal_of(operand, margin)), some = values.back() ? values.back() : some;
      if (!some) break;
      level(values, span);
      dated.type = pool_[some].type;
      dated.grain = {EntityGrain::none, kInterval};
      for (ExpressionId value : values) {
        dated.operands.push_back(or_zero(value, some));
        if (pool_[dated.operands.back()].grain.entity != EntityGrain::none) dated.grain.entity = pool_[dated.operands.back()].grain.entity;
      }
      result = pool_.intern(std::move(dated));
      break;
    }
    case Op::minimum:
    case Op::maximum: {  // blocks: the next watt-hour lies in the one that what has flowed has reached; on a bound, in the next
      ExpressionId reached = e.operands.size() == 2 ? running(e.operands[0], margin) : ExpressionId{}, bound = reached ? running(e.operands[1], margin) : ExpressionId{};
      if (!bound) {
        margin.why = "blocks, minima and maxima depend on how much has flowed";
        break;
      }
      std::vector<ExpressionId> sides{reached, bound};
      level(sides, span);
      reached = sides[0], bound = sides[1];
      const bool first_reads = reads(e.operands[0]), second_reads = reads(e.operands[1]);
      const ExpressionId first = marginal_of(e.operands[0], margin), second = marginal_of(e.operands[1], margin);
      if (!margin.why.empty() || (!first && !second)) break;
      if (first_reads && second_reads) {
        margin.why = "two quantities that have flowed are compared";
        break;
      }
      const ExpressionId like = first ? first : second;
      // min(flow, bound): while the flow is below. max(flow, bound): once it is not below.
      const ExpressionId is_below = pool_.make(Op::less, boolean_type(), {first_reads ? reached : bound, first_reads ? bound : reached}, span);
      const ExpressionId of_flow = or_zero(first_reads ? first : second, like), none = pool_.constant(0, pool_[like].type, span);
      std::vector<ExpressionId> parts{is_below, of_flow};
      level(parts, span);
      result = e.op == Op::minimum ? pool_.select(parts[0], parts[1], none, span) : pool_.select(parts[0], none, parts[1], span);
      break;
    }
    case Op::quota: {  // blocks in the order of time
      const Expression of = pool_[e.operands[0]];
      const bool is_filtered = of.op == Op::select && pool_[of.operands[1]].op == Op::series && pool_[of.operands[1]].index == margin.flow && !reads(of.operands[0]) && !reads(of.operands[2]);
      const bool is_flow = (of.op == Op::series && of.index == margin.flow) || is_filtered;
      const ExpressionId reached = is_flow && e.operands.size() == 2 && !reads(e.operands[1]) ? has_flowed(e.period, is_filtered ? of.operands[0] : ExpressionId{}, margin, span) : ExpressionId{};
      if (!reached) {
        margin.why = "quotas depend on how much has flowed";
        break;
      }
      const ExpressionId flow = marginal_of(e.operands[0], margin), bound = e.operands[1];
      if (!flow) break;
      std::vector<ExpressionId> parts{reached, bound, flow};
      level(parts, span);
      const ExpressionId is_below = pool_.make(Op::less, boolean_type(), {parts[0], parts[1]}, span), none = pool_.constant(0, pool_[flow].type, span);
      result = e.beyond ? pool_.select(is_below, none, parts[2], span) : pool_.select(is_below, parts[2], none, span);
      break;
    }
    default: margin.why = "it depends on more than this interval"; break;
  }
  return margin.known[id.index] = result;
}

ExpressionId Elaborator::elaborate_marginal(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const NodeId argument = tree(context.module).child(id, NodeKind::Argument);
  const std::string flow = argument ? node(context.module, node(context.module, argument).children[0]).text : "";
  if (flow != "import" && flow != "export") {
    if (Diagnostic* d = error("WL4218", n.span, "the marginal price is that of `import` or of `export`")) d->hint("write `marginal(import)` or `marginal(export)`");
    return {};
  }
  if (!dispatch_) {
    if (Diagnostic* d = error("WL4218", n.span, "the marginal price is what a dispatch decides by")) d->hint("law names its own rates; write `rate(Tariff.clause)` in a rule");
    return {};
  }
  bool good = true;
  const ExpressionId price = price_of_flow(flow.c_str(), EntityGrain::site, flow == "import", OnJump::tell, n.span, context, good);  // of what is exported, what is received counts
  return !good ? ExpressionId{} : price ? price : pool_.constant(0, number_type(kPerEnergy, 0), n.span);
}

// The bound at which the ladder of an amount goes on to its next step, from where the site stands. Its steps are conditions on one quantity, the
// lowest first; on the last step it is the bound of that.
ExpressionId Elaborator::next_step(ExpressionId root, Margin& margin, Span span) {
  struct Step {
    Op op;
    ExpressionId reached, bound;
  };
  std::vector<Step> steps;
  std::set<uint32_t> seen;
  std::vector<ExpressionId> todo{root};
  ExpressionId quantity;
  while (!todo.empty()) {
    const ExpressionId id = todo.back();
    todo.pop_back();
    if (!seen.insert(id.index).second || !reads_series(id, margin.flow, margin.reads)) continue;
    const Expression& e = pool_[id];
    const bool is_bound = (e.op == Op::less || e.op == Op::less_equal) && pool_.is_constant(e.operands[1]) && reads_series(e.operands[0], margin.flow, margin.reads);
    if (is_bound) {
      if (quantity && quantity != e.operands[0]) return {};
      quantity = e.operands[0];
      steps.push_back({e.op, e.operands[0], e.operands[1]});
      continue;
    }
    for (ExpressionId operand : e.operands) todo.push_back(operand);
  }
  if (steps.empty()) return {};
  std::sort(steps.begin(), steps.end(), [&](const Step& a, const Step& b) { return pool_[a.bound].value < pool_[b.bound].value; });
  const ExpressionId reached = running(quantity, margin);
  if (!reached) return {};
  ExpressionId result = steps.back().bound;
  for (size_t i = steps.size() - 1; i-- > 0;) result = pool_.select(pool_.make(steps[i].op, boolean_type(), {reached, steps[i].bound}, span), steps[i].bound, result, span);
  return result;
}

// `so_far(Peak)`: a peak, or what has flowed, of the site in the period at hand before this interval. `next_step(Grid.capacity)`: the bound of the
// step of a ladder on which the site stands.
ExpressionId Elaborator::elaborate_so_far(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const bool is_step = n.text == "next_step";
  const NodeId argument = tree(context.module).child(id, NodeKind::Argument);
  if (!dispatch_ || !argument || n.children.size() != 1) {
    if (Diagnostic* d = error("WL4218", n.span, dispatch_ ? "`" + n.text + "` takes one thing" : "`" + n.text + "` is what a dispatch may know of a period that is not over"))
      d->hint(is_step ? "write `next_step(Grid.capacity)` in a dispatch: the bound of the step of the ladder on which the site stands" : "write `so_far(max(power) per month)` in a dispatch");
    return {};
  }
  const ExpressionId of = elaborate_number(node(context.module, argument).children[0], context);
  if (!of) return {};
  for (const char* flow : {"import", "export"}) {
    const auto at = series_index_.find(flow);
    if (at == series_index_.end()) continue;
    Margin margin;
    margin.flow = at->second;
    margin.may_run = true;
    if (!reads_series(of, margin.flow, margin.reads)) continue;
    if (const ExpressionId value = is_step ? next_step(of, margin, n.span) : running(of, margin)) return value;
  }
  if (Diagnostic* d = error("WL4219", n.span, is_step ? "these are no steps by a quantity that is known when an interval begins" : "this is not known when an interval begins"))
    d->hint(is_step ? "the steps of a clause by a peak of a fixed window, `by max(power) per month { up to 5 kW => … }`, are" : "a peak of fixed windows is, `so_far(max(power) per month)`, and what has flowed, `so_far(sum(import) per month)`");
  return {};
}

// `share of AMOUNT allocated by WEIGHT`: the amount of the pool, or of all, split over those whom the contract covers.
ExpressionId Elaborator::elaborate_allocated(NodeId allocated, ExpressionId amount, ExpressionId scope, EntityGrain entity, const RoundingRule& rule, const Period& billing, Context& context) {
  const Node& n = node(context.module, allocated);
  if (rule.grain == RoundingGrain::none) {
    if (Diagnostic* d = error("WL4131", n.span, "parts that add up to the amount need a smallest unit")) d->hint("write `rounding 0.01 " + own_currency() + " half up per line`");
    return {};
  }
  ExpressionId weight = elaborate_number(n.children[0], context);
  if (!weight) return {};
  if (pool_[weight].grain.time != billing && nests_in(pool_[weight].grain.time, billing) && pool_[weight].grain.time.unit != Period::Unit::none && pool_[weight].type.extensive)
    weight = pool_.aggregate(Aggregate::sum, weight, {}, billing, n.span);
  if (!(weight = of_holder(weight, entity, n.span))) return {};
  if (scope) {
    if (!(scope = of_holder(scope, entity, n.span))) return {};
    weight = pool_.select(scope, weight, pool_.constant(0, pool_[weight].type, n.span), n.span);
  }
  Expression e;
  e.op = Op::allocate;
  e.type = pool_[amount].type;
  e.index = UINT32_MAX;
  const EntityGrain from = pool_[amount].grain.entity;
  if (from == entity) {
    if (Diagnostic* d = error("WL4132", pool_[amount].span, "this is an amount of each " + entity_name(program_, entity) + " already, so nothing is left to split")) d->hint("split what belongs to several: `sum(…) per pool`, or `… over all`");
    return {};
  }
  if (from != EntityGrain::none) {
    const auto way = way_to(entity, from);
    if (!way || way->size() != 1) return tell_unrelated(entity, from, n.span);
    e.index = load_attribute(way->front());
  }
  e.grain = {entity, billing};
  e.value = rule.quantum;
  e.rounding = rule.mode;
  e.beyond = n.text == "equally";
  for (ExpressionId part : {amount, weight}) e.operands.push_back(pool_[part].grain.time == billing ? part : in_every(part, billing, n.span));
  e.span = n.span;
  return pool_.intern(std::move(e));
}

}  // namespace wattlaw
