"""Write the features that a network which others trained has of sets of samples."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.config import Compute, build
    from ganaug.data.extractors import find_weights
    from ganaug.networks import parse_quality
    from ganaug.quality.features import embed_sets_by

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    network = parse_quality(snakemake.config["quality"]).networks[snakemake.wildcards.net]
    embed_sets_by(
        network,
        record=given.record,
        weights=find_weights(network),
        samples=dict(zip(settings.names, given.samples, strict=True)),
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        out=dict(zip(settings.names, made, strict=True)),
    )
