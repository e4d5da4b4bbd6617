#include "compiler/syntax/build_tree.h"

namespace wattlaw {
namespace {

// Types of a rule's own tokens in order, for alternatives that differ by keyword alone.
size_t first_token_type(const Rule* rule) { return rule->start->getType(); }

}  // namespace

// ---- nodes

Span TreeBuilder::span_of(Rule* rule) const {
  const Span first = lexed_.span(rule->start);
  if (rule->stop == nullptr || rule->stop->getTokenIndex() < rule->start->getTokenIndex()) return {first.file, first.begin, first.begin};
  return {first.file, first.begin, lexed_.span(rule->stop).end};
}

NodeId TreeBuilder::add_node(NodeKind kind, Span span, std::string text) {
  tree_.nodes.push_back({kind, span, std::move(text), span, {}});
  return {static_cast<uint32_t>(tree_.nodes.size() - 1)};
}

NodeId TreeBuilder::add_labelled(NodeKind kind, Rule* rule, Rule* label) {
  const NodeId node = add(kind, rule, words_of(label));
  tree_.nodes[node.index].text_span = span_of(label);
  return node;
}

NodeId TreeBuilder::add_string(NodeKind kind, Rule* rule, Terminal* string) {
  const NodeId node = add(kind, rule, string_value(string));
  tree_.nodes[node.index].text_span = span_of(string);
  return node;
}

NodeId TreeBuilder::wrap(NodeKind kind, NodeId child, std::string text) {
  const NodeId node = add_node(kind, tree_[child].span, std::move(text));
  attach(node, child);
  return node;
}

NodeId TreeBuilder::add_token(NodeKind kind, Terminal* token) { return add_node(kind, span_of(token), text_of(token)); }

void TreeBuilder::widen(NodeId node, Span span) {
  Span& own = tree_.nodes[node.index].span;
  own = {own.file, std::min(own.begin, span.begin), std::max(own.end, span.end)};
}

std::string TreeBuilder::words_of(Rule* rule) const {
  std::string words;
  for (size_t i = rule->start->getTokenIndex(); i <= rule->stop->getTokenIndex(); ++i) {
    const Token* token = stream_.get(i);
    if (token->getChannel() == antlr4::Token::DEFAULT_CHANNEL) words += lexed_.text_of(token);
  }
  return words;
}

std::string TreeBuilder::spaced_words_of(Rule* rule) const {
  std::string words;
  for (size_t i = rule->start->getTokenIndex(); i <= rule->stop->getTokenIndex(); ++i) {
    const Token* token = stream_.get(i);
    if (token->getChannel() != antlr4::Token::DEFAULT_CHANNEL) continue;
    if (!words.empty()) words += ' ';
    words += lexed_.text_of(token);
  }
  return words;
}

std::string TreeBuilder::string_value(Terminal* string) const {
  const std::string quoted = text_of(string);
  std::string value;
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\' && i + 2 < quoted.size()) {
      ++i;
      value += quoted[i] == 'n' ? '\n' : quoted[i] == 't' ? '\t' : quoted[i];
    } else {
      value += quoted[i];
    }
  }
  return value;
}

// ---- logic and arithmetic

NodeId TreeBuilder::build_expression(Grammar::ExprContext* rule) {
  const auto parts = rule->andExpr();
  if (parts.size() == 1) return build_and(parts[0]);
  const NodeId node = add(NodeKind::Or, rule);
  for (auto* part : parts) attach(node, build_and(part));
  return node;
}

NodeId TreeBuilder::build_and(Grammar::AndExprContext* rule) {
  const auto parts = rule->notExpr();
  if (parts.size() == 1) return build_not(parts[0]);
  const NodeId node = add(NodeKind::And, rule);
  for (auto* part : parts) attach(node, build_not(part));
  return node;
}

NodeId TreeBuilder::build_not(Grammar::NotExprContext* rule) {
  if (rule->comparison() != nullptr) return build_comparison(rule->comparison());
  const NodeId node = add(NodeKind::Not, rule);
  attach(node, build_not(rule->notExpr()));
  return node;
}

