"""The measurements of docs/performance.md: `python -m bench [NAME [LEADS …]]`, else all of them."""

import subprocess
import sys
from importlib import import_module

from bench.database import prepare

MEASUREMENTS = ("figures", "reports", "pages", "inbox", "escalating", "scoring", "predicting")


def main(name: str, sizes: list[str]) -> None:
    prepare()
    # Only now: models need Django's settings.
    import_module(f"bench.{name}").measure([int(size.replace("_", "")) for size in sizes])


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in MEASUREMENTS:
        main(sys.argv[1], sys.argv[2:])
    else:
        # Each in a process of its own, with a database of its own.
        for measurement in (*(["bench", name] for name in MEASUREMENTS), ["bench.importing"], ["bench.learning"]):
            subprocess.run([sys.executable, "-m", *measurement], check=True)
