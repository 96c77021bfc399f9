"""Bytes written for other programs say exactly those bytes."""

from __future__ import annotations

import ast
import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.compose import NOTATIONS, Composed, Context, Draft, Encoding, Format, compose, write_as
from tests.core.compose.test_shell_commands import HOSTILE
from tests.support.systems import not_installed, path_of


def composed(text: str, form: Format, encoding: Encoding) -> bytes:
    message = compose(Draft(text, form, encoding), Context())
    assert isinstance(message, Composed)
    return message.wire


@pytest.mark.case("C-93")
@given(data=st.binary(max_size=300), encoding=st.sampled_from(Encoding))
@example(bytes(range(256)), Encoding.UTF_8)
@example(b"\\r\\0" + b"\0" + b"1", Encoding.UTF_8)
def test_every_notation_reads_back_as_the_same_bytes(data: bytes, encoding: Encoding) -> None:
    assert composed(write_as("escapes", data, encoding), Format.ESCAPES, encoding) == data
    assert composed(write_as("hex", data), Format.HEX, encoding) == data
    text = write_as("text", data, encoding)
    assert data in (composed(text, form, encoding) for form in (Format.TEXT, Format.ESCAPES) if is_message(text, form))
    assert ast.literal_eval(write_as("python", data)) == data
    assert base64.b64decode(write_as("base64", data), validate=True) == data
    assert composed(write_as("dump", data), Format.HEX, encoding) == data or not data


# Each program reads what was copied on its standard input and writes the bytes.
READERS = {
    "python": ["python", "-c", "import ast, sys; sys.stdout.buffer.write(ast.literal_eval(sys.stdin.read()))"],
    "base64": ["base64", "-d"],
    "dump": ["xxd", "-r"],
    "hex": ["xxd", "-r", "-p"],
}


@pytest.mark.case("C-93")
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", READERS)
def test_the_very_program_reads_what_was_copied(name: str, data: bytes) -> None:
    program, *arguments = READERS[name]
    found = sys.executable if program == "python" else path_of(program)

    done = subprocess.run([found, *arguments], input=write_as(name, data).encode(), capture_output=True, check=True)

    assert done.stdout == data


@pytest.mark.case("C-93")
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_compiled_program_has_the_bytes_of_the_array(data: bytes, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip(not_installed("a C compiler"))
    source = f"#include <stdio.h>\n{write_as('c', data)}\nint main(void) {{ fwrite(data, 1, sizeof data, stdout); }}\n"

    subprocess.run(
        [compiler, "-Wall", "-Werror", "-x", "c", "-o", tmp_path / "a", "-"], input=source.encode(), check=True
    )

    assert subprocess.run([tmp_path / "a"], capture_output=True, check=True).stdout == data


def is_message(text: str, form: Format) -> bool:
    return form is Format.TEXT or isinstance(compose(Draft(text, form), Context()), Composed)


@given(st.binary(min_size=1, max_size=300))
def test_a_c_array_has_every_byte_and_says_how_many(data: bytes) -> None:
    text = write_as("c", data)

    assert text.startswith(f"const unsigned char data[{len(data)}] = {{\n")
    assert bytes(int(number, 16) for number in re.findall(r"0x([0-9a-f]{2})\b", text)) == data
    assert text.count("{") == text.count("}") == 1


def test_a_notation_is_a_row_with_a_name_of_its_own() -> None:
    names = [notation.name for notation in NOTATIONS]

    assert len(set(names)) == len(names)
    assert {"text", "escapes", "hex", "dump", "python", "c", "base64"} <= set(names)
