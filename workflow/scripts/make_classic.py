"""Make the classic images of one arm for one repeat."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.arms import ClassicArm
    from ganaug.config import build
    from ganaug.images import ImageFiles
    from ganaug.sets.stage import make_classic

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    make_classic(
        split=given.split,
        dev=given.dev_images,
        arm=build(ClassicArm, settings.classic, "classic"),
        amount=settings.amount,
        per_class=settings.per_class,
        repeat=int(snakemake.wildcards.r),
        root=settings.seed,
        code=settings.code,
        out=ImageFiles(made.images, made.index),
        record=made.record,
    )
