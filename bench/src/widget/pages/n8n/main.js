import "@n8n/chat/style.css";
import { createChat } from "@n8n/chat";

const options = { webhookUrl: "/history/n8n", initialMessages: [] };
if (location.search === "?inline") {
  const place = document.createElement("div");
  place.id = "n8n-chat";
  place.style.cssText = "position: fixed; inset: auto 20px 20px auto; width: 400px; height: 600px";
  document.body.append(place);
  createChat({ ...options, mode: "fullscreen" });
} else createChat(options);
