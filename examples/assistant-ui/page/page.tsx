import {
  ActionBarPrimitive,
  AttachmentPrimitive,
  AssistantRuntimeProvider,
  BranchPickerPrimitive,
  ComposerPrimitive,
  MessagePrimitive,
  ThreadListItemPrimitive,
  ThreadListPrimitive,
  ThreadPrimitive,
  useAui,
  useAuiState,
  useLocalRuntime,
  useRemoteThreadListRuntime,
} from "@assistant-ui/react";
import {
  createAttachmentAdapter,
  createChatModelAdapter,
  createThreadHistoryAdapter,
  createThreadListAdapter,
  followBranch,
} from "@chatkeep/adapters/assistant-ui";
import { type Owner, createClient } from "@chatkeep/protocol";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const history = createClient({ baseUrl: location.origin });
// A browser's own secret; a page with a login has a token in its place.
const id = localStorage.getItem("session") ?? crypto.randomUUID();
localStorage.setItem("session", id);
const owner: Owner = { kind: "session", id };
const threads = createThreadListAdapter({ history, owner });
const attachments = createAttachmentAdapter({ history, owner });

/** One thread: the server answers and stores, and the page shows. */
function useThread() {
  const aui = useAui();
  const [adapters] = useState(() => {
    const thread = aui.threadListItem;
    return {
      model: createChatModelAdapter({
        history,
        owner,
        conversationId: async () => (await thread.initialize()).remoteId,
      }),
      history: createThreadHistoryAdapter({
        history,
        owner,
        conversationId: () => thread.getState().remoteId,
        storedBy: "turns",
      }),
    };
  });
  const runtime = useLocalRuntime(adapters.model, {
    adapters: { history: adapters.history, attachments },
  });
  useEffect(
    () =>
      followBranch({
        history,
        owner,
        conversationId: () => aui.threadListItem.getState().remoteId,
        thread: runtime.thread,
      }),
    [aui, runtime],
  );
  return runtime;
}

function Versions() {
  return (
    <BranchPickerPrimitive.Root hideWhenSingleBranch>
      <BranchPickerPrimitive.Previous>Previous version</BranchPickerPrimitive.Previous>
      <BranchPickerPrimitive.Number /> / <BranchPickerPrimitive.Count />
      <BranchPickerPrimitive.Next>Next version</BranchPickerPrimitive.Next>
    </BranchPickerPrimitive.Root>
  );
}

/** A file of the next question, or of one that was sent. */
function Attachment() {
  const { name, content, status } = useAuiState((state) => state.attachment);
  const [part] = content ?? [];
  return (
    <AttachmentPrimitive.Root>
      {part?.type === "image" && <img src={part.image} alt="" height="64" />}
      <AttachmentPrimitive.Name />
      {status.type === "running" && " Uploading…"}
      {status.type === "incomplete" && <span role="alert"> {status.message}</span>}
      {status.type !== "complete" && <AttachmentPrimitive.Remove>Remove {name}</AttachmentPrimitive.Remove>}
    </AttachmentPrimitive.Root>
  );
}

function UserMessage() {
  return (
    <article>
      <MessagePrimitive.Root>
        <MessagePrimitive.Attachments components={{ Attachment }} />
        <MessagePrimitive.Parts />
      </MessagePrimitive.Root>
      <ActionBarPrimitive.Edit>Edit</ActionBarPrimitive.Edit>
      <Versions />
    </article>
  );
}

function AssistantMessage() {
  return (
    <article>
      <MessagePrimitive.Root>
        <MessagePrimitive.Parts />
      </MessagePrimitive.Root>
      <ActionBarPrimitive.Reload>Regenerate</ActionBarPrimitive.Reload>
      <Versions />
    </article>
  );
}

function EditComposer() {
  return (
    <ComposerPrimitive.Root>
      <ComposerPrimitive.Input aria-label="Edited message" />
      <ComposerPrimitive.Send>Save</ComposerPrimitive.Send>
      <ComposerPrimitive.Cancel>Cancel</ComposerPrimitive.Cancel>
    </ComposerPrimitive.Root>
  );
}

function ThreadListItem() {
  return (
    <ThreadListItemPrimitive.Root>
      <ThreadListItemPrimitive.Trigger>
        <ThreadListItemPrimitive.Title fallback="New" />
      </ThreadListItemPrimitive.Trigger>
    </ThreadListItemPrimitive.Root>
  );
}

function Page() {
  // oxlint-disable-next-line react/hooks -- assistant-ui calls the hook in each thread that is open
  const runtime = useRemoteThreadListRuntime({ adapter: threads, runtimeHook: useThread });
  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <nav>
        <ThreadListPrimitive.New>New thread</ThreadListPrimitive.New>
        <ThreadListPrimitive.Items components={{ ThreadListItem }} />
      </nav>
      <main>
        <ThreadPrimitive.Root>
          <ThreadPrimitive.Messages components={{ UserMessage, AssistantMessage, EditComposer }} />
          <ComposerPrimitive.Root>
            <ComposerPrimitive.Attachments components={{ Attachment }} />
            <ComposerPrimitive.AddAttachment>Attach</ComposerPrimitive.AddAttachment>
            <ComposerPrimitive.Input aria-label="Message" />
            <ComposerPrimitive.Send>Send</ComposerPrimitive.Send>
            <ComposerPrimitive.Cancel>Stop</ComposerPrimitive.Cancel>
          </ComposerPrimitive.Root>
        </ThreadPrimitive.Root>
      </main>
    </AssistantRuntimeProvider>
  );
}

createRoot(document.getElementById("root")!).render(<Page />);
