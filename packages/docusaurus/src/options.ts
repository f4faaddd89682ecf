/** What the plugin is told in `docusaurus.config`. */
export interface ChatkeepOptions {
  /** Where the Chatkeep server is: an address such as `https://chat.example.org`, or a path of the site's own host. */
  readonly endpoint: string;
  /** What the panel is called. Default: the widget's own words in the site's language. */
  readonly label?: string | undefined;
}

const KNOWN = ["endpoint", "label"];

/** Reads options. Errors: `TypeError` with the sentence for the person who wrote them. */
export function readOptions(options: Readonly<Record<string, unknown>>): ChatkeepOptions {
  const unknown = Object.keys(options).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0)
    throw new TypeError(
      `@chatkeep/docusaurus has no option ${unknown.join(", ")}: it has ${KNOWN.join(" and ")}.`,
    );
  const { endpoint, label } = options;
  if (typeof endpoint !== "string" || !isAddress(endpoint)) {
    const given = endpoint === undefined ? "" : `, not ${JSON.stringify(endpoint)}`;
    throw new TypeError(
      `@chatkeep/docusaurus needs \`endpoint\`, the address of your Chatkeep server, such as "https://chat.example.org" or "/assistant"${given}.`,
    );
  }
  if (label !== undefined && (typeof label !== "string" || label.trim() === ""))
    throw new TypeError(
      "`label` of @chatkeep/docusaurus is what the panel is called: words, or nothing at all.",
    );
  return { endpoint: endpoint.replace(/\/+$/, ""), label };
}

/** An absolute address of the web, or a path from the root of the site's host (`//host` is neither). */
function isAddress(endpoint: string): boolean {
  return /^\/(?!\/)/.test(endpoint) || (/^https?:\/\//i.test(endpoint) && URL.canParse(endpoint));
}
