// `pay MobilityProvider -> Driver substitute of 0.45 EUR/km * trip.distance for each trip when trip.distance > trip.vehicle.range`: an amount
// for each record of a kind, rows of trips.csv, in the bill that holds the day on which the record begins, of the member that it names.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
const Period kDay{.unit = Period::Unit::day};
}

// The kind of records for each of which a clause is due; null: it is due for something else.
const Symbol* Elaborator::of_record_kind(const LabelVersion& version) {
  const NodeId each = tree(version.module).child(version.node, NodeKind::ForEach), of = tree(version.module).child(version.node, NodeKind::Of);
  if (!each || !of) return nullptr;
  return find(node(version.module, each).text, version.module, Symbol::Kind::record);
}

// Nothing: the clause is not for each record. False: an error is told.
std::optional<bool> Elaborator::elaborate_of_records(VersionParts& parts, const LabelVersion& version, const TariffInfo& tariff, const Applied& applied, ExpressionId filter, Context context) {
  const Symbol* kind = of_record_kind(version);
  if (!kind) return std::nullopt;
  const SyntaxTree& t = tree(version.module);
  const Node& n = t[version.node];
  const NodeId each = t.child(version.node, NodeKind::ForEach);
  if (NodeId exception = t.child(version.node, NodeKind::Except)) {
    not_in_this_version(t[exception].span, "an exception of an amount for each record");
    return false;
  }
  const auto entity = entity_named(kind->name, version.module);
  if (!entity || (*entity != applied.entity && !way_to(*entity, applied.entity))) {
    const std::string whose = entity_name(program_, applied.entity);
    if (Diagnostic* d = error("WL3340", t[each].span, "nothing says which " + whose + " a " + kind->name + " belongs to")) d->hint("let the kind name it: `kind " + kind->name + " { " + whose + ": " + whose + "  begins: instant }`");
    return false;
  }
  const std::string day_field = day_field_of(*kind).value_or("");
  if (day_field.empty()) {
    if (Diagnostic* d = error("WL4139", t[each].span, "a " + kind->name + " does not say when it begins, so no bill holds it")) d->hint("let the kind say so: `kind " + kind->name + " { begins: instant }`, or `day: date`");
    return false;
  }
  context.module = version.module;
  context.cut_dates = nullptr;
  const auto of_record = [&](ExpressionId value, Span span) {  // a value of the record, or of everybody, that time does not change
    const Grain grain = value ? pool_[value].grain : Grain{};
    if (!value || (grain.time.unit == Period::Unit::none && (grain.entity == EntityGrain::none || grain.entity == *entity))) return value;
    if (Diagnostic* d = error("WL3306", span, grain.time.unit == Period::Unit::none ? "this is of a " + entity_name(program_, grain.entity) + ", and the amount is of a " + kind->name : "this changes from " + period_name(grain.time) + " to " + period_name(grain.time) + ", and a " + kind->name + " has one amount"))
      d->hint("read what the record says, `" + kind->name + ".distance`, or what the one it names has, `" + kind->name + ".vehicle.range`");
    return ExpressionId{};
  };
  const NodeId of = t.child(version.node, NodeKind::Of);
  const ExpressionId amount = of_record(elaborate_number(t[of].children[0], context), t[t[of].children[0]].span);
  if (!amount) return false;
  if (pool_[amount].type.dimension != kMoney) {
    if (Diagnostic* d = error("WL3131", n.span, "this amounts to " + dimension_words(pool_[amount].type.dimension) + " for each " + kind->name + ", not to money")) d->hint("write for example `of 0.45 EUR/km * " + kind->name + ".distance`");
    return false;
  }
  ExpressionId holds;
  std::vector<NodeId> conditions(t[each].children);
  for (NodeId when : t.children(version.node, NodeKind::When)) conditions.push_back(t[when].children[0]);
  for (NodeId condition : conditions) {
    const ExpressionId e = of_record(elaborate_boolean(condition, context), t[condition].span);
    if (!e) return false;
    holds = pool_.both(holds, e, t[condition].span);
  }
  Expression today;
  today.op = Op::date_at;
  today.type.kind = ValueKind::date;
  today.grain = {EntityGrain::none, kDay};
  today.span = n.span;
  const ExpressionId on_the_day = pool_.make(Op::equal, boolean_type(), {pool_.intern(std::move(today)), attribute(day_field, n.span)}, n.span);
  ExpressionId due = pool_.both(holds, on_the_day, n.span);
  const Type day_type = pool_[attribute(day_field, n.span)].type;
  const auto is_before = [&](Date date) { return pool_.make(Op::less, boolean_type(), {attribute(day_field, n.span), pool_.constant(date.days, day_type, n.span)}, n.span); };
  if (parts.version.from) due = pool_.both(due, pool_.negation(is_before(*parts.version.from), n.span), n.span);
  if (parts.version.until) due = pool_.both(due, is_before(*parts.version.until), n.span);
  ExpressionId each_day = pool_.select(due, amount, pool_.constant(0, pool_[amount].type, n.span), n.span), any = due;
  if (*entity != applied.entity) {
    each_day = gathered(Aggregate::sum, each_day, {}, applied.entity, 0, n.span);
    any = gathered(Aggregate::any, any, {}, applied.entity, 0, n.span);
    if (!each_day || !any) return false;
  }
  const Period& billing = tariff.headers.billing;
  parts.amount = pool_.aggregate(Aggregate::sum, each_day, {}, billing, n.span);
  parts.present = pool_.aggregate(Aggregate::any, any, {}, billing, n.span);
  if (filter && pool_[filter].grain.time.unit != Period::Unit::none) {
    if (Diagnostic* d = error("WL3306", n.span, "who has this clause changes from interval to interval, and it is due for each " + kind->name)) d->hint("ask it of the " + kind->name + " with `when`");
    return false;
  }
  if (filter) {
    parts.amount = pool_.select(filter, parts.amount, pool_.constant(0, pool_[parts.amount].type, n.span), n.span);
    parts.present = pool_.both(filter, parts.present, n.span);
  }
  parts.version.base_rate = amount;
  parts.version.scope = filter;
  parts.due = billing;
  return true;
}

}  // namespace wattlaw
