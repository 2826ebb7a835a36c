"""Papers leave without what they say beside what they show; what nobody may rewrite waits for a person's word."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageCms, TiffImagePlugin

from ledger.core.errors import Refused
from ledger.core.media_types import GIF, JPEG, PDF, PNG, TIFF, WEBP, media_type_of
from ledger.model.evidence import Treatment
from service.paper_files.treating import treated
from tests.tools.paper_files import CORE, office, painted, paper_pdf, photograph, running_pdf, saved


@pytest.mark.parametrize(
    ("form", "kind"), [("JPEG", JPEG), ("PNG", PNG), ("WEBP", WEBP), ("TIFF", TIFF)], ids=lambda one: str(one)
)
def test_a_picture_leaves_without_place_person_and_camera(form: str, kind: str) -> None:
    """What it shows stays; what was found is told, and a second treatment finds nothing and changes no byte."""
    paper = photograph(form)
    told = treated(paper)
    assert (told.media_type, told.original) == (kind, hashlib.sha256(paper).hexdigest())
    assert told.done == (Treatment.METADATA,)
    assert {"Model: A camera", "Artist: A person"} <= set(told.metadata)
    assert ("GPSLatitude: 9.0 3.0 27.0" in told.metadata) == (form != "TIFF")  # Pillow writes none there
    assert b"A camera" not in told.data
    with Image.open(io.BytesIO(told.data)) as copy, Image.open(io.BytesIO(paper)) as before:
        assert copy.format == form
        assert copy.convert("RGB").tobytes() == before.convert("RGB").tobytes()
        assert not dict(copy.getexif().get_ifd(0x8825))
    again = treated(told.data)
    assert (again.data, again.done) == (told.data, ())


def test_what_hides_elsewhere_in_a_picture_leaves_too() -> None:
    """Comments, texts, XMP, further frames' words, bytes behind the end, and profiles of colours; a plain one stays."""
    out = io.BytesIO()
    painted().save(out, "JPEG", comment=b"by A person", xmp=b"<x:xmpmeta>A person</x:xmpmeta>")
    commented = out.getvalue() + b"motion photo: A person"
    told = treated(commented)
    assert b"A person" not in told.data
    assert told.done == (Treatment.METADATA,)
    behind = treated(photograph()).data + b"A person, twenty bytes behind the end"
    assert b"A person" not in treated(behind).data
    out = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    painted().save(
        out, "GIF", comment=b"A person", save_all=True, append_images=[painted(24, 16).rotate(180)]
    )
    told = treated(out.getvalue())
    assert (told.media_type, b"A person" in told.data) == (GIF, False)
    with Image.open(io.BytesIO(told.data)) as moving:
        assert getattr(moving, "n_frames", 1) == 2
    told = treated(photograph("PNG", icc_profile=profile))
    assert "ICC profile" in told.metadata
    with Image.open(io.BytesIO(told.data)) as copy:
        assert "icc_profile" not in copy.info
    out = io.BytesIO()
    painted().save(out, "JPEG")
    assert treated(out.getvalue()).data == out.getvalue()


def chunk(name: bytes, told: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(told)) + name + told + struct.pack(">I", zlib.crc32(name + told))


