"""What goes into the executables on each system: the decisions that ``app.spec`` carries out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_scripts.project import APP_ID, ROOT, version
from build_scripts.target import System, Target
from build_scripts.version_info import version_info

HERE = ROOT / "build_scripts"

# Parts of the standard library that only development uses. Nothing that may come to talk or to record is here.
UNUSED_MODULES = (
    "asyncio", "concurrent", "curses", "distutils", "doctest", "ensurepip", "idlelib", "lib2to3", "multiprocessing",
    "pdb", "pydoc", "pydoc_data", "readline", "rlcompleter", "setuptools", "test", "tkinter.tix", "turtle",
    "unittest", "venv", "xmlrpc",
)  # fmt: skip
# Archives, compressors and decimal numbers that nothing here uses, and the hashes of OpenSSL, which hashlib has of its
# own.
HEAVY_MODULES = (
    "_bz2", "_decimal", "_hashlib", "_lzma", "_pydecimal", "bz2", "decimal", "fractions", "lzma", "statistics",
    "tarfile",
)  # fmt: skip
# Files of Tcl and Tk that no window of Tincan reads: time zones, date names, other packages, pictures, demos.
# Its encodings and msgcat stay: Tcl does not start without them everywhere.
UNUSED_TCL = (
    "_tcl_data/tzdata/", "_tcl_data/msgs/", "_tcl_data/http1.0/", "_tcl_data/opt0.4/", "_tk_data/images/",
    "_tk_data/demos/", "/http-", "/platform-", "/shell-", "/tcltest-", "/tdbc/", "AppInit.c",
)  # fmt: skip
# Encodings of Tcl's that are those of no locale on Linux.
_ENCODINGS_OF_OTHER_SYSTEMS = tuple(f"_tcl_data/encoding/{name}" for name in ("cp9", "mac", "gb12345", "cns11643"))
# Libraries that a Linux program takes from the system, and the Debian packages that have them. PyInstaller's starter
# asks for zlib before anything is unpacked: a second one would never be the only one, and where programs in the
# temporary folder may not run, it would keep the starter from saying so. libxcb must fit the drivers, libX11 and what
# libxcb needs must fit libxcb, and fontconfig the system's fonts.conf: every desktop has them, as the list of
# libraries that AppImages leave out holds (github.com/AppImageCommunity/pkg2appimage, excludelist).
OF_THE_SYSTEM = {
    "libX11.so.6": "libx11-6",
    "libXau.so.6": "libxau6",
    "libXdmcp.so.6": "libxdmcp6",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libbsd.so.0": "libbsd0",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libmd.so.0": "libmd0",
    "libpng16.so.16": "libpng16-16",
    "libxcb.so.1": "libxcb1",
    "libz.so.1": "zlib1g",
}

LOCAL_NETWORK = "Tincan connects to the machines that you name, and they to it."


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the executables for one target are made."""

    target: Target
    strip: bool
    look: dict[str, Any]  # of the windowed program: icon, resources
    console_look: dict[str, Any] | None  # of its companion for terminals; None where the program itself prints
    bundle: dict[str, Any] | None  # of the application on macOS

    @property
    def excludes(self) -> list[str]:
        """Modules that stay out."""
        return [*UNUSED_MODULES, *HEAVY_MODULES]

    @property
    def has_one_file(self) -> bool:
        """Whether there is also a program in one file."""
        return self.target.has_one_file


def recipe(target: Target, tcl_version: float, work: Path) -> Recipe:
    """The recipe for a target; files that it needs are written to the folder ``work``, which must exist.

    A Tcl 9 library carries its scripts behind its code, where strip would cut them off, and the tools of the other
    systems differ: so only Tcl 8 on Linux is stripped.
    """
    strip = target.system is System.LINUX and tcl_version < 9
    look = {"strip": strip, "upx": False, "argv_emulation": False, **_resources(target, work)}
    return Recipe(
        target,
        strip,
        {"console": False, **look},
        {"console": True, **look} if target.has_console_companion else None,
        _bundle() if target.system is System.MACOS else None,
    )


def is_needed(destination: str, target: Target) -> bool:
    """Whether a data file of the analysis is packed."""
    path = destination.replace("\\", "/")
    unused = UNUSED_TCL + (_ENCODINGS_OF_OTHER_SYSTEMS if target.system is System.LINUX else ())
    return not any(part in path for part in unused)


def is_library_needed(destination: str, target: Target) -> bool:
    """Whether a compiled file of the analysis is packed."""
    return target.system is not System.LINUX or destination not in OF_THE_SYSTEM


def _resources(target: Target, work: Path) -> dict[str, Any]:
    """What stands in the head of an executable. On Linux, where nothing can, the desktop entry has the icon."""
    match target.system:
        case System.WINDOWS:
            information = work / "version_info.txt"
            information.write_text(version_info(version()), encoding="utf-8")
            return {
                "icon": str(HERE / "icons" / "tincan.ico"),
                "version": str(information),
                "manifest": str(HERE / "windows" / "tincan.manifest"),
            }
        case System.MACOS:
            return {"icon": str(HERE / "icons" / "tincan.icns")}
        case System.LINUX:
            return {}


def _bundle() -> dict[str, Any]:
    return {
        "icon": str(HERE / "icons" / "tincan.icns"),
        "bundle_identifier": APP_ID.replace("_", "-"),  # in which Apple allows no underscore
        "version": version(),
        "info_plist": {
            "CFBundleName": "Tincan",
            "CFBundleDisplayName": "Tincan",
            "LSApplicationCategoryType": "public.app-category.developer-tools",
            "NSHighResolutionCapable": True,
            "NSLocalNetworkUsageDescription": LOCAL_NETWORK,
            "NSRequiresAquaSystemAppearance": False,  # so that a dark desktop gets a dark title bar
            **_journals(),
        },
    }


def _journals() -> dict[str, Any]:
    """What the application says of the files that it writes: that it opens them, and what they are."""
    kind = f"{APP_ID.replace('_', '-')}.journal"
    opens = {
        "CFBundleTypeName": "Tincan journal",
        "CFBundleTypeRole": "Viewer",
        "LSHandlerRank": "Owner",
        "LSItemContentTypes": [kind],
    }
    is_a = {
        "UTTypeIdentifier": kind,
        "UTTypeDescription": "Tincan journal",
        "UTTypeConformsTo": ["public.data"],
        "UTTypeTagSpecification": {
            "public.filename-extension": ["tincan"],
            "public.mime-type": ["application/x-tincan-journal"],
        },
    }
    return {"CFBundleDocumentTypes": [opens], "UTExportedTypeDeclarations": [is_a]}
