"""Measure how near every set of samples of a GAN is to the real images of a repeat."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.quality.stage import Guesses, measure

    given, settings = snakemake.input, snakemake.params
    weights = given.get("weights")
    measure(
        train=given.train,
        validation=given.validation,
        samples=dict(zip(settings.names, given.samples, strict=True)),
        network=settings.network,
        repeat=int(snakemake.wildcards.r),
        root=settings.seed,
        code=settings.code,
        out=dict(zip(settings.names, snakemake.output, strict=True)),
        # Networks that others trained have features alone.
        guesses=None
        if weights
        else Guesses(
            probabilities=dict(zip(settings.names, given.probabilities, strict=True)),
            indexes=dict(zip(settings.names, given.indexes, strict=True)),
            held=given.held,
            split=given.split,
        ),
        scaled=weights is None,
        weights=weights,
    )
