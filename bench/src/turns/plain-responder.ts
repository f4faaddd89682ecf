import type { Responder } from "@chatkeep/protocol";

/** Answers with two pieces, without a model. */
const responder: Responder = async function* () {
  yield "It is ";
  yield "a turn.";
};
export default responder;
