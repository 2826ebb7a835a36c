"""QR codes as drawings; it knows nothing of what they say."""

from __future__ import annotations

import io

import segno


def qr_of(text: str, *, fluid: bool = False) -> str:
    """A QR code as an SVG without scripts or styles, with its quiet zone; a `fluid` one is as wide as its place."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", scale=6, xmldecl=False, svgclass=None, lineclass=None, omitsize=fluid
    )
    return drawn.getvalue().decode().strip()
