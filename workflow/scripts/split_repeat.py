"""Rule split: draw the train and validation rows of one repeat from the development images."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.data.splits import split
    from ganaug.images import open_index, save_split

    rows = split(
        open_index(snakemake.input.index),
        seed=snakemake.params.seed,
        repeat=snakemake.params.repeat,
        per_class=snakemake.params.per_class,
        validation=snakemake.params.validation,
    )
    save_split(snakemake.output[0], rows)
