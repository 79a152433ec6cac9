//! JSON, XML, workbooks, tables and web pages that swell, nest, contradict themselves, or never end.

use super::bombs::Hostile;
use super::{archives::deflated_zeros, gzip, zip};

const MIB: usize = 1024 * 1024;

fn workbook(sheet: &str, strings: &str) -> Vec<u8> {
    zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        (
            "xl/workbook.xml",
            b"<workbook><sheets><sheet name=\"EGML_MAILHOST\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
              <Relationship Id=\"rId2\" Type=\"x/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>",
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ])
}

fn cells(rows: &str) -> Vec<u8> {
    workbook(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"), "<sst/>")
}

fn nested_xml(depth: usize) -> Vec<u8> {
    ["<a>".repeat(depth), "</a>".repeat(depth)].concat().into_bytes()
}

/// All of them.
pub const HOSTILE: &[Hostile] = &[
    // T10
    Hostile::told("brackets.json", &[], || vec![b'['; 1_000_000]),
    Hostile::told("closed-brackets.json", &[], || [vec![b'['; 500_000], vec![b']'; 500_000]].concat()),
    Hostile::told("objects.json", &[], || "{\"a\":".repeat(300_000).into_bytes()),
    Hostile::read("digits.json", || format!("{{\"appId\": {}}}", "9".repeat(10_000_000)).into_bytes()),
    Hostile::read("exponent.json", || br#"{"appId": 1e999, "lifetime": -1E+99999999999999999999}"#.to_vec()),
    Hostile::read("empty-lists.json", || format!("[{}[]]", "[],".repeat(5_000_000)).into_bytes()),
    Hostile::told("same-name.json", &["100,000 properties"], || {
        format!("{{{}\"appId\":1}}", "\"appId\":0,".repeat(1_000_000)).into_bytes()
    }),
    Hostile::read("long-string.json", || format!("{{\"appId\":\"{}\"}}", "x".repeat(50 * MIB)).into_bytes()),
    Hostile::partial("endless-string.json", || format!("{{\"appId\":\"{}", "\\\"".repeat(5 * MIB)).into_bytes()),
    Hostile::read("surrogates.json", || {
        br#"{"appId": "\ud800", "displayName": "\udc00\ud800\u0000"}"#.to_vec()
    }),
    Hostile::read("two-documents.json", || br#"{"appId": "a"}{"appId": "b"}"#.to_vec()),
    Hostile::told("too-large.json", &["64 MiB"], || {
        [b"[\"".to_vec(), vec![b'x'; 65 * MIB], b"\"]".to_vec()].concat()
    }),
    Hostile::told("too-large.json.gz", &["limit"], || {
        gzip(&[b"[\"".to_vec(), vec![b'x'; 270 * MIB], b"\"]".to_vec()].concat())
    }),
    // T9
    Hostile::told("laughs.xml", &[], || {
        let mut xml = String::from("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a0 \"lol\">");
        (1..30).for_each(|n| xml.push_str(&format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10))));
        format!("{xml}]><lolz>&a29;</lolz>").into_bytes()
    }),
    Hostile::told("quadratic.xml", &[], || {
        let head = format!("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"{}\">]><x>", "a".repeat(100_000));
        [head, "&a;".repeat(100_000), "</x>".into()].concat().into_bytes()
    }),
    Hostile::told("outside.xml", &[], || {
        b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\"><!ENTITY % p SYSTEM \"http://example.com/x.dtd\">%p;]><x>&f;</x>".to_vec()
    }),
    Hostile::told("nested.xml", &[], || nested_xml(1_000_000)),
    Hostile::told("open-tags.xml", &[], || "<a>".repeat(1_000_000).into_bytes()),
    Hostile::told("closing-tags.xml", &[], || {
        [b"<x>".to_vec(), "</a>".repeat(1_000_000).into_bytes()].concat()
    }),
    Hostile::told("attributes.xml", &[], || {
        let attributes: String = (0..200_000).map(|n| format!(" a{n}=\"{n}\"")).collect();
        format!("<?xml version=\"1.0\"?><x{attributes}/>").into_bytes()
    }),
    Hostile::told("name-spaces.xml", &[], || {
        let spaces: String = (0..200_000).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect();
        format!("<?xml version=\"1.0\"?><x{spaces}><y/></x>").into_bytes()
    }),
    Hostile::told("long-text.xml", &[], || {
        format!("<?xml version=\"1.0\"?><x>{}</x>", "t".repeat(50 * MIB)).into_bytes()
    }),
    Hostile::told("endless-tag.xml", &[], || {
        format!("<?xml version=\"1.0\"?><x {}", "a".repeat(50 * MIB)).into_bytes()
    }),
    Hostile::told("endless-comment.xml", &[], || {
        format!("<?xml version=\"1.0\"?><x><!--{}", "-".repeat(20 * MIB)).into_bytes()
    }),
    Hostile::told("references.xml", &[], || {
        format!("<?xml version=\"1.0\"?><x>{}&#x110000;&#xD800;&#0;</x>", "&#x41;".repeat(2_000_000)).into_bytes()
    }),
    Hostile::told("clixml-nested.xml", &[], || {
        let open = "<Obj RefId=\"0\"><MS><Obj N=\"a\" RefId=\"1\">".repeat(100_000);
        format!("#< CLIXML\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{open}").into_bytes()
    }),
    Hostile::told("clixml-circle.xml", &[], || {
        b"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\"><TNRef RefId=\"0\"/><MS><Ref N=\"self\" RefId=\"0\"/></MS></Obj></Objs>".to_vec()
    }),
    // T11
    Hostile::read("two-far-cells.xlsx", || {
        cells("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>")
    }),
    Hostile::read("tall.xlsx", || {
        cells("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"100000\"><c r=\"ALL100000\"><v>1</v></c></row>")
    }),
    Hostile::read("row-overflow.xlsx", || {
        cells("<row r=\"4294967295\"><c r=\"A4294967296\"><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>")
    }),
    Hostile::read("no-such-column.xlsx", || {
        cells("<row r=\"0\"><c r=\"ZZZZZZZZZZ0\"><v>1</v></c><c r=\"1A\"><v>1</v></c></row>")
    }),
    Hostile::read("string-count.xlsx", || {
        workbook(
            "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>4294967295</v></c><c r=\"B1\" t=\"s\"><v>-1</v></c></row></sheetData></worksheet>",
            "<sst count=\"4294967295\" uniqueCount=\"4294967295\"><si><t>x</t></si></sst>",
        )
    }),
    Hostile::told("many-strings.xlsx", &["MiB", "strings", "cells"], || {
        workbook(
            "<worksheet><sheetData/></worksheet>",
            &format!("<sst>{}</sst>", "<si><t/></si>".repeat(20_000_000)),
        )
    }),
    Hostile::told("long-cell.xlsx", &["MiB"], || {
        cells(&format!(
            "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{}</t></is></c></row>",
            "x".repeat(300 * MIB)
        ))
    }),
    Hostile::told("many-cells.xlsx", &["cells", "MiB"], || {
        cells(&format!("<row>{}</row>", "<c><v>1</v></c>".repeat(1_000)).repeat(3_500))
    }),
    Hostile::told("wide-row.xlsx", &["beyond the last one"], || {
        cells(&format!("<row>{}</row>", "<c><v>1</v></c>".repeat(3_500_000)))
    }),
    Hostile::told("many-parts.xlsx", &["parts"], || {
        let names: Vec<String> = (0..20_000).map(|n| format!("xl/media/{n}.png")).collect();
        let mut parts: Vec<(&str, &[u8])> = vec![("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")];
        parts.extend(names.iter().map(|name| (name.as_str(), &b""[..])));
        zip(&parts)
    }),
    Hostile::partial("cut-sheet.xlsx", || {
        workbook("<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>a</t>", "<sst/>")
    }),
    Hostile::partial("missing-sheet.xlsx", || {
        zip(&[
            ("[Content_Types].xml", b"<Types/>"),
            (
                "xl/workbook.xml",
                b"<workbook><sheets><sheet name=\"S\" r:id=\"rId1\"/></sheets></workbook>",
            ),
            (
                "xl/_rels/workbook.xml.rels",
                b"<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"../../../../etc/passwd\"/></Relationships>",
            ),
        ])
    }),
    Hostile::partial("binary.xlsb", || zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.bin", b"\0")])),
    Hostile::partial("old.xls", || [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), vec![0xFF; 41_984]].concat()),
    // T12
    Hostile::told("commas.csv", &[], || [b"a,b,c\n".to_vec(), vec![b','; 50 * MIB]].concat()),
    Hostile::told("quote.csv", &[], || [b"EMAIL_ADDRESS,b\n\"".to_vec(), vec![b'x'; 50 * MIB]].concat()),
    Hostile::told("quotes.csv", &[], || [b"EMAIL_ADDRESS,b\n".to_vec(), vec![b'"'; 20 * MIB]].concat()),
    Hostile::told("columns.csv", &[], || {
        let header: String = (0..100_000).map(|n| format!("c{n},")).collect();
        format!("EMAIL_ADDRESS,{header}x\n{}", "1,".repeat(100_000)).into_bytes()
    }),
    Hostile::told("rows.csv", &[], || {
        format!("EMAIL_ADDRESS,ACTIVE\n{}", ",\n".repeat(5_000_000)).into_bytes()
    }),
    Hostile::told("formulas.csv", &[], || {
        b"EMAIL_ADDRESS,ACTIVE\n=cmd|' /C calc'!A0,@SUM(1)\n+1,-1\n".to_vec()
    }),
    Hostile::told("table.md", &[], || {
        let row = "|x".repeat(100_000);
        format!("{row}|\n{}|\n{row}|\n{row}|\n", "|---".repeat(100_000)).into_bytes()
    }),
    // Web pages and mails.
    Hostile::told("tags.html", &[], || {
        format!("<!DOCTYPE html><html><body>{}", "<div><table><tr><td>".repeat(300_000)).into_bytes()
    }),
    Hostile::told("entities.html", &[], || {
        format!("<html><body>{}&", "&amp;lt;&#x26;&notanentity".repeat(300_000)).into_bytes()
    }),
    Hostile::told("endless-script.html", &[], || {
        format!("<html><script>{}", "<!--<script>".repeat(500_000)).into_bytes()
    }),
    Hostile::told("nested-parts.eml", &[], || {
        let mut mail = String::from("From: a@example.com\nTo: b@example.com\nSubject: x\nMIME-Version: 1.0\n");
        (0..5_000).for_each(|n| mail.push_str(&format!("Content-Type: multipart/mixed; boundary=\"b{n}\"\n\n--b{n}\n")));
        mail.into_bytes()
    }),
    Hostile::told("many-parts.eml", &[], || {
        let head = "From: a@example.com\nTo: b@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n";
        format!("{head}{}", "--b\nContent-Transfer-Encoding: base64\n\n=\n".repeat(200_000)).into_bytes()
    }),
    Hostile::told("encoded-words.eml", &[], || {
        let head = "From: a@example.com\nTo: b@example.com\nMIME-Version: 1.0\nSubject: ";
        format!("{head}{}\n\nx\n", "=?utf-8?Q?=41?= ".repeat(300_000)).into_bytes()
    }),
    Hostile::told("deflated.bin", &[], || deflated_zeros(1)),
];
