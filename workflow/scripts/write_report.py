"""Rule report: summary, pictures and provenance to one HTML file."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.config import Compute, build
    from ganaug.study.cost import tabulate_cost
    from ganaug.study.report import write_report

    out = Path(snakemake.output.report)
    benchmarks, summary = out.parent / "benchmarks", Path(snakemake.input.summary)
    costs = tabulate_cost(
        benchmarks,
        jobs=snakemake.params.jobs,
        summary=summary,
        compute=build(Compute, snakemake.config["compute"], "compute"),
        tables=Path(snakemake.output.costs[0]).parent,
    )
    write_report(
        out,
        summary=summary,
        data_report=Path(snakemake.input.data_report),
        pictures=[Path(path) for path in snakemake.input.pictures],
        exploration=Path(snakemake.input.exploration[0]),
        gans=Path(snakemake.input.gans[0]) if snakemake.input.gans else None,
        networks=[Path(path) for path in snakemake.input.networks],
        films=[Path(path) for path in snakemake.input.films],
        grid=[Path(path) for path in snakemake.input.grid],
        human=next(map(Path, snakemake.params.human), None),
        class_gains=Path(snakemake.input.class_gains),
        costs=costs,
        benchmarks=benchmarks,
        config=snakemake.params.config,
        code_digests=snakemake.params.code_digests,
    )
