"""Rule explore: draw the training and validation images of one repeat."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.data.explore import explore
    from ganaug.images import ImageFiles

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    explore(
        split=given.split,
        dev=ImageFiles(given.dev_images, given.dev_index),
        report=given.report,
        root=settings.seed,
        code=settings.code,
        pictures={Path(path).stem: Path(path) for path in made.pictures},
        all_classes=Path(made.all_classes),
        record=made.record,
    )
