#include "compiler/program/cases.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/number/rounding.h"

namespace wattlaw {

namespace {

constexpr size_t kMostCases = 200000;
const Rational kQuotient(1, 1000000000000);  // a division by a value is rounded to 12 places half even

Rational truth(bool holds) { return Rational(holds ? 1 : 0); }

// Along the points x1 y1 x2 y2 … behind the first operand; the ends are held.
Rational interpolate(const std::vector<Rational>& v) {
  if (v[0] <= v[1]) return v[2];
  for (size_t i = 3; i + 1 < v.size(); i += 2)
    if (v[0] <= v[i]) return v[i - 1] + (v[i + 1] - v[i - 1]) * (v[0] - v[i - 2]) / (v[i] - v[i - 2]);
  return v.back();
}

std::optional<Rational> result_of(const Expression& e, const std::vector<Rational>& v) {
  const auto is_true = [](const Rational& x) { return x != 0; };
  Rational result = v.empty() ? Rational(0) : v[0];
  switch (e.op) {
    case Op::equal: return truth(v[0] == v[1]);
    case Op::less: return truth(v[0] < v[1]);
    case Op::less_equal: return truth(v[0] <= v[1]);
    case Op::logical_not: return truth(v[0] == 0);
    case Op::logical_and: return truth(std::all_of(v.begin(), v.end(), is_true));
    case Op::logical_or: return truth(std::any_of(v.begin(), v.end(), is_true));
    case Op::select: return v[0] != 0 ? v[1] : v[2];
    case Op::negate: return Rational(-v[0]);
    case Op::absolute: return v[0] < 0 ? Rational(-v[0]) : v[0];
    case Op::minimum: return *std::min_element(v.begin(), v.end());
    case Op::maximum: return *std::max_element(v.begin(), v.end());
    case Op::linearly: return interpolate(v);
    case Op::add:
      for (size_t i = 1; i < v.size(); ++i) result += v[i];
      return result;
    case Op::multiply:
      for (size_t i = 1; i < v.size(); ++i) result *= v[i];
      return result;
    case Op::divide:
      if (v[1] == 0) return std::nullopt;
      return round_to(Rational(v[0] / v[1]), kQuotient, RoundingMode::half_even);
    case Op::round:
      if (v.size() == 2 && v[1] == 0) return std::nullopt;
      return round_to(v.size() == 2 ? Rational(v[0] / v[1]) : v[0], e.value, e.rounding);
    default: return std::nullopt;
  }
}

bool is_pointwise(Op op) {
  switch (op) {
    case Op::add: case Op::multiply: case Op::negate: case Op::absolute: case Op::minimum: case Op::maximum:
    case Op::logical_not: case Op::logical_and: case Op::logical_or: case Op::select: case Op::linearly: case Op::divide: case Op::round: return true;
    default: return false;
  }
}

}  // namespace

void Cases::read_comparison(const Expression& e) {
  for (int side = 0; side < 2; ++side) {
    const ExpressionId id = e.operands[static_cast<size_t>(side)];
    const Expression &a = program_[id], &b = program_[e.operands[static_cast<size_t>(1 - side)]];
    if (a.op != Op::attribute || b.op != Op::constant) continue;
    attributes_.insert(id.index);
    bounds_[id.index].insert(b.value);
    return;
  }
  for (ExpressionId operand : e.operands) read(operand);
}

void Cases::read(ExpressionId id) {
  const Expression& e = program_[id];
  const bool classes = e.type.kind == ValueKind::boolean || e.type.kind == ValueKind::choice;
  const bool fixed = std::all_of(e.operands.begin(), e.operands.end(), [&](ExpressionId operand) { return program_[operand].op == Op::constant; });
  if (e.op == Op::constant) return;
  if (e.op == Op::attribute && classes) attributes_.insert(id.index);
  else if (e.op == Op::in_time_set || e.op == Op::band || (e.op == Op::dated && fixed)) times_.insert(id.index);
  else if (e.op == Op::less || e.op == Op::less_equal || e.op == Op::equal) read_comparison(e);
  else if (is_pointwise(e.op))
    for (ExpressionId operand : e.operands) read(operand);
  else if (!other_) other_ = id;
}

std::optional<Rational> Cases::value(ExpressionId id, const Case& in) const {
  const Expression& e = program_[id];
  if (e.op == Op::constant) return e.value;
  if (auto leaf = in.leaves.find(id.index); leaf != in.leaves.end()) return leaf->second;
  std::vector<Rational> values;
  for (ExpressionId operand : e.operands) {
    auto x = value(operand, in);
    if (!x) return std::nullopt;
    values.push_back(std::move(*x));
  }
  return result_of(e, values);
}

std::set<int> Cases::edge_minutes() const {
  std::set<int> minutes = {0};
  const auto add = [&](uint32_t set) {
    for (const TimeSet::Window& window : program_.time_sets[set].windows)
      for (int edge : {window.from_minute, window.to_minute})
        if (edge < 1440) minutes.insert(edge);
  };
  for (uint32_t id : times_) {
    const Expression& e = program_.expressions[id];
    if (e.op == Op::in_time_set) add(e.index);
    if (e.op != Op::band) continue;
    for (const BandsTable::Class& entry : program_.bands[e.index].classes)
      for (uint32_t set : entry.any_of) add(set);
  }
  return minutes;
}

Rational Cases::leaf_at(uint32_t leaf, Date day, int minute) const {
  const Expression& e = program_.expressions[leaf];
  const auto is_in = [&](uint32_t set) { return program_.time_sets[set].contains(day, minute); };
  if (e.op == Op::in_time_set) return truth(is_in(e.index));
  if (e.op == Op::band) {
    const std::vector<BandsTable::Class>& classes = program_.bands[e.index].classes;
    int64_t otherwise = 0;
    for (size_t c = 0; c < classes.size(); ++c) {
      if (std::any_of(classes[c].any_of.begin(), classes[c].any_of.end(), is_in)) return static_cast<int64_t>(c);
      if (classes[c].otherwise) otherwise = static_cast<int64_t>(c);
    }
    return otherwise;
  }
  size_t version = 0;
  while (version + 1 < e.dates.size() && e.dates[version + 1] <= day) ++version;
  return program_[e.operands[version]].value;
}

// Moments at which the leaves of time differ, each with its first occurrence.
std::vector<Case> Cases::moments() const {
  if (times_.empty()) return {Case{}};
  const std::set<int> minutes = edge_minutes();
  std::set<std::vector<Rational>> seen;
  std::vector<Case> found;
  for (Date day = from_; day < until_; ++day.days)
    for (int minute : minutes) {
      std::vector<Rational> values;
      for (uint32_t leaf : times_) values.push_back(leaf_at(leaf, day, minute));
      if (!seen.insert(values).second) continue;
      Case moment{{}, fmt::format("{} {:02}:{:02}", print_date(day), minute / 60, minute % 60)};
      size_t i = 0;
      for (uint32_t leaf : times_) moment.leaves[leaf] = values[i++];
      found.push_back(std::move(moment));
    }
  return found;
}

std::vector<Rational> Cases::domain(uint32_t attribute) const {
  const Type& type = program_.expressions[attribute].type;
  std::vector<Rational> values;
  const size_t classes = type.kind == ValueKind::boolean ? 2 : type.kind == ValueKind::choice ? program_.choice_sets[type.choices].names.size() : 0;
  for (size_t i = 0; i < classes; ++i) values.push_back(static_cast<int64_t>(i));
  if (classes) return values;
  for (const Rational& bound : bounds_.at(attribute))
    for (int side : {-1, 0, 1}) values.push_back(bound + Rational(side, 1000000));
  return values;
}

bool Cases::visit_each(const std::function<bool(const Case&)>& visit) const {
  const std::vector<Case> times = moments();
  std::vector<std::pair<uint32_t, std::vector<Rational>>> domains;
  size_t cases = times.size();
  for (uint32_t attribute : attributes_) {
    domains.emplace_back(attribute, domain(attribute));
    cases *= domains.back().second.size();
    if (cases > kMostCases) return false;
  }
  for (size_t c = 0; c < cases; ++c) {
    Case in = times[c % times.size()];
    size_t rest = c / times.size();
    for (const auto& [attribute, values] : domains) {
      in.leaves[attribute] = values[rest % values.size()];
      rest /= values.size();
    }
    if (!visit(in)) return true;
  }
  return true;
}

std::string Cases::words(const Case& in) const {
  std::string text;
  for (const auto& [id, value] : in.leaves) {
    const Expression& e = program_.expressions[id];
    if (e.op != Op::attribute) continue;
    const std::string shown = e.type.kind == ValueKind::choice    ? program_.choice_sets[e.type.choices].names[static_cast<size_t>(value)]
                              : e.type.kind == ValueKind::boolean ? (value != 0 ? "true" : "false")
                                                                  : print_decimal(value, 0, 6) + " " + unit_text(program_, e.type);
    text += (text.empty() ? "`" : ", `") + program_.attributes[e.index].name + "` is " + shown;
  }
  if (in.moment.empty()) return text;
  return text + (text.empty() ? "on " : ", on ") + in.moment;
}

}  // namespace wattlaw
