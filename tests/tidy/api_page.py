"""docs/reference/api.md, from the API's own description."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import django

from tests.tidy.tables import MADE, head, row
from tests.tidy.words import Say


def api(say: Say) -> Iterator[str]:
    """The page's lines."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flameblue.settings")
    django.setup()
    from flameblue.web import access
    from flameblue.web.api import api as described

    schema: dict[str, Any] = described.get_openapi_schema(path_prefix="/api/v1/")
    shapes = schema["components"]["schemas"]
    yield f"# {say('The API')}\n"
    yield say(MADE).format(source=say("the OpenAPI description that `/api/v1/openapi.json` gives"))
    yield say(
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
            yield f"{say(said['description'])}{say(' Scope: {scope}.').format(scope=f'`{scope}`')}\n"
            yield from _parameters(said, say)
            answer = said["responses"][200 if 200 in said["responses"] else "200"]
            shape = _shape(answer["content"]["application/json"]["schema"], say)
            yield f"{say('Answer: {shape}.').format(shape=shape)}\n"
    yield f"## {say('The shapes')}\n"
    for name, shape in sorted(shapes.items()):
        yield f"### {name}\n"
        if description := shape.get("description"):
            yield f"{say(description)}\n"
        yield head(say("field"), say("type"))
        for field, what in shape.get("properties", {}).items():
            yield row(f"`{field}`", _shape(what, say))
        yield ""


def _routes(api: Any) -> Iterator[tuple[str, str]]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield prefix + path, operation.url_name


def _address(path: str) -> str:
    return re.sub(r"\{\w+:(\w+)\}", r"{\1}", "/" + path.lstrip("/"))


def _parameters(said: Mapping[str, Any], say: Say) -> Iterator[str]:
    rows = [
        row(
            f"`{one['name']}`",
            say(one["in"]),
            _shape(one["schema"], say),
            say("yes") if one["required"] else "",
        )
        for one in said.get("parameters", ())
    ]
    if body := said.get("requestBody"):
        rows.append(
            row("", say("body"), _shape(body["content"]["application/json"]["schema"], say), say("yes"))
        )
    if rows:
        yield head(say("parameter"), say("in"), say("type"), say("needed"))
        yield from rows
        yield ""


def _shape(schema: Mapping[str, Any], say: Say) -> str:
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if either := schema.get("anyOf"):
        return say(" or ").join(_shape(one, say) for one in either)
    if schema.get("type") == "array":
        return say("a list of {what}").format(what=_shape(schema["items"], say))
    kind = say("time" if schema.get("format") == "date-time" else schema.get("type", "anything"))
    least, most = schema.get("minimum"), schema.get("maximum")
    is_bounded = least is not None and most is not None and most < 2**53
    bounded = say(", {least} to {most}").format(least=least, most=most) if is_bounded else ""
    length = say(", at most {n} characters").format(n=schema["maxLength"]) if "maxLength" in schema else ""
    return f"{kind}{bounded}{length}"
