"""Write the index of one arm's training set for one repeat."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.images import ImageFiles
    from ganaug.sets.stage import make_set

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    make_set(
        split=given.split,
        dev=given.dev_images,
        real=settings.real,
        duplicates=settings.duplicates,
        classic=ImageFiles(*given.classic) if given.classic else None,
        samples=ImageFiles(*given.samples[:2]) if given.samples else None,
        samples_record=given.samples[2] if given.samples else None,
        code=settings.code,
        out=made.training_set,
        record=made.record,
    )