NodeId TreeBuilder::build_comparison(Grammar::ComparisonContext* rule) {
  auto* tail = rule->comparisonTail();
  if (tail == nullptr) return build_sum(rule->sum());
  const std::string negated = tail->NOT() != nullptr ? "not in" : "in";
  NodeId node;
  if (tail->IS() != nullptr) {
    node = add(NodeKind::IsTest, rule, tail->NOT() != nullptr ? "is not" : "is");
    attach(node, build_sum(rule->sum()));
    auto* what = tail->isWhat();
    if (what->qname() != nullptr) attach(node, add_name(what->qname()));
    else if (what->dayTerm() != nullptr) attach(node, build_day_term(what->dayTerm()));
    else if (what->NONE() != nullptr) attach(node, add(NodeKind::None, what));
    else attach(node, add(NodeKind::Boolean, what, words_of(what)));
    return node;
  }
  if (tail->LBRACE() != nullptr) node = add(NodeKind::InSet, rule, negated);
  else if (tail->RANGE() != nullptr) node = add(NodeKind::InRange, rule, negated);
  else node = add(NodeKind::Compare, rule, std::string(lexed_.text_of(tail->start)));
  attach(node, build_sum(rule->sum()));
  for (auto* sum : tail->sum()) attach(node, build_sum(sum));
  return node;
}

NodeId TreeBuilder::build_sum(Grammar::SumContext* rule) {
  if (rule->children.size() == 1) return build_product(rule->product(0));
  const NodeId node = add(NodeKind::Sum, rule);
  for (auto* child : rule->children) {
    if (auto* sign = dynamic_cast<Terminal*>(child)) tree_.nodes[node.index].text += text_of(sign);
    else attach(node, build_product(static_cast<Grammar::ProductContext*>(child)));
  }
  return node;
}

NodeId TreeBuilder::build_product(Grammar::ProductContext* rule) {
  if (rule->children.size() == 1) return build_power(rule->power(0));
  const NodeId node = add(NodeKind::Product, rule);
  for (auto* child : rule->children) {
    if (auto* sign = dynamic_cast<Terminal*>(child)) tree_.nodes[node.index].text += text_of(sign)[0];  // `of` is o
    else attach(node, build_power(static_cast<Grammar::PowerContext*>(child)));
  }
  return node;
}

NodeId TreeBuilder::build_power(Grammar::PowerContext* rule) {
  const auto parts = rule->unary();
  if (parts.size() == 1) return build_unary(parts[0]);
  const NodeId node = add(NodeKind::Power, rule);
  for (auto* part : parts) attach(node, build_unary(part));
  return node;
}

NodeId TreeBuilder::build_unary(Grammar::UnaryContext* rule) {
  if (rule->tailed() != nullptr) return build_tailed(rule->tailed());
  const NodeId node = add(NodeKind::Negate, rule);
  attach(node, build_unary(rule->unary()));
  return node;
}

NodeId TreeBuilder::build_tailed(Grammar::TailedContext* rule) {
  NodeId node = build_primary(rule->primary());
  for (auto* tail : rule->tail()) node = build_tail(tail, node);
  return node;
}

NodeId TreeBuilder::build_tail(Grammar::TailContext* rule, NodeId base) {
  const Span whole = {lexed_.file, tree_[base].span.begin, span_of(rule).end};
  NodeId node;
  switch (first_token_type(rule)) {
    case Grammar::QUOTA_WITHIN:
    case Grammar::BEYOND: {
      const std::string word = rule->QUOTA_WITHIN() != nullptr ? "within" : "beyond";
      node = add_node(NodeKind::QuotaTail, whole, rule->QUOTA_FIRST() != nullptr ? word + " first" : word);
      attach(node, base);
      attach(node, build_primary(rule->primary(0)));
      if (rule->QUOTA_OF() != nullptr) attach(node, wrap(NodeKind::Counted, build_primary(rule->primary(1))));
      return node;
    }
    case Grammar::STARTING_AT: return attach_starting(base, build_starting(rule->starting()));
    case Grammar::AT_TIME:
      node = add_node(NodeKind::AtTimeOf, whole);
      attach(node, base);
      attach(node, build_primary(rule->primary(0)));
      return node;
    case Grammar::ROUNDED:
      node = add_node(NodeKind::RoundedTo, whole, spaced_words_of(rule->roundMode()));
      attach(node, base);
      attach(node, build_primary(rule->primary(0)));
      return node;
    case Grammar::UNDER:
      node = add_node(NodeKind::Under, whole, words_of(rule->qname()));
      tree_.nodes[node.index].text_span = span_of(rule->qname());
      attach(node, base);
      return node;
    default:
      node = add_node(NodeKind::WithTax, whole, rule->WITH() != nullptr ? "with" : "without");
      attach(node, base);
      attach(node, add_name(rule->name()));
      return node;
  }
}

