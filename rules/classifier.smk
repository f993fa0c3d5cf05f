# Training sets -> trained cells -> scores.


rule train_classifier:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
        training_set="results/{experiment}/sets/{arm}/r{r}.csv",
        set_record="results/{experiment}/sets/{arm}/r{r}.json",
        images=lambda w: set_images(w.arm, w.r),
        begin=lambda w: begin_files(w.clf, w.r, w.f),
    output:
        model="results/{experiment}/cells/{arm}/{clf}/r{r}f{f}/model.safetensors",
        snapshots="results/{experiment}/cells/{arm}/{clf}/r{r}f{f}/snapshots.safetensors",
        history="results/{experiment}/cells/{arm}/{clf}/r{r}f{f}/history.csv",
        record="results/{experiment}/cells/{arm}/{clf}/r{r}f{f}/status.json",
    log:
        "results/{experiment}/logs/train_classifier/{arm}/{clf}/r{r}f{f}.log",
    benchmark:
        "results/{experiment}/benchmarks/train_classifier/{arm}/{clf}/r{r}f{f}.tsv"
    conda:
        ENVIRONMENT
    threads: EXPERIMENT.compute.threads
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=360,
    params:
        seed=EXPERIMENT.seed,
        classifier=lambda w: asdict(EXPERIMENT.classifiers[w.clf]),
        budget=asdict(STUDY_CONFIG.budget),
        arm=lambda w: seen(EXPERIMENT.arms[w.arm]),
        compute=compute(),
        code=lambda w: code("train_classifier", classifier_network(w.clf)),
    message:
        "Training {wildcards.clf} on arm {wildcards.arm}, repeat {wildcards.r}, fit {wildcards.f}"
    script:
        "../workflow/scripts/train_classifier.py"


rule fetch_weights:
    output:
        ".ganaug/weights/{network}.safetensors",
    log:
        ".ganaug/weights/{network}.log",
    wildcard_constraints:
        network=r"[a-z0-9_]+",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=4000,
        runtime=120,
    params:
        code=lambda w: code("fetch_weights", f"ganaug.classify.networks.{w.network}"),
    message:
        "Fetching the weights of {wildcards.network} on ImageNet"
    script:
        "../workflow/scripts/fetch_weights.py"


# What a classifier of the real images makes of samples that an arm chooses from.
rule embed_pool:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
        model=FEATURE_MODEL,
        images="results/{experiment}/samples/{gan}/{snap}/{amount}/r{r}/images.npy",
    output:
        features="results/{experiment}/pools/{gan}/{snap}/{amount}/r{r}/features.npy",
        probabilities="results/{experiment}/pools/{gan}/{snap}/{amount}/r{r}/probabilities.npy",
    log:
        "results/{experiment}/logs/embed_pool/{gan}/{snap}-{amount}-r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/embed_pool/{gan}/{snap}-{amount}-r{r}.tsv"
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
        code=lambda w: code("embed_pool", classifier_network(CLASSIFIERS[0])),
    message:
        "What the classifier of real images sees in samples of {wildcards.gan} ({wildcards.snap}), repeat {wildcards.r}"
    script:
        "../workflow/scripts/embed_pool.py"


# The only rule that opens the sealed test set.
rule score_repeat:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
        dev_index=DEV["index"],
        test_images=TEST["images"],
        test_index=TEST["index"],
        source=f"{RESULTS}/data/source.json",
        others=lambda w: other_data(w.r),
        models=lambda w: cell_files("model.safetensors", w.r),
        snapshots=lambda w: cell_files("snapshots.safetensors", w.r),
        records=lambda w: cell_files("status.json", w.r),
        sets=lambda w: [f"{RESULTS}/sets/{arm}/r{w.r}.csv" for arm in ARMS],
        images=lambda w: [file for arm in ARMS for file in set_images(arm, w.r)],
    output:
        scores="results/{experiment}/scores/r{r}.json",
        predictions="results/{experiment}/scores/r{r}-predictions.csv",
        probabilities="results/{experiment}/scores/r{r}-probabilities.npy",
    log:
        "results/{experiment}/logs/score_repeat/r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/score_repeat/r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: EXPERIMENT.compute.threads
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=60,
    params:
        part=lambda w: part_of(w.r),
        fixed_test=DATA_CONFIG.parts == 1,
        arms=list(ARMS),
        classifiers={name: asdict(EXPERIMENT.classifiers[name]) for name in CLASSIFIERS},
        fits=STUDY_CONFIG.fits,
        compute=compute(),
        code=lambda w: code("score_repeat", *map(classifier_network, CLASSIFIERS)),
    message:
        "Scoring repeat {wildcards.r} on the sealed test set"
    script:
        "../workflow/scripts/score_repeat.py"
