"""Rule tabulate: score files to tables, verdicts and the summary."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.arms import Arm
    from ganaug.config import Data, Study, build
    from ganaug.study.per_class import tabulate_gains
    from ganaug.study.tables import tabulate

    scores = [Path(path) for path in snakemake.input.scores]
    study = build(Study, snakemake.params.study, "study")
    tables = Path(snakemake.output.metrics).parent
    tabulate(
        scores,
        study=study,
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in snakemake.params.arms.items()},
        data=build(Data, snakemake.params.data, "data"),
        gan_records=[Path(path) for path in snakemake.input.gan_records],
        seed=snakemake.params.seed,
        code=snakemake.params.code,
        tables=tables,
        summary=Path(snakemake.output.summary),
    )
    tabulate_gains(scores, study=study, tables=tables)
