import { FailureNotice } from "@chatkeep/react";
import { type ReactNode, useState } from "react";

import { takeFailure } from "./signing-in.ts";
import { useAppStrings } from "./useAppStrings.ts";

const failed = takeFailure();

/** After a return from the issuer without having signed in. */
export function SignInNotice(): ReactNode {
  const { signInFailed } = useAppStrings();
  const [shown, setShown] = useState(failed);
  return <FailureNotice failure={shown ? signInFailed : null} onClose={() => setShown(false)} />;
}
