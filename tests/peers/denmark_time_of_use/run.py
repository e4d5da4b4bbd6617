"""Settle examples/denmark_time_of_use with Wattlaw and with settle_peer.py and compare every line: python3 run.py WATTLAW

First the example's own two months, in which the clocks change, then the whole of 2025 for 6 synthetic homes.
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
    wattlaw, example = sys.argv[1], HERE.parents[2] / "examples" / "denmark_time_of_use"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        year = ["--from", "2025-01-01", "--until", "2026-01-01", "--zone", "Europe/Copenhagen"]
        subprocess.run([wattlaw, "synthesize", "homes", "--count", "6", "--seed", "45", "--step", "15", "--wide", *year, "--out", out / "year"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run([wattlaw, "synthesize", "prices", "--seed", "45", "--currency", "DKK", *year, "--out", out / "year" / "prices.csv"],
                       check=True, stdout=subprocess.DEVNULL)
        example_script = example / "denmark_time_of_use.watt"
        for script, scenario, traces in ((example_script, "March2025", example / "traces" / "march"),
                                         (example_script, "October2025", example / "traces" / "october"),
                                         (HERE / "denmark_year.watt", "Year2025", out / "year")):
            expected = settle(traces)
            equal = run_and_compare(wattlaw, script, scenario, traces, out, expected)
            print(f"{scenario}: {equal} monthly totals equal, by kernels and by the interpreter")


main()
