import { attributes, html, joinHtml, rawHtml } from "#lib/display/html.js";
import { describe, expect, it } from "vitest";

const evil = `<i title="x">&'</i>`;
const harmless = "&lt;i title=&quot;x&quot;&gt;&amp;&#39;&lt;/i&gt;";

describe("the html tag", () => {
  it("escapes text, between tags and in quoted attributes", () => {
    expect(String(html`<p title="${evil}">${evil}</p>`)).toBe(`<p title="${harmless}">${harmless}</p>`);
  });

  it("escapes text in lists", () => {
    expect(String(html`${[[evil], "<b>"]}`)).toBe(`${harmless}&lt;b&gt;`);
  });

  it("keeps HTML as it is, at any depth", () => {
    expect(String(html`<ul>${[html`<li>${1}</li>`, [rawHtml("<hr>")]]}</ul>`)).toBe(
      "<ul><li>1</li><hr></ul>",
    );
  });

  it("leaves out what is not there, but not the number 0", () => {
    expect(String(html`a${null}b${undefined}c${false}d${""}e${0}`)).toBe("abcde0");
  });

  it("reads escapes in the template as in any other", () => {
    expect(String(html`a\nb`)).toBe("a\nb");
  });
});

describe("HTML in a row", () => {
  it("has separators only between the parts that are there", () => {
    expect(String(joinHtml([undefined, "a", false, html`<b>`, "", "c<"], " & "))).toBe(
      "a &amp; <b> &amp; c&lt;",
    );
  });
});

describe("attributes", () => {
  it("are escaped and left out when there is no value", () => {
    expect(String(html`<a${attributes({ href: evil, hidden: true, open: false, id: undefined })}>`)).toBe(
      `<a href="${harmless}" hidden>`,
    );
  });
});
