"""Add repeats until all is settled: ``python workflow/scripts/settle_study.py --most 30 [-- --cores 8]``."""

import argparse
import subprocess
import sys
from pathlib import Path

from ganaug.errors import UserError
from ganaug.io import read_json
from ganaug.job import complaint
from ganaug.study.decision import LEAST_REPEATS
from ganaug.study.report import print_summary
from ganaug.study.settle import results_of, scored, settle, snakemake

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, required=True, help="the budget of repeats")
    parser.add_argument("--config", type=Path, help="the experiment's config file")
    parser.add_argument("arguments", nargs="*", help="more of Snakemake's, after --")
    told = parser.parse_args()
    try:
        if told.most < LEAST_REPEATS:
            raise UserError(f"settle: {told.most} repeats settle nothing; set MOST to {LEAST_REPEATS} or more")
        results = results_of(told.config)
        run = snakemake(results, config=told.config, most=told.most, arguments=told.arguments)
        step = settle(run, most=told.most, begun=scored(results), tell=lambda text: print(text, flush=True))
    except UserError as error:
        sys.exit(complaint(error))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    print(print_summary(read_json(results / "summary.json")))
    print(f"\nTo keep these verdicts, write study: {{repeats: {step.repeats}, settle: {told.most}}} into the config.")
