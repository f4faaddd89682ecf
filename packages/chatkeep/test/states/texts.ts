import type { Citation } from "@chatkeep/protocol";

/** What is asked, and its answer in two pieces. */
export const QUESTION = "What happens to an answer when I close the page?";
export const BEGINNING =
  "Nothing is lost. Leaving ends nothing: the responder goes on, and the whole answer is there when you come " +
  "back [1].\n\n- A **finished** answer is there with its sources [2].\n";
export const END =
  "- A **running** one goes on where you left it.\n- Only *Stop* ends it, and the text so far is kept [3].\n";

const cite = (file: string, chapter: string, section: string, quote: string): Citation => {
  const anchor = section.toLowerCase().replaceAll(" ", "-");
  const url = `/documents/${file}#${anchor}`;
  return { path: file, chapter, section, anchor, quote, score: 0.9, url };
};
export const CITATIONS: readonly Citation[] = [
  cite(
    "turns.md",
    "Turns and streams",
    "Leaving is not stopping",
    "Closing the tab, a lost network or a timeout of the client ends nothing: the responder goes on, and the whole answer is there when the person comes back.",
  ),
  cite(
    "messages.md",
    "Messages, parts and citations",
    "Citations",
    "Citations are stored with the answer, so they are the same after a reload.",
  ),
  cite(
    "turns.md",
    "Turns and streams",
    "Stop an answer",
    "The responder's signal is aborted, the text so far is kept, and the status is `stopped`.",
  ),
];

/** A table, lists, code, a quotation. */
export const MARKDOWN = `## Choosing a database

| Where | What to set | Good for |
|:--|:--|--:|
| embedded | nothing | trying it out |
| any PostgreSQL | \`DATABASE_URL\` | most sites |
| Neon | \`NEON_DATABASE_URL\` | a database that sleeps |

1. Set the address:

   \`\`\`sh
   DATABASE_URL=postgres://chatkeep@localhost/chatkeep npm start
   \`\`\`

2. Ask \`chatkeep doctor\` what it thinks of it.
   - It checks TLS, rights and the version.
   - Each line that fails says what to do.

> A database that is down is never an empty history. [See the guide](https://example.org).

---

- [x] migrated
- [ ] backed up`;

/** Coloured code, formulas, a footnote. */
export const WRITTEN = `A window of the last messages[^1] is read with one statement. Press <kbd>Ctrl</kbd> + <kbd>K</kbd> to find one.

\`\`\`ts
/** Reads the newest messages of a conversation. */
export async function newest(pool: Pool, id: string, limit = 50): Promise<Message[]> {
  const { rows } = await pool.query("select * from messages where conversation_id = $1 order by seq desc limit $2", [id, limit]);
  return rows.reverse(); // oldest first
}
\`\`\`

Its cost grows with the limit $n$ alone, so that

$$
T(n) = \\sum_{i=1}^{n} t_i + \\frac{\\log_2 m}{B} = O(n + \\log m)
$$

where \\(m\\) is the number of messages: H<sub>2</sub>O it is not.

| Messages | Rows read | Time |
|--:|--:|:--|
| 1,000 | 50 | 0.4 ms |
| 1,000,000 | 50 | 0.4 ms |

\`\`\`python
def window(seq: int, limit: int = 50) -> range:
    """The numbers that are read."""
    return range(max(1, seq - limit + 1), seq + 1)
\`\`\`

[^1]: By their number, never by their time.`;
