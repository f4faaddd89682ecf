import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** A program of ours in a process of its own that talks in messages. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  send(message: object): void;
  /** The next message; rejects when the process ends without one. */
  next<T>(): Promise<T>;
  /** Ends it, however busy it is. */
  close(): Promise<void>;
}

/** Starts one of this package's programs. */
export function startChild(program: URL, args: readonly string[] = []): Child {
  const child: ChildProcess = fork(program, args, { execArgv: ["--conditions=@chatkeep/source"] });
  const exited = once(child, "exit");
  const close = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  return {
    pid: child.pid!,
    send: (message) => void child.send(message),
    async next<T>() {
      const ended = exited.then(([code]) => {
        throw new Error(`${program.pathname} ended with ${code}.`);
      });
      const [message] = (await Promise.race([once(child, "message"), ended])) as [T];
      return message;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
