"""Who pushes: the source that the path names, and the proof that it is it: a signature, or its credential.

Promise: an unknown source and a wrong credential are refused alike, so that nobody learns which sources there are; the
operator reads the difference in quarantine.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from flameblue.domain.errors import BadInput
from flameblue.intake.directory import Admission, DeviceEntry, Directory, Outcome
from flameblue.intake.protocols.http_push.codec import Request
from flameblue.intake.push import mapping, signing
from flameblue.intake.push.secrets import Secrets
from flameblue.intake.reasons import Reason
from flameblue.intake.sources import is_shut_out
from flameblue.profiles.loader import Profile
from flameblue.profiles.pushing import Place, Push, Signature

PATH = "/intake/v1/"
QUERY_FIELDS_MAX = 64
_DEFAULT_PLACES = (Place("query", "token"),)


class Asked(NamedTuple):
    """A request, taken apart. `source`: the name in its path; "": its path is none of ours."""

    request: Request
    source: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A source that has proved who it is; `entry` None: somebody unknown, while pairing."""

    entry: DeviceEntry | None
    push: Push | None
    admission: Admission | None = None


class Refused(NamedTuple):
    """Why not: `told` to the peer, `why` to the operator. `name`: who it said to be, fit to be shown."""

    status: HTTPStatus
    told: str
    reason: Reason
    why: str
    name: str

    @property
    def device(self) -> str:
        """Whom it concerns; empty where nobody is known by that name."""
        return "" if self.reason is Reason.UNKNOWN_DEVICE else self.name


class Knowledge(NamedTuple):
    """What deciding takes."""

    directory: Directory
    profiles: Mapping[str, Profile]
    secrets: Secrets
    now_ns: int


def asked(request: Request) -> Asked:
    """`request` with the parts of its target."""
    path, _, query = request.target.partition("?")
    if "://" in path:  # RFC 9112, 3.2.2: the whole address, as for a proxy
        path = "/" + path.partition("://")[2].partition("/")[2]
    source = unquote(path.removeprefix(PATH), errors="replace") if path.startswith(PATH) else ""
    try:
        fields = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX))
    except ValueError:
        fields = {}
    return Asked(request, source, fields)


def admit(one: Asked, known: Knowledge, peer: str) -> Admitted | Refused:
    """Who has sent `one` from the address `peer`; one that has proved who it is may still not push from there."""
    found = _admit(one, known)
    entry = found.entry if isinstance(found, Admitted) else None
    if entry is None or not is_shut_out(entry.allowed, peer):
        return found
    told = "This source may not push from this address."
    return Refused(HTTPStatus.FORBIDDEN, told, Reason.FOREIGN_ADDRESS, told, entry.name)


def _admit(one: Asked, known: Knowledge) -> Admitted | Refused:
    entry = known.directory.devices.get(one.source)
    profile = None if entry is None else known.profiles.get(entry.profile)
    push = None if profile is None else profile.push
    signature = _signature(push, one.request.method)
    secret = known.secrets.of(one.source)
    if entry is not None and push is not None and signature is not None and secret:
        why = signing.why_not(signature, _said(one, push), secret, known.now_ns)
        return _refused(Reason.WRONG_CREDENTIAL, why, one.source) if why else Admitted(entry, push)
    return _by_credential(one, push, known)


def _signature(push: Push | None, method: str) -> Signature | None:
    if push is None:
        return None
    if method == "POST":
        return push.signature
    return push.validation.signature if push.validation is not None else None


def _by_credential(one: Asked, push: Push | None, known: Knowledge) -> Admitted | Refused:
    admission = known.directory.admit(one.source, _token(one, push), known.now_ns)
    match admission.outcome:
        case Outcome.PAIRING:
            return Admitted(None, None, admission)
        case Outcome.UNKNOWN:
            return _refused(Reason.UNKNOWN_DEVICE, admission.reason, admission.name)
        case Outcome.WRONG_CREDENTIAL:
            return _refused(Reason.WRONG_CREDENTIAL, admission.reason, admission.name)
    entry = admission.device
    assert entry is not None, "a device is let in as one"
    profile = known.profiles.get(entry.profile)
    if profile is None or profile.push is None:
        told = f"The model of this device, {entry.profile}, is none that is pushed over HTTP."
        return Refused(HTTPStatus.FORBIDDEN, told, Reason.NO_PROFILE, told, entry.name)
    return Admitted(entry, profile.push)


def _refused(reason: Reason, why: str, name: str) -> Refused:
    told = "There is no such source, or its credential or signature is another."
    return Refused(HTTPStatus.UNAUTHORIZED, told, reason, why, name)


def _said(one: Asked, push: Push) -> signing.Said:
    try:
        content: Any = mapping.content(push, one.request.body)
    except BadInput:
        content = None
    return signing.Said(one.request.headers, one.query, one.request.body, content)


def _token(one: Asked, push: Push | None) -> str | None:
    """The credential that came with the request: of Authorization, else where the model says, else ?token=."""
    scheme, _, rest = one.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    if scheme.lower() == "basic":
        return _password(rest.strip())
    own = () if push is None or push.token is None else (push.token,)
    said = signing.Said(one.request.headers, one.query, b"", None)
    if push is not None and push.token is not None and push.token.kind == "json":
        said = _said(one, push)
    for place in (*own, *_DEFAULT_PLACES):
        found = signing.text(place, said, "")
        if found:
            return found.decode("utf-8", "replace")
    return None


def _password(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace").partition(":")[2] or None
    except (ValueError, binascii.Error):
        return None
