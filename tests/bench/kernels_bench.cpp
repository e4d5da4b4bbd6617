// Settling against the memory bus and against hand-written C++, in one process and one run: quote the ratios, never the megabytes.
// A settlement is measured whole: kernels, and writing the ledger's lines (ledger_ms); not planning and compiling, which are counters.
//   read_share      time of a plain int32 sum of the same readings over that of the settlement (best of several)
//   vs_handwritten  time of the hand-written loops over that of the settlement (1: equal; more: the settlement is faster)
//   vs_one          time of twelve tariffs over time of one
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <functional>

#include "runtime/trace/load_traces.h"
#include "tests/bench/bench_program.h"
#include "tests/bench/handwritten.h"

namespace wattlaw {
namespace {

constexpr uint32_t kMembers = 1984;
constexpr int kRuns = 5;  // best of

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double best_seconds(const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < kRuns; ++i) best = std::min(best, seconds_of(work));
  return best;
}

const BenchData& data() {
  static const BenchData made = make_bench_data(kMembers);
  return made;
}

by_hand::Readings readings() {
  const auto at = [](int series) { return reinterpret_cast<const int32_t*>(data().traces.member_series[static_cast<size_t>(series)].bytes.get()); };
  return {at(0), at(1), data().traces.member_series[0].tiles(), data().clock.steps, &data().month_ends, &data().price, &data().band};
}

[[noreturn]] void fail(const std::string& what) {
  fmt::print(stderr, "{}\n", what);
  std::exit(1);
}

SettleResult settle_once(const BenchProgram& bench, unsigned threads = 1) {
  SettleOptions options;
  options.threads = threads;
  auto result = settle(bench.program, bench.settlement, data().clock, data().traces, options);
  if (!result) fail(result.failure().message);
  for (const std::string& note : result->notes) fail(note);
  return std::move(*result);
}

double read_seconds(int series) {
  const by_hand::Readings of = readings();
  const size_t count = size_t{of.tiles} * of.steps * kTileMembers;
  return best_seconds([&] {
    benchmark::DoNotOptimize(by_hand::sum_all(of.import, count));
    if (series > 1) benchmark::DoNotOptimize(by_hand::sum_all(of.other, count));
  });
}

// Time of the settlement as the iteration's time; the ratios as counters.
void measure(benchmark::State& state, const BenchProgram& bench, int series, const std::function<double()>& hand_seconds, const std::function<double()>& one_ms = {}) {
  double best = 1e9, bytes = 0, compile = 1e9, plan = 1e9, ledger = 0;
  for (auto _ : state) {
    const SettleResult result = settle_once(bench);
    state.SetIterationTime(result.run_ms / 1e3);
    if (result.run_ms < best) best = result.run_ms, ledger = result.ledger_ms;
    compile = std::min(compile, result.compile_ms), plan = std::min(plan, result.plan_ms);
    bytes = static_cast<double>(result.bytes_read);
  }
  const double read = read_seconds(series);
  state.counters["ms"] = best;
  state.counters["ledger_ms"] = ledger;
  state.counters["MB_per_s"] = bytes / best / 1e3;
  state.counters["read_share"] = read * 1e3 / best;
  state.counters["compile_ms"] = compile;
  state.counters["plan_ms"] = plan;
  if (hand_seconds) state.counters["vs_handwritten"] = hand_seconds() * 1e3 / best;
  if (one_ms) state.counters["vs_one"] = best / one_ms();
}

Int128 line_of(const SettleResult& result, size_t clause, size_t cell, const Quantum& quantum) {
  const LineColumns& line = result.ledger.lines[clause];
  const Rational value = Rational(to_integer(line.quantity[cell])) * line.quantity_quantum.value();
  return to_int128(*mantissa_of(value, quantum));
}

void check_equal(const SettleResult& result, size_t clause, const Quantum& quantum, const std::function<int64_t(size_t)>& expected, size_t cells) {
  for (size_t i = 0; i < cells; i += 97)
    if (line_of(result, clause, i, quantum) != expected(i)) fail(fmt::format("clause {} cell {} differs from the hand-written sum", clause, i));
}

// Amount before rounding, of the ledger's amount and residue.
Rational exact_amount(const SettleResult& result, size_t clause, size_t cell) {
  const LineColumns& line = result.ledger.lines[clause];
  return Rational(to_integer(line.amount[cell])) * line.amount_quantum.value() + Rational(to_integer(line.residue[cell])) * line.residue_quantum.value();
}

void spot_bill(benchmark::State& state) {
  const BenchProgram bench = spot_program(data());
  const SettleResult once = settle_once(bench);
  const by_hand::Spot hand = by_hand::spot_bill(readings());
  check_equal(once, 0, {1, 1000}, [&](size_t i) { return hand.energy[i]; }, hand.energy.size());
  for (size_t i = 0; i < hand.cost.size(); i += 97)
    if (exact_amount(once, 0, i) != Rational(hand.cost[i], 100000000)) fail("the spot cost differs from the hand-written sum");
  measure(state, bench, 1, [] { return best_seconds([] { benchmark::DoNotOptimize(by_hand::spot_bill(readings())); }); });
}

void bands_bill(benchmark::State& state) {
  const BenchProgram bench = bands_program(data());
  const SettleResult once = settle_once(bench);
  const by_hand::Bands hand = by_hand::bands_bill(readings());
  check_equal(once, 0, {1, 1000}, [&](size_t i) { return hand.energy[0][i] + hand.energy[1][i] + hand.energy[2][i]; }, hand.cost.size());
  check_equal(once, 3, {1, 1000}, [&](size_t i) { return hand.peak[i] * 4; }, hand.cost.size());
  for (size_t i = 0; i < hand.cost.size(); i += 97) {
    if (exact_amount(once, 1, i) != Rational(hand.cost[i], 100000000)) fail("the spot cost differs from the hand-written sum");
    const Int128 bands = Int128{hand.energy[0][i]} * 2314 + Int128{hand.energy[1][i]} * 3912 + Int128{hand.energy[2][i]} * 1105;
    if (exact_amount(once, 0, i) != Rational(to_integer(bands), 10000000)) fail("the cost by bands differs from the hand-written sum");
  }
  measure(state, bench, 2, [] { return best_seconds([] { benchmark::DoNotOptimize(by_hand::bands_bill(readings())); }); });
}

void ladder(benchmark::State& state) {
  const BenchProgram bench = ladder_program(data());
  const SettleResult once = settle_once(bench);
  const std::vector<int64_t> hand = by_hand::three_peaks(readings(), data().day_ends, 4);
  check_equal(once, 0, {1, 3000}, [&](size_t i) { return hand[i]; }, hand.size());
  measure(state, bench, 1, [] { return best_seconds([] { benchmark::DoNotOptimize(by_hand::three_peaks(readings(), data().day_ends, 4)); }); });
}

void twelve_tariffs(benchmark::State& state) {
  const BenchProgram one = fused_program(data(), 1), twelve = fused_program(data(), 12);
  measure(state, twelve, 1, {}, [&] {
    double best = 1e9;
    for (int i = 0; i < kRuns; ++i) best = std::min(best, settle_once(one).run_ms);
    return best;
  });
}

// CSV of 64 homes and a year, one column a home, through load_traces.
void ingest(benchmark::State& state) {
  const Clock& clock = data().clock;
  char folder[] = "/tmp/wattlaw_bench_XXXXXX";
  if (!mkdtemp(folder)) fail("no temporary folder");
  const std::string path = std::string(folder) + "/site.import.csv";
  std::string text = "time";
  for (int m = 0; m < 64; ++m) text += fmt::format(",home_{:03}", m);
  text += "\n";
  for (uint32_t t = 0; t < clock.steps; ++t) {
    std::string time = clock.print_step(t);
    time[10] = 'T';
    text += time;
    for (uint32_t m = 0; m < 64; ++m) text += fmt::format(",{}.{:03}", (t + m) % 6, (t * 7 + m * 13) % 1000);
    text += "\n";
  }
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file || std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fclose(file) != 0) fail("the file cannot be written");
  TraceRequest request;
  request.data_folder = folder;
  SeriesRequest import;
  import.trace = "site", import.column = "import", import.unit = "kWh";
  import.unit_meaning = [](const std::string&) { return SeriesRequest::UnitMeaning{1, false}; };
  request.series.push_back(import);
  double best = 1e9;
  for (auto _ : state) {
    const double seconds = seconds_of([&] {
      auto traces = load_traces(request, clock, {});
      if (!traces) fail(traces.failure().message);
    });
    state.SetIterationTime(seconds);
    best = std::min(best, seconds);
  }
  state.counters["MB_per_s"] = static_cast<double>(text.size()) / best / 1e6;
  std::remove(path.c_str());
  std::remove(folder);
}

BENCHMARK(spot_bill)->UseManualTime()->Iterations(kRuns)->Unit(benchmark::kMillisecond);
BENCHMARK(bands_bill)->UseManualTime()->Iterations(kRuns)->Unit(benchmark::kMillisecond);
BENCHMARK(ladder)->UseManualTime()->Iterations(kRuns)->Unit(benchmark::kMillisecond);
BENCHMARK(twelve_tariffs)->UseManualTime()->Iterations(kRuns)->Unit(benchmark::kMillisecond);
BENCHMARK(ingest)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wattlaw

BENCHMARK_MAIN();
