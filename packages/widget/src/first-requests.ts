import type { Settings } from "./settings.ts";

/** A page of conversations, on the wire. */
interface Found {
  readonly conversations: readonly { readonly id: string; readonly is_default: boolean }[];
}

/**
 * Sends what the panel asks first, while the panel itself is loaded: for the conversation of the place, then for its
 * latest messages. Gives the `fetch` of the panel's history, which answers its first requests with these answers: each
 * once, and only the very same request with the same credentials. After the first other one it only fetches.
 * Sends nothing for a reader whom this browser does not know: who that is the panel finds out.
 */
export function sendFirst({ endpoint, section, place, getToken }: Settings): typeof fetch {
  /** Undefined when no more are sent. */
  let sent: { readonly request: string; readonly answer: Promise<Response> }[] | undefined = [];
  const send = (headers: HeadersInit, path: string, onText?: (text: string) => void): void => {
    const address = `${endpoint}/api/conversations${path}`;
    const answer = fetch(address, { headers }).then(async (response) => {
      if (!response.ok) return response;
      const text = await response.text();
      onText?.(text);
      // Read already: a new response of the text is only read some tasks later.
      return Object.assign(response, { text: async () => text });
    });
    // Whoever takes the answer gets the error.
    answer.catch(() => undefined);
    sent?.push({ request: requestOf(address, headers), answer });
  };
  const begin = async (): Promise<void> => {
    const token = (await getToken?.()) ?? null;
    // The key of the session in `@chatkeep/react`, which is not loaded yet.
    const session = token ?? localStorage.getItem(`${section}chatkeep-session-id`);
    if (sent === undefined || session === null) return;
    const headers = {
      accept: "application/json",
      ...(token === null ? { "x-session-id": session } : { authorization: `Bearer ${token}` }),
    };
    send(headers, `?limit=100&${new URLSearchParams({ scope: place.id })}`, (text) => {
      const { conversations } = JSON.parse(text) as Found;
      // The one that the panel chooses, too.
      const found = conversations.find(({ is_default }) => is_default) ?? conversations[0];
      if (sent !== undefined && found !== undefined)
        send(headers, `/${encodeURIComponent(found.id)}/messages?limit=50&files=url`);
    });
  };
  begin().catch(() => undefined);

  return (address, init) => {
    const first = sent?.shift();
    if (first?.request === requestOf(address, init?.headers)) return first.answer;
    sent = undefined;
    return fetch(address, init);
  };
}

function requestOf(address: unknown, headers: HeadersInit | undefined): string {
  return JSON.stringify([address, headers]);
}