// `per day starting 12:00` and `within first 6 h per day starting 12:00`: what starts is the period or allowance just before.
NodeId TreeBuilder::attach_starting(NodeId base, NodeId starting) {
  NodeId holder = base;
  if (tree_[base].kind == NodeKind::Call) {
    const NodeId last = tree_[base].children.empty() ? NodeId{} : tree_[base].children.back();
    holder = last && tree_[last].kind == NodeKind::SuffixPer ? tree_[last].children.front() : NodeId{};
    if (holder) widen(last, tree_[starting].span);
  } else if (tree_[base].kind != NodeKind::QuotaTail) {
    holder = {};
  }
  if (!holder) {
    const Span where = tree_[starting].span;
    misplaced_starting.push_back(where);
    return base;
  }
  attach(holder, starting);
  widen(holder, tree_[starting].span);
  widen(base, tree_[starting].span);
  return base;
}

NodeId TreeBuilder::build_primary(Grammar::PrimaryContext* rule) {
  if (rule->literal() != nullptr) return build_literal(rule->literal());
  if (rule->table() != nullptr) return build_table(rule->table());
  if (rule->dayTerm() != nullptr) return build_day_term(rule->dayTerm());
  if (rule->ALLOCATE() != nullptr) return build_allocate(rule);
  if (rule->operand() != nullptr) {
    const NodeId node = add(NodeKind::Extreme, rule, rule->LARGEST() != nullptr ? "largest" : "smallest");
    attach(node, build_operand(rule->operand()));
    attach(node, build_primary(rule->primary()));
    return node;
  }
  if (first_token_type(rule) == Grammar::LPAREN) return build_expression(rule->expr());
  if (rule->call() != nullptr) return build_call(rule);
  return add_name(rule->qname());
}

NodeId TreeBuilder::build_call(Grammar::PrimaryContext* rule) {
  const NodeId node = add_labelled(NodeKind::Call, rule, rule->qname());
  for (auto* argument : rule->call()->argument()) {
    const NodeId child = add(NodeKind::Argument, argument);
    const auto names = argument->name();
    const auto expressions = argument->expr();
    const bool labelled = argument->COLON() != nullptr;
    if (labelled) {
      tree_.nodes[child.index].text = words_of(names[0]);
      tree_.nodes[child.index].text_span = span_of(names[0]);
    }
    attach(child, build_expression(expressions[0]));
    if (argument->WHERE() != nullptr) attach(child, build_where(expressions[1]));
    if (argument->FOR() != nullptr) {
      Grammar::NameContext* counter = names.back();
      const NodeId for_in = add_node(NodeKind::ForIn, {lexed_.file, span_of(argument->FOR()).begin, span_of(argument).end}, words_of(counter));
      tree_.nodes[for_in.index].text_span = span_of(counter);
      for (auto* bound : argument->sum()) attach(for_in, build_sum(bound));
      attach(child, for_in);
    }
    attach(node, child);
  }
  for (auto* suffix : rule->call()->suffix()) attach(node, build_suffix(suffix));
  return node;
}

NodeId TreeBuilder::build_allocate(Grammar::PrimaryContext* rule) {
  const NodeId node = add(NodeKind::Allocate, rule, rule->equally() != nullptr ? "equally" : "");
  attach(node, build_sum(rule->sum()));
  attach(node, add_name(rule->qname()));
  attach(node, build_primary(rule->primary()));
  return node;
}

