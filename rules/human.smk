# Real images and samples -> a page that asks people which is which; their answers -> a table. Only when asked for.
HUMAN = f"{RESULTS}/human"
HUMAN_TABLES = [f"{RESULTS}/tables/human.{kind}" for kind in ("json", "csv", "md", "tex")]
# The GANs of the arms, as they use them; without such the GANs that the study compares.
ASKED = pictured(STUDIED.values()) or PICTURED


rule human_eval:
    input:
        split=f"{RESULTS}/data/r0.csv",
        dev_images=f"{RESULTS}/data/p0/dev/images.npy",
        images=lambda w: asked_files("images.npy"),
        index=lambda w: asked_files("index.csv"),
        records=lambda w: asked_files("record.json"),
    output:
        page=f"{HUMAN}/page.html",
        key=f"{HUMAN}/key.json",
    log:
        f"{RESULTS}/logs/human_eval.log",
    benchmark:
        f"{RESULTS}/benchmarks/human_eval.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    params:
        experiment=EXPERIMENT.experiment,
        seed=EXPERIMENT.seed,
        sets=ASKED,
        code=lambda w: code("make_human_eval"),
    message:
        "Writing the page that asks people which image is real"
    script:
        "../workflow/scripts/make_human_eval.py"


# The answers are files that people put there: their digests are a parameter, so that new ones are noticed.
rule human_score:
    input:
        key=f"{HUMAN}/key.json",
    output:
        facts=HUMAN_TABLES[0],
        others=HUMAN_TABLES[1:],
    log:
        f"{RESULTS}/logs/human_score.log",
    benchmark:
        f"{RESULTS}/benchmarks/human_score.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    params:
        folder=f"{HUMAN}/answers",
        answers=lambda w: present(sorted(map(str, Path(f"{HUMAN}/answers").glob("*.json")))),
        code=lambda w: code("score_human_eval"),
    message:
        "Scoring what people answered"
    script:
        "../workflow/scripts/score_human_eval.py"
