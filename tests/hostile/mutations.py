"""Bytes and JSON that somebody broke on purpose, from a seed: the same seed gives the same mutations."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

LENGTHS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x3FFF,
    0x4000,
    0x7FFF,
    0x8000,
    0xFFFF,
    0xFFFFFF,
    0x7FFFFFFF,
    0xFFFFFFFF,
)
VARIABLE = (
    b"\x00",
    b"\x7f",
    b"\x80\x01",
    b"\xff\x7f",
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\x7f",
    b"\x80\x80\x80\x80\x00",
)
TOKENS = (
    b"NaN", b"-Infinity", b"Infinity", b"1e999", b"-0.0", b"0x10", b"1e-400", b"null", b"true", b'""', b"{}", b"[]",
    b"9" * 30, b"-" + b"9" * 400, b"9" * 5_000, b"0." + b"1" * 400, b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"',
    b"\xed\xa0\x80", b"\xc0\x80", b"\xe0\x80\xaf", b"\xf4\x90\x80\x80", b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\r\n",
    b"+", b"#", b"/", b"$SYS/", b"../", b"%s%n", b"'; drop table message; --", b"{" * 50, b"[" * 2_000, b'{"v":' * 300,
    b"token=abc", b'"password":"', b"A" * 600, b"&anchor *anchor", b"!!python/object:os.system", b"<<: *a", b"\t",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, "", "12.5", "NaN", "\ud800", "\0", "x" * 300, "\u202e\x1b[31m\r\n",
    [], {}, [[]], [1, 2], {"v": 1}, [{}] * 50,
    {"ir": {}}, 0, -1, 1e308, -1e308, 1e-320, 10**15, 10**30, -(10**400), 2**31, 2**63, 2**64, -0.0,
    float("nan"), float("inf"), 1_768_417_620_000, 9_999_999_999_999_999, -1_768_417_620_000, 1e18, ["alarm"],
    ["alarm"] * 40, [None], [["alarm"]],
)  # fmt: skip
KEYS = (
    "",
    "v",
    "s",
    "t",
    "ts",
    "values",
    "ir",
    "\ud800",
    "\0",
    "__proto__",
    "k" * 600,
    "ir\u0301",
    "method",
    "params",
)


CONNECT = 0x10


class Mutator:
    """Draws from `seeds`, real messages of one format, and breaks them in one to four places."""

    def __init__(self, seed: int, seeds: Sequence[bytes]) -> None:
        assert seeds
        self.random = random.Random(seed)
        self.seeds = list(seeds)
        self._ways: tuple[Callable[[bytearray], None], ...] = (
            self._flip, self._set, self._cut, self._drop, self._repeat, self._splice, self._insert, self._lie,
            self._token, self._swap,
        )  # fmt: skip

    def message(self) -> bytes:
        """One mutated message; sometimes one that was left as it is, sometimes mere noise."""
        draw = self.random
        kind = draw.random()
        if kind < 0.01:
            return draw.randbytes(draw.randrange(200))
        return self.broken(draw.choice(self.seeds), 0 if kind < 0.02 else draw.choice((1, 1, 1, 2, 3, 4)))

    def broken(self, whole: bytes, places: int) -> bytes:
        """`whole`, broken in so many places."""
        data = bytearray(whole)
        for _ in range(places):
            self.random.choice(self._ways)(data)
        return bytes(data)

    def stream(self) -> bytes:
        """One mutated MQTT stream; every other one is broken only after its CONNECT, so that much gets that far."""
        whole = self.random.choice(self.seeds)
        stop = 2 + whole[1] if len(whole) > 1 and whole[0] == CONNECT and whole[1] < 0x80 else 0
        if not stop or self.random.random() < 0.5:
            return self.message()
        return whole[:stop] + self.broken(whole[stop:], self.random.choice((1, 1, 2, 3)))

    def json(self, whole: bytes | None = None) -> bytes:
        """One mutated JSON text, of `whole` or of any: mostly its structure, else its bytes."""
        if whole is None:
            whole = self.random.choice(self.seeds)
        try:
            content = json.loads(whole)
        except ValueError:
            content = None
        if content is None or self.random.random() < 0.3:
            return self.broken(whole, self.random.choice((1, 1, 1, 2, 3, 4)))
        for _ in range(self.random.choice((1, 1, 2, 4))):
            content = self._changed(content)
        try:
            text = json.dumps(content, ensure_ascii=self.random.random() < 0.7)
        except RecursionError:  # nested more than once
            return b"[" * 100_000
        if self.random.random() < 0.1:
            text = text.replace("{", '{"v":{},"ir":1,', 1)  # fields that come twice
        return text.encode("utf-8", "surrogatepass")

    def pieces(self, data: bytes) -> list[bytes]:
        """`data` as a network may bring it."""
        if self.random.random() < 0.5 or not data:
            return [data]
        cuts = sorted(self.random.randrange(len(data) + 1) for _ in range(self.random.randrange(1, 6)))
        return [data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    def _changed(self, content: Any) -> Any:
        """`content` with one value or key replaced, removed or moved, somewhere inside."""
        draw = self.random
        if draw.random() < 0.02:
            for _ in range(draw.choice((7, 9, 30, 400))):
                content = draw.choice(([content], {"v": content}))
            return content
        if isinstance(content, dict) and content and draw.random() < 0.95:
            key = draw.choice(list(content))
            way = draw.randrange(6)
            if way == 0:
                return {name: value for name, value in content.items() if name != key}
            if way == 1:
                return {draw.choice(KEYS) if name == key else name: value for name, value in content.items()}
            if way == 2:
                return {**content, draw.choice(KEYS): draw.choice(VALUES)}
            return {**content, key: self._changed(content[key])}
        if isinstance(content, list) and content and draw.random() < 0.95:
            place = draw.randrange(len(content))
            if draw.random() < 0.1:
                return content * draw.choice((2, 40))
            return [*content[:place], self._changed(content[place]), *content[place + 1 :]]
        return draw.choice(VALUES)

    def _place(self, data: bytearray) -> int:
        return self.random.randrange(len(data) + 1)

    def _span(self, data: bytearray) -> tuple[int, int]:
        start = self._place(data)
        return start, min(len(data), start + self.random.choice((1, 2, 4, 16, 64)))

    def _flip(self, data: bytearray) -> None:
        for _ in range(self.random.choice((1, 1, 3)) if data else 0):
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)

    def _set(self, data: bytearray) -> None:
        if data:
            data[self.random.randrange(len(data))] = self.random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))

    def _cut(self, data: bytearray) -> None:
        del data[self._place(data) :]

    def _drop(self, data: bytearray) -> None:
        start, stop = self._span(data)
        del data[start:stop]

    def _repeat(self, data: bytearray) -> None:
        start, stop = self._span(data)
        data[stop:stop] = data[start:stop] * self.random.choice((1, 2, 10))

    def _splice(self, data: bytearray) -> None:
        other = self.random.choice(self.seeds)
        at = self._place(data)
        data[at:] = other[self.random.randrange(len(other) + 1) :]

    def _insert(self, data: bytearray) -> None:
        at = self._place(data)
        data[at:at] = self.random.randbytes(self.random.choice((1, 2, 8, 64)))

    def _lie(self, data: bytearray) -> None:
        at = self._place(data)
        if self.random.random() < 0.4:
            lie = self.random.choice(VARIABLE)
        else:
            length = self.random.choice(LENGTHS)
            lie = length.to_bytes(4 if length > 0xFFFF else self.random.choice((2, 4)), "big")
        data[at : at + len(lie)] = lie

    def _token(self, data: bytearray) -> None:
        at = self._place(data)
        data[at : at + self.random.choice((0, 1, 4))] = self.random.choice(TOKENS)

    def _swap(self, data: bytearray) -> None:
        start, stop = self._span(data)
        other = self._place(data)
        data[start:stop], data[other:other] = b"", bytes(data[start:stop])
