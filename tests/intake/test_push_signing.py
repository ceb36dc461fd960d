"""Signatures of pushed messages, on published examples and on ours."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.errors import BadInput
from flameblue.intake.push import secrets, signing
from flameblue.intake.push.signing import Said
from flameblue.profiles import pushing
from flameblue.profiles.loader import Shelf, package_folder

NS_PER_S = 1_000_000_000


def signature(**table: Any) -> pushing.Signature:
    found = pushing.push({"values": "", "signature": table}).signature
    assert found is not None
    return found


def said(body: bytes = b"", content: Any = None, **headers: str) -> Said:
    return Said({name.replace("_", "-"): text for name, text in headers.items()}, {}, body, content)


TENCENT = signature(
    at={"header": "Signature"},
    hash="sha1",
    sort=True,
    over=["secret", {"header": "Timestamp"}, {"header": "Nonce"}],
    time={"at": {"header": "Timestamp"}, "within_s": 300},
)
GITHUB = signature(at={"header": "X-Hub-Signature-256"}, hash="hmac-sha256", prefix="sha256=", over=["body"])


def test_tencent_iot_hub_as_published() -> None:
    """tencentcloud.com/zh/document/product/1105/41488: token aaa; sorted, joined, SHA-1."""
    proof = "c259ed29ec13ba7c649fe0893007401a36e70453"
    one = said(nonce="IkOaKMDalrAzUTxC", signature=proof, timestamp="1604458421")
    assert signing.why_not(TENCENT, one, "aaa", 1_604_458_421 * NS_PER_S) == ""
    assert "secret" in signing.why_not(TENCENT, one, "aab", 1_604_458_421 * NS_PER_S)
    assert "301 s" in signing.why_not(TENCENT, one, "aaa", (1_604_458_421 + 301) * NS_PER_S)
    assert "301 s" in signing.why_not(TENCENT, one, "aaa", (1_604_458_421 - 301) * NS_PER_S)


def test_github_webhooks_as_published() -> None:
    """docs.github.com, validating webhook deliveries: the values to test with."""
    proof = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    one = said(b"Hello, World!", x_hub_signature_256=proof)
    assert signing.why_not(GITHUB, one, "It's a Secret to Everybody", 0) == ""
    secret = "It's a Secret to Everybody"
    for broken in (proof.upper(), proof[7:], proof[:-1], proof[:-1] + "8", "sha256=", "sha256=zz"):
        assert signing.why_not(GITHUB, said(b"Hello, World!", x_hub_signature_256=broken), secret, 0)
    assert signing.why_not(GITHUB, said(b"Hello, World?", x_hub_signature_256=proof), secret, 0)


def test_hmac_sha256_of_rfc_4231() -> None:
    """Test case 2."""
    proof = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    plain = signature(at={"header": "S"}, hash="hmac-sha256", over=["body"])
    assert signing.why_not(plain, said(b"what do ya want for nothing?", s=proof), "Jefe", 0) == ""


def test_windguru_as_published() -> None:
    """stations.windguru.cz/upload_api.php: MD5 of salt, uid and password, of which the page's beginning is known."""
    signed = signature(at={"query": "hash"}, hash="md5", over=[{"query": "salt"}, {"query": "uid"}, "secret"])
    proof = hashlib.md5(b"20180214171400stationXYsupersecret").hexdigest()
    assert proof.startswith("c9441d30280f4f6f4946")
    query = {"salt": "20180214171400", "uid": "stationXY", "hash": proof.upper()}
    assert signing.why_not(signed, Said({}, query, b"", None), "supersecret", 0) == ""


@pytest.mark.parametrize("msg", ['{"a":1}', "[1, 2]", "1.50", "true"])
def test_what_is_no_text_is_signed_as_it_stands(msg: str) -> None:
    multiprotocol = Shelf(package_folder()).current()["onenet-multiprotocol"].push
    assert multiprotocol is not None
    assert multiprotocol.signature is not None
    proof = base64.b64encode(hashlib.md5(f"tokenabc{msg}".encode()).digest()).decode()
    body = f'{{ "msg" : {msg} , "nonce":"abc","msg_signature":"{proof}"}}'.encode()
    one = said(body, json.loads(body))
    assert signing.why_not(multiprotocol.signature, one, "token", 0) == ""
    assert signing.why_not(multiprotocol.signature, one, "nekot", 0)


def test_what_is_not_there_is_named() -> None:
    assert "no signature at header x-hub-signature-256" in signing.why_not(GITHUB, said(b"x"), "s", 0)
    assert "header timestamp" in signing.why_not(TENCENT, said(signature="00", nonce="1"), "s", 0)
    timed = signature(
        at={"header": "S"},
        hash="hmac-md5",
        over=["body"],
        time={"at": {"header": "T"}, "within_s": 5, "unit": "ms"},
    )
    proof = hmac.new(b"s", b"x", "md5").hexdigest()
    assert "no time at header t" in signing.why_not(timed, said(b"x", s=proof), "s", 0)
    assert "no time at header t" in signing.why_not(timed, said(b"x", s=proof, t="-1"), "s", 0)
    assert signing.why_not(timed, said(b"x", s=proof, t="5000"), "s", 0) == ""
    assert "5 s from now" in signing.why_not(timed, said(b"x", s=proof, t="5001"), "s", 0)


def test_a_file_of_secrets_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    for text, why in (
        ("A = 1", "A is no text"),
        ('A = ""', "A is no text"),
        ("A", "can't be read"),
        ("[A]\nb='c'", "A is no"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadInput, match=why):
            secrets.read(path)
    with pytest.raises(BadInput, match="can't be read"):
        secrets.read(tmp_path / "none.toml")
    path.write_text('"木屋 平台" = "s"', encoding="utf-8")
    assert secrets.Secrets(str(path)).of("木屋 平台") == "s"
    assert secrets.Secrets("").of("x") == ""
