"""A PDF without what it says beside its pages, and without what a reader would run or unpack.

The one file that reads PDF by pikepdf. Names stand as ISO 32000-2 has them. A signed PDF is never rewritten: what it
holds is listed, and a person decides.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream, String, Token, TokenFilter, TokenType

from ledger.core.errors import Refused
from ledger.model.evidence import Treatment
from service.paper_files.colour_profile import is_profile, plain_profile
from service.paper_files.jbig2 import NoJbig2, plain_jbig2
from service.paper_files.jpeg import NoJpeg, plain_jpeg
from service.paper_files.jpeg2000 import NoJpeg2000, plain_jpeg2000
from service.paper_files.metadata import MetadataItem, Plain

_RUN = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/GoToE",
        "/GoToR",
        "/SubmitForm",
        "/ImportData",
        "/Rendition",
        "/Movie",
        "/Sound",
    }
    | {"/RichMediaExecute", "/GoTo3DView", "/Hide", "/Thread"}
)
"""Actions that run, open or send something; a link to a page or to the web is none of them."""
_PLAYED = frozenset({"/RichMedia", "/Screen", "/Movie", "/3D", "/Sound"})
"""Annotations that play something."""
_TRIGGERS = ("/AA", "/JS", "/XFA")
_ACTIONS = ("/OpenAction", "/A", "/PA", "/Next")
_WEB = ("http:", "https:", "mailto:")
"""Whither a link may lead; one to a file tells of folders and people of the machine where it was made."""
_BESIDE = ("/Metadata", "/PieceInfo", "/LastModified", "/PTEX.InfoDict")
_OF_WRITER = ("/T", "/M", "/CreationDate", "/NM")
"""Of a remark: who wrote it, and when."""
_OF_REMARKS = (
    "AC CA Contents CreationDate DA DS DV M NM Opt OverlayText RC RV State StateModel Subj T TM TU V"
)
_OF_LINKS = "Base D Desc Dest DOS F Mac Title UF Unix URI"
_OF_WORDS = "ActualText Alt E Headers ID Lang Limits Name Names P Phoneme Short Summary"
_OF_PRINT = (
    "CharSet FontFamily HalftoneName Info Lookup Ordering OutputCondition OutputConditionIdentifier Panose"
)
_OF_OTHERS = "Cert ContactInfo JS Location Msg O OE PS Perms R RD RT Reason Registry RegistryName SS U UE"
_INSTEAD = ("/ActualText", "/Alt", "/E")
"""What is read aloud or copied instead of what the page shows: it may repeat a name that is blacked out there."""
_OF_LAYERS = ("/Order", "/BaseState", "/ON", "/OFF")
_LAYER = re.compile(r"Layer \d+")
_OF_MAPS = frozenset(
    b"(Adobe) (UCS) (UCS2) (Identity) (Japan1) (GB1) (CNS1) (Korea1) (KR) (Manga1) (Adobe-Identity-UCS)".split()
)
"""Strings by which a map of letters is known; a reader needs no other."""
_TEXTS = frozenset(
    f"/{name}"
    for names in (_OF_REMARKS, _OF_LINKS, _OF_WORDS, _OF_PRINT, _OF_OTHERS)
    for name in names.split()
)
"""Keys whose values may be texts. A text under any other is what a program keeps for itself, and no reader shows it."""
_HEAD = re.compile(rb"%PDF-\d\.\d\s*(?:%[\x80-\xff]{4,16}\s+)?")
_PACKED = re.compile(rb"\bstream\r?\n.*?endstream", re.DOTALL)
_STRING = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
_COMMENT = re.compile(rb"%([^\r\n]*)")
_OBJECT = re.compile(rb"\b\d+\s+\d+\s+obj\b")
_MOST_DEEP = 60


def plain_pdf(data: bytes) -> Plain:
    """A PDF without what is found in it; one that is signed stays as it is. Raises Refused for what cannot be read."""
    with _opened(data) as pdf:
        signed, items = _is_signed(pdf), (*_beside(pdf, data), *_taken_out(pdf))
        if signed or not items:
            return Plain(data, items)
        copy = _saved(pdf)
    with _opened(copy) as again:
        left = sorted({one.name for one in _taken_out(again)})
    if left:
        raise Refused.field(
            "paper", "{left} cannot be taken out of this PDF; print it into a new one", left=left
        )
    return Plain(copy, items)


@contextmanager
def _opened(data: bytes) -> Iterator[Pdf]:
    try:
        with Pdf.open(io.BytesIO(data)) as pdf:
            yield pdf
    except pikepdf.PasswordError:
        raise Refused.field("paper", "this PDF wants a password; save it without one") from None
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, ValueError, RuntimeError, RecursionError):
        raise Refused.field("paper", "this PDF cannot be read; print it into a new one") from None


def _saved(pdf: Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(
        out,
        deterministic_id=True,
        encryption=False,
        fix_metadata_version=False,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    return out.getvalue()


def _is_signed(pdf: Pdf) -> bool:
    """Does it carry a signature, which any change would break?"""
    for dictionary in _dictionaries(pdf):
        kind, value = dictionary.get("/FT"), dictionary.get("/V")
        if (
            "/ByteRange" in dictionary
            or dictionary.get("/Type") == Name.Sig
            or (kind == Name.Sig and value is not None)
        ):
            return True
    return False


def _beside(pdf: Pdf, data: bytes) -> Iterator[MetadataItem]:
    """What lies around the document, and what later saves have only put away: nothing of it is written anew."""
    begin, end = data.find(b"%PDF-"), data.rfind(b"%%EOF")
    if begin > 0:
        yield MetadataItem(Treatment.METADATA, "bytes before the document", str(begin))
    if end >= 0 and (rest := len(data[end + 5 :].strip())):
        yield MetadataItem(Treatment.METADATA, "bytes behind the document", str(rest))
    bare = _bare(data[max(begin, 0) :])
    for comment in _comments(bare):
        yield MetadataItem(Treatment.METADATA, "comment", comment)
    if pdf.is_encrypted:
        yield MetadataItem(Treatment.METADATA, "lock on printing and copying")
    # One that is made for the web has two tables from the start (ISO 32000-2, annex F).
    if data.count(b"startxref") > (2 if pdf.is_linearized else 1):
        yield MetadataItem(Treatment.METADATA, "earlier versions")
    elif strays := _strays(pdf, bare):
        yield MetadataItem(Treatment.METADATA, "objects that no page uses", str(strays))


def _strays(pdf: Pdf, bare: bytes) -> int:
    """How many objects of the file nothing leads to, whether its table names them or not."""
    known, reached, waiting = set[tuple[int, int]](), set[tuple[int, int]](), list[Object]([pdf.trailer])
    while waiting:
        one = waiting.pop()
        if one.is_indirect:
            if one.objgen in reached:
                continue
            reached.add(one.objgen)
        waiting += (part for part in _parts(one) if isinstance(part, Object))
    table = pdf.get_xref_table()
    for one in pdf.objects:
        if not _packs(one, pdf):
            known.add(one.objgen)
    return len(known - reached) + max(0, len(_OBJECT.findall(bare)) - len(table))


def _packs(one: Object, pdf: Pdf) -> bool:
    """Is an object one of those in which others lie, or which only say where they lie?"""
    if not isinstance(one, Dictionary | Stream):
        return False
    is_hint = pdf.is_linearized and ("/Linearized" in one or (isinstance(one, Stream) and "/S" in one))
    return is_hint or str(one.get("/Type", "")) in {"/XRef", "/ObjStm"}


def _bare(data: bytes) -> bytes:
    """The file without its streams and strings."""
    bare, deep = _PACKED.sub(b"", _HEAD.sub(b"", data, count=1)), 0
    count = 1
    while count and deep < _MOST_DEEP:  # strings may hold brackets
        bare, count = _STRING.subn(b"", bare)
        deep += 1
    return bare


def _comments(bare: bytes) -> Iterator[str]:
    """What stands between and within objects for no reader; what only looks like one has the file written anew."""
    for one in _COMMENT.finditer(bare):
        said = one.group(1).strip()
        if said and said != b"%EOF":
            yield said.decode("latin-1")


def _taken_out(pdf: Pdf) -> Iterator[MetadataItem]:
    """What is found, told and taken out of the opened file on the way."""
    yield from _docinfo(pdf)
    yield from _xmp(pdf)
    yield from _attachments(pdf)
    for dictionary in list(_dictionaries(pdf)):
        yield from _of_object(pdf, dictionary)
    for drawn, is_map in _drawn(pdf):
        yield from _of_drawing(pdf, drawn, is_map=is_map)


class _Drawing(TokenFilter):
    """What draws a page, without what no reader draws: comments, and what a photograph says beside its points."""

    def __init__(self, *, is_map: bool = False) -> None:
        super().__init__()
        self.found: list[MetadataItem] = []
        self._is_map = is_map
        self._listed: list[Token] = []
        self._deep = 0

    def handle_token(self, token: Token) -> Iterable[Token]:  # pikepdf calls it for each word
        if self._is_map:
            if (
                token.type_ == TokenType.string
                and token.raw_value.startswith(b"(")
                and token.raw_value not in _OF_MAPS
            ):
                self.found.append(
                    MetadataItem(Treatment.METADATA, "words of a map", token.raw_value.decode("latin-1"))
                )
                return [Token(TokenType.string, b"Adobe")]
        elif token.type_ == TokenType.dict_open or self._deep:
            return self._listing(token)
        if token.type_ == TokenType.comment:
            return self.handle_comment(token)
        if token.type_ == TokenType.inline_image and token.raw_value.startswith(_JPEG):
            plain = _plain(token.raw_value)
            if plain != token.raw_value:
                self.found.append(MetadataItem(Treatment.METADATA, "metadata of a picture"))
                return [Token(TokenType.inline_image, plain)]
        return [token]

    def _listing(self, token: Token) -> Iterable[Token]:
        """What is said of a part of a page (ISO 32000-2, 14.6.2), without words but for its language."""
        if token.type_ == TokenType.comment:
            return self.handle_comment(token)
        self._deep += (token.type_ == TokenType.dict_open) - (token.type_ == TokenType.dict_close)
        self._listed.append(token)
        if self._deep:
            return []
        listed, self._listed, stay = self._listed, [], list[Token]()
        for one in listed:
            if one.type_ == TokenType.string:
                key = next((n for n in range(len(stay) - 1, -1, -1) if stay[n].type_ != TokenType.space), 0)
                if stay[key].raw_value != b"/Lang":
                    name = stay[key].raw_value.decode("latin-1").lstrip("/")
                    self.found.append(MetadataItem(Treatment.METADATA, name, str(one.value)))
                    del stay[key if stay[key].type_ == TokenType.name_ else key + 1 :]
                    continue
            stay.append(one)
        return stay

    def handle_comment(self, token: Token) -> Iterable[Token]:
        """Nothing of it stays."""
        said = token.raw_value.strip(b"% ").decode("latin-1")
        self.found.append(MetadataItem(Treatment.METADATA, "comment", said))
        return []


def _drawn(pdf: Pdf) -> Iterator[tuple[Stream, bool]]:
    """Every stream that draws: of pages, forms, patterns, and letters that are drawings; each once.

    And those that say which letters a text has; of them it is true.
    """
    seen = set[tuple[int, int]]()
    for dictionary in list(_dictionaries(pdf)):
        inner: list[object] = []
        is_map = False
        if dictionary.get("/Type") == Name.Page:
            contents = dictionary.get("/Contents")
            inner = list(contents) if isinstance(contents, Array) else [contents]
        elif dictionary.get("/Type") == Name.CMap:
            inner, is_map = [dictionary], True
        elif isinstance(dictionary.get("/ToUnicode"), Stream):
            inner, is_map = [dictionary["/ToUnicode"]], True
        elif isinstance(dictionary.get("/CharProcs"), Dictionary):
            inner = [dictionary["/CharProcs"][name] for name in list(dictionary["/CharProcs"].keys())]
        elif dictionary.get("/Subtype") == Name.Form or dictionary.get("/PatternType") == 1:
            inner = [dictionary]
        for one in inner:
            if isinstance(one, Stream) and one.objgen not in seen:
                seen.add(one.objgen)
                yield one, is_map


def _of_drawing(pdf: Pdf, drawn: Stream, *, is_map: bool) -> Iterator[MetadataItem]:
    said = drawn.read_bytes()
    if not is_map and all(mark not in said for mark in (b"%", b"<<", _JPEG)):
        return
    plain = _Drawing(is_map=is_map)
    alone = Page(pdf.make_indirect(Dictionary(Type=Name.Page, Contents=drawn)))
    contents = alone.get_filtered_contents(plain)
    if plain.found:
        yield from plain.found
        drawn.write(contents)


def _docinfo(pdf: Pdf) -> Iterator[MetadataItem]:
    if "/Info" not in pdf.trailer:
        return
    info = pdf.trailer["/Info"]
    if isinstance(info, Dictionary):
        for name, value in info.items():
            yield MetadataItem(Treatment.METADATA, name.lstrip("/"), str(value))
    del pdf.trailer["/Info"]


def _xmp(pdf: Pdf) -> Iterator[MetadataItem]:
    if "/Metadata" not in pdf.Root:
        return
    items: list[MetadataItem] = []
    try:
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
            items = [
                MetadataItem(Treatment.METADATA, name.rpartition("}")[2], str(xmp[name])) for name in xmp
            ]
    except (ValueError, TypeError, KeyError, NotImplementedError, AttributeError, pikepdf.PdfError):
        items = []
    yield from items or [MetadataItem(Treatment.METADATA, "XMP")]
    if "/Metadata" in pdf.Root:
        del pdf.Root["/Metadata"]


def _attachments(pdf: Pdf) -> Iterator[MetadataItem]:
    try:
        names = list(pdf.attachments)
    except (ValueError, TypeError, KeyError, AttributeError, pikepdf.PdfError):
        names = [""]
    for name in names:
        yield MetadataItem(Treatment.ATTACHMENTS, "attachment", name)
    tree = pdf.Root.get("/Names")
    if isinstance(tree, Dictionary):
        if "/EmbeddedFiles" in tree:
            if not names:
                yield MetadataItem(Treatment.ATTACHMENTS, "attachments")
            del tree["/EmbeddedFiles"]
        if "/JavaScript" in tree:
            yield MetadataItem(Treatment.ACTIVE, "JavaScript")
            del tree["/JavaScript"]
    if "/Collection" in pdf.Root:
        yield MetadataItem(Treatment.ATTACHMENTS, "collection")
        del pdf.Root["/Collection"]


def _of_object(pdf: Pdf, dictionary: Dictionary | Stream) -> Iterator[MetadataItem]:
    """What one dictionary of the file holds that is taken out."""
    for name in _BESIDE:
        if name in dictionary:
            yield MetadataItem(Treatment.METADATA, name.lstrip("/"))
            del dictionary[name]
    for name in [name for name in dictionary.keys() if _is_xmp(dictionary[name])]:  # noqa: SIM118
        yield MetadataItem(Treatment.METADATA, name.lstrip("/"))
        del dictionary[name]
    if "/Alternates" in dictionary:
        yield MetadataItem(Treatment.THUMBNAILS, "further pictures")
        del dictionary["/Alternates"]
    if "/Thumb" in dictionary:
        yield MetadataItem(Treatment.THUMBNAILS, "thumbnail of a page")
        del dictionary["/Thumb"]
    for name in [name for name in dictionary.keys() if name not in _TEXTS and _is_text(dictionary[name])]:  # noqa: SIM118
        yield MetadataItem(Treatment.METADATA, name.lstrip("/"), _said(dictionary[name]))
        del dictionary[name]
    yield from _words_instead(dictionary)
    yield from _layers(dictionary)
    for name in ("/AF", "/EF"):
        if name in dictionary:
            yield MetadataItem(Treatment.ATTACHMENTS, "associated file")
            del dictionary[name]
    yield from _active(dictionary)
    yield from _annotations(dictionary)
    if isinstance(dictionary, Stream):
        yield from _picture(pdf, dictionary)


def _words_instead(dictionary: Dictionary | Stream) -> Iterator[MetadataItem]:
    """What stands for the words of a page, and titles of its parts."""
    title = ("/T",) if "/S" in dictionary and "/P" in dictionary else ()
    for name in (*_INSTEAD, *title):
        if isinstance(dictionary.get(name), String):
            yield MetadataItem(Treatment.METADATA, name.lstrip("/"), str(dictionary[name]))
            del dictionary[name]


def _layers(dictionary: Dictionary | Stream) -> Iterator[MetadataItem]:
    """Names of layers, of whom they are for, and of how they are listed (ISO 32000-2, 8.11)."""
    if dictionary.get("/Type") == Name.OCG and not _LAYER.fullmatch(str(dictionary.get("/Name", ""))):
        yield MetadataItem(Treatment.METADATA, "name of a layer", str(dictionary.get("/Name", "")))
        dictionary["/Name"] = String(f"Layer {dictionary.objgen[0]}")
    user = dictionary.get("/User")
    if isinstance(user, Dictionary):
        yield MetadataItem(Treatment.METADATA, "whom a layer is for", str(user.get("/Name", "")))
        del dictionary["/User"]
    if any(name in dictionary for name in _OF_LAYERS) and isinstance(dictionary.get("/Name"), String):
        yield MetadataItem(Treatment.METADATA, "name of a list of layers", str(dictionary["/Name"]))
        del dictionary["/Name"]
    order = dictionary.get("/Order")
    if isinstance(order, Array) and (labels := list(_labels(order, 0))):
        yield from (MetadataItem(Treatment.METADATA, "name of a layer", label) for label in labels)


def _labels(order: Array, deep: int) -> Iterator[str]:
    """The labels in a list of layers, which leave it."""
    if deep > _MOST_DEEP:
        raise ValueError
    for at in range(len(order) - 1, -1, -1):
        one = order[at]
        if isinstance(one, String):
            yield str(one)
            del order[at]
        elif isinstance(one, Array):
            yield from _labels(one, deep + 1)


def _is_xmp(value: object) -> bool:
    return isinstance(value, Stream) and value.get("/Type") == Name.Metadata


def _is_text(value: object) -> bool:
    if isinstance(value, Array):
        return len(value) > 0 and all(isinstance(part, String) for part in list(value))
    return isinstance(value, String)


def _said(value: object) -> str:
    return " ".join(map(str, list(value))) if isinstance(value, Array) else str(value)


def _active(dictionary: Dictionary | Stream) -> Iterator[MetadataItem]:
    for name in _TRIGGERS:
        if name in dictionary:
            yield MetadataItem(Treatment.ACTIVE, "JavaScript" if name == "/JS" else name.lstrip("/"))
            del dictionary[name]
    for name in _ACTIONS:
        action = dictionary.get(name)
        if isinstance(action, Array):
            runs = [str(one["/S"]) for one in list(action) if _runs(one)]
        else:
            runs = [str(action["/S"])] if _runs(action) else []  # type: ignore[index]
        if runs:
            yield from (MetadataItem(Treatment.ACTIVE, run.lstrip("/")) for run in runs)
            del dictionary[name]


def _runs(action: object) -> bool:
    if not isinstance(action, Dictionary):
        return False
    kind = str(action.get("/S", ""))
    if kind == "/URI":
        place = str(action.get("/URI", "")).strip().lower()
        return ":" in place.partition("/")[0] and not place.startswith(_WEB)
    return kind in _RUN


def _annotations(dictionary: Dictionary | Stream) -> Iterator[MetadataItem]:
    """Those that play or carry a file go; of a remark, who wrote it and when."""
    annotations = dictionary.get("/Annots")
    if not isinstance(annotations, Array):
        return
    stay = Array()
    for one in list(annotations):
        kind = str(one.get("/Subtype", "")) if isinstance(one, Dictionary) else ""
        if kind == "/FileAttachment":
            yield MetadataItem(Treatment.ATTACHMENTS, "attachment of a remark")
            continue
        if kind in _PLAYED:
            yield MetadataItem(Treatment.ACTIVE, kind.lstrip("/"))
            continue
        stay.append(one)
        if isinstance(one, Dictionary) and kind not in {"/Widget", "/Link", ""}:
            for name in _OF_WRITER:
                if name in one:
                    yield MetadataItem(Treatment.METADATA, f"remark {name}", str(one[name]))
                    del one[name]
    if len(stay) < len(annotations):
        dictionary["/Annots"] = stay


def _picture(pdf: Pdf, stream: Stream) -> Iterator[MetadataItem]:
    """A photograph within a page says where it was taken as one alone does, however often it is packed."""
    filters = stream.get("/Filter")
    names = [str(one) for one in (list(filters) if isinstance(filters, Array) else [filters])]
    if (
        "/N" in stream
        and is_profile(profile := stream.read_bytes())
        and (plain := plain_profile(profile)) != profile
    ):
        yield MetadataItem(Treatment.METADATA, "words of a colour profile")
        stream.write(plain)
    shared = stream.get("/DecodeParms")
    for one in list(shared) if isinstance(shared, Array) else [shared]:
        remarks = one.get("/JBIG2Globals") if isinstance(one, Dictionary) else None
        if isinstance(remarks, Stream) and (plain := _plain_jbig2(raw := remarks.read_bytes())) != raw:
            yield MetadataItem(Treatment.METADATA, "metadata of a picture")
            remarks.write(plain)
    if names[-1] not in {"/DCTDecode", "/JPXDecode", "/JBIG2Decode"}:
        return
    raw = stream.read_raw_bytes()
    parameters: Any = stream.get("/DecodeParms")
    if len(names) > 1:
        given = list(parameters) if isinstance(parameters, Array) else [None] * len(names)
        parameters, before = given[-1], [one or Dictionary() for one in given[:-1]]
        packed = Stream(pdf, raw, Filter=Array(map(Name, names[:-1])), DecodeParms=Array(before))
        raw = packed.read_bytes()
    plain = _plain_jbig2(raw) if names[-1] == "/JBIG2Decode" else _plain(raw)
    if plain != raw:
        yield MetadataItem(Treatment.METADATA, "metadata of a picture")
        stream.write(plain, filter=Name(names[-1]), decode_parms=parameters)


_JPEG = b"\xff\xd8\xff"


def _plain(raw: bytes) -> bytes:
    """A photograph as it may stay. Raises Refused for one that cannot be read, since what it says is not known."""
    try:
        return plain_jpeg(raw) if raw.startswith(_JPEG) else plain_jpeg2000(raw)
    except (NoJpeg, NoJpeg2000):
        raise _unread() from None


def _plain_jbig2(raw: bytes) -> bytes:
    try:
        return plain_jbig2(raw)
    except NoJbig2:
        raise _unread() from None


def _unread() -> Refused:
    return Refused.field("paper", "a picture in this PDF cannot be read; print it into a new one")


def _dictionaries(pdf: Pdf) -> Iterator[Dictionary | Stream]:
    """Every dictionary of the file, those within others too; each once."""
    for one in pdf.objects:
        yield from _within(one, 0)
    yield from _within(pdf.trailer, 0)


def _within(one: object, depth: int) -> Iterator[Dictionary | Stream]:
    if depth > _MOST_DEEP:
        raise ValueError
    if isinstance(one, Dictionary | Stream):
        yield one
    for part in _parts(one):
        # What is named by its number is met among all objects.
        if isinstance(part, Object) and not part.is_indirect:
            yield from _within(part, depth + 1)


def _parts(one: object) -> list[object]:
    if isinstance(one, Array):
        return list(one)
    return [one.get(name) for name in list(one.keys())] if isinstance(one, Dictionary | Stream) else []
