"""Rule preprocess: decode every image, seal the test set, and write the image sets of each part."""

from ganaug.job import job

with job(snakemake.log[0]):
    from pathlib import Path

    from ganaug.config import Data, build
    from ganaug.data.stage import preprocess
    from ganaug.io import read_json

    preprocess(
        build(Data, {**snakemake.config["data"], **snakemake.params.data}, "data"),
        seed=snakemake.params.seed,
        record=read_json(snakemake.input.source),
        code=snakemake.params.code,
        workers=snakemake.threads,
        out=Path(snakemake.output.report).parent,
    )
