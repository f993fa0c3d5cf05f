"""Tables, verdicts and report of the repeats that are scored so far."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.arms import Arm
    from ganaug.config import Data, Study, build
    from ganaug.errors import UserError
    from ganaug.study.report import write_report
    from ganaug.study.tables import tabulate

    made, settings = snakemake.output, snakemake.params
    # What was there when this job was planned; a run beside it may have begun since to make it anew.
    planned = (settings.scores, settings.gan_records, settings.data_report)
    scores, gan_records, data_report = ([path for path in map(Path, one) if path.exists()] for one in planned)
    if not (scores and data_report):
        raise UserError("report_partial: no scores or no data report yet; run snakemake until one repeat is scored")
    tabulate(
        scores,
        study=build(Study, settings.study, "study"),
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in settings.arms.items()},
        data=build(Data, settings.data, "data"),
        gan_records=gan_records,
        code=snakemake.params.code,
        tables=Path(made.metrics).parent,
        summary=Path(made.summary),
    )
    write_report(
        Path(made.report),
        summary=Path(made.summary),
        data_report=data_report[0],
        pictures=[],
        exploration=None,
        benchmarks=Path(snakemake.log[0]).parents[1] / "benchmarks",
        config=settings.config,
        code_digests=settings.code_digests,
    )
