import "@chatkeep/widget";

const chat = document.createElement("chatkeep-chat");
chat.setAttribute("endpoint", "/");
chat.setAttribute("scope", "sensors");
chat.setAttribute("scope-label", "Sensors");
if (location.search === "?inline") {
  chat.setAttribute("mode", "inline");
  chat.style.cssText = "position: fixed; inset: auto 20px 20px auto; width: 400px; height: 600px";
}
document.body.append(chat);
