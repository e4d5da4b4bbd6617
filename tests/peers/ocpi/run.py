"""Import tariffs drawn at random as OCPI allows them, settle sessions under each by kernels and by the interpreter, and compare every
line with settle_peer.py: python3 run.py WATTLAW [SEED]
"""

import csv
import json
import re
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
sys.dont_write_bytecode = True

from make_cases import draw_cases, sessions_csv  # noqa: E402
from settle_peer import settle  # noqa: E402

TARIFFS, SESSIONS = 150, 40


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        print(" ".join(str(part) for part in command[:3]), "ends with", done.returncode, done.stdout[-2000:], done.stderr[-4000:])
        sys.exit(1)


def read_lines(path):
    lines = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if Fraction(row["amount"]):
                lines[row["period"], row["tariff"], row["clause"]] = Fraction(row["amount"])
    return lines


def main():
    wattlaw, seed = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 221
    tariffs, sessions = draw_cases(seed, TARIFFS, SESSIONS)
    names = [tariff["id"].replace(" ", "") for tariff in tariffs]
    expected = {(session["id"], name, clause): amount for name, tariff in zip(names, tariffs) for session in sessions for clause, amount in settle(tariff, session).items()}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "peer.json").write_text(json.dumps(tariffs, indent=1))
        run(wattlaw, "import", "ocpi", work / "peer.json", "-o", work / "scripts")
        script = work / "scripts" / "peer.watt"
        run(wattlaw, "fmt", "--check", script)
        run(wattlaw, "check", script)
        assert re.findall(r"^tariff (\w+) ", script.read_text(), re.M) == names
        (work / "traces").mkdir()
        (work / "traces" / "sessions.csv").write_text(sessions_csv(sessions))
        (work / "all.watt").write_text(f"import scripts.peer\nscenario All {{\n  period 2026-03-01 to 2026-04-02 every 1 h\n  data \"traces\"\n  apply {', '.join(names)} to every session\n}}\n")
        for engine, option in (("kernels", []), ("interpreter", ["--interpret"])):
            run(wattlaw, "run", work / "all.watt", "--out", work / engine, *option)
            found = read_lines(work / engine / "ledger.csv")
            differing = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
            if differing:
                print(f"{engine}, seed {seed}: {len(differing)} of {len(expected)} lines differ")
                for key in differing[:20]:
                    print(" ", *key, "peer", expected.get(key), "ledger", found.get(key))
                key = differing[0]
                print(json.dumps(tariffs[names.index(key[1])], indent=1), *(row for s in sessions if s["id"] == key[0] for row in s["rows"]), sep="\n")
                print(script.read_text().split(f"# {tariffs[names.index(key[1])]['id']}")[1].split("\n# Peer")[0])
                sys.exit(1)
    print(f"{len(tariffs)} tariffs, {len(sessions)} sessions: {len(expected)} lines equal to the last digit, seed {seed}")


main()
