"""Write what a classifier trained on real images makes of a pool of samples: features, and class probabilities."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.classify.features import embed_pool
    from ganaug.config import Classifier, Compute, build

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    embed_pool(
        split=given.split,
        dev=given.dev_images,
        model=given.model,
        classifier=build(Classifier, settings.classifier, "classifiers"),
        images=given.images,
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        features=made.features,
        probabilities=made.probabilities,
    )
