"""N1, Energinet, electricity tax and spot price of 2025 without Wattlaw: loops over quarter-hours and exact fractions. Figures are typed in again."""

import csv
from collections import defaultdict
from datetime import datetime, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from ledger_lines import rounded_line

COPENHAGEN = ZoneInfo("Europe/Copenhagen")

# DKK/kWh incl. VAT: low, high in summer, high in winter, peak in summer, peak in winter, feed-in
RATES = [Fraction(text) for text in ("0.1083", "0.1625", "0.3250", "0.4225", "0.9751", "0.0137")]
RATES_OF_DECEMBER = [Fraction(text) for text in ("0.0851", "0.1276", "0.2552", "0.3317", "0.7656", "0.0084")]


def load_column(local):
    if local.hour < 6:
        return 0
    winter = local.month in (10, 11, 12, 1, 2, 3)
    return (3 if 17 <= local.hour < 21 else 1) + winter


def settle_month(month, site, quarters, prices):
    rates = RATES_OF_DECEMBER if month == 12 else RATES
    energy = spot = Fraction(0)
    imported = exported = 0
    for instant, local, taken, given in quarters:
        energy += Fraction(taken, 1000) * rates[load_column(local)]
        spot += Fraction(taken, 1000) * prices[instant.replace(minute=0)]
        imported += taken
        exported += given
    period, lines = f"2025-{month:02}", []

    def post(tariff, clause, exact, payee, quantity=None, unit="", payer=site):
        lines.append(rounded_line(period, site, tariff, clause, payer, payee, exact, "DKK", quantity, unit))
        return lines[-1]["amount"]

    kwh, kwh_out = Fraction(imported, 1000), Fraction(exported, 1000)
    gross = post("N1", "energy", energy, "DistributionOperator", kwh, "kWh")
    gross += post("N1", "feed_in", kwh_out * rates[5], "DistributionOperator", kwh_out, "kWh")
    gross += post("N1", "subscription", Fraction("400.30") / 12, "DistributionOperator")
    post("N1", "vat", gross * Fraction(25, 125), "State", payer="DistributionOperator")
    for tariff, clause, exact, payee in (("Energinet", "transport", kwh * Fraction("0.135"), "TransmissionOperator"),
                                         ("ElectricityTax", "elafgift", kwh * Fraction("0.727"), "State"),
                                         ("SpotSupply", "spot", spot, "EnergySupplier")):
        net = post(tariff, clause, exact, payee, kwh, "kWh")
        post(tariff, "vat", net / 4, "State")
    return lines


def read_columns(path):
    """[(instant, {column: text})] of a file whose times carry their offset."""
    with open(path, newline="") as file:
        return [(datetime.fromisoformat(row["time"]).astimezone(timezone.utc), row) for row in csv.DictReader(file)]


def settle(folder):
    """All ledger lines for the traces in `folder`: quarter-hours, one column a site; prices by the hour."""
    with open(folder / "sites.csv", newline="") as file:
        sites = [row["id"] for row in csv.DictReader(file)]
    prices = {instant: Fraction(row["spot [DKK/kWh]"]) for instant, row in read_columns(folder / "prices.csv")}
    months = {site: defaultdict(list) for site in sites}
    taken, given = read_columns(folder / "site.import.csv"), read_columns(folder / "site.export.csv")
    for (instant, in_row), (out_instant, out_row) in zip(taken, given, strict=True):
        assert instant == out_instant
        local = instant.astimezone(COPENHAGEN)
        for site in sites:
            months[site][local.month].append((instant, local, int(in_row[f"{site} [Wh]"]), int(out_row[f"{site} [Wh]"])))
    return [line for site in sites for month, quarters in months[site].items() for line in settle_month(month, site, quarters, prices)]
