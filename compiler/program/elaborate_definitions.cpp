// Named values: definitions with their versions in time, and dated parameters.
#include <algorithm>
#include <utility>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
constexpr size_t kMostLets = 200;  // definitions in a row; the stack of a thread carries many times that
}

ExpressionId Elaborator::elaborate_let(const LabelVersion& version, const std::string& name, Context context) {
  const Node& n = node(version.module, version.node);
  for (const void* open : let_stack_)
    if (open == &n) {
      if (Diagnostic* d = error("WL4501", n.text_span, "`" + name + "` is defined by itself")) {
        std::string path;
        for (const void* step : let_stack_) path += static_cast<const Node*>(step)->text + " → ";
        d->note("the circle: " + path + name);
      }
      return {};
    }
  if (let_stack_.size() >= kMostLets) {
    if (Diagnostic* d = error("WL4503", n.text_span, "more than " + std::to_string(kMostLets) + " definitions read each other in a row")) d->hint("write some of them as one");
    return {};
  }
  // A definition that is read many times is elaborated once for each way of reading it; what it reads is told to every reader.
  std::string key = std::to_string(reinterpret_cast<uintptr_t>(&n)) + "/" + std::to_string(reinterpret_cast<uintptr_t>(context.tariff)) + "/" + (context.as_of ? print_date(*context.as_of) : "-") + "/" + std::to_string(static_cast<int>(context.each)) + "/" +
                    period_name(context.default_period) + "/" + std::to_string(static_cast<int>(context.prices) * 4 + context.totals * 2 + context.single_lines) + (context.cut_dates ? "c" : "") +
                    (context.split ? "/" + std::to_string(context.split->bands) + "=" + std::to_string(context.split->band) : "") + (context.splits_by ? "s" : "");
  auto known = let_memo_.find(key);
  if (known == let_memo_.end()) {
    std::set<Date> cuts;
    std::vector<ParameterUse> uses;
    Context inner = context;
    inner.module = version.module;
    inner.cut_dates = context.cut_dates ? &cuts : nullptr;
    inner.parameters = &uses;
    std::optional<uint32_t> splits_by;
    inner.splits_by = context.splits_by ? &splits_by : nullptr;
    let_stack_.push_back(&n);
    const bool reads_before = std::exchange(reads_step_, false);
    ExpressionId e = n.children.empty() ? ExpressionId{} : elaborate(n.children[0], inner);
    let_stack_.pop_back();
    known = let_memo_.emplace(key, LetMemo{e, splits_by, reads_step_, std::move(cuts), std::move(uses)}).first;
    reads_step_ = reads_before;
  }
  reads_step_ = reads_step_ || known->second.reads_step;
  if (context.splits_by && known->second.splits_by) *context.splits_by = known->second.splits_by;
  if (context.cut_dates) context.cut_dates->insert(known->second.cut_dates.begin(), known->second.cut_dates.end());
  if (context.parameters)
    for (const ParameterUse& use : known->second.parameters)
      if (std::none_of(context.parameters->begin(), context.parameters->end(), [&](const ParameterUse& other) { return other.name == use.name; })) context.parameters->push_back(use);
  return known->second.value;
}

// A definition that amendments restate: the version of the interval's own date, or of `as_of` in a whole-period amount.
ExpressionId Elaborator::elaborate_lets(const std::vector<LabelVersion>& versions, const std::string& name, Context& context, Span span) {
  if (versions.size() == 1 && !versions[0].until) return elaborate_let(versions[0], name, context);
  if (context.cut_dates)
    for (const LabelVersion& v : versions)
      if (v.from) context.cut_dates->insert(*v.from);
  if (context.as_of) {
    for (const LabelVersion& v : versions)
      if ((!v.from || *v.from <= *context.as_of) && (!v.until || *context.as_of < *v.until)) return elaborate_let(v, name, context);
    return elaborate_let(versions.front(), name, context);
  }
  Expression e;
  e.op = Op::dated;
  e.change = Change::at_step;
  e.span = span;
  for (const LabelVersion& v : versions) {
    ExpressionId value = elaborate_let(v, name, context);
    if (!value) return {};
    e.dates.push_back(v.from ? *v.from : Date{INT32_MIN / 2});
    e.operands.push_back(value);
    e.type = pool_[value].type;
    e.grain = finer(e.grain, pool_[value].grain);
  }
  e.grain.time = finer(e.grain.time, kInterval);
  return pool_.intern(std::move(e));
}

