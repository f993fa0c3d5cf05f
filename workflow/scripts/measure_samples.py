"""Measure how near every set of samples of a repeat is to its real images."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.quality.stage import measure

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    measure(
        train=given.train,
        validation=given.validation,
        samples=dict(zip(settings.names, given.samples, strict=True)),
        network=settings.network,
        floor=made.floor,
        out=dict(zip(settings.names, made.samples, strict=True)),
    )
