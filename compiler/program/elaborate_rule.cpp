// Rules over declarations and tariffs: each norm is read as of every day on which what it reads changes, so that it is a constant there.
#include <algorithm>
#include <utility>

#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

namespace {

const Date kAnyDay = date_of(2026, 1, 1);  // for rules that nothing dates

bool is_norm(NodeKind kind) { return kind == NodeKind::Norm; }

NormKind norm_kind(const std::string& word) { return word == "forbid" ? NormKind::forbid : word == "warn" ? NormKind::warn : NormKind::require; }

}  // namespace

// `check A, B` of a scenario: over its period, or over all versions of the texts where it has none.
void Elaborator::elaborate_checks(uint32_t module, NodeId scenario, std::optional<Date> from, std::optional<Date> until) {
  for (NodeId check : tree(module).children(scenario, NodeKind::Check))
    for (NodeId id : node(module, check).children) {
      const Node& name = node(module, id);
      if (Symbol* rule = find(name.text, module, Symbol::Kind::rule)) {
        elaborate_check(*rule, name.span, from, until);
        continue;
      }
      bool is_pack = false;  // a module: all of its rules
      if (const auto pack = module_named(name.text, module))
        for (Symbol& symbol : symbols_)
          if (symbol.kind == Symbol::Kind::rule && symbol.module == *pack) is_pack = true, elaborate_check(symbol, name.span, from, until);
      if (is_pack) continue;
      const std::string near = nearest_name(name.text, names_in_scope(module, Symbol::Kind::rule));
      if (Diagnostic* d = error("WL2014", name.span, "no rule is called `" + name.text + "`, and no module with rules")) d->hint(near.empty() ? "declare it: `rule " + name.text + " on tariff { require … }`" : "did you mean `" + near + "`?");
    }
}

void Elaborator::elaborate_check(Symbol& rule, Span checked, std::optional<Date> from, std::optional<Date> until) {
  rules_checked_.insert(&rule);
  const std::vector<uint32_t> series = settlement_->series, attributes = settlement_->attributes;
  TypedRule typed = elaborate_rule(rule, from, until);
  if (typed.on_data.empty()) {  // what declarations decide needs no data
    settlement_->series = series;
    settlement_->attributes = attributes;
  }
  if (std::none_of(typed.norms.begin(), typed.norms.end(), [](const TypedNorm& norm) { return !norm.versions.empty(); }) && typed.on_data.empty() && !diagnostics_.has_errors())
    if (Diagnostic* d = warning("WL4491", checked, "`" + rule.name + "` concerns nothing that `" + settlement_->name + "` looks at"))
      d->label(node(rule.module, rule.node).text_span, "the rule").hint("import or apply the tariffs it shall hold for, and look whether they have the clause and the condition that it names");
  settlement_->rules.push_back(std::move(typed));
}

// Rules that no scenario checks hold nowhere; mistakes in them are still told.
void Elaborator::elaborate_unchecked_rules(uint32_t module) {
  for (Symbol& symbol : symbols_) {
    if (symbol.kind != Symbol::Kind::rule || symbol.module != module || rules_checked_.contains(&symbol)) continue;
    const Node& n = node(module, symbol.node);
    Settlement draft;
    draft.kind = Settlement::Kind::standalone;
    draft.name = symbol.name;
    draft.span = n.text_span;
    draft.from = kAnyDay;
    draft.until = date_of(2027, 1, 1);
    draft.zone = zone_of(module, n.text_span, false).value_or("UTC");
    begin_settlement(std::move(draft), module);
    if (clock_) elaborate_rule(symbol, {}, {});
    program_.settlements.pop_back();
    settlement_ = nullptr;
    diagnostics_.note("WL4490", n.text_span, "`" + symbol.name + "` is a rule that no scenario checks").hint("write `check " + symbol.name + "` in a scenario");
  }
}

TypedRule Elaborator::elaborate_rule(Symbol& rule, std::optional<Date> from, std::optional<Date> until) {
  const Node& n = node(rule.module, rule.node);
  TypedRule typed;
  typed.name = rule.name;
  typed.span = n.text_span;
  if (NodeId binds = tree(rule.module).child(rule.node, NodeKind::Binds)) typed.binds = role_of(binds, rule.module);
  if (from && elaborate_data_rule(rule, typed)) return typed;
  if (NodeId pay = tree(rule.module).child(rule.node, NodeKind::OtherwisePay); pay && rules_checked_.contains(&rule) && from)
    if (Diagnostic* d = error("WL4409", node(rule.module, pay).span, "`" + rule.name + "` is decided by the texts, and nobody is billed for these")) d->hint("a payment belongs to a rule that a run decides, asked `for each` site, vehicle or record of the data");
  for (const RuleReading& subject : subjects_of(rule))
    for (NodeId c : n.children)
      if (is_norm(node(rule.module, c).kind)) typed.norms.push_back(elaborate_norm(rule, c, subject, from, until));
  return typed;
}

