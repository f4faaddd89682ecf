/** A question about Chatkeep's guide, and the chapter that answers it. */
export interface GuideQuestion {
  readonly question: string;
  readonly chapter: string;
}

/** Asked as people ask, often in other words than the guide's. */
export const GUIDE_QUESTIONS: readonly GuideQuestion[] = [
  { question: "What is Chatkeep?", chapter: "what-is-chatkeep.md" },
  { question: "Do I need Redis or a vector store?", chapter: "what-is-chatkeep.md" },
  { question: "how do I get it running on my machine", chapter: "first-conversation.md" },
  { question: "Which version of node is required?", chapter: "first-conversation.md" },
  { question: "Can I ask something with curl?", chapter: "first-conversation.md" },
  { question: "What is the X-Session-ID header?", chapter: "first-conversation.md" },
  { question: "What is a scope?", chapter: "conversations.md" },
  { question: "How can I have one thread per page of my docs?", chapter: "conversations.md" },
  { question: "How do I rename a conversation?", chapter: "conversations.md" },
  { question: "delete all my messages", chapter: "conversations.md" },
  { question: "How long may a message be?", chapter: "messages.md" },
  { question: "What does the status interrupted mean?", chapter: "messages.md" },
  { question: "How do I load older messages?", chapter: "messages.md" },
  { question: "What is in a citation?", chapter: "messages.md" },
  { question: "How do I resume a stream after a reload?", chapter: "turns.md" },
  { question: "What happens if I close the tab while it answers?", chapter: "turns.md" },
  { question: "How can a user cancel or stop an answer?", chapter: "turns.md" },
  { question: "Is it safe to send the same message twice?", chapter: "turns.md" },
  { question: "Where are the data of the embedded database kept?", chapter: "the-database.md" },
  { question: "How do I connect it to Neon?", chapter: "the-database.md" },
  { question: "Does it work behind pgbouncer?", chapter: "the-database.md" },
  { question: "Run postgres with docker", chapter: "the-database.md" },
  { question: "How do I use Ollama or another model?", chapter: "responders.md" },
  { question: "Can I plug in my own function that answers?", chapter: "responders.md" },
  { question: "How do I let it answer from my own docs folder?", chapter: "responders.md" },
  { question: "What happens when the database is down?", chapter: "outages.md" },
  { question: "Is anything lost when the server crashes with kill -9?", chapter: "outages.md" },
  { question: "What happens to running answers during a deploy?", chapter: "outages.md" },
  { question: "Which environment variables are there?", chapter: "operating.md" },
  { question: "How do I make a backup?", chapter: "operating.md" },
  { question: "Is there a health check endpoint?", chapter: "operating.md" },
  { question: "What gets logged?", chapter: "operating.md" },
  { question: "What does turn_in_progress mean?", chapter: "errors.md" },
  { question: "Which errors should I retry?", chapter: "errors.md" },
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
