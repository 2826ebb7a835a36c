"""QR codes as drawings; it knows nothing of what they say."""

from __future__ import annotations

import io

import segno


def qr_of(text: str) -> str:
    """A QR code as an SVG without scripts or styles."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", scale=6, xmldecl=False, svgclass=None, lineclass=None
    )
    return drawn.getvalue().decode().strip()
