"""What three homes owe under each Norwegian price sheet of fri-nettleie, computed from the YAML without Wattlaw: exact fractions, local
time by Python's own zone data, holidays by the law's list. Meaning of the fields: tariff-eksempel.yml of fri-nettleie."""

import csv
from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from ledger_lines import rounded_line
from read_yaml import read_yaml

OSLO = ZoneInfo("Europe/Oslo")
MONTHS = "januar februar mars april mai juni juli august september oktober november desember".split()
WEEKDAYS = "mandag tirsdag onsdag torsdag fredag lørdag søndag".split()
GROUPS = {"husholdning": ("household", "Homes"), "fritid": ("holiday_home", "Cabins"), "liten_næring": ("small_business", "Business")}


def easter(year):
    """Anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    return date(year, (h + k - 7 * m + 114) // 31, (h + k - 7 * m + 114) % 31 + 1)


def holidays(year):
    moving = {easter(year) + timedelta(days) for days in (-3, -2, 0, 1, 39, 49, 50)}
    return moving | {date(year, month, day) for month, day in ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))}


class Home:
    def __init__(self, customer, fuse, billed_demand):
        self.customer, self.fuse, self.billed_demand = customer, Fraction(fuse), Fraction(billed_demand)
        self.energy = defaultdict(lambda: defaultdict(int))     # month -> (weekday, is holiday, hour) -> Wh
        self.hourly = defaultdict(list)                         # month -> (local time, Wh)

    def peaks_by_day(self, month):
        days = defaultdict(Fraction)
        for local, energy in self.hourly[month]:
            days[local.day] = max(days[local.day], Fraction(energy, 1000))
        return days


def read_homes(folder):
    with open(folder / "sites.csv", newline="") as file:
        homes = {row["id"]: Home(row["customer"], row["fuse"], row["billed_demand"]) for row in csv.DictReader(file)}
    free = set().union(*(holidays(year) for year in range(2020, 2030)))
    with open(folder / "site.csv", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        assert header[:2] == ["site", "time"] and header[2] == "import [Wh]", header
        for row in reader:
            local = datetime.fromisoformat(row[1]).astimezone(OSLO)
            month, energy = f"{local:%Y-%m}", int(row[2])
            home = homes[row[0]]
            home.energy[month][local.weekday(), local.date() in free, local.hour] += energy
            home.hourly[month].append((local, energy))
    return homes


# ---- price sheets

def exception_holds(exception, month, weekday, is_holiday, hour):
    if exception.get("måneder") and MONTHS[int(month[5:]) - 1] not in exception["måneder"]:
        return False
    if exception.get("timer"):
        first, last = (int(text) for text in exception["timer"].split("-"))
        if not (first <= hour <= last if first <= last else hour >= first or hour <= last):
            return False
    is_free = weekday >= 5 or is_holiday
    words = {"alle", WEEKDAYS[weekday], "ukedag" if weekday < 5 else "helg", "fridag" if is_free else "virkedag"} | ({"helligdager"} if is_holiday else set())
    return not exception.get("dager") or bool(words & set(exception["dager"]))


def energy_price(sheet, *cell):
    prices = [exception["pris"] for exception in sheet["energiledd"].get("unntak") or [] if exception_holds(exception, *cell)]
    assert len(prices) <= 1
    return Fraction(prices[0] if prices else sheet["energiledd"]["grunnpris"]) / 100


def mean_of_three(days):
    top = sorted(days.values(), reverse=True)[:3]
    return sum(top) / len(top)


def demand_of(sheet, home, month, peaks):
    method = sheet["fastledd"]["metode"]
    if method == "TRE_DØGNMAX_MND":
        return mean_of_three(peaks[home, month])
    if method == "MND_MAX":
        return max(peaks[home, month].values())
    return home.fuse if method == "OV_TREFASE" else home.billed_demand


def yearly_price(sheet, demand):
    """Thresholds are lower bounds. `null` is read as included, which the import tells."""
    included = sheet["fastledd"]["terskel_inkludert"] != "false"
    reached = [step for step in sheet["fastledd"]["terskler"]
               if Fraction(step["terskel"]) == 0 or (demand >= Fraction(step["terskel"]) if included else demand > Fraction(step["terskel"]))]
    return Fraction(max(reached, key=lambda step: Fraction(step["terskel"]))["pris"])


# ---- names of tariffs, as the import forms them: with the customers where one file has several

def pascal(words):
    parts = "".join(letter if letter.isalnum() else " " for letter in words).split()
    return "".join(part[0].upper() + part[1:] for part in parts)


def lineages(path):
    """[(tariff, its price sheets in order)]"""
    sheets = sorted(read_yaml(path)["tariffer"], key=lambda sheet: sheet["gyldig_fra"])
    chains = []
    for sheet in sheets:
        key = (sheet.get("navn") or "", frozenset(sheet["kundegrupper"]))
        chain = next((chain for chain in chains if chain[0] == key and chain[1][-1].get("gyldig_til") == sheet["gyldig_fra"]), None)
        if chain:
            chain[1].append(sheet)
        else:
            chains.append((key, [sheet]))
    bases = [pascal(f"{path.stem} {area}") for (area, _), _ in chains]
    named = []
    for base, ((_, groups), chain) in zip(bases, chains):
        suffix = "All" if len(groups) == len(GROUPS) else "".join(name for group, (_, name) in GROUPS.items() if group in groups)
        named.append((base + suffix if bases.count(base) > 1 else base, chain))
    assert len({name for name, _ in named}) == len(named), path
    return named


def days_in_force(sheet, first, end):
    begin, until = date.fromisoformat(sheet["gyldig_fra"]), date.fromisoformat(sheet.get("gyldig_til") or "9999-01-01")
    return max(0, (min(end, until) - max(first, begin)).days)


def month_lines(tariff, chain, month, site, home, peaks):
    """The lines of a month; what a change inside it splits, is split by days."""
    first = date.fromisoformat(month + "-01")
    end = (first + timedelta(32)).replace(day=1)
    live = [(sheet, days_in_force(sheet, first, end)) for sheet in chain if days_in_force(sheet, first, end)]
    if not live:
        return []
    assert sum(days for _, days in live) == (end - first).days, f"{tariff} begins or ends inside {month}"
    amount = Fraction(0)
    if len(live) == 1:
        for cell, energy in home.energy[month].items():
            amount += energy * energy_price(live[0][0], month, *cell)
    else:
        for local, energy in home.hourly[month]:
            sheet = next(sheet for sheet, _ in live if days_in_force(sheet, local.date(), local.date() + timedelta(1)))
            amount += energy * energy_price(sheet, month, local.weekday(), local.date() in holidays(local.year), local.hour)
    quantity = Fraction(sum(home.energy[month].values()), 1000)
    fee, demand = Fraction(0), None
    for sheet, days in live:
        demand = demand_of(sheet, home, month, peaks)
        fee += yearly_price(sheet, demand) / 12 * days / (end - first).days
    flat = len(live[-1][0]["fastledd"]["terskler"]) == 1 or live[-1][0]["fastledd"]["metode"] == "OV_TREFASE"
    ends = (site, "DistributionOperator")
    return [rounded_line(month, site, tariff, "energy", *ends, amount / 1000, "NOK", quantity, "kWh"),
            rounded_line(month, site, tariff, "capacity", *ends, fee, "NOK", None if flat else demand, "" if flat else "kW")]


def settle(paths, homes, months):
    """All lines, and how many price sheets they stand for."""
    peaks = {(home, month): home.peaks_by_day(month) for home in homes.values() for month in months}
    lines, sheets = [], 0
    for path in paths:
        for tariff, chain in lineages(path):
            sheets += len(chain)
            customers = {GROUPS[group][0] for group in chain[0]["kundegrupper"]}
            for site, home in homes.items():
                if home.customer in customers:
                    for month in months:
                        lines += month_lines(tariff, chain, month, site, home, peaks)
    return lines, sheets
