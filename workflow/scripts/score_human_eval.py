"""Rule human_score: what people answered, and the key, to a table."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.study.human import score_human

    score_human(
        Path(snakemake.input.key),
        answers=[Path(path) for path in snakemake.params.answers],
        folder=snakemake.params.folder,
        code=snakemake.params.code,
        tables=Path(snakemake.output.facts).parent,
    )
