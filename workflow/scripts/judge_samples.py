"""Write what the discriminators of a GAN say of a set of samples."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.config import Compute, Gan, build
    from ganaug.gan.judging import judge_samples
    from ganaug.images import ImageFiles

    given, settings = snakemake.input, snakemake.params
    judge_samples(
        gan=build(Gan, settings.gan, "gans"),
        samples=ImageFiles(given.images, given.index),
        discriminators=given.discriminators,
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        scores=snakemake.output[0],
    )
