# Scores -> tables, plots, the verdict and the report.
include: "human.smk"
include: "cost.smk"
include: "compare.smk"


STUDY_PARAMS = {
    "study": asdict(STUDY_CONFIG),
    "arms": {name: asdict(arm) for name, arm in ARMS.items()},
    "data": {**asdict(DATA_CONFIG), "path": None, "mirror": None},
}


rule tabulate_scores:
    input:
        scores=SCORE_FILES,
        gan_records=GAN_RECORDS,
    output:
        summary="results/{experiment}/summary.json",
        metrics="results/{experiment}/tables/metrics.csv",
        others=[f"results/{{experiment}}/tables/{name}" for name in OTHER_TABLES],
    log:
        "results/{experiment}/logs/tabulate_scores.log",
    benchmark:
        "results/{experiment}/benchmarks/tabulate_scores.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=30,
    params:
        **STUDY_PARAMS,
        seed=EXPERIMENT.seed,
        code=lambda w: code("tabulate_scores"),
    message:
        "Comparing the arms"
    script:
        "../workflow/scripts/tabulate_scores.py"


rule plot_study:
    input:
        scores=SCORE_FILES,
        histories=[file for r in REPEATS for file in cell_files("history.csv", r, STUDIED)],
        gan_histories=[file for r in REPEATS for gan in SHOWN for file in gan_files(gan, r, "history.csv")],
    output:
        **{name: f"results/{{experiment}}/plots/{name}.png" for name in PLOTS},
        vectors=[f"results/{{experiment}}/plots/{name}.{kind}" for name in PLOTS for kind in VECTORS],
    log:
        "results/{experiment}/logs/plot_study.log",
    benchmark:
        "results/{experiment}/benchmarks/plot_study.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=2000,
        runtime=30,
    params:
        study=STUDY_PARAMS["study"],
        arms=STUDY_PARAMS["arms"],
        code=lambda w: code("plot_study"),
    message:
        "Plotting"
    script:
        "../workflow/scripts/plot_study.py"


if STUDY_CONFIG.grid:

    rule tabulate_grid:
        input:
            scores=SCORE_FILES,
        output:
            facts="results/{experiment}/tables/grid.json",
            others=[f"results/{{experiment}}/tables/grid.{kind}" for kind in ("csv", "md", "tex")],
            picture="results/{experiment}/plots/grid.png",
            vectors=[f"results/{{experiment}}/plots/grid.{kind}" for kind in VECTORS],
        log:
            "results/{experiment}/logs/tabulate_grid.log",
        benchmark:
            "results/{experiment}/benchmarks/tabulate_grid.tsv"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            gpu=0,
            mem_mb=1000,
            runtime=30,
        params:
            study=STUDY_PARAMS["study"],
            seed=EXPERIMENT.seed,
            code=lambda w: code("tabulate_grid"),
        message:
            "Asking what GAN images are worth"
        script:
            "../workflow/scripts/tabulate_grid.py"


rule write_report:
    input:
        summary="results/{experiment}/summary.json",
        data_report="results/{experiment}/data/report.json",
        pictures=PICTURES,
        exploration=EXPLORATION,
        gans=GAN_TABLES[:1],
        networks=[path for path in NETWORK_TABLES if path.endswith(".json")],
        films=[gan_files(gan, 0, "film.gif")[0] for gan in SHOWN],
        grid=[file for file in GRID if file.endswith((".json", ".png"))],
        class_gains="results/{experiment}/tables/per_class_gains.csv",
    output:
        report="results/{experiment}/report.html",
        # Times differ from run to run: they are tabulated where they are told, and nothing is made from them.
        costs=[f"results/{{experiment}}/tables/{name}" for name in COST_TABLES],
    log:
        "results/{experiment}/logs/write_report.log",
    benchmark:
        "results/{experiment}/benchmarks/write_report.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=30,
    params:
        # No input, which a change of the study would make anew from answers to another page.
        human=lambda w: present(HUMAN_TABLES[:1]),
        jobs=JOBS,
        config=portable(config, EXPERIMENT),
        code_digests=lambda w: code_digests(),
        code=lambda w: code("write_report"),
    message:
        "Writing the report"
    script:
        "../workflow/scripts/write_report.py"


# What there is so far, at any time: as inputs, scores that are out of date would be made anew first.
# Beside a live run, which holds Snakemake's lock: `snakemake --nolock report_partial`.
rule report_partial:
    output:
        summary=f"{RESULTS}/partial/summary.json",
        metrics=f"{RESULTS}/partial/tables/metrics.csv",
        others=[f"{RESULTS}/partial/tables/{name}" for name in OTHER_TABLES],
        grid=[path.replace(RESULTS, f"{RESULTS}/partial", 1) for path in GRID],
        report=f"{RESULTS}/partial/report.html",
        costs=[f"{RESULTS}/partial/tables/{name}" for name in COST_TABLES],
    log:
        f"{RESULTS}/logs/report_partial.log",
    benchmark:
        f"{RESULTS}/benchmarks/report_partial.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=30,
    params:
        **STUDY_PARAMS,
        jobs=JOBS,
        seed=EXPERIMENT.seed,
        scores=lambda w: present(SCORE_FILES),
        gan_records=lambda w: present(GAN_RECORDS),
        data_report=lambda w: present([f"{RESULTS}/data/report.json"]),
        config=portable(config, EXPERIMENT),
        code_digests=lambda w: code_digests(),
        code=lambda w: code("report_partial"),
    message:
        "Tabulating what is there so far"
    script:
        "../workflow/scripts/report_partial.py"


onsuccess:
    warm.stop()
    sync_tracking()


onerror:
    warm.stop()
    sync_tracking()
