"""The bill of materials: what is in a build, in CycloneDX's notation, for those who must know."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib import metadata
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from build_scripts.materials import Material, Packed, python_package
from build_scripts.project import version
from build_scripts.target import Target


def bill(target: Target, materials: list[Material], date: int) -> str:
    """The bill for a build of a date (seconds since 1970), as JSON. The same build gives the same text."""
    program = Component(
        name="Tincan",
        version=version(),
        type=ComponentType.APPLICATION,
        bom_ref="tincan",
        licenses=[LicenseExpression("MIT")],
        properties=[Property(name="target", value=f"{target.system}-{target.architecture}")],
    )
    parts = [_interpreter(), _starter(), *(_component(material) for material in materials)]
    made = Bom(components=_united(parts), serial_number=uuid5(NAMESPACE_URL, f"{target.name}-{date}"))
    made.metadata.component = program
    made.metadata.timestamp = datetime.fromtimestamp(date, UTC)
    made.register_dependency(program, made.components)
    return JsonV1Dot6(made).output_as_string(indent=1) + "\n"


def _interpreter() -> Component:
    number = platform.python_version()
    return Component(
        name="CPython",
        version=number,
        bom_ref=f"CPython {number}",
        purl=PackageURL("generic", None, "cpython", number),
        licenses=[LicenseExpression("Python-2.0")],
    )


def _starter() -> Component:
    """PyInstaller's compiled starter, which is the head of every executable."""
    number = metadata.version("pyinstaller")
    return Component(
        name="PyInstaller bootloader",
        version=number,
        bom_ref=f"PyInstaller bootloader {number}",
        purl=PackageURL("pypi", None, "pyinstaller", number),
        licenses=[LicenseExpression("GPL-2.0-or-later WITH Bootloader-exception")],
    )


def _component(material: Material) -> Component:
    reference = f"{material.name} {material.version}"
    return Component(
        name=material.name,
        version=material.version,
        bom_ref=reference,
        purl=_url(material),
        components=[_file(reference, file) for file in material.files],
    )


def _url(material: Material) -> PackageURL | None:
    if material.debian:
        return _debian_url(material)
    if python_package(material.name) is not None:
        return PackageURL("pypi", None, material.name, material.version)
    return None


def _debian_url(material: Material) -> PackageURL:
    distribution = platform.freedesktop_os_release().get("ID", "debian")
    return PackageURL("deb", distribution, material.name, material.version)


def _file(owner: str, file: Packed) -> Component:
    return Component(
        name=file.name,
        type=ComponentType.FILE,
        bom_ref=f"{owner}: {file.name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
    )


def _united(parts: list[Component]) -> list[Component]:
    """Each component once: the files of a Python from elsewhere go to the interpreter."""
    by_reference: dict[str, Component] = {}
    for part in parts:
        known = by_reference.setdefault(str(part.bom_ref), part)
        if known is not part:
            known.components.update(part.components)
    return list(by_reference.values())
