"""Göteborg's two options and Ellevio's tariff of 2025 without Wattlaw: loops over hours and exact fractions. Figures are typed in again."""

import csv
from collections import defaultdict
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from ledger_lines import rounded_line

STOCKHOLM = ZoneInfo("Europe/Stockholm")
HOLIDAYS = ["2025-01-01", "2025-01-06", "2025-04-18", "2025-04-20", "2025-04-21", "2025-05-01", "2025-05-29", "2025-06-06", "2025-06-08",
            "2025-06-21", "2025-11-01", "2025-12-25", "2025-12-26"]


def mean_of_three(highest_by_day):
    """kW: of Wh of the highest hour of each day; of as many days as there are, at most three."""
    top = sorted(highest_by_day.values())[-3:]
    return Fraction(sum(top)) / len(top) / 1000 if top else Fraction(0)


def settle_month(month, site, hours):
    imported = 0
    whole_day, winter_day, weighted = defaultdict(int), defaultdict(int), defaultdict(Fraction)
    for local, taken in hours:
        day = local.date()
        imported += taken
        whole_day[day] = max(whole_day[day], taken)
        weighted[day] = max(weighted[day], Fraction(taken) if 6 <= local.hour < 22 else Fraction(taken, 2))
        if local.month in (11, 12, 1, 2, 3) and local.weekday() < 5 and 7 <= local.hour < 20 and day.isoformat() not in HOLIDAYS:
            winter_day[day] = max(winter_day[day], taken)
    kwh = Fraction(imported, 1000)
    peak, option_peak, weighted_peak = mean_of_three(whole_day), mean_of_three(winter_day), mean_of_three(weighted)
    period, lines = f"2025-{month:02}", []

    def post(tariff, clause, exact, quantity=None, unit="", payer=site, payee="DistributionOperator"):
        lines.append(rounded_line(period, site, tariff, clause, payer, payee, exact, "SEK", quantity, unit))
        return lines[-1]["amount"]

    net = post("GoteborgStandard", "fixed", Fraction(1776, 12))
    net += post("GoteborgStandard", "energy", kwh * Fraction("0.20"), kwh, "kWh")
    net += post("GoteborgStandard", "power", peak * 36, peak, "kW")
    post("GoteborgStandard", "vat", net / 4, payee="State")

    net = post("GoteborgTimeOfUse", "fixed", Fraction(1776, 12))
    net += post("GoteborgTimeOfUse", "energy", kwh * Fraction("0.06"), kwh, "kWh")
    if winter_day:  # a window that does not occur makes no line
        net += post("GoteborgTimeOfUse", "power", option_peak * Fraction("105.6"), option_peak, "kW")
    post("GoteborgTimeOfUse", "vat", net / 4, payee="State")

    gross = post("Ellevio", "subscription", Fraction(365))
    gross += post("Ellevio", "energy", kwh * Fraction("0.0625"), kwh, "kWh")
    gross += post("Ellevio", "power", weighted_peak * Fraction("81.25"), weighted_peak, "kW")
    post("Ellevio", "vat", gross / 5, payer="DistributionOperator", payee="State")
    return lines


def settle(folder):
    """All ledger lines for the traces in `folder`: hourly, one column a site."""
    with open(folder / "sites.csv", newline="") as file:
        sites = [row["id"] for row in csv.DictReader(file)]
    months = {site: defaultdict(list) for site in sites}
    with open(folder / "site.import.csv", newline="") as file:
        for row in csv.DictReader(file):
            local = datetime.fromisoformat(row["time"]).astimezone(STOCKHOLM)
            for site in sites:
                months[site][local.month].append((local, int(row[f"{site} [Wh]"])))
    return [line for site in sites for month, hours in months[site].items() for line in settle_month(month, site, hours)]
