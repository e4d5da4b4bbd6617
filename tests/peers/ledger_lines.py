"""Lines of a ledger, made by a peer or read from ledger.csv, and their comparison to the last digit."""

import csv
import subprocess
import sys
from fractions import Fraction

KEY = ("period", "site", "tariff", "clause")
COMPARED = ("payer", "payee", "quantity", "quantity_unit", "amount", "currency", "residue")


def line(period, site, tariff, clause, payer, payee, amount, residue, currency, quantity=None, quantity_unit=""):
    return dict(period=period, site=site, tariff=tariff, clause=clause, payer=payer, payee=payee, amount=amount, residue=residue,
                currency=currency, quantity=quantity, quantity_unit=quantity_unit)


def half_up(exact):
    """To hundredths, half away from zero."""
    magnitude = abs(exact) * 100 + Fraction(1, 2)
    hundredths = magnitude.numerator // magnitude.denominator
    return Fraction(hundredths if exact >= 0 else -hundredths, 100)


def rounded_line(period, site, tariff, clause, payer, payee, exact, currency, quantity=None, quantity_unit=""):
    """What rounding took away is the residue: exact less posted."""
    amount = half_up(exact)
    return line(period, site, tariff, clause, payer, payee, amount, exact - amount, currency, quantity, quantity_unit)


def read_ledger(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        whole, point, digits = row["amount"].partition(".")
        assert point and len(digits) == 2, f"amount {row['amount']} is not in hundredths"
        for field in ("amount", "residue"):
            row[field] = Fraction(row[field])
        row["quantity"] = Fraction(row["quantity"]) if row["quantity"] else None
        if row["rate"] and row["quantity"] is not None:
            exact = row["quantity"] * Fraction(row["rate"])
            assert exact == row["amount"] + row["residue"], f"quantity times rate is {exact} in {row}"
    return rows


def differences(expected, found):
    """One sentence for each line that differs, is missing or is too many."""
    by_key = [{tuple(row[name] for name in KEY): row for row in rows} for rows in (expected, found)]
    result = ["two lines of one clause, site and month"] if [len(rows) for rows in by_key] != [len(expected), len(found)] else []
    for key in sorted(by_key[0].keys() | by_key[1].keys()):
        peer, ledger = (rows.get(key) for rows in by_key)
        if peer is None or ledger is None:
            result.append(f"{' '.join(key)}: only in {'the ledger' if peer is None else 'the peer'}: {peer or ledger}")
            continue
        result += [f"{' '.join(key)}: {name}: peer {peer[name]}, ledger {ledger[name]}" for name in COMPARED if peer[name] != ledger[name]]
    return result


def run_and_compare(wattlaw, script, scenario, data, out, expected):
    """Settle by kernels and by the interpreter and compare both ledgers with the peer's lines; the number of lines, or exit 1."""
    assert expected
    for engine, option in (("kernels", []), ("interpreter", ["--interpret"])):
        folder = out / f"{scenario}_{engine}"
        subprocess.run([wattlaw, "run", script, "--scenario", scenario, "--data", data, "--out", folder, *option], check=True,
                       stdout=subprocess.DEVNULL)
        found = differences(expected, read_ledger(folder / "ledger.csv"))
        if found:
            print(f"{scenario} by {engine}: {len(found)} differences", *found[:40], sep="\n  ")
            sys.exit(1)
    return len(expected)
