"""Pictures of premises and panels: redrawn, bounded, private, and whatever is wrong is said in words."""

import errno
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PICTURE_BYTES_MAX, PICTURE_SIDE_MAX
from flameblue.fleet import pictures
from flameblue.fleet.models import AuditEntry
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.web.readers import Reader

ORIENTATION, GPS, RESOLUTION = 0x0112, 0x8825, 0x011A


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def photo(width: int = 40, height: int = 30, form: str = "JPEG", exif: Image.Exif | None = None) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    out = BytesIO()
    if exif is None:
        image.save(out, form)
    else:
        image.save(out, form, exif=exif)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it has `side` × `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("form", pictures.FORMATS)
def test_what_is_kept_is_drawn_anew_as_webp(form: str) -> None:
    kept = opened(pictures.redrawn(photo(form=form)))
    assert (kept.format, kept.size) == ("WEBP", (40, 30))


def test_a_picture_is_turned_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # a phone held upright
    exif.get_ifd(GPS)[1] = "N"
    data = photo(exif=exif)
    assert dict(opened(data).getexif())
    kept = opened(pictures.redrawn(data))
    assert kept.size == (30, 40)
    assert not dict(kept.getexif())
    assert "exif" not in kept.info


def test_a_large_picture_becomes_small_enough_and_keeps_its_shape() -> None:
    kept = opened(pictures.redrawn(photo(4_000, 1_000)))
    assert kept.size == (PICTURE_SIDE_MAX, PICTURE_SIDE_MAX // 4)


def test_what_can_be_seen_through_lies_on_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(pictures.redrawn(out.getvalue())).convert("RGB").getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("side", [7_200, 9_700, 20_000, 60_000])
def test_a_bomb_is_refused_before_it_is_decoded(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(BadInput):
        pictures.redrawn(bomb(side))


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(BadInput, match="at most 16 MB"):
        pictures.redrawn(bytes(PICTURE_BYTES_MAX + 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.integers(0, 700))
def test_garbage_is_refused_and_never_fails_otherwise(garbage: bytes, cut: int) -> None:
    whole = photo()
    for data in (garbage, whole[:cut], whole[:cut] + garbage, bomb(10)[:cut] + garbage):
        with suppress(BadInput):
            assert opened(pictures.redrawn(data)).format == "WEBP"


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF"])
def test_other_kinds_of_files_are_refused(form: str) -> None:
    with pytest.raises(BadInput, match="JPEG, PNG or WebP"):
        pictures.redrawn(photo(form=form))


@pytest.mark.parametrize("kind", [1, 2, 7])
def test_a_spoilt_note_of_the_camera_costs_nobody_a_picture(kind: int) -> None:
    """A fraction that says that it is bytes or a text: who reads it can't write it again."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[RESOLUTION] = 72.5
    head = RESOLUTION.to_bytes(2, "big")
    data = photo(exif=exif).replace(head + b"\0\5", head + bytes([0, kind]))
    with pytest.raises(TypeError):
        ImageOps.exif_transpose(opened(data))
    assert opened(pictures.redrawn(data)).size == (30, 40)


@pytest.mark.parametrize("turned", range(1, 9))
def test_each_way_a_camera_is_held_is_turned_upright(turned: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    data = photo(exif=exif)
    upright = ImageOps.exif_transpose(opened(data))
    seen = opened(pictures.redrawn(data))
    assert seen.size == upright.size
    corners = [(x, y) for x in (4, upright.width - 4) for y in (4, upright.height - 4)]
    red = [upright.getpixel(one)[0] > 128 for one in corners]
    assert [seen.convert("RGB").getpixel(one)[0] > 128 for one in corners] == red


def test_reading_a_picture_leaves_the_warnings_of_other_threads_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, during = list(warnings.filters), []
    monkeypatch.setattr(pictures, "_redrawn", lambda _: during.append(list(warnings.filters)))
    pictures.redrawn(b"")
    assert during == [before]


def addresses(cast: Cast) -> list[str]:
    return [f"/pictures/premises/{cast.premises.pk}/", f"/pictures/panel/{cast.panel.pk}/"]


def upload(reader: Reader, address: str, data: bytes) -> str:
    return reader.presses(f"{address}change/", picture=SimpleUploadedFile("a.jpg", data))


def test_a_picture_is_added_shown_replaced_and_removed_on_record(cast: Cast, bolat: Reader) -> None:
    for address in addresses(cast):
        assert bolat.client.get(address).status_code == 404
        assert "The picture is kept." in upload(bolat, address, photo())
        answer = bolat.client.get(address)
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["Cache-Control"].startswith("private")
        assert opened(answer.content).size == (40, 30)
        assert bolat.client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert f'src="{address}?v=' in bolat.html(f"/premises/{cast.premises.pk}/")
        upload(bolat, address, photo(60, 30))
        assert "The picture is removed." in bolat.presses(f"{address}change/", remove="1")
        assert bolat.client.get(address).status_code == 404
        bolat.presses(f"{address}change/", remove="1")
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["added picture", "changed picture", "removed picture"] * 2


def test_what_can_not_be_kept_is_said_and_the_old_one_stays(cast: Cast, bolat: Reader, data: Path) -> None:
    address = addresses(cast)[0]
    upload(bolat, address, photo())
    assert "Not done. This is no picture that can be read" in upload(bolat, address, b"GIF89a no picture")
    assert "Not done. Choose a picture." in bolat.presses(f"{address}change/")
    assert bolat.client.get(address).status_code == 200
    assert AuditEntry.objects.count() == 1
    assert [path.name for path in (data / "pictures").iterdir()] == [f"premises-{cast.premises.pk}.webp"]


def test_a_disk_that_can_not_be_written_is_said_and_the_old_one_stays(
    cast: Cast, bolat: Reader, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = addresses(cast)[0]
    upload(bolat, address, photo())

    def refuse(*_given: object, **_named: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    for name in ("write_bytes", "replace", "unlink"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, name, refuse)
            said = upload(bolat, address, photo(60, 30)) if name != "unlink" else ""
            said = said or bolat.presses(f"{address}change/", remove="1")
        assert "Not done. The picture can't be written now." in said
        assert opened(bolat.client.get(address).content).size == (40, 30)
    assert AuditEntry.objects.count() == 1
    assert [path.name for path in (data / "pictures").iterdir()] == [f"premises-{cast.premises.pk}.webp"]


def test_a_picture_that_is_removed_while_it_is_read_is_none(
    cast: Cast, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = addresses(cast)[0]
    upload(bolat, address, photo())
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (path.unlink(), read(path))[1])
    assert bolat.client.get(address).status_code == 404


def test_two_who_send_a_picture_of_one_thing_come_one_after_the_other(
    cast: Cast, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    write = Path.write_bytes

    def watched(path: Path, drawn: bytes) -> int:
        held.append(pictures._one_is_written.locked())
        return write(path, drawn)

    monkeypatch.setattr(Path, "write_bytes", watched)
    upload(bolat, addresses(cast)[0], photo())
    assert held == [True]


def test_another_station_neither_sees_nor_changes_it(cast: Cast, bolat: Reader, dana: Reader) -> None:
    for address in addresses(cast):
        upload(bolat, address, photo())
        assert dana.client.get(address).status_code == 404
        assert dana.client.post(f"{address}change/", {"remove": "1"}).status_code == 404
        assert bolat.client.get(address).status_code == 200
    assert bolat.client.get("/pictures/site/1/").status_code == 404


def test_a_viewer_sees_it_and_can_not_change_it(cast: Cast, bolat: Reader) -> None:
    address = addresses(cast)[0]
    upload(bolat, address, photo())
    user = cast.bolat.user
    assert user is not None
    user.groups.set([user.groups.model.objects.get_or_create(name="viewer")[0]])
    assert bolat.client.get(address).status_code == 200
    assert bolat.client.post(f"{address}change/", {"remove": "1"}).status_code == 403
    assert "Replace or remove" not in bolat.html(f"/premises/{cast.premises.pk}/")


def test_the_case_shows_the_pictures_of_its_place(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb)
    assert '<img src="/pictures/' not in bolat.html("/cases/4001/")
    for address in addresses(bench.cast):
        upload(bolat, address, photo())
    page = bolat.html("/cases/4001/")
    assert all(f'src="{address}?v=' in page for address in addresses(bench.cast))
    assert 'alt="Picture: ' in page