def beside(form: str) -> dict[str, bytes]:
    """A plain picture with words in it that no reader of pictures shows, by where they stand."""
    out = io.BytesIO()
    painted().save(out, form)
    plain, words = out.getvalue(), b"\x08A person\x00"
    found = {"behind the end": plain + b"A person behind the end"}
    if form == "PNG":
        found["a part of a program's own"] = plain[:33] + chunk(b"prVt", words) + plain[33:]
    if form == "WEBP":
        size = struct.pack("<I", len(plain) + len(words) + 8 - 8)
        found["a part of no name"] = b"RIFF" + size + plain[8:] + b"junk\x0a\0\0\0" + words
    if form == "GIF":
        found["what looks like a further frame"] = plain + b", A person"
        found["a further frame that breaks off"] = plain + b"," + words[:1] + b"A person"
        for place, head in {
            "XMP": b"\x21\xff\x0bXMP DataXMP",
            "a late comment": b"\x21\xfe",
            "a plain text": b"\x21\x01\x0c" + bytes(12),
        }.items():
            found[place] = plain[:-1] + head + words + b";"
    return found


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "TIFF"])
def test_nothing_stays_in_a_file_that_is_no_picture(form: str) -> None:
    """Where readers of pictures pass over it too; the picture is the same, and a second time nothing is found."""
    for place, paper in beside(form).items():
        assert b"A person" in paper
        told = treated(paper)
        assert (b"A person" in told.data, told.done) == (False, (Treatment.METADATA,)), place
        with Image.open(io.BytesIO(told.data)) as copy, Image.open(io.BytesIO(paper)) as before:
            assert copy.convert("RGB").tobytes() == before.convert("RGB").tobytes()
        assert treated(told.data).done == (), place


def test_a_picture_that_ends_too_early_is_refused() -> None:
    for form in ("PNG", "GIF"):
        for plain in (beside(form)["behind the end"].partition(b"A person")[0],):
            with pytest.raises(Refused, match="cannot be read"):
                treated(plain[:-3])


def test_a_scan_of_several_pages_stays_one() -> None:
    """Its second page is no preview; what is said of that page leaves as well."""
    out, page = io.BytesIO(), painted().rotate(180)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[315] = "A person"
    page.encoderinfo = {"tiffinfo": tags}
    painted().save(out, "TIFF", save_all=True, append_images=[page])
    told = treated(out.getvalue())
    assert b"A person" not in told.data
    with Image.open(io.BytesIO(told.data)) as copy:
        assert getattr(copy, "n_frames", 1) == 2
        copy.seek(1)
        assert copy.convert("RGB").tobytes() == page.convert("RGB").tobytes()
    assert treated(told.data).done == ()


def rewritten(paper: bytes, program: str = "", **options: Any) -> bytes:
    """A PDF saved again; `program` is what a program keeps in it for itself."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        if program:
            pdf.pages[0].obj["/PTEX.FileName"] = pikepdf.String(program)
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, **options)
    return out.getvalue()


def test_nothing_stays_around_a_pdf_nor_from_before_it_was_saved_last() -> None:
    """A name that was blacked out by a later save is still in the file before that; one for the web has no such."""
    plain = rewritten(treated(paper_pdf()).data)
    table = plain.rpartition(b"startxref\n")[2].split(b"\n")[0]
    late = b"9 0 obj\n(A person)\nendobj\n"
    rest = b"xref\n0 0\ntrailer\n<</Root 1 0 R/Size 10/Prev %b>>\nstartxref\n%d\n%%%%EOF\n"
    saved_again = plain + late + rest % (table, len(plain) + len(late))
    for name, paper in {
        "comment: A person": plain.replace(b"endobj\n", b"endobj\n% A person\n", 1),
        "PTEX.FileName: A person": rewritten(plain, "A person"),
        "lock on printing and copying": rewritten(plain, encryption=pikepdf.Encryption(owner="A person")),
        "earlier versions": saved_again,
        "objects that no page uses: 1": plain.replace(
            b"1 0 obj\n", b"77 0 obj\n(A person)\nendobj\n1 0 obj\n", 1
        ),
        "bytes behind the document: 8": plain + b"A person",
        "bytes before the document: 9": b"A person\n" + plain,
    }.items():
        told = treated(paper)
        assert (told.metadata, b"A person" in told.data) == ((name,), False)
        assert treated(told.data).done == ()
    with pikepdf.open(io.BytesIO(plain)) as pdf:
        out = io.BytesIO()
        pdf.save(out, linearize=True, deterministic_id=True)
    assert treated(out.getvalue()).done == ()


def jpeg2000(*, said: bool) -> bytes:
    """A scan without and with words: XMP, a place on a map and a label, a program's word in each head, some behind."""
    out = io.BytesIO()
    painted().save(out, "JPEG2000", mct=0)
    plain = out.getvalue()
    head, _, code = plain.partition(b"\xff\x4f\xff\x51")
    words, size = b"\xff\x64\0\x0c\0\1A person", b"\xff\x90\0\x0a\0\0"

    def box(name: bytes, told: bytes) -> bytes:
        return struct.pack(">I", len(told) + 8) + name + told

    before, _, tile = code.partition(size)
    tile, _, points = tile.partition(b"\xff\x93")
    own, _, before = before.partition(b"\xff\x64")
    before = before[int.from_bytes(before[:2]) :]  # Pillow's program says its name
    longer = (int.from_bytes(tile[:4]) + (len(words) if said else 0)).to_bytes(4)
    comment = words if said else b""
    whole = (
        b"\xff\x4f\xff\x51"
        + own
        + comment
        + before
        + size
        + longer
        + tile[4:]
        + comment
        + b"\xff\x93"
        + points
    )
    beside = box(b"xml ", b"<x>A person</x>") + box(b"uuid", bytes(16) + b"A person")
    place = box(b"asoc", box(b"lbl ", b"A person") + box(b"xml ", b"<gml:pos>9.05 7.49</gml:pos>"))
    boxes = head[:-8] + (beside + place if said else b"")
    return boxes + box(b"jp2c", whole + (b"A person" if said else b""))


