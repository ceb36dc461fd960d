"""A picture of a premises or a panel: a floor plan, a photo of the board. One each, a file in the data folder.

Invariants: what is kept was decoded and drawn anew, so it carries no place, no camera and nothing that was hidden in
the upload; a picture of too many pixels is refused from its head, before it is decoded; one is decoded at a time.
"""

import shutil
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock

from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import (
    DISK_LOW_BYTES,
    PICTURE_BYTES_MAX,
    PICTURE_PIXELS_MAX,
    PICTURE_SIDE_MAX,
)
from flameblue.fleet import audit
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Panel, Premises

FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 80
WHITE = (255, 255, 255)
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, struct.error, Warning)
_one_at_a_time = Lock()

Pictured = Premises | Panel


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that is kept; `version` changes with it."""

    path: Path
    version: str


class Pictures:
    """The folder `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, thing: Pictured) -> Kept | None:
        """The picture of `thing`; None where it has none."""
        path = self._path(thing)
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        return Kept(path, f"{found.st_mtime_ns:x}-{found.st_size:x}")

    def keep(self, thing: Pictured, data: bytes, hand: Hand) -> None:
        """`data` becomes the picture of `thing`, in place of the one it had. BadInput says why it can't."""
        drawn = redrawn(data)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < DISK_LOW_BYTES + len(drawn):
            raise BadInput(_("The disk is nearly full."))
        path = self._path(thing)
        fresh = path.with_suffix(".new")
        verb = "changed picture" if path.exists() else "added picture"
        fresh.write_bytes(drawn)
        with transaction.atomic():
            told = {"bytes": len(drawn)}
            audit.record_deed(hand.by, Deed(verb, str(thing), told, audit.thing_of(thing)), hand.now)
            fresh.replace(path)

    def remove(self, thing: Pictured, hand: Hand) -> bool:
        """`thing` has no picture any more; False where it had none."""
        path = self._path(thing)
        if not path.exists():
            return False
        with transaction.atomic():
            audit.record_deed(
                hand.by, Deed("removed picture", str(thing), {}, audit.thing_of(thing)), hand.now
            )
            path.unlink(missing_ok=True)
        return True

    def _path(self, thing: Pictured) -> Path:
        return self.folder / f"{thing._meta.model_name}-{int(thing.pk)}.webp"


def redrawn(data: bytes) -> bytes:
    """The picture in `data` as it is kept: upright, of bounded size, WebP, and nothing but its pixels."""
    if len(data) > PICTURE_BYTES_MAX:
        raise BadInput(_("The picture is too large: at most 16 MB."))
    try:
        with _one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("error")
            return _redrawn(data)
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise BadInput(_("This is no picture that can be read: JPEG, PNG or WebP, please.")) from error


def _redrawn(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > PICTURE_PIXELS_MAX:
            raise BadInput(_("The picture has too many pixels: at most 50 million."))
        image.draft("RGB", (PICTURE_SIDE_MAX, PICTURE_SIDE_MAX))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((PICTURE_SIDE_MAX, PICTURE_SIDE_MAX))
        seen = upright.convert("RGBA")
    paper = Image.new("RGB", seen.size, WHITE)
    paper.paste(seen, mask=seen)
    out = BytesIO()
    paper.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
