"""Draw the samples that are nearest to training images beside these images."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.quality.pairs import draw_pairs

    given = snakemake.input
    draw_pairs(
        split=given.split,
        dev=given.dev_images,
        samples=given.samples,
        quality=given.quality,
        picture=snakemake.output[0],
        most=snakemake.params.most,
    )
