# Samples and real images -> features -> what the samples are worth.


include: "copies.smk"
include: "pick.smk"
include: "features.smk"


rule embed_real:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
        model=FEATURE_MODEL,
    output:
        train="results/{experiment}/features/real/r{r}-train.npy",
        validation="results/{experiment}/features/real/r{r}-validation.npy",
        probabilities="results/{experiment}/features/real/r{r}-probabilities.npy",
    log:
        "results/{experiment}/logs/embed_real/r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/embed_real/r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: EXPERIMENT.compute.threads
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=60,
    params:
        classifier=asdict(EXPERIMENT.classifiers[CLASSIFIERS[0]]),
        compute=compute(),
        code=lambda w: code("embed_real", classifier_network(CLASSIFIERS[0])),
    message:
        "Features of real images, repeat {wildcards.r}"
    script:
        "../workflow/scripts/embed_real.py"


# All repeats at once, since only the table waits for them.
rule measure_floor:
    input:
        train=[f"results/{{experiment}}/features/real/r{r}-train.npy" for r in REPEATS],
        validation=[f"results/{{experiment}}/features/real/r{r}-validation.npy" for r in REPEATS],
    output:
        [f"results/{{experiment}}/quality/real/r{r}.json" for r in REPEATS],
    log:
        "results/{experiment}/logs/measure_floor.log",
    benchmark:
        "results/{experiment}/benchmarks/measure_floor.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=2000,
        runtime=60,
    params:
        network=FEATURE_NETWORK,
        repeats=list(REPEATS),
        seed=EXPERIMENT.seed,
        code=lambda w: code("measure_floor"),
    message:
        "How near training and validation images are to each other"
    script:
        "../workflow/scripts/measure_floor.py"


# One rule a GAN, over all its sets of samples: each job costs a start, and no GAN's best snapshot waits for another GAN.
for name, sets in MEASURED_OF.items():

    rule:
        name:
            f"embed_samples_{name}"
        input:
            split="results/{experiment}/data/r{r}.csv",
            dev_images=DEV["images"],
            model=FEATURE_MODEL,
            samples=[f"results/{{experiment}}/samples/{one}/r{{r}}/images.npy" for one in sets],
        output:
            features=[f"results/{{experiment}}/features/{one}/r{{r}}.npy" for one in sets],
            probabilities=[f"results/{{experiment}}/features/{one}/r{{r}}-probabilities.npy" for one in sets],
        log:
            f"results/{{experiment}}/logs/embed_samples/{name}-r{{r}}.log",
        benchmark:
            f"results/{{experiment}}/benchmarks/embed_samples/{name}-r{{r}}.tsv"
        conda:
            ENVIRONMENT
        threads: EXPERIMENT.compute.threads
        resources:
            gpu=gpu(),
            mem_mb=4000,
            runtime=60,
        params:
            names=sets,
            classifier=asdict(EXPERIMENT.classifiers[CLASSIFIERS[0]]),
            compute=compute(),
            code=lambda w: code("embed_samples", classifier_network(CLASSIFIERS[0])),
        message:
            f"Features and classes of the samples of {name}, repeat {{wildcards.r}}"
        script:
            "../workflow/scripts/embed_samples.py"

    rule:
        name:
            f"measure_samples_{name}"
        input:
            train="results/{experiment}/features/real/r{r}-train.npy",
            validation="results/{experiment}/features/real/r{r}-validation.npy",
            samples=[f"results/{{experiment}}/features/{one}/r{{r}}.npy" for one in sets],
            probabilities=[f"results/{{experiment}}/features/{one}/r{{r}}-probabilities.npy" for one in sets],
            indexes=[f"results/{{experiment}}/samples/{one}/r{{r}}/index.csv" for one in sets],
            held="results/{experiment}/features/real/r{r}-probabilities.npy",
            split="results/{experiment}/data/r{r}.csv",
        output:
            [f"results/{{experiment}}/quality/{one}/r{{r}}.json" for one in sets],
        log:
            f"results/{{experiment}}/logs/measure_samples/{name}-r{{r}}.log",
        benchmark:
            f"results/{{experiment}}/benchmarks/measure_samples/{name}-r{{r}}.tsv"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            gpu=0,
            mem_mb=2000,
            runtime=60,
        params:
            names=sets,
            network=FEATURE_NETWORK,
            seed=EXPERIMENT.seed,
            code=lambda w: code("measure_samples"),
        message:
            f"Measuring the samples of {name}, repeat {{wildcards.r}}"
        script:
            "../workflow/scripts/measure_samples.py"


rule tabulate_gans:
    input:
        quality=[f"results/{{experiment}}/quality/{name}/r{r}.json" for name in MEASURED for r in REPEATS],
        floors=[f"results/{{experiment}}/quality/real/r{r}.json" for r in REPEATS],
        histories=[file for gan in SHOWN for r in REPEATS for file in gan_files(gan, r, "history.csv")],
        scores=SCORE_FILES,
    output:
        facts="results/{experiment}/tables/gans.json",
        others=[path.replace(RESULTS, "results/{experiment}", 1) for path in GAN_TABLES[1:]],
    log:
        "results/{experiment}/logs/tabulate_gans.log",
    benchmark:
        "results/{experiment}/benchmarks/tabulate_gans.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=30,
    params:
        sets=[name.split("/") for name in MEASURED],
        repeats=len(REPEATS),
        histories={gan: [gan_files(gan, r, "history.csv") for r in REPEATS] for gan in SHOWN},
        gans={name: asdict(GANS[name]) for name in SHOWN},
        arms={name: asdict(arm) for name, arm in STUDIED.items()},
        classifier=CLASSIFIERS[0],
        code=lambda w: code("tabulate_gans"),
    message:
        "Comparing the GANs"
    script:
        "../workflow/scripts/tabulate_gans.py"
