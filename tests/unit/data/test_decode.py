from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ganaug.data import decode as module
from ganaug.data.decode import Target, channels_of, decode, fit, in_channels, load, target_for, try_load
from ganaug.errors import UserError


def png(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format="PNG", **options)
    return file.getvalue()


def pixels(image: Image.Image, *, size: int = 2, channels: int = 3) -> list:
    return fit(load(png(image)), "x.png", Target(size=size, channels=channels, model=None))[0].tolist()


def test_an_image_of_the_right_size_is_untouched():
    values = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert pixels(Image.fromarray(values)) == values.tolist()


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


def test_grey_is_the_luma_of_itu_r_601():
    # 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2
    assert pixels(Image.new("RGB", (2, 2), (200, 100, 50)), channels=1) == [[[124], [124]], [[124], [124]]]


def test_cmyk_becomes_rgb():
    assert in_channels(Image.new("CMYK", (1, 1), (0, 255, 255, 0)), 3).getpixel((0, 0)) == (255, 0, 0)


def test_pixels_of_unknown_range_are_refused():
    with pytest.raises(ValueError, match=r"floating-point"):
        in_channels(Image.new("F", (1, 1), 0.5), 1)
    with pytest.raises(ValueError, match=r"more than 16 bits"):
        in_channels(Image.new("I", (1, 1), 70_000), 1)


def test_exif_orientation_is_applied():
    image = Image.fromarray(np.array([[1, 2]], dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    assert np.asarray(load(png(image, exif=exif))).tolist() == [[1], [2]]


def test_the_first_frame_of_an_animation_is_taken():
    file = io.BytesIO()
    frames = [Image.new("L", (2, 2), tone) for tone in (10, 200)]
    frames[0].save(file, format="GIF", save_all=True, append_images=frames[1:])
    assert in_channels(load(file.getvalue()), 1).getpixel((0, 0)) == 10


def test_resizing_is_antialiased():
    # Every second row white: reduced by 8 the mean is left; without antialiasing rows of 0 or 255 would be.
    stripes = np.zeros((64, 64), dtype=np.uint8)
    stripes[::2] = 255
    reduced = np.array(pixels(Image.fromarray(stripes), size=8, channels=1))
    assert np.abs(reduced - 127.5).max() <= 6


def test_groups_are_equal_for_equal_pixels_before_resizing():
    target = Target(size=2, channels=1, model=None)
    small, large = Image.new("L", (2, 2), 9), Image.new("L", (4, 4), 9)
    one, group_small = fit(small, "a", target)
    two, group_large = fit(large, "b", target)
    assert one.tolist() == two.tolist()
    assert group_small != group_large
    assert fit(Image.new("RGB", (2, 2), (9, 9, 9)), "c", target)[1] == group_small


def test_the_first_image_decides_what_is_open():
    grey = Image.new("L", (4, 4))
    assert target_for(grey, "a", image_size=None, channels=None) == Target(size=4, channels=1, model="a")
    assert target_for(grey, "a", image_size=16, channels=3) == Target(size=16, channels=3, model=None)
    assert channels_of(Image.new("RGBA", (1, 1))) == 3
    with pytest.raises(UserError, match=r"data.image_size: a has 4 x 5 pixels, no square"):
        target_for(Image.new("L", (4, 5)), "a", image_size=None, channels=None)


def test_mixed_sizes_name_two_files():
    target = Target(size=4, channels=1, model="a.png")
    with pytest.raises(UserError, match=r"a.png has 4 x 4 pixels and b.png has 5 x 4; set data.image_size"):
        fit(Image.new("L", (5, 4)), "b.png", target)


BAD = {
    "empty": b"",
    "html": b"<html>404</html>",
    "truncated": png(Image.effect_noise((64, 64), 50))[:2000],
    "header": png(Image.new("L", (2, 2)))[:20],
}


@pytest.mark.parametrize("kind", BAD)
def test_unreadable_files_have_a_reason(kind):
    assert isinstance(try_load(BAD[kind]), str)
    assert "0x" not in str(try_load(BAD[kind]))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_pixel_bombs_are_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    assert "10 x 10 pixels, more than 99" in str(try_load(png(Image.new("L", (10, 10)))))
    assert "DecompressionBombError" in str(try_load(png(Image.new("L", (20, 20)))))


def test_decode_fails_at_a_bad_file_or_lists_it():
    good = png(Image.new("L", (2, 2), 5))
    contents = [(2, good), (1, BAD["truncated"]), (0, good)]
    target = Target(size=2, channels=1, model=None)
    with pytest.raises(UserError, match=r"^b.png: cannot be read .*data.on_bad"):
        decode(contents, ["a.png", "b.png", "c.png"], target, skip_bad=False)
    decoded = decode(contents, ["a.png", "b.png", "c.png"], target, skip_bad=True)
    assert list(decoded.bad) == [1]
    assert decoded.images[[0, 2]].tolist() == [[[[5], [5]], [[5], [5]]]] * 2
    assert decoded.groups[0] == decoded.groups[2] != ""


def test_processes_give_what_one_process_gives(monkeypatch):
    files = [png(Image.new("L", (3, 3), tone)) for tone in range(40)]
    contents = list(enumerate(files))[::-1]
    names = [f"{row}.png" for row in range(40)]
    target = Target(size=3, channels=1, model=None)
    one = decode(contents, names, target, skip_bad=False)
    monkeypatch.setattr(module, "CHUNK", 3)
    monkeypatch.setattr(module, "_workers", lambda count: 2)
    two = decode(contents, names, target, skip_bad=False)
    assert one.images[:, 0, 0, 0].tolist() == list(range(40))
    assert np.array_equal(one.images, two.images)
    assert one.groups == two.groups
    with pytest.raises(UserError, match=r"data.image_size"):  # a worker's error arrives as it is
        decode(contents, names, Target(size=4, channels=1, model="m"), skip_bad=False)