TypedNorm Elaborator::elaborate_norm(const Symbol& rule, NodeId id, const RuleReading& subject, std::optional<Date> from, std::optional<Date> until) {
  const Node& n = node(rule.module, id);
  TypedNorm norm;
  norm.kind = norm_kind(n.text);
  norm.span = n.span;
  if (subject.subject) {
    norm.subject = subject.subject->name;
    norm.subject_place = node(subject.subject->module, subject.subject->node).text_span;
  }
  for (NodeId owner : {rule.node, id})
    for (NodeId cite : tree(rule.module).children(owner, NodeKind::Cite)) norm.cites.push_back({node(rule.module, cite).text, node(rule.module, cite).span});
  // As of every date at which something read changes, until no new date shows up. Without a beginning the first text is the one before them all.
  std::set<Date> dates;
  std::map<Date, std::optional<NormVersion>> read;
  Date first = from.value_or(kAnyDay);
  const auto is_inside = [&](Date date) { return (!from || date > *from) && (!until || date < *until); };
  for (size_t before = SIZE_MAX; before != dates.size();) {
    before = dates.size();
    if (!from && !dates.empty()) first = Date{dates.begin()->days - 1};
    std::set<Date> wanted = dates;
    wanted.insert(first);
    for (Date date : wanted)
      if (!read.contains(date) && (date == first || is_inside(date))) read[date] = read_norm(rule, id, subject, date, dates);
  }
  for (const auto& [date, version] : read) {
    if (!version || (date != first && !dates.contains(date))) continue;
    norm.versions.push_back(*version);
    if (date != first || from) norm.versions.back().from = date;
    const auto next = dates.upper_bound(date);
    if (next != dates.end() && is_inside(*next)) norm.versions.back().until = *next;
  }
  return norm;
}

// A norm as the law stands on a day.
std::optional<NormVersion> Elaborator::read_norm(const Symbol& rule, NodeId id, RuleReading reading, Date as_of, std::set<Date>& dates) {
  const SyntaxTree& t = tree(rule.module);
  if (NodeId force = t.child(rule.node, NodeKind::InForce)) {
    for (NodeId c : t[force].children)
      if (auto date = parse_date(t[c].text)) {
        dates.insert(*date);
        if (t[c].kind == NodeKind::FromDate ? as_of < *date : as_of >= *date) return std::nullopt;
      }
  }
  Context context;
  context.module = rule.module;
  context.as_of = as_of;
  context.cut_dates = &dates;
  context.rule = &reading;
  std::vector<ParameterUse> parameters;
  context.parameters = &parameters;
  NormVersion version;
  if (reading.of_data) version.undecided = reading.undecided;
  else if (!read_conditions(rule.module, id, context, version)) return std::nullopt;
  if (!reading.jumps.empty() && !reading.bill_read)
    if (Diagnostic* d = error("WL4407", t[id].span, "a jump of `" + reading.jumps + "` is so much for each unit, and compared with an amount that is not")) d->hint("compare it with a share of the bill: `jump(…) <= 5% of " + reading.jumps + "`");
  version.text = fill_text(rule, context);
  version.figures = std::move(reading.figures);
  for (const ParameterUse& use : parameters) {
    const size_t later = static_cast<size_t>(std::upper_bound(use.dates.begin(), use.dates.end(), as_of) - use.dates.begin());
    const Expression& value = pool_[use.values[later == 0 ? 0 : later - 1]];
    if (value.op == Op::constant) version.figures.push_back({use.name, value.type, value.value, {}, value.span});
  }
  return version;
}

// What a condition comes to on the day of the context: yes, no, or undecided with the reason. None: it concerns nothing, or is in error.
std::optional<Elaborator::Answer> Elaborator::decide_condition(NodeId condition, Context& context) {
  RuleReading& reading = *context.rule;
  const std::string before = std::exchange(reading.undecided, "");
  const ExpressionId e = elaborate_boolean(condition, context);
  Answer answer{e, std::exchange(reading.undecided, before)};
  if (!e) return std::nullopt;
  if (answer.undecided.empty() && !pool_.is_constant(e)) answer.undecided = "`" + text_of(node(context.module, condition).span) + "` differs from site to site or from hour to hour";
  answer.yes = answer.undecided.empty() && pool_[e].value != 0;
  answer.no = answer.undecided.empty() && pool_[e].value == 0;
  return answer;
}

// `and`, `or` of a norm: what decides it, decides, whatever the other parts do not say.
ExpressionId Elaborator::elaborate_rule_logic(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  const bool all = n.kind == NodeKind::And;
  std::string undecided;
  std::vector<ExpressionId> parts;
  bool decided = false;
  for (NodeId c : n.children) {
    const auto answer = decide_condition(c, context);
    if (!answer) return {};
    decided = decided || (all ? answer->no : answer->yes);
    if (undecided.empty()) undecided = answer->undecided;
    parts.push_back(answer->value);
  }
  if (decided) return pool_.boolean(!all, n.span);
  if (context.rule->undecided.empty()) context.rule->undecided = undecided;
  return pool_.make(all ? Op::logical_and : Op::logical_or, boolean_type(), parts, n.span);
}

