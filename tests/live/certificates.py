"""An authority that signs for devices, by openssl."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.live.binaries import needed, needed_library

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def days_ago(days: int) -> dict[str, str]:
    """The environment of a program that believes it is `days` ago."""
    return {"LD_PRELOAD": needed_library("faketime/libfaketimeMT.so.1"), "FAKETIME": f"-{days}d"}


def openssl(*arguments: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(
        [needed("openssl"), *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, **(environment or {})},
    )


@dataclass(frozen=True)
class Authority:
    """Its files lie in `folder`."""

    folder: Path
    name: str = "Devices of Hemu"

    @property
    def certificate(self) -> str:
        return str(self.folder / "ca.crt")

    def found(self, days: int = 400, environment: dict[str, str] | None = None) -> "Authority":
        """Makes its own key and certificate."""
        self.folder.mkdir(parents=True, exist_ok=True)
        where = ("-keyout", str(self.folder / "ca.key"), "-out", self.certificate)
        subject = ("-subj", f"/CN={self.name}")
        openssl("req", "-x509", *KEY, "-days", str(days), *subject, *where, environment=environment)
        return self

    def signs(self, name: str, days: int = 30, environment: dict[str, str] | None = None) -> tuple[str, str]:
        """A certificate for `name` ("": for nobody by name), and its key."""
        stem = name or "nameless"
        crt, key, csr = (str(self.folder / f"{stem}.{end}") for end in ("crt", "key", "csr"))
        subject = f"/CN={name}" if name else "/O=Hemu"
        openssl("req", *KEY, "-subj", subject, "-keyout", key, "-out", csr)
        ours = ("-CA", self.certificate, "-CAkey", str(self.folder / "ca.key"), "-CAcreateserial")
        openssl("x509", "-req", "-in", csr, *ours, "-days", str(days), "-out", crt, environment=environment)
        return crt, key
