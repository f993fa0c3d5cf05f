# Features of networks that others trained -> what the samples are worth by them.
WEIGHTS = "results/{experiment}/features/{net}/weights.json"
# Without networks a name that none can have: Snakemake reads an empty one as any.
KNOWN = "|".join(NETWORKS) or "/"


rule fetch_network:
    output:
        WEIGHTS,
    log:
        "results/{experiment}/logs/fetch_network/{net}.log",
    benchmark:
        "results/{experiment}/benchmarks/fetch_network/{net}.tsv"
    wildcard_constraints:
        net=KNOWN,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=120,
    params:
        network=lambda w: feature_network(w.net),
        weights=lambda w: known_weights(w.net),
        code=lambda w: code("fetch_network"),
    message:
        "Looking for the weights of {wildcards.net}"
    script:
        "../workflow/scripts/fetch_network.py"


rule embed_real_by:
    input:
        record=WEIGHTS,
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
    output:
        train="results/{experiment}/features/{net}/real/r{r}-train.npy",
        validation="results/{experiment}/features/{net}/real/r{r}-validation.npy",
    log:
        "results/{experiment}/logs/embed_real_by/{net}-r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/embed_real_by/{net}-r{r}.tsv"
    wildcard_constraints:
        net=KNOWN,
    conda:
        ENVIRONMENT
    threads: EXPERIMENT.compute.threads
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=120,
    params:
        network=lambda w: feature_network(w.net),
        compute={**compute(), "precision": "fp32"},
        code=lambda w: code("embed_real_by"),
    message:
        "Features of real images by {wildcards.net}, repeat {wildcards.r}"
    script:
        "../workflow/scripts/embed_real_by.py"


rule measure_floor_by:
    input:
        weights=WEIGHTS,
        train=["results/{experiment}/features/{net}/real/r{r}-train.npy"],
        validation=["results/{experiment}/features/{net}/real/r{r}-validation.npy"],
    output:
        ["results/{experiment}/quality/real/r{r}-{net}.json"],
    log:
        "results/{experiment}/logs/measure_floor_by/{net}/r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/measure_floor_by/{net}/r{r}.tsv"
    wildcard_constraints:
        net=KNOWN,
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=4000,
        runtime=120,
    params:
        network=lambda w: NETWORKS[w.net].told,
        repeats=lambda w: [int(w.r)],
        seed=EXPERIMENT.seed,
        code=lambda w: code("measure_floor"),
    message:
        "How near training and validation images are to each other by {wildcards.net}, repeat {wildcards.r}"
    script:
        "../workflow/scripts/measure_floor.py"


for name, sets in MEASURED_OF.items():

    rule:
        name:
            f"embed_sets_by_{name}"
        input:
            record=WEIGHTS,
            samples=[f"results/{{experiment}}/samples/{one}/r{{r}}/images.npy" for one in sets],
        output:
            [f"results/{{experiment}}/features/{{net}}/{one}/r{{r}}.npy" for one in sets],
        log:
            f"results/{{experiment}}/logs/embed_sets_by/{name}/{{net}}-r{{r}}.log",
        benchmark:
            f"results/{{experiment}}/benchmarks/embed_sets_by/{name}/{{net}}-r{{r}}.tsv"
        wildcard_constraints:
            net=KNOWN,
        conda:
            ENVIRONMENT
        threads: EXPERIMENT.compute.threads
        resources:
            gpu=gpu(),
            mem_mb=4000,
            runtime=240,
        params:
            names=sets,
            network=lambda w: feature_network(w.net),
            compute={**compute(), "precision": "fp32"},
            code=lambda w: code("embed_sets_by"),
        message:
            f"Features of the samples of {name} by {{wildcards.net}}, repeat {{wildcards.r}}"
        script:
            "../workflow/scripts/embed_sets_by.py"

    rule:
        name:
            f"measure_samples_by_{name}"
        input:
            weights=WEIGHTS,
            train="results/{experiment}/features/{net}/real/r{r}-train.npy",
            validation="results/{experiment}/features/{net}/real/r{r}-validation.npy",
            samples=[f"results/{{experiment}}/features/{{net}}/{one}/r{{r}}.npy" for one in sets],
        output:
            [f"results/{{experiment}}/quality/{one}/r{{r}}-{{net}}.json" for one in sets],
        log:
            f"results/{{experiment}}/logs/measure_samples_by/{name}/{{net}}-r{{r}}.log",
        benchmark:
            f"results/{{experiment}}/benchmarks/measure_samples_by/{name}/{{net}}-r{{r}}.tsv"
        wildcard_constraints:
            net=KNOWN,
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            gpu=0,
            mem_mb=4000,
            runtime=120,
        params:
            names=sets,
            network=lambda w: NETWORKS[w.net].told,
            seed=EXPERIMENT.seed,
            code=lambda w: code("measure_samples"),
        message:
            f"Measuring the samples of {name} by {{wildcards.net}}, repeat {{wildcards.r}}"
        script:
            "../workflow/scripts/measure_samples.py"


include: "networks.smk"
