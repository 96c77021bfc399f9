"""What Windows shows about the program under Properties, Details."""

from __future__ import annotations

_TEMPLATE = """\
VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, OS=0x40004, fileType=0x1),
  kids=[
    StringFileInfo([StringTable('040904B0', [
      StringStruct('CompanyName', 'The Tincan authors'),
      StringStruct('FileDescription', 'Tincan: both ends of a TCP conversation'),
      StringStruct('FileVersion', '{version}'),
      StringStruct('InternalName', 'tincan'),
      StringStruct('LegalCopyright', 'Copyright (c) 2026 The Tincan authors. MIT License.'),
      StringStruct('OriginalFilename', 'tincan.exe'),
      StringStruct('ProductName', 'Tincan'),
      StringStruct('ProductVersion', '{version}')])]),
    VarFileInfo([VarStruct('Translation', [0x409, 1200])])
  ]
)
"""


def version_info(version: str) -> str:
    """The version resource, in the notation that PyInstaller reads."""
    major, minor, patch = (int(part) for part in version.split("."))
    return _TEMPLATE.format(version=version, numbers=(major, minor, patch, 0))
