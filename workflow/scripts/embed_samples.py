"""Write the features that a classifier trained on real images has of sets of samples, and its class probabilities."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.classify.features import embed_samples
    from ganaug.config import Classifier, Compute, build

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    embed_samples(
        split=given.split,
        dev=given.dev_images,
        model=given.model,
        classifier=build(Classifier, settings.classifier, "classifiers"),
        samples=dict(zip(settings.names, given.samples, strict=True)),
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        out=dict(zip(settings.names, made.features, strict=True)),
        probabilities=dict(zip(settings.names, made.probabilities, strict=True)),
    )
