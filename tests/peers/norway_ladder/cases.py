"""The example's own three homes in June and July, then a year of 40 synthetic homes in all three tax zones."""

from peer_data import example, synthesize
from settle_peer import settle


def cases(wattlaw, out):
    folder, year = example("norway_ladder"), out / "year"
    synthesize(wattlaw, "homes", year, "--count", "40", "--seed", "2026", "--wide", "--tax-zones", "south,north,exempt")
    for scenario, traces in (("SummerChange", folder / "three_homes"), ("Households2026", year)):
        yield folder / "norway_ladder.watt", scenario, traces, settle(traces)
