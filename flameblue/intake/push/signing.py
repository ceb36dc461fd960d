"""Whether a request is signed by who knows the source's secret. Comparisons take the same time, whatever differs."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from flameblue.domain.readings import NS_PER_MS, NS_PER_S
from flameblue.intake.push import pointers
from flameblue.profiles.pushing import Place, Pointer, Signature

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Said(NamedTuple):
    """Of a request, what can be signed. `content`: the body as JSON, or the fields of a form; None: neither."""

    headers: Mapping[str, str]  # names in small letters
    query: Mapping[str, str]
    body: bytes
    content: Any


def why_not(signature: Signature, said: Said, secret: str, now_ns: int) -> str:
    """Why `said` is not signed with `secret`; empty where it is."""
    presented = text(signature.at, said, secret)
    if not presented:
        return f"there is no signature at {_named(signature.at)}"
    parts = [text(place, said, secret) for place in signature.over]
    missing = [place for place, part in zip(signature.over, parts, strict=True) if part is None]
    if missing:
        return f"what is signed is not there: {_named(missing[0])}"
    if not _is_right(signature, presented, (part for part in parts if part is not None), secret):
        return "the signature is not that of the source's secret"
    return _why_not_now(signature, said, secret, now_ns)


def text(place: Place, said: Said, secret: str) -> bytes | None:
    """The bytes that stand at `place`; None where nothing does."""
    match place.kind:
        case "secret":
            return secret.encode()
        case "body":
            return said.body
        case "text":
            return place.name.encode()
        case "header":
            return _encoded(said.headers.get(place.name))
        case "query":
            return _encoded(said.query.get(place.name))
    found = pointers.at(said.content, place.pointer)
    return _encoded(found) if isinstance(found, str) else _as_it_stands(said.body, place.pointer)


def _encoded(found: str | None) -> bytes | None:
    return None if found is None else found.encode("utf-8", "surrogatepass")


def _as_it_stands(body: bytes, pointer: Pointer) -> bytes | None:
    """The value's own bytes: whoever signed them has not seen how we would write them."""
    value = body
    try:
        for step in pointer:
            value = bytes(_OBJECT.decode(value)[step])
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, RecursionError):
        return None
    return value


def _is_right(signature: Signature, presented: bytes, parts: Iterable[bytes], secret: str) -> bool:
    signed = signature.separator.encode().join(sorted(parts) if signature.sort else parts)
    kind, _, name = signature.hash.rpartition("-")
    if kind:
        digest = hmac.new(secret.encode(), signed, name).digest()
    else:
        digest = hashlib.new(name, signed, usedforsecurity=False).digest()
    prefix = signature.prefix.encode()
    found = _decoded(presented[len(prefix) :], signature.encoding) if presented.startswith(prefix) else None
    return hmac.compare_digest(digest, found or b"")


def _decoded(presented: bytes, encoding: str) -> bytes | None:
    """The digest as bytes; a "+" that went through a query unescaped is a blank there."""
    try:
        if encoding == "hex":
            return bytes.fromhex(presented.decode("ascii"))
        return base64.b64decode(presented.replace(b" ", b"+"), validate=True)
    except (ValueError, binascii.Error):
        return None


def _why_not_now(signature: Signature, said: Said, secret: str, now_ns: int) -> str:
    if signature.time is None or signature.within_s is None:
        return ""
    written = text(signature.time, said, secret) or b""
    if not written.isdigit() or len(written) > 15:
        return f"there is no time at {_named(signature.time)}"
    at_ns = int(written) * (NS_PER_MS if signature.unit == "ms" else NS_PER_S)
    apart_s = abs(now_ns - at_ns) / NS_PER_S
    return f"it was signed {apart_s:.0f} s from now" if apart_s > signature.within_s else ""


def _named(place: Place) -> str:
    return f"{place.kind} {place.name}".strip()
