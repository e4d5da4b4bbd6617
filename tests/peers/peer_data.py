"""Where the cases of the peers find data, and how they have it made."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class DataMissing(Exception):
    """Real data that the case needs is not on this machine."""


def example(name):
    return ROOT / "examples" / name


def synthesize(wattlaw, what, out, *options):
    """`wattlaw synthesize WHAT OPTIONS… --out OUT`"""
    subprocess.run([wattlaw, "synthesize", what, *options, "--out", out], check=True, stdout=subprocess.DEVNULL)


def shared_data(*names):
    """Folder of real data beside the checkout; DataMissing if a file of it is not there."""
    shared = ROOT.parent / "shared" / "data"
    missing = [name for name in names if not (shared / name).is_file()]
    if missing:
        raise DataMissing(f"{shared} lacks {', '.join(missing)}")
    return shared
