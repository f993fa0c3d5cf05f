from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganaug.data import decode as module
from ganaug.data import pool
from ganaug.data.decode import (
    Content,
    Target,
    channels_of,
    fit,
    formats,
    in_channels,
    load,
    reason,
    target_for,
    to_square,
    try_load,
)
from ganaug.data.integrity import perceptual_hashes
from ganaug.data.pool import Decoded, decode
from ganaug.data.sources import SUFFIXES
from ganaug.errors import UserError


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def png(image: Image.Image, **options: Any) -> bytes:
    return file_of(image, "PNG", **options)


def target(**changes: Any) -> Target:
    values: dict[str, Any] = {"size": 2, "channels": 3, "resize": "stretch", "background": "white", "model": None}
    return Target(**{**values, **changes})


def as_array(data: bytes, size: int, channels: int) -> np.ndarray:
    return np.frombuffer(data, dtype=np.uint8).reshape(size, size, channels)


def pixels(image: Image.Image, **changes: Any) -> list:
    made = target(**changes)
    return as_array(
        fit(load(png(image), "x.png"), "x.png", made, grouped=True).pixels, made.size, made.channels
    ).tolist()


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def test_an_image_of_the_right_size_is_untouched():
    values = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    for resize in ("stretch", "crop", "pad"):
        assert pixels(Image.fromarray(values), resize=resize) == values.tolist()


@pytest.mark.parametrize(
    ("image", "rgb"),
    [
        (Image.new("1", (2, 2), 1), [255, 255, 255]),
        (Image.new("L", (2, 2), 7), [7, 7, 7]),
        (Image.new("LA", (2, 2), (7, 255)), [7, 7, 7]),
        (Image.new("LA", (2, 2), (7, 0)), [255, 255, 255]),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 255)), [255, 0, 0]),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), [255, 255, 255]),
        (Image.new("RGBA", (2, 2), (0, 0, 0, 51)), [204, 204, 204]),  # 255 * (1 - 51 / 255)
        (Image.new("I;16", (2, 2), 65535), [255, 255, 255]),
        (Image.new("I;16", (2, 2), 257 * 9), [9, 9, 9]),
        (Image.new("RGB", (2, 2), (1, 2, 3)).quantize(), [1, 2, 3]),
    ],
)
def test_every_mode_becomes_rgb(image, rgb):
    assert pixels(image) == [[rgb, rgb], [rgb, rgb]]


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (Image.new("RGBA", (2, 2), (0, 0, 0, 51)), {}),
        (Image.new("LA", (2, 2), (0, 51)), {}),
        (Image.new("P", (2, 2), 0), {"transparency": bytes([51])}),
        (Image.new("P", (2, 2), 0), {"transparency": 0}),
        (Image.new("L", (2, 2), 5), {"transparency": 5}),
        (Image.new("RGB", (2, 2), (1, 2, 3)), {"transparency": (1, 2, 3)}),
        (Image.new("I;16", (2, 2), 9), {"transparency": 9}),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_transparency_shows_the_background(image, options, channels):
    if image.mode == "P":
        image.putpalette([0, 0, 0])
    opened = load(png(image, **options), "x.png")
    # 51 / 255 of black over white leaves four fifths of it; over black, nothing.
    bright = 204 if image.mode in ("RGBA", "LA") or options.get("transparency") == bytes([51]) else 255
    for background, tone in (("white", bright), ("black", 0)):
        shown = in_channels(opened, channels, background=background)
        assert np.asarray(shown).tolist() == np.full_like(np.asarray(shown), tone).tolist()


def test_grey_is_the_luma_of_itu_r_601():
    # 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2
    assert pixels(Image.new("RGB", (2, 2), (200, 100, 50)), channels=1) == [[[124], [124]], [[124], [124]]]


@pytest.mark.parametrize(
    ("mode", "value", "rgb"),
    [
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("LAB", (255, 128, 128), (255, 255, 255)),
        ("LAB", (128, 128, 128), (119, 119, 119)),  # L* = 50.2: Y = 0.1859, of which sRGB is 0.4683 * 255 = 119.4
    ],
)
def test_other_colour_spaces_become_rgb(mode, value, rgb):
    made = in_channels(Image.new(mode, (1, 1), value), 3, background="white")
    assert made.mode == "RGB"
    assert np.abs(np.subtract(made.getpixel((0, 0)), rgb)).max() <= 1


