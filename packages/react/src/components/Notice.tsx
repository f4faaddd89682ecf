import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { Button } from "./Button.tsx";
import { Icon } from "./Icon.tsx";

export interface NoticeProps {
  /** `trouble` for what needs a person, `quiet` for what is only said. */
  readonly tone: "trouble" | "quiet";
  readonly children: ReactNode;
  /** Buttons that help. */
  readonly actions?: ReactNode;
}

/** A short message of the page in its own words, with what can be done about it. */
export function Notice({ tone, children, actions }: NoticeProps): ReactNode {
  return (
    <div className="ck-notice" data-tone={tone}>
      {tone === "trouble" && <Icon name="alert" />}
      <div className="ck-notice-text">{children}</div>
      {actions !== undefined && <div className="ck-notice-actions">{actions}</div>}
    </div>
  );
}

export interface FailureNoticeProps {
  /** The sentence why an action did not work; `null`: it has, or none was tried. */
  readonly failure: string | null;
  readonly onClose: () => void;
}

/** Says that an action did not work, until it is closed. */
export function FailureNotice({ failure, onClose }: FailureNoticeProps): ReactNode {
  const strings = useStrings();
  if (failure === null) return null;
  return (
    <div role="alert">
      <Notice tone="trouble" actions={<Button tone="quiet" label={strings.close} onPress={onClose} />}>
        <strong>{strings.actionFailed}</strong> {failure}
      </Notice>
    </div>
  );
}