def drawn_pdf() -> bytes:
    """A PDF with words that no reader shows in what draws its page, beside its pictures, and behind its links."""
    out = io.BytesIO()
    painted().save(out, "JPEG", comment=b"A person")
    photo = out.getvalue()
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(200, 100))
    page, make = pdf.pages[0].obj, pdf.make_indirect
    inline = b"BI /W 24 /H 16 /BPC 8 /CS /RGB /F /DCT ID " + photo + b"\nEI\n"
    page["/Contents"] = make(pikepdf.Stream(pdf, b"q %% A person\n(50% off) pop\n" + inline + b"/F Do Q"))

    def image(packed: bytes, *filters: str, **more: Any) -> pikepdf.Object:
        named = pikepdf.Array([pikepdf.Name(f"/{one}") for one in filters])
        return make(pikepdf.Stream(pdf, packed, Subtype=pikepdf.Name.Image, Filter=named, **more))

    draws = make(pikepdf.Stream(pdf, b"% A person\nq Q", Subtype=pikepdf.Name.Form))
    letters = make(
        pikepdf.Dictionary(CharProcs=pikepdf.Dictionary(a=make(pikepdf.Stream(pdf, b"%A person\n0 0 d0"))))
    )
    other = pikepdf.Array([pikepdf.Dictionary(Image=image(photo, "DCTDecode"))])
    kept = make(pikepdf.Stream(pdf, b"<x>A person</x>", Type=pikepdf.Name.Metadata))
    page["/Resources"] = pikepdf.Dictionary(
        XObject=pikepdf.Dictionary(
            F=draws,
            Twice=image(zlib.compress(photo), "FlateDecode", "DCTDecode", Alternates=other, Own=kept),
            Scan=image(jpeg2000(said=True), "JPXDecode"),
        ),
        Font=pikepdf.Dictionary(L=letters),
    )
    here = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="file:///C:/Users/A person/list.xlsx")
    there = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org/50%25")
    page["/Annots"] = pikepdf.Array(
        [pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=one) for one in (here, there)]
    )
    pdf.Root["/PTEX.InfoDict"] = pikepdf.Dictionary(Title="of A person")
    return saved(pdf)


