"""Train the GANs of one job: every class whose number is the job's, modulo the jobs of a repeat."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.config import Compute, Gan, build
    from ganaug.gan.launch import train_in_processes
    from ganaug.gan.stage import train_job
    from ganaug.images import ImageFiles

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    gan = build(Gan, settings.gan, "gans")
    compute = build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute")
    arguments = {
        "split": given.split,
        "dev": ImageFiles(given.dev_images, given.dev_index),
        "leaked": ImageFiles(given.leaked_images, given.leaked_index) if settings.leaky else None,
        "gan": gan,
        "job": int(snakemake.wildcards.j),
        "repeat": int(snakemake.wildcards.r),
        "root": settings.seed,
        "compute": compute,
        "code": settings.code,
        "generators": dict(zip(gan.snaps, made.generators, strict=True)),
        "discriminators": made.discriminators,
        "history": made.history,
        "picture": made.grid,
        "film": made.film,
        "record": made.record,
    }
    if compute.processes > 1:
        train_in_processes(arguments, processes=compute.processes)
    else:
        train_job(**arguments)