// The norm and its conditions; false: it does not apply on that day, or is in error.
bool Elaborator::read_conditions(uint32_t module, NodeId id, Context& context, NormVersion& version) {
  const SyntaxTree& t = tree(module);
  std::string undecided;
  for (NodeId c : t[id].children) {  // where it does not apply, nothing else is asked
    if (t[c].kind != NodeKind::When && t[c].kind != NodeKind::Except) continue;
    const bool excepts = t[c].kind == NodeKind::Except;
    const NodeId when = excepts ? t.child(c, NodeKind::When) : c;
    const auto answer = decide_condition(t[when].children[0], context);
    if (!answer || (excepts ? answer->yes : answer->no)) return false;
    if (undecided.empty()) undecided = answer->undecided;
  }
  if (NodeId deadline = t.child(id, NodeKind::Deadline)) {
    (void)deadline;
    return has_met_deadline(id, context, version);
  }
  const auto answer = decide_condition(t[id].children[0], context);
  if (!answer) return false;
  const bool forbids = t[id].text == "forbid", holds = forbids ? answer->no : answer->yes;
  version.undecided = holds ? "" : !answer->undecided.empty() ? answer->undecided : undecided;
  if (version.undecided.empty()) version.holds = pool_.boolean(holds, t[id].span);
  return true;
}

// A field that some member of the kind has, or an attribute that is declared of it.
bool Elaborator::may_say(const std::string& kind, const std::string& field) const {
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (const Node& n : tree(m).nodes)
      if (n.kind == NodeKind::Attribute && n.text == kind + "." + field) return true;
  return std::any_of(symbols_.begin(), symbols_.end(), [&](const Symbol& symbol) {
    if (symbol.kind != Symbol::Kind::member || node(symbol.module, tree(symbol.module).child(symbol.node, NodeKind::Is)).text != kind) return false;
    const auto values = tree(symbol.module).children(symbol.node, NodeKind::FieldValue);
    return std::any_of(values.begin(), values.end(), [&](NodeId value) { return node(symbol.module, value).text == field; });
  });
}

// The text of `otherwise`, with `{tariff}`, `{charger.owner}` and definitions of the rule filled in.
std::string Elaborator::fill_text(const Symbol& rule, Context& context) {
  const NodeId say = tree(rule.module).child(rule.node, NodeKind::OtherwiseSay);
  if (!say) return "";
  const Node& n = node(rule.module, say);
  const RuleReading& reading = *context.rule;
  const NodeId each = tree(rule.module).child(rule.node, NodeKind::ForEach);
  const std::string asked = each && !reading.subject ? node(rule.module, each).text : "";  // and none of them is declared
  std::string filled;
  for (size_t at = 0; at < n.text.size();) {
    const size_t open = n.text.find('{', at), close = open == std::string::npos ? open : n.text.find('}', open);
    filled += n.text.substr(at, close == std::string::npos ? std::string::npos : open - at);
    if (close == std::string::npos) break;
    const std::string name = n.text.substr(open + 1, close - open - 1);
    at = close + 1;
    if (reading.subject && name == reading.word) filled += reading.subject->name;
    else if (auto value = name.starts_with(reading.word + ".") ? value_of_field(name.substr(reading.word.size() + 1), context) : std::nullopt) filled += text_of(node(value->first, value->second).span);
    else if (reading.subject && reading.subject->kind == Symbol::Kind::member && name.starts_with(reading.word + ".") && may_say(reading.word, name.substr(reading.word.size() + 1))) filled += "(not said)";
    else if (!asked.empty() && (name == asked || name.starts_with(asked + "."))) filled += "{" + name + "}";
    else if (reading.subject || !reading.of_data) {
      if (Diagnostic* d = error("WL4406", n.span, "the text of `" + rule.name + "` names `{" + name + "}`, which the rule is not asked of"))
        d->hint(reading.subject ? "write `{" + reading.word + "}`" : "a rule without `on tariff` or `for each` has nothing to name");
    } else filled += "{" + name + "}";
  }
  return filled;
}

// A figure that its own script marks as not sure.
void Elaborator::warn_of_status() {
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (NodeId id : tree(m)[tree(m).root].children) {
      const Node& n = node(m, id);
      const NodeId status = n.kind == NodeKind::Parameter ? tree(m).child(id, NodeKind::Status) : NodeId{};
      if (!status || (m + 1 < modules_.list.size() && !scopes_[m][n.text]->used)) continue;  // an imported figure counts where it is read
      const Node& mark = node(m, status);
      if (mark.text == "unverified" || mark.text == "conflicting") {
        if (Diagnostic* d = warning("WL4092", mark.span, mark.text == "unverified" ? "`" + n.text + "` is marked unverified: nobody has compared it with its source" : "`" + n.text + "` is marked conflicting: its sources differ"))
          d->hint(m + 1 < modules_.list.size() ? "the text beside it says which figure is used; where that matters, declare a tariff with the figure you rely on" : "compare it, cite the source and take the mark away");
      } else if (mark.text != "verified") {
        if (Diagnostic* d = error("WL2015", mark.text_span, "no figure has the status `" + mark.text + "`")) d->hint("a figure is `status verified`, `status unverified` or `status conflicting`");
      }
    }
}

}  // namespace wattlaw
