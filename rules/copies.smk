# The samples that are nearest to training images, for people who look.


rule draw_pairs:
    input:
        split="results/{experiment}/data/r0.csv",
        dev_images=f"{RESULTS}/data/p0/dev/images.npy",
        samples="results/{experiment}/samples/{gan}/{snap}/{amount}/r0/images.npy",
        quality="results/{experiment}/quality/{gan}/{snap}/{amount}/r0.json",
    output:
        "results/{experiment}/plots/memorised-{gan}-{snap}-{amount}.png",
    log:
        "results/{experiment}/logs/draw_pairs/{gan}/{snap}-{amount}.log",
    benchmark:
        "results/{experiment}/benchmarks/draw_pairs/{gan}/{snap}-{amount}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    params:
        most=12,
        code=lambda w: code("draw_pairs"),
    message:
        "Drawing samples of {wildcards.gan} ({wildcards.snap}) beside the nearest training images"
    script:
        "../workflow/scripts/draw_pairs.py"
