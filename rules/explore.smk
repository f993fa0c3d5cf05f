# Image sets -> pictures of the images, and the data card: for people who look first.


rule explore_data:
    input:
        split="results/{experiment}/data/r0.csv",
        dev_images=f"{RESULTS}/data/p0/dev/images.npy",
        dev_index=f"{RESULTS}/data/p0/dev/index.csv",
        report="results/{experiment}/data/report.json",
    output:
        pictures=[f"results/{{experiment}}/explore/{name}.png" for name in EXPLORED],
        all_classes="results/{experiment}/explore/all_classes.png",
        record="results/{experiment}/explore/record.json",
    log:
        "results/{experiment}/logs/explore_data.log",
    benchmark:
        "results/{experiment}/benchmarks/explore_data.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=2000,
        runtime=30,
    params:
        seed=EXPERIMENT.seed,
        code=lambda w: code("explore_data"),
    message:
        "Drawing the training and validation images of repeat 0"
    script:
        "../workflow/scripts/explore_data.py"


rule write_data_card:
    input:
        source="results/{experiment}/data/source.json",
        report="results/{experiment}/data/report.json",
        split="results/{experiment}/data/r0.csv",
    output:
        "results/{experiment}/data_card.md",
    log:
        "results/{experiment}/logs/write_data_card.log",
    benchmark:
        "results/{experiment}/benchmarks/write_data_card.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    params:
        repeats=STUDY_CONFIG.repeats,
        code=lambda w: code("write_data_card"),
    message:
        "Writing the data card"
    script:
        "../workflow/scripts/write_data_card.py"
