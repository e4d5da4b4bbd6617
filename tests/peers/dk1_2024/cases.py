"""Real prices, load profiles and weather of 2024, hourly and by quarter-hours. Needs ../shared/data beside the checkout."""

import subprocess
import sys
from pathlib import Path

from peer_data import shared_data
from settle_peer import settle

HERE = Path(__file__).parent


def cases(wattlaw, out):
    shared = shared_data("dayahead_nordic_2024/dayahead_eur_per_mwh.csv", "load_bdew2025/bdew2025_profiles.csv", "weather_aarhus_2024/weather.csv.gz")
    subprocess.run([sys.executable, HERE / "make_traces.py", shared, out], check=True)
    for scenario, folder, minutes in (("Hourly", "hourly", 60), ("QuarterHours", "quarter_hours", 15)):
        yield HERE / "dk1_2024.watt", scenario, out / folder, settle(out / folder, minutes)
