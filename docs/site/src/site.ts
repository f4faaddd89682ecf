/** A citation that the widget is about to open. */
type Navigate = CustomEvent<{ readonly citation: { readonly path: string; readonly anchor: string | null } }>;

const chat = document.querySelector<HTMLElement>("chatkeep-chat");
if (chat !== null) {
  const root = document.documentElement;
  const followTheme = (): void => chat.setAttribute("theme", root.dataset["theme"] ?? "auto");
  followTheme();
  new MutationObserver(followTheme).observe(root, { attributeFilter: ["data-theme"] });

  // The server would open its own page of the document. The widget marks the passage on this site's page.
  chat.addEventListener("chatkeep-navigate", (event) => {
    const { path, anchor } = (event as Navigate).detail.citation;
    event.preventDefault();
    const page = `${chat.dataset["base"]}/guide/${path.replace(/\.md$/, "")}/`.replaceAll("//", "/");
    location.assign(anchor === null ? page : `${page}#${encodeURIComponent(anchor)}`);
  });
}

// Its name has the keys that it shows: Starlight leaves them out, and whoever speaks to a page says what is there.
const search = document.querySelector("site-search button");
search?.setAttribute("aria-label", search.textContent.trim().replaceAll(/\s+/g, " "));

// starlight-openapi goes from a heading of the third level to one of the fifth.
for (const heading of document.querySelectorAll(".sl-openapi-examples-heading")) heading.ariaLevel = "4";
