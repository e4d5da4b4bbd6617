"""Settle examples/sweden_peaks with Wattlaw and with settle_peer.py and compare every line: python3 run.py WATTLAW

First the example's own three months, then the whole of 2025 for 12 synthetic homes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from ledger_lines import run_and_compare  # noqa: E402
from settle_peer import settle  # noqa: E402


def main():
    wattlaw, example = sys.argv[1], HERE.parents[2] / "examples" / "sweden_peaks"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        subprocess.run([wattlaw, "synthesize", "homes", "--count", "12", "--seed", "46", "--wide", "--from", "2025-01-01", "--until", "2026-01-01",
                        "--zone", "Europe/Stockholm", "--out", out / "year"], check=True, stdout=subprocess.DEVNULL)
        for script, scenario, traces in ((example / "sweden_peaks.watt", "Winter2025", example / "traces"),
                                         (HERE / "sweden_year.watt", "Year2025", out / "year")):
            expected = settle(traces)
            equal = run_and_compare(wattlaw, script, scenario, traces, out, expected)
            print(f"{scenario}: {equal} monthly totals equal, by kernels and by the interpreter")


main()
