"""Tariffs as OCPI allows them, and sessions to settle under them, drawn with a fixed seed.

Left out is what the format leaves undefined or the import refuses: two rates of VAT in one dimension, limits beside several rates,
blocks of energy with steps and without a last price, a session across a date at which prices change.
"""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")
CUT = "2026-03-15"
DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
TIMES = ["00:00", "06:00", "07:30", "09:00", "16:00", "18:00", "20:00", "22:00"]


def draw_restrictions(draw, dimension, dated):
    when = {}
    if draw.random() < 0.5:
        first, second = draw.sample(TIMES, 2)
        when |= {"start_time": first, "end_time": second}
    elif draw.random() < 0.2:
        when[draw.choice(["start_time", "end_time"])] = draw.choice(TIMES[1:])
    if draw.random() < 0.4:
        when["day_of_week"] = draw.sample(DAYS, draw.randint(1, 6))
    for name, unit in (("power", 1), ("current", 1), ("kwh", 1), ("duration", 60)):
        if draw.random() < 0.15:
            low = draw.randint(1, 12) * unit
            if draw.random() < 0.6:
                when[f"min_{name}"] = low
            if draw.random() < 0.6 or f"min_{name}" not in when:
                when[f"max_{name}"] = low + draw.randint(1, 20) * unit
    if dated and draw.random() < 0.5:
        when[draw.choice(["start_date", "end_date"])] = CUT
    return when


def draw_tariff(draw, number):
    tariff = {"country_code": "NL", "party_id": "PEE", "id": f"Peer {number:03}", "currency": "EUR", "last_updated": "2026-02-01T10:00:00Z"}
    if draw.random() < 0.5:
        tariff["tax_included"] = draw.choice(["YES", "NO", "N/A"])
    untaxed = tariff.get("tax_included") == "N/A"
    one_rate = draw.choice([None, 21.0, 25.0, 5.5])
    rates = {dimension: one_rate for dimension in ("ENERGY", "TIME", "PARKING_TIME", "FLAT")}
    if draw.random() < 0.3:
        rates = {dimension: draw.choice([None, 21.0, 9.0]) for dimension in rates}
    dated = draw.random() < 0.3
    step_sizes = {dimension: draw.choice([[1], [1], [300], [1, 500, 900]]) for dimension in rates}
    elements = []

    def component(dimension):
        price = {"type": dimension, "price": round(draw.randint(0, 200) / 100, 2), "step_size": 1 if dated else draw.choice(step_sizes[dimension])}
        if rates[dimension] is not None and not untaxed:
            price["vat"] = rates[dimension]
        return price

    dimensions = draw.sample(list(rates), draw.randint(1, 4))
    for _ in range(draw.randint(0, 4)):
        priced = draw.sample(dimensions, draw.randint(1, len(dimensions)))
        elements.append({"price_components": [component(d) for d in priced], "restrictions": draw_restrictions(draw, priced, dated)})
    blocks = any(key in e["restrictions"] for e in elements for key in ("min_kwh", "max_kwh"))
    if blocks and "ENERGY" in dimensions:
        step_sizes["ENERGY"] = [step_sizes["ENERGY"][0]]
        for element in elements:
            for price in element["price_components"]:
                if price["type"] == "ENERGY":
                    price["step_size"] = 1 if dated else step_sizes["ENERGY"][0]
    rest = [d for d in dimensions if draw.random() < 0.6 or (d == "ENERGY" and blocks) or not elements]
    if rest:
        elements.append({"price_components": [component(d) for d in rest]})
    tariff["elements"] = elements
    if len(set(rates.values())) == 1:
        names = ("before_taxes", "after_taxes") if "tax_included" in tariff else ("excl_vat", "incl_vat")
        for key, low, high in (("min_price", 1, 300), ("max_price", 301, 1500)):
            if draw.random() < 0.4:
                before = draw.randint(low, high)
                tariff[key] = {names[0]: before / 100}
                if draw.random() < 0.5:
                    tariff[key][names[1]] = (before + draw.randint(0, before // 2)) / 100
    return tariff


def draw_session(draw, number):
    while True:
        begin = datetime(2026, 3, draw.randint(2, 30), draw.randint(0, 23), draw.choice([0, 10, 25, 30, 55]))
        minutes = [draw.choice([5, 10, 30, 60]) for _ in range(draw.randint(1, 8))]
        end = begin + timedelta(minutes=sum(minutes))
        if begin.isoformat() < CUT < end.isoformat() or begin.day <= 29 <= end.day:  # the day on which the clock changes is not for this test
            continue
        rows, charging = [], True
        for length in minutes:
            charging = charging if draw.random() < 0.7 else not charging
            wh = draw.randint(1, 20000) if charging else 0
            rows.append({"begin": begin, "end": begin + timedelta(minutes=length), "wh": wh, "charging_s": 60 * length if charging else 0,
                         "parking_s": 0 if charging else 60 * length, "power": draw.randint(1, 30) if charging else 0, "current": draw.randint(1, 30) if charging else 0})
            begin += timedelta(minutes=length)
        return {"id": f"session_{number:03}", "rows": rows}


def draw_cases(seed, tariffs, sessions):
    draw = random.Random(seed)
    return [draw_tariff(draw, n) for n in range(tariffs)], [draw_session(draw, n) for n in range(sessions)]


def sessions_csv(sessions):
    lines = ["session,begins,ends,delivered [Wh],charging_time [s],parking_time [s],power [kW],current [A]"]
    for session in sessions:
        for row in session["rows"]:
            begin, end = (row[key].replace(tzinfo=ZONE).isoformat(timespec="minutes") for key in ("begin", "end"))
            lines.append(f"{session['id']},{begin},{end},{row['wh']},{row['charging_s']},{row['parking_s']},{row['power']},{row['current']}")
    return "\n".join(lines) + "\n"
