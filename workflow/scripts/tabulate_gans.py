"""Rule tabulate_gans: sample quality and histories to a table of the GANs."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.arms import Arm
    from ganaug.config import Gan, build
    from ganaug.study.gans import Measured, tabulate_gans

    given, settings = snakemake.input, snakemake.params
    measured = []
    for k, (gan, snap, amount) in enumerate(settings.sets):
        quality = [Path(path) for path in given.quality[k * settings.repeats : (k + 1) * settings.repeats]]
        histories = [[Path(path) for path in files] for files in settings.histories[gan]]
        measured.append(Measured(gan, snap, amount, quality, histories))
    tabulate_gans(
        measured,
        floors=[Path(path) for path in given.floors],
        gans={name: build(Gan, values, f"gans.{name}") for name, values in settings.gans.items()},
        scores=[Path(path) for path in given.get("scores", [])],
        arms={name: build(Arm, arm, f"arms.{name}") for name, arm in settings.arms.items()},
        classifier=settings.classifier,
        tables=Path(snakemake.output.facts).parent,
        name=Path(snakemake.output.facts).stem,
    )
