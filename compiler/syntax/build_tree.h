// build_tree: ANTLR's parse tree of a text without errors -> SyntaxTree nodes as syntax_nodes.def lists them. Private to
// compiler/syntax; one file a topic: build_declarations.cpp, build_clauses.cpp, build_expressions.cpp. The one header that shows ANTLR,
// as the parse tree's classes cannot be declared without it.
//   sum(import) per month   ->   Call "sum" (Argument (Name "import"), SuffixPer (Period "month"))
#pragma once
#include <string>
#include <vector>

#include "WattlawParser.h"
#include "antlr4-runtime.h"
#include "compiler/syntax/lex_source.h"

namespace wattlaw {

using Rule = antlr4::ParserRuleContext;
using Terminal = antlr4::tree::TerminalNode;

class TreeBuilder {
 public:
  // `stream` is the one that was parsed: token indices in the parse tree are its own.
  TreeBuilder(const LexedSource& lexed, antlr4::CommonTokenStream& stream, SyntaxTree& tree) : lexed_(lexed), stream_(stream), tree_(tree) {}

  // One file, or a stretch of one: children are appended to `parent`. `missing` are stretches of tokens that did not parse and were
  // taken out before; a Missing node stands where they stood.
  void build_file(Grammar::FileContext* file, NodeId parent, std::vector<Span> missing);
  NodeId build_expression(Grammar::ExprContext* expression);
  NodeId add_node(NodeKind kind, Span span, std::string text = "");
  // `starting …` behind something that is no period or allowance.
  std::vector<Span> misplaced_starting;
  void attach(NodeId parent, NodeId child) { tree_.nodes[parent.index].children.push_back(child); }

 private:
  // ---- nodes
  NodeId add(NodeKind kind, Rule* rule) { return add_node(kind, span_of(rule)); }
  NodeId add(NodeKind kind, Rule* rule, std::string text) { return add_node(kind, span_of(rule), std::move(text)); }
  NodeId add_labelled(NodeKind kind, Rule* rule, Rule* label);  // text and text_span from `label`
  NodeId add_string(NodeKind kind, Rule* rule, Terminal* string);
  NodeId add_name(Rule* name) { return add(NodeKind::Name, name, words_of(name)); }
  // A wrapper with one child, its span that of the child.
  NodeId wrap(NodeKind kind, NodeId child, std::string text = "");
  NodeId add_token(NodeKind kind, Terminal* token);
  void widen(NodeId node, Span span);
  Span span_of(Rule* rule) const;
  Span span_of(Terminal* token) const { return lexed_.span(token->getSymbol()); }
  std::string text_of(Terminal* token) const { return std::string(lexed_.text_of(token->getSymbol())); }
  std::string words_of(Rule* rule) const;         // tokens joined without blanks: a.b, NOK/kWh
  std::string spaced_words_of(Rule* rule) const;  // tokens joined by one blank
  std::string string_value(Terminal* string) const;
  template <class Names> void attach_names(NodeId parent, const Names& names) {
    for (auto* name : names) attach(parent, add_name(name));
  }

  // ---- declarations
  NodeId build_item(Grammar::ItemContext* item);
  NodeId build_actor(Grammar::ActorItemContext* rule);
  NodeId build_member(Grammar::MemberItemContext* rule);
  NodeId build_kind(Grammar::KindItemContext* rule);
  NodeId build_attribute(Grammar::AttributeItemContext* rule);
  NodeId build_trace(Grammar::TraceItemContext* rule);
  NodeId build_calendar(Grammar::CalendarItemContext* rule);
  NodeId build_bands(Grammar::BandsItemContext* rule);
  NodeId build_parameter(Grammar::ParameterItemContext* rule);
  NodeId build_tariff(Grammar::TariffItemContext* rule);
  NodeId build_contract(Grammar::ContractItemContext* rule);
  NodeId build_service(Grammar::ServiceItemContext* rule);
  NodeId build_service_entry(Grammar::ServiceEntryContext* rule);
  NodeId build_dispatch(Grammar::DispatchItemContext* rule);
  NodeId build_dispatch_entry(Grammar::DispatchEntryContext* rule);
  NodeId build_action(Grammar::ActionContext* rule);
  NodeId build_rule(Grammar::RuleItemContext* rule);
  NodeId build_rule_entry(Grammar::RuleEntryContext* rule);
  NodeId take_label(NodeId payment, NodeId amount);
  NodeId build_amend(Grammar::AmendItemContext* rule);
  NodeId build_reform(Grammar::ReformItemContext* rule);
  NodeId build_scenario(Grammar::ScenarioItemContext* rule);
  NodeId build_scenario_entry(Grammar::ScenarioEntryContext* rule);
  NodeId build_reform_entry(Grammar::ReformEntryContext* rule);
  NodeId build_apply(Grammar::ApplyEntryContext* rule);
  NodeId build_show(Grammar::ShowEntryContext* rule);
  NodeId build_space(Grammar::SpaceItemContext* rule);
  NodeId build_test(Grammar::TestItemContext* rule);
  NodeId build_test_entry(Grammar::TestEntryContext* rule);
  NodeId build_type(Grammar::TypeContext* rule);
  NodeId build_default(Grammar::DefaultValueContext* rule);
  NodeId build_field(Grammar::FieldContext* rule);
  NodeId build_until(Grammar::UntilDateContext* rule);
  NodeId build_dated_value(Grammar::DatedValueContext* rule);
  NodeId build_ranging(Grammar::RangingContext* rule);
  void attach_field_values(NodeId parent, Grammar::FieldValuesContext* rule);

