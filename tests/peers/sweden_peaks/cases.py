"""The example's own three months, then the whole of 2025 for 12 synthetic homes."""

from pathlib import Path

from peer_data import example, synthesize
from settle_peer import settle


def cases(wattlaw, out):
    folder, year = example("sweden_peaks"), out / "year"
    synthesize(wattlaw, "homes", year, "--count", "12", "--seed", "46", "--wide", "--from", "2025-01-01", "--until", "2026-01-01",
               "--zone", "Europe/Stockholm")
    yield folder / "sweden_peaks.watt", "Winter2025", folder / "traces", settle(folder / "traces")
    yield Path(__file__).parent / "sweden_year.watt", "Year2025", year, settle(year)
