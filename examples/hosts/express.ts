/** Express: `DATABASE_URL=… node express.ts` */
import { createNodeHandler } from "chatkeep";
import express from "express";

import { chatkeep } from "./chatkeep.ts";

const app = express();
// Behind a body parser it works too, but that of Express takes 100 KB at most.
app.use("/assistant", createNodeHandler(chatkeep));
app.use(express.json());
app.get("/", (_, response) => void response.send("The host's own page"));
app.listen(Number(process.env["PORT"] ?? 3000));
