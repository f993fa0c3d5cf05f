# What is there, what will run and what speaks against it, before anything trains: `snakemake preflight`.


# The first lines of a run that reads the images itself. It goes first, and runs again with other images alone: a run
# of another study on the same images tells all of it when it starts.
rule tell_plan:
    input:
        data_report="results/{experiment}/data/report.json",
        split="results/{experiment}/data/r0.csv",
    output:
        "results/{experiment}/data/told.json",
    log:
        "results/{experiment}/logs/tell_plan.log",
    benchmark:
        "results/{experiment}/benchmarks/tell_plan.tsv"
    priority: 1
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    message:
        "Telling what will run"
    script:
        "../workflow/scripts/tell_plan.py"


rule preflight:
    input:
        data_report=f"{RESULTS}/data/report.json",
        split=f"{RESULTS}/data/r0.csv",
        dev_images=f"{RESULTS}/data/p0/dev/images.npy",
    output:
        PREFLIGHT,
    log:
        f"{RESULTS}/logs/preflight.log",
    benchmark:
        f"{RESULTS}/benchmarks/preflight.tsv"
    conda:
        ENVIRONMENT
    # All cores: nothing else may run while steps are timed.
    threads: workflow.cores
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=30,
    params:
        **timed_settings(),
        # It runs whenever it is asked for: the machine may be another one, or less busy.
        asked=lambda w: time.time(),
        code=lambda w: code("check_plan", *map(gan_network, GANS), *map(classifier_network, CLASSIFIERS)),
    message:
        "Timing a few steps of every network"
    script:
        "../workflow/scripts/check_plan.py"


onstart:
    told = first_lines(
        Path(RESULTS),
        SETUP,
        seed=EXPERIMENT.seed,
        source=FINGERPRINT,
        settings=timed_settings(),
        kept=Path(PREFLIGHT),
        cores=workflow.cores,
        gpu=bool(gpu()),
    )
    print("\n".join(told), file=sys.stderr)
    warm.start(threads=min(EXPERIMENT.compute.threads, workflow.cores))
