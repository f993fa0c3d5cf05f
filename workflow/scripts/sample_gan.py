"""Draw samples of every class from one snapshot of a GAN."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.config import Compute, Gan, build
    from ganaug.gan.samples import sample_set
    from ganaug.images import ImageFiles

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    sample_set(
        name=snakemake.wildcards.gan,
        gan=build(Gan, settings.gan, "gans"),
        amount=snakemake.wildcards.amount,
        repeat=int(snakemake.wildcards.r),
        root=settings.seed,
        split=given.split,
        dev=given.dev_images,
        generators=given.generators,
        records=given.records,
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        code=settings.code,
        out=ImageFiles(made.images, made.index),
        record=made.record,
    )
