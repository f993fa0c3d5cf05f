"""Command: send to MLflow what its store lacks. `make track` calls it, and Snakemake's handlers after every run."""

import argparse
import sys
from pathlib import Path

from ganaug.errors import UserError
from ganaug.study.tracking import sync


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="results of experiments; without: all in results/")
    parser.add_argument("--uri", help="MLflow store; without: the one last used for the experiment")
    parser.add_argument("--after-run", action="store_true", help="send what is new, and never fail")
    arguments = parser.parse_args()
    failed = 0
    for folder in arguments.folders or sorted(path.parent for path in Path("results").glob("*/cells")):
        try:
            outcome = sync(folder, uri=arguments.uri, recheck=not arguments.after_run)
        except UserError as error:
            print(f"ganaug: {error}", file=sys.stderr)
            failed += 1
            continue
        if outcome.sent or outcome.deleted or outcome.reason or not arguments.after_run:
            print(f"ganaug: {outcome}", file=sys.stderr)
        failed += outcome.reason is not None
    return 0 if arguments.after_run else min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
