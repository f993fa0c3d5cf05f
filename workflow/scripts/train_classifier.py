"""Train one cell: one classifier on one arm in one repeat and fit."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.arms import Online, Strategy
    from ganaug.classify.stage import Begin, train_cell
    from ganaug.classify.training import Recipe
    from ganaug.config import Budget, Classifier, Compute, build

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    train_cell(
        arm=snakemake.wildcards.arm,
        classifier_name=snakemake.wildcards.clf,
        repeat=int(snakemake.wildcards.r),
        fit_number=int(snakemake.wildcards.f),
        split=given.split,
        dev=given.dev_images,
        training_set=given.training_set,
        set_record=given.set_record,
        per_class=settings.arm["per_class"],
        recipe=Recipe(
            classifier=build(Classifier, settings.classifier, "classifiers"),
            budget=build(Budget, settings.budget, "study"),
            online=build(Online, settings.arm["online"], "online"),
            strategy=build(Strategy, settings.arm["strategy"], "strategy"),
        ),
        begin=Begin(*given.begin) if given.begin else None,
        root=settings.seed,
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        code=settings.code,
        model=made.model,
        snapshots=made.snapshots,
        history=made.history,
        record=made.record,
    )
