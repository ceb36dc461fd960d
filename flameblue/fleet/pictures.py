"""A picture of premises, a panel or a device: a floor plan, a photo of the board. One each, a file in the data folder.

Invariants: what is kept was decoded and drawn anew, so it carries no place, no camera and nothing that was hidden in
the upload; a picture of too many pixels is refused from its head, before it is decoded; one is decoded at a time.
"""

import shutil
import struct
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock

from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image

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
from flameblue.fleet.models import Device, Panel, Premises

FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 80
ORIENTATION = 0x0112  # of EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WHITE = (255, 255, 255)
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, struct.error, Warning)
_one_at_a_time = Lock()
_one_is_written = Lock()  # two uploads of one thing would write into the same file

Pictured = Premises | Panel | Device


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
        try:
            with _one_is_written:
                self._write(thing, drawn, hand)
        except OSError as error:
            raise BadInput(_("The picture can't be written now.")) from error

    def _write(self, thing: Pictured, drawn: bytes, hand: Hand) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < DISK_LOW_BYTES + len(drawn):
            raise BadInput(_("The disk is nearly full."))
        path = self._path(thing)
        fresh = path.with_suffix(".new")
        verb = "changed picture" if path.exists() else "added picture"
        try:
            fresh.write_bytes(drawn)
            with transaction.atomic():
                told = {"bytes": len(drawn)}
                audit.record_deed(hand.by, Deed(verb, str(thing), told, audit.thing_of(thing)), hand.now)
                fresh.replace(path)
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

    def remove(self, thing: Pictured, hand: Hand) -> bool:
        """`thing` has no picture any more; False where it had none."""
        path = self._path(thing)
        with _one_is_written:
            if not path.exists():
                return False
            try:
                with transaction.atomic():
                    deed = Deed("removed picture", str(thing), {}, audit.thing_of(thing))
                    audit.record_deed(hand.by, deed, hand.now)
                    path.unlink()
            except OSError as error:
                raise BadInput(_("The picture can't be written now.")) from error
        return True

    def _path(self, thing: Pictured) -> Path:
        return self.folder / f"{thing._meta.model_name}-{int(thing.pk)}.webp"


def redrawn(data: bytes) -> bytes:
    """The picture in `data` as it is kept: upright, of bounded size, WebP, and nothing but its pixels."""
    if len(data) > PICTURE_BYTES_MAX:
        raise BadInput(_("The picture is too large: at most 16 MB."))
    try:
        with _one_at_a_time:
            return _redrawn(data)
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise BadInput(_("This is no picture that can be read: JPEG, PNG or WebP, please.")) from error


def _redrawn(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > PICTURE_PIXELS_MAX:
            raise BadInput(_("The picture has too many pixels: at most 50 million."))
        image.draft("RGB", (PICTURE_SIDE_MAX, PICTURE_SIDE_MAX))
        turn = _turn(image)
        image.thumbnail((PICTURE_SIDE_MAX, PICTURE_SIDE_MAX))
        upright = image if turn is None else image.transpose(turn)
        seen = upright.convert("RGBA")
    paper = Image.new("RGB", seen.size, WHITE)
    paper.paste(seen, mask=seen)
    out = BytesIO()
    paper.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How it is turned upright; a note of the camera that can't be read costs nobody a picture."""
    try:
        return TURNS.get(image.getexif().get(ORIENTATION, 1))
    except (*UNREADABLE, TypeError, AttributeError):
        return None
