"""Papers with something beside what they show, made here: photographs, scans, PDF files and office documents."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

PLACE = {1: "N", 2: (9.0, 3.0, 27.0), 3: "E", 4: (7.0, 29.0, 42.0)}
"""Tags of GPS: Abuja."""


def painted(width: int = 24, height: int = 16) -> Image.Image:
    """A picture whose halves tell how it is turned."""
    picture = Image.new("RGB", (width, height), (200, 30, 30))
    picture.paste((20, 40, 220), (0, 0, width // 2, height))
    return picture


def photograph(form: str = "JPEG", *, turned: int = 1, **options: Any) -> bytes:
    """A picture as a phone takes one, with camera, person and place in its Exif."""
    exif = Image.Exif()
    exif[0x0110] = "A camera"
    exif[0x013B] = "A person"
    if turned != 1:
        exif[0x0112] = turned
    exif.get_ifd(0x8825).update(PLACE)
    out = io.BytesIO()
    painted().save(out, form, exif=exif, **options)
    return out.getvalue()


def paper_pdf(*, signed: bool = False, **root: Any) -> bytes:
    """A PDF of one page with an author, XMP, a photograph on the page and a remark; `root` stands in its catalogue."""
    pdf = Pdf.new()
    pdf.add_blank_page(page_size=(200, 100))
    page = pdf.pages[0]
    image = Stream(pdf, photograph())
    image.update(
        {
            "/Type": Name.XObject,
            "/Subtype": Name.Image,
            "/Width": 24,
            "/Height": 16,
            "/ColorSpace": Name.DeviceRGB,
            "/BitsPerComponent": 8,
            "/Filter": Name.DCTDecode,
        }
    )
    page.obj["/Resources"] = Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(image)))
    page.obj["/Annots"] = Array(
        [Dictionary(Type=Name.Annot, Subtype=Name.Text, T="A person", Contents="See line 3")]
    )
    for name, value in root.items():
        pdf.Root[f"/{name}"] = value
    if signed:
        signature = Dictionary(Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), ByteRange=Array([0, 1, 2, 3]))
        field = pdf.make_indirect(Dictionary(FT=Name.Sig, T="Signature", V=pdf.make_indirect(signature)))
        pdf.Root["/AcroForm"] = Dictionary(SigFlags=3, Fields=Array([field]))
    with pdf.open_metadata(set_pikepdf_as_editor=False) as xmp:
        xmp["dc:creator"] = ["A person"]
    pdf.docinfo["/Author"] = "A person"
    return saved(pdf)


def running_pdf() -> bytes:
    """A PDF that runs, opens and carries things in every place where one may stand."""
    with Pdf.open(io.BytesIO(paper_pdf())) as pdf:
        script = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
        pdf.Root["/OpenAction"] = Dictionary(S=Name.Launch, F="calc.exe", Next=Array([script]))
        pdf.Root["/Names"] = Dictionary(JavaScript=Dictionary(Names=Array(["x", script])))
        pdf.Root["/AcroForm"] = Dictionary(Fields=Array([]), XFA=Array([]))
        pdf.attachments["salaries.xlsx"] = b"names and sums"
        page = pdf.pages[0].obj
        page["/AA"] = Dictionary(O=script)
        page["/Thumb"] = pdf.make_indirect(Stream(pdf, b"small"))
        link = Dictionary(
            Type=Name.Annot, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="https://example.org")
        )
        page["/Annots"].append(link)
        page["/Annots"].append(Dictionary(Type=Name.Annot, Subtype=Name.Link, A=script))
        page["/Annots"].append(Dictionary(Type=Name.Annot, Subtype=Name.RichMedia))
        return saved(pdf)


def saved(pdf: Pdf) -> bytes:
    """The file, unpacked, so that what it holds is found in its bytes."""
    out = io.BytesIO()
    pdf.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def office(**parts: str | bytes) -> bytes:
    """A packed document; `parts` by name, `core` and the like in their usual places."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        usual: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}
        for name, text in (usual | parts).items():
            packed.writestr(name, text)
    return out.getvalue()


CORE = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:creator>A person</dc:creator>'
    "<cp:lastModifiedBy>Another &amp; one</cp:lastModifiedBy></cp:coreProperties>"
)
