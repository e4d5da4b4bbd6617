"""Make the traces of dk1_2024.watt from shared data: python3 make_traces.py SHARED_DATA OUT

OUT/hourly and OUT/quarter_hours hold the same year in two steps:

market.csv  DK1 day-ahead prices 2024, by the hour, as published.
site.csv    three loads after the BDEW profiles of 2025 (household H25, commerce G25, farm L25) in Danish local time; two have
            photovoltaics, driven by the global irradiance at Aarhus. Energy of a step is whole Wh; what is cut off is carried on.
sites.csv   their attributes.
"""

import csv
import gzip
import sys
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
START = datetime(2023, 12, 31, 23, tzinfo=timezone.utc)  # 2024-01-01 00:00 in Copenhagen
HOURS = 8784
HOLIDAYS = {date(2024, 1, 1), date(2024, 3, 28), date(2024, 3, 29), date(2024, 3, 31), date(2024, 4, 1), date(2024, 5, 9),
            date(2024, 5, 19), date(2024, 5, 20), date(2024, 12, 25), date(2024, 12, 26)}
SITES = [  # id, profile, kWh a year, kW of photovoltaics, branch, heated by electricity
    ("home", "H25", 4000, 0, "home", "true"),
    ("shop", "G25", 30000, 20, "commerce", "false"),
    ("farm", "L25", 60000, 45, "farm", "false"),
]


def read_prices(shared):
    with open(shared / "dayahead_nordic_2024" / "dayahead_eur_per_mwh.csv", newline="") as file:
        prices = [(row["hour_utc"], row["DK1_eur_mwh"]) for row in csv.DictReader(file)]
    assert len(prices) == HOURS and prices[0][0] == "2023-12-31T23:00:00Z", "the prices are not those of the local year 2024"
    return prices


def read_profiles(shared):
    with open(shared / "load_bdew2025" / "bdew2025_profiles.csv", newline="") as file:
        return {(row["profile"], int(row["month"]), row["daytype"], int(row["slot"])): Fraction(row["kwh_per_gwh_year_quarter"])
                for row in csv.DictReader(file)}


def read_irradiance(shared):
    """W/m² by the start of the hour: the file's stamp is the end of the hour that it averages."""
    with gzip.open(shared / "weather_aarhus_2024" / "weather.csv.gz", "rt", newline="") as file:
        return {datetime.fromisoformat(row["hour_utc"].replace("Z", "+00:00")) - timedelta(hours=1): Fraction(row["ghi_w_m2"])
                for row in csv.DictReader(file)}


def load_kwh(profiles, profile, kwh_a_year, local):
    """Of the quarter-hour that begins at `local`; H25 varies with the day of the year on top of its table."""
    kind = "sun_hol" if local.date() in HOLIDAYS or local.weekday() == 6 else "sat" if local.weekday() == 5 else "work"
    value = profiles[profile, local.month, kind, local.hour * 4 + local.minute // 15] * kwh_a_year / 1000000
    if profile == "H25":
        t = local.timetuple().tm_yday
        value *= Fraction("-3.92e-10") * t**4 + Fraction("3.2e-7") * t**3 - Fraction("7.02e-5") * t**2 + Fraction("2.1e-3") * t + Fraction("1.24")
    return value


def net_quarters(profiles, irradiance, site):
    """(start, Wh) of every quarter-hour, load less photovoltaics; 85 % of the irradiance on the panels reaches the meter."""
    _, profile, kwh_a_year, kw_pv, _, _ = site
    for quarter in range(HOURS * 4):
        start = START + timedelta(minutes=15 * quarter)
        produced = kw_pv * irradiance[start.replace(minute=0)] * Fraction(85, 100) / 4
        yield start, 1000 * load_kwh(profiles, profile, kwh_a_year, start.astimezone(COPENHAGEN)) - produced


def metered(quarters, quarters_a_step):
    """(local start, import Wh, export Wh) of every step: netted within the step, whole Wh, the rest carried on."""
    carried = [Fraction(0), Fraction(0)]
    for first in range(0, len(quarters), quarters_a_step):
        net = sum(energy for _, energy in quarters[first:first + quarters_a_step])
        whole = []
        for flow, energy in enumerate((max(net, 0), max(-net, 0))):
            carried[flow] += energy
            whole.append(carried[flow].numerator // carried[flow].denominator)
            carried[flow] -= whole[flow]
        yield (quarters[first][0].astimezone(COPENHAGEN), *whole)


def main():
    shared, out = Path(sys.argv[1]), Path(sys.argv[2])
    profiles, irradiance, prices = read_profiles(shared), read_irradiance(shared), read_prices(shared)
    series = [(site, list(net_quarters(profiles, irradiance, site))) for site in SITES]
    for folder, quarters_a_step in (("hourly", 4), ("quarter_hours", 1)):
        (out / folder).mkdir(parents=True, exist_ok=True)
        with open(out / folder / "market.csv", "w") as file:
            file.write("time,spot [EUR/MWh]\n")
            file.writelines(f"{hour},{price}\n" for hour, price in prices)
        with open(out / folder / "site.csv", "w") as file:
            file.write("site,time,import [Wh],export [Wh]\n")
            for site, quarters in series:  # hours are written as clocks show them, the repeated hour twice; quarter-hours with their offset
                for local, taken, given in metered(quarters, quarters_a_step):
                    offset = "" if quarters_a_step == 4 else local.isoformat()[-6:]
                    file.write(f"{site[0]},{local:%Y-%m-%dT%H:%M}{offset},{taken},{given}\n")
        with open(out / folder / "sites.csv", "w") as file:
            file.write("id,branch,heated\n")
            file.writelines(f"{site[0]},{site[4]},{site[5]}\n" for site in SITES)


main()
