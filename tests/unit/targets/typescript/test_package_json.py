"""The SDK in package.json: one member more, every other byte as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError
from cronshift.targets.typescript.package_json import with_dependency

NEW = '"inngest": "^4.24.0"'
NAMES = st.text("abcdefgijkz@/-", min_size=1, max_size=8)
TABLES = st.dictionaries(NAMES, st.just("1.0.0"), max_size=5)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "scripts": TABLES,
        "dependencies": TABLES,
        "devDependencies": TABLES,
        "files": st.lists(NAMES, max_size=2),
    },
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '{\n  "dependencies": {\n    "a": "1",\n    "z": "2"\n  }\n}\n',
            '"a": "1",\n    NEW,\n    "z"',
        ),
        ('{\n  "dependencies": {\n    "next": "16"\n  }\n}\n', "{\n    NEW,\n    "),
        ('{\n  "dependencies": {\n    "a": "1"\n  }\n}', '"a": "1",\n    NEW\n  }\n}'),
        ('{\n  "dependencies": {\n    "z": "1",\n    "b": "2"\n  }\n}', '"b": "2",\n    NEW\n  }'),
        ('{"dependencies":{"a":"1","next":"16"}}', '{"a":"1",NEW,"next":"16"}'),
        ('{ "dependencies": { "a": "1" } }', '{ "a": "1", NEW }'),
        ('{\n\t"dependencies": {}\n}\n', '{\n\t"dependencies": {\n\t\tNEW\n\t}\n}\n'),
        ("{}", '{"dependencies": {NEW}}'),
        (
            '{\n  "name": "x",\n  "scripts": {},\n  "devDependencies": {}\n}\n',
            '"scripts": {},\n  "dependencies": {\n    NEW\n  },\n  "devDependencies": {}',
        ),
        ('{\r\n  "name": "x"\r\n}', '"x",\r\n  "dependencies": {\r\n    NEW\r\n  }\r\n}'),
        ('\ufeff{\r\n  "name": "x"\r\n}\r\n', "\r\n  }\r\n}\r\n"),
    ],
)
def test_it_stands_where_the_others_order_puts_it(before: str, after: str) -> None:
    assert after.replace("NEW", NEW) in with_dependency(before)


@pytest.mark.parametrize("kind", ["dependencies", "devDependencies", "peerDependencies"])
@pytest.mark.parametrize("version", ["^3.54.0", "workspace:*", "catalog:"])
def test_any_version_that_is_named_stays(kind: str, version: str) -> None:
    text = json.dumps({kind: {"inngest": version}})
    assert with_dependency(text) == text


def test_what_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        with_dependency('{\n  "name": "x",\n}')
    assert caught.value.where == "package.json:2:14"


@given(
    document=DOCUMENTS,
    indent=st.sampled_from([None, 2, 4, "\t"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    end=st.sampled_from(["", "\n"]),
)
def test_only_the_dependency_is_new_and_only_once(
    document: dict[str, Any], indent: Any, newline: str, mark: str, end: str
) -> None:
    text = mark + (json.dumps(document, indent=indent) + end).replace("\n", newline)
    done = with_dependency(text)
    assert with_dependency(done) == done
    read = json.loads(done.removeprefix("\ufeff"))
    assert read["dependencies"].pop("inngest") == "^4.24.0"
    assert read == {**document, "dependencies": document.get("dependencies", {})}
    assert done.startswith("\ufeff") == bool(mark)
    assert done.endswith("\n") == text.endswith("\n")
    assert done.count("\n") == (done.count("\r\n") if newline == "\r\n" else done.count("\n"))
    laid_out = mark + (json.dumps(json.loads(done.removeprefix("\ufeff")), indent=indent) + end)
    if document.get("dependencies") and indent is not None:
        assert done == laid_out.replace("\n", newline)
