import { type Responder, contentOf } from "@chatkeep/protocol";

import { complete } from "./completion.ts";

const url = process.env["OPENAI_BASE_URL"] ?? "";

/** The host's own function: it asks the model as the load does without us. */
const respond: Responder = ({ question }) => complete(url, contentOf(question.parts));

export default respond;
