"""What pictures show, in words, for those who cannot see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganaug.study.verdict import points

PLAIN = {
    "curves": "Lines of accuracy and loss against optimiser steps, a line an arm.",
    "confusion": "Tables of counts, true class against predicted class, one an arm; where a classifier is right, the "
    "counts are on the diagonal.",
    "gan": "Lines against optimiser steps for each GAN: the losses of discriminator and generator, and what the "
    "discriminator says of real and of generated images.",
    "grid": "Two panels of lines: test accuracy against real images a class, and the gain over real images alone "
    "against GAN images to a real one. The table below has the numbers.",
    "per_class": "A panel an arm with a row a class: its gain or loss in recall against real, and the interval. The "
    "sentences above name the largest; the tables below have the numbers.",
    "counts": "Bars: images of each class in training, validation and test set.",
    "classes": "Rows of images, a row a class.",
    "means": "The mean image of each class, and below it the standard deviation of every pixel.",
    "histograms": "Bars: how often each pixel value occurs.",
    "random": "Images drawn at random from all classes.",
    "first": "The first images in the order of classes and names.",
    "singles": "Single images, each beside bars of its pixel values.",
    "sizes": "Dots or bars: the sizes of the images as they came.",
    "near_duplicates": "Pairs of images that are nearly the same.",
}


def alt_text(name: str, summary: Mapping[str, Any]) -> str:
    """What the picture ``name`` of the study shows; the numbers are in it where they are few.

    Args:
        name: of the file, without its suffix.
        summary: ``summary.json`` of the study.
    """
    if name == "accuracy":
        return f"Dots of test accuracy, a row an arm. Means: {_means(summary)}."
    if name == "forest":
        return f"Forest plot of differences in test accuracy, in percentage points. {_differences(summary)}"
    if name.startswith("samples-"):
        return f"Rows of images, a row a class: real ones beside synthetic ones ({name.removeprefix('samples-')})."
    if name.startswith("memorised-"):
        return "Pairs of images: a sample, and the training image nearest to it. The table tells how near."
    return PLAIN.get(name, name)


def _means(summary: Mapping[str, Any]) -> str:
    told = []
    for arm, classifiers in summary["arms"].items():
        for classifier, entry in classifiers.items():
            mean = entry["test"]["accuracy"]["mean"]
            who = arm if len(classifiers) == 1 else f"{arm} with {classifier}"
            told.append(f"{who} {'without scores' if mean is None else f'{mean:.3f}'}")
    return ", ".join(told)


def _differences(summary: Mapping[str, Any]) -> str:
    sentences = []
    for classifier, arms in summary["comparisons"].items():
        for reference in dict.fromkeys(name for own in arms.values() for name in own):
            told = [
                f"{arm} {'no scores' if own[reference]['mean'] is None else points(own[reference]['mean'])}, "
                f"{own[reference]['verdict']}"
                for arm, own in arms.items()
                if reference in own
            ]
            sentences.append(f"{classifier} against {reference}: {'; '.join(told)}.")
    return " ".join(sentences)
