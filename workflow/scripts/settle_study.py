"""Command: add repeats until every comparison is settled or a budget is spent. `make settle MOST=30` calls it."""

import argparse
import sys

from ganaug.errors import UserError
from ganaug.job import complaint
from ganaug.study.settle import settle


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("most", help="the most repeats there may be; after --")
    parser.add_argument("--configfile", default="", help="of the experiment; without: the default one")
    parser.add_argument("arguments", nargs="*", help="more for Snakemake")
    given = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        return settle(given.most, configfile=given.configfile, arguments=given.arguments)
    except UserError as error:
        print(complaint(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
