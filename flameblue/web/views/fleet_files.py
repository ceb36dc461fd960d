"""The registry as a file, on a page: see what an import would change, confirm that same file, take it away again."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DIFF_LINES_MAX, EXPORT_POINTS_MAX, IMPORT_BYTES_MAX, MIB
from flameblue.fleet import audit
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Point
from flameblue.people import registry, registry_diff, registry_exporting
from flameblue.people.registry import Report
from flameblue.people.registry_speech import asked
from flameblue.web.fleet_lists import TABS, Asked
from flameblue.web.now import now
from flameblue.web.uploads import Uploads

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_http_methods(["GET", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """The page; with a file, what it would change."""
    if request.method == "GET":
        return render(request, "fleet/files.html", _page({}))
    given = request.FILES.get("file")
    if given is None:
        return render(request, "fleet/files.html", _page({"refused": _("Choose a file.")}), status=422)
    kept = _uploads()
    try:
        name = kept.keep(given.chunks())
        data = kept.read(name) or b""
        report = registry.import_bytes(data, _hand(request, given.name or ""), dry_run=True)
    except BadInput as error:
        return render(request, "fleet/files.html", _page({"refused": str(error)}), status=422)
    return render(request, "fleet/files.html", _page(_preview(report, name, given.name or "")))


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Imports the file that was looked at, where it still does what was shown; otherwise shows it anew."""
    kept, name, called = _uploads(), request.POST.get("hash", ""), request.POST.get("called", "")[:100]
    data = kept.read(name)
    if data is None:
        messages.error(request, _("The file is not kept any more: choose it again."))
        return redirect("fleet-files")
    seen = registry.import_bytes(data, _hand(request, called), dry_run=True)
    if seen.errors or _fingerprint(seen) != request.POST.get("shown"):
        told = {"moved": _("The registry has changed since: this is what the file would do now.")}
        return render(request, "fleet/files.html", _page(_preview(seen, name, called) | told), status=409)
    report = registry.import_bytes(data, _hand(request, called))
    kept.forget(name)
    counts = registry_diff.as_json(report, is_dry_run=False)
    messages.success(
        request,
        _("Imported: %(added)d added, %(changed)d changed.")
        % {"added": counts["added_count"], "changed": counts["changed_count"]},
    )
    return redirect("fleet")


@require_POST
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The whole registry with whole phone numbers; that it was taken is on record."""
    if form not in TYPES:
        return redirect("fleet-files")
    if Point.objects.count() > EXPORT_POINTS_MAX:
        messages.error(request, _("The fleet is too large for a page: use the command flameblue export."))
        return redirect("fleet-files")
    audit.record(request.user.get_username(), "exported registry", form, {}, now())
    exported = registry_exporting.table(asked())
    answer = HttpResponse(registry.WRITERS[f".{form}"](exported), content_type=TYPES[form])
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="flameblue-{localtime(now()):%Y-%m-%d}.{form}"'
    )
    return answer


def _page(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "tabs": [(name, "") for name in TABS],
        "asked": Asked(),
        "most_mib": IMPORT_BYTES_MAX // MIB,
    } | values


def _preview(report: Report, name: str, called: str) -> dict[str, Any]:
    look = registry_diff.Look(asked())
    lines = list(registry_diff.lines(report, look))
    counts = registry_diff.as_json(report, is_dry_run=True)
    return {
        "hash": name,
        "called": called,
        "shown": _fingerprint(report),
        "errors": registry_diff.errors(report, look),
        "notes": report.notes,
        "may_import": bool(report.changes) and not report.errors,
        "lines": lines[:DIFF_LINES_MAX],
        "left_out": max(0, len(lines) - DIFF_LINES_MAX),
        "counts": counts,
    }


def _fingerprint(report: Report) -> str:
    """Of what was shown: two reports that do the same have the same."""
    return hashlib.sha256("\n".join(report.lines).encode()).hexdigest()


def _uploads() -> Uploads:
    return Uploads(settings.CONFIG.data / "uploads", now().timestamp())


def _hand(request: HttpRequest, called: str) -> Hand:
    return Hand(request.user.get_username(), now(), f"import of {called}"[:200])