def test_no_words_stay_in_what_draws_a_page_beside_its_pictures_or_behind_its_links() -> None:
    paper = drawn_pdf()
    told = treated(paper)
    assert {"comment: A person", "metadata of a picture", "further pictures", "URI"} <= set(told.metadata)
    with pikepdf.open(io.BytesIO(told.data)) as pdf:
        unpacked = saved(pdf)
        streams = [one for one in pdf.objects if isinstance(one, pikepdf.Stream)]
        assert all(b"A person" not in one.read_raw_bytes() for one in streams)
        drawn = [one.read_bytes() for one in streams if one.get("/Subtype") != pikepdf.Name.Image]
        assert b"A person" not in b"".join(drawn)
        assert b"(50% off)" in pdf.pages[0].Contents.read_bytes()
        images = pdf.pages[0].Resources.XObject
        assert images.Twice.read_raw_bytes()[:3] == b"\xff\xd8\xff"
        scan = images.Scan.read_raw_bytes()
        assert scan == jpeg2000(said=False)
        with Image.open(io.BytesIO(scan)) as shown:
            assert shown.convert("RGB").tobytes() == painted().tobytes()
    assert b"A person" not in unpacked
    assert b"https://example.org/50%25" in unpacked
    assert treated(told.data).done == ()


def _segment(number: int, kind: int, data: bytes) -> bytes:
    return struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data


