"""Settle with Wattlaw and with a peer in plain Python and compare every line: python3 run.py PEER WATTLAW

PEER is a folder beside this file. Its settle_peer.py knows the tariff and nothing of Wattlaw; its cases.py says on what both are tried:
cases(wattlaw, out) yields (script, scenario, traces, the peer's lines) and may make traces in `out`.
"""

import importlib
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left in the source tree

from ledger_lines import run_and_compare  # noqa: E402
from peer_data import DataMissing  # noqa: E402

SKIPPED = 77  # what ctest is told to read as `skipped`


def main():
    peer, wattlaw = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).resolve().parent / peer))
    cases = importlib.import_module("cases").cases
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        try:
            for script, scenario, traces, expected in cases(wattlaw, out):
                equal = run_and_compare(wattlaw, script, scenario, traces, out, expected)
                print(f"{scenario}: {equal} monthly totals equal, by kernels and by the interpreter")
        except DataMissing as missing:
            print(f"skipped: {missing}")
            sys.exit(SKIPPED)


main()
