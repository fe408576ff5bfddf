// Clients of the JavaScript SDK, as applications make them: one endpoint each, and another one when it is gone, as
// behind a load balancer.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

const CONNECT_MS = 1_000;
const REQUEST_MS = 5_000;

export type SdkOptions = {
  readonly endpoints: () => readonly string[];
  /** "key:secret"; empty: any will do. */
  readonly credentials: string;
  /** 1: no retries; the SDK's default otherwise. */
  readonly maxAttempts: number | null;
};

/** A client that moves to the next endpoint after a call that could not connect. */
export class RotatingClient {
  readonly #options: SdkOptions;
  #at: number;
  #client: DynamoDBClient;

  constructor(options: SdkOptions, first: number) {
    this.#options = options;
    this.#at = first;
    this.#client = this.#make();
  }

  get client(): DynamoDBClient {
    return this.#client;
  }

  /** After a failed call: goes elsewhere when the endpoint itself is the trouble. */
  failed(error: unknown): void {
    if (isAnswer(error)) return;
    this.#at++;
    this.#client.destroy();
    this.#client = this.#make();
  }

  destroy(): void {
    this.#client.destroy();
  }

  #make(): DynamoDBClient {
    const { endpoints, credentials, maxAttempts } = this.#options;
    const list = endpoints();
    const [accessKeyId, secretAccessKey] = credentials === "" ? ["local", "local"] : credentials.split(":");
    return new DynamoDBClient({
      endpoint: list[this.#at % list.length] as string, region: "us-east-1",
      credentials: { accessKeyId: accessKeyId ?? "", secretAccessKey: secretAccessKey ?? "" },
      requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
      ...(maxAttempts === null ? {} : { maxAttempts }),
    });
  }
}

/** True when a server answered, if only to refuse. */
export function isAnswer(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status !== undefined && status !== 0;
}

/** What an error is called: DynamoDB's name, or the system's. */
export function nameOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  return name === undefined || name === "Error" ? code ?? "Error" : name;
}
