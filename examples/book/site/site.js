// A page without a build: the canonical API by fetch, a session in the browser's storage, a conversation a chapter.
const session = (() => {
  const known = localStorage.getItem("garden-session");
  if (known !== null) return known;
  const made = crypto.randomUUID();
  localStorage.setItem("garden-session", made);
  return made;
})();
const headers = { "x-session-id": session, "content-type": "application/json" };
const talk = document.querySelector("#talk");
const status = document.querySelector("#status");
const scope = decodeURIComponent(location.hash.slice(1)) || "1-seeds";
let shown = scope;

async function call(method, path, body) {
  const response = await fetch(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const reply = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(reply.detail);
  return reply;
}

function show({ role, content, citations }) {
  const entry = document.createElement("p");
  entry.className = role === "user" ? "question" : "answer";
  entry.textContent = content;
  for (const [index, { url, chapter }] of (citations ?? []).entries()) {
    const link = document.createElement("a");
    // Only what begins with our own path becomes a link.
    if (url?.startsWith("/book/")) link.href = url;
    link.textContent = `[${index + 1}] ${chapter}`;
    entry.append(" ", link);
  }
  talk.append(entry);
}

async function open(chapter) {
  shown = chapter;
  talk.replaceChildren();
  const conversation = await call("POST", "/api/conversations", { scope: chapter });
  const { messages } = await call("GET", `/api/conversations/${conversation.id}/messages`);
  // A late reply of a chapter that was left is not painted into the next one.
  if (shown === chapter) for (const message of messages) show(message);
  return conversation;
}

async function run(work) {
  try {
    status.textContent = "";
    await work();
  } catch (error) {
    status.textContent = error.message;
  }
}

const { chapters } = await (await fetch("/book", { headers: { accept: "application/json" } })).json();
for (const { path, title } of chapters) {
  const slug = path.replace(/\.md$/, "");
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `#${encodeURIComponent(slug)}`;
  link.textContent = title;
  link.addEventListener("click", () => void run(() => open(slug)));
  item.append(link);
  document.querySelector("#chapters").append(item);
}
await run(() => open(scope));

document.querySelector("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const { question } = event.target.elements;
  const content = question.value;
  const chapter = shown;
  question.value = "";
  void run(async () => {
    const { id } = await call("POST", "/api/conversations", { scope: chapter });
    const { message, reply } = await call("POST", `/api/conversations/${id}/turns`, { content });
    if (shown !== chapter) return;
    show(message);
    show(reply);
  });
});
document.querySelector("#clear").addEventListener("click", () => {
  void run(async () => {
    if (!confirm("Clear what was said about this chapter?")) return;
    const { id } = await call("POST", "/api/conversations", { scope: shown });
    await call("DELETE", `/api/conversations/${id}/messages`);
    await open(shown);
  });
});
