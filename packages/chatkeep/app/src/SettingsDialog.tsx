import { Choice, MoreIcon, useSnapshot } from "@chatkeep/react";
import type { ReactNode } from "react";

import { AccountSettings } from "./AccountSettings.tsx";
import { DataSettings } from "./DataSettings.tsx";
import { Dialog } from "./Dialog.tsx";
import type { Identity } from "./identity.ts";
import { LANGUAGES, type Language } from "./language.ts";
import type { Theme } from "./theme.ts";
import { useAppStrings } from "./useAppStrings.ts";

export interface SettingsDialogProps {
  readonly identity: Identity;
  readonly theme: Theme;
  readonly language: Language;
  /** Told when all that was kept of the owner is erased, or before the page is another owner's. */
  readonly onErased: () => void;
  readonly onClaimed: () => void;
  readonly onClose: () => void;
}

/** What concerns all conversations: colours, language, the account, and one's data. */
export function SettingsDialog(props: SettingsDialogProps): ReactNode {
  const { identity, theme, language, onErased, onClaimed, onClose } = props;
  const strings = useAppStrings();
  const chosen = useSnapshot(theme);
  return (
    <Dialog title={strings.settings} onClose={onClose}>
      <Choice
        name={strings.colours}
        title="shown"
        chosen={chosen}
        options={{
          system: <Labelled icon="screen" text={strings.themes.system} />,
          light: <Labelled icon="sun" text={strings.themes.light} />,
          dark: <Labelled icon="moon" text={strings.themes.dark} />,
        }}
        onChoose={theme.choose}
      />
      <Choice
        name={strings.language}
        title="shown"
        chosen={strings.components.language}
        options={Object.fromEntries(
          Object.entries(LANGUAGES).map(([tag, { name }]) => [
            tag,
            <span key={tag} lang={tag}>
              {name}
            </span>,
          ]),
        )}
        onChoose={language.choose}
      />
      <AccountSettings identity={identity} onClaimed={onClaimed} onSignOut={onErased} />
      <DataSettings identity={identity} onErased={onErased} onImported={onClaimed} />
    </Dialog>
  );
}

interface LabelledProps {
  readonly icon: "screen" | "sun" | "moon";
  readonly text: string;
}

function Labelled({ icon, text }: LabelledProps): ReactNode {
  return (
    <>
      <MoreIcon name={icon} />
      {text}
    </>
  );
}
