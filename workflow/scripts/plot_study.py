"""Rule plot: score files and histories to the plots of the study."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.arms import Arm
    from ganaug.config import Study, build
    from ganaug.study.plots import plot

    gan = snakemake.output.get("gan")
    plot(
        [Path(path) for path in snakemake.input.scores],
        [Path(path) for path in snakemake.input.histories],
        [Path(path) for path in snakemake.input.gan_histories],
        study=build(Study, snakemake.params.study, "study"),
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in snakemake.params.arms.items()},
        accuracy=Path(snakemake.output.accuracy),
        curves=Path(snakemake.output.curves),
        confusion=Path(snakemake.output.confusion),
        gan=Path(gan) if gan else None,
    )
