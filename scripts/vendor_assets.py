"""Fetch the browser assets with `npm pack` into static/vendor; needed only to upgrade one."""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
SPRITE = ROOT / "static" / "icons.svg"
OWN_SYMBOLS = ROOT / "static" / "img"
ICONS = ROOT / "scripts" / "icons.txt"  # one Bootstrap icon a line
SVG = "http://www.w3.org/2000/svg"

MIT = """The MIT License (MIT)

Copyright (c) {holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


@dataclass(frozen=True)
class Asset:
    """One npm package: which files of it we serve, and under which licence."""

    package: str
    version: str
    licence: str
    source: str
    files: dict[str, str] = field(default_factory=dict)
    holder: str = ""  # for packages that ship no licence text

    @property
    def folder(self) -> Path:
        return VENDOR / self.package.removeprefix("@").replace("/", "-") / self.version


ASSETS = [
    Asset(
        "bootstrap",
        "5.3.8",
        "MIT",
        "https://github.com/twbs/bootstrap",
        {"dist/css/bootstrap.min.css": "bootstrap.min.css", "LICENSE": "LICENSE"},
    ),
    Asset(
        "@event-calendar/build",
        "5.10.1",
        "MIT",
        "https://github.com/vkurko/calendar",
        {
            "dist/event-calendar.min.css": "event-calendar.min.css",
            "dist/event-calendar.min.js": "event-calendar.min.js",
        },
        holder="2021 vkurko",
    ),
    Asset(
        "@alpinejs/csp",
        "3.17.4",
        "MIT",
        "https://github.com/alpinejs/alpine",
        {"dist/cdn.min.js": "alpine-csp.min.js"},
        holder="2019-2025 Caleb Porzio and contributors",
    ),
    Asset(
        "signature_pad",
        "5.1.4",
        "MIT",
        "https://github.com/szimek/signature_pad",
        {"dist/signature_pad.umd.min.js": "signature_pad.umd.min.js", "LICENSE": "LICENSE"},
    ),
    Asset(
        "@fontsource-variable/inter",
        "5.3.0",
        "OFL-1.1",
        "https://github.com/rsms/inter",
        {
            "files/inter-latin-opsz-normal.woff2": "inter-latin.woff2",
            "files/inter-latin-ext-opsz-normal.woff2": "inter-latin-ext.woff2",
            "LICENSE": "LICENSE",
        },
    ),
    Asset(
        "bootstrap-icons",
        "1.13.2",
        "MIT",
        "https://github.com/twbs/icons",
        {"LICENSE": "LICENSE"},
    ),
]


def fetch(asset: Asset, into: Path) -> tuple[Path, str]:
    """The unpacked package and the integrity string npm gives for its tarball."""
    command = ["npm", "pack", f"{asset.package}@{asset.version}", "--json", "--silent"]
    answer = subprocess.run(command, cwd=into, check=True, capture_output=True, text=True)  # noqa: S603 -- our own table
    [packed] = json.loads(answer.stdout)
    target = into / asset.folder.parent.name
    with tarfile.open(next(into.glob("*.tgz"))) as archive:
        archive.extractall(target, filter="data")
    next(into.glob("*.tgz")).unlink()
    return target / "package", str(packed["integrity"])


def place(asset: Asset, package: Path) -> None:
    """Copy the files we serve. Source-map references go: the maps are not vendored."""
    shutil.rmtree(asset.folder.parent, ignore_errors=True)
    asset.folder.mkdir(parents=True)
    for source, name in asset.files.items():
        content = (package / source).read_bytes()
        if name.endswith((".js", ".css")):
            content = re.sub(rb"\n?(//|/\*)# sourceMappingURL=\S+( ?\*/)?\s*$", b"\n", content)
        (asset.folder / name).write_bytes(content)
    if asset.holder:
        (asset.folder / "LICENSE").write_text(MIT.format(holder=asset.holder))


def symbol(name: str, path: Path) -> str:
    """One drawing as a <symbol>, without the attributes that would fight the theme."""
    ET.register_namespace("", SVG)
    drawing = ET.parse(path).getroot()  # noqa: S314 -- our own files and a pinned package
    body = "".join(ET.tostring(child, encoding="unicode").strip() for child in drawing)
    body = body.replace(f' xmlns="{SVG}"', "")
    return f'<symbol id="{name}" viewBox="{drawing.get("viewBox")}">{body}</symbol>'


def write_sprite(package: Path) -> None:
    """Our own marks and the icons that are used, in one file that the browser caches."""
    drawings = {path.stem: path for path in OWN_SYMBOLS.glob("symbol-*.svg")}
    symbols = [
        symbol(name.removeprefix("symbol-"), path) for name, path in sorted(drawings.items())
    ]
    symbols += [
        symbol(name, package / "icons" / f"{name}.svg") for name in ICONS.read_text().split()
    ]
    SPRITE.write_text(f'<svg xmlns="{SVG}">\n' + "\n".join(symbols) + "\n</svg>\n")


def entry(asset: Asset, integrity: str) -> dict[str, object]:
    """What the manifest says about one package."""
    files = sorted(path for path in asset.folder.iterdir() if path.is_file())
    return {
        "package": asset.package,
        "version": asset.version,
        "licence": asset.licence,
        "source": asset.source,
        "integrity": integrity,
        "files": {
            str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        },
    }


def main() -> None:
    """Fetch every asset, rebuild the sprite, write the manifest."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        for asset in ASSETS:
            package, integrity = fetch(asset, Path(folder))
            place(asset, package)
            if asset.package == "bootstrap-icons":
                write_sprite(package)
            entries.append(entry(asset, integrity))
    manifest = {"packages": entries, "sprite": hashlib.sha256(SPRITE.read_bytes()).hexdigest()}
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
