// How an amount of money came to be, from its text down to the intervals, and to what services called for in them: shares of a pool, what
// the pool earned, the hours that earned most, the frequency that called.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/interpret/explain.h"
#include "compiler/interpret/print_value.h"

namespace wattlaw {
namespace {

using Unit = Period::Unit;

constexpr size_t kMostSteps = 80;      // of a derivation
constexpr uint32_t kMostDepth = 8;
constexpr size_t kGreatest = 3;        // contributions that are told one by one
constexpr size_t kMostText = 90;       // of the script, told as a name

struct Deriver {
  const ExplainInputs& in;
  EntityGrain kind;                    // whose line it is
  uint32_t member;                     // and which
  std::vector<DerivedStep> steps;
  std::set<uint32_t> series_read;

  const Expression& at(ExpressionId id) const { return in.program[id]; }
  Value value(ExpressionId id, uint32_t of, uint32_t step) const { return in.interpreter.evaluate(id, of, step); }
  std::string print(ExpressionId id, const Rational& number) const { return print_value(in.program, at(id).type, {false, number}); }
  std::string print(ExpressionId id, uint32_t of, uint32_t step) const { return print_value(in.program, at(id).type, value(id, of, step)); }
  const std::string& name_of(EntityGrain of_kind, uint32_t of) const { return members_of(in.traces, of_kind).ids[of]; }

  // As the script says it; a series and an attribute by their names.
  std::string label(ExpressionId id) const {
    const Expression& e = at(id);
    if (e.op == Op::series) return in.program.series[e.index].name;
    if (e.op == Op::attribute) return in.program.attributes[e.index].name;
    std::string text = in.text_of ? in.text_of(e.span) : "";
    const bool is_name = !text.empty() && text.size() <= kMostText && text.find('\n') == std::string::npos;
    return is_name ? text : std::string(op_name(e.op));
  }
  std::string weight_label(ExpressionId id) const {
    constexpr std::string_view kBefore = "allocated by ", kAfter = " otherwise equally";
    std::string text = label(id);
    if (text.starts_with(kBefore)) text.erase(0, kBefore.size());
    if (text.ends_with(kAfter)) text.erase(text.size() - kAfter.size());
    return text;
  }
  void say(uint32_t depth, std::string what, std::string told) {
    if (steps.size() < kMostSteps) steps.push_back({depth, std::move(what), std::move(told)});
  }

  int64_t holder(uint32_t attribute, uint32_t of) const {
    const auto& loaded = in.settlement.attributes;
    const auto place = std::find(loaded.begin(), loaded.end(), attribute);
    return place == loaded.end() ? -1 : static_cast<int64_t>(in.traces.attributes[static_cast<size_t>(place - loaded.begin())][of]);
  }
  // Those whose attribute names the holder; with UINT32_MAX all of the kind.
  std::vector<uint32_t> members_under(EntityGrain of_kind, uint32_t attribute, int64_t of_holder) const {
    std::vector<uint32_t> members;
    for (uint32_t m = 0; m < members_of(in.traces, of_kind).size(); ++m)
      if (attribute == UINT32_MAX || holder(attribute, m) == of_holder) members.push_back(m);
    return members;
  }
  std::string crowd(EntityGrain of_kind, size_t count, EntityGrain group_kind, int64_t group) const {
    const std::string kinds = in.program.entities[static_cast<size_t>(of_kind)].name + (count == 1 ? "" : "s");
    return group_kind == EntityGrain::none || group < 0 ? fmt::format("all {} {}", count, kinds) : fmt::format("the {} {} of {}", count, kinds, name_of(group_kind, static_cast<uint32_t>(group)));
  }

