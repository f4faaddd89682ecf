/** A question about Chatkeep's guide, and the document that answers it. */
export interface GuideQuestion {
  readonly question: string;
  readonly document: string;
}

/** Asked as people ask, often in other words than the guide's. */
export const GUIDE_QUESTIONS: readonly GuideQuestion[] = [
  { question: "What is Chatkeep?", document: "what-is-chatkeep.md" },
  { question: "Do I need Redis or a vector store?", document: "what-is-chatkeep.md" },
  { question: "how do I get it running on my machine", document: "first-conversation.md" },
  { question: "Which version of node is required?", document: "first-conversation.md" },
  { question: "Can I ask something with curl?", document: "first-conversation.md" },
  { question: "What is the X-Session-ID header?", document: "first-conversation.md" },
  { question: "What is a scope?", document: "conversations.md" },
  { question: "How can I have one thread per page of my docs?", document: "conversations.md" },
  { question: "How do I rename a conversation?", document: "conversations.md" },
  { question: "delete all my messages", document: "conversations.md" },
  { question: "How long may a message be?", document: "messages.md" },
  { question: "What does the status interrupted mean?", document: "messages.md" },
  { question: "How do I load older messages?", document: "messages.md" },
  { question: "What is in a citation?", document: "messages.md" },
  { question: "How do I resume a stream after a reload?", document: "turns.md" },
  { question: "What happens if I close the tab while it answers?", document: "turns.md" },
  { question: "How can a user cancel or stop an answer?", document: "turns.md" },
  { question: "Is it safe to send the same message twice?", document: "turns.md" },
  { question: "Where are the data of the embedded database kept?", document: "the-database.md" },
  { question: "How do I connect it to Neon?", document: "the-database.md" },
  { question: "Does it work behind pgbouncer?", document: "the-database.md" },
  { question: "Run postgres with docker", document: "the-database.md" },
  { question: "How do I use Ollama or another model?", document: "responders.md" },
  { question: "Can I plug in my own function that answers?", document: "responders.md" },
  { question: "How do I let it answer from my own docs folder?", document: "responders.md" },
  { question: "What happens when the database is down?", document: "outages.md" },
  { question: "Is anything lost when the server crashes with kill -9?", document: "outages.md" },
  { question: "What happens to running answers during a deploy?", document: "outages.md" },
  { question: "Which environment variables are there?", document: "operating.md" },
  { question: "How do I make a backup?", document: "operating.md" },
  { question: "Is there a health check endpoint?", document: "operating.md" },
  { question: "What gets logged?", document: "operating.md" },
  { question: "What does turn_in_progress mean?", document: "errors.md" },
  { question: "Which errors should I retry?", document: "errors.md" },
];

/** Of these the guide says nothing. */
export const STRANGE_QUESTIONS: readonly string[] = [
  "What is the capital of France?",
  "How do I bake sourdough bread?",
  "Who won the world cup in 1998?",
  "Write me a poem about autumn leaves",
  "What is the airspeed velocity of an unladen swallow?",
  "How tall is Mount Everest?",
  "Which colour goes well with dark green trousers?",
  "Is the moon made of cheese?",
];