  // ---- clauses
  void attach_body(NodeId parent, Grammar::BodyContext* rule);
  NodeId build_header(Grammar::HeaderContext* rule);
  NodeId build_clause(Grammar::ClauseContext* rule);
  NodeId build_net(Grammar::NettingContext* rule);
  NodeId build_carry(Grammar::CarryContext* rule);
  NodeId build_band_ends(Grammar::BandEndsContext* rule);
  NodeId build_limit_of_bill(Grammar::ClauseContext* rule);
  void attach_amount(NodeId parent, Grammar::AmountContext* rule);
  NodeId build_pricing(Grammar::PricingContext* rule);
  NodeId build_modifier(Grammar::ModifierContext* rule);
  NodeId build_exception(Grammar::ExceptWhenContext* rule);
  NodeId build_for_each(Grammar::ForEachContext* rule);
  NodeId build_in_force(Grammar::InForceContext* rule);
  NodeId build_rounding(Grammar::RoundingModContext* rule);
  NodeId build_tax(Rule* rule, Rule* name);
  NodeId build_cite(Grammar::CiteContext* rule);
  NodeId build_let(Grammar::LetDeclContext* rule);

  // ---- expressions
  NodeId build_and(Grammar::AndExprContext* rule);
  NodeId build_not(Grammar::NotExprContext* rule);
  NodeId build_comparison(Grammar::ComparisonContext* rule);
  NodeId build_sum(Grammar::SumContext* rule);
  NodeId build_product(Grammar::ProductContext* rule);
  NodeId build_power(Grammar::PowerContext* rule);
  NodeId build_unary(Grammar::UnaryContext* rule);
  NodeId build_tailed(Grammar::TailedContext* rule);
  NodeId build_tail(Grammar::TailContext* rule, NodeId base);
  NodeId build_primary(Grammar::PrimaryContext* rule);
  NodeId build_call(Grammar::PrimaryContext* rule);
  NodeId build_allocate(Grammar::PrimaryContext* rule);
  NodeId build_suffix(Grammar::SuffixContext* rule);
  NodeId build_operand(Grammar::OperandContext* rule);
  NodeId build_days_or_name(Grammar::DaysOrNameContext* rule);
  NodeId build_period(Grammar::PeriodContext* rule);
  NodeId build_period_starting(Grammar::PeriodContext* rule, Grammar::StartingContext* starting) {
    const NodeId period = build_period(rule);
    if (starting != nullptr) attach(period, build_starting(starting));
    return period;
  }
  NodeId attach_starting(NodeId base, NodeId starting);
  NodeId build_starting(Grammar::StartingContext* rule);
  NodeId build_literal(Grammar::LiteralContext* rule);
  NodeId build_quantity(Grammar::QuantityContext* rule, Grammar::AmountTaxContext* tax);
  NodeId build_year_day(Grammar::YearDayContext* rule);
  NodeId build_day_term(Grammar::DayTermContext* rule);
  NodeId build_day_set(Grammar::DaySetContext* rule);
  NodeId build_table(Grammar::TableContext* rule);
  NodeId build_table_row(Grammar::TableRowContext* rule);
  NodeId build_where(Grammar::ExprContext* condition) { return wrap(NodeKind::Where, build_expression(condition)); }
  NodeId build_when(Grammar::ExprContext* condition) { return wrap(NodeKind::When, build_expression(condition)); }

  const LexedSource& lexed_;
  antlr4::CommonTokenStream& stream_;
  SyntaxTree& tree_;
};

}  // namespace wattlaw
