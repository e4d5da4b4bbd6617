// `credit export … against energy carry surplus until 15 April then at R`: a credit that pays certain lines of its tariff and no others.
// What a bill does not use goes to the next one; when its year ends it is paid for, or gone.
#include <algorithm>

#include "compiler/program/calendar_words.h"
#include "compiler/program/elaborator.h"

namespace wattlaw {

// What a credit may pay, and what becomes of what it does not: read and checked; nothing after an error.
std::optional<Elaborator::CreditUse> Elaborator::credit_use(const TariffInfo& tariff, const std::string& label) {
  const LabelVersion& version = tariff.clauses.at(label)[0];
  const SyntaxTree& t = tree(version.module);
  CreditUse use;
  use.against = t.child(version.node, NodeKind::Against);
  const Span span = t[use.against].span;
  for (NodeId c : t.children(version.node, NodeKind::Carry)) {
    const std::string& how = t[c].text;
    if (how == "next") use.from_next = true;
    else (how == "until" ? use.carry : use.at_once) = c;
  }
  if (!use.carry == !use.at_once) {
    if (Diagnostic* d = error("WL4122", span, use.carry ? "the surplus of `" + label + "` is carried and paid at once" : "nothing says what becomes of the credit that a bill does not use"))
      d->note("`carry surplus until 31 December`: it goes to the next bill, until the bill of that day").note("`surplus at 100%`: it is paid in the same bill; `surplus at 0%`: it is lost").hint("write one of them after `" + text_of(span) + "`");
    return std::nullopt;
  }
  const std::string key = tariff.key;
  if (spendings_.contains(key) || (nettings_.contains(key) && nettings_[key].price)) {
    if (Diagnostic* d = error("WL4123", span, "`" + tariff.symbol->name + "` carries two surpluses")) d->hint("let one credit of a tariff be `against` its lines");
    return std::nullopt;
  }
  return use;
}

// What the lines that a credit may pay come to, zero or more; invalid after an error.
ExpressionId Elaborator::payable_lines(const TariffInfo& tariff, const Applied& applied, uint32_t module, NodeId against, ExpressionId earned) {
  const Span span = node(module, against).span;
  std::vector<ExpressionId> payable;
  for (NodeId name : tree(module).children(against, NodeKind::Name)) {
    const Node& n = node(module, name);
    const auto found = std::find_if(applied.clauses.begin(), applied.clauses.end(), [&](uint32_t i) { return settlement_->clauses[i].name == n.text; });
    if (found == applied.clauses.end()) {
      const bool later = tariff.clauses.contains(n.text);
      if (broken_.contains(tariff.symbol->name + "." + n.text)) return {};
      if (Diagnostic* d = error(later ? "WL4502" : "WL2008", n.span, later ? "`" + n.text + "` is read before it is known" : "`" + tariff.symbol->name + "` has no clause `" + n.text + "`"))
        d->hint(later ? "let the clause stand above the credit that pays it" : "name clauses that stand above the credit");
      return {};
    }
    const TypedClause& paid = settlement_->clauses[*found];
    payable.push_back(paid.kind == ClauseKind::credit ? pool_.negate(paid.line, span) : paid.line);
    if (!same_kind(earned, payable.back(), n.span, "paid by")) return {};
  }
  const Type money = pool_[earned].type;
  return pool_.make(Op::maximum, money, {pool_.add(payable, span), pool_.constant(0, money, span)}, span);
}

// Turns what the credit earns into what it pays of this bill; false after an error.
bool Elaborator::spend_against(TariffInfo& tariff, Applied& applied, const std::string& label, TypedClause& clause) {
  const std::vector<LabelVersion>& versions = tariff.clauses[label];
  const uint32_t m = versions[0].module;
  const auto words = [&](const LabelVersion& version) {
    std::string text;
    for (NodeKind kind : {NodeKind::Against, NodeKind::Carry})
      for (NodeId c : tree(version.module).children(version.node, kind)) text += text_of(node(version.module, c).span) + " ";
    return text;
  };
  for (const LabelVersion& version : versions)
    if (words(version) != words(versions[0])) {
      not_in_this_version(node(version.module, version.node).text_span, "an amendment of what `" + label + "` may pay");
      return false;
    }
  if (!tree(m).child(versions[0].node, NodeKind::Against)) return true;
  const auto use = credit_use(tariff, label);
  if (!use) return false;
  const Span span = node(m, use->against).span;
  ExpressionId earned = clause.line ? clause.line : round_line(clause.amount, rounding_of(tariff, versions[0]), clause.span);  // what is earned is rounded, then spent
  if (pool_[earned].grain.time.unit == Period::Unit::none) earned = in_every(earned, tariff.headers.billing, span);
  if (ExpressionId inside = settled(tariff.headers.billing, span)) earned = pool_.select(inside, earned, pool_.constant(0, pool_[earned].type, span), span);  // the bank begins with the run
  const ExpressionId due = payable_lines(tariff, applied, m, use->against, earned);
  if (!due) return false;
  clause.line = {};
  if (use->carry) return carry_credit(tariff, *use, versions[0], earned, due, clause);
  const ExpressionId share = elaborate_share(node(m, tree(m).child(use->at_once, NodeKind::At)).children[0], m, tariff);
  if (!share) return false;
  const ExpressionId spent = pool_.make(Op::minimum, pool_[earned].type, {earned, due}, span), left = pool_.subtract(earned, spent, span);
  clause.amount = pool_.add({spent, pool_.multiply(left, share, span)}, span);
  return true;
}

// The bank of a credit: what is earned comes in, what the bills need goes out, and on the day of its true-up it is empty.
bool Elaborator::carry_credit(TariffInfo& tariff, const CreditUse& use, const LabelVersion& version, ExpressionId earned, ExpressionId due, TypedClause& clause) {
  const uint32_t m = version.module;
  const Span span = node(m, use.against).span;
  const Period billing = tariff.headers.billing;
  const Type money = pool_[earned].type;
  const ExpressionId zero = pool_.constant(0, money, span);
  const std::string key = tariff.key;
  Netting spending;
  spending.span = clause.span;
  spending.module = m;
  spending.clause = version.node;
  const Windows* windows = windows_of(billing);
  if (!windows) return false;
  spending.day = node(m, use.carry).children[0];
  auto true_up = true_up_windows(spending.day, m, *windows);
  if (!true_up) return false;
  spending.true_up = *true_up;
  const ExpressionId reset = in_windows(spending.true_up, billing, span);
  if (NodeId at = tree(m).child(use.carry, NodeKind::At)) {
    Context context;
    context.module = m;
    context.tariff = &tariff;
    context.default_period = billing;
    context.prices = tariff.headers.prices;
    context.as_of = settlement_->from;
    spending.price = elaborate_number(node(m, at).children[0], context);
    if (!spending.price) return false;
    const Dimension of = pool_[spending.price].type.dimension;
    if ((of != Dimension{.energy = -1, .money = 1} && of != Dimension{}) || !nests_in(billing, pool_[spending.price].grain.time)) {
      if (Diagnostic* d = error("WL4115", node(m, at).span, "what is left is paid as a share of it, or at a price for each kWh that the year exported beyond its import")) d->hint("write for example `then at 0.0350 " + program_.currencies[money.currency] + "/kWh`, or `then at 100%`");
      return false;
    }
  }
  const ExpressionId opening = opening_balance(tariff, money, {}, span);
  if (!opening) return false;
  ExpressionId in = earned;
  if (use.from_next) {  // the credit of the bill before, unless that was the last of its year
    Expression last;
    last.op = Op::previous;
    last.fn = Aggregate::sum;
    last.operands = {pool_.select(reset, zero, earned, span)};
    last.type = money;
    last.grain = {pool_[earned].grain.entity, billing};
    last.period = billing;
    last.span = span;
    last.count = 1;
    last.history = History::none;
    in = pool_.intern(std::move(last));
  }
  const ExpressionId change = with_opening(pool_.subtract(in, due, span), opening, begin_of(tariff), billing, span);
  Expression bank;
  bank.op = Op::running_surplus;
  bank.operands = {change, reset};
  bank.type = money;
  bank.grain = {std::max(pool_[change].grain.entity, pool_[reset].grain.entity), billing};
  bank.period = billing;
  bank.span = span;
  const ExpressionId left = pool_.intern(bank);
  bank.beyond = true;
  clause.amount = pool_.subtract(due, pool_.intern(std::move(bank)), span);
  clause.present = pool_.either({clause.present, pool_.negation(pool_.make(Op::equal, boolean_type(), {clause.amount, zero}, span), span)}, span);
  spending.surplus = {use.from_next ? pool_.add({left, earned}, span) : left};
  spendings_[key] = std::move(spending);
  return true;
}

ExpressionId Elaborator::elaborate_share(NodeId id, uint32_t module, TariffInfo& tariff) {
  Context context;
  context.module = module;
  context.tariff = &tariff;
  context.default_period = tariff.headers.billing;
  context.as_of = settlement_->from;
  ExpressionId share = elaborate_number(id, context);
  if (!share) return {};
  const Expression& e = pool_[share];
  if (e.type.dimension == Dimension{} && nests_in(tariff.headers.billing, e.grain.time) && !(pool_.is_constant(share) && (e.value < 0 || e.value > 1))) return share;
  if (Diagnostic* d = error("WL4115", node(module, id).span, "what a bill does not use is paid as a share of it")) d->hint("write a percentage from `0%` to `100%`");
  return {};
}

// Energy that was exported beyond what was imported since the last true-up, in the bill in which its year ends.
ExpressionId Elaborator::net_surplus(const Netting& spending, const TariffInfo& tariff) {
  const std::string& text = node(spending.module, spending.day).text;  // `15 April`
  Period year{.unit = Period::Unit::year};
  year.start_day = static_cast<uint8_t>(std::atoi(text.c_str()));
  year.start_month = static_cast<uint8_t>(month_number(text.substr(text.find(' ') + 1)));
  const Windows *years = windows_of(year), *bills = windows_of(tariff.headers.billing);
  if (!years || !bills) return {};
  for (uint32_t w = 1; w < years->size(); ++w)
    if (uint32_t step = years->first_step[w]; bills->first_step[bills->window_of_step[step]] != step) {
      if (Diagnostic* d = error("WL4124", node(spending.module, spending.day).span, "the year of the surplus ends on " + text + ", inside a bill")) d->hint("name the day on which a bill begins, or let `billing month starts` name this one");
      return {};
    }
  Context context;
  context.module = spending.module;
  context.tariff = &tariff;
  const Type energy = number_type({.energy = 1}, 0, true);
  const auto of_year = [&](const char* flow) { return pool_.aggregate(Aggregate::sum, flow_under(tariff, flow, context, spending.span), settled(kInterval, spending.span), year, spending.span); };
  ExpressionId net = pool_.subtract(of_year("export"), of_year("import"), spending.span);
  return pool_.make(Op::maximum, energy, {net, pool_.constant(0, energy, spending.span)}, spending.span);
}

void Elaborator::pay_unspent(TariffInfo& tariff, Applied& applied) {
  const auto found = spendings_.find(tariff.key);
  if (found == spendings_.end() || !found->second.price || settlement_->moments) return;
  const Netting& spending = found->second;
  const bool per_energy = pool_[spending.price].type.dimension != Dimension{};
  ExpressionId left = per_energy ? net_surplus(spending, tariff) : spending.surplus[0];
  if (!left) return;
  const ExpressionId due = in_windows(spending.true_up, tariff.headers.billing, spending.span);
  Expression money = pool_[pool_.multiply(left, spending.price, spending.span)];
  money.type.extensive = true;
  const ExpressionId amount = pool_.intern(std::move(money)), none = pool_.constant(0, pool_[amount].type, spending.span);
  const ExpressionId some = pool_.negation(pool_.make(Op::equal, boolean_type(), {left, pool_.constant(0, pool_[left].type, spending.span)}, spending.span), spending.span);
  TypedClause clause;
  clause.kind = ClauseKind::credit;
  clause.name = "surplus";
  clause.span = spending.span;
  clause.amount = pool_.select(pool_.both(due, applied.condition, spending.span), amount, none, spending.span);
  if (per_energy) clause.quantity = left;
  clause.present = pool_.both(pool_.both(due, some, spending.span), applied.condition, spending.span);
  VersionParts parts;
  parts.version.span = spending.span;
  parts.version.quantity = left;
  parts.version.rate = parts.version.base_rate = spending.price;
  parts.version.scope = clause.present;
  const LabelVersion version{spending.module, spending.clause, {}, {}, {}, {}};
  finish_clause(tariff, applied, std::move(clause), {{version, parts}});
}

}  // namespace wattlaw