// ---- what follows a call, periods

NodeId TreeBuilder::build_suffix(Grammar::SuffixContext* rule) {
  NodeId node;
  if (rule->PER() != nullptr) {
    node = add(NodeKind::SuffixPer, rule);
    attach(node, build_period(rule->period()));
    return node;
  }
  auto* over = rule->overWhat();
  if (over == nullptr) return add(NodeKind::SuffixSoFar, rule, rule->name() != nullptr ? words_of(rule->name()) : "");
  if (over->PREVIOUS() != nullptr) {
    const bool same_time = over->SAME() != nullptr;
    node = add(same_time ? NodeKind::SuffixSameTime : NodeKind::SuffixPrevious, rule, same_time ? "" : over->THIS() != nullptr ? "this and previous" : "previous");
    attach(node, build_operand(over->operand()));
    attach(node, build_days_or_name(over->daysOrName()));
    return node;
  }
  if (over->SAME() != nullptr) {
    node = add(NodeKind::SuffixSame, rule, words_of(over->name()));
    tree_.nodes[node.index].text_span = span_of(over->name());
    return node;
  }
  node = add(NodeKind::SuffixOverAll, rule);
  if (over->ALL_OF() != nullptr) attach(node, add_name(over->qname(0)));
  if (over->WHERE() != nullptr) attach(node, over->expr() != nullptr ? build_where(over->expr()) : wrap(NodeKind::Where, add_name(over->qname(1))));
  return node;
}

NodeId TreeBuilder::build_operand(Grammar::OperandContext* rule) {
  return rule->number() != nullptr ? add(NodeKind::Number, rule, words_of(rule)) : add_name(rule->qname());
}

NodeId TreeBuilder::build_days_or_name(Grammar::DaysOrNameContext* rule) {
  return rule->daySet() != nullptr ? build_day_set(rule->daySet()) : add_name(rule->qname());
}

NodeId TreeBuilder::build_period(Grammar::PeriodContext* rule) {
  const NodeId node = add_labelled(NodeKind::Period, rule, rule->qname());
  if (rule->ROLLING_OVER() != nullptr) tree_.nodes[node.index].text.insert(0, "rolling ");
  if (rule->number() != nullptr) attach(node, add(NodeKind::Number, rule->number(), words_of(rule->number())));
  return node;
}

NodeId TreeBuilder::build_starting(Grammar::StartingContext* rule) {
  if (rule->yearDay() != nullptr) return add(NodeKind::Starting, rule, spaced_words_of(rule->yearDay()));
  return add(NodeKind::Starting, rule, text_of(rule->CLOCK_TIME()));
}

// ---- literals

NodeId TreeBuilder::build_literal(Grammar::LiteralContext* rule) {
  if (rule->quantity() != nullptr) return build_quantity(rule->quantity(), rule->amountTax());
  if (rule->DATE() != nullptr) return add_token(NodeKind::DateLiteral, rule->DATE());
  if (rule->DATETIME() != nullptr) return add_token(NodeKind::InstantLiteral, rule->DATETIME());
  if (rule->STRING() != nullptr) return add_string(NodeKind::StringLiteral, rule, rule->STRING());
  if (rule->NONE() != nullptr) return add(NodeKind::None, rule);
  return add(NodeKind::Boolean, rule, words_of(rule));
}

NodeId TreeBuilder::build_quantity(Grammar::QuantityContext* rule, Grammar::AmountTaxContext* tax) {
  const Span number_span = lexed_.span(rule->start);
  const std::string number(lexed_.text_of(rule->start));
  if (rule->children.size() == 1 && tax == nullptr) return add(NodeKind::Number, rule, number);
  const NodeId node = add(NodeKind::Quantity, rule, number);
  tree_.nodes[node.index].text_span = number_span;
  if (rule->PERCENT() != nullptr) attach(node, add_token(NodeKind::Unit, rule->PERCENT()));
  if (rule->unitProduct() != nullptr) attach(node, add(NodeKind::Unit, rule->unitProduct(), words_of(rule->unitProduct())));
  if (rule->name() != nullptr) attach(node, add(NodeKind::PerUnit, rule->name(), words_of(rule->name())));
  if (tax != nullptr) {
    attach(node, build_tax(tax, tax->name()));
    widen(node, span_of(tax));
  }
  return node;
}

