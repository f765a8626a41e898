"""XLSX and ODS workbooks of our own making: the parts that a reader needs, written as XML."""

import datetime
import io
import zipfile
from collections.abc import Sequence
from html import escape

Cell = str | float | bool | datetime.date | datetime.datetime | None
Rows = Sequence[Sequence[Cell]]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
STYLES = '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>'
EMPTY_CELLS = '<table:table-cell table:number-columns-repeated="16384"/>'
EPOCH = datetime.date(1899, 12, 30)


def xlsx(rows: Rows = (), *, sheets: dict[str, Rows] | None = None, hidden: str = "", raw: str = "") -> bytes:
    """Return a workbook with `rows` in one sheet, or with several `sheets`; `raw` is the markup of the rows instead."""
    named = sheets or {"Sheet1": rows}
    numbers = range(1, len(named) + 1)
    state = dict.fromkeys([hidden], ' state="hidden"')
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}"{state.get(name, "")} r:id="rId{number}"/>'
        for number, name in zip(numbers, named, strict=True)
    )
    targets = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{targets}'
        f'<Relationship Id="rId99" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs>{STYLES}</cellXfs></styleSheet>',
    }  # fmt: skip
    for number, content in zip(numbers, named.values(), strict=True):
        markup = raw or "".join(_xlsx_row(place, row) for place, row in enumerate(content, 1))
        parts[f"xl/worksheets/sheet{number}.xml"] = f'<worksheet xmlns="{MAIN}"><sheetData>{markup}</sheetData></worksheet>'
    return zipped({name: f'<?xml version="1.0" encoding="UTF-8"?>{part}' for name, part in parts.items()})


def _xlsx_row(number: int, row: Sequence[Cell]) -> str:
    cells = (_xlsx_cell(f"{chr(65 + column)}{number}", cell) for column, cell in enumerate(row))
    return f'<row r="{number}">{"".join(cells)}</row>'


def _xlsx_cell(place: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{cell:d}</v></c>'
    if isinstance(cell, datetime.datetime):
        days = (cell.date() - EPOCH).days + (cell.hour * 60 + cell.minute) / 1440
        return f'<c r="{place}" s="2"><v>{days!r}</v></c>'
    if isinstance(cell, datetime.date):
        return f'<c r="{place}" s="1"><v>{(cell - EPOCH).days}</v></c>'
    return f'<c r="{place}"><v>{cell!r}</v></c>'


def ods(rows: Rows = (), *, raw: str = "") -> bytes:
    """Return an OpenDocument spreadsheet with one sheet, which is filled with empty cells as LibreOffice does."""
    empty = f'<table:table-row table:number-rows-repeated="1048000">{EMPTY_CELLS}</table:table-row>'
    markup = raw or "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows) + empty
    spaces = "".join(f' xmlns:{name}="{OASIS}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f"<office:document-content{spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="Sheet1">{markup}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f'<?xml version="1.0" encoding="UTF-8"?>{content}',
            "META-INF/manifest.xml": manifest,
        }
    )


def _ods_cell(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
    if isinstance(cell, datetime.date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>'
    return f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'


def zipped(parts: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()
