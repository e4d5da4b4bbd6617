#include "compiler/syntax/build_tree.h"

namespace wattlaw {
namespace {

// `net … per Tou, month`: the last word is the period if it names one, everything before it is a band set.
bool is_civil_period(std::string_view word) {
  for (const char* period : {"hour", "day", "week", "month", "quarter", "year", "interval", "bill"})
    if (word == period) return true;
  return false;
}

}  // namespace

void TreeBuilder::attach_body(NodeId parent, Grammar::BodyContext* rule) {
  for (auto* header : rule->header()) attach(parent, build_header(header));
  for (auto* clause : rule->clause()) attach(parent, build_clause(clause));
}

// ---- headers

NodeId TreeBuilder::build_header(Grammar::HeaderContext* rule) {
  if (rule->cite() != nullptr) return build_cite(rule->cite());
  if (rule->inForce() != nullptr) return build_in_force(rule->inForce());
  if (rule->roundingMod() != nullptr) return build_rounding(rule->roundingMod());
  NodeId node;
  if (rule->PRICES() != nullptr) {
    node = add(NodeKind::Prices, rule);
    attach(node, build_tax(rule->taxState(), rule->taxState()->name()));
  } else if (rule->COVERS() != nullptr) {
    node = add_labelled(NodeKind::Covers, rule, rule->name());
    if (rule->WHERE() != nullptr) attach(node, build_where(rule->expr()));
  } else if (rule->BILLING() != nullptr) {
    node = add_labelled(NodeKind::Billing, rule, rule->name());
    NodeId start;
    if (rule->number() != nullptr) start = add(NodeKind::BillingStart, rule->number(), words_of(rule->number()));
    else start = wrap(NodeKind::BillingStart, build_expression(rule->expr()));
    attach(node, start);
  } else if (rule->ORIGIN() != nullptr) {
    node = add_labelled(NodeKind::OriginAccounting, rule, rule->name());
  } else if (rule->PRICE() != nullptr) {
    node = add(NodeKind::SessionPrice, rule, rule->BY() != nullptr ? "by time" : "at start");
  } else if (rule->HISTORY() != nullptr) {
    node = add(NodeKind::History, rule, rule->NONE() != nullptr ? "none" : words_of(rule->qname()));
  } else if (rule->CHANGE() != nullptr) {
    node = add(NodeKind::ChangeWithin, rule, rule->DAYS() != nullptr ? "by days" : rule->START() != nullptr ? "at start" : "at end");
  } else if (rule->PARTIAL() != nullptr) {
    node = add(NodeKind::PartialPeriods, rule, rule->PRORATED() != nullptr ? "prorated by days" : rule->FULL() != nullptr ? "in full" : "none");
  } else {
    node = add(NodeKind::BlocksMeetBands, rule, rule->CHRONOLOGICALLY() != nullptr ? "chronologically" : "in proportion");
    if (rule->name() != nullptr) attach(node, add_name(rule->name()));
  }
  return node;
}

NodeId TreeBuilder::build_tax(Rule* rule, Rule* name) {
  const NodeId node = add(NodeKind::TaxState, rule, lexed_.text_of(rule->start) == "ex" ? "ex" : "incl");
  attach(node, add_name(name));
  return node;
}

NodeId TreeBuilder::build_cite(Grammar::CiteContext* rule) { return add_string(NodeKind::Cite, rule, rule->STRING()); }

NodeId TreeBuilder::build_let(Grammar::LetDeclContext* rule) {
  const NodeId node = add_labelled(NodeKind::Let, rule, rule->name());
  attach(node, build_expression(rule->expr()));
  return node;
}

NodeId TreeBuilder::build_in_force(Grammar::InForceContext* rule) {
  const NodeId node = add(NodeKind::InForce, rule);
  attach(node, add_token(NodeKind::FromDate, rule->DATE()));
  if (rule->untilDate() != nullptr) attach(node, build_until(rule->untilDate()));
  return node;
}

NodeId TreeBuilder::build_rounding(Grammar::RoundingModContext* rule) {
  if (rule->NONE() != nullptr) return add(NodeKind::Rounding, rule, "none");
  const NodeId node = add(NodeKind::Rounding, rule, spaced_words_of(rule->roundMode()));
  attach(node, build_sum(rule->sum()));
  attach(node, add(NodeKind::Granularity, rule->name(), words_of(rule->name())));
  return node;
}

// ---- clauses

NodeId TreeBuilder::build_clause(Grammar::ClauseContext* rule) {
  if (rule->letDecl() != nullptr) return build_let(rule->letDecl());
  if (rule->netting() != nullptr) return build_net(rule->netting());
  if (rule->MINIMUM() != nullptr || rule->MAXIMUM() != nullptr) return build_limit_of_bill(rule);
  NodeId node;
  if (rule->PAY() != nullptr) {
    node = add_labelled(NodeKind::Pay, rule, rule->name(2));
    attach(node, add(NodeKind::Payer, rule->name(0), words_of(rule->name(0))));
    attach(node, add(NodeKind::Payee, rule->name(1), words_of(rule->name(1))));
    attach_amount(node, rule->amount());
  } else if (rule->TAX() != nullptr) {
    node = add_labelled(NodeKind::Tax, rule, rule->name(0));
    attach(node, wrap(NodeKind::At, build_sum(rule->sum())));
    const auto taxed = rule->qname();
    const NodeId on = add_node(NodeKind::On, {lexed_.file, span_of(rule->ON()).begin, span_of(taxed.back()).end});
    attach_names(on, taxed);
    attach(node, on);
  } else if (rule->LIMIT() != nullptr) {
    node = add(NodeKind::Limit, rule);
    attach(node, build_expression(rule->expr()));
  } else if (rule->IF() != nullptr) {
    node = add(NodeKind::Group, rule);
    attach(node, build_when(rule->expr()));
    for (auto* clause : rule->clause()) attach(node, build_clause(clause));
  } else {
    node = add_labelled(rule->CHARGE() != nullptr ? NodeKind::Charge : NodeKind::Credit, rule, rule->name(0));
    attach_amount(node, rule->amount());
  }
  for (auto* modifier : rule->modifier()) attach(node, build_modifier(modifier));
  return node;
}

// `maximum 75 EUR incl vat`: the words bind to the amount in the grammar, but say what the cap caps.
NodeId TreeBuilder::build_limit_of_bill(Grammar::ClauseContext* rule) {
  const NodeId node = add(rule->MINIMUM() != nullptr ? NodeKind::Minimum : NodeKind::Maximum, rule);
  const NodeId amount = build_sum(rule->sum());
  attach(node, amount);
  if (rule->capBasis() != nullptr) {
    const NodeId basis = add(NodeKind::CapBasis, rule->capBasis(), rule->capBasis()->BEFORE() != nullptr ? "before" : "incl");
    attach(basis, add_name(rule->capBasis()->name()));
    attach(node, basis);
  } else if (const NodeId tax = tree_[amount].kind == NodeKind::Quantity ? tree_.child(amount, NodeKind::TaxState) : NodeId{};
             tax && tree_[tax].text == "incl") {
    tree_.nodes[amount.index].children.pop_back();
    tree_.nodes[tax.index].kind = NodeKind::CapBasis;
    attach(node, tax);
  }
  for (auto* modifier : rule->modifier()) attach(node, build_modifier(modifier));
  return node;
}

void TreeBuilder::attach_amount(NodeId parent, Grammar::AmountContext* rule) {
  const NodeId what = wrap(rule->ON() != nullptr ? NodeKind::On : NodeKind::Of, build_sum(rule->sum()));
  widen(what, lexed_.span(rule->start));
  attach(parent, what);
  if (rule->pricing() != nullptr) attach(parent, build_pricing(rule->pricing()));
}

NodeId TreeBuilder::build_pricing(Grammar::PricingContext* rule) {
  if (rule->table() != nullptr) return build_table(rule->table());
  if (rule->AT() != nullptr) {
    const NodeId at = wrap(NodeKind::At, build_sum(rule->sum()));
    widen(at, span_of(rule));
    return at;
  }
  const NodeId node = add(rule->BLOCKS() != nullptr ? NodeKind::Blocks : NodeKind::Steps, rule);
  if (rule->period() != nullptr) attach(node, build_period_starting(rule->period(), rule->starting()));
  for (auto* row : rule->blockRow()) {
    const NodeId child = add(NodeKind::BlockRow, row, row->FIRST() != nullptr ? "first" : row->NEXT() != nullptr ? "next" : "rest");
    for (auto* sum : row->sum()) attach(child, build_sum(sum));
    if (row->cite() != nullptr) attach(child, build_cite(row->cite()));
    attach(node, child);
  }
  for (auto* row : rule->stepRow()) {
    const NodeId child = add(NodeKind::StepRow, row, row->FROM() != nullptr ? "from" : row->ABOVE() != nullptr ? "above" : "up to");
    for (auto* sum : row->sum()) attach(child, build_sum(sum));
    if (row->cite() != nullptr) attach(child, build_cite(row->cite()));
    attach(node, child);
  }
  return node;
}

NodeId TreeBuilder::build_net(Grammar::NettingContext* rule) {
  const NodeId node = add(NodeKind::Net, rule);
  auto names = rule->name();
  Grammar::NameContext* period = nullptr;
  if (is_civil_period(words_of(names.back()))) {
    period = names.back();
    names.pop_back();
  }
  attach_names(node, names);
  if (period != nullptr) attach(node, add(NodeKind::Period, period, words_of(period)));
  if (rule->carry() != nullptr) attach(node, build_carry(rule->carry()));
  if (rule->bandEnds() != nullptr) attach(node, build_band_ends(rule->bandEnds()));
  return node;
}

NodeId TreeBuilder::build_carry(Grammar::CarryContext* rule) {
  const NodeId node = add(NodeKind::Carry, rule, rule->UNTIL() != nullptr ? "until" : rule->SURPLUS() != nullptr ? "at" : "next");
  if (rule->yearDay() != nullptr) attach(node, build_year_day(rule->yearDay()));
  if (rule->sum() != nullptr) attach(node, wrap(NodeKind::At, build_sum(rule->sum())));
  return node;
}

NodeId TreeBuilder::build_band_ends(Grammar::BandEndsContext* rule) {
  if (rule->KEPT() != nullptr) return add(NodeKind::BandEnds, rule, "kept");
  if (rule->LOST() != nullptr) return add(NodeKind::BandEnds, rule, "lost");
  const NodeId node = add(NodeKind::BandEnds, rule, "to");
  attach(node, add_name(rule->qname()));
  for (auto* move : rule->bandMove()) attach_names(node, move->name());
  return node;
}

// ---- modifiers

NodeId TreeBuilder::build_modifier(Grammar::ModifierContext* rule) {
  if (rule->cite() != nullptr) return build_cite(rule->cite());
  if (rule->inForce() != nullptr) return build_in_force(rule->inForce());
  if (rule->roundingMod() != nullptr) return build_rounding(rule->roundingMod());
  if (rule->exceptWhen() != nullptr) return build_exception(rule->exceptWhen());
  if (rule->forEach() != nullptr) return build_for_each(rule->forEach());
  if (rule->carry() != nullptr) return build_carry(rule->carry());
  NodeId node;
  if (rule->WHEN() != nullptr) {
    node = build_when(rule->expr());
  } else if (rule->COUNTED() != nullptr) {
    node = wrap(NodeKind::CountedIn, build_sum(rule->sum()));
    if (rule->TOGETHER() != nullptr) attach(node, add(NodeKind::Together, rule->name(0), words_of(rule->name(0))));
  } else if (rule->AGAINST() != nullptr) {
    node = add(NodeKind::Against, rule);
    attach_names(node, rule->name());
  } else if (rule->AT() != nullptr) {
    node = wrap(rule->MOST() != nullptr ? NodeKind::AtMost : NodeKind::AtLeast, build_sum(rule->sum()));
  } else if (rule->ALLOCATED() != nullptr) {
    node = wrap(NodeKind::AllocatedBy, build_sum(rule->sum()), rule->equally() != nullptr ? "equally" : "");
  } else if (rule->ONCE() != nullptr) {
    node = wrap(NodeKind::Once, build_sum(rule->sum()));
  } else {
    node = add_labelled(NodeKind::To, rule, rule->name(0));
  }
  widen(node, span_of(rule));
  return node;
}

NodeId TreeBuilder::build_exception(Grammar::ExceptWhenContext* rule) {
  const NodeId node = add_labelled(NodeKind::Except, rule, rule->name(0));
  attach(node, build_when(rule->expr()));
  if (rule->sum() != nullptr) attach(node, wrap(NodeKind::At, build_sum(rule->sum())));
  if (rule->OVERRIDES() != nullptr) attach(node, add(NodeKind::Overrides, rule->name(1), words_of(rule->name(1))));
  for (auto* cite : rule->cite()) attach(node, build_cite(cite));
  return node;
}

NodeId TreeBuilder::build_for_each(Grammar::ForEachContext* rule) {
  const NodeId node = add_labelled(NodeKind::ForEach, rule, rule->qname());
  if (rule->WHERE() != nullptr) attach(node, build_where(rule->expr()));
  return node;
}

}  // namespace wattlaw
