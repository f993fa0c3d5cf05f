"""Tables, verdicts and report of the repeats that are scored so far."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.config import Arm, Data, Study, build
    from ganaug.study.report import write_report
    from ganaug.study.tables import tabulate

    made, settings = snakemake.output, snakemake.params
    tabulate(
        [Path(path) for path in snakemake.input.scores],
        study=build(Study, settings.study, "study"),
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in settings.arms.items()},
        data=build(Data, settings.data, "data"),
        code=snakemake.params.code,
        tables=Path(made.metrics).parent,
        summary=Path(made.summary),
    )
    write_report(
        Path(made.report),
        summary=Path(made.summary),
        data_report=Path(snakemake.input.data_report),
        pictures=[],
        benchmarks=Path(snakemake.log[0]).parents[1] / "benchmarks",
        config=settings.config,
    )