  bool is_leaf(ExpressionId id) const {
    const Op op = at(id).op;
    return op == Op::constant || op == Op::series || op == Op::attribute || op == Op::window_days || op == Op::window_share || op == Op::date_at;
  }
  void factors_of(ExpressionId id, std::vector<ExpressionId>& factors) const {
    if (at(id).op != Op::multiply) return factors.push_back(id);
    for (const ExpressionId operand : at(id).operands) factors_of(operand, factors);
  }
  // "0.0312 EUR/kWh × 9.4 kW × 0.25 h"
  std::string product(ExpressionId id, uint32_t of, uint32_t step) const {
    std::vector<ExpressionId> factors;
    factors_of(id, factors);
    std::string text;
    for (const ExpressionId factor : factors) {
      if (at(factor).op == Op::constant && at(factor).value == 1) continue;
      text += (text.empty() ? "" : " × ") + print(factor, of, step);
    }
    return text;
  }

  void note_series(ExpressionId root) {
    std::set<uint32_t> seen;
    std::vector<ExpressionId> todo{root};
    while (!todo.empty()) {
      const ExpressionId id = todo.back();
      todo.pop_back();
      if (!seen.insert(id.index).second) continue;
      if (at(id).op == Op::series) series_read.insert(at(id).index);
      todo.insert(todo.end(), at(id).operands.begin(), at(id).operands.end());
    }
  }

  void derive(ExpressionId id, uint32_t of, uint32_t step, uint32_t depth, const std::string& above) {
    const Expression& e = at(id);
    if (depth > kMostDepth || steps.size() >= kMostSteps || in.interpreter.fault() || e.op == Op::constant) return;
    const std::string own = label(id);
    const auto told = [&](const std::string& how) { return own == above || own == op_name(e.op) ? how : fmt::format("`{}`{}{}", own, how.empty() ? "" : ", ", how); };
    switch (e.op) {
      case Op::round: return derive(e.operands[0], of, step, depth, above);
      case Op::negate: return derive(e.operands[0], of, step, depth, above);
      case Op::select: return derive(e.operands[value(e.operands[0], of, step).number != 0 ? 1 : 2], of, step, depth, above);
      case Op::dated:
        if (e.operands.size() == 1) return derive(e.operands[0], of, step, depth, above);
        return say(depth, told("at that time"), print(id, of, step));
      case Op::allocate: return derive_part(id, of, step, depth);
      case Op::of_holder: {
        const int64_t named = holder(e.index, of);
        if (named >= 0) derive(e.operands[0], static_cast<uint32_t>(named), step, depth, above);
        return;
      }
      case Op::over_members: return derive_members(id, of, step, depth, own, above);
      case Op::aggregate: return derive_sum(id, of, step, depth, own, above);
      case Op::multiply: {
        say(depth, told(product(id, of, step)), print(id, of, step));
        std::vector<ExpressionId> factors;
        factors_of(id, factors);
        for (const ExpressionId factor : factors)
          if (!is_leaf(factor) && at(factor).op != Op::dated) derive(factor, of, step, depth + 1, own);
        return;
      }
      case Op::add:
      case Op::minimum:
      case Op::maximum: {
        say(depth, told(e.op == Op::add ? "the sum of" : e.op == Op::minimum ? "the least of" : "the greatest of"), print(id, of, step));
        for (const ExpressionId operand : e.operands) {
          if (value(operand, of, step).number == 0 && e.op == Op::add) continue;
          if (is_leaf(operand)) say(depth + 1, fmt::format("`{}`", label(operand)), print(operand, of, step));
          else derive(operand, of, step, depth + 1, own);
        }
        return;
      }
      default: return say(depth, fmt::format("`{}`", own), print(id, of, step));
    }
  }

  // One's part of what is split.
  void derive_part(ExpressionId id, uint32_t of, uint32_t step, uint32_t depth) {
    const Expression& e = at(id);
    const int64_t group = e.index == UINT32_MAX ? 0 : holder(e.index, of);
    if (group < 0) return;
    const EntityGrain group_kind = at(e.operands[0]).grain.entity;
    const std::vector<uint32_t> members = members_under(e.grain.entity, e.index, group);
    Rational all = 0;
    for (const uint32_t m : members) all += value(e.operands[1], m, step).number;
    const std::string those = crowd(e.grain.entity, members.size(), group_kind, e.index == UINT32_MAX ? -1 : group);
    if (all == 0) say(depth, "an equal part for each of " + those, print(id, of, step));
    else say(depth, fmt::format("the part by `{}`: {} of {}, {}", weight_label(e.operands[1]), print(e.operands[1], of, step), print(e.operands[1], all), those), print(id, of, step));
    derive(e.operands[0], static_cast<uint32_t>(group), step, depth + 1, "");
  }

