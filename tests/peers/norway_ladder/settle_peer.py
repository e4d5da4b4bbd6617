"""Elvia's household tariff, taxes and VAT of 2026 without Wattlaw: loops over hours and exact fractions. Figures are typed in again."""

import csv
from collections import defaultdict
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from ledger_lines import rounded_line

OSLO = ZoneInfo("Europe/Oslo")
HOLIDAYS = ["2026-01-01", "2026-04-02", "2026-04-03", "2026-04-05", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-17", "2026-05-24",
            "2026-05-25", "2026-12-25", "2026-12-26"]

STEPS = [  # from kW: NOK a year until June, from July
    (0, 1200, 1440), (2, 1824, 2400), (5, 2880, 4032), (10, 3936, 5616), (15, 4992, 7248), (20, 6048, 8880),
    (25, 11280, 16896), (50, 16512, 24960), (75, 21792, 33024), (100, 43872, 65280),
]


def settle_month(month, site, hours, zone):
    old = month < 7
    energy = Fraction(0)
    imported = 0
    highest = defaultdict(int)  # Wh of the highest hour, by day
    for local, taken in hours:
        day = local.weekday() < 5 and 6 <= local.hour < 22 and local.date().isoformat() not in HOLIDAYS
        rate = ("0.2099" if old else "0.2899") if day else ("0.1299" if old else "0.1699")
        energy += Fraction(taken, 1000) * Fraction(rate)
        imported += taken
        highest[local.date()] = max(highest[local.date()], taken)
    peak = Fraction(sum(sorted(highest.values())[-3:]), 3000)
    capacity = Fraction([before if old else after for bound, before, after in STEPS if peak >= bound][-1], 12)

    period, kwh, lines = f"2026-{month:02}", Fraction(imported, 1000), []

    def post(tariff, clause, exact, payee, quantity=None, unit=""):
        lines.append(rounded_line(period, site, tariff, clause, site, payee, exact, "NOK", quantity, unit))
        return lines[-1]["amount"]

    taxed = post("Elvia", "energy", energy, "DistributionOperator", kwh, "kWh")
    taxed += post("Elvia", "capacity", capacity, "DistributionOperator", peak, "kW")
    if zone != "exempt":
        taxed += post("EnergyTaxes", "consumption", kwh * Fraction("0.0713"), "State", kwh, "kWh")
    taxed += post("EnergyTaxes", "enova", kwh * Fraction("0.01"), "State", kwh, "kWh")
    if zone == "south":
        post("Vat", "vat", taxed / 4, "State")
    return lines


def settle(folder):
    """All ledger lines for the traces in `folder`: hourly, one column a site."""
    with open(folder / "sites.csv", newline="") as file:
        zones = {row["id"]: row["tax_zone"] for row in csv.DictReader(file)}
    months = {site: defaultdict(list) for site in zones}
    with open(folder / "site.import.csv", newline="") as file:
        for row in csv.DictReader(file):
            local = datetime.fromisoformat(row["time"]).astimezone(OSLO)
            for site in zones:
                months[site][local.month].append((local, int(row[f"{site} [Wh]"])))
    lines = []
    for site, hours in months.items():
        for month, month_hours in hours.items():
            lines += settle_month(month, site, month_hours, zones[site])
    return lines
