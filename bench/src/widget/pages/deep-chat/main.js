import "deep-chat";

const show = () => {
  const chat = document.createElement("deep-chat");
  chat.connect = { url: "/ask" };
  chat.loadHistory = async () => {
    const messages = await (await fetch("/history")).json();
    return messages.map(({ role, content }) => ({ role: role === "user" ? "user" : "ai", text: content }));
  };
  chat.style.cssText = "position: fixed; inset: auto 20px 20px auto; width: 400px; height: 600px";
  document.body.append(chat);
};

// In the page from the start, or when somebody presses the page's own button.
if (location.search === "?inline") show();
else {
  const button = document.createElement("button");
  button.id = "open";
  button.textContent = "Ask a question";
  button.addEventListener("click", show, { once: true });
  document.body.append(button);
}