def test_cmyk_jpegs_and_lab_tiffs_are_read():
    red = load(file_of(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), "x.jpg")
    assert np.abs(np.subtract(in_channels(red, 3, background="white").getpixel((0, 0)), (255, 0, 0))).max() <= 3
    grey = load(file_of(Image.new("LAB", (2, 2), (128, 128, 128)), "TIFF"), "x.tif")
    assert np.abs(np.subtract(in_channels(grey, 3, background="white").getpixel((0, 0)), (119, 119, 119))).max() <= 1


def test_pixels_of_unknown_range_are_refused():
    with pytest.raises(ValueError, match=r"floating-point"):
        in_channels(Image.new("F", (1, 1), 0.5), 1, background="white")
    with pytest.raises(ValueError, match=r"more than 16 bits"):
        in_channels(Image.new("I", (1, 1), 70_000), 1, background="white")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    options = {"lossless": True} if kind == "WEBP" else {}
    image = Image.new("L", (16, 8), 0)
    image.paste(200, (0, 0, 8, 8))  # the left half is bright
    turned = in_channels(load(file_of(image, kind, exif=exif, **options), "x"), 1, background="white")
    assert turned.size == (8, 16)
    assert np.abs(np.asarray(turned, dtype=int)[[0, -1], 4] - [200, 0]).max() <= 2  # the upper half is


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation_is_taken(kind):
    frames = [Image.new("RGB", (2, 2), (tone, tone, tone)) for tone in (10, 200)]
    content = file_of(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert in_channels(load(content, "x"), 1, background="white").getpixel((0, 0)) == 10


@pytest.mark.parametrize(
    "kind",
    ["AVIF", "BMP", "DDS", "DIB", "GIF", "ICNS", "ICO", "IM", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "QOI", "SGI",
     "TGA", "TIFF", "WEBP"],
)  # fmt: skip
def test_formats_that_pillow_reads_are_read(kind):
    Image.init()
    if kind not in Image.OPEN or kind not in Image.SAVE:
        pytest.skip(f"this Pillow has no {kind}")
    suffix = next(suffix for suffix, name in Image.registered_extensions().items() if name == kind)
    opened = load(file_of(Image.new("RGB", (32, 32), (200, 100, 50)), kind), f"x{suffix}")
    assert np.abs(np.subtract(opened.convert("RGB").getpixel((3, 3)), (200, 100, 50))).max() <= 4


def test_no_format_runs_another_program():
    for suffix in (*SUFFIXES, ".eps", ".ps", ".wmf", ".emf", ".pdf", ""):
        assert not {"EPS", "WMF"} & set(formats(suffix))
    assert "no image in a format" in str(try_load(file_of(Image.new("RGB", (8, 8)), "EPS"), "x.eps"))


def test_formats_without_a_mark_need_their_suffix():
    content = file_of(Image.new("L", (3, 3), 9), "TGA")
    assert in_channels(load(content, "a/b.TGA"), 1, background="white").getpixel((0, 0)) == 9
    assert "no image in a format" in str(try_load(content, "b.png"))


def test_the_suffixes_of_images_are_those_of_the_formats_that_are_read():
    """An MPO file is a JPEG with further pictures, which Pillow opens as one."""
    known = Image.registered_extensions()
    assert {suffix for suffix, name in known.items() if name in (*formats(suffix), "MPO")} == SUFFIXES


def test_of_several_pictures_the_first_is_read():
    first, second = Image.new("RGB", (8, 8), (200, 100, 50)), Image.new("RGB", (8, 8))
    content = file_of(first, "MPO", save_all=True, append_images=[second])
    read = load(content, "x.mpo")
    assert np.abs(np.subtract(read.convert("RGB").getpixel((3, 3)), (200, 100, 50))).max() <= 4


def test_resizing_is_antialiased():
    # Every second row white: reduced by 8 the mean is left; without antialiasing rows of 0 or 255 would be.
    stripes = np.zeros((64, 64), dtype=np.uint8)
    stripes[::2] = 255
    for resize in ("stretch", "crop", "pad"):
        reduced = np.array(pixels(Image.fromarray(stripes), size=8, channels=1, resize=resize))
        assert np.abs(reduced - 127.5).max() <= 6


# Four columns of blocks: 10, 20, 30, 40.
BLOCKS = Image.fromarray(np.repeat(np.repeat([[10, 20, 30, 40]], 32, axis=1), 64, axis=0).astype(np.uint8))


def test_a_wide_image_is_stretched_cropped_or_padded():
    assert BLOCKS.size == (128, 64)
    made = {
        resize: np.asarray(to_square(BLOCKS, target(size=32, channels=1, resize=resize)))
        for resize in ("stretch", "crop", "pad")
    }
    assert made["stretch"][16, 4::8].tolist() == [10, 20, 30, 40]
    assert made["crop"][16, 8::16].tolist() == [20, 30]  # the two in the middle
    assert made["pad"][16, 4::8].tolist() == [10, 20, 30, 40]
    assert made["pad"][:8].tolist() == made["pad"][24:].tolist() == [[255] * 32] * 8
    black = np.asarray(to_square(BLOCKS, target(size=32, channels=1, resize="pad", background="black")))
    assert black[:8].tolist() == [[0] * 32] * 8


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1)])
@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_extreme_aspect_ratios_leave_something_to_see(size, resize):
    made = np.array(pixels(Image.new("L", size, 7), size=8, channels=1, resize=resize))
    assert made.shape == (8, 8, 1)
    assert (made == 7).any()


