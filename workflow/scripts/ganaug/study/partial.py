"""Tables, verdicts and report of the repeats that are scored so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganaug.arms import Arm
from ganaug.config import Compute, Data, Study
from ganaug.errors import UserError
from ganaug.study.cost import tabulate_cost
from ganaug.study.grid_tables import tabulate_grid
from ganaug.study.per_class import tabulate_gains
from ganaug.study.report import write_report
from ganaug.study.tables import tabulate


def write_partial(
    folder: Path,
    *,
    scores: Sequence[Path],
    gan_records: Sequence[Path],
    data_report: Sequence[Path],
    study: Study,
    arms: Mapping[str, Arm],
    data: Data,
    seed: int,
    compute: Compute,
    jobs: Mapping[str, Mapping[str, Sequence[str]]],
    benchmarks: Path,
    config: Mapping[str, Any],
    code_digests: Mapping[str, str],
    code: str,
) -> None:
    """Write ``summary.json``, ``tables``, ``report.html`` and, of a grid, its plot into ``folder``.

    Args:
        scores, gan_records, data_report: see `tabulate` and `write_report`; of the last there is one or none. Files
            that are not there are left out: a run beside this one may have begun to make them anew.
        seed: the root of all randomness.
        compute, jobs, benchmarks: see `tabulate_cost`.

    Raises:
        UserError: there is nothing to tell of yet.
    """
    scored, records, reports = (
        [path for path in paths if path.exists()] for paths in (scores, gan_records, data_report)
    )
    if not (scored and reports):
        raise UserError("report_partial: no scores or no data report yet; run snakemake until one repeat is scored")
    tables, summary, picture = folder / "tables", folder / "summary.json", folder / "plots/grid.png"
    tabulate(
        scored,
        study=study,
        arms=arms,
        data=data,
        gan_records=records,
        seed=seed,
        code=code,
        tables=tables,
        summary=summary,
    )
    tabulate_gains(scored, study=study, tables=tables)
    if study.grid:
        tabulate_grid(scored, study=study, seed=seed, code=code, tables=tables, picture=picture)
    costs = tabulate_cost(benchmarks, jobs=jobs, summary=summary, compute=compute, tables=tables)
    write_report(
        folder / "report.html",
        summary=summary,
        data_report=reports[0],
        pictures=[],
        exploration=None,
        grid=[tables / "grid.json", picture] if study.grid else [],
        class_gains=tables / "per_class_gains.csv",
        costs=costs,
        benchmarks=benchmarks,
        config=config,
        code_digests=code_digests,
    )
