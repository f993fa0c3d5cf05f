"""Rule human_eval: real images and samples to a page that asks which is which, and its key."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.images import ImageFiles
    from ganaug.sets.human_eval import Drawn, make_human_eval

    given, settings = snakemake.input, snakemake.params
    files = zip(map(ImageFiles, given.images, given.index), given.records, strict=True)
    make_human_eval(
        experiment=settings.experiment,
        split=given.split,
        dev=given.dev_images,
        samples=[Drawn(*names, *own) for names, own in zip(settings.sets, files, strict=True)],
        root=settings.seed,
        code=settings.code,
        page=snakemake.output.page,
        key=snakemake.output.key,
    )
