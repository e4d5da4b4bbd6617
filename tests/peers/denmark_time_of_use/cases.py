"""The example's own two months, in which the clocks change, then the whole of 2025 for 6 synthetic homes."""

from pathlib import Path

from peer_data import example, synthesize
from settle_peer import settle


def cases(wattlaw, out):
    folder, year = example("denmark_time_of_use"), out / "year"
    time = ["--from", "2025-01-01", "--until", "2026-01-01", "--zone", "Europe/Copenhagen"]
    synthesize(wattlaw, "homes", year, "--count", "6", "--seed", "45", "--step", "15", "--wide", *time)
    synthesize(wattlaw, "prices", year / "prices.csv", "--seed", "45", "--currency", "DKK", *time)
    script = folder / "denmark_time_of_use.watt"
    for scenario, traces in (("March2025", folder / "traces" / "march"), ("October2025", folder / "traces" / "october")):
        yield script, scenario, traces, settle(traces)
    yield Path(__file__).parent / "denmark_year.watt", "Year2025", year, settle(year)