def test_the_report_names_filter_and_way():
    assert target(resize="crop").describe() == (
        "Pillow's bicubic filter, antialiased; the largest square in the middle (crop)"
    )
    assert "black" in target(resize="pad", background="black").describe()
    assert "stretch" in target().describe()
    assert target(model="a.png").describe() == "none: all images have this size"


def test_groups_are_equal_for_equal_pixels_before_resizing():
    made = target(channels=1)
    small, large = (fit(Image.new("L", (side, side), 9), "a", made, grouped=True) for side in (2, 4))
    assert small.pixels == large.pixels
    assert small.digest == large.digest
    assert small.group != large.group
    assert (small.size, large.size) == ((2, 2), (4, 4))
    assert fit(Image.new("RGB", (2, 2), (9, 9, 9)), "c", made, grouped=True).group == small.group


def test_a_group_is_the_digest_of_height_width_and_pixels():
    for grouped, group in ((True, hashlib.sha256(b"(4, 6) " + bytes([9] * 24)).hexdigest()[:32]), (False, "")):
        fitted = fit(Image.new("L", (6, 4), 9), "a", target(channels=1), grouped=grouped)
        assert fitted.group == group
        assert fitted.digest == hashlib.sha256(b"(2, 2) " + bytes([9] * 4)).digest()[:16]


def test_the_first_image_decides_what_is_open():
    grey = Image.new("L", (4, 4))
    fixed: dict[str, Any] = {"resize": "pad", "background": "black"}
    made = target_for(grey, "a", image_size=None, channels=None, **fixed)
    assert made == target(size=4, channels=1, model="a", **fixed)
    assert target_for(grey, "a", image_size=16, channels=3, **fixed) == target(size=16, **fixed)
    assert channels_of(Image.new("RGBA", (1, 1))) == 3
    with pytest.raises(UserError, match=r"data.image_size: a has 4 x 5 pixels, no square"):
        target_for(Image.new("L", (4, 5)), "a", image_size=None, channels=None, **fixed)


def test_mixed_sizes_name_two_files():
    with pytest.raises(UserError, match=r"a.png has 4 x 4 pixels and b.png has 5 x 4; set data.image_size"):
        fit(Image.new("L", (5, 4)), "b.png", target(size=4, channels=1, model="a.png"), grouped=False)


JPEG = file_of(noise(40, 24), "JPEG")
EXIF = Image.Exif()
EXIF[0x0112] = 3