ExpressionId Elaborator::elaborate_parameter(Symbol& symbol, Context& context, Span span) {
  const Node& n = node(symbol.module, symbol.node);
  auto note_use = [&](std::vector<Date> dates, std::vector<ExpressionId> values) {
    if (!context.parameters) return;
    for (const ParameterUse& use : *context.parameters)
      if (use.name == symbol.name) return;
    context.parameters->push_back({symbol.name, std::move(dates), std::move(values)});
  };
  TypeMeaning type;
  if (NodeId t = tree(symbol.module).child(symbol.node, NodeKind::Type)) {
    type = type_of(t, symbol.module);
    if (!type.good) return {};
  }
  Context inner;
  inner.module = symbol.module;
  inner.prices = type.type.tax;
  auto value_of = [&](NodeId v) -> ExpressionId {
    ExpressionId e = elaborate_number(v, inner);
    if (!e || !type.good) return e;
    const Expression& x = pool_[e];
    if (is_plain(x.type.dimension) && pool_.is_constant(e)) {  // the declared unit is meant; a `%` literal is already a number
      bool percent = node(inner.module, v).kind == NodeKind::Quantity;
      Type t = type.type;
      return pool_.constant(percent ? x.value : Rational(x.value * type.unit.factor), t, x.span);
    }
    if (x.type.dimension != type.type.dimension || (x.type.dimension.money && x.type.currency != type.type.currency)) {
      if (Diagnostic* d = error("WL3101", node(inner.module, v).span, "`" + symbol.name + "` is declared as " + dimension_words(type.type.dimension) + ", but this is " + dimension_words(x.type.dimension)))
        d->hint("write the figure without a unit, or in `" + type.unit_text + "`");
      return {};
    }
    return e;
  };
  if (auto set = set_parameters_.find(&symbol); set != set_parameters_.end()) {
    set->second.is_read = true;
    inner.module = set->second.module;
    ExpressionId e = value_of(set->second.value);
    if (e) note_use({}, {e});
    return e;
  }
  std::vector<std::pair<Date, ExpressionId>> versions;
  for (NodeId c : n.children) {
    const Node& child = node(symbol.module, c);
    if (child.kind == NodeKind::Value) {
      ExpressionId e = value_of(child.children[0]);
      if (e) note_use({}, {e});
      return e;
    }
    if (child.kind != NodeKind::DatedValue) continue;
    auto date = parse_date(child.text);
    ExpressionId e = child.children.empty() ? ExpressionId{} : value_of(child.children[0]);
    if (!date || !e) return {};
    if (!versions.empty() && *date <= versions.back().first) {
      if (Diagnostic* d = error("WL4002", child.span, "`" + symbol.name + "` has two values from " + print_date(*date) + (*date < versions.back().first ? ", out of order" : "")))
        d->hint("list the values by date; each holds until the next one begins");
      return {};
    }
    versions.emplace_back(*date, e);
  }
  if (versions.empty()) {
    if (Diagnostic* d = error("WL4004", span, "`" + symbol.name + "` has no value")) d->hint("give it one: `parameter " + symbol.name + (type.unit_text.empty() ? "" : ": " + type.unit_text) + " = …`");
    return {};
  }
  std::vector<Date> dates;
  std::vector<ExpressionId> values;
  for (const auto& [date, e] : versions) {
    dates.push_back(date);
    values.push_back(e);
  }
  note_use(dates, values);
  return dated_figure(versions, symbol.name, n.text_span, context, span);
}

// A figure with versions in time: that of the interval's own date, or of `as_of` in a whole-period amount.
ExpressionId Elaborator::dated_figure(const std::vector<std::pair<Date, ExpressionId>>& versions, const std::string& name, Span declared, Context& context, Span span) {
  if (settlement_ && settlement_->kind != Settlement::Kind::standalone && settlement_->from < versions.front().first) {
    if (Diagnostic* d = error("WL4001", span, "`" + name + "` has no value before " + print_date(versions.front().first) + ", but `" + settlement_->name + "` begins on " + print_date(settlement_->from)))
      d->label(declared, "its values begin here").hint("add the earlier value: `from " + print_date(settlement_->from) + " is …`");
    return {};
  }
  if (versions.size() == 1) return versions[0].second;
  if (context.cut_dates)
    for (size_t i = 1; i < versions.size(); ++i) context.cut_dates->insert(versions[i].first);
  if (context.as_of) {
    ExpressionId current = versions[0].second;
    for (const auto& [date, e] : versions)
      if (date <= *context.as_of) current = e;
    return current;
  }
  Expression e;
  e.op = Op::dated;
  e.change = Change::at_step;
  e.span = span;
  e.type = pool_[versions[0].second].type;
  e.grain = {EntityGrain::none, kInterval};
  for (const auto& [date, value] : versions) {
    e.dates.push_back(date);
    e.operands.push_back(value);
  }
  return pool_.intern(std::move(e));
}

}  // namespace wattlaw
