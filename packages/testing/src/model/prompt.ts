/** A piece of what a model is sent, alike for every provider. */
export type PromptPart =
  | { readonly role: "system" | "user" | "assistant"; readonly text: string }
  | { readonly role: "assistant"; readonly call: { readonly id: string; readonly name: string } }
  | { readonly role: "tool"; readonly id: string; readonly text: string };

interface Block {
  readonly type?: string;
  readonly text?: string;
  readonly role?: string;
  readonly content?: unknown;
  readonly id?: string;
  readonly call_id?: string;
  readonly name?: string;
  readonly output?: unknown;
  readonly tool_call_id?: string;
  readonly tool_use_id?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string } }[];
  readonly parts?: readonly Block[];
  readonly functionCall?: { readonly id?: string; readonly name: string };
  readonly functionResponse?: { readonly id?: string; readonly name: string; readonly response: unknown };
}

/** Reads the prompt of a request of any provider, in order; a system prompt beside the messages comes first. */
export function promptOf(body: unknown): PromptPart[] {
  const { messages, input, contents, system, systemInstruction } = body as {
    messages?: readonly Block[];
    input?: readonly Block[];
    contents?: readonly Block[];
    system?: unknown;
    systemInstruction?: { parts: readonly Block[] };
  };
  const instructions = textOf(system ?? systemInstruction?.parts ?? "");
  const said = (messages ?? input ?? contents ?? []).flatMap((one) => partsOf(one));
  return instructions === "" ? said : [{ role: "system", text: instructions }, ...said];
}

function partsOf(block: Block): PromptPart[] {
  if (block.type === "function_call") return [callPart(block.call_id, block.name)];
  if (block.type === "function_call_output") return [resultPart(block.call_id, block.output)];
  if (block.role === "tool") return [resultPart(block.tool_call_id, block.content)];
  const role = block.role === "model" || block.role === "assistant" ? "assistant" : block.role;
  const said: PromptPart[] = [];
  const blocks = block.parts ?? (Array.isArray(block.content) ? (block.content as Block[]) : undefined);
  for (const one of blocks ?? [{ text: textOf(block.content) }]) {
    if (one.type === "tool_use") said.push(callPart(one.id, one.name));
    else if (one.type === "tool_result") said.push(resultPart(one.tool_use_id, one.content));
    else if (one.functionCall !== undefined)
      said.push(callPart(one.functionCall.id ?? one.functionCall.name, one.functionCall.name));
    else if (one.functionResponse !== undefined) {
      const { id, name, response } = one.functionResponse;
      said.push(resultPart(id ?? name, JSON.stringify(response)));
    } else if ((one.text ?? "") !== "")
      said.push({ role: role === "assistant" || role === "user" ? role : "system", text: one.text! });
  }
  return [...said, ...(block.tool_calls ?? []).map(({ id, function: { name } }) => callPart(id, name))];
}

function callPart(id = "", name = ""): PromptPart {
  return { role: "assistant", call: { id, name } };
}

function resultPart(id = "", output: unknown): PromptPart {
  return { role: "tool", id, text: textOf(output) };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map((one: Block) => one.text ?? "").join("");
  return content === undefined || content === null ? "" : JSON.stringify(content);
}

/**
 * What a model says whose answer is `whole`, to a prompt that may hold its beginning: the rest after a beginning at the
 * end, the last words and the rest to the instruction to go on, else all of it.
 */
export function sayFrom(whole: string, prompt: readonly PromptPart[]): string {
  const [before, last] = [prompt.at(-2), prompt.at(-1)];
  if (last === undefined || !("text" in last)) return whole;
  if (last.role === "assistant") return whole.slice(last.text.length);
  const anchor = /<last_words>([^]*)<\/last_words>$/.exec(last.text)?.[1];
  if (anchor === undefined || before?.role !== "assistant" || !("text" in before)) return whole;
  return anchor + whole.slice(before.text.length);
}
