"""Rule plan: tell what is there, what will run, and advice, as soon as the images are read."""

from ganaug.job import job

with job(snakemake.log[0]):
    import sys
    from pathlib import Path

    from ganaug.experiment import parse
    from ganaug.images import open_split
    from ganaug.io import digests, read_json, write_json
    from ganaug.schema import load_presets
    from ganaug.study.preflight import lines, planned

    report, split = snakemake.input.data_report, snakemake.input.split
    # From the whole config, which is no parameter: of another study the first lines of its run tell.
    setup = planned(parse(snakemake.config, load_presets(Path(__file__).parents[2] / "config")))
    told = lines(setup, read_json(report), open_split(split), expected=None, cores=1, gpu=False)
    print("\n".join(told), file=sys.stderr)
    write_json(snakemake.output[0], digests([report, split]))
