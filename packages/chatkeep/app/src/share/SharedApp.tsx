import { MoreStringsContext, StringsContext, useSnapshot } from "@chatkeep/react";
import type { ReactNode } from "react";

import type { AppProps } from "../App.tsx";
import { AppStringsContext } from "../useAppStrings.ts";
import { SharedPage } from "./SharedPage.tsx";

/** The page of a link, in the reader's language. */
export function SharedApp({
  token,
  identity,
  language,
}: Pick<AppProps, "identity" | "language"> & { readonly token: string }): ReactNode {
  const strings = useSnapshot(language);
  const who = useSnapshot(identity);
  return (
    <StringsContext value={strings.components}>
      <MoreStringsContext value={strings.components}>
        <AppStringsContext value={strings}>
          <SharedPage key={who.life} token={token} who={who} />
        </AppStringsContext>
      </MoreStringsContext>
    </StringsContext>
  );
}
