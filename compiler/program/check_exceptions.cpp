// Exceptions that hold at the same time with no order between them. Decided here where conditions speak of bands, dates and
// attributes; what speaks of metered values is watched by the run, which names member and time (WL7103).
#include <fmt/format.h>

#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {

constexpr size_t kMostCases = 200000;

// Truth of a condition under one choice of leaf values; nullopt where it reads something that is not a leaf.
class CaseEvaluator {
 public:
  CaseEvaluator(const TypedProgram& program, std::map<uint32_t, Rational>& leaves) : program_(program), leaves_(leaves) {}
  std::optional<Rational> value(ExpressionId id) const {
    const Expression& e = program_[id];
    if (auto it = leaves_.find(id.index); it != leaves_.end()) return it->second;
    std::vector<Rational> v;
    for (ExpressionId operand : e.operands) {
      auto x = value(operand);
      if (!x) return std::nullopt;
      v.push_back(*x);
    }
    auto truth = [](bool b) { return Rational(b ? 1 : 0); };
    switch (e.op) {
      case Op::constant: return e.value;
      case Op::equal: return truth(v[0] == v[1]);
      case Op::less: return truth(v[0] < v[1]);
      case Op::less_equal: return truth(v[0] <= v[1]);
      case Op::logical_not: return truth(v[0] == 0);
      case Op::logical_and: return truth(std::all_of(v.begin(), v.end(), [](const Rational& x) { return x != 0; }));
      case Op::logical_or: return truth(std::any_of(v.begin(), v.end(), [](const Rational& x) { return x != 0; }));
      case Op::select: return v[0] != 0 ? v[1] : v[2];
      case Op::negate: return -v[0];
      default: return std::nullopt;
    }
  }

 private:
  const TypedProgram& program_;
  std::map<uint32_t, Rational>& leaves_;
};

struct Leaves {
  std::set<uint32_t> attributes, times;        // expression ids
  std::map<uint32_t, std::set<Rational>> bounds;  // number attribute -> what it is compared with
  bool decidable = true;
};

void collect(const TypedProgram& program, ExpressionId id, Leaves& leaves) {
  const Expression& e = program[id];
  switch (e.op) {
    case Op::constant: return;
    case Op::attribute: leaves.attributes.insert(id.index); return;
    case Op::in_time_set:
    case Op::band: leaves.times.insert(id.index); return;
    case Op::dated:
      if (e.type.kind == ValueKind::boolean) leaves.times.insert(id.index);
      else leaves.decidable = false;
      return;
    case Op::less:
    case Op::less_equal:
    case Op::equal:
      for (int side = 0; side < 2; ++side) {
        const Expression &a = program[e.operands[side]], &b = program[e.operands[1 - side]];
        if (a.op == Op::attribute && b.op == Op::constant) leaves.bounds[e.operands[side].index].insert(b.value);
        else if (a.op == Op::attribute && b.op != Op::constant && a.type.kind == ValueKind::number) leaves.decidable = false;
      }
      break;
    case Op::logical_not:
    case Op::logical_and:
    case Op::logical_or:
    case Op::select:
    case Op::negate: break;
    default: leaves.decidable = false; return;
  }
  for (ExpressionId operand : e.operands) collect(program, operand, leaves);
}

}  // namespace

