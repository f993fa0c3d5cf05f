"""Rule tabulate_grid: score files to the tables and curves of the grid."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.config import Study, build
    from ganaug.study.grid_tables import tabulate_grid

    tabulate_grid(
        [Path(path) for path in snakemake.input.scores],
        study=build(Study, snakemake.params.study, "study"),
        seed=snakemake.params.seed,
        code=snakemake.params.code,
        tables=Path(snakemake.output.facts).parent,
        picture=Path(snakemake.output.picture),
    )
