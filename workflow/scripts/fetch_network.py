"""Find the weights of a network that samples are measured by, or download them, and write which they are."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.data.fetch import fetch_weights
    from ganaug.networks import parse_quality

    network = parse_quality(snakemake.config["quality"]).networks[snakemake.wildcards.net]
    fetch_weights(network, planned=snakemake.params.weights, out=Path(snakemake.output[0]))
