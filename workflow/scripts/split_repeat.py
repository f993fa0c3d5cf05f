"""Rule split: draw the train and validation rows of one repeat from the development images."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.data.splits import split
    from ganaug.images import open_index, save_split
    from ganaug.records import origins, write_record
    from ganaug.seeds import derive

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    amounts = {key: settings[key] for key in ("per_class", "imbalance", "validation")}
    rows = split(open_index(given.index), seed=settings.seed, repeat=settings.repeat, **amounts)
    save_split(made.rows, rows)
    seeds = {"split": derive(settings.seed, "split", settings.repeat)}
    made_from = origins(inputs=[given.index], config=amounts, code=settings.code, seeds=seeds)
    write_record(made.record, facts={"repeat": settings.repeat}, made_from=made_from, outputs=[made.rows])
