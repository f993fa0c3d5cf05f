"""Draw many samples of a GAN as one picture."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.images import ImageFiles
    from ganaug.sets.grids import draw_grid

    draw_grid(
        samples=ImageFiles(snakemake.input.images, snakemake.input.index),
        most=snakemake.params.most,
        columns=snakemake.params.columns,
        picture=snakemake.output[0],
    )
