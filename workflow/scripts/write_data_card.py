"""Rule data card: what is known of the images, and what their owner must answer, as Markdown."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.data.card import write_card
    from ganaug.images import open_split
    from ganaug.io import read_json

    given = snakemake.input
    write_card(
        Path(snakemake.output[0]),
        experiment=snakemake.wildcards.experiment,
        source=read_json(given.source),
        report=read_json(given.report),
        rows=open_split(given.split),
        repeats=snakemake.params.repeats,
    )
