"""Rule plot: score files and histories to the plots of the study."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.arms import Arm
    from ganaug.config import Study, build
    from ganaug.study.forest import draw_forest
    from ganaug.study.per_class_plots import draw_gains
    from ganaug.study.plots import plot
    from ganaug.study.scores import read_scores

    paths = [Path(path) for path in snakemake.input.scores]
    study = build(Study, snakemake.params.study, "study")
    arms = {name: build(Arm, arm, f"arms.{name}") for name, arm in snakemake.params.arms.items()}
    gan = snakemake.output.get("gan")
    plot(
        paths,
        [Path(path) for path in snakemake.input.histories],
        [Path(path) for path in snakemake.input.gan_histories],
        study=study,
        arms=arms,
        accuracy=Path(snakemake.output.accuracy),
        curves=Path(snakemake.output.curves),
        confusion=Path(snakemake.output.confusion),
        gan=Path(gan) if gan else None,
    )
    scores = read_scores(paths)
    draw_forest(scores, Path(snakemake.output.forest), study=study, arms=arms)
    draw_gains(scores, Path(snakemake.output.per_class), study=study)
