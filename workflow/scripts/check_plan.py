"""Rule preflight: measure a few steps of every network, and tell what will run, how long it takes, and advice."""

import time

from ganaug.job import job

with job(snakemake.log[0]):
    start = time.monotonic()
    from ganaug.classify.pace import pace as classifier_pace

    imported = time.monotonic() - start
    from ganaug.config import Compute, build
    from ganaug.gan.pace import pace as gan_pace
    from ganaug.images import open_images, open_split
    from ganaug.io import read_json
    from ganaug.study.preflight import Pace, estimate, keep_estimate, lines, setup_of

    given, settings = snakemake.input, snakemake.params
    setup = setup_of(settings.setup)
    compute = build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute")
    rows, report = open_split(given.split), read_json(given.data_report)
    real = [(given.dev_images, row.row) for row in rows if row.role == "train"]
    classes = len(report["classes"])
    measured = Pace(
        start=imported,
        gans={name: gan_pace(gan, real, classes=classes, compute=compute) for name, gan in setup.gans.items()},
        classifiers={
            name: classifier_pace(setup.classifiers[name], real, classes=classes, compute=compute)
            for name in setup.study.classifiers
        },
    )
    image_bytes = open_images(given.dev_images)[0].nbytes
    expected = estimate(setup, measured, report=report, rows=rows, image_bytes=image_bytes)
    timed = {"setup": settings.setup, "compute": settings.compute, "gpu": settings.gpu}
    keep_estimate(snakemake.output[0], expected, timed)
    print("\n".join(lines(setup, report, rows, expected=expected, cores=snakemake.threads, gpu=bool(settings.gpu))))
