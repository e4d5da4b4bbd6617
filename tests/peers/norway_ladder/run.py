"""Settle examples/norway_ladder with Wattlaw and with settle_peer.py and compare every line: python3 run.py WATTLAW

First the example's own three homes in June and July, then a year of 40 synthetic homes in all three tax zones.
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
    wattlaw, example = sys.argv[1], HERE.parents[2] / "examples" / "norway_ladder"
    script = example / "norway_ladder.watt"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        subprocess.run([wattlaw, "synthesize", "homes", "--count", "40", "--seed", "2026", "--wide", "--tax-zones", "south,north,exempt",
                        "--out", out / "year"], check=True, stdout=subprocess.DEVNULL)
        for scenario, traces in (("SummerChange", example / "three_homes"), ("Households2026", out / "year")):
            expected = settle(traces)
            equal = run_and_compare(wattlaw, script, scenario, traces, out, expected)
            print(f"{scenario}: {equal} monthly totals equal, by kernels and by the interpreter")


main()
