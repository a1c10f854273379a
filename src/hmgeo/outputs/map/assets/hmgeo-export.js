/* Tables out of the page: csv with a mark that Excel reads as UTF-8, xlsx with numbers as numbers; texts are never formulas. */
(function () {
  "use strict";

  hmgeo.save = /** @type {Hmgeo["save"]} */ function (parts, type, name) {
    var link = hmgeo.el("a"), address = URL.createObjectURL(new Blob(parts, { type: type }));
    link.href = address;
    link.download = name;
    document.body.appendChild(link);
    link.click();
    document.body.removeChild(link);
    window.setTimeout(function () { URL.revokeObjectURL(address); }, 10000);
  };

  /** @param {string | number} value */
  function csvCell(value) {
    var text = String(value);
    if (typeof value !== "number" && /^[=+\-@\t\r]/.test(text)) { text = "'" + text; }
    return /[",\r\n]/.test(text) ? "\"" + text.replace(/"/g, "\"\"") + "\"" : text;
  }

  hmgeo.csv = /** @type {Hmgeo["csv"]} */ function (content) {
    var /** @type {(string | number)[][]} */ lines = [content.head];
    lines = lines.concat(content.rows, content.notes.map(function (note) { return [note]; }));
    return "\ufeff" + lines.map(function (line) { return line.map(csvCell).join(",") + "\r\n"; }).join("");
  };
  hmgeo.saveCsv = /** @type {Hmgeo["saveCsv"]} */ function (content, name) { hmgeo.save([hmgeo.csv(content)], "text/csv;charset=utf-8", name + ".csv"); };

  /** @param {string} text */
  function xml(text) {
    return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  }

  /** @param {string | number} value @param {number} [style] */
  function cell(value, style) {
    var mark = style ? " s=\"" + style + "\"" : "";
    if (value === "") { return "<c" + mark + "/>"; }
    return typeof value === "number" ? "<c" + mark + "><v>" + value + "</v></c>" : "<c t=\"inlineStr\"" + mark + "><is><t xml:space=\"preserve\">" + xml(value) + "</t></is></c>";
  }

  /** @param {Content} content */
  function sheet(content) {
    /** @param {(string | number)[]} cells @param {number} [style] */
    function row(cells, style) { return "<row>" + cells.map(function (value) { return cell(value, style); }).join("") + "</row>"; }
    return "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews>" +
      "<sheetFormatPr defaultRowHeight=\"15\"/><cols><col min=\"1\" max=\"" + content.head.length + "\" width=\"18\" customWidth=\"1\"/></cols><sheetData>" +
      row(content.head, 1) + content.rows.map(function (cells) { return row(cells); }).join("") + content.notes.map(function (note) { return row([note]); }).join("") + "</sheetData></worksheet>";
  }

  hmgeo.xlsx = /** @type {Hmgeo["xlsx"]} */ function (content) {
    var head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>", main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    var rel = "http://schemas.openxmlformats.org/package/2006/relationships", doc = "http://schemas.openxmlformats.org/officeDocument/2006/relationships", kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.";
    var font = "<name val=\"Microsoft YaHei\"/>", /** @type {Words} */ files = {
      "[Content_Types].xml": "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"" + kind + "sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" + kind + "worksheet+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"" + kind + "styles+xml\"/></Types>",
      "_rels/.rels": "<Relationships xmlns=\"" + rel + "\"><Relationship Id=\"r1\" Type=\"" + doc + "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
      "xl/workbook.xml": "<workbook xmlns=\"" + main + "\" xmlns:r=\"" + doc + "\"><sheets><sheet name=\"hmgeo\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
      "xl/_rels/workbook.xml.rels": "<Relationships xmlns=\"" + rel + "\"><Relationship Id=\"r1\" Type=\"" + doc + "/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"" + doc + "/styles\" Target=\"styles.xml\"/></Relationships>",
      "xl/styles.xml": "<styleSheet xmlns=\"" + main + "\"><fonts count=\"2\"><font><sz val=\"10\"/>" + font + "</font><font><b/><sz val=\"10\"/>" + font + "</font></fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"2\"><xf xfId=\"0\"/><xf xfId=\"0\" fontId=\"1\" applyFont=\"1\"/></cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>",
      "xl/worksheets/sheet1.xml": sheet(content)
    }, /** @type {Record<string, Uint8Array>} */ packed = {};
    Object.keys(files).forEach(function (path) { packed[path] = fflate.strToU8(head + files[path]); });
    return fflate.zipSync(packed, { mtime: new Date(1980, 0, 1, 12) });
  };
  hmgeo.saveXlsx = /** @type {Hmgeo["saveXlsx"]} */ function (content, name) {
    hmgeo.save([hmgeo.xlsx(content)], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name + ".xlsx");
  };
}());
