"""Settle real prices of 2024 with Wattlaw and with settle_peer.py and compare every line: python3 run.py WATTLAW

Needs ../shared/data beside the checkout; without it the test is skipped (exit 77).
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
    shared = HERE.parents[2].parent / "shared" / "data"
    needed = ["dayahead_nordic_2024/dayahead_eur_per_mwh.csv", "load_bdew2025/bdew2025_profiles.csv", "weather_aarhus_2024/weather.csv.gz"]
    missing = [name for name in needed if not (shared / name).is_file()]
    if missing:
        print(f"skipped: {shared} lacks {', '.join(missing)}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        subprocess.run([sys.executable, HERE / "make_traces.py", shared, out], check=True)
        for scenario, traces, minutes in (("Hourly", "hourly", 60), ("QuarterHours", "quarter_hours", 15)):
            expected = settle(out / traces, minutes)
            equal = run_and_compare(sys.argv[1], HERE / "dk1_2024.watt", scenario, out / traces, out, expected)
            print(f"{scenario}: {equal} monthly totals equal, by kernels and by the interpreter")


main()
