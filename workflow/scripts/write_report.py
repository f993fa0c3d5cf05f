"""Rule report: summary, pictures and provenance to one HTML file."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.study.report import write_report

    out = Path(snakemake.output[0])
    write_report(
        out,
        summary=Path(snakemake.input.summary),
        data_report=Path(snakemake.input.data_report),
        pictures=[Path(path) for path in snakemake.input.pictures],
        exploration=Path(snakemake.input.exploration[0]),
        gans=Path(snakemake.input.gans[0]) if snakemake.input.gans else None,
        films=[Path(path) for path in snakemake.input.films],
        grid=[Path(path) for path in snakemake.input.grid],
        human=next(map(Path, snakemake.params.human), None),
        benchmarks=out.parent / "benchmarks",
        config=snakemake.params.config,
        code_digests=snakemake.params.code_digests,
    )
