"""The bills of dk1_2024.watt without Wattlaw: loops over intervals and exact fractions. Figures are typed in again, from the tariff's text."""

import csv
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from ledger_lines import rounded_line

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
YEAR_START = datetime(2023, 12, 31, 23, tzinfo=timezone.utc)
HOLIDAYS = ["2024-01-01", "2024-03-28", "2024-03-29", "2024-03-31", "2024-04-01", "2024-05-09", "2024-05-19", "2024-05-20", "2024-12-25",
            "2024-12-26"]  # no 26 April: Store Bededag was abolished from 2024
DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

OLD_STEPS = [(0, 640), (1, 815), (5, 2180), (10, 4090), (Fraction("13.952"), 6155)]  # kW, DKK a year
NEW_STEPS = [(0, 700), (Fraction("0.75"), 905), (5, 2395), (9, 4500), (15, 6770)]


def read_site_rows(folder, minutes):
    """{site: [(local time, import Wh, export Wh)]}: rows stand in the order of time, so the times are counted and not read."""
    rows = defaultdict(list)
    with open(folder / "site.csv", newline="") as file:
        for row in csv.DictReader(file):
            local = (YEAR_START + timedelta(minutes=minutes * len(rows[row["site"]]))).astimezone(COPENHAGEN)
            assert row["time"].startswith(local.strftime("%Y-%m-%dT%H:%M")), f"{row['time']} where {local} is due"
            rows[row["site"]].append((local, int(row["import [Wh]"]), int(row["export [Wh]"])))
    return rows


def energy_rate(local):
    """DKK/kWh of Grid.energy."""
    december = local.month == 12
    winter = local.month >= 10 or local.month <= 3
    if local.hour < 6:
        return Fraction("0.0446") if december else Fraction("0.1101")
    if 17 <= local.hour < 21:
        if december:
            return Fraction("0.4018")
        return Fraction("0.9910") if winter else Fraction("0.4295")
    if december:
        return Fraction("0.1339")
    return Fraction("0.3303") if winter else Fraction("0.1652")


def margin_rate(local, branch):
    """EUR/kWh of Supply.margin."""
    if local.weekday() < 5 and local.date().isoformat() not in HOLIDAYS:
        return Fraction("0.0135") if branch == "home" else Fraction("0.0107")
    return {"home": Fraction("0.0093"), "commerce": Fraction("0.0071"), "farm": Fraction("0.0057")}[branch]


def step_of(steps, peak):
    return [amount for bound, amount in steps if peak >= bound][-1]


def settle_month(month, site, rows, prices, minutes, branch, heated):
    spot = margin = sold = energy = feed_in = Fraction(0)
    imported = exported = 0
    within = beyond = 0  # Wh of the allowance of 300 kWh, and the rest
    hours = defaultdict(int)  # Wh by (day, hour, offset): the repeated hour counts twice
    for index, local, taken, given in rows:
        price = prices[index * minutes // 60]  # EUR/MWh
        spot += Fraction(taken, 1000000) * price
        margin += Fraction(taken, 1000) * margin_rate(local, branch)
        sold += Fraction(given, 1000000) * (price - Fraction("1.25"))
        energy += Fraction(taken, 1000) * energy_rate(local)
        feed_in += Fraction(given, 1000) * (Fraction("0.0007") if month == 12 else Fraction("0.0153"))
        free = min(taken, 300000 - within)
        within += free
        beyond += taken - free
        imported += taken
        exported += given
        hours[local.date(), local.hour, local.utcoffset()] += taken
    days = defaultdict(int)
    for (day, _, _), watt_hours in hours.items():
        days[day] = max(days[day], watt_hours)
    assert len(days) == DAYS_OF_MONTH[month - 1]
    peak = Fraction(sum(sorted(days.values())[-3:]), 3000)

    if month < 5:
        capacity, subscription = step_of(OLD_STEPS, peak), Fraction("265.30")
    elif month > 5:
        capacity, subscription = step_of(NEW_STEPS, peak), Fraction("281.90")
    else:  # 10 days of May under the old sheet, 21 under the new one
        capacity = Fraction(10 * step_of(OLD_STEPS, peak) + 21 * step_of(NEW_STEPS, peak), 31)
        subscription = (10 * Fraction("265.30") + 21 * Fraction("281.90")) / 31

    period, lines = f"2024-{month:02}", []

    def post(tariff, clause, exact, payee, currency, quantity=None, unit="", from_site=True):
        ends = (site, payee) if from_site else (payee, site)
        lines.append(rounded_line(period, site, tariff, clause, *ends, exact, currency, quantity, unit))
        return lines[-1]["amount"]

    kwh_in, kwh_out = Fraction(imported, 1000), Fraction(exported, 1000)
    taxed = post("Supply", "spot", spot, "EnergySupplier", "EUR", kwh_in, "kWh")
    taxed += post("Supply", "margin", margin, "EnergySupplier", "EUR", kwh_in, "kWh")
    post("Supply", "sold", sold, "EnergySupplier", "EUR", kwh_out, "kWh", from_site=False)
    taxed += post("Supply", "fee", Fraction("3.95"), "EnergySupplier", "EUR")
    post("Supply", "vat", taxed / 4, "State", "EUR")

    taxed = post("Grid", "energy", energy, "DistributionOperator", "DKK", kwh_in, "kWh")
    taxed += post("Grid", "feed_in", feed_in, "DistributionOperator", "DKK", kwh_out, "kWh")
    taxed += post("Grid", "capacity", Fraction(capacity) / 12, "DistributionOperator", "DKK", peak, "kW")
    taxed += post("Grid", "standby", Fraction(DAYS_OF_MONTH[month - 1]), "DistributionOperator", "DKK")
    taxed += post("Grid", "subscription", subscription / 12, "DistributionOperator", "DKK")
    post("Grid", "vat", taxed / 4, "State", "DKK")

    taxed = post("ElectricityTax", "elafgift", Fraction(within, 1000) * Fraction("0.761"), "State", "DKK", Fraction(within, 1000), "kWh")
    rest_rate = Fraction("0.008") if heated else Fraction("0.761")
    taxed += post("ElectricityTax", "rest", Fraction(beyond, 1000) * rest_rate, "State", "DKK", Fraction(beyond, 1000), "kWh")
    post("ElectricityTax", "vat", taxed / 4, "State", "DKK")
    return lines


def settle(folder, minutes):
    """All ledger lines of the year for the traces in `folder`."""
    with open(folder / "market.csv", newline="") as file:
        prices = [Fraction(row["spot [EUR/MWh]"]) for row in csv.DictReader(file)]
    with open(folder / "sites.csv", newline="") as file:
        attributes = {row["id"]: row for row in csv.DictReader(file)}
    lines = []
    for site, rows in read_site_rows(folder, minutes).items():
        assert len(rows) == len(prices) * 60 // minutes
        months = defaultdict(list)
        for index, (local, taken, given) in enumerate(rows):
            months[local.month].append((index, local, taken, given))
        for month, month_rows in months.items():
            lines += settle_month(month, site, month_rows, prices, minutes, attributes[site]["branch"], attributes[site]["heated"] == "true")
    return lines
