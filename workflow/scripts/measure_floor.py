"""Measure how near the training and validation images of every repeat are to each other."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.quality.stage import measure_floor

    given, settings = snakemake.input, snakemake.params
    weights = given.get("weights")
    files = zip(settings.repeats, given.train, given.validation, snakemake.output, strict=True)
    for repeat, train, validation, out in files:
        measure_floor(
            train=train,
            validation=validation,
            network=settings.network,
            repeat=repeat,
            root=settings.seed,
            code=settings.code,
            out=out,
            scaled=weights is None,
            weights=weights,
        )
