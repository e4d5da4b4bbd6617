"""What a car earned with FCR-N in eastern Denmark in 2017, against the sum of the prices: python3 run.py WATTLAW

600 cars of 9.2 kW are at the plug for 17 of 24 hours, a twenty-fourth of them leaving each hour, so that 425 are there at any time, and sell all they
have as one pool: the year's prices x 9.2 kW x 17/24, about 1,328 EUR a car. Compared are the months, to the cent, and the year.
Data: Energinet, FcrReservesDK2 (CC BY 4.0), in shared/data.
"""

import csv
import gzip
import subprocess
import sys
import tempfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]
sys.dont_write_bytecode = True

from peer_data import DataMissing, shared_data  # noqa: E402

CARS, THERE, POWER = 600, 425, Decimal("9.2")

SCRIPT = """currency EUR
rounding 0.01 EUR half up per line
trace grid { frequency: Hz   every 1 h }
trace reserves { fcr_n: EUR/MW/h   every 1 h }
attribute vehicle.pool: pool
service FCR_N {
  from TransmissionOperator to Aggregator
  bid at least 0.3 MW in steps of 0.01 MW, per hour
  activate by grid.frequency linearly { at 49.9 Hz => 100%   at 50.1 Hz => -100% }
  sustain 1 h
  pays reserves.fcr_n for offered
}
dispatch Sell for vehicle {
  offer FCR_N from headroom
  otherwise => idle
}
scenario Year {
  period 2017-01-01 to 2018-01-01 every 1 h
  zone "UTC"
  data "traces"
  dispatch Sell
}
"""


def prices_of(path):
    with gzip.open(path, "rt") as file:
        return [(row["hour_utc"], Decimal(row["fcr_n_eur_per_mw_h"])) for row in csv.DictReader(file) if row["hour_utc"].startswith("2017")]


def write_traces(folder, prices):
    folder.mkdir(parents=True)
    with open(folder / "reserves.csv", "w") as reserves, open(folder / "grid.csv", "w") as grid:
        reserves.write("time,fcr_n\n")
        grid.write("time,frequency\n")
        for hour, price in prices:
            reserves.write(f"{hour},{price}\n")
            grid.write(f"{hour},50\n")
    with open(folder / "vehicles.csv", "w") as vehicles, open(folder / "sessions.csv", "w") as sessions:
        vehicles.write("id,site,pool,capacity,charge_power,discharge_power,charge_efficiency,discharge_efficiency,soc,target\n")
        sessions.write("vehicle,begins,ends\n")
        for car in range(CARS):
            vehicles.write(f"car_{car:03},depot,all,40,{POWER},{POWER},100,100,50,50\n")
            leaves, at = car % 24, 0
            while at < len(prices):  # there for 17 hours, away for 7: the first stay ends when it leaves
                ends = leaves if at == 0 else at + 17
                if ends > at:
                    sessions.write(f"car_{car:03},{hour_text(at)},{hour_text(min(ends, len(prices)))}\n")
                at = ends + 7


def hour_text(hour):
    from datetime import datetime, timedelta, timezone

    return (datetime(2017, 1, 1, tzinfo=timezone.utc) + timedelta(hours=hour)).isoformat()


def main(wattlaw):
    try:
        data = shared_data("fcrn_price_dk2/fcrn_dk2_eur_mw_h.csv.gz")
    except DataMissing as missing:
        print(missing)
        sys.exit(77)
    prices = prices_of(data / "fcrn_price_dk2/fcrn_dk2_eur_mw_h.csv.gz")
    # How many are there in each hour, counted again: a car that leaves at hour h is away for the seven hours from h on.
    there = [0] * len(prices)
    for car in range(CARS):
        away_from = car % 24
        for hour in range(len(prices)):
            there[hour] += not (hour >= away_from and (hour - away_from) % 24 < 7)
    expected = {}
    for (hour, price), count in zip(prices, there):
        sold = (count * POWER) // 10 * 10  # kW, in steps of 0.01 MW
        expected[hour[:7]] = expected.get(hour[:7], Decimal(0)) + price * sold / 1000
    with tempfile.TemporaryDirectory() as folder:
        write_traces(Path(folder) / "traces", prices)
        (Path(folder) / "year.watt").write_text(SCRIPT)
        done = subprocess.run([wattlaw, "run", Path(folder) / "year.watt", "--out", Path(folder) / "results"], capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout[-2000:], done.stderr[-4000:])
            sys.exit(1)
        found = {}
        for row in csv.DictReader(open(Path(folder) / "results" / "ledger.csv")):
            found[row["period"]] = found.get(row["period"], Decimal(0)) + Decimal(row["amount"])
    failed = 0
    for month, amount in sorted(expected.items()):
        wanted = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
        good = found.get(month) == wanted
        failed += not good
        print(f"{month}: {found.get(month)} against {wanted}{'' if good else '  DIFFERS'}")
    # From the second day on 425 cars are there at any time.
    a_car, formula = sum(found.values()) / CARS, sum(price for _, price in prices) * POWER / 1000 * 17 / 24
    good = abs(a_car - formula) < Decimal("0.005") * formula
    print(f"a car and year: {a_car:.2f} against {formula:.2f} EUR by the formula{'' if good else '  DIFFERS'}")
    sys.exit(1 if failed or not good else 0)


main(sys.argv[1])
