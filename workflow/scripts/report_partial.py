"""Tables, verdicts and report of the repeats that are scored so far."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.arms import Arm
    from ganaug.config import Compute, Data, Study, build
    from ganaug.study.partial import write_partial

    settings = snakemake.params
    write_partial(
        Path(snakemake.output.summary).parent,
        scores=[Path(path) for path in settings.scores],
        gan_records=[Path(path) for path in settings.gan_records],
        data_report=[Path(path) for path in settings.data_report],
        study=build(Study, settings.study, "study"),
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in settings.arms.items()},
        data=build(Data, settings.data, "data"),
        seed=settings.seed,
        compute=build(Compute, snakemake.config["compute"], "compute"),
        jobs=settings.jobs,
        benchmarks=Path(snakemake.log[0]).parents[1] / "benchmarks",
        config=settings.config,
        code_digests=settings.code_digests,
        code=settings.code,
    )
