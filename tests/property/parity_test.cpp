// Interpreter = kernels, to the last digit: random programs on random traces, with and without optimisation, for three processors.
// Usage: parity_test [--cases N] [--from SEED]; `./dev test` runs 2,000 cases. Any difference prints the script and the line.
#include <fmt/format.h>

#include <cstring>

#include "compiler/command/answers.h"
#include "compiler/interpret/interpret.h"
#include "compiler/plan/settle.h"
#include "tests/property/random_program.h"

namespace wattlaw {
namespace {

std::string difference(const Ledger& a, const Ledger& b) {
  if (a.lines.size() != b.lines.size()) return fmt::format("{} against {} line columns", a.lines.size(), b.lines.size());
  for (size_t c = 0; c < a.lines.size(); ++c) {
    const LineColumns &x = a.lines[c], &y = b.lines[c];
    const LedgerClause& clause = a.clauses[x.clause];
    for (size_t i = 0; i < x.present.size(); ++i) {
      std::string where = fmt::format("{}.{} {} {}", clause.tariff, clause.clause, a.axes[x.axis].labels[i / a.ids_of(x).size()], a.ids_of(x)[i % a.ids_of(x).size()]);
      if (x.present[i] != y.present[i]) return where + fmt::format(": present {} against {}", x.present[i], y.present[i]);
      if (!x.present[i]) continue;
      auto value = [&](const LineColumns& l, const IntegerColumn& v, const Quantum& q) -> Rational { return v.empty() ? Rational(0) : Rational(to_integer(v[i])) * q.value(); (void)l; };
      Rational ax = value(x, x.amount, x.amount_quantum), ay = value(y, y.amount, y.amount_quantum);
      if (ax != ay) return where + ": amount " + ax.str() + " against " + ay.str();
      Rational qx = value(x, x.quantity, x.quantity_quantum), qy = value(y, y.quantity, y.quantity_quantum);
      if (qx != qy) return where + ": quantity " + qx.str() + " against " + qy.str();
      Rational rx = value(x, x.residue, x.residue_quantum), ry = value(y, y.residue, y.residue_quantum);
      if (rx != ry) return where + ": residue " + rx.str() + " against " + ry.str();
    }
    for (size_t p = 0; p < x.rate.size(); ++p)
      if (x.rate[p] != y.rate[p]) return fmt::format("{}.{} window {}: rate {} against {}", clause.tariff, clause.clause, p, x.rate[p] ? x.rate[p]->str() : "none", y.rate[p] ? y.rate[p]->str() : "none");
  }
  return {};
}

// What was asked beside the ledger, against the interpreter. A column may be left out where 128 bits do not hold it.
std::string difference(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces, const std::vector<ExpressionId>& wanted,
                       const std::vector<ValueColumn>& columns) {
  if (columns.size() != wanted.size()) return fmt::format("{} columns for {}", columns.size(), wanted.size());
  Interpreter interpreter(program, settlement, clock, traces);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const ValueColumn& column = columns[i];
    const EntityGrain entity = program[wanted[i]].grain.entity;
    const uint32_t members = members_of(traces, entity == EntityGrain::none ? EntityGrain::site : entity).size();
    for (size_t at = 0; at < column.values.size(); ++at) {
      const auto window = static_cast<uint32_t>(at / members), member = static_cast<uint32_t>(at % members);
      const Value expected = interpreter.evaluate(wanted[i], member, interpreter.windows(program[wanted[i]].grain.time).first_step[window]);
      const bool nothing = !column.nothing.empty() && column.nothing[at] != 0;
      if (nothing != expected.nothing) return fmt::format("column {} window {} member {}: nothing {} against {}", i, window, member, expected.nothing, nothing);
      const Rational found = Rational(to_integer(column.values[at])) * column.quantum.value();
      if (!nothing && found != expected.number) return fmt::format("column {} window {} member {}: {} against {}", i, window, member, expected.number.str(), found.str());
    }
  }
  return {};
}

struct Counts {
  int settled = 0, faults = 0, refused = 0, lines = 0, by_interpreter = 0, by_members = 0;
};

// Empty: agreement. Otherwise what differs.
std::string run_case(uint64_t seed, Counts& counts) {
  Compilation compiled = compile_text(random_script(seed), "case.watt", {.standalone = false});
  if (!compiled.ok()) {
    ++counts.refused;
    if (counts.refused <= 3 && std::getenv("PARITY_SHOW_REFUSED"))
      for (const Diagnostic& d : compiled.diagnostics.all()) fmt::print("seed {}: {} {}\n", seed, d.code, d.message);
    return {};
  }
  const Settlement& settlement = compiled.program.settlements.front();
  auto zone = Zone::load(settlement.zone);
  auto clock = make_clock(*zone, settlement.history_from, settlement.until, settlement.step_seconds);
  Traces traces = random_traces(compiled.program, settlement, *clock, seed);
  const std::vector<ExpressionId> wanted = columns_for_answers(compiled.program, settlement);
  Result<Ledger> oracle = settle_interpreted(compiled.program, settlement, *clock, traces);
  static const char* kCpus[] = {"x86-64-v2", "haswell", "native"};
  struct Variant {
    Optimisation optimisation;
    const char* cpu;
    unsigned threads;
  };
  const Variant variants[] = {{seed % 2 ? Optimisation::none : Optimisation::by_work, "native", 1}, {Optimisation::all, kCpus[seed % 3], static_cast<unsigned>(1 + seed % 2)}};
  for (const Variant& v : variants) {
    SettleOptions options;
    options.optimisation = v.optimisation;
    options.cpu = v.cpu;
    options.threads = v.threads;
    options.columns = wanted;
    Result<SettleResult> fast = settle(compiled.program, settlement, *clock, traces, options);
    std::string which = fmt::format(" (optimisation {}, {})", static_cast<int>(v.optimisation), v.cpu);
    if (static_cast<bool>(oracle) != static_cast<bool>(fast))
      return (oracle ? "kernels fail: " + fast.failure().code + " " + fast.failure().message : "only the interpreter fails: " + oracle.failure().message) + which;
    if (!oracle) {
      ++counts.faults;
      if (oracle.failure().code != fast.failure().code) return "different faults: " + oracle.failure().code + " against " + fast.failure().code + which;
      continue;
    }
    for (const std::string& note : fast->notes)
      if (note.find("settled by the interpreter") != std::string::npos) {
        ++(note.starts_with("settled") ? counts.by_interpreter : counts.by_members);
        if (std::getenv("PARITY_SHOW_REFUSED")) fmt::print("seed {}: {}\n", seed, note);
      }
    if (std::string d = difference(*oracle, fast->ledger); !d.empty()) return d + which;
    if (std::string d = difference(compiled.program, settlement, *clock, traces, wanted, fast->columns); !d.empty()) return d + which;
    // G27: over all actors a settlement sums to zero.
    if (auto zero = check_zero_sum(fast->ledger); !zero) return zero.failure().message + which;
  }
  if (oracle) {
    ++counts.settled;
    for (const LineColumns& l : oracle->lines)
      for (uint8_t p : l.present) counts.lines += p;
  }
  return {};
}

}  // namespace
}  // namespace wattlaw

int main(int argc, char** argv) {
  uint64_t from = 1, cases = 2000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--cases")) cases = std::strtoull(argv[i + 1], nullptr, 10);
    if (!std::strcmp(argv[i], "--from")) from = std::strtoull(argv[i + 1], nullptr, 10);
  }
  wattlaw::Counts counts;
  int failed = 0;
  for (uint64_t seed = from; seed < from + cases; ++seed) {
    std::string difference = wattlaw::run_case(seed, counts);
    if (difference.empty()) continue;
    ++failed;
    fmt::print("seed {}: {}\n", seed, difference);
    if (failed == 1) fmt::print("{}\n", wattlaw::random_script(seed));
    if (failed >= 20) break;
  }
  fmt::print("{} cases: {} settled and equal ({} lines), {} faults, {} scripts refused by check, {} runs without kernels, {} in part, {} differ\n", cases, counts.settled, counts.lines, counts.faults, counts.refused, counts.by_interpreter, counts.by_members, failed);
  // A generator whose scripts are refused tests nothing.
  // Nor does a run that never reached the kernels: each case is settled twice by them.
  return failed || counts.settled * 10 < static_cast<int>(cases) * 9 || counts.by_interpreter * 20 > counts.settled;
}
