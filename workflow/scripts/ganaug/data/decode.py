"""From image files, or pixels as publishers store them, to pixels of one size and one number of channels."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ganaug.errors import UserError
from ganaug.images import Pixels

FILTER = Image.Resampling.BICUBIC
GREY_MODES = ("1", "L", "LA", "La", "I", "F")
# Not read: EPS, which Pillow has another program (Ghostscript) draw; WMF, which Windows draws; and what Pillow can
# identify but not read. PDF and PostScript it does not open at all.
LEFT_OUT = frozenset({"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"})

# The path of a file, which is opened by the process that decodes it; what a file holds; or pixels.
Content = str | bytes | Pixels
# By name; and what gives them, in any order, for the names that it is given.
Contents = Iterator[tuple[str, Content]]
Reader = Callable[[Collection[str]], Contents]


@dataclass(frozen=True)
class Target:
    """What every image is made into.

    Attributes:
        size: side of the square, pixels.
        channels: 1 (grey) or 3 (RGB).
        resize: ``stretch`` to the square, ``crop`` its middle out, or ``pad`` it to one.
        background: what shows through transparent pixels, and pads.
        model: None where images are resized; else the image that fixed the size, which all others must have.
    """

    size: int
    channels: int
    resize: Literal["stretch", "crop", "pad"]
    background: Literal["white", "black"]
    model: str | None

    def describe(self) -> str:
        """How images become squares, for the report."""
        if self.model is not None:
            return "none: all images have this size"
        ways = {
            "stretch": "the aspect ratio is not kept (stretch)",
            "crop": "the largest square in the middle (crop)",
            "pad": f"the long side to this size, {self.background} on both sides of the short one (pad)",
        }
        return f"Pillow's bicubic filter, antialiased; {ways[self.resize]}"


@cache
def formats(suffix: str) -> tuple[str, ...]:
    """Pillow's names of the formats that a file with this suffix may have, JPEG and PNG first.

    These are all that Pillow reads but `LEFT_OUT`, whatever the suffix says. Those that their first bytes do not tell
    (TGA and a few more) are among them only under their own suffix: damaged files would pass for them.
    """
    Image.init()
    told = {name for name, (_, accepts) in Image.OPEN.items() if accepts is not None}
    known = (told | {Image.registered_extensions().get(suffix.lower(), "")}) & set(Image.OPEN)
    return tuple(sorted(known - LEFT_OUT, key=lambda name: (name not in ("JPEG", "PNG"), name)))


def load(content: bytes, name: str) -> Image.Image:
    """Open and read an image file whole, turned as its EXIF orientation says; of an animation the first frame.

    Colour profiles are not applied, and of 16-bit colours Pillow keeps the high byte.

    Raises:
        Exception: it is truncated, too large (by Pillow's ``MAX_IMAGE_PIXELS``, before anything is decoded) or no
            image; Pillow's decoders raise many kinds.
    """
    plain = _plain_jpeg(content)
    return _opened(content, name) if plain is None else plain


def _opened(content: bytes, name: str) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Pillow can put up with, and of sizes that are refused here
        image: Image.Image = Image.open(BytesIO(content), formats=formats(PurePosixPath(name).suffix))
        _check_pixels(image.width, image.height)
        image.load()
        _check_pixels(image.width, image.height)  # some formats hold another size than they declare
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _check_pixels(width: int, height: int) -> None:
    if width * height > (Image.MAX_IMAGE_PIXELS or 0):
        raise ValueError(f"{width} x {height} pixels, more than {Image.MAX_IMAGE_PIXELS:,}")


def _plain_jpeg(content: bytes) -> Image.Image | None:
    """A JPEG file of one or three 8-bit channels without Exif, XMP or further pictures; else None.

    It gives what ``Image.open`` gives, by the same decoder. For small images most of the time of ``Image.open`` goes
    into reading tables of the header that nobody asks for; ``benchmarks/preprocess.py`` measures both.
    """
    if content[:3] != b"\xff\xd8\xff":
        return None
    frame = None
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in (0xC0, 0xC1, 0xC2):  # baseline, extended and progressive frames
            if frame is not None or content[at + 4] != 8:
                return None
            frame = content[at + 5 : at + 10]
        elif marker == 0xDA:  # the scan begins
            break
        elif marker not in (0xC4, 0xDB, 0xDD, 0xE0, 0xED, 0xEE, 0xFE):  # tables, JFIF, Photoshop, Adobe, comments
            return None
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    else:
        return None
    if frame is None:
        return None
    height, width = int.from_bytes(frame[:2], "big"), int.from_bytes(frame[2:4], "big")
    mode = {1: "L", 3: "RGB"}.get(frame[4])
    if mode is None or not 0 < width * height <= (Image.MAX_IMAGE_PIXELS or 0):
        return None
    try:
        return Image.frombytes(mode, (width, height), content, "jpeg", mode, "")
    except (ValueError, OSError):
        return None  # damaged: Image.open says how


def channels_of(image: Image.Image) -> int:
    """1 for an image without colours, else 3."""
    return 1 if image.mode in GREY_MODES or image.mode.startswith("I;16") else 3


def in_channels(image: Image.Image, channels: int, *, background: str) -> Image.Image:
    """The image as 8-bit grey (ITU-R 601 luma) or RGB.

    Transparency is composited on ``background``, 16 bits are scaled to 8 (65535 becomes 255), L*a*b* (D50) is taken
    to sRGB by LittleCMS, CMYK, YCbCr, HSV and palettes by Pillow's ``convert``.

    Raises:
        ValueError: the range of its pixels is not known (floating point, 32 bits).
    """
    if image.mode == ("L" if channels == 1 else "RGB") and "transparency" not in image.info:
        return image
    if image.mode == "I" or image.mode.startswith("I;16"):
        image = _in_eight_bits(image)
    elif image.mode == "F":
        raise ValueError("floating-point pixels, whose range is not known")
    elif image.mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert converted is not None
        image = converted
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, background)
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    if channels == 1:
        return image if image.mode == "L" else image.convert("RGB").convert("L")
    return image if image.mode == "RGB" else image.convert("RGB")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("pixels of more than 16 bits")
    grey = Image.fromarray(np.rint(values / 257).astype(np.uint8))
    if (clear := image.info.get("transparency")) is not None:
        grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return grey


def to_square(image: Image.Image, target: Target) -> Image.Image:
    """The image (8-bit grey or RGB) as a square of ``target.size`` pixels; one of that size is left as it is."""
    square = (target.size, target.size)
    if image.size == square:
        return image
    if target.resize == "stretch":
        return image.resize(square, FILTER)
    if target.resize == "crop":
        return ImageOps.fit(image, square, FILTER)
    longest = max(image.size)
    width, height = (max(1, round(side * target.size / longest)) for side in image.size)
    sheet = Image.new(image.mode, square, target.background)
    sheet.paste(image.resize((width, height), FILTER), ((target.size - width) // 2, (target.size - height) // 2))
    return sheet


@dataclass(frozen=True)
class Fitted:
    """An image as S * S * C bytes, its digest, that of its pixels before resizing (or empty), and its size then."""

    pixels: bytes
    digest: bytes
    group: str
    size: tuple[int, int]


def fit(image: Image.Image, name: str, target: Target, *, grouped: bool) -> Fitted:
    """The image in the channels and the size of ``target``.

    Args:
        name: its file, for messages.
        grouped: whether to make its group: for large images that digest takes time.

    Raises:
        UserError: it has another size than the rest and ``target`` does not resize.
        Exception: the range of its pixels is not known, or it cannot be converted; Pillow raises many kinds.
    """
    image = in_channels(image, target.channels, background=target.background)
    square = image
    if image.size != (target.size, target.size):
        if target.model is not None:
            raise UserError(
                f"data.image_size: {target.model} has {target.size} x {target.size} pixels and {name} has "
                f"{image.width} x {image.height}; set data.image_size"
            )
        square = to_square(image, target)
    pixels, digest = _digested(square)
    group = ""
    if grouped:
        group = (digest if square is image else _digested(image)[1]).hex()
    return Fitted(pixels=pixels, digest=digest, group=group, size=image.size)


def _digested(image: Image.Image) -> tuple[bytes, bytes]:
    pixels = image.tobytes()
    shape = (image.height, image.width) if image.mode == "L" else (image.height, image.width, 3)
    digest = hashlib.sha256(f"{shape} ".encode())
    digest.update(pixels)
    return pixels, digest.digest()[:16]


def reason(error: Exception) -> str:
    """Why an image cannot be read, in words that are the same in every run."""
    if isinstance(error, UnidentifiedImageError):
        return "no image in a format that is read"
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def try_load(content: Content, name: str) -> Image.Image | str:
    """The image, or the reason why it cannot be read.

    Raises:
        UserError: the file cannot be opened.
    """
    if isinstance(content, np.ndarray):
        return Image.fromarray(content)
    if isinstance(content, str):
        try:
            content = Path(content).read_bytes()
        except OSError as error:
            raise UserError(f"{name}: cannot be read ({error.strerror}); mend or remove it") from error
    try:
        return load(content, name)
    except MemoryError:
        raise
    except Exception as error:  # of any type: the file is a stranger's, and so are the decoders
        return reason(error)


def target_for(
    image: Image.Image,
    name: str,
    *,
    image_size: int | None,
    channels: int | None,
    resize: Literal["stretch", "crop", "pad"],
    background: Literal["white", "black"],
) -> Target:
    """What to make of all images, where the first one decides what the config leaves open.

    Raises:
        UserError: ``image_size`` is null and the first image is no square.
    """
    if image_size is None and image.width != image.height:
        raise UserError(
            f"data.image_size: {name} has {image.width} x {image.height} pixels, no square; set data.image_size"
        )
    return Target(
        size=image_size or image.width,
        channels=channels or channels_of(image),
        resize=resize,
        background=background,
        model=None if image_size else name,
    )
