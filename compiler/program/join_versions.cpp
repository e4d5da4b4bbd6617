// Texts of one clause, one after another in time, as one amount of the whole billing window.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

// When a whole-window quantity exists at all: an aggregate over no interval is 0 and makes no line.
static ExpressionId occurrence(ExpressionPool& pool, ExpressionId quantity) {
  const Expression e = pool[quantity];
  if (e.op != Op::aggregate || e.fn == Aggregate::count || e.fn == Aggregate::any) return {};
  ExpressionId condition = pool.both(e.operands.size() > 1 ? e.operands[1] : ExpressionId{}, occurrence(pool, e.operands[0]), e.span);
  return condition ? pool.aggregate(Aggregate::any, condition, {}, e.period, e.span) : ExpressionId{};
}

// The versions of a whole-window clause as one amount: adds it, its quantity and its presence; `whole` becomes what `explain` shows.
bool Elaborator::join_versions(TariffInfo& tariff, Applied& applied, const std::string& label, std::vector<std::pair<LabelVersion, VersionParts>>& whole, std::vector<ExpressionId>& amounts,
                               std::vector<ExpressionId>& quantities, std::vector<ExpressionId>& presents) {
  std::vector<LabelVersion> versions;
  for (const auto& [version, parts] : whole) versions.push_back(version);
  const Node& first = node(versions[0].module, versions[0].node);
  // Whole windows: elaborate as of every date at which something read changes, until no new date shows up.
  std::set<Date> dates;
  std::map<Date, std::optional<VersionParts>> by_date;
  for (size_t before = SIZE_MAX; before != dates.size();) {
    before = dates.size();
    std::set<Date> at = dates;
    at.insert(settlement_->from);
    for (Date date : at) {
      if (by_date.contains(date) || date < settlement_->from || date >= settlement_->until) continue;
      std::optional<VersionParts> active;
      for (const LabelVersion& v : versions) {
        bool candidate = (!v.from || *v.from <= date) && (!v.until || date < *v.until);
        auto parts = elaborate_version(tariff, applied, v, date, &dates);
        if (!parts) return false;
        bool holds = candidate && (!parts->version.from || *parts->version.from <= date) && (!parts->version.until || date < *parts->version.until);
        if (holds) active = std::move(parts);
      }
      by_date[date] = std::move(active);
    }
  }
  std::set<Date> inside;
  for (Date date : dates)
    if (date > settlement_->from && date < settlement_->until) inside.insert(date);
  const Period due = whole[0].second.due, billing = tariff.headers.billing;
  if (std::any_of(whole.begin(), whole.end(), [&](const auto& v) { return v.second.due != due; })) {
    not_in_this_version(first.text_span, "an amendment that moves `" + label + "` to another period");
    return false;
  }
  if (!check_changes(tariff, inside, versions[0].node, versions[0].module, label, due) || !check_partial(tariff, versions[0].node, versions[0].module, label, due)) return false;
  Type money = pool_[whole[0].second.amount].type, quantity_type;
  bool has_quantity = false;
  for (auto& [date, parts] : by_date)
    if (parts) {
      money = pool_[parts->amount].type;
      if (parts->quantity) {
        has_quantity = true;
        quantity_type = pool_[parts->quantity].type;
      }
    }
  auto join = [&](auto&& pick, Type type, ExpressionId absent) -> ExpressionId {
    Expression e;
    e.op = Op::dated;
    e.change = tariff.headers.change.value_or(Change::at_start);
    if (type.kind == ValueKind::boolean && e.change == Change::by_days) e.change = Change::at_start;
    e.type = type;
    e.span = first.span;
    for (auto& [date, parts] : by_date) {
      ExpressionId value = parts ? pick(*parts) : absent;
      if (!value) value = absent;
      if (!e.operands.empty() && e.operands.back() == value) continue;
      e.dates.push_back(e.dates.empty() ? Date{INT32_MIN / 2} : date);
      e.operands.push_back(value);
      e.grain = finer(e.grain, pool_[value].grain);
    }
    if (e.operands.size() == 1) return e.operands[0];
    e.grain.time = finer(e.grain.time, due);
    return pool_.intern(std::move(e));
  };
  ExpressionId quantity, amount = join([](VersionParts& p) { return p.amount; }, money, pool_.constant(0, money, first.span));
  if (has_quantity) quantity = join([](VersionParts& p) { return p.quantity; }, quantity_type, pool_.constant(0, quantity_type, first.span));
  const ExpressionId measured = quantity;
  ExpressionId yes = pool_.boolean(true, first.span);
  std::vector<ExpressionId> in_force;
  bool always = false;
  for (auto& [version, parts] : whole) {
    ExpressionId f = pool_.in_force(parts.version.from && *parts.version.from > settlement_->from ? parts.version.from : std::nullopt,
                                    parts.version.until && *parts.version.until < settlement_->until ? parts.version.until : std::nullopt, first.span);
    if ((parts.version.until && *parts.version.until <= settlement_->from) || (parts.version.from && *parts.version.from >= settlement_->until)) continue;
    if (!f) always = true;
    else in_force.push_back(f);
  }
  ExpressionId there = always ? yes : in_force.empty() ? pool_.boolean(false, first.span) : pool_.aggregate(Aggregate::any, pool_.either(in_force, first.span), {}, tariff.headers.billing, first.span);
  // Where no version is in force the amount is 0 already; only the versions' own conditions take money away.
  ExpressionId condition = join([&](VersionParts& p) { return p.present ? p.present : yes; }, boolean_type(), yes);
  if (due != billing) {
    ExpressionId last = last_bill_of(due, billing, first.span);
    condition = pool_.both(condition, last, first.span);
    if (quantity) quantity = pool_.select(last, quantity, pool_.constant(0, quantity_type, first.span), first.span);
  }
  ExpressionId present = pool_.both(there, condition, first.span);
  if (measured) present = pool_.both(present, occurrence(pool_, measured), first.span);
  // A condition that fails leaves no money behind.
  if (!pool_.is_constant(condition)) amount = pool_.select(condition, amount, pool_.constant(0, money, first.span), first.span);
  std::vector<std::pair<LabelVersion, VersionParts>> shown;
  for (auto& [date, parts] : by_date)
    if (parts) {
      VersionParts p = *parts;
      p.version.from = date == settlement_->from ? p.version.from : std::optional(date);
      shown.emplace_back(versions[0], std::move(p));
    }
  whole = std::move(shown);
  amounts.push_back(amount);
  quantities.push_back(quantity);
  presents.push_back(present);
  return true;
}

}  // namespace wattlaw
