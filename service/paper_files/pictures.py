"""Pictures without what they say beside the picture: place, camera, person, program, previews, later frames of a phone.

The one file that reads them by Pillow. A JPEG that stands upright keeps its picture byte for byte; all else is written
anew in its own format, and turned as its Exif says, since nothing says it any more.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ExifTags, Image, ImageCms, ImageOps, ImageSequence

from ledger.core.errors import Refused
from ledger.model.evidence import Treatment
from service.paper_files.beside import bytes_beside, whole_gif
from service.paper_files.jpeg import NoJpeg, plain_jpeg
from service.paper_files.metadata import MetadataItem, Plain

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")
_MOST_PIXELS = 80_000_000
_OF_PICTURE = frozenset(
    {"transparency", "duration", "loop", "background", "disposal", "default_image", "timestamp"}
)
"""What Pillow knows of a file beside its pixels, and what the picture needs; all else is metadata."""
_OF_FORMAT = frozenset(
    {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "dpi",
        "adobe",
        "adobe_transform",
        "progressive",
        "progression",
    }
    | {
        "gamma",
        "chromaticity",
        "srgb",
        "aspect",
        "interlace",
        "version",
        "extension",
        "compression",
        "resolution",
    }
)
"""What it knows beside that tells of nobody: how a format packs."""
_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error)
"""What Pillow raises of a file that is no picture, or is damaged."""
_TURNED = frozenset(range(2, 9))
_TAGS_OF_TIFF = frozenset(
    {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339}
)
"""Tags of TIFF without which there is no picture."""


def plain_picture(data: bytes) -> Plain:
    """A picture without what is found beside it; raises Refused for what is none."""
    with _opened(data) as picture:
        items = tuple(_found(picture, data)) or tuple(_untold(picture, data))
        if not items:
            return Plain(data, ())
        turned = picture.getexif().get(ExifTags.Base.Orientation) in _TURNED
        stays = picture.format in _OF_JPEG and not turned and not picture.info.get("icc_profile")
        copy = plain_jpeg(data) if stays else _written(picture)
    with _opened(copy) as again:
        left = [one.name for one in (*_found(again, copy), *_untold(again, copy))]
    if left:
        raise Refused.field(
            "paper", "{left} cannot be taken out of this picture; save it anew in another format", left=left
        )
    return Plain(copy, items)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read = whole_gif(data) if data.startswith(b"GIF8") else data
            with Image.open(io.BytesIO(read), formats=_FORMATS) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise Refused.field(
                        "paper",
                        "this picture has more than {most} pixels; make it smaller",
                        most=_MOST_PIXELS,
                    )
                yield picture
    except (*_UNREADABLE, NoJpeg, Warning, Image.DecompressionBombError):
        raise Refused.field(
            "paper", "this picture cannot be read; save it anew, or give a PDF of it"
        ) from None


def _found(picture: Image.Image, data: bytes) -> Iterator[MetadataItem]:
    frames = [picture] if picture.format in _OF_JPEG else ImageSequence.Iterator(picture)
    for frame in frames:
        yield from _beside(frame)
    picture.seek(0)
    if picture.format in _OF_JPEG:
        if picture.format == "MPO":
            yield MetadataItem(Treatment.THUMBNAILS, "further pictures")
        if not any(picture.info.get(name) for name in ("exif", "comment", "icc_profile", "xmp")):
            rest = len(data) - len(plain_jpeg(data))
            if rest:
                yield MetadataItem(Treatment.METADATA, _NO_PICTURE, str(rest))


def _untold(picture: Image.Image, data: bytes) -> Iterator[MetadataItem]:
    """What a program wrote for itself, or behind the end, which no reader of pictures tells of.

    A TIFF is a heap of places that point to others: what none points to is found by writing it anew.
    """
    rest = bytes_beside(str(picture.format), data)
    if rest or (picture.format == "TIFF" and _written(picture) != data):
        yield MetadataItem(Treatment.METADATA, _NO_PICTURE, str(rest or ""))


def _beside(frame: Image.Image) -> Iterator[MetadataItem]:
    """What a frame, or the file around it, says beside its points."""
    yield from _exif(frame)
    for name, value in frame.info.items():
        if name in _OF_PICTURE or name in _OF_FORMAT or name == "exif":
            continue
        said = value.decode("utf-8", "replace") if name == "comment" and isinstance(value, bytes) else value
        text = said if isinstance(said, str) else ""
        yield MetadataItem(Treatment.METADATA, "ICC profile" if name == "icc_profile" else str(name), text)


_NO_PICTURE = "bytes that are no picture"
_OF_JPEG = frozenset({"JPEG", "MPO"})
"""One picture, or one with others behind it."""


def _exif(picture: Image.Image) -> Iterator[MetadataItem]:
    exif = picture.getexif()
    for tag, value in exif.items():
        if (picture.format == "TIFF" and tag in _TAGS_OF_TIFF) or tag in {_EXIF, _GPS}:
            continue
        yield MetadataItem(Treatment.METADATA, ExifTags.TAGS.get(tag, f"Exif {tag}"), _said(value))
    for tag, value in exif.get_ifd(_EXIF).items():
        yield MetadataItem(Treatment.METADATA, ExifTags.TAGS.get(tag, f"Exif {tag}"), _said(value))
    for tag, value in exif.get_ifd(_GPS).items():
        yield MetadataItem(Treatment.METADATA, ExifTags.GPSTAGS.get(tag, f"GPS {tag}"), _said(value))
    if picture.format != "TIFF" and exif.get_ifd(ExifTags.IFD.IFD1):  # there it is the next page
        yield MetadataItem(Treatment.THUMBNAILS, "thumbnail")


_EXIF, _GPS = int(ExifTags.IFD.Exif), int(ExifTags.IFD.GPSInfo)


def _said(value: object) -> str:
    if isinstance(value, bytes):
        return ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)


def _written(picture: Image.Image) -> bytes:
    """All frames written anew, with nothing but their points."""
    form = "JPEG" if picture.format == "MPO" else str(picture.format)
    frames = (
        [_bare(frame) for frame in ImageSequence.Iterator(picture)] if form != "JPEG" else [_bare(picture)]
    )
    out = io.BytesIO()
    options: dict[str, object] = {}
    if form == "JPEG":
        options = {"quality": 95, "subsampling": 0}
    elif form == "WEBP":
        options = {"lossless": True}
    elif form == "TIFF":
        options = {"compression": "tiff_deflate"}
    if len(frames) > 1:
        options |= {"save_all": True, "append_images": frames[1:]}
        for name in ("duration", "loop", "disposal"):
            if name in picture.info:
                options[name] = picture.info[name]
    frames[0].save(out, form, **options)
    return out.getvalue()


def _bare(frame: Image.Image) -> Image.Image:
    """The points of a frame, upright and in sRGB, and no word of its file."""
    profile = frame.info.get("icc_profile")
    # A copy is of no file any more: tags of TIFF stay behind.
    made = ImageOps.exif_transpose(frame.copy())
    if profile and made.mode in {"RGB", "RGBA", "CMYK", "L"}:
        made = _in_srgb(made, profile)
    made.info = {name: value for name, value in frame.info.items() if name in {"transparency", "background"}}
    return made


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Points as a screen shows them without the profile; as they are where the profile cannot be read."""
    mode = picture.mode if picture.mode in {"RGB", "RGBA"} else "RGB"
    try:
        shown = ImageCms.profileToProfile(
            picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return shown or picture
