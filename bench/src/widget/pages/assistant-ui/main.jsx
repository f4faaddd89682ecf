import {
  AssistantModalPrimitive,
  AssistantRuntimeProvider,
  ComposerPrimitive,
  ExportedMessageRepository,
  MessagePrimitive,
  ThreadPrimitive,
  useLocalRuntime,
} from "@assistant-ui/react";
import { MarkdownTextPrimitive } from "@assistant-ui/react-markdown";
import { createRoot } from "react-dom/client";
import remarkGfm from "remark-gfm";

import "./main.css";

const model = { run: async () => ({ content: [] }) };
const history = {
  load: async () => ExportedMessageRepository.fromArray(await (await fetch("/history")).json()),
  append: async () => undefined,
};
const plugins = [remarkGfm];

const Markdown = () => <MarkdownTextPrimitive remarkPlugins={plugins} />;
const Message = () => (
  <MessagePrimitive.Root className="message">
    <MessagePrimitive.Parts components={{ Text: Markdown }} />
  </MessagePrimitive.Root>
);

const Thread = () => (
  <ThreadPrimitive.Root className="thread">
    <ThreadPrimitive.Viewport className="viewport">
      <ThreadPrimitive.Messages components={{ Message }} />
    </ThreadPrimitive.Viewport>
    <ComposerPrimitive.Root>
      <ComposerPrimitive.Input placeholder="Your question" />
      <ComposerPrimitive.Send>Send</ComposerPrimitive.Send>
    </ComposerPrimitive.Root>
  </ThreadPrimitive.Root>
);

function Chat() {
  const runtime = useLocalRuntime(model, { adapters: { history } });
  if (location.search === "?inline")
    return (
      <AssistantRuntimeProvider runtime={runtime}>
        <div className="anchor panel">
          <Thread />
        </div>
      </AssistantRuntimeProvider>
    );
  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <AssistantModalPrimitive.Root>
        <AssistantModalPrimitive.Anchor className="anchor">
          <AssistantModalPrimitive.Trigger className="launcher">
            Ask a question
          </AssistantModalPrimitive.Trigger>
        </AssistantModalPrimitive.Anchor>
        <AssistantModalPrimitive.Content className="panel">
          <Thread />
        </AssistantModalPrimitive.Content>
      </AssistantModalPrimitive.Root>
    </AssistantRuntimeProvider>
  );
}

const root = document.createElement("div");
document.body.append(root);
createRoot(root).render(<Chat />);