NodeId TreeBuilder::build_year_day(Grammar::YearDayContext* rule) {
  return rule->DATE() != nullptr ? add_token(NodeKind::DateLiteral, rule->DATE()) : add(NodeKind::YearDay, rule, spaced_words_of(rule));
}

// ---- times

NodeId TreeBuilder::build_day_term(Grammar::DayTermContext* rule) {
  // `1 January` alone is a date of every year, not a set.
  if (rule->children.size() == 1 && rule->dayAtom(0)->monthSet() != nullptr && rule->dayAtom(0)->monthSet()->children.size() == 2) return add(NodeKind::YearDay, rule, spaced_words_of(rule));
  const NodeId node = add(NodeKind::TimeSet, rule);
  for (auto* atom : rule->dayAtom()) {
    if (atom->daySet() != nullptr) attach(node, build_day_set(atom->daySet()));
    if (atom->monthSet() != nullptr) attach(node, add(NodeKind::MonthSet, atom, spaced_words_of(atom)));
    for (auto* window : atom->timeWindow()) {
      const NodeId child = add(NodeKind::TimeWindow, window, text_of(window->CLOCK_TIME(0)) + " to " + text_of(window->CLOCK_TIME(1)));
      if (window->SAME() != nullptr) attach(child, add_node(NodeKind::WindowDay, span_of(window->SAME()), "same"));
      if (window->NEXT() != nullptr) attach(child, add_node(NodeKind::WindowDay, span_of(window->NEXT()), "next"));
      attach(node, child);
    }
  }
  for (auto* excluded : rule->excluded()) {
    const NodeId what = excluded->daySet() != nullptr ? build_day_set(excluded->daySet()) : add_name(excluded->qname());
    attach(node, wrap(NodeKind::Excluding, what));
  }
  return node;
}

NodeId TreeBuilder::build_day_set(Grammar::DaySetContext* rule) {
  if (rule->qname() == nullptr) return add(NodeKind::DaySet, rule, spaced_words_of(rule));
  const NodeId node = add(NodeKind::DaySet, rule, rule->HOLIDAYS() != nullptr ? "holidays" : "days");
  attach(node, add_name(rule->qname()));
  return node;
}

// ---- decision tables

NodeId TreeBuilder::build_table(Grammar::TableContext* rule) {
  const NodeId node = add(NodeKind::Table, rule, rule->hitPolicy() != nullptr ? spaced_words_of(rule->hitPolicy()) : "unique");
  for (auto* column : rule->primary()) attach(node, wrap(NodeKind::Column, build_primary(column)));
  for (auto* row : rule->tableRow()) attach(node, build_table_row(row));
  return node;
}

NodeId TreeBuilder::build_table_row(Grammar::TableRowContext* rule) {
  const NodeId node = add(NodeKind::TableRow, rule);
  const auto expressions = rule->expr();
  for (auto* key : rule->rowKey()) {
    const char* word = "is";
    if (key->ANY() != nullptr) word = "any";
    else if (key->FROM() != nullptr) word = "from";
    else if (key->ABOVE() != nullptr) word = "above";
    else if (key->UP() != nullptr) word = "up to";
    else if (key->AT() != nullptr) word = "at";
    const NodeId child = add(NodeKind::Key, key, word);
    if (key->sum() != nullptr) attach(child, build_sum(key->sum()));
    if (key->qname() != nullptr) attach(child, add_name(key->qname()));
    if (key->literal() != nullptr) attach(child, build_literal(key->literal()));
    attach(node, child);
  }
  if (rule->WHEN() != nullptr) attach(node, build_when(expressions[0]));
  if (rule->OTHERWISE() != nullptr) attach(node, add_node(NodeKind::Otherwise, span_of(rule->OTHERWISE())));
  attach(node, build_expression(expressions.back()));
  if (rule->cite() != nullptr) attach(node, build_cite(rule->cite()));
  return node;
}

}  // namespace wattlaw
