import { MoreStringsContext, StringsContext, createChat, useSnapshot } from "@chatkeep/react";
import { type ReactNode, useEffect, useMemo, useState } from "react";

import { createAddress } from "./address.ts";
import type { Identity } from "./identity.ts";
import type { Language } from "./language.ts";
import { Page } from "./Page.tsx";
import { SettingsDialog } from "./SettingsDialog.tsx";
import type { SidebarState } from "./sidebar-state.ts";
import type { Theme } from "./theme.ts";
import { AppStringsContext } from "./useAppStrings.ts";

export interface AppProps {
  readonly identity: Identity;
  readonly theme: Theme;
  readonly language: Language;
  readonly sidebar: SidebarState;
}

/** The app: the page of whoever it is, in the chosen language, and the settings that outlive both. */
export function App({ identity, theme, language, sidebar }: AppProps): ReactNode {
  const strings = useSnapshot(language);
  const who = useSnapshot(identity);
  const [address] = useState(createAddress);
  const [settings, setSettings] = useState<"open" | "closed">("closed");
  const chat = useMemo(() => createChat(who), [who]);
  useEffect(() => () => chat.close(), [chat]);
  return (
    <StringsContext value={strings.components}>
      <MoreStringsContext value={strings.components}>
        <AppStringsContext value={strings}>
          <Page
            key={who.life}
            chat={chat}
            headers={who.headers}
            address={address}
            shares={who.history}
            storage={who.storage}
            name={who.name}
            theme={theme}
            sidebar={sidebar}
            onSettings={() => setSettings("open")}
          />
          {settings === "open" && (
            <div className="ck">
              <SettingsDialog
                identity={identity}
                theme={theme}
                language={language}
                onErased={() => address.replace(null)}
                onClaimed={() => chat.refresh()}
                onClose={() => setSettings("closed")}
              />
            </div>
          )}
        </AppStringsContext>
      </MoreStringsContext>
    </StringsContext>
  );
}
