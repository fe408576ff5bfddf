// The command line of `stator start`, turned into options that are whole and in range, or into a message.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Credential, EmbeddedOptions, LogLevel, TlsKeys } from "../app/embedded-options.ts";

/** The options as commander leaves them: text, flags and their defaults. */
export type StartArguments = {
  readonly port: string;
  readonly host: string;
  readonly dataDir: string;
  readonly inMemory?: boolean;
  readonly zones: string;
  readonly partitions: string;
  readonly ttlSweep: string;
  readonly credentials?: string;
  /** True: the option without a value. */
  readonly cors?: string | boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly region: string;
  readonly logLevel: string;
};

export type ParsedOptions =
  | { readonly ok: true; readonly options: EmbeddedOptions }
  | { readonly ok: false; readonly message: string };

export const DEFAULTS = {
  port: "8000", host: "127.0.0.1", dataDir: "./.stator", zones: "3", partitions: "4", ttlSweep: "30",
  region: "us-east-1", logLevel: "warn",
} as const;

export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

export const PORT_MAX = 65_535;
/** One node per zone in one process: more zones than this add memory, not safety. */
const ZONES_MAX = 5;
/** Every partition is a replication group in each zone; the embedded cluster is one machine. */
export const PARTITIONS_MAX = 64;
const REGION = /^[a-z]{2,}(-[a-z0-9]+)*$/;
const REGION_CHARS_MAX = 32;
const ACCESS_KEY_ID = /^[A-Za-z0-9_]{1,128}$/;
const CREDENTIALS_MAX = 1_000;
/** They are looked through with every request from a page. */
const ORIGINS_MAX = 100;

export class UsageError extends Error {}

export function parseStartOptions(given: StartArguments): ParsedOptions {
  try {
    return { ok: true, options: parse(given) };
  } catch (error) {
    if (error instanceof UsageError) return { ok: false, message: error.message };
    throw error;
  }
}

function parse(given: StartArguments): EmbeddedOptions {
  checkHost(given.host);
  if (given.inMemory !== true && given.dataDir === "") {
    throw new UsageError("--data-dir is empty; give a directory, or --in-memory.");
  }
  return {
    port: parseWhole("--port", given.port, 0, PORT_MAX),
    host: given.host,
    dataDir: given.inMemory === true ? null : resolve(given.dataDir),
    zones: parseWhole("--zones", given.zones, 1, ZONES_MAX),
    partitionsPerTable: parseWhole("--partitions", given.partitions, 1, PARTITIONS_MAX),
    expiry: parseExpiry(given.ttlSweep),
    credentials: given.credentials === undefined ? null : parseCredentials(given.credentials),
    ...parseDoor(given),
    region: parseRegion(given.region),
    logLevel: parseLogLevel(given.logLevel),
  };
}

/** Seconds between two looks for items whose time is over: a day may be too seldom, but is meant. */
const TTL_SWEEP_SECONDS_MAX = 86_400;

export function parseExpiry(ttlSweep: string): NonNullable<EmbeddedOptions["expiry"]> {
  return { passMs: parseWhole("--ttl-sweep", ttlSweep, 1, TTL_SWEEP_SECONDS_MAX) * 1000 };
}

/** What browsers and TLS need. */
export function parseDoor(
  given: Pick<StartArguments, "cors" | "tlsCert" | "tlsKey">,
): { readonly cors?: readonly string[]; readonly tls?: TlsKeys } {
  const { cors, tlsCert, tlsKey } = given;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key go together: the certificate's chain and its private key, in PEM.");
  }
  return {
    ...(cors === undefined || cors === false ? {} : { cors: parseOrigins(cors === true ? "*" : cors) }),
    ...(tlsCert === undefined || tlsKey === undefined
      ? {} : { tls: { cert: readPem("--tls-cert", tlsCert), key: readPem("--tls-key", tlsKey) } }),
  };
}

function parseOrigins(given: string): readonly string[] {
  const origins = given.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (origins.length === 0) throw new UsageError("--cors names no origin; give * for all.");
  if (origins.length > ORIGINS_MAX) throw new UsageError(`--cors has more than ${ORIGINS_MAX} origins.`);
  for (const origin of origins) {
    if (origin === "*" || (URL.canParse(origin) && new URL(origin).origin === origin)) continue;
    throw new UsageError(`--cors ${origin} is no origin, for example https://app.example.com, or * for all.`);
  }
  return origins;
}

function readPem(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${name} ${file} cannot be read: ${(error as Error).message}`);
  }
}

export function checkHost(host: string): void {
  if (host === "") throw new UsageError("--host is empty; give an address, for example 127.0.0.1.");
}

export function parseRegion(region: string): string {
  if (region.length <= REGION_CHARS_MAX && REGION.test(region)) return region;
  throw new UsageError(`--region ${region} is not the name of a region, for example us-east-1.`);
}

export function parseLogLevel(given: string): LogLevel {
  const logLevel = LOG_LEVELS.find((level) => level === given);
  if (logLevel !== undefined) return logLevel;
  throw new UsageError(`--log-level ${given} is none of ${LOG_LEVELS.join(", ")}.`);
}

export function parseWhole(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${name} ${text} is not a whole number from ${min} to ${max}.`);
}

/** The name of a file with one `id:secret` on each line, or one `id:secret` itself. */
export function parseCredentials(given: string): readonly Credential[] {
  if (!existsSync(given)) {
    const single = parseCredential(given);
    if (single !== null) return [single];
    throw new UsageError("--credentials is neither a file that exists nor accessKeyId:secretAccessKey.");
  }
  const found: Credential[] = [];
  for (const [index, raw] of readLines(given).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const credential = parseCredential(line);
    if (credential === null) {
      throw new UsageError(`${given}, line ${index + 1} is not accessKeyId:secretAccessKey.`);
    }
    if (found.some(({ accessKeyId }) => accessKeyId === credential.accessKeyId)) {
      throw new UsageError(`${given}, line ${index + 1} names ${credential.accessKeyId} a second time.`);
    }
    found.push(credential);
  }
  if (found.length === 0) throw new UsageError(`${given} holds no credentials; write accessKeyId:secretAccessKey.`);
  if (found.length > CREDENTIALS_MAX) throw new UsageError(`${given} holds more than ${CREDENTIALS_MAX} credentials.`);
  return found;
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch (error) {
    throw new UsageError(`--credentials ${file} cannot be read: ${(error as Error).message}`);
  }
}

function parseCredential(text: string): Credential | null {
  const colon = text.indexOf(":");
  if (colon < 0) return null;
  const accessKeyId = text.slice(0, colon);
  const secretAccessKey = text.slice(colon + 1);
  if (!ACCESS_KEY_ID.test(accessKeyId) || secretAccessKey === "" || /\s/.test(secretAccessKey)) return null;
  return { accessKeyId, secretAccessKey };
}
