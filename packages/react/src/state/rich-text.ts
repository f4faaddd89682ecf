/** An answer as it is drawn, as HTML for other programs: without buttons, and without the classes of this page. */
export function richText(answer: Element): string {
  const written = [...answer.querySelectorAll(".ck-markdown")].map((element) => {
    const copy = element.cloneNode(true) as Element;
    for (const own of copy.querySelectorAll("button, .ck-hidden, svg, [aria-hidden=true]")) own.remove();
    // Its colours are this page's.
    for (const code of copy.querySelectorAll("code")) code.replaceChildren(code.textContent);
    for (const link of copy.querySelectorAll("a")) link.setAttribute("href", link.href);
    for (const each of copy.querySelectorAll("*"))
      for (const name of each.getAttributeNames()) if (!KEPT.has(name)) each.removeAttribute(name);
    return copy.innerHTML;
  });
  return written.join("\n");
}

const KEPT = new Set(["href", "src", "alt", "lang", "dir", "start", "colspan", "rowspan"]);
