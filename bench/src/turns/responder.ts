import { type Responder, contentOf } from "@chatkeep/protocol";

import { pacedTokens, readPace } from "./pace.ts";

/** Answers in the server's own process, so that the server alone is measured. */
const respond: Responder = ({ question }) => {
  const { count, perSecond } = readPace(contentOf(question.parts));
  return pacedTokens(count, perSecond);
};

export default respond;
