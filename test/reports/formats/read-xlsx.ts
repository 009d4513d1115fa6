import { strFromU8, unzipSync } from "fflate";

export interface ReadCell {
  /** s for a text, b for a boolean, n for a number, a day or a time. */
  kind: string;
  /** As the file has it: a number is its digits. */
  text: string;
  format: string;
  isBold: boolean;
}

export interface ReadSheet {
  name: string;
  xml: string;
  /** Rows of cells by their columns A, B and so on. */
  rows: Map<string, ReadCell>[];
}

/** A reader of a workbook, written from ECMA-376. */
export function readXlsx(bytes: Uint8Array): ReadSheet[] {
  const files = unzipSync(bytes);
  const part = (path: string) => strFromU8(files[path] ?? new Uint8Array());
  const relations = new Map(
    tags(part("xl/_rels/workbook.xml.rels"), "Relationship").map((tag) => [
      attribute(tag, "Id"),
      attribute(tag, "Target"),
    ]),
  );
  const texts = [...part("xl/sharedStrings.xml").matchAll(/<si>([\s\S]*?)<\/si>/g)].map(([, item = ""]) =>
    [...item.matchAll(/<t[^>]*>([\s\S]*?)<\/t>/g)].map(([, text = ""]) => unescaped(text)).join(""),
  );
  const styles = part("xl/styles.xml");
  const formats = new Map(
    tags(styles, "numFmt").map((tag) => [
      attribute(tag, "numFmtId"),
      unescaped(attribute(tag, "formatCode")),
    ]),
  );
  const fonts = [...styles.matchAll(/<font>([\s\S]*?)<\/font>/g)].map(([, font = ""]) =>
    /<b ?\/>/.test(font),
  );
  const cellStyles = tags(/<cellXfs[\s\S]*<\/cellXfs>/.exec(styles)?.[0] ?? "", "xf");
  return tags(part("xl/workbook.xml"), "sheet").map((tag) => {
    const xml = part(`xl/${relations.get(attribute(tag, "r:id"))?.replace(/^\/?(xl\/)?/, "")}`);
    const rows = [...xml.matchAll(/<row [^>]*?(?:\/>|>([\s\S]*?)<\/row>)/g)].map(([, row = ""]) => {
      const cells = new Map<string, ReadCell>();
      for (const [, head = "", body = ""] of row.matchAll(/<c ([^>]*?)(?:\/>|>([\s\S]*?)<\/c>)/g)) {
        const kind = attribute(`<c ${head}>`, "t") || "n";
        const value = /<v>([\s\S]*?)<\/v>/.exec(body)?.[1];
        if (value === undefined) continue;
        const style = cellStyles[Number(attribute(`<c ${head}>`, "s") || 0)] ?? "";
        cells.set(attribute(`<c ${head}>`, "r").replace(/\d+$/, ""), {
          kind,
          text: kind === "s" ? (texts[Number(value)] ?? `no text ${value}`) : value,
          format: formats.get(attribute(style, "numFmtId")) ?? "",
          isBold: fonts[Number(attribute(style, "fontId") || 0)] ?? false,
        });
      }
      return cells;
    });
    return { name: unescaped(attribute(tag, "name")), xml, rows };
  });
}

function tags(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name} [^>]*>`, "g"))].map(([tag]) => tag);
}

function attribute(tag: string, name: string): string {
  return new RegExp(`[ ]${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
}

/** Entities, and then the escapes of ST_Xstring. */
function unescaped(text: string): string {
  return text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;|&#39;/g, "'")
    .replace(/&amp;/g, "&")
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
