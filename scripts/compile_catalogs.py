"""Compile every translation catalog that is newer than its compiled form."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def stale() -> list[Path]:
    """The catalogs of the project and of its apps that must be compiled."""
    found = [*ROOT.glob("locale/*/LC_MESSAGES/*.po"), *ROOT.glob("*/locale/*/LC_MESSAGES/*.po")]
    return [
        source
        for source in sorted(found)
        if not (compiled := source.with_suffix(".mo")).exists()
        or compiled.stat().st_mtime <= source.stat().st_mtime
    ]


def compile_catalog(source: Path) -> None:
    """Write the .mo beside its .po, whole or not at all: a running site may be reading it."""
    from babel.messages import mofile, pofile  # noqa: PLC0415 -- mostly there is nothing to do

    with source.open("rb") as text:
        catalog = pofile.read_po(text, locale=source.parts[-3], abort_invalid=True)
    draft = source.with_suffix(".mo.new")
    with draft.open("wb") as compiled:
        mofile.write_mo(compiled, catalog)
    draft.replace(source.with_suffix(".mo"))


if __name__ == "__main__":
    for path in stale():
        compile_catalog(path)