  // Of several members: the one whose line it is if he is among them, else who has most.
  void derive_members(ExpressionId id, uint32_t of, uint32_t step, uint32_t depth, const std::string& own, const std::string& above) {
    const Expression& e = at(id);
    const std::vector<uint32_t> members = members_under(e.of, e.index, of);
    const std::string those = "of " + crowd(e.of, members.size(), e.index == UINT32_MAX ? EntityGrain::none : e.grain.entity, of);
    say(depth, own == above || own == op_name(e.op) ? those : fmt::format("`{}` {}", own, those), print(id, of, step));
    std::optional<uint32_t> chosen;
    Rational most = 0;
    for (const uint32_t m : members) {
      const Value part = value(e.operands[0], m, step);
      if (e.of == kind && m == member) {
        chosen = m;
        break;
      }
      if (!part.nothing && abs(part.number) > most) most = abs(part.number), chosen = m;
    }
    if (!chosen) return;
    const bool is_own = e.of == kind && *chosen == member;
    say(depth + 1, (is_own ? "" : "most: ") + name_of(e.of, *chosen), print(e.operands[0], *chosen, step));
    derive(e.operands[0], *chosen, step, depth + 2, own);
  }

  // What is gathered over time: how many intervals make it, and the greatest.
  void derive_sum(ExpressionId id, uint32_t of, uint32_t step, uint32_t depth, const std::string& own, const std::string& above) {
    const Expression& e = at(id);
    const ExpressionId inner = e.operands[0];
    const Period fine_period = at(inner).grain.time.unit == Unit::none && e.operands.size() > 1 ? at(e.operands[1]).grain.time : at(inner).grain.time;
    if (e.fn != Aggregate::sum || e.take != 0 || e.period.rolling || fine_period.unit == Unit::none) return say(depth, fmt::format("`{}`", own), print(id, of, step));
    const Windows &fine = in.interpreter.windows(fine_period), &coarse = in.interpreter.windows(e.period);
    const uint32_t window = coarse.window_of_step[step], end = coarse.first_step[window + 1];
    struct Contribution {
      uint32_t window;
      Rational number;
    };
    std::vector<Contribution> made;
    for (uint32_t i = fine.window_of_step[coarse.first_step[window]]; i < fine.size() && fine.first_step[i] < end && !in.interpreter.fault(); ++i) {
      if (e.operands.size() > 1 && value(e.operands[1], of, fine.first_step[i]).number == 0) continue;
      const Value part = value(inner, of, fine.first_step[i]);
      if (!part.nothing && part.number != 0) made.push_back({i, part.number});
    }
    const bool is_of_intervals = fine_period.unit == Unit::interval;
    const std::string how = fmt::format("{} {}{} of {}", made.size(), is_of_intervals ? "interval" : period_name(fine_period), made.size() == 1 ? "" : "s", coarse.label(window, in.clock));
    say(depth, own == above || own == op_name(e.op) ? how : fmt::format("`{}`, {}", own, how), print(id, of, step));
    const bool are_equal = made.size() > 1 && std::all_of(made.begin(), made.end(), [&](const Contribution& one) { return one.number == made.front().number; });
    if (are_equal) return say(depth + 1, "each", print(inner, made.front().number));
    const size_t greatest = std::min(made.size(), kGreatest);
    std::partial_sort(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(greatest), made.end(), [](const Contribution& a, const Contribution& b) { return abs(a.number) != abs(b.number) ? abs(a.number) > abs(b.number) : a.window < b.window; });
    const bool is_whole = at(inner).op == Op::over_members || at(inner).op == Op::of_holder;
    for (size_t i = 0; i < greatest; ++i) {
      const uint32_t when = fine.first_step[made[i].window];
      const std::string how_much = at(inner).op == Op::multiply ? "  " + product(inner, of, when) : "";
      say(depth + 1, fine.label(made[i].window, in.clock) + how_much, print(inner, made[i].number));
      if (is_whole && i == 0) derive(inner, of, when, depth + 2, own);
    }
    if (made.size() > greatest) say(depth + 1, fmt::format("{} more", made.size() - greatest), "");
  }
};

// The intervals in which a service called most, with what it called by.
struct CallTeller {
  const ExplainInputs& in;
  const CallsOfServices& calls;
  Deriver& to;
  Interpreter fine;                    // in the steps of the physics

