// The benchmark's side of the load generator.
import { fileURLToPath } from "node:url";
import { Child, GENERATOR_CORE } from "./child-process.ts";
import type { Outcome, Question, Reply } from "./generator-protocol.ts";

const PROGRAM = fileURLToPath(new URL("../load-generator.ts", import.meta.url));

export class Generator {
  readonly #child: Child;

  constructor() {
    this.#child = new Child(process.execPath, [PROGRAM], GENERATOR_CORE, ["ignore", "inherit", "inherit", "ipc"]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** One question at a time. */
  ask(question: Question): Promise<Outcome | null> {
    const { process: child } = this.#child;
    return new Promise((resolve, reject) => {
      const exited = (): void => reject(new Error("the load generator has ended"));
      child.once("exit", exited);
      child.once("message", (reply: Reply) => {
        child.off("exit", exited);
        if (reply.ok) resolve(reply.outcome);
        else reject(new Error(reply.message));
      });
      child.send(question);
    });
  }

  async run(question: Question): Promise<Outcome> {
    const outcome = await this.ask(question);
    if (outcome === null) throw new Error(`${question.kind} has no outcome`);
    return outcome;
  }

  stop(): Promise<void> {
    return this.#child.stop("SIGTERM");
  }
}
