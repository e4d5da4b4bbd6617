// settle: typed program -> plan -> native kernels -> ledger. The fast twin of settle_interpreted.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/ledger/ledger.h"
#include "runtime/trace/load_traces.h"

namespace wattlaw {

struct SettleOptions {
  unsigned threads = 1;
  std::string cpu = "native";        // or x86-64-v2, haswell, …: same digits on all
  Optimisation optimisation = Optimisation::by_work;
  std::vector<ExpressionId> columns; // extra (member, window) or (member, none) values wanted (answers of `show`)
};

struct ValueColumn {                 // one requested column, [window * members + member]; empty: beyond 128 bits, ask the interpreter
  Quantum quantum;
  IntegerColumn values;
  std::vector<uint8_t> nothing;
};

struct SettleResult {
  Ledger ledger;
  std::vector<ValueColumn> columns;  // parallel to SettleOptions::columns
  std::vector<std::string> notes;
  double plan_ms = 0, compile_ms = 0, run_ms = 0;
  double ledger_ms = 0;                // the part of run_ms after the kernels: line columns from their results
  uint64_t bytes_read = 0;           // of the series, once
};

// Faults found by kernels (a sticky lane mask) are explained by re-running that member with the interpreter: same code, same message.
Result<SettleResult> settle(const TypedProgram& program, const Settlement& settlement, const Clock& clock, const Traces& traces,
                            const SettleOptions& options);

// `show plan|llvm|asm`: the text of that stage for a settlement over these traces.
Result<std::string> show_stage(const std::string& stage, const TypedProgram& program, const Settlement& settlement, const Clock& clock,
                               const Traces& traces, const SettleOptions& options);

}  // namespace wattlaw
