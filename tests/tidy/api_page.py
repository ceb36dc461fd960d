"""docs/reference/api.md, from the API's own description."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import django

from tests.tidy.tables import MADE, head, row


def api() -> Iterator[str]:
    """The page's lines."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flameblue.settings")
    django.setup()
    from flameblue.web import access
    from flameblue.web.api import api as described

    schema: dict[str, Any] = described.get_openapi_schema(path_prefix="/api/v1/")
    shapes = schema["components"]["schemas"]
    yield "# The API\n"
    yield MADE.format(source="the OpenAPI description that `/api/v1/openapi.json` gives")
    yield (
        "`flameblue token USER` makes a token and prints it once; `--scope act` makes one that may "
        "also change something. Send it "
        "as `Authorization: Bearer TOKEN`. A token sees what its user sees on the pages. Times are "
        "ISO 8601 with a time zone.\n"
    )
    yield (
        "```sh\ncurl -H 'Authorization: Bearer TOKEN' "
        "'https://board.example.org/api/v1/cases?state=unclosed'\n```\n"
    )
    names = {f"/api/v1{_address(path)}": name for path, name in _routes(described)}
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            yield f"## {method.upper()} `{path}`\n"
            scope = access.VIEWS[f"api:{names[path]}"].scope
            yield f"{said['description']} Scope: `{scope}`.\n"
            yield from _parameters(said)
            answer = said["responses"][200 if 200 in said["responses"] else "200"]
            yield f"Answer: {_shape(answer['content']['application/json']['schema'])}.\n"
    yield "## The shapes\n"
    for name, shape in sorted(shapes.items()):
        yield f"### {name}\n"
        if description := shape.get("description"):
            yield f"{description}\n"
        yield head("field", "type")
        for field, what in shape.get("properties", {}).items():
            yield row(f"`{field}`", _shape(what))
        yield ""


def _routes(api: Any) -> Iterator[tuple[str, str]]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield prefix + path, operation.url_name


def _address(path: str) -> str:
    return re.sub(r"\{\w+:(\w+)\}", r"{\1}", "/" + path.lstrip("/"))


def _parameters(said: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        row(f"`{one['name']}`", one["in"], _shape(one["schema"]), "yes" if one["required"] else "")
        for one in said.get("parameters", ())
    ]
    if body := said.get("requestBody"):
        rows.append(row("", "body", _shape(body["content"]["application/json"]["schema"]), "yes"))
    if rows:
        yield head("parameter", "in", "type", "needed")
        yield from rows
        yield ""


def _shape(schema: Mapping[str, Any]) -> str:
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if either := schema.get("anyOf"):
        return " or ".join(_shape(one) for one in either)
    if schema.get("type") == "array":
        return f"a list of {_shape(schema['items'])}"
    kind = "time" if schema.get("format") == "date-time" else schema.get("type", "anything")
    least, most = schema.get("minimum"), schema.get("maximum")
    bounded = f", {least} to {most}" if least is not None and most is not None and most < 2**53 else ""
    length = f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    return f"{kind}{bounded}{length}"
