import "@chatkeep/widget";

const chat = document.createElement("chatkeep-chat");
chat.setAttribute("endpoint", "/");
chat.setAttribute("scope", "sensors");
chat.setAttribute("scope-label", "Sensors");
document.body.append(chat);
