import type { Owner, Share, ShareInit, Shares } from "@chatkeep/protocol";
import { CopyButton, Notice, momentIn } from "@chatkeep/react";
import { type ReactNode, useEffect, useState } from "react";

import { Dialog } from "../Dialog.tsx";
import { useAppStrings } from "../useAppStrings.ts";
import { useTask } from "../useTask.ts";

export interface ShareDialogProps {
  readonly history: Shares;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly onClose: () => void;
}

/** Days until a link ends; 0: it does not. */
const DAYS = [0, 1, 7, 30] as const;

/** Makes links to a conversation, and deletes them. A link is shown once, when it is made. */
export function ShareDialog({ history, owner, conversationId, onClose }: ShareDialogProps): ReactNode {
  const { share: strings, components } = useAppStrings();
  const [shares, setShares] = useState<readonly Share[]>([]);
  const [made, setMade] = useState<{ readonly id: string; readonly address: string } | null>(null);
  const [live, setLive] = useState(false);
  const [name, setName] = useState("");
  const [days, setDays] = useState<number>(0);
  const [task, begin] = useTask();
  const read = async (): Promise<null> => {
    setShares(await history.listShares(owner, conversationId));
    return null;
  };
  useEffect(() => {
    begin(read);
    // oxlint-disable-next-line react/exhaustive-deps -- only when it appears
  }, []);
  const make = (): void =>
    begin(async () => {
      const init: ShareInit = {
        live,
        name: name.trim() === "" ? null : name.trim(),
        expiresAt: days === 0 ? null : new Date(Date.now() + days * 86_400_000).toISOString(),
      };
      const { share, token } = await history.createShare(owner, conversationId, init);
      setMade({ id: share.id, address: new URL(`share/${token}`, new URL("./", location.href)).href });
      return read();
    });
  const remove = (id: string): void =>
    begin(async () => {
      await history.deleteShare(owner, id);
      if (made?.id === id) setMade(null);
      return read();
    });
  const isBusy = task.status === "doing";
  return (
    <Dialog title={strings.title} onClose={onClose}>
      <div className="share">
        <p className="quiet">{strings.detail}</p>
        <form
          className="share-form"
          onSubmit={(event) => {
            event.preventDefault();
            make();
          }}
        >
          <label>
            {strings.name}
            <input
              className="ck-field"
              value={name}
              maxLength={200}
              onChange={({ target }) => setName(target.value)}
            />
          </label>
          <label>
            {strings.ends}
            <select
              className="ck-field"
              value={days}
              onChange={({ target }) => setDays(Number(target.value))}
            >
              {DAYS.map((number) => (
                <option key={number} value={number}>
                  {strings.after(number)}
                </option>
              ))}
            </select>
          </label>
          <label className="check">
            <input type="checkbox" checked={live} onChange={({ target }) => setLive(target.checked)} />
            {strings.live}
          </label>
          <button type="submit" className="ck-button ck-primary" disabled={isBusy}>
            {strings.make}
          </button>
        </form>
        <output>
          {made !== null && (
            <div className="share-made">
              <input
                className="ck-field"
                readOnly
                dir="ltr"
                aria-label={strings.link}
                value={made.address}
                onFocus={({ target }) => target.select()}
              />
              <CopyButton text={made.address} label={strings.copy} />
            </div>
          )}
          {task.status === "failed" && <Notice tone="trouble">{task.sentence}</Notice>}
        </output>
        {shares.length > 0 && (
          <ul className="shares" aria-label={strings.links}>
            {shares.map(({ id, name: shownName, messageId, createdAt, expiresAt }) => (
              <li key={id}>
                <span>
                  {momentIn(components, createdAt)}
                  <small className="quiet">
                    {[
                      shownName,
                      messageId === null ? strings.isLive : strings.isFixed,
                      expiresAt === null ? null : strings.until(momentIn(components, expiresAt)),
                    ]
                      .filter((each) => each !== null)
                      .join(" · ")}
                  </small>
                </span>
                <button
                  type="button"
                  className="ck-button ck-quiet"
                  disabled={isBusy}
                  onClick={() => remove(id)}
                >
                  {strings.remove}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}
