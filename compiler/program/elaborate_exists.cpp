// `exists(cpp_event where cpp_event.day = today)`: yes at each interval for which the file of records has a row that fits.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

using Term = RecordQuestion::Term;
using Comparison = RecordQuestion::Comparison;

const char* const kCanBeAsked = "a record's day is compared with `today` or a date, its instant with `now`, and a member with the one at hand: `exists(booking where booking.vehicle is vehicle and booking.begins <= now and now < booking.ends)`";

}  // namespace

// What a field of a kind of records is declared as: "date", "instant", …; empty if it has none of that name.
std::string Elaborator::field_type(const Symbol& kind, const std::string& field) const {
  const SyntaxTree& t = tree(kind.module);
  for (NodeId f : t.children(kind.node, NodeKind::Field)) {
    if (t[f].text != field) continue;
    const NodeId type = t.child(f, NodeKind::Type), unit = type ? t.child(type, NodeKind::TypeUnit) : NodeId{};
    return unit ? t[unit].text : "one of";
  }
  return "";
}

std::vector<std::string> Elaborator::fields_of(const Symbol& kind) const {
  std::vector<std::string> names;
  for (NodeId f : tree(kind.module).children(kind.node, NodeKind::Field)) names.push_back(kind.name + "." + node(kind.module, f).text);
  return names;
}

// One side of a comparison; `is_day` is told what kind of time it is, where it says.
std::optional<RecordQuestion::Term> Elaborator::record_term(NodeId id, const Symbol& kind, RecordQuestion& question, std::optional<bool>& is_day, const Context& context) {
  const Node& n = node(context.module, id);
  if (n.kind == NodeKind::DateLiteral) {
    const auto date = parse_date(n.text);
    is_day = true;
    if (date) return Term{Term::Kind::fixed, 0, date->days};
  }
  if (n.kind == NodeKind::Sum && n.children.size() == 2 && (n.text == "+" || n.text == "-") && node(context.module, n.children[0]).text == "now") {  // `now + 4 h`
    Context inner = context;
    const ExpressionId length = elaborate_number(n.children[1], inner);
    if (!length) return std::nullopt;
    const Rational seconds = pool_.is_constant(length) ? Rational(pool_[length].value * 3600) : Rational(1, 2);
    if (pool_[length].type.dimension == Dimension{.time = 1} && denominator(seconds) == 1) {
      is_day = false;
      return Term{Term::Kind::step, 0, static_cast<int64_t>(numerator(seconds)) * (n.text == "+" ? 1 : -1)};
    }
  }
  if (n.kind == NodeKind::Name && (n.text == "today" || n.text == "now")) {
    is_day = n.text == "today";
    return Term{Term::Kind::step, 0, 0};
  }
  if (n.kind == NodeKind::Name && n.text.starts_with(kind.name + ".")) {
    const std::string field = n.text.substr(kind.name.size() + 1), type = field_type(kind, field);
    if (type.empty()) {
      if (Diagnostic* d = error("WL2001", n.span, "`" + kind.name + "` has no field `" + field + "`")) {
        const std::string near = nearest_name(n.text, fields_of(kind));
        d->hint(near.empty() ? "declare it: `kind " + kind.name + " { " + field + ": date }`" : "did you mean `" + near + "`?");
      }
      return std::nullopt;
    }
    if (type == "date" || type == "instant") {
      is_day = type == "date";
      const auto known = std::find_if(question.fields.begin(), question.fields.end(), [&](const auto& f) { return f.column == field; });
      const uint32_t index = static_cast<uint32_t>(known - question.fields.begin());
      if (known == question.fields.end()) question.fields.push_back({field, type == "date"});
      return Term{Term::Kind::field, index, 0};
    }
  }
  if (Diagnostic* d = error("WL2025", n.span, "`" + text_of(n.span) + "` cannot be asked of a record at each interval")) d->hint(kCanBeAsked);
  return std::nullopt;
}

