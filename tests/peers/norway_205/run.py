"""Import all price sheets of fri-nettleie, settle three homes over three years under every one of them, and compare every line with
settle_peer.py: python3 run.py WATTLAW

The data are not part of this project; without ../shared/data beside it the test is skipped (77).
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
sys.dont_write_bytecode = True

from ledger_lines import differences, read_ledger  # noqa: E402
from settle_peer import lineages, read_homes, settle  # noqa: E402

FIRST, UNTIL = "2024-01-01", "2027-01-01"
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025, 2026) for month in range(1, 13)]
# The only change inside a month, 9 May 2025; the source does not say what it does to the capacity charge, so this test does.
SPLIT_BY_DAYS = "StraumnettHomesCabins"
# Fuses and demands that lie on thresholds: 125 A stays below Alut's step of 125, 63 A is on Netera's, 5 kW on Tinfos'.
SITES = "id,customer,fuse,billed_demand\nhome_0001,household,125,5\nhome_0002,holiday_home,63,2.75\nhome_0003,small_business,160,20.5\n"


def data_folder():
    folder = HERE.parents[2].parent / "shared" / "data" / "tariffs_norway_fri_nettleie"
    if not folder.is_dir():
        print(f"skipped: no {folder}")
        sys.exit(77)
    return folder


def timed(*command):
    begin = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        print(" ".join(str(part) for part in command[:3]), "ends with", done.returncode, done.stdout[-2000:], done.stderr[-4000:])
        sys.exit(1)
    return done, time.perf_counter() - begin


def main():
    wattlaw, paths = Path(sys.argv[1]), sorted(data_folder().glob("*.yml"))
    names = [name for path in paths for name, _ in lineages(path)]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _, import_seconds = timed(wattlaw, "import", "fri-nettleie", *paths, "-o", work / "norway")
        scripts = sorted((work / "norway").glob("*.watt"))
        assert len(scripts) == len(paths)
        timed(wattlaw, "fmt", "--check", *scripts)
        _, check_seconds = timed(wattlaw, "check", "--strict", *scripts)
        split = work / "norway" / "straumnett.watt"
        text = split.read_text()
        assert f"tariff {SPLIT_BY_DAYS} " in text
        before, after = text.split(f"tariff {SPLIT_BY_DAYS} ", 1)
        split.write_text(before + f"tariff {SPLIT_BY_DAYS} " + after.replace("  prices ex vat\n", "  prices ex vat\n  change within period: by days\n", 1))
        script = work / "all.watt"
        script.write_text("".join(f"import norway.{path.stem.replace('-', '_')}\n" for path in paths) + f"currency NOK\nscenario All {{\n"
                          f"  period {FIRST} to {UNTIL} every 1 h\n  data \"traces\"\n  apply {', '.join(names)} to every site\n}}\n")
        timed(wattlaw, "synthesize", "homes", "--count", "3", "--seed", "205", "--from", FIRST, "--until", UNTIL, "--out", work / "traces")
        (work / "traces" / "sites.csv").write_text(SITES)
        run, run_seconds = timed(wattlaw, "run", script, "--out", work / "results", "--timings")
        homes = read_homes(work / "traces")
        expected, sheets = settle(paths, homes, MONTHS)
        found = differences(expected, read_ledger(work / "results" / "ledger.csv"))
        if found:
            print(f"{len(found)} differences", *found[:40], sep="\n  ")
            sys.exit(1)
        print(f"{len(paths)} files, {len(names)} tariffs, {sheets} price sheets: {len(expected)} lines of three homes and three years equal to the last digit")
        print(f"import {import_seconds:.2f} s, check --strict {check_seconds:.2f} s, run {run_seconds:.2f} s", run.stderr, sep="\n")


main()
