"""Print the table of arms and the verdict: ``python workflow/scripts/print_verdict.py results/digits/summary.json``."""

import sys
from pathlib import Path

from ganaug.io import read_json
from ganaug.study.report import print_summary

if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.exit(
            "ganaug: print_verdict.py: give it the summary.json of an experiment, such as results/digits/summary.json"
        )
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    print(print_summary(read_json(sys.argv[1])))
