// How a process comes to be a node of a cluster: it answers `stator init`, or finds a cluster that exists and registers
// with it. Afterwards it answers those who come later. Until it is a member it says what it waits for.
import type { RegisterWork } from "../wire/data-messages.ts";
import { contact } from "../runtime/tcp/contact.ts";
import type { Identity } from "../runtime/tcp/greeting.ts";
import { StartError } from "./embedded-options.ts";
import { answerOf, questionOf, type Answer, type Question, type WhoAnswer } from "./membership-talk.ts";
import type { NodeDirectory } from "./node-directory.ts";

/** Asks the leader of the system group, on behalf of a process that cannot. */
export type Registrar = (work: RegisterWork, done: (answer: Answer) => void) => void;

export type MembershipEnv = {
  readonly directory: NodeDirectory;
  readonly identity: () => Identity;
  /** Where to look for a cluster. */
  readonly join: readonly string[];
  readonly capacity: number;
  /** For people: what is waited for. */
  readonly tell: (line: string) => void;
};

const LOOK_MS = 500;
const WHO_MS_MAX = 2_000;
const REGISTER_MS_MAX = 12_000;

export class Membership {
  readonly #env: MembershipEnv;
  #registrar: Registrar | null = null;
  #isRegistering = false;
  #isStopped = false;
  #told = "";
  #wake: () => void = () => undefined;

  constructor(env: MembershipEnv) {
    this.#env = env;
  }

  /** From now on this process answers those that want to register. */
  serve(registrar: Registrar): void {
    this.#registrar = registrar;
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  onAsk(value: unknown, answer: (answer: Answer) => void): void {
    const question = questionOf(value);
    if (question === null) answer({ kind: "refused", reason: "the question makes no sense to this build of Stator" });
    else if (question.kind === "register") this.#onRegister(question.work, answer);
    else answer(this.#answer(question));
  }

  /** Resolves when the process is a member; false: it was stopped before. Rejects when it cannot become one. */
  async seek(): Promise<boolean> {
    const { directory } = this.#env;
    while (!this.#isStopped && directory.state !== "member") {
      const answers = await this.#look();
      if (this.#isStopped || this.#hasIdentity()) break;
      await this.#use(answers);
      if (this.#isStopped || this.#hasIdentity()) break;
      await this.#pause();
    }
    return !this.#isStopped;
  }

  #hasIdentity(): boolean {
    return this.#env.directory.state === "member";
  }

  // ---- Answering.

  #answer(question: Exclude<Question, { kind: "register" }>): Answer {
    const { directory, identity, capacity } = this.#env;
    switch (question.kind) {
      case "who": {
        const { uuid, zone, state, nodeId, clusterId, founders } = directory;
        const { address } = identity();
        return { kind: "who", uuid, zone, address, capacity, state, nodeId, clusterId, founders };
      }
      case "plan":
        if (this.#isRegistering) return { kind: "refused", reason: "it is joining another cluster just now" };
        return outcome(directory.plan(question.plan));
      case "begin": {
        const problem = directory.begin(question.clusterId);
        if (problem === null) this.#wake();
        return outcome(problem);
      }
    }
  }

  #onRegister(work: RegisterWork, answer: (answer: Answer) => void): void {
    if (this.#registrar !== null) this.#registrar(work, answer);
    else answer({ kind: "not-now", reason: "this node has not found its own cluster yet" });
  }

  // ---- Seeking.

  /** What those at the addresses say, by address; null: nobody there, or no Stator. */
  async #look(): Promise<ReadonlyMap<string, WhoAnswer | null>> {
    const { join, identity, directory } = this.#env;
    const found = new Map<string, WhoAnswer | null>();
    await Promise.all(join.filter((address) => address !== identity().address).map(async (address) => {
      const reached = await contact(address, identity(), { kind: "who" }, WHO_MS_MAX);
      const answer = reached.ok ? answerOf(reached.answer) : null;
      if (answer?.kind === "who" && answer.uuid === directory.uuid) return; // this very process
      found.set(address, answer?.kind === "who" ? answer : null);
    }));
    return found;
  }

  async #use(answers: ReadonlyMap<string, WhoAnswer | null>): Promise<void> {
    const { directory } = this.#env;
    const members = [...answers].filter(([, answer]) => answer?.state === "member") as [string, WhoAnswer][];
    if (directory.state === "planned") {
      // Whoever begins does so only after all founders have noted the plan.
      const hasBegun = members.some(([, { clusterId }]) => clusterId === directory.clusterId);
      if (hasBegun) directory.begin(directory.clusterId);
      else this.#tell("Waiting for `stator init`, which is under way. Run it again if it was cut short.");
      return;
    }
    const clusters = new Set(members.map(([, { clusterId }]) => clusterId));
    if (clusters.size > 1) {
      throw new StartError(`--join names nodes of different clusters: ${[...clusters].join(", ")}.`);
    }
    if (members.length === 0) this.#tell(describeWait(answers, this.#env.identity()));
    else await this.#register(members.map(([address]) => address));
  }

  async #register(addresses: readonly string[]): Promise<void> {
    const { directory } = this.#env;
    this.#isRegistering = true;
    for (const address of addresses) {
      const answer = await this.ask(address);
      if (answer.kind === "registered") {
        directory.join(answer.clusterId, answer.nodeId, answer.founders);
        directory.writePeers({ self: "", peers: answer.peers, system: [] });
        break;
      }
      if (answer.kind === "refused") throw new StartError(`The cluster refuses this node: ${answer.reason}.`);
      this.#tell(`Registering with the cluster through ${address}: ${reasonOf(answer)}. Trying again.`);
    }
    this.#isRegistering = false;
  }

  /** Registers through the node at `address`: for a new node, or for one that is reached elsewhere now. */
  async ask(address: string): Promise<Answer> {
    const { directory, identity, capacity } = this.#env;
    const work: RegisterWork = {
      kind: "register", uuid: directory.uuid, zone: directory.zone, address: identity().address, capacity,
    };
    const reached = await contact(address, identity(), { kind: "register", work }, REGISTER_MS_MAX);
    if (!reached.ok) return { kind: "not-now", reason: `${address}: ${reached.reason}` };
    return answerOf(reached.answer) ?? { kind: "not-now", reason: `${address} gave no answer that makes sense` };
  }

  #tell(line: string): void {
    if (line === this.#told) return;
    this.#told = line;
    this.#env.tell(line);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function describeWait(answers: ReadonlyMap<string, WhoAnswer | null>, self: Identity): string {
  const others = [...answers].map(([address, answer]) => (
    `${address} (${answer === null ? "nobody answers" : `zone ${answer.zone}, waiting too`})`
  ));
  return `Waiting for \`stator init\`: this node is ${self.address}, zone ${self.zone}`
    + `${others.length === 0 ? "" : `; also looking for a cluster at ${others.join(", ")}`}.`;
}

function reasonOf(answer: Answer): string {
  return answer.kind === "not-now" || answer.kind === "refused" ? answer.reason : `it answered "${answer.kind}"`;
}

function outcome(problem: string | null): Answer {
  return problem === null ? { kind: "ok" } : { kind: "refused", reason: problem };
}
