import { useSnapshot } from "@chatkeep/react";
import { type ReactNode, type SyntheticEvent, useEffect, useId, useState } from "react";

import type { Identity } from "./identity.ts";
import { readSignInSession } from "./signing-in.ts";
import { claimedIn } from "./strings/strings.ts";
import { TaskNotice } from "./TaskNotice.tsx";
import { useAppStrings } from "./useAppStrings.ts";
import { useTask } from "./useTask.ts";

export interface AccountSettingsProps {
  readonly identity: Identity;
  /** Told when the session's conversations were taken over. */
  readonly onClaimed: () => void;
  /** Told before the page is no longer theirs. */
  readonly onSignOut: () => void;
}

/** Signing in with a token, and taking over what was begun without an account. */
export function AccountSettings({ identity, onClaimed, onSignOut }: AccountSettingsProps): ReactNode {
  const strings = useAppStrings();
  const { owner, name } = useSnapshot(identity);
  const [task, begin] = useTask();
  return (
    <section className="setting">
      <h3>{strings.account}</h3>
      {owner.kind === "session" ? (
        <SignIn
          onSignIn={(token, session) =>
            begin(async () => ((await identity.signIn(token, session)) ? null : strings.notSignedIn))
          }
          onIssuer={identity.signInWithIssuer}
        />
      ) : (
        <>
          <p>{strings.signedInAs(name)}</p>
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
            <button
              type="button"
              className="ck-button ck-quiet"
              onClick={() =>
                begin(() => {
                  onSignOut();
                  return identity.signOut().then(() => null);
                })
              }
            >
              {strings.signOut}
            </button>
          </div>
        </>
      )}
      <TaskNotice task={task} />
    </section>
  );
}

interface SignInProps {
  readonly onSignIn: (token: string, session: "bring" | "leave") => void;
  readonly onIssuer: (session: "bring" | "leave") => void;
}

/** With the server's issuer where there is one, else with a token. */
function SignIn({ onSignIn, onIssuer }: SignInProps): ReactNode {
  const strings = useAppStrings();
  const id = useId();
  const [token, setToken] = useState("");
  const [brings, setBrings] = useState(true);
  const [offered, setOffered] = useState<boolean>();
  useEffect(() => {
    let left = false;
    void readSignInSession().then((read) => left || setOffered(read.offered));
    return () => void (left = true);
  }, []);
  if (offered === undefined) return null;
  const session = brings ? "bring" : "leave";
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (offered) onIssuer(session);
    else if (token.trim() !== "") onSignIn(token.trim(), session);
  };
  return (
    <form onSubmit={submit}>
      <p className="quiet">{offered ? strings.signInDetail : strings.tokenDetail}</p>
      {!offered && <label htmlFor={id}>{strings.token}</label>}
      <div className="setting-actions">
        {!offered && (
          <input
            id={id}
            className="ck-field"
            type="password"
            dir="ltr"
            autoComplete="off"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        )}
        <button type="submit" className="ck-button" disabled={!offered && token.trim() === ""}>
          {strings.signIn}
        </button>
      </div>
      <label className="check">
        <input type="checkbox" checked={brings} onChange={(event) => setBrings(event.target.checked)} />
        {strings.bring}
      </label>
    </form>
  );
}