def told_pdf() -> bytes:
    """A PDF with a name in what is read instead of its page, in layers, a colour profile and a picture's remarks."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(200, 100))
    page, make, dictionary = pdf.pages[0].obj, pdf.make_indirect, pikepdf.Dictionary
    page["/Contents"] = make(
        pikepdf.Stream(
            pdf,
            b"/Span <</Lang (en) /ActualText (A person) /MCID 0 /Own <</K [(A person)]>>>> BDC (shown) Tj EMC"
            b" /Tag <</MCID 1>> BDC EMC",
        )
    )
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    named = profile.replace("sRGB".encode("utf-16-be"), "A pe".encode("utf-16-be"))
    assert named != profile
    remark, points = _segment(0, 62, b"\x20\0\0\0by\0A person\0\0"), _segment(1, 48, bytes(19))
    remark += _segment(0, 52, b"A person")
    shared = make(pikepdf.Stream(pdf, remark + _segment(2, 0, b"dictionary")))
    page["/Resources"] = dictionary(
        ColorSpace=dictionary(
            C=pikepdf.Array([pikepdf.Name.ICCBased, make(pikepdf.Stream(pdf, named, N=3))])
        ),
        XObject=dictionary(
            Scan=make(
                pikepdf.Stream(
                    pdf,
                    remark + points,
                    Subtype=pikepdf.Name.Image,
                    Filter=pikepdf.Name.JBIG2Decode,
                    DecodeParms=dictionary(JBIG2Globals=shared),
                )
            )
        ),
        Font=dictionary(
            F=make(
                dictionary(
                    ToUnicode=make(
                        pikepdf.Stream(
                            pdf,
                            b"% A person\n/CIDSystemInfo <</Registry (Adobe) /Ordering (A person)>> def <01> <0041>",
                        )
                    )
                )
            )
        ),
    )
    layer = make(
        dictionary(
            Type=pikepdf.Name.OCG,
            Name="of A person",
            Usage=dictionary(User=dictionary(Type=pikepdf.Name.Ind, Name="A person")),
        )
    )
    listed = pikepdf.Array([pikepdf.String("A person"), pikepdf.Array([pikepdf.String("A person"), layer])])
    pdf.Root["/OCProperties"] = dictionary(
        OCGs=pikepdf.Array([layer]), D=dictionary(Name="A person", Order=listed, ON=pikepdf.Array([layer]))
    )
    part = dictionary(
        Type=pikepdf.Name.StructElem, S=pikepdf.Name.P, Alt="A person", T="A person", E="A person"
    )
    root = make(dictionary(Type=pikepdf.Name.StructTreeRoot))
    part["/P"] = root
    root["/K"] = make(part)
    pdf.Root["/StructTreeRoot"] = root
    return saved(pdf)


def test_no_name_stays_in_what_is_read_instead_of_a_page_nor_in_layers_profiles_and_remarks() -> None:
    """A reader aloud, a list of layers or a search would tell what is blacked out on the page."""
    told = treated(told_pdf())
    with pikepdf.open(io.BytesIO(told.data)) as pdf:
        unpacked = saved(pdf)
        drawn = pdf.pages[0].Contents.read_bytes()
        assert b"/Lang (en)" in drawn
        assert b"/MCID 0" in drawn
        assert b"(shown) Tj" in drawn
        assert b"/MCID 1" in drawn
        resources = pdf.pages[0].Resources
        assert resources.Font.F.ToUnicode.read_bytes().count(b"(Adobe)") == 2
        assert resources.XObject.Scan.read_raw_bytes() == _segment(1, 48, bytes(19))
        kept = ImageCms.ImageCmsProfile(io.BytesIO(resources.ColorSpace.C[1].read_bytes()))
        assert ImageCms.getProfileDescription(kept).strip() == ""
        assert ImageCms.buildTransform(kept, ImageCms.createProfile("sRGB"), "RGB", "RGB") is not None
        assert [str(one.Name)[:6] for one in pdf.Root.OCProperties.OCGs] == ["Layer "]
    assert b"A person" not in unpacked
    assert "A pe".encode("utf-16-be") not in unpacked
    assert {"ActualText: A person", "Alt: A person", "whom a layer is for: A person"} <= set(told.metadata)
    assert treated(told.data).done == ()
    broken = told_pdf().replace(_segment(1, 48, bytes(19)), _segment(1, 48, bytes(19))[:9] + bytes(12))
    torn = drawn_pdf().replace(b"\xff\xd9", b"A person")
    for unread in (
        broken.replace(struct.pack(">IBBBI", 1, 48, 0, 1, 19), struct.pack(">IBBBI", 1, 48, 0, 1, 99)),
        torn,
        drawn_pdf().replace(b"jp2c", b"\0\0\0\0"),
    ):
        with pytest.raises(Refused, match="a picture in this PDF cannot be read"):
            treated(unread)


def test_a_picture_that_its_exif_turns_is_turned() -> None:
    """Without the word that turned it, it would lie on its side."""
    told = treated(photograph(turned=6, quality=95))
    with Image.open(io.BytesIO(told.data)) as copy:
        assert copy.size == (16, 24)
        red, _, blue = copy.convert("RGB").getpixel((8, 2))  # type: ignore[misc]
        assert blue > red


def test_a_pdf_leaves_without_its_authors_and_its_photographs_places() -> None:
    paper = paper_pdf()
    assert b"A person" in paper
    told = treated(paper)
    assert (told.media_type, told.done) == (PDF, (Treatment.METADATA,))
    assert {"Author: A person", "metadata of a picture"} <= set(told.metadata)
    with pikepdf.open(io.BytesIO(told.data)) as pdf:
        unpacked = saved(pdf)
        assert len(pdf.pages) == 1
    assert b"A person" not in unpacked
    assert b"A camera" not in unpacked
    assert b"See line 3" in unpacked
    assert treated(told.data).data == told.data
    assert treated(paper).data == told.data


def test_nothing_in_a_pdf_runs_or_unpacks() -> None:
    """Scripts, launches, forms that run, players and attached files go; a link to the web stays. All of it is said."""
    told = treated(running_pdf())
    assert set(told.done) == set(Treatment) - {Treatment.METADATA_LEFT}
    assert {"attachment: salaries.xlsx", "JavaScript", "Launch", "XFA", "AA", "RichMedia"} <= set(
        told.metadata
    )
    with pikepdf.open(io.BytesIO(told.data)) as pdf:
        unpacked = saved(pdf)
    for gone in (
        b"app.alert",
        b"calc.exe",
        b"salaries",
        b"names and sums",
        b"RichMedia",
        b"/AA",
        b"/Thumb",
        b"/XFA",
    ):
        assert gone not in unpacked
    assert b"https://example.org" in unpacked


def test_a_signed_pdf_is_never_rewritten() -> None:
    """What it says is listed, and a person decides; one that runs something is not taken at all."""
    paper = paper_pdf(signed=True)
    with pytest.raises(Refused, match="Author: A person"):
        treated(paper)
    told = treated(paper, keep_metadata=True)
    assert (told.data, told.done) == (paper, (Treatment.METADATA_LEFT,))
    opens = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    with pytest.raises(Refused, match="is signed, so it is not rewritten"):
        treated(paper_pdf(signed=True, OpenAction=opens), keep_metadata=True)


def test_what_cannot_be_read_or_rewritten_is_told() -> None:
    """Office documents say who made them, and keep it only by a person's word; programs and packed files never come."""
    sheet = office(**{"docProps/core.xml": CORE})
    with pytest.raises(Refused, match="creator: A person, lastModifiedBy: Another & one"):
        treated(sheet)
    assert treated(sheet, keep_metadata=True).done == (Treatment.METADATA_LEFT,)
    assert treated(office()).done == ()
    for name, part, told in (
        (
            "word/document.xml",
            '<w:del w:id="1" w:author="A person"><w:delText>9</w:delText></w:del>',
            "change by: A p",
        ),
        (
            "word/document.xml",
            '\ufeff<w:ins w:author="A person"/>'.encode("utf-16-le"),
            "change by: A person",
        ),
        ("word/people.xml", "<people/>", "remarks"),
        ("word/media/image1.jpeg", photograph(), "GPSLatitude: 9.0 3.0 27.0"),
        ("content.xml", "<office:annotation><dc:creator>A person</dc:creator>", "creator: A person"),
        (
            "xl/workbook.xml",
            '<sheets><sheet name="Salaries" state="hidden"/></sheets>',
            "hidden sheet: Salaries",
        ),
        ("xl/_rels/x.xml.rels", '<R Target="file:///C:/Users/A%20person/x.xlsx"/>', "place of a file: file:"),
        ("notes.txt", "A person", "further file: notes.txt"),
    ):
        with pytest.raises(Refused, match=told):
            treated(office(**{name: part}))
    for refused in (
        b"",
        office(**{"xl/media/image1.png": b"\x89PNG\r\n\x1a\n torn"}),
        office(**{"xl/vbaProject.bin": "Sub Open()"}),
        b"PK\x03\x04 no file",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old",
        b"%PDF-1.7 nothing",
        b"\xff\xd8\xff nothing",
    ):
        with pytest.raises(Refused):
            treated(refused, keep_metadata=True)


