// `otherwise pay Aggregator -> VehicleOwner late of 2.50 EUR`: a broken norm is a debt. It is a clause like any other, with lines, ends and
// a citation: for each member once for every window in which a norm of the rule is broken, in the bill in which that window ends (of a
// deadline, in the bill of its day).
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
const Period kDay{.unit = Period::Unit::day};
}

bool Elaborator::add_penalty(const Symbol& rule, const TypedRule& typed, Context context) {
  const SyntaxTree& t = tree(rule.module);
  const NodeId pay = t.child(rule.node, NodeKind::OtherwisePay);
  if (!pay) return true;
  const Node& n = t[pay];
  const NodeId money = n.children.back();
  ExpressionId amount = elaborate_number(money, context);
  if (!amount) return false;
  const DataNorm& first = typed.on_data[0];
  if (pool_[amount].type.dimension != kMoney) {
    if (Diagnostic* d = error("WL3131", t[money].span, "what is paid for a broken rule is " + dimension_words(pool_[amount].type.dimension) + ", not money")) d->hint("write for example `otherwise pay " + t[t.child(pay, NodeKind::Payer)].text + " -> " + t[t.child(pay, NodeKind::Payee)].text + " late of 2.50 EUR`");
    return false;
  }
  if (first.entity == EntityGrain::none) {
    if (Diagnostic* d = error("WL4409", n.span, "this rule is asked of nobody in particular, so there is no account to which a payment would belong")) d->hint("ask it `for each vehicle` or `for each site`");
    return false;
  }
  if (!(amount = asked_per(amount, first.entity, first.period, t[money].span))) return false;
  ExpressionId broken;  // (member, period)
  ExpressionId day;     // of the deadline, where there is one
  for (const DataNorm& norm : typed.on_data) {
    if (norm.kind == NormKind::warn) continue;
    ExpressionId fails = pool_.negation(norm.holds, n.span);
    fails = pool_.both(fails, norm.applies, n.span);
    fails = pool_.both(fails, norm.known, n.span);
    broken = broken ? pool_.either({broken, fails}, n.span) : fails;
    if (norm.due) day = norm.due;
  }
  if (!broken) {
    if (Diagnostic* d = error("WL4409", n.span, "`" + rule.name + "` only warns, and a warning costs nothing")) d->hint("write `require` or `forbid`");
    return false;
  }
  const std::string key = std::to_string(rule.module) + "." + rule.name;
  std::unique_ptr<TariffInfo>& info = tariffs_[key];
  if (!info) {
    info = std::make_unique<TariffInfo>();
    info->symbol = const_cast<Symbol*>(&rule);
    info->key = key;
    for (NodeId id : t[t.root].children)
      if (t[id].kind == NodeKind::Rounding && !info->headers.rounding) info->headers.rounding = read_rounding(id, rule.module);
    for (NodeId cite : t.children(rule.node, NodeKind::Cite)) info->headers.cites.push_back({t[cite].text, t[cite].span});
  }
  if (!info->headers.rounding) {
    if (Diagnostic* d = error("WL4101", n.span, "`" + rule.name + "` does not say how its amounts are rounded")) d->hint("write `rounding 0.01 EUR half up per line` at the top of the file");
    return false;
  }
  const Period billing = info->headers.billing;
  const ExpressionId none = pool_.constant(0, pool_[amount].type, n.span);
  ExpressionId owed, is_owed;
  if (first.period.unit == Period::Unit::none || nests_in(billing, first.period)) {  // once in the run or a longer period: in the bill of the deadline, or the last
    ExpressionId when;
    if (day) {
      Expression begins;
      begins.op = Op::date_at;
      begins.type.kind = ValueKind::date;
      begins.grain = {EntityGrain::none, kDay};
      begins.span = n.span;
      std::vector<ExpressionId> parts{pool_.intern(std::move(begins)), day};
      relate(parts, n.span);
      when = pool_.aggregate(Aggregate::any, pool_.make(Op::equal, boolean_type(), parts, n.span), {}, billing, n.span);
    } else if (first.period == billing) {
      when = {};
    } else if (first.period.unit == Period::Unit::none) {
      const Windows* windows = windows_of(billing);
      if (!windows) return false;
      std::vector<bool> last(windows->size());
      last.back() = true;
      when = in_windows(last, billing, n.span);
    } else {
      when = last_bill_of(first.period, billing, n.span);
    }
    is_owed = pool_.both(broken, when, n.span);
    if (pool_[is_owed].grain.time != billing) is_owed = in_every(is_owed, billing, n.span);
    owed = pool_.select(is_owed, amount, none, n.span);
  } else {
    owed = pool_.aggregate(Aggregate::sum, pool_.select(broken, amount, none, n.span), {}, billing, n.span);
    is_owed = pool_.aggregate(Aggregate::any, broken, {}, billing, n.span);
  }
  Applied& applied = applied_[key];
  applied.entity = first.entity;
  applied.done = true;
  TypedClause clause;
  clause.name = n.text.empty() ? "penalty" : n.text;
  clause.kind = ClauseKind::pay;
  clause.span = n.span;
  clause.amount = owed;
  clause.present = is_owed;
  finish_clause(*info, applied, std::move(clause), {{LabelVersion{rule.module, pay, {}, {}, {}, {}}, VersionParts{}}});
  return true;
}

}  // namespace wattlaw
