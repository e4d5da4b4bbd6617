"""What a session costs under an OCPI tariff, from the text of the format alone and in exact fractions.

For each dimension the first element counts that prices it and whose restrictions hold; minima hold, maxima do not. Energy is parted where
the session passes a bound in kWh; everything else is that of the begin of a row. Steps round the total of what has a price once, by the
step of the last price in use; of TIME and PARKING_TIME only the one in use last. Amounts to the cent are this project's rule.
"""

from fractions import Fraction

from ledger_lines import half_up
from make_cases import DAYS

LABELS = {"FLAT": "flat", "ENERGY": "energy", "TIME": "time", "PARKING_TIME": "parking"}


def exact(number):
    return Fraction(str(number))


def holds(when, moment):
    clock, local = moment["begin"].strftime("%H:%M"), moment["begin"]
    start, end = when.get("start_time", "00:00"), when.get("end_time", "00:00")
    if start != end:
        inside = start <= clock and (clock < end or end == "00:00") if start < end or end == "00:00" else clock >= start or clock < end
        if not inside:
            return False
    if "day_of_week" in when and DAYS[local.weekday()] not in when["day_of_week"]:
        return False
    day = local.date().isoformat()
    if day < when.get("start_date", day) or day >= when.get("end_date", "9999-12-31"):
        return False
    for name in ("kwh", "power", "current", "duration"):
        value = moment[name]
        if value < exact(when.get(f"min_{name}", 0)) or (f"max_{name}" in when and value >= exact(when[f"max_{name}"])):
            return False
    return True


def price_at(tariff, dimension, moment):
    for element in tariff["elements"]:
        for component in element["price_components"]:
            if component["type"] == dimension and holds(element.get("restrictions", {}), moment):
                return component
    return None


def moments_of(tariff, session):
    """Rows, parted where energy so far passes a bound of an element that prices energy: (moment, kWh, hours of charging, hours of parking)."""
    bounds = sorted({exact(element["restrictions"][key]) for element in tariff["elements"] for key in ("min_kwh", "max_kwh") if key in element.get("restrictions", {})})
    result, reached, first = [], Fraction(0), session["rows"][0]["begin"]
    for row in session["rows"]:
        total = Fraction(row["wh"], 1000)
        edges = [reached, *(bound for bound in bounds if reached < bound < reached + total), reached + total]
        for index, (low, high) in enumerate(zip(edges, edges[1:])):
            moment = {"begin": row["begin"], "kwh": low, "row_kwh": reached, "power": Fraction(row["power"]), "current": Fraction(row["current"]),
                      "duration": Fraction(int((row["begin"] - first).total_seconds()))}
            hours = [Fraction(row[key], 3600) if index == 0 else Fraction(0) for key in ("charging_s", "parking_s")]
            result.append((moment, high - low, *hours))
        reached += total
    return result


def dimension_amount(tariff, dimension, uses, unit_steps, rounds):
    """uses: (moment, quantity) in order; unit_steps: how many steps of size 1 make a unit."""
    priced = [(component, quantity) for component, quantity in ((price_at(tariff, dimension, moment), quantity) for moment, quantity in uses) if component and quantity > 0]
    amount = sum((quantity * exact(component["price"]) for component, quantity in priced), Fraction(0))
    if priced and rounds:
        last, total = priced[-1][0], sum(quantity for _, quantity in priced)
        steps = total * unit_steps / max(1, last["step_size"])
        amount += (Fraction(-(-steps.numerator // steps.denominator)) - steps) * max(1, last["step_size"]) / unit_steps * exact(last["price"])
    return amount


def flat_of(tariff, moments):
    """The first that holds at any time; one that asks for energy alone holds once the session has reached it, within a row as well."""
    flats = [(element.get("restrictions", {}), component) for element in tariff["elements"] for component in element["price_components"] if component["type"] == "FLAT"]
    if len(flats) == 1 and list(flats[0][0]) == ["min_kwh"]:
        return flats[0][1] if sum(kwh for _, kwh, *_ in moments) >= flats[0][0]["min_kwh"] else None
    return next((component for component in (price_at(tariff, "FLAT", {**moment, "kwh": moment["row_kwh"]}) for moment, *_ in moments) if component), None)


def settle(tariff, session):
    """Clause -> cents as posted, of those that are not zero."""
    moments = moments_of(tariff, session)
    at_row = [({**moment, "kwh": moment["row_kwh"]}, charging, parking) for moment, _, charging, parking in moments if charging or parking]
    in_use = [dimension for moment, charging, parking in at_row for dimension, hours in (("TIME", charging), ("PARKING_TIME", parking)) if hours and price_at(tariff, dimension, moment)]
    last = in_use[-1] if in_use else None
    flat = flat_of(tariff, moments)
    amounts = {
        "ENERGY": dimension_amount(tariff, "ENERGY", [(moment, kwh) for moment, kwh, *_ in moments], 1000, True),
        "TIME": dimension_amount(tariff, "TIME", [(moment, charging) for moment, charging, _ in at_row], 3600, last == "TIME"),
        "PARKING_TIME": dimension_amount(tariff, "PARKING_TIME", [(moment, parking) for moment, _, parking in at_row], 3600, last == "PARKING_TIME"),
        "FLAT": exact(flat["price"]) if flat else Fraction(0),
    }
    lines = {LABELS[dimension]: half_up(amount) for dimension, amount in amounts.items()}
    rates = {}
    for dimension in amounts:
        components = [c for e in tariff["elements"] for c in e["price_components"] if c["type"] == dimension and c["price"] > 0]
        if components:
            rates[dimension] = exact(components[0]["vat"]) if "vat" in components[0] else None
    return {clause: amount for clause, amount in with_limits_and_taxes(tariff, lines, rates).items() if amount}


def with_limits_and_taxes(tariff, lines, rates):
    included, kinds = tariff.get("tax_included") == "YES", set(rates.values())
    share = (lambda rate: rate / (100 + rate)) if included else (lambda rate: rate / 100)
    if len(kinds) > 1:
        for rate in kinds - {None}:
            name = "vat_" + f"{float(rate):g}".replace(".", "_")
            lines[name] = half_up(share(rate) * sum(lines[LABELS[dimension]] for dimension in rates if rates[dimension] == rate))
        return lines
    rate = next(iter(kinds), None)
    factor = 1 + (rate or Fraction(0)) / 100
    late = []
    for key, clause, stricter in (("min_price", "minimum", max), ("max_price", "maximum", min)):
        if key not in tariff:
            continue
        before, after = (exact(value) for value in (list(tariff[key].values()) * 2)[:2])
        with_tax = before * factor
        after = after if len(tariff[key]) == 2 and abs(after - with_tax) > Fraction(1, 200) else with_tax
        binds_after = stricter(after, with_tax) != with_tax
        bound = stricter(after, with_tax) if included or rate is None or binds_after else before
        if binds_after and not included and rate is not None:
            late.append((clause, bound))
        else:
            add_limit(lines, clause, bound)
    if rate is not None:
        lines["vat"] = half_up(share(rate) * sum(lines.values()))
    for clause, bound in late:
        add_limit(lines, clause, bound)
    return lines


def add_limit(lines, clause, bound):
    missing = bound - sum(lines.values())
    lines[clause] = half_up(max(missing, 0) if clause == "minimum" else min(missing, 0))
