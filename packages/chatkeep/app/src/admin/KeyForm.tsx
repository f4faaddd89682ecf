import { Notice } from "@chatkeep/react";
import { type ReactNode, type SyntheticEvent, useState } from "react";

import { Mark } from "../Mark.tsx";

export interface KeyFormProps {
  /** Why the key before was not taken. */
  readonly failure: string | null;
  readonly onEnter: (key: string) => void;
}

/** Asks for a server key. */
export function KeyForm({ failure, onEnter }: KeyFormProps): ReactNode {
  const [key, setKey] = useState("");
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (key.trim() !== "") onEnter(key);
  };
  return (
    <main className="ck key">
      <form onSubmit={submit}>
        <Mark />
        <h1>Operator</h1>
        <p>
          Enter a server key: one of <code>CHATKEEP_API_KEYS</code>. This tab forgets it when it is closed.
        </p>
        <label htmlFor="key">Server key</label>
        <input
          id="key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="ck_…"
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
        {failure !== null && (
          <div role="alert">
            <Notice tone="trouble">{failure}</Notice>
          </div>
        )}
        <button type="submit" className="ck-button ck-primary" disabled={key.trim() === ""}>
          Show
        </button>
      </form>
    </main>
  );
}
