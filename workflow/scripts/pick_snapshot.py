"""Pick the snapshot of a GAN whose samples are nearest to the training images."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.quality.stage import pick

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    jobs = len(made.generators)
    files = [list(given.generators[k * jobs : (k + 1) * jobs]) for k in range(len(settings.snaps))]
    pick(
        measured=dict(zip(settings.snaps, given.measured, strict=True)),
        generators=dict(zip(settings.snaps, files, strict=True)),
        code=settings.code,
        out=made.generators,
        choice=made.choice,
    )