def test_what_a_file_says_is_not_cut_without_a_word() -> None:
    """Who decides whether it may stay reads how much more there is; what says more than is read is not taken."""
    many = "".join(f"<a{n}>word {n} {'x' * 90}</a{n}>" for n in range(100))
    told = treated(office(**{"docProps/custom.xml": many}), keep_metadata=True).metadata
    assert (len(told), told[-1]) == (60, "and 41 more things of other names or values")
    assert all(line.endswith("…") for line in told[:-1])
    behind = " " * 1_000_000 + CORE
    with pytest.raises(Refused, match="says too much of itself"):
        treated(office(**{"docProps/core.xml": behind}), keep_metadata=True)


def test_what_bytes_are_does_not_depend_on_where_their_mark_stands() -> None:
    """A page of a browser's language and a PDF are known behind a few other bytes as well."""
    assert media_type_of(b"\n\n%PDF-1.4 \x00") == PDF
    for page in (
        b"\xef\xbb\xbf <!DOCTYPE html>",
        b"1,2\n<script>x</script>",
        b"<svg/onload=x>",
        b"text <img src=x>",
    ):
        assert media_type_of(page) == "application/xml"
    assert media_type_of(b"{\\rtf1{\\info{\\author A person}}text}") == "application/octet-stream"
    assert media_type_of(b"a < b, c > d\n1,2") == "text/plain; charset=utf-8"