  int position(const std::string& series) const {
    for (size_t i = 0; i < in.settlement.series.size(); ++i)
      if (in.program.series[in.settlement.series[i]].name == series) return static_cast<int>(i);
    return -1;
  }
  int64_t read(const std::string& what, const std::string& symbol, const std::vector<uint32_t>& vehicles, uint32_t step) const {
    const int at = position(what + "(" + symbol + ")");
    int64_t all = 0;
    if (at >= 0)
      for (const uint32_t v : vehicles) all += in.traces.member_series[static_cast<size_t>(at)].at(v, step);
    return all;
  }
  static std::string thousandths(int64_t of, const char* unit) { return print_decimal(Rational(of, 1000), 0, 3) + " " + unit; }

  void tell(size_t offer, uint32_t begin, uint32_t end) {
    const TypedService& service = in.settlement.services[in.settlement.dispatch->offers[offer].service];
    std::vector<uint32_t> vehicles{to.member};
    if (to.kind != EntityGrain::vehicle) {
      const auto pool = std::find_if(in.program.attributes.begin(), in.program.attributes.end(), [](const AttributeDeclaration& attribute) { return attribute.name == "vehicle.pool"; });
      vehicles = to.members_under(EntityGrain::vehicle, static_cast<uint32_t>(pool - in.program.attributes.begin()), to.member);
    }
    struct Call {
      uint32_t step;
      int64_t delivered, missed;
    };
    std::vector<Call> made;
    int64_t most = 0, delivered = 0, missed = 0;
    uint32_t held = 0;
    for (uint32_t step = begin; step < end; ++step) {
      const int64_t accepted = read("accepted", service.symbol, vehicles, step);
      most = std::max(most, accepted), held += accepted > 0;
      const Call call{step, read("delivered", service.symbol, vehicles, step), read("missed_energy", service.symbol, vehicles, step)};
      delivered += call.delivered, missed += call.missed;
      if (call.delivered + call.missed > 0) made.push_back(call);
    }
    const bool has_accepted = position("accepted(" + service.symbol + ")") >= 0, has_calls = position("delivered(" + service.symbol + ")") >= 0, has_missed = position("missed_energy(" + service.symbol + ")") >= 0;
    const std::string who = to.name_of(to.kind, to.member);
    if (has_accepted) to.say(0, fmt::format("{} was held ready by {} in {} {} of {} min", service.symbol, who, held, held == 1 ? "interval" : "intervals", in.clock.step_seconds / 60), "at most " + thousandths(most, "kW"));
    std::string energy = has_calls ? thousandths(delivered, "kWh") + " delivered" : "";
    if (has_missed) energy += (energy.empty() ? "" : ", ") + thousandths(missed, "kWh") + " missed";
    const auto asked = [&](uint32_t step) { return strongest(offer, step); };
    if (!has_calls && !has_missed) {  // what the run did not keep is told by what was called for
      for (uint32_t step = begin; step < end; ++step)
        if (read("accepted", service.symbol, vehicles, step) > 0 && calls.activations[offer][asked(step)] != 0) made.push_back({step, std::abs(calls.activations[offer][asked(step)]), 0});
    }
    if (made.empty()) return to.say(1, "it was not called", "");
    to.say(1, fmt::format("it was called in {} of them", made.size()), energy);
    const size_t greatest = std::min(made.size(), kGreatest);
    std::partial_sort(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(greatest), made.end(), [](const Call& a, const Call& b) { return a.delivered + a.missed != b.delivered + b.missed ? a.delivered + a.missed > b.delivered + b.missed : a.step < b.step; });
    for (size_t i = 0; i < greatest; ++i) {
      const uint32_t when = asked(made[i].step);
      std::string by;
      for (const uint32_t series : calls.in_steps.series) {
        const auto id = series_in(service.activation, series);
        if (!id) continue;
        by += fmt::format("{}{} {}", by.empty() ? "" : ", ", in.program.series[series].name, print_value(in.program, in.program[*id].type, fine.evaluate(*id, 0, when)));
      }
      const Rational share(calls.activations[offer][when], 1'000'000'000);
      const int64_t accepted = read("accepted", service.symbol, vehicles, made[i].step);
      std::string told = has_calls ? thousandths(made[i].delivered, "kWh") : "";
      if (made[i].missed > 0) told += (told.empty() ? "" : ", ") + thousandths(made[i].missed, "kWh") + " missed";
      to.say(2, fmt::format("{}  {}: {} %{}", calls.clock.print_step(when), by, print_decimal(share * 100, 0, 4), accepted > 0 ? " of " + thousandths(accepted, "kW") : ""), told);
    }
  }

  // The step of the physics in which an interval is called for most.
  uint32_t strongest(size_t offer, uint32_t step) const {
    const uint32_t each = static_cast<uint32_t>(in.clock.step_seconds / calls.clock.step_seconds);
    uint32_t best = step * each;
    for (uint32_t i = best; i < (step + 1) * each; ++i)
      if (std::abs(calls.activations[offer][i]) > std::abs(calls.activations[offer][best])) best = i;
    return best;
  }
  // Where an activation reads a series.
  std::optional<ExpressionId> series_in(ExpressionId root, uint32_t series) const {
    std::set<uint32_t> seen;
    std::vector<ExpressionId> todo{root};
    while (!todo.empty()) {
      const ExpressionId id = todo.back();
      todo.pop_back();
      if (!seen.insert(id.index).second) continue;
      const Expression& e = in.program[id];
      if (e.op == Op::series && e.index == series) return id;
      todo.insert(todo.end(), e.operands.begin(), e.operands.end());
    }
    return std::nullopt;
  }
};

}  // namespace

std::vector<DerivedStep> derive_amount(const ExplainInputs& inputs, const TypedClause& clause, uint32_t member, uint32_t window) {
  const Windows& windows = inputs.interpreter.windows(clause.billing);
  const uint32_t begin = windows.first_step[window], end = windows.first_step[window + 1];
  Deriver deriver{inputs, clause.entity, member, {}, {}};
  deriver.derive(clause.amount, member, begin, 0, "");
  deriver.note_series(clause.amount);
  if (inputs.calls == nullptr || !inputs.settlement.dispatch || inputs.interpreter.fault()) return std::move(deriver.steps);
  if (clause.entity != EntityGrain::vehicle && inputs.program.entities[static_cast<size_t>(clause.entity)].name != "pool") return std::move(deriver.steps);
  CallTeller teller{inputs, *inputs.calls, deriver, Interpreter(inputs.program, inputs.calls->in_steps, inputs.calls->clock, inputs.calls->traces)};
  for (size_t offer = 0; offer < inputs.settlement.dispatch->offers.size(); ++offer) {
    const std::string of = "(" + inputs.settlement.services[inputs.settlement.dispatch->offers[offer].service].symbol + ")";
    const bool is_read = std::any_of(deriver.series_read.begin(), deriver.series_read.end(), [&](uint32_t series) { return inputs.program.series[series].name.ends_with(of); });
    if (is_read) teller.tell(offer, begin, end);
  }
  return std::move(deriver.steps);
}

}  // namespace wattlaw
