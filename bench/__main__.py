"""The measurements of docs/performance.md: `python -m bench [figures [LEADS …]]`, without arguments all of them."""

import subprocess
import sys

from bench.database import prepare


def main(arguments: list[str]) -> None:
    prepare()
    from bench import figures  # only now: models need Django's settings

    figures.measure([int(size.replace("_", "")) for size in arguments])


if __name__ == "__main__":
    if sys.argv[1:2] == ["figures"]:
        main(sys.argv[2:])
    else:
        # Each in a process of its own, with a database of its own.
        for measurement in (["bench", "figures"], ["bench.importing"]):
            subprocess.run([sys.executable, "-m", *measurement], check=True)
