"""Write what a classifier trained on real images sees in them: features, and of held-out ones class probabilities."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.classify.features import embed_real
    from ganaug.config import Classifier, Compute, build

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    embed_real(
        split=given.split,
        dev=given.dev_images,
        model=given.model,
        classifier=build(Classifier, settings.classifier, "classifiers"),
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        train=made.train,
        validation=made.validation,
        probabilities=made.probabilities,
    )
