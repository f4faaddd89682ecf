import { useSnapshot } from "@chatkeep/react";
import { type ReactNode, type SyntheticEvent, useId, useState } from "react";

import type { Identity } from "./identity.ts";
import { claimedIn } from "./strings/strings.ts";
import { TaskNotice } from "./TaskNotice.tsx";
import { useAppStrings } from "./useAppStrings.ts";
import { useTask } from "./useTask.ts";

export interface AccountSettingsProps {
  readonly identity: Identity;
  /** Told when the session's conversations were taken over. */
  readonly onClaimed: () => void;
}

/** Signing in with a token, and taking over what was begun without an account. */
export function AccountSettings({ identity, onClaimed }: AccountSettingsProps): ReactNode {
  const strings = useAppStrings();
  const { owner } = useSnapshot(identity);
  const [task, begin] = useTask();
  return (
    <section className="setting">
      <h3>{strings.account}</h3>
      {owner.kind === "session" ? (
        <SignIn
          onSignIn={(token) =>
            begin(async () => ((await identity.signIn(token)) ? null : strings.notSignedIn))
          }
        />
      ) : (
        <>
          <p>{strings.signedInAs(owner.id)}</p>
          <p className="quiet">{strings.claimDetail}</p>
          <div className="setting-actions">
            <button
              type="button"
              className="ck-button"
              disabled={task.status === "doing"}
              onClick={() =>
                begin(async () => {
                  const count = await identity.claim();
                  onClaimed();
                  return claimedIn(strings, count);
                })
              }
            >
              {strings.claim}
            </button>
            <button type="button" className="ck-button ck-quiet" onClick={identity.signOut}>
              {strings.signOut}
            </button>
          </div>
        </>
      )}
      <TaskNotice task={task} />
    </section>
  );
}

function SignIn({ onSignIn }: { readonly onSignIn: (token: string) => void }): ReactNode {
  const strings = useAppStrings();
  const id = useId();
  const [token, setToken] = useState("");
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (token.trim() !== "") onSignIn(token.trim());
  };
  return (
    <form onSubmit={submit}>
      <p className="quiet">{strings.tokenDetail}</p>
      <label htmlFor={id}>{strings.token}</label>
      <div className="setting-actions">
        <input
          id={id}
          className="ck-field"
          type="password"
          dir="ltr"
          autoComplete="off"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button type="submit" className="ck-button" disabled={token.trim() === ""}>
          {strings.signIn}
        </button>
      </div>
    </form>
  );
}
