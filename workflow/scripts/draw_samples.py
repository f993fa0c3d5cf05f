"""Draw real training images beside samples, a row a class."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.images import ImageFiles
    from ganaug.sets.stage import draw_samples

    given = snakemake.input
    draw_samples(
        split=given.split,
        dev=given.dev_images,
        samples=ImageFiles(given.sample_images, given.sample_index),
        picture=snakemake.output[0],
    )