void Elaborator::check_exceptions(const std::vector<TypedException>& exceptions) {
  auto ordered = [&](const TypedException& a, const TypedException& b) { return a.overrides == b.label || b.overrides == a.label; };
  auto text = [&](const std::map<uint32_t, Rational>& leaves) {
    std::string words;
    for (const auto& [id, v] : leaves) {
      const Expression& e = program_.expressions[id];
      if (e.op != Op::attribute) continue;
      std::string value = e.type.kind == ValueKind::choice ? program_.choice_sets[e.type.choices].names[static_cast<size_t>(v)]
                          : e.type.kind == ValueKind::boolean ? (v != 0 ? "true" : "false")
                                                                : print_decimal(v, 0, 6) + " " + unit_text(program_, e.type);
      words += (words.empty() ? "`" : ", `") + program_.attributes[e.index].name + "` is " + value;
    }
    return words;
  };
  for (size_t i = 0; i < exceptions.size(); ++i)
    for (size_t j = i + 1; j < exceptions.size(); ++j) {
      if (ordered(exceptions[i], exceptions[j])) continue;
      ExpressionId both = pool_.both(exceptions[i].condition, exceptions[j].condition, exceptions[j].span);
      if (pool_.is_constant(both) && pool_[both].value == 0) continue;
      Leaves leaves;
      collect(program_, both, leaves);
      if (!leaves.decidable) {
        continue;
      }
      // Values each attribute can take: its classes, or the bounds it is compared with and what lies beside them.
      std::vector<std::pair<uint32_t, std::vector<Rational>>> domains;
      for (uint32_t id : leaves.attributes) {
        const Expression& e = program_.expressions[id];
        std::vector<Rational> values;
        size_t classes = e.type.kind == ValueKind::boolean ? 2 : e.type.kind == ValueKind::choice ? program_.choice_sets[e.type.choices].names.size() : 0;
        for (size_t k = 0; k < classes; ++k) values.push_back(static_cast<int64_t>(k));
        for (const Rational& bound : leaves.bounds[id])
          if (!classes)
            for (int side : {-1, 0, 1}) values.push_back(bound + Rational(side, 1000000));
        domains.emplace_back(id, values);
      }
      // Moments at which the time conditions differ: local days of the settlement at the edges of their windows.
      std::vector<std::map<uint32_t, Rational>> moments;
      std::vector<std::string> moment_words;
      std::set<int> minutes = {0};
      auto edges = [&](uint32_t set) {
        for (const TimeSet::Window& window : program_.time_sets[set].windows)
          for (int edge : {window.from_minute, window.to_minute})
            if (edge < 1440) minutes.insert(edge);
      };
      for (uint32_t id : leaves.times) {
        const Expression& e = program_.expressions[id];
        if (e.op == Op::in_time_set) edges(e.index);
        if (e.op == Op::band)
          for (const BandsTable::Class& entry : program_.bands[e.index].classes)
            for (uint32_t set : entry.any_of) edges(set);
      }
      std::set<std::string> seen;
      for (Date day = settlement_->from; day < settlement_->until && !leaves.times.empty(); ++day.days)
        for (int minute : minutes) {
          std::map<uint32_t, Rational> values;
          std::string key;
          for (uint32_t id : leaves.times) {
            const Expression& e = program_.expressions[id];
            Rational v = 0;
            if (e.op == Op::in_time_set) v = program_.time_sets[e.index].contains(day, minute) ? 1 : 0;
            if (e.op == Op::band) {
              const BandsTable& table = program_.bands[e.index];
              for (size_t c = 0; c < table.classes.size(); ++c) {
                bool in = std::any_of(table.classes[c].any_of.begin(), table.classes[c].any_of.end(), [&](uint32_t s) { return program_.time_sets[s].contains(day, minute); });
                if (in) v = static_cast<int64_t>(c);
                else if (table.classes[c].otherwise && v == 0) v = static_cast<int64_t>(c);
              }
            }
            if (e.op == Op::dated) {
              size_t k = 0;
              while (k + 1 < e.dates.size() && e.dates[k + 1] <= day) ++k;
              if (pool_.is_constant(e.operands[k])) v = pool_[e.operands[k]].value;
            }
            values[id] = v;
            key += v.str() + ",";
          }
          if (!seen.insert(key).second) continue;
          std::string time = fmt::format("{:02}:{:02}", minute / 60, minute % 60);
          moments.push_back(std::move(values));
          moment_words.push_back(print_date(day) + " " + time);
        }
      if (leaves.times.empty()) {
        moments.emplace_back();
        moment_words.emplace_back();
      }
      size_t cases = moments.size();
      for (const auto& [id, values] : domains) cases *= std::max<size_t>(1, values.size());
      if (cases > kMostCases) continue;
      for (size_t c = 0; c < cases; ++c) {
        size_t rest = c;
        std::map<uint32_t, Rational> assignment = moments[rest % moments.size()];
        const std::string& when = moment_words[rest % moments.size()];
        rest /= moments.size();
        for (const auto& [id, values] : domains) {
          if (values.empty()) continue;
          assignment[id] = values[rest % values.size()];
          rest /= values.size();
        }
        auto holds = CaseEvaluator(program_, assignment).value(both);
        if (!holds || *holds == 0) continue;
        std::string witness = text(assignment) + (when.empty() ? "" : (text(assignment).empty() ? "on " : ", on ") + when);
        if (Diagnostic* d = error("WL4301", exceptions[j].span, "the exceptions `" + exceptions[i].label + "` and `" + exceptions[j].label + "` hold at the same time: " + witness))
          d->label(exceptions[i].span, "`" + exceptions[i].label + "`").hint("say which one counts: `overrides " + exceptions[i].label + "` after the stronger one, or let the conditions exclude each other");
        break;
      }
    }
}

}  // namespace wattlaw