@pytest.mark.parametrize(
    ("options", "plain"),
    [
        ({}, True),
        ({"quality": 100, "subsampling": 0}, True),
        ({"progressive": True}, True),
        ({"optimize": True, "comment": b"hello"}, True),
        ({"restart_marker_blocks": 2}, True),
        ({"exif": EXIF}, False),
        ({"xmp": b"<x/>"}, False),
        ({"icc_profile": b"x" * 70_000}, False),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_plain_jpegs_are_read_as_pillow_opens_them(mode, options, plain):
    content = file_of(noise(37, 21, mode), "JPEG", **options)
    fast = module._plain_jpeg(content)
    assert (fast is not None) == plain
    opened = Image.open(io.BytesIO(content))
    assert fast is None or (fast.mode == opened.mode and fast.tobytes() == opened.tobytes())


@pytest.mark.parametrize("content", [JPEG[:n] for n in (0, 3, 20, 200, 400, len(JPEG) - 200)])
def test_damaged_jpegs_are_left_to_pillow(content):
    assert module._plain_jpeg(content) is None
    assert isinstance(try_load(content, "x.jpg"), str)


@pytest.mark.parametrize("place", range(2, 300, 7))
def test_a_jpeg_with_a_wrong_byte_is_what_pillow_makes_of_it(place):
    content = JPEG[:place] + bytes([JPEG[place] ^ 0x55]) + JPEG[place + 1 :]
    try:
        opened = Image.open(io.BytesIO(content), formats=["JPEG"])
        opened.load()
    except Exception:
        assert module._plain_jpeg(content) is None
    else:
        fast = module._plain_jpeg(content)
        assert fast is None or (fast.size, fast.tobytes()) == (opened.size, opened.tobytes())


BAD = {
    "empty": b"",
    "html": b"<html>404</html>",
    "zeros": bytes(5000),
    "truncated": png(Image.effect_noise((64, 64), 50))[:2000],
    "header": png(Image.new("L", (2, 2)))[:20],
    "gif": b"GIF89a" + bytes(30),
    "tiff": b"II*\0" + b"\xff" * 40,
    "ico": b"\0\0\1\0\1\0" + b"\xff" * 40,
    "webp": b"RIFF\x40\0\0\0WEBPVP8 " + bytes(40),
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + b"\xff" * 40,
    "psd": b"8BPS\0\1" + bytes(20) + b"\xff" * 20,
    "qoi": b"qoif" + b"\xff" * 10,
    "hdf": b"\x89HDF\r\n\x1a\n" + bytes(40),
    "mpeg": b"\0\0\1\xb3" + bytes(40),
}


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tga", ".im"])
@pytest.mark.parametrize("kind", BAD)
def test_unreadable_files_have_a_reason(kind, suffix):
    why = try_load(BAD[kind], f"x{suffix}")
    assert isinstance(why, str)
    assert "0x" not in why
    assert "\n" not in why


def test_a_file_that_cannot_be_opened_is_no_bad_image(tmp_path):
    with pytest.raises(UserError, match=r"^a/x.png: cannot be read \(No such file or directory\); mend or remove it"):
        try_load(str(tmp_path / "x.png"), "a/x.png")


def test_a_large_file_is_read_to_its_end(tmp_path):
    values = np.arange(2500 * 2500 * 3, dtype=np.uint8).reshape(2500, 2500, 3)
    path = tmp_path / "x.bmp"
    path.write_bytes(file_of(Image.fromarray(values), "BMP"))
    assert path.stat().st_size > 17 * 2**20
    image = try_load(str(path), "x.bmp")
    assert isinstance(image, Image.Image), image
    assert np.array_equal(np.asarray(image), values)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pixel_bombs_are_refused(monkeypatch, kind):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    assert "10 x 10 pixels, more than 99" in str(try_load(file_of(Image.new("L", (10, 10)), kind), "x"))
    assert "DecompressionBombError" in str(try_load(file_of(Image.new("L", (20, 20)), kind), "x"))


def test_a_declared_size_is_checked_before_anything_is_decoded(monkeypatch):
    huge = bytearray(png(Image.new("L", (1, 1))))
    huge[16:24] = (100_000).to_bytes(4, "big") * 2
    import zlib

    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    assert "DecompressionBombError" in str(try_load(bytes(huge), "x.png"))


@pytest.fixture
def run(tmp_path):
    def made(
        contents: Iterable[tuple[int, Content]], names: list[str], *, skip_bad: bool = False, **kind: Any
    ) -> Decoded:
        return decode(
            contents, names, target(**kind), grouped=True, workers=2, out=tmp_path / "decoded.npy", skip_bad=skip_bad
        )

    return made


def test_decode_fails_at_a_bad_file_or_lists_it(run):
    good = png(Image.new("L", (2, 2), 5))
    contents = [(2, good), (1, BAD["truncated"]), (0, good)]
    with pytest.raises(UserError, match=r"^b.png: cannot be read .*data.on_bad"):
        run(contents, ["a.png", "b.png", "c.png"], channels=1)
    decoded = run(contents, ["a.png", "b.png", "c.png"], channels=1, skip_bad=True)
    assert list(decoded.bad) == [1]
    assert decoded.images[:, 0, 0, 0].tolist() == [5, 0, 5]
    assert decoded.groups[0] == decoded.groups[2] != ""
    assert decoded.sizes.tolist() == [[2, 2], [0, 0], [2, 2]]


@pytest.mark.parametrize("error", [TypeError("what"), KeyError("what"), RuntimeError("what")])
def test_what_a_conversion_raises_makes_a_bad_image(run, monkeypatch, error):
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pool, "fit", broken)
    contents = [(0, png(Image.new("L", (2, 2))))]
    assert run(contents, ["a.png"], skip_bad=True).bad == {0: reason(error)}
    with pytest.raises(UserError, match=rf"^a.png: cannot be read \({type(error).__name__}: .*what"):
        run(contents, ["a.png"])


def test_want_of_memory_is_no_bad_image(run, monkeypatch):
    def greedy(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pool, "fit", greedy)
    with pytest.raises(MemoryError):
        run([(0, png(Image.new("L", (2, 2))))], ["a.png"], skip_bad=True)


def test_an_image_that_never_comes_is_told(run):
    with pytest.raises(UserError, match=r"^b.png: is gone since the source was listed; run again"):
        run([(0, png(Image.new("L", (2, 2))))], ["a.png", "b.png"], skip_bad=True)


def test_files_bytes_and_arrays_are_the_same_images(run, tmp_path):
    values = np.arange(2 * 5 * 5 * 3, dtype=np.uint8).reshape(2, 5, 5, 3)
    files = [png(Image.fromarray(one)) for one in values]
    for k, content in enumerate(files):
        (tmp_path / f"{k}.png").write_bytes(content)
    names = ["0.png", "1.png"]
    one = run(enumerate(files), names, size=4)
    kept = one.images.copy()
    for contents in ([str(tmp_path / name) for name in names], list(values)):
        two = run(enumerate(contents), names, size=4)
        assert two.images.tolist() == kept.tolist()
        assert (two.groups, two.digests) == (one.groups, one.digests)
        assert two.hashes.tolist() == one.hashes.tolist() == perceptual_hashes(kept).tolist()
        assert two.sizes.tolist() == [[5, 5], [5, 5]]


def test_grey_arrays_are_images_without_a_channel_axis(run):
    values = np.arange(50, dtype=np.uint8).reshape(2, 5, 5)
    assert run(enumerate(values), ["a", "b"], size=5, channels=1).images.tolist() == values[..., None].tolist()
    assert run(enumerate(values), ["a", "b"], size=5).images.tolist() == values[..., None].repeat(3, axis=3).tolist()


def test_processes_give_what_one_process_gives(run, monkeypatch):
    files = [png(noise(3, 3).point(lambda value, tone=tone: value ^ tone)) for tone in range(40)]
    contents = list(enumerate(files))[::-1]
    names = [f"{row}.png" for row in range(40)]
    monkeypatch.setattr(pool, "_workers", lambda count, most: 1)
    one = run(contents, names, size=3)
    images = one.images.copy()
    monkeypatch.setattr(pool, "_workers", lambda count, most: 2)
    two = run(contents, names, size=3)
    assert [np.asarray(Image.open(io.BytesIO(file))).tolist() for file in files] == images.tolist()
    assert np.array_equal(images, two.images)
    assert (one.groups, one.digests) == (two.groups, two.digests)
    assert len(set(one.groups)) == len(set(one.digests)) == 40
    assert one.hashes.tolist() == two.hashes.tolist() == perceptual_hashes(images).tolist()
    with pytest.raises(UserError, match=r"data.image_size"):  # a worker's error arrives as it is
        run(contents, names, size=4, model="m")


def test_a_full_disk_is_no_bad_image(run, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pool, "_write_rows", full)
    with pytest.raises(OSError, match=r"No space left on device"):
        run([(0, png(Image.new("L", (2, 2))))], ["a.png"], skip_bad=True)


def test_a_process_that_dies_is_told(run, monkeypatch):
    monkeypatch.setattr(pool, "_workers", lambda count, most: 2)
    monkeypatch.setattr(pool, "perceptual_hashes", lambda pixels: os._exit(9))
    with pytest.raises(UserError, match=r"^data: a process that decodes images was ended from outside"):
        run(enumerate([png(Image.new("L", (2, 2)))] * 4), list("abcd"))


def test_the_cores_that_may_be_used_are_used_where_there_is_work_for_them(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    assert [pool._workers(count, most=8) for count in (1, 40, 70, 10_000)] == [1, 1, 2, 6]
    assert [pool._workers(count, most=4) for count in (1, 40, 70, 10_000)] == [1, 1, 2, 4]
    assert pool._workers(10_000, most=1) == 1


@pytest.mark.parametrize(
    ("count", "kind", "length"),
    [
        (100_000, {"size": 32, "channels": 3}, 256),
        (100_000, {"size": 256, "channels": 1}, 64),
        (100_000, {"size": 1024, "channels": 3}, 1),
        (100_000, {"size": 4096, "channels": 3}, 1),
        (320, {"size": 32, "channels": 3}, 20),
        (3, {"size": 32, "channels": 3}, 1),
    ],
)
def test_a_chunk_holds_little_of_what_comes_out(count, kind, length):
    assert pool._chunk_length(count, target(**kind), workers=2) == length


def test_the_result_is_a_mapped_file(run, tmp_path):
    decoded = run([(0, png(Image.new("L", (2, 2), 5)))], ["a.png"])
    assert isinstance(decoded.images, np.memmap)
    assert Path(decoded.images.filename) == tmp_path / "decoded.npy"
