"""Rule compare: the summaries of several experiments to one page, a table and a figure."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.study.compare import write_comparison

    write_comparison([Path(path) for path in snakemake.params.summaries], page=Path(snakemake.output.page))
