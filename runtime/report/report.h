// Writers: a ledger and a run's facts -> terminal text and files. All deterministic; nothing depends on locale or clock.
#pragma once
#include <string>
#include <vector>

#include "runtime/ledger/ledger.h"

namespace wattlaw {

struct RunFacts {                     // what derives a bill again years later
  std::string language_version, scenario, period, zone, step, zone_data;
  std::vector<std::pair<std::string, std::string>> script_hashes, trace_hashes;
  uint32_t members = 0;
  uint64_t intervals = 0;
  std::vector<std::string> notes;     // "largest 3 of: 2 days in 2026-01 for 14 sites" and so on
  struct Answer { std::string label, value; };
  std::vector<Answer> answers;        // `show … as "…"`, already printed
};

// Terminal summary: payer -> payee and clause, amounts right-aligned with thousands separators, totals per tariff, residues, balances.
std::string write_summary_text(const Ledger& ledger, const RunFacts& facts);
std::string write_summary_json(const Ledger& ledger, const RunFacts& facts);

// ledger.csv (`site` is the kind of the members, `member` where there are several): period,site,tariff,clause,payer,payee,quantity,quantity_unit,rate,rate_unit,amount,currency,residue — exact decimals where they
// exist, else a fraction "a/b"; text cells that start with = + - @ are quoted with a leading apostrophe.
Status write_ledger_csv(const Ledger& ledger, const std::string& path);
Status write_ledger_json(const Ledger& ledger, const RunFacts& facts, const std::string& path);

}  // namespace wattlaw