bool Elaborator::record_condition(NodeId id, const Symbol& kind, RecordQuestion& question, const Context& context) {
  const Node& n = node(context.module, id);
  if (n.kind == NodeKind::And) return std::all_of(n.children.begin(), n.children.end(), [&](NodeId c) { return record_condition(c, kind, question, context); });
  if (n.kind == NodeKind::IsTest && n.text == "is") {  // `booking.vehicle is vehicle`: of the member at hand
    const Node &left = node(context.module, n.children[0]), &right = node(context.module, n.children[1]);
    const std::string field = left.kind == NodeKind::Name && left.text.starts_with(kind.name + ".") ? left.text.substr(kind.name.size() + 1) : "";
    if (!field.empty() && right.kind == NodeKind::Name && field_type(kind, field) == right.text && entity_named(right.text, context.module)) {
      if (!question.of_member.empty() && question.of_member != field) {
        if (Diagnostic* d = error("WL2025", n.span, "records are asked of one member")) d->hint("ask for each of them, `exists(… where " + kind.name + "." + field + " is " + right.text + ")`, and join the two with `and`");
        return false;
      }
      question.of_member = field;
      return true;
    }
  }
  static const std::map<std::string, std::pair<Comparison::Op, bool>> kOps = {{"=", {Comparison::Op::equal, false}}, {"!=", {Comparison::Op::not_equal, false}},
    {"<", {Comparison::Op::less, false}}, {"<=", {Comparison::Op::less_equal, false}}, {">", {Comparison::Op::less, true}}, {">=", {Comparison::Op::less_equal, true}}};
  const auto op = kOps.find(n.text);
  if (n.kind != NodeKind::Compare || op == kOps.end()) {
    if (Diagnostic* d = error("WL2025", n.span, "`" + text_of(n.span) + "` cannot be asked of a record at each interval")) d->hint(kCanBeAsked);
    return false;
  }
  std::optional<bool> left_day, right_day;
  const auto left = record_term(n.children[0], kind, question, left_day, context);
  const auto right = left ? record_term(n.children[1], kind, question, right_day, context) : std::nullopt;
  if (!left || !right) return false;
  if (left_day != right_day || (left->kind != Term::Kind::field && right->kind != Term::Kind::field)) {
    if (Diagnostic* d = error("WL2025", n.span, left_day != right_day ? "a day is compared with an instant" : "this asks nothing of the record")) d->hint(kCanBeAsked);
    return false;
  }
  Comparison comparison{op->second.first, *left, *right, *left_day};
  if (op->second.second) std::swap(comparison.left, comparison.right);
  question.all_of.push_back(comparison);
  return true;
}

ExpressionId Elaborator::elaborate_exists(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const NodeId argument = tree(context.module).child(id, NodeKind::Argument);
  const NodeId what = argument && !node(context.module, argument).children.empty() ? node(context.module, argument).children[0] : NodeId{};
  const std::string name = what ? node(context.module, what).text : "";
  const Symbol* kind = what && node(context.module, what).kind == NodeKind::Name ? find(name, context.module, Symbol::Kind::record) : nullptr;
  if (!kind || n.children.size() != 1) {
    if (Diagnostic* d = error("WL2026", what ? node(context.module, what).span : n.span, "`exists` asks for records of one kind")) {
      const std::string near = kind ? "" : nearest_name(name, names_in_scope(context.module, Symbol::Kind::record));
      d->hint(near.empty() ? "declare the kind, `kind event { day: date }`, and write `exists(event where event.day = today)`" : "did you mean `" + near + "`?");
    }
    return {};
  }
  RecordQuestion question;
  question.kind = kind->name;
  if (NodeId where = tree(context.module).child(argument, NodeKind::Where))
    if (!record_condition(node(context.module, where).children[0], *kind, question, context)) return {};
  const EntityGrain entity = question.of_member.empty() ? EntityGrain::none : *entity_named(field_type(*kind, question.of_member), kind->module);
  return answers_to(std::move(question), text_of(n.span), entity, n.span);
}

// The same question is one series, wherever it is asked.
ExpressionId Elaborator::answers_to(RecordQuestion question, const std::string& name, EntityGrain entity, Span span) {
  auto known = series_index_.find(name);
  if (known == series_index_.end()) {
    SeriesDeclaration declaration;
    declaration.name = name;
    declaration.type = number_type();
    declaration.request.trace = declaration.request.column = question.kind;
    declaration.request.per_member = false;
    declaration.request.flow = Flow::intensive;
    declaration.request.quantum = Quantum{1, 1};
    declaration.request.yes_no = true;
    if (entity != EntityGrain::none) {
      declaration.entity = entity;
      declaration.request.entity = entity_name(program_, entity);
    }
    declaration.request.question = std::move(question);
    known = series_index_.emplace(name, static_cast<uint32_t>(program_.series.size())).first;
    program_.series.push_back(std::move(declaration));
  }
  ExpressionId yes = series(known->first, span);
  return pool_.make(Op::equal, boolean_type(), {yes, pool_.constant(1, number_type(), span)}, span);
}

}  // namespace wattlaw
