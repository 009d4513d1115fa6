import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chartLabel, inSentence } from "../../src/reports/charts/label.ts";
import { html, name } from "../../src/reports/html.ts";
import { table } from "../../src/reports/table.ts";

const hostile = `<img src=x onerror="alert(1)">' & \u202e`;

describe("markup", () => {
  it("escapes whatever stands in it, and nothing twice", () => {
    expect(html`<p title="${hostile}">${html`<b>${"<&>"}</b>`}${[1, "'", null, false]}</p>`.markup).toBe(
      `<p title="&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39; &amp; "><b>&lt;&amp;&gt;</b>1&#39;</p>`,
    );
  });

  it("holds no character that could end a text or an attribute", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { markup } = html`${text}`;
        expect(markup).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        // What came in comes out again, but for what HTML can't hold.
        const back = markup
          .replace(/&lt;/g, "<")
          .replace(/&gt;/g, ">")
          .replace(/&quot;/g, '"')
          .replace(/&#39;/g, "'")
          .replace(/&amp;/g, "&");
        expect(back).toBe(
          text
            .replace(/[\u202a-\u202e\u2066\u2067]/g, "")
            .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd"),
        );
      }),
    );
  });

  it("keeps a name from turning the text beside it", () => {
    expect(name("\u202eevil").markup).toBe("<bdi>evil</bdi>");
  });
});

describe("a name in a chart", () => {
  it("is cut between characters as people see them", () => {
    expect(chartLabel("short", 10)).toBe("short");
    expect(chartLabel("a name that is too long", 10)).toBe("a name t\u2026");
    expect(chartLabel("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 6)).toBe("👩‍👩‍👧👩‍👩‍👧\u2026");
    expect(chartLabel("日本語のプロジェクト", 9)).toBe("日本語の\u2026");
  });

  it("is one line, without what turns its direction", () => {
    expect(chartLabel("two\r\nlines\u202e \u0000x", 40)).toBe("two lines x");
    expect(inSentence("\u202eevil")).toBe("\u2068evil\u2069");
  });

  it("takes no more room than there is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 400 }),
        fc.integer({ min: 2, max: 40 }),
        (text, room) => {
          expect([...new Intl.Segmenter().segment(chartLabel(text, room))].length).toBeLessThanOrEqual(room);
        },
      ),
    );
  });
});

describe("a table", () => {
  const columns = [
    { head: "Name", cell: (row: number) => `row ${row}`, total: "All" },
    { head: "GPU-hours", isNumber: true, cell: (row: number) => `${row}.0`, total: "9.0" },
  ];

  it("shows its first rows, and has all of them", () => {
    const rows = Array.from({ length: 40 }, (_, i) => i);
    const { markup } = table(columns, rows, { caption: "Rows", id: "rows", shown: 10 });
    expect(markup.match(/<tr>/g)).toHaveLength(42);
    expect(markup).toContain("Show all 40 rows");
    expect(markup.indexOf('class="tail"')).toBeGreaterThan(markup.indexOf("row 9"));
    expect(markup.indexOf('class="tail"')).toBeLessThan(markup.indexOf("row 10"));
  });

  it("hides no two or three rows behind a switch", () => {
    const { markup } = table(columns, [1, 2, 3], { caption: "Rows", id: "rows", shown: 1 });
    expect(markup).not.toContain("Show all");
  });
});
