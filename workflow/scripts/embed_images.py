"""Write the features that a classifier trained on real images has of them and of samples."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.classify.features import embed
    from ganaug.config import Classifier, Compute, build

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    embed(
        split=given.split,
        dev=given.dev_images,
        model=given.model,
        classifier=build(Classifier, settings.classifier, "classifiers"),
        samples=dict(zip(settings.names, given.samples, strict=True)),
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        train=made.train,
        validation=made.validation,
        out=dict(zip(settings.names, made.samples, strict=True)),
    )
