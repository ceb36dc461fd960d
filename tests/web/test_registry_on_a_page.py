"""The registry as a file on a page: what it would change is seen first, and exactly that is imported."""

import hashlib
import os
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import UPLOADS_MAX
from flameblue.fleet.models import AuditEntry, Premises, Site
from flameblue.web.uploads import Uploads
from tests.cast import Cast
from tests.web.readers import Reader, text_of

FILE = "site,premises,short_name,address\n禾木,白桦客栈,白桦,7区1号\n禾木,松林客栈,,3区14号\n".encode()


def look(client: Client, data: bytes = FILE, name: str = "valley.csv") -> tuple[int, str, dict[str, str]]:
    """(status, text of the preview, what its form would confirm)."""
    answer = client.post("/fleet/files/", {"file": SimpleUploadedFile(name, data)})
    shown = {key: answer.context.get(key, "") for key in ("hash", "shown", "called")}
    return answer.status_code, text_of(answer.content.decode()), shown


def confirm(client: Client, shown: dict[str, str]) -> tuple[int, str]:
    answer = client.post("/fleet/files/confirm/", shown)
    status = answer.status_code
    while answer.status_code == 302:
        answer = client.get(answer.headers["Location"])
    return status, text_of(answer.content.decode())


def test_a_file_is_looked_at_and_then_imported(admin: Client, data: Path) -> None:
    status, page, shown = look(admin)
    assert status == 200
    assert "白桦客栈" in page
    assert "3区12号 → 3区14号" in page
    assert shown["hash"] == hashlib.sha256(FILE).hexdigest()
    assert not Premises.objects.filter(name="白桦客栈").exists()
    assert "Imported: 1 added, 1 changed." in confirm(admin, shown)[1]
    assert Premises.objects.get(name="松林客栈").address == "3区14号"
    assert list((data / "uploads").iterdir()) == []


def test_what_is_imported_stands_in_the_history_of_each_thing(admin: Client) -> None:
    confirm(admin, look(admin)[2])
    new = Premises.objects.get(name="白桦客栈")
    page = text_of(admin.get(f"/fleet/premises/{new.pk}/").content.decode())
    assert "root added import of valley.csv" in page


def test_a_registry_that_changed_meanwhile_is_shown_anew(cast: Cast, admin: Client) -> None:
    _, _, shown = look(admin)
    Premises.objects.filter(pk=cast.premises.pk).update(address="elsewhere")
    status, page = confirm(admin, shown)
    assert status == 409
    assert "The registry has changed since" in page
    assert "elsewhere → 3区14号" in page
    assert not Premises.objects.filter(name="白桦客栈").exists()


@pytest.mark.parametrize("name", ["0" * 64, "../secret_key", "", "x" * 64])
def test_only_a_file_that_was_looked_at_is_imported(name: str, admin: Client, data: Path) -> None:
    (data / "secret_key").write_text("x")
    status, page = confirm(admin, {"hash": name, "shown": "", "called": ""})
    assert status == 302
    assert "The file is not kept any more" in page
    assert not AuditEntry.objects.exists()


def test_a_file_with_errors_can_not_be_confirmed(admin: Client) -> None:
    status, page, shown = look(admin, "site,premises,latitude\n禾木,新屋,north\n".encode())
    assert status == 200
    assert "latitude" in page
    assert "Import exactly this" not in page
    assert confirm(admin, shown)[0] == 409
    assert not Premises.objects.filter(name="新屋").exists()


def test_what_is_no_registry_is_refused_in_words(admin: Client) -> None:
    page = look(admin, b"%PDF-1.4")[1]
    assert "This is a PDF" in page
    assert "Import exactly this" not in page
    assert "Choose a file." in text_of(admin.post("/fleet/files/").content.decode())


def test_the_registry_goes_out_with_a_word_on_record_and_comes_back_unchanged(
    cast: Cast, admin: Client
) -> None:
    for form in ("csv", "xlsx"):
        answer = admin.post(f"/fleet/files/registry.{form}")
        assert answer.headers["Content-Disposition"].endswith(f'.{form}"')
        _, page, _ = look(admin, answer.content, f"back.{form}")
        assert "Nothing to change." in page
    assert AuditEntry.objects.filter(verb="exported registry", by="root").count() == 2
    assert Site.objects.count() == 1


def test_the_file_bears_the_day_that_it_is_here(cast: Cast, admin: Client, page_clock: ManualClock) -> None:
    answer = admin.post("/fleet/files/registry.csv")  # 03:07 here, the evening before by UTC
    assert answer.headers["Content-Disposition"] == 'attachment; filename="flameblue-2026-01-15.csv"'


def test_files_are_for_admins(cast: Cast, bolat: Reader) -> None:
    for path in ("/fleet/files/", "/fleet/files/confirm/", "/fleet/files/registry.csv"):
        assert bolat.client.post(path).status_code == 403
    assert "/fleet/files/" not in bolat.html("/fleet/premises/")


def test_uploads_are_few_and_old_ones_go(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "uploads"
    for n in range(UPLOADS_MAX + 3):
        Uploads(folder, 1_000.0 + n).keep([b"%d" % n])
    assert len(list(folder.iterdir())) == UPLOADS_MAX
    kept = Uploads(folder, 1_010.0)
    newest = hashlib.sha256(b"%d" % (UPLOADS_MAX + 2)).hexdigest()
    assert kept.read(newest) == b"%d" % (UPLOADS_MAX + 2)
    assert (folder / newest).stat().st_mode & 0o777 == 0o600
    (folder / newest).write_bytes(b"other")
    assert kept.read(newest) is None
    os.utime(folder / newest, (1_010.0, 1_010.0))
    Uploads(folder, 9_000.0)
    assert list(folder.iterdir()) == []
