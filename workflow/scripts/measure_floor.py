"""Measure how near the training and validation images of every repeat are to each other."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.quality.stage import measure_floor

    given, settings = snakemake.input, snakemake.params
    for train, validation, out in zip(given.train, given.validation, snakemake.output, strict=True):
        measure_floor(train=train, validation=validation, network=settings.network, code=settings.code, out=out)
